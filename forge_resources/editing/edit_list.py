"""The edit list: everything a timeline is cut from, as the engine's parameters.

What belongs here: its shape. What does not: filling it from a cell's papers, or cutting (see `timeline`).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import Field

from forge_resources.schemas.brand import Palette
from forge_resources.schemas.delivery import FrameSize, SafeArea
from forge_resources.schemas.edit import CameraPath
from forge_resources.schemas.script import Beat
from forge_resources.schemas.types import (
    AspectRatio,
    Document,
    ExactRational,
    FrameRate,
    LanguageCode,
    Line,
    Seconds,
    Sha256,
    ShortLine,
    Tier,
)


class CutShot(Document):
    """One shot as it is cut in. `media` is its plate, or its motion clip where it has one (`path` is None then)."""

    shot: int
    beat: Beat
    duration_s: Seconds
    super: ShortLine | None
    media: Sha256
    suffix: Annotated[str, Field(pattern=r"^\.[a-z0-9]+$")]
    recipe: Sha256
    path: CameraPath | None
    is_clip: bool


class CutLine(Document):
    """One spoken line; `duration_s` is exact to the sample."""

    shot: int
    text: Line
    media: Sha256
    recipe: Sha256
    duration_s: ExactRational
    sample_rate: Annotated[int, Field(ge=8000, le=192000)]


class TimelineParameters(Document):
    """Everything a timeline is made of; media by SHA-256. `fonts` is the fingerprint of the faces that set its text."""

    cell: ShortLine
    language: LanguageCode
    aspect_ratio: AspectRatio
    fps: FrameRate
    size: FrameSize
    safe_area: SafeArea
    palette: Palette
    tier: Tier
    brand_name: ShortLine
    logo: Sha256 | None
    product_name: ShortLine
    call_to_action: ShortLine
    legal: list[Line]
    shots: Annotated[list[CutShot], Field(min_length=1, max_length=40)]
    voice: list[CutLine]
    fonts: dict[str, str]

    @property
    def duration_s(self) -> Fraction:
        return sum((shot.duration_s for shot in self.shots), Fraction(0))
