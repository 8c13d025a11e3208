"""The storyboard: what each shot looks like, in terms that any image engine can use, and the plates made from it.

What belongs here: picture-side contracts. What does not: words on screen; plates carry no text.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from forge_resources.schemas.brand import Palette
from forge_resources.schemas.pictures import Direction
from forge_resources.schemas.recipe import Artefact
from forge_resources.schemas.script import Beat, Camera, Scope
from forge_resources.schemas.types import (
    AspectRatio,
    Document,
    ExactRational,
    Line,
    Seconds,
    ShortLine,
    Slug,
    sha256_of,
)


class Figure(Document):
    """A person in the shot: who (`parent`, `student`, `child` …), and in what pose (`stands`, `sits`, `reaches` …)."""

    role: Slug
    pose: Slug


class ShotLook(Document):
    """All that decides a plate, and nothing else: two shots with equal looks share one plate.

    `setting`, `time_of_day`, `light`, `props` and figure poses come from the vocabulary in `imaging/data`; `details`
    are slugs that vary a setting by market or persona (such as `skyline-berlin`); `seed` is 63-bit.
    """

    description: Line
    camera: Camera
    setting: Slug
    time_of_day: Slug
    light: Slug
    figures: Annotated[list[Figure], Field(max_length=6)] = []
    product: Slug = Field("absent", description="absent, background, held, placed or hero")
    product_shape: Slug = Field("box", description="Silhouette when no reference picture is given.")
    product_name: ShortLine
    props: Annotated[list[Slug], Field(max_length=8)] = []
    details: Annotated[list[Slug], Field(max_length=8)] = []
    palette: Palette
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    cast_seed: Annotated[int, Field(ge=0, lt=2**63)] | None = Field(
        None, description="Shots with one cast seed show the same persons; None casts by `seed`."
    )
    direction: Direction | None = Field(None, description="For engines that are directed; None for all others.")

    @model_serializer(mode="wrap")
    def _without_no_direction(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Looks of engines that are not directed read as they did before there were such."""
        value: dict[str, Any] = handler(self)
        if self.direction is None:
            value.pop("direction", None)
        return value


class Shot(Document):
    number: Annotated[int, Field(ge=1, le=40)]
    duration_s: Seconds
    beat: Beat
    scope: Scope
    look: ShotLook


class Storyboard(Document):
    aspect_ratio: AspectRatio
    shots: Annotated[list[Shot], Field(min_length=1, max_length=40)]


class Take(Document):
    """A candidate for a shot: its number, seed and picture, and its score. `qualities` lie between 0 and 1."""

    take: int
    seed: int
    picture: Artefact
    score: float
    qualities: dict[str, float]


class Plate(Document):
    """A shot's picture, which is that of the active take. `takes` are all of them, where there is more than one.

    `chosen`: a person chose the active take; otherwise it has the highest score.
    """

    shot: int
    picture: Artefact
    takes: list[Take] = []
    active: int = 1
    chosen: bool = False


class Focus(Document):
    """What must be seen of a picture, in shares of its width and height: the middle of the crop to another ratio."""

    x: Annotated[ExactRational, Field(ge=0, le=1)] = Fraction(1, 2)
    y: Annotated[ExactRational, Field(ge=0, le=1)] = Fraction(1, 2)


class FramedPlate(Document):
    """A shot's picture for another ratio: the plate itself, cut off around `focus`, or one made for it (None)."""

    shot: int
    picture: Artefact
    focus: Focus | None


class RatioPlates(Document):
    """The plates of a cell in shot order, for outlets of an aspect ratio that is not the brief's."""

    aspect_ratio: AspectRatio
    plates: list[FramedPlate]


class Frames(Document):
    """The plates of a cell in shot order, the sheet that shows them, and what outlets of other ratios are shown."""

    plates: list[Plate]
    contact_sheet: Artefact
    other_ratios: list[RatioPlates] = []

    def in_ratio(self, ratio: AspectRatio) -> RatioPlates | None:
        """The plates for another ratio; None where there are none, because it is the brief's."""
        return next((each for each in self.other_ratios if each.aspect_ratio == ratio), None)

    def version(self) -> str:
        """A hash of the active pictures alone: what is made from them is not stale when a word or a score changes."""
        active = [plate.model_dump(mode="json", include={"shot", "picture"}) for plate in self.plates]
        return sha256_of([*active, *(each.model_dump(mode="json") for each in self.other_ratios)])
