"""From plates, voice and copy to a finished spot: timeline, typography, render, captions, loudness."""
