"""Quality control: a finished file is decoded, measured and judged."""
