"""Choices by seed: the same parts always draw the same option, on every machine and Python version.

What belongs here: drawing from a list. What does not: what the options are, or which parts a choice may depend on (its
caller says that by naming them).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def _number(parts: Sequence[object]) -> int:
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def pick(options: Sequence[T], *parts: object) -> T:
    """One of `options` (at least one), decided by `parts` alone."""
    return options[_number(parts) % len(options)]


def shuffled(options: Sequence[T], *parts: object) -> list[T]:
    """All of `options` in an order decided by `parts` alone."""
    order = sorted(range(len(options)), key=lambda index: _number((*parts, index)))
    return [options[index] for index in order]
