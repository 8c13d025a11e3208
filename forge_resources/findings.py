"""What a gate finds wrong: where and what, in words for the person who can mend it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One reason for a gate to say no; `place` such as `row 3 voice-over` or `copy.de.message`."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"
