"""Time code: every rate, drop-frame by counting and by the clock, over a whole day."""

from __future__ import annotations

from fractions import Fraction

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import TypeAdapter, ValidationError

from forge_resources.schemas.delivery import DeliveryProfile
from forge_resources.schemas.timecode import (
    RATES,
    can_drop,
    counted_rate,
    exact_rate,
    frame_number,
    frames_a_day,
    rate_name,
    timecode_of,
)
from forge_resources.schemas.types import FrameRate
from tests.sample_spot import SMALL, profile

COUNTED = [(fps, drop) for fps in RATES.values() for drop in (False, True) if can_drop(fps) or not drop]
DROPPING = [fps for fps in RATES.values() if can_drop(fps)]
clocks = some.sampled_from(COUNTED)
numbers = some.integers(min_value=0, max_value=24 * 3600 * 60)


def next_code(code: str, fps: Fraction) -> str:
    """The time code after `code`, by counting as a clock does: the rule itself, written another way."""
    hour, minute, second, frame = (int(part) for part in code.replace(";", ":").split(":"))
    frame += 1
    if frame == counted_rate(fps):
        frame, second = 0, second + 1
    if second == 60:
        second, minute = 0, minute + 1
    if minute == 60:
        minute, hour = 0, hour + 1
    if ";" in code and second == 0 and frame == 0 and minute % 10:
        frame = counted_rate(fps) // 15
    return f"{hour % 24:02}:{minute:02}:{second:02}{code[8]}{frame:02}"


@given(clocks, numbers)
def test_a_frame_has_one_time_code_and_a_time_code_one_frame(clock: tuple[Fraction, bool], number: int) -> None:
    fps, drop = clock
    number %= frames_a_day(fps, drop=drop)
    assert frame_number(timecode_of(number, fps, drop=drop), fps) == number


@given(clocks, numbers)
def test_the_next_frame_has_the_next_time_code(clock: tuple[Fraction, bool], number: int) -> None:
    fps, drop = clock
    code = timecode_of(number, fps, drop=drop)
    assert timecode_of(number + 1, fps, drop=drop) == next_code(code, fps)


@pytest.mark.parametrize("fps", DROPPING, ids=str)
def test_every_minute_of_a_day_begins_where_counting_says(fps: Fraction) -> None:
    left_out, at = counted_rate(fps) // 15, 0
    for minute in range(24 * 60):
        first = 0 if minute % 10 == 0 else left_out
        code = f"{minute // 60:02}:{minute % 60:02}:00;{first:02}"
        assert (timecode_of(at, fps, drop=True), frame_number(code, fps)) == (code, at)
        if first:
            assert timecode_of(at - 1, fps, drop=True).endswith(f":59;{counted_rate(fps) - 1}")
            with pytest.raises(ValueError, match="left out"):
                frame_number(f"{code[:9]}{first - 1:02}", fps)
        at += 60 * counted_rate(fps) - first
    assert frames_a_day(fps, drop=True) == at
    assert timecode_of(at, fps, drop=True) == "00:00:00;00"


@given(some.sampled_from(DROPPING), numbers)
def test_drop_frame_keeps_step_with_the_clock(fps: Fraction, number: int) -> None:
    number %= frames_a_day(fps, drop=True)
    hour, minute, second, frame = (
        int(part) for part in timecode_of(number, fps, drop=True).replace(";", ":").split(":")
    )
    shown = hour * 3600 + minute * 60 + second + Fraction(frame, counted_rate(fps))
    # Behind by up to what a minute's gap makes up for, and by the 86 ms a day that the rule leaves over.
    assert abs(shown - number / fps) < Fraction(16, 100)


@given(some.sampled_from([(fps, drop) for fps, drop in COUNTED if fps != Fraction(60000, 1001)]), numbers)
def test_another_library_counts_the_same(clock: tuple[Fraction, bool], number: int) -> None:
    fps, drop = clock
    # Its day ends with the clock's, and not when all numbers have been used.
    number %= min(frames_a_day(fps, drop=drop), int(86399 * fps))
    time = otio.opentime.RationalTime(number, float(fps))
    assert timecode_of(number, fps, drop=drop) == otio.opentime.to_timecode(time, float(fps), drop)


def test_short_names_stand_for_exact_rates() -> None:
    rate = TypeAdapter(FrameRate).validate_python
    assert [rate(each) for each in ("23.98", 23.976, "29.97", 59.94, "25", "30000/1001")] == [
        Fraction(24000, 1001), Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60000, 1001), 25,
        Fraction(30000, 1001),
    ]  # fmt: skip
    assert [rate_name(fps) for fps in RATES.values()] == list(RATES)
    for impossible in (0, -25, 12, "29.98", 1000, "24000/1002"):
        with pytest.raises(ValidationError, match=r"must be one of 23\.976, 24"):
            rate(impossible)
    assert exact_rate(Fraction("29.97")) == Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("code", "fps", "why"),
    [
        ("1:00:00:00", 25, "form"),
        ("01:00:00:25", 25, "does not exist at 25"),
        ("24:00:00:00", 25, "does not exist"),
        ("01:60:00:00", 25, "form"),
        ("01:00:00;00", 25, "no drop-frame"),
        ("01:00:00;00", Fraction(24000, 1001), "no drop-frame time code at 23.976"),
        ("00:01:00;01", Fraction(30000, 1001), "left out"),
        ("00:01:00;03", Fraction(60000, 1001), "left out"),
    ],
)
def test_what_is_no_time_code_is_told(code: str, fps: Fraction, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        frame_number(code, Fraction(fps))


def test_a_frame_before_midnight_is_refused() -> None:
    with pytest.raises(ValueError, match="before"):
        timecode_of(-1, Fraction(25))


def test_a_profile_starts_at_a_time_code_that_exists() -> None:
    whole = profile(Fraction(30000, 1001), SMALL).model_dump(mode="json")
    assert DeliveryProfile.model_validate({**whole, "start_timecode": "01:00:00;00"}).start_timecode == "01:00:00;00"
    with pytest.raises(ValidationError, match="left out"):
        DeliveryProfile.model_validate({**whole, "start_timecode": "01:01:00;00"})
    with pytest.raises(ValidationError, match="no drop-frame"):
        DeliveryProfile.model_validate({**whole, "fps": 25, "start_timecode": "01:00:00;00"})
