"""What was made ahead of the runs that need it, until the first of them says that it was made for it.

So what it took is counted once: by a run, whose record people and metrics read, and by no other.

What belongs here: one empty file for each such artefact. What does not: making anything, or adding up.
"""

from __future__ import annotations

from pathlib import Path


class Unclaimed:
    """Fingerprints of recipes that no run has counted yet, in a folder that the processes of a machine share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def note(self, fingerprint: str) -> None:
        """It was made, and nobody has counted what that took."""
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / fingerprint).touch()

    def claim(self, fingerprint: str) -> bool:
        """Whether it falls to the caller to count it: true once, however many ask at the same time."""
        try:
            (self._folder / fingerprint).unlink()
        except FileNotFoundError:
            return False
        return True
