"""Frame rates and time code (SMPTE ST 12-1): which rates there are, and frames counted as hours to frames.

What belongs here: arithmetic on whole frames. What does not: when something happens (see `editing.timing`).

Drop-frame time code leaves out numbers, never frames: at 30000/1001 the numbers 0 and 1 (at 60000/1001: 0 to 3) of
every minute that ten does not divide, so that the time code keeps step with the clock. It is written with `;` before
the frames.
"""

from __future__ import annotations

import re
from fractions import Fraction
from types import MappingProxyType
from typing import Annotated

from pydantic import Field

RATES: MappingProxyType[str, Fraction] = MappingProxyType(
    {
        "23.976": Fraction(24000, 1001),
        "24": Fraction(24),
        "25": Fraction(25),
        "29.97": Fraction(30000, 1001),
        "30": Fraction(30),
        "50": Fraction(50),
        "59.94": Fraction(60000, 1001),
        "60": Fraction(60),
    }
)
"""Every rate that Forge cuts at, by its usual name."""

_WRITTEN_SHORT = {Fraction("23.976"): "23.976", Fraction("23.98"): "23.976", Fraction("29.97"): "29.97",
                  Fraction("59.94"): "59.94"}  # fmt: skip
_DROPPED = {RATES["29.97"]: 2, RATES["59.94"]: 4}
_DAY_MINUTES = 24 * 60
_FORM = re.compile(r"^(\d{2}):([0-5]\d):([0-5]\d)([:;])(\d{2})$")

TIMECODE_PATTERN = r"^[0-2]\d:[0-5]\d:[0-5]\d[:;]\d{2}$"
Timecode = Annotated[str, Field(pattern=TIMECODE_PATTERN)]
"""`HH:MM:SS:FF`, or `HH:MM:SS;FF` for drop-frame."""


def exact_rate(value: Fraction) -> Fraction:
    """The rate that is meant: 29.97 stands for 30000/1001. Raises ValueError for one that Forge does not cut at."""
    rate = RATES[_WRITTEN_SHORT[value]] if value in _WRITTEN_SHORT else value
    if rate not in RATES.values():
        raise ValueError(f"must be one of {', '.join(RATES)} frames a second")
    return rate


def rate_name(fps: Fraction) -> str:
    """The usual name of a rate, such as `29.97`. Raises ValueError for one that Forge does not cut at."""
    return next(name for name, rate in RATES.items() if rate == exact_rate(fps))


def counted_rate(fps: Fraction) -> int:
    """How many frames time code counts to a second: 30 for 30000/1001."""
    return -(-fps.numerator // fps.denominator)


def can_drop(fps: Fraction) -> bool:
    """Whether drop-frame time code exists at this rate."""
    return fps in _DROPPED


def frames_a_day(fps: Fraction, *, drop: bool) -> int:
    """How many numbers time code has before it starts again at zero. Raises ValueError as `timecode_of` does."""
    left_out = _left_out(fps) if drop else 0
    return _DAY_MINUTES * 60 * counted_rate(fps) - left_out * _DAY_MINUTES * 9 // 10


def timecode_of(frame: int, fps: Fraction, *, drop: bool = False) -> str:
    """The time code of frame number `frame`, counted from 00:00:00:00; a day later it starts again.

    Raises ValueError for a negative frame, and for drop-frame at a rate that has none.
    """
    if frame < 0:
        raise ValueError("there is no time code before 00:00:00:00")
    number = frame % frames_a_day(fps, drop=drop)
    if drop:
        number += _numbers_left_out(number, fps)
    rate = counted_rate(fps)
    seconds, frames = divmod(number, rate)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02}:{minute:02}:{second:02}{';' if drop else ':'}{frames:02}"


def frame_number(timecode: str, fps: Fraction) -> int:
    """The frame that a time code names, counted from 00:00:00:00; `;` says that it is drop-frame.

    Raises ValueError for what is no time code at this rate, such as frame 25 at 25 a second or one left out.
    """
    match = _FORM.match(timecode)
    if not match:
        raise ValueError(f"`{timecode}` is not a time code of the form HH:MM:SS:FF")
    hour, minute, second, frames = (int(match[group]) for group in (1, 2, 3, 5))
    drop, rate = match[4] == ";", counted_rate(fps)
    if hour > 23 or frames >= rate:
        raise ValueError(f"`{timecode}` does not exist at {rate_name(fps)} frames a second")
    number = ((hour * 60 + minute) * 60 + second) * rate + frames
    if not drop:
        return number
    left_out = _left_out(fps)
    if minute % 10 and second == 0 and frames < left_out:
        raise ValueError(f"`{timecode}` is left out by drop-frame time code")
    minutes = hour * 60 + minute
    return number - left_out * (minutes - minutes // 10)


def _left_out(fps: Fraction) -> int:
    """Numbers left out of a minute."""
    if fps not in _DROPPED:
        raise ValueError(f"there is no drop-frame time code at {rate_name(fps)} frames a second")
    return _DROPPED[fps]


def _numbers_left_out(frame: int, fps: Fraction) -> int:
    """How many numbers are left out before frame number `frame` of a day."""
    left_out, rate = _left_out(fps), counted_rate(fps)
    minute = 60 * rate - left_out
    ten_minutes = 10 * minute + left_out
    tens, rest = divmod(frame, ten_minutes)
    # The first minute of ten is whole; each after it begins with a gap.
    since = max(0, (rest - left_out) // minute) if rest >= left_out else 0
    return left_out * (9 * tens + since)
