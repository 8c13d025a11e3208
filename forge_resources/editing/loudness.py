"""Loudness by ITU-R BS.1770 / EBU R 128: what ffmpeg's `ebur128` measures, as figures.

What belongs here: the filter and the reading of its report. What does not: changing the level (see `sound`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from forge_resources.errors import EngineFailed

MEASURE = "ebur128=peak=true:framelog=info"
"""The measuring filter; its report is among ffmpeg's messages."""

_FLOOR_LUFS = -70.0  # the absolute gate of BS.1770: quieter than this is not counted at all
_WINDOW = re.compile(r"\bM:\s*(-?[\d.]+|nan|-inf)\s+S:\s*(-?[\d.]+|nan|-inf)")
_INTEGRATED = re.compile(r"^\s+I:\s+(-?[\d.]+) LUFS", re.MULTILINE)
_PEAK = re.compile(r"^\s+Peak:\s+(-?[\d.]+|-inf) dBFS", re.MULTILINE)


@dataclass(frozen=True)
class Levels:
    """Figures of a whole piece of sound; None where there is nothing above the gate.

    LUFS for loudness (integrated, highest momentary over 0.4 s, highest short-term over 3 s), dBTP for the true peak.
    """

    integrated_lufs: float | None
    true_peak_dbtp: float | None
    momentary_max_lufs: float | None
    short_term_max_lufs: float | None


def levels(messages: str) -> Levels:
    """Reads the report of `MEASURE`. Raises EngineFailed where there is none."""
    summary = messages.rpartition("Summary:")[2]
    integrated, peak = _INTEGRATED.search(summary), _PEAK.search(summary)
    if not integrated or not peak:
        raise EngineFailed("ffmpeg did not report the loudness.", remedy="Use the ffmpeg that imageio-ffmpeg brings.")
    windows = _WINDOW.findall(messages)
    return Levels(
        integrated_lufs=_above_gate([integrated[1]]),
        true_peak_dbtp=None if peak[1] == "-inf" else float(peak[1]),
        momentary_max_lufs=_above_gate([momentary for momentary, _ in windows]),
        short_term_max_lufs=_above_gate([short_term for _, short_term in windows]),
    )


def _above_gate(told: list[str]) -> float | None:
    values = [float(value) for value in told if value not in ("nan", "-inf")]
    highest = max(values, default=_FLOOR_LUFS)
    return highest if highest > _FLOOR_LUFS else None
