"""The script and the two papers it grows from: concept and culture notes.

What belongs here: what text engines write. What does not: how a row becomes a drawable shot (see storyboard).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field

from forge_resources.schemas.types import Document, LanguageCode, Line, Seconds, ShortLine, Slug, Tier

Beat = Literal["hook", "tension", "product", "proof", "call"]
BEATS: tuple[Beat, ...] = ("hook", "tension", "product", "proof", "call")
Scope = Literal["brief", "persona", "market", "cell"]
ShotSize = Literal["extreme-wide", "wide", "full", "medium", "close-up", "extreme-close-up"]
Angle = Literal["eye", "low", "high", "overhead", "dutch"]
CameraMove = Literal["push", "pull", "pan-left", "pan-right", "tilt-up", "tilt-down", "hold"]


class Camera(Document):
    size: ShotSize
    angle: Angle = "eye"
    move: CameraMove = "hold"


class ScriptRow(Document):
    """One shot in words. `visual` is English; `voice_over` and `super` are in the market's language.

    `scope` says what the picture depends on: rows of scope `brief` look the same in every cell of the brief.
    Camera, setting, persons and props are filled by engines that know them and read out of `visual` otherwise.
    """

    shot: Annotated[int, Field(ge=1, le=40)]
    duration_s: Seconds
    beat: Beat
    visual: Line
    voice_over: Line | None = None
    super: ShortLine | None = None
    voice_over_gloss: Line | None = None
    super_gloss: ShortLine | None = None
    scope: Scope = "cell"
    camera: Camera | None = None
    setting: Slug | None = None
    time_of_day: Slug | None = None
    persons: Annotated[list[Slug], Field(max_length=6)] | None = None
    props: Annotated[list[Slug], Field(max_length=8)] | None = None


class Script(Document):
    """The rows of a spot, in order, numbered from 1.

    `legal` are its legal lines, where the writer has written them out; without, the edit takes those of the brief.
    """

    language: LanguageCode
    tier: Tier
    rows: Annotated[list[ScriptRow], Field(min_length=1, max_length=40)]
    legal: list[Line] | None = Field(None, exclude_if=lambda lines: lines is None)

    @property
    def duration_s(self) -> Fraction:
        return sum((row.duration_s for row in self.rows), Fraction(0))


class Concept(Document):
    """What the spot says and in which order, the same for every cell with equal inputs.

    `beats` say what happens in each beat of `structure`, where the writer works that out.
    """

    core_message: Line
    structure: list[Beat]
    beats: list[Line] | None = Field(None, exclude_if=lambda beats: beats is None)
    must_stay: list[Line]
    may_change: list[Line]
    brand_voice: list[ShortLine]
    tier: Tier


class Substitution(Document):
    """Something the culture asks to be shown or said in another way, and why."""

    instead_of: Line
    use: Line
    reason: Line


class Culture(Document):
    """What a market asks of the spot."""

    context: list[Line]
    substitutions: list[Substitution]
    tone: list[ShortLine]
    pitfalls: list[Line]
    opportunities: list[Line]
    regulations: list[Line]
    tier: Tier
