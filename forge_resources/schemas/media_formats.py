"""Formats of picture and sound that a delivery profile asks for, and which container holds which.

What belongs here: codecs with their figures, sizes, rates, safe areas, loudness. What does not: an outlet (see
`delivery`), or the options of the encoder (see `editing.encoding`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, model_validator

from forge_resources.schemas.types import Document

Container = Literal["mp4", "mov", "mxf", "mkv"]


class FrameSize(Document):
    """Pixels; even in both directions because chroma is subsampled."""

    width: Annotated[int, Field(ge=64, le=8192, multiple_of=2)]
    height: Annotated[int, Field(ge=64, le=8192, multiple_of=2)]


class H264(Document):
    """H.264 by quality (`crf`), its peaks bounded by `max_kbps` where there is one."""

    codec: Literal["libx264"]
    preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow"]
    profile: Literal["main", "high"]
    crf: Annotated[int, Field(ge=0, le=40)]
    max_kbps: Annotated[int, Field(ge=200, le=200000)] | None = None
    pixel_format: Literal["yuv420p"]
    colour: Literal["bt709"]


class ProRes(Document):
    """Apple ProRes, 10 bit 4:2:2, every frame by itself."""

    codec: Literal["prores_ks"]
    profile: Literal["proxy", "lt", "standard", "hq"]
    pixel_format: Literal["yuv422p10le"]
    colour: Literal["bt709"]


class Mpeg2(Document):
    """MPEG-2 4:2:2 at a constant rate, such as XDCAM HD422 at 50 Mb/s; groups are closed."""

    codec: Literal["mpeg2video"]
    profile: Literal["422"]
    bitrate_kbps: Annotated[int, Field(ge=1000, le=300000)]
    gop_frames: Annotated[int, Field(ge=1, le=30)] = 12
    pixel_format: Literal["yuv422p"]
    colour: Literal["bt709"]


class Ffv1(Document):
    """FFV1 version 3 (RFC 9043): lossless, every frame by itself, with a checksum on every slice."""

    codec: Literal["ffv1"]
    pixel_format: Literal["yuv420p", "yuv422p"]
    colour: Literal["bt709"]


VideoFormat = Annotated[H264 | ProRes | Mpeg2 | Ffv1, Field(discriminator="codec")]


class AudioFormat(Document):
    """`bitrate_kbps` belongs to AAC, and to no other."""

    codec: Literal["aac", "pcm_s16le", "pcm_s24le", "flac"]
    bitrate_kbps: Annotated[int, Field(ge=64, le=512)] | None = None
    sample_rate: Literal[44100, 48000]
    channels: Literal[1, 2]

    @model_validator(mode="after")
    def _only_aac_has_a_bitrate(self) -> AudioFormat:
        if (self.codec == "aac") != (self.bitrate_kbps is not None):
            raise ValueError("aac needs bitrate_kbps" if self.codec == "aac" else f"{self.codec} has no bitrate_kbps")
        return self


class Loudness(Document):
    """Integrated loudness in LUFS with its tolerance in LU, and the highest true peak in dBTP (ITU-R BS.1770).

    A spot keeps below the highest short-term (3 s) or below the highest momentary (0.4 s) loudness, in LUFS, where an
    outlet limits them; below both where `both_limits` says so.
    """

    integrated_lufs: Annotated[float, Field(ge=-40, le=-5)]
    tolerance_lu: Annotated[float, Field(gt=0, le=4)]
    true_peak_dbtp: Annotated[float, Field(ge=-12, le=0)]
    short_term_max_lufs: Annotated[float, Field(ge=-40, le=0)] | None = None
    momentary_max_lufs: Annotated[float, Field(ge=-40, le=0)] | None = None
    both_limits: bool = False

    @model_validator(mode="after")
    def _limits_leave_room(self) -> Loudness:
        for name in ("short_term_max_lufs", "momentary_max_lufs"):
            limit = getattr(self, name)
            if limit is not None and limit < self.integrated_lufs:
                raise ValueError(f"{name} is below integrated_lufs; no sound can be both")
        return self


class SafeArea(Document):
    """Share of the picture, from each edge, that is kept free of text."""

    top: Annotated[float, Field(ge=0, lt=0.5)]
    bottom: Annotated[float, Field(ge=0, lt=0.5)]
    left: Annotated[float, Field(ge=0, lt=0.5)]
    right: Annotated[float, Field(ge=0, lt=0.5)]


@dataclass(frozen=True)
class Holds:
    """What a container holds: codecs, and whether an index at its head and a C2PA manifest."""

    video: frozenset[str]
    audio: frozenset[str]
    fast_start: bool
    manifest: bool
    suffix: str
    media_type: str


CONTAINERS: dict[Container, Holds] = {
    "mp4": Holds(frozenset({"libx264"}), frozenset({"aac"}), True, True, ".mp4", "video/mp4"),
    "mov": Holds(
        frozenset({"libx264", "prores_ks"}), frozenset({"aac", "pcm_s16le", "pcm_s24le"}), True, True, ".mov",
        "video/quicktime",
    ),
    "mxf": Holds(
        frozenset({"mpeg2video"}), frozenset({"pcm_s16le", "pcm_s24le"}), False, False, ".mxf", "application/mxf"
    ),
    "mkv": Holds(
        frozenset({"ffv1", "libx264", "prores_ks"}), frozenset({"flac", "pcm_s16le", "pcm_s24le", "aac"}), False,
        False, ".mkv", "video/x-matroska",
    ),
}  # fmt: skip
