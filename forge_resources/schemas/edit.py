"""What the edit is cut from: spoken lines, camera paths, and the layout of Forge's timelines.

A timeline is an OpenTimelineIO document. It is the only thing the renderer reads, besides the media it names:

- `timeline.metadata["forge"]`: the JSON form of `TimelineNote`. `global_start_time` is its `start_timecode` as a frame.
- track `picture` (video): one clip per shot without gaps. `source_range` is in frames at the timeline's rate. The media
  reference is `media/<sha256><suffix>`: a plate (PNG) or a video (MP4). `clip.metadata["forge"]` is a `ClipNote`.
  Between two clips a `Transition` may stand (its offsets are whole frames): an SMPTE dissolve, or what the
  `TransitionNote` in its `metadata["forge"]` says. A `FreezeFrame` effect holds the clip's first frame (of a plate, the
  first window of its path). What `available_range` has around `source_range` are the handles.
- track `motion` (video): gaps and motion clips (MP4), laid over the plates of their shots; otherwise as `picture`.
- track `inset` (video): gaps and pictures in the picture, each with an `InsetNote`.
- tracks `super`, `end-card`, `legal`, `caption` (video), laid over the picture in this order: gaps and clips. Their
  media reference is a `GeneratorReference` of kind `forge.super`, `forge.legal`, `forge.end-card` or `forge.caption`
  whose `parameters` are the JSON form of `TypeNote`.
- track `voice` (audio): gaps and clips at the sample rate of the voice; media `media/<sha256>.wav`, `metadata["forge"]`
  a `VoiceNote`.
- tracks `music` and `effects` (audio): gaps and clips at the sample rate of the track, `metadata["forge"]` a
  `SoundNote`.
- markers on the stack of tracks: one per shot, `metadata["forge"]` a `MarkerNote`.

All tracks that are not empty last exactly as long as the picture.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from forge_resources.schemas.brand import Palette
from forge_resources.schemas.delivery import FrameSize, SafeArea
from forge_resources.schemas.recipe import Artefact
from forge_resources.schemas.script import Beat, CameraMove
from forge_resources.schemas.storyboard import Focus
from forge_resources.schemas.timecode import Timecode
from forge_resources.schemas.types import (
    AspectRatio,
    Colour,
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


class RatioMotion(Document):
    """What moves the plates that were made again for outlets of another aspect ratio."""

    aspect_ratio: AspectRatio
    shots: list[ShotMotion]


class Motion(Document):
    """What moves each shot, in shot order; `other_ratios` has the shots whose plates were made again for a ratio."""

    shots: list[ShotMotion]
    other_ratios: list[RatioMotion] = []

    def in_ratio(self, ratio: AspectRatio) -> dict[int, Artefact]:
        """The motion of every shot for outlets of a ratio: its own where it has one, the brief's otherwise."""
        own = next((each.shots for each in self.other_ratios if each.aspect_ratio == ratio), [])
        return {shot.shot: shot.motion for shot in (*self.shots, *own)}


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

    `start_timecode` is that of the first frame; `;` in it makes all of the time code drop-frame. `fonts` is the
    fingerprint of the faces that set its text (face → SHA-256): type drawn with
    others is another picture.
    """

    cell: ShortLine
    language: LanguageCode
    fps: FrameRate
    frames: int
    start_timecode: Timecode = "00:00:00:00"
    aspect_ratio: AspectRatio
    size: FrameSize
    safe_area: SafeArea
    palette: Palette
    tier: Tier
    fonts: dict[str, str] = {}


class EffectNote(Document):
    """A Python effect on a clip: its name and the keywords it is called with. Only the moviepy renderer plays these."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$", max_length=80)]
    parameters: dict[str, Any] = {}


class ClipNote(Document):
    """Beside a picture clip: its shot, the fingerprint of its recipe, and its move where it is a plate.

    A medium that is not of the timeline's ratio fills the frame, cut off around `focus`.
    """

    shot: int
    recipe: Sha256
    path: CameraPath | None
    focus: Focus = Focus()
    effects: list[EffectNote] = []


class TransitionNote(Document):
    """How one picture gives way to the next.

    A `wipe` moves an edge towards `direction`, `softness` wide as a share of the way; a `dip` goes through `colour`.
    """

    kind: Literal["dissolve", "wipe", "dip"]
    direction: Literal["left", "right", "up", "down"] = "right"
    softness: Annotated[float, Field(ge=0, le=0.5)] = 0.04
    colour: Colour = "#000000"


class InsetNote(Document):
    """Beside a picture in the picture: its box in shares of the frame, and what of it shows.

    The medium fills the box. Its own alpha counts, and so do `mask` (a grey PNG stretched over the box), corners of
    `radius` (a share of the shorter side of the box) and `opacity`. Fades are in frames of the timeline.
    """

    left: Annotated[float, Field(ge=0, lt=1)]
    top: Annotated[float, Field(ge=0, lt=1)]
    width: Annotated[float, Field(gt=0, le=1)]
    height: Annotated[float, Field(gt=0, le=1)]
    focus: Focus = Focus()
    mask: Sha256 | None = None
    radius: Annotated[float, Field(ge=0, le=0.5)] = 0
    opacity: Annotated[float, Field(gt=0, le=1)] = 1
    fade_in: Annotated[int, Field(ge=0)] = 0
    fade_out: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _lies_in_the_frame(self) -> InsetNote:
        if self.left + self.width > 1 + 1e-9 or self.top + self.height > 1 + 1e-9:
            raise ValueError("the box must lie within the frame")
        return self


class MarkerNote(Document):
    """Beside the marker of a shot: which one, what it is for, and the recipe behind its picture."""

    shot: int
    beat: Beat
    recipe: Sha256


class VoiceNote(Document):
    """Beside a voice clip."""

    shot: int
    text: Line
    recipe: Sha256


class SoundNote(Document):
    """Beside a clip of music or an effect: its level, its fades in seconds, and how far it goes down under the voice.

    `recipe` is None for a file that a user handed in.
    """

    recipe: Sha256 | None = None
    gain_db: Annotated[float, Field(ge=-60, le=24)] = 0
    fade_in_s: Annotated[ExactRational, Field(ge=0, le=30)] = Fraction(0)
    fade_out_s: Annotated[ExactRational, Field(ge=0, le=30)] = Fraction(0)
    duck_db: Annotated[float, Field(ge=0, le=40)] = 0


class TypeNote(Document):
    """Text to be set over the picture. Fades are in frames of the timeline.

    `super`, `legal` and `caption` carry one or more lines of `text`; an `end-card` carries the brand's name (or logo),
    the call to action and the product's name. `above` are the legal lines of the spot that the text has to stand clear
    of.
    """

    role: Literal["super", "legal", "end-card", "caption"]
    text: list[Line]
    brand_name: ShortLine | None = None
    product_name: ShortLine | None = None
    logo: Sha256 | None = None
    above: list[Line] = []
    fade_in: int = 0
    fade_out: int = 0
