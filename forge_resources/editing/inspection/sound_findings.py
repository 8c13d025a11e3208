"""Whether a file sounds as its outlet asks: loudness, peaks, limits, silence where it belongs and nowhere else.

What belongs here: measuring the spot's own sound, and comparing. What does not: decoding (see `viewing`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from forge_resources.editing import ffmpeg
from forge_resources.editing.cut import Cut
from forge_resources.editing.inspection.expectation import InspectionParameters
from forge_resources.editing.inspection.viewing import RATE, Sound, Viewing
from forge_resources.editing.loudness import MEASURE, Levels, levels
from forge_resources.editing.mix_down import fold_down
from forge_resources.editing.sound import within_limits
from forge_resources.schemas.quality import LoudnessPoint, QualityFinding, SoundFigures

_POINT = re.compile(r"t:\s*([\d.]+)\s.*?M:\s*(-?[\d.]+|nan|-inf)\s+S:\s*(-?[\d.]+|nan|-inf)")
_FLOOR = -70.0
_EVERY = 2  # of the windows, which come ten a second


@dataclass(frozen=True)
class Heard:
    """The sound of the spot alone, and its loudness over time."""

    figures: SoundFigures
    levels: Levels
    points: list[LoudnessPoint]


def hear(seen: Viewing, wanted: InspectionParameters, folder: Path) -> Heard | None:
    """Measures the spot's own sound; None where the file has none."""
    if seen.sound is None:
        return None
    spot = _of_spot(seen.sound, wanted)
    found, messages = _measured(spot, folder / "spot.f32")
    mono = found
    if seen.channels == 2:
        mono, _ = _measured(fold_down(spot), folder / "mono.f32")
    points = [
        LoudnessPoint(at_s=round(float(at), 1), momentary=_number(momentary), short_term=_number(short))
        for at, momentary, short in _POINT.findall(messages)[::_EVERY]
    ]
    figures = SoundFigures(
        codec=seen.audio_codec or "none",
        sample_rate=seen.sample_rate,
        channels=seen.channels,
        integrated_lufs=found.integrated_lufs,
        true_peak_dbtp=found.true_peak_dbtp,
        momentary_max_lufs=found.momentary_max_lufs,
        short_term_max_lufs=found.short_term_max_lufs,
        mono_lufs=mono.integrated_lufs,
    )
    return Heard(figures, found, points)


def sound_findings(
    seen: Viewing, heard: Heard | None, cut: Cut, wanted: InspectionParameters
) -> Iterator[QualityFinding]:
    """Everything that is not as the profile and the timeline ask."""
    if heard is None or seen.sound is None:
        return
    found, right = heard.levels, wanted.loudness
    sounds = bool(cut.voice or cut.sounds)
    if found.integrated_lufs is None:
        if sounds:
            yield _fault("loudness", "nothing is heard, and the timeline has sound")
    else:
        # Measured in tenths: -14.6 is 1.4 from -16, and not a rounding error more.
        if abs(round(found.integrated_lufs - right.integrated_lufs, 2)) > right.tolerance_lu:
            yield _fault("loudness", f"{found.integrated_lufs:.1f} LUFS; {right.integrated_lufs:g} wanted")
        if not within_limits(found, right):
            yield _fault(
                "loudness limits",
                f"at most {found.short_term_max_lufs} LUFS over 3 s and {found.momentary_max_lufs} over 0.4 s; "
                f"{right.short_term_max_lufs} and {right.momentary_max_lufs} allowed",
            )
        mono = heard.figures.mono_lufs
        # A mono sum of two equal channels reads 3 LU less than the pair.
        if mono is not None and found.integrated_lufs - mono - 3.01 > wanted.limits.sound.mono_loss_lu:
            yield _fault("mono", f"{found.integrated_lufs - mono - 3.01:.1f} LU are lost when it is folded to mono")
    if found.true_peak_dbtp is not None and found.true_peak_dbtp > right.true_peak_dbtp:
        yield _fault("true peak", f"{found.true_peak_dbtp:.1f} dBTP; at most {right.true_peak_dbtp:g} allowed")
    yield from _silence_findings(seen.sound, cut, wanted)


def _silence_findings(sound: Sound, cut: Cut, wanted: InspectionParameters) -> Iterator[QualityFinding]:
    limits = wanted.limits.sound
    spot = _of_spot(sound, wanted)
    for number, line in enumerate(cut.voice, start=1):
        first = round(line.at * RATE)
        part = spot[first : first + round(Fraction(line.samples, line.sample_rate) * RATE)]
        if _level(part) < limits.voice_at_least:
            yield _fault("voice", f"line {number} is not heard ({_level(part):.0f} dBFS)", float(line.at))
    for piece in (piece for piece in cut.sounds if piece.track == "music"):
        middle = round((piece.at + Fraction(piece.samples, 2 * piece.sample_rate)) * RATE)
        if _level(spot[middle - RATE // 4 : middle + RATE // 4]) < limits.silence:
            yield _fault("music", "the bed is not heard in its middle", middle / RATE)
    edge = round(wanted.edge_silence_frames / wanted.fps * RATE)
    for place, part in (("head", spot[:edge]), ("tail", spot[len(spot) - edge :])):
        if edge and _level(part) > limits.silence:
            yield _fault(place, f"{wanted.edge_silence_frames} frames must be silent; {_level(part):.0f} dBFS heard")
    at = 0
    for segment in [*wanted.leader, None, *wanted.tail]:
        length = round((wanted.spot_frames / wanted.fps if segment is None else segment.seconds) * RATE)
        if segment and segment.show != "bars" and _level(sound[at : at + length]) > limits.silence:
            yield _fault(segment.show, "sound where there must be silence", at / RATE)
        at += length


def _of_spot(sound: Sound, wanted: InspectionParameters) -> Sound:
    first = round(Fraction(wanted.first_frame) / wanted.fps * RATE)
    return sound[first : first + round(Fraction(wanted.spot_frames) / wanted.fps * RATE)]


def _measured(sound: Sound, raw: Path) -> tuple[Levels, str]:
    raw.write_bytes(np.ascontiguousarray(sound, np.float32).tobytes())
    source = ["-f", "f32le", "-ar", str(RATE), "-ac", str(sound.shape[1]), "-i", ffmpeg.address(raw)]
    messages = ffmpeg.run([*source, "-af", MEASURE, "-f", "null", "-"]).messages
    return levels(messages), messages


def _level(sound: Sound) -> float:
    """RMS in dBFS."""
    return float(10 * np.log10(np.mean(np.square(sound, dtype=np.float64)) + 1e-12)) if len(sound) else -120.0


def _number(told: str) -> float:
    return _FLOOR if told in ("nan", "-inf") else max(_FLOOR, float(told))


def _fault(place: str, message: str, at_s: float | None = None) -> QualityFinding:
    return QualityFinding(check="sound", severity="fault", place=place, message=message, at_s=at_s)
