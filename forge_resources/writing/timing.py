"""Seconds: how long a line takes to say and to read, and how a spot's length is divided among its rows.

What belongs here: exact arithmetic on a grid of a tenth of a second. What does not: which line is said (see `wording`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

STEP = Fraction(1, 10)
AIR = Fraction(3, 10)
"""Silence around a spoken line, so that voice and cut do not collide."""
SHORTEST_ROW = Fraction(1)


def rounded_up(seconds: Fraction) -> Fraction:
    """To the next tenth."""
    return math.ceil(seconds / STEP) * STEP


def spoken_s(text: str, rate_cps: float) -> Fraction:
    """Seconds to say `text` at `rate_cps` characters a second, spaces included, with air; 0 for nothing."""
    return rounded_up(len(text) / Fraction(str(rate_cps)) + AIR) if text else Fraction(0)


def read_s(text: str, speed_cps: float) -> Fraction:
    """Seconds to read `text` at `speed_cps` characters a second; 0 for nothing."""
    return rounded_up(len(text) / Fraction(str(speed_cps))) if text else Fraction(0)


def shortest_call(duration_s: int) -> Fraction:
    """How long the last row stands at least."""
    return Fraction(5, 2) if duration_s >= 15 else Fraction(2)


def divide(total: Fraction, least: Sequence[Fraction], weights: Sequence[Fraction]) -> list[Fraction]:
    """`total` seconds over rows: each gets its `least`, what is left is shared by `weights`, in tenths, exactly.

    `total` and `least` are multiples of a tenth. Raises ValueError when `least` is more than there is.
    """
    spare = total - sum(least, Fraction(0))
    if spare < 0:
        raise ValueError(f"{float(total):g} s cannot hold rows of at least {float(total - spare):g} s")
    steps = spare / STEP
    whole = sum(weights, Fraction(0))
    exact = [steps * weight / whole for weight in weights]
    given = [math.floor(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda row: (given[row] - exact[row], row))
    for row in by_remainder[: int(steps) - sum(given)]:
        given[row] += 1
    return [base + extra * STEP for base, extra in zip(least, given, strict=True)]
