"""What the edit is cut from: spoken lines, camera paths, and the layout of Forge's timelines.

A timeline is an OpenTimelineIO document. It is the only thing the renderer reads, besides the media it names:

- `timeline.metadata["forge"]`: the JSON form of `TimelineNote`.
- track `picture` (video): one clip per shot without gaps. `source_range` is in frames at the timeline's rate. The media
  reference is `media/<sha256><suffix>`: a plate (PNG) or a motion clip (MP4). `clip.metadata["forge"]` is a `ClipNote`.
  Between two clips a `Transition` may stand (dissolve; its offsets are whole frames).
- tracks `super`, `end-card`, `legal` (video), laid over the picture in this order: gaps and clips. Their media
  reference is a `GeneratorReference` of kind `forge.super`, `forge.legal` or `forge.end-card` whose `parameters` are
  the JSON form of `TypeNote`.
- track `voice` (audio): gaps and clips at the sample rate of the voice; media `media/<sha256>.wav`, `metadata["forge"]`
  a `VoiceNote`.

All tracks that are not empty last exactly as long as the picture.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field

from forge_resources.schemas.brand import Palette
from forge_resources.schemas.delivery import FrameSize, SafeArea
from forge_resources.schemas.recipe import Artefact
from forge_resources.schemas.script import CameraMove
from forge_resources.schemas.types import (
    AspectRatio,
    Document,
    ExactRational,
    FrameRate,
    LanguageCode,
    Line,
    Sha256,
    ShortLine,
    Tier,
)


class Window(Document):
    """A part of a plate, in shares of its width and height, by its centre and its size (1 is the whole plate)."""

    x: Annotated[ExactRational, Field(ge=0, le=1)] = Fraction(1, 2)
    y: Annotated[ExactRational, Field(ge=0, le=1)] = Fraction(1, 2)
    size: Annotated[ExactRational, Field(gt=0, le=1)] = Fraction(1)


class CameraPath(Document):
    """A camera move over a still plate: from one window to another over the whole shot, eased at both ends."""

    move: CameraMove
    start: Window
    end: Window
    ease: Literal["linear", "in-out"] = "in-out"


class ShotMotion(Document):
    """What sets a shot in motion: a `CameraPath` (JSON) for its plate, or a clip (MP4) in place of it."""

    shot: int
    motion: Artefact


class Motion(Document):
    shots: list[ShotMotion]


class SpokenLine(Document):
    """A voice-over line as sound. `duration_s` is measured, exact to the sample."""

    shot: int
    text: Line
    sound: Artefact
    duration_s: ExactRational


class Voiceover(Document):
    """Spoken lines in shot order; shots without voice-over have none."""

    lines: list[SpokenLine]


class TimelineNote(Document):
    """What the renderer has to know about the whole timeline.

    `fonts` is the fingerprint of the faces that set its text (face → SHA-256): type drawn with others is another
    picture.
    """

    cell: ShortLine
    language: LanguageCode
    fps: FrameRate
    frames: int
    aspect_ratio: AspectRatio
    size: FrameSize
    safe_area: SafeArea
    palette: Palette
    tier: Tier
    fonts: dict[str, str] = {}


class ClipNote(Document):
    """Beside a picture clip: its shot, the fingerprint of its recipe, and its move where it is a plate."""

    shot: int
    recipe: Sha256
    path: CameraPath | None


class VoiceNote(Document):
    """Beside a voice clip."""

    shot: int
    text: Line
    recipe: Sha256


class TypeNote(Document):
    """Text to be set over the picture. Fades are in frames of the timeline.

    `super` and `legal` carry one or more lines of `text`; an `end-card` carries the brand's name (or logo), the call to
    action and the product's name. `above` are the legal lines of the spot that the text has to stand clear of.
    """

    role: Literal["super", "legal", "end-card"]
    text: list[Line]
    brand_name: ShortLine | None = None
    product_name: ShortLine | None = None
    logo: Sha256 | None = None
    above: list[Line] = []
    fade_in: int = 0
    fade_out: int = 0
