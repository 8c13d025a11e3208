"""The edit list: everything a timeline is cut from, as the engine's parameters.

What belongs here: its shape. What does not: filling it from a cell's papers, or cutting (see `timeline`).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field

from forge_resources.schemas.brand import Palette
from forge_resources.schemas.delivery import FrameSize, SafeArea
from forge_resources.schemas.edit import CameraPath, SoundNote, TransitionNote
from forge_resources.schemas.script import Beat
from forge_resources.schemas.storyboard import Focus
from forge_resources.schemas.timecode import Timecode
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

Suffix = Annotated[str, Field(pattern=r"^\.[a-z0-9]+$")]


class CutTransition(Document):
    """How a shot takes over from the one before, and in how many seconds."""

    note: TransitionNote
    seconds: Annotated[ExactRational, Field(gt=0, le=4)]


class CutClip(Document):
    """A motion clip over the plate of a shot; `duration_s` is None where its engine does not tell."""

    media: Sha256
    suffix: Suffix
    recipe: Sha256
    duration_s: ExactRational | None


class CutShot(Document):
    """One shot as it is cut in: its plate in `media`, the clip over it if it has one, the transition into it."""

    shot: int
    beat: Beat
    duration_s: Seconds
    super: ShortLine | None
    media: Sha256
    suffix: Suffix
    recipe: Sha256
    path: CameraPath | None
    focus: Focus = Focus()
    clip: CutClip | None = None
    transition: CutTransition | None = None


class CutLine(Document):
    """One spoken line; `duration_s` is exact to the sample."""

    shot: int
    text: Line
    media: Sha256
    recipe: Sha256
    duration_s: ExactRational
    sample_rate: Annotated[int, Field(ge=8000, le=192000)]


class CutSound(Document):
    """Music or an effect: from `at_s` of the spot on, `duration_s` of it, from `skip_s` of the file on."""

    track: Literal["music", "effects"]
    media: Sha256
    suffix: Suffix
    at_s: Annotated[ExactRational, Field(ge=0)]
    skip_s: Annotated[ExactRational, Field(ge=0)] = Fraction(0)
    duration_s: Annotated[ExactRational, Field(gt=0)]
    sample_rate: Annotated[int, Field(ge=8000, le=192000)]
    note: SoundNote


class BurntCaptions(Document):
    """Captions that are part of the picture, by the guide of their language."""

    line_length: Annotated[int, Field(ge=8, le=60)]
    max_lines: Annotated[int, Field(ge=1, le=3)]
    reading_speed_cps: Annotated[float, Field(gt=2, lt=30)]


class TimelineParameters(Document):
    """Everything a timeline is made of; media by SHA-256. `fonts` is the fingerprint of the faces that set its text."""

    cell: ShortLine
    language: LanguageCode
    aspect_ratio: AspectRatio
    fps: FrameRate
    start_timecode: Timecode = "00:00:00:00"
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
    sounds: list[CutSound] = []
    edge_silence_frames: Annotated[int, Field(ge=0, le=50)] = 0
    captions: BurntCaptions | None = None
    fonts: dict[str, str]

    @property
    def duration_s(self) -> Fraction:
        return sum((shot.duration_s for shot in self.shots), Fraction(0))
