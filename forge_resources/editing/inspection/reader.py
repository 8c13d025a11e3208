"""What another program makes of a file: MediaInfo, whose parsers share no code with the encoder's.

What belongs here: asking it. What does not: comparing its answer with what was wanted (see `file_findings`).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from pymediainfo import MediaInfo

from forge_resources.errors import Unavailable
from forge_resources.schemas.timecode import RATES


@dataclass(frozen=True)
class Reading:
    """A file by its own words; None for what it does not say."""

    container: str | None
    video: str | None
    frames: int | None
    fps: Fraction | None
    width: int | None
    height: int | None
    primaries: str | None
    transfer: str | None
    matrix: str | None
    audio: str | None
    channels: int | None
    sample_rate: int | None
    timecode: str | None


@cache
def reader_version() -> str:
    """The version of the library, such as `MediaInfoLib - v24.06`. Raises Unavailable where it cannot be loaded."""
    try:
        library, _, version, _ = MediaInfo._get_library()
    except OSError as error:
        raise Unavailable(f"MediaInfo cannot be loaded: {error}", remedy="Install the package pymediainfo.") from None
    del library
    return str(version)


def read(path: Path) -> Reading:
    """Has MediaInfo read the file."""
    tracks = MediaInfo.parse(str(path)).tracks
    general, video, audio = (_first(tracks, kind) for kind in ("General", "Video", "Audio"))
    codes = [track.get("time_code_of_first_frame") for track in (_plain(track) for track in tracks)]
    rate = video.get("frame_rate")
    return Reading(
        container=general.get("format"),
        video=video.get("format"),
        frames=_whole(video.get("frame_count")),
        fps=min(RATES.values(), key=lambda known: abs(known - Fraction(rate))) if rate else None,
        width=_whole(video.get("width")),
        height=_whole(video.get("height")),
        primaries=video.get("color_primaries"),
        transfer=video.get("transfer_characteristics"),
        matrix=video.get("matrix_coefficients"),
        audio=audio.get("format"),
        channels=_whole(audio.get("channel_s")),
        sample_rate=_whole(audio.get("sampling_rate")),
        timecode=next((code for code in codes if code and code != "00:00:00:00"), None),
    )


def _first(tracks: Any, kind: str) -> dict[str, Any]:
    return next((_plain(track) for track in tracks if track.track_type == kind), {})


def _plain(track: Any) -> dict[str, Any]:
    data: dict[str, Any] = track.to_data()
    return data


def _whole(value: Any) -> int | None:
    return None if value is None else int(float(value))
