"""Delivery profiles: what an outlet accepts. Profiles are data files; this is their contract."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from forge_resources.schemas.types import AspectRatio, Document, FrameRate, Line, ShortLine, Slug


class FrameSize(Document):
    """Pixels; even in both directions because chroma is subsampled."""

    width: Annotated[int, Field(ge=64, le=8192, multiple_of=2)]
    height: Annotated[int, Field(ge=64, le=8192, multiple_of=2)]


class VideoFormat(Document):
    codec: Literal["libx264"]
    preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow"]
    profile: Literal["main", "high"]
    crf: Annotated[int, Field(ge=0, le=40)]
    pixel_format: Literal["yuv420p"]
    colour: Literal["bt709"]


class AudioFormat(Document):
    codec: Literal["aac"]
    bitrate_kbps: Annotated[int, Field(ge=64, le=512)]
    sample_rate: Literal[44100, 48000]
    channels: Literal[1, 2]


class Loudness(Document):
    """Integrated loudness in LUFS with its tolerance in LU, and the highest true peak in dBTP (ITU-R BS.1770)."""

    integrated_lufs: Annotated[float, Field(ge=-40, le=-5)]
    tolerance_lu: Annotated[float, Field(gt=0, le=4)]
    true_peak_dbtp: Annotated[float, Field(ge=-12, le=0)]


class SafeArea(Document):
    """Share of the picture, from each edge, that is kept free of text."""

    top: Annotated[float, Field(ge=0, lt=0.5)]
    bottom: Annotated[float, Field(ge=0, lt=0.5)]
    left: Annotated[float, Field(ge=0, lt=0.5)]
    right: Annotated[float, Field(ge=0, lt=0.5)]


class DeliveryProfile(Document):
    """What an outlet accepts. `source` says where the figures come from."""

    slug: Slug
    name: ShortLine
    source: Line
    container: Literal["mp4"]
    fast_start: bool
    fps: FrameRate
    sizes: dict[AspectRatio, FrameSize]
    safe_areas: dict[AspectRatio, SafeArea]
    video: VideoFormat
    audio: AudioFormat
    loudness: Loudness
    captions: Annotated[list[Literal["srt", "vtt"]], Field(min_length=1)]

    @model_validator(mode="after")
    def _every_size_has_a_safe_area(self) -> DeliveryProfile:
        if missing := sorted(set(self.sizes) - set(self.safe_areas)):
            raise ValueError(f"safe_areas lacks {', '.join(missing)}")
        return self
