"""How the plates of a brief are to be made: what its key `pictures` asks for, looks, and what becomes of both.

What belongs here: the contracts of the order, of a look of the library, and of the direction that a shot gets from
them. What does not: which model takes what (see `imaging.diffusion.ordering`), or words for prompts (see
`imaging.prompts`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, field_validator

from forge_resources.schemas.types import PICTURE_MODEL_PATTERN, Document, Line, MarketCode, ShortLine, Slug

Preset = Literal["full", "model-offload", "group-offload", "8-bit", "4-bit"]
"""How a model is kept in memory. All but `full` may change the picture, so it is part of a recipe."""
DType = Literal["float32", "float16", "bfloat16"]
Control = Literal["canny", "depth", "lineart", "pose"]
Attention = Literal["native", "flash", "sage", "xformers"]
ModelName = Annotated[str, Field(pattern=PICTURE_MODEL_PATTERN, max_length=64)]
Strength = Annotated[float, Field(ge=0, le=1)]


VARIABLES = {"model": "FORGE_PICTURES_MODEL", "preset": "FORGE_PICTURES_PRESET", "dtype": "FORGE_PICTURES_DTYPE"}
"""The deployment's choices, by field of the settings."""


class LoraOrder(Document):
    """A LoRA and how strongly it counts; None takes what the catalogue has, or 1."""

    name: ModelName
    strength: Annotated[float, Field(ge=-2, le=2)] | None = None


class ControlOrder(Document):
    """A picture whose outlines, depth or poses a shot keeps. `prepared`: it is such a map already.

    `strength` None takes what the catalogue has. `begin` and `end` are the part of the steps in which it counts.
    """

    control: Control
    picture: Line
    strength: Annotated[float, Field(gt=0, le=2)] | None = None
    begin: Strength = 0.0
    end: Strength = 1.0
    prepared: bool = False
    model: ModelName | None = Field(None, description="A ControlNet; None takes one that is installed and fits.")


class ShotOrder(Document):
    """What one shot starts from. `start` is a picture that is made over, `strength` by how much.

    `mask`: a picture of which the white is made anew and the black stays (needs `start`).
    """

    shot: Annotated[int, Field(ge=1, le=40)]
    start: Line | None = None
    strength: Annotated[float, Field(gt=0, le=1)] | None = None
    mask: Line | None = None
    control: Annotated[list[ControlOrder], Field(max_length=3)] = []


class TakeChoice(Document):
    """A person's choice of a take, for all cells that have the shot or for those of a market or persona."""

    shot: Annotated[int, Field(ge=1, le=40)]
    take: Annotated[int, Field(ge=1, le=8)]
    market: MarketCode | None = None
    persona: Slug | None = None


class PictureSettings(Document):
    """The parameters of the model, as far as they are not the catalogue's. None leaves them to it."""

    model: ModelName | None = None
    steps: Annotated[int, Field(ge=1, le=200)] | None = None
    guidance: Annotated[float, Field(ge=0, le=30)] | None = None
    scheduler: Slug | None = None
    negative_prompt: Line | None = None
    preset: Preset | None = None
    dtype: DType | None = None
    attention: Attention | None = None
    step_cache: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="Threshold of the first-block cache: steps that change less are not computed."
    )
    loras: Annotated[list[LoraOrder], Field(max_length=6)] = []
    reference_strength: Strength | None = None
    reference_model: ModelName | None = Field(None, description="An IP-Adapter; None takes one that fits.")


def deployment_settings(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What FORGE_PICTURES_MODEL, _PRESET and _DTYPE say, by field of the settings."""
    return {name: value for name, variable in VARIABLES.items() if (value := environment.get(variable))}


class PictureOrder(PictureSettings):
    """The key `pictures` of a brief."""

    look: Slug | None = None
    takes: Annotated[int, Field(ge=1, le=8)] = 1
    shots: Annotated[list[ShotOrder], Field(max_length=40)] = []
    choose: Annotated[list[TakeChoice], Field(max_length=400)] = []

    @field_validator("shots")
    @classmethod
    def _one_entry_a_shot(cls, shots: list[ShotOrder]) -> list[ShotOrder]:
        numbers = [shot.shot for shot in shots]
        if repeated := sorted({number for number in numbers if numbers.count(number) > 1}):
            raise ValueError(f"shots named more than once: {', '.join(map(str, repeated))}")
        return shots

    @property
    def settings(self) -> PictureSettings:
        """The parameters of the model alone."""
        return PictureSettings(**{name: getattr(self, name) for name in PictureSettings.model_fields})


class LookPart(Document):
    """A person, product or place of a look: in words, and in reference pictures beside the library's file."""

    description: Line
    references: Annotated[list[Line], Field(max_length=4)] = []


class Character(LookPart):
    """A person of a look; who plays `role` looks like this, for `personas` only where they are named."""

    role: Slug
    personas: list[Slug] = []


class Look(Document):
    """What every shot of a spot shares: style, people, product, places. An entry of the library."""

    name: ShortLine
    style: Line
    negative: Line | None = None
    lens: ShortLine | None = None
    product: LookPart | None = None
    characters: dict[Slug, Character] = {}
    locations: dict[Slug, LookPart] = Field({}, description="By word of the vocabulary's settings.")
    loras: Annotated[list[LoraOrder], Field(max_length=6)] = []


class ResolvedPictures(PictureOrder):
    """The order of a brief for one market. Pictures are named by `<SHA-256><suffix>` in the store.

    `look_entry` is the look with its reference pictures named in the same way.
    """

    look_entry: Look | None = None


ReferenceRole = Literal["product", "character", "location"]


class Reference(Document):
    """A picture that a shot goes by: its role, whose it is, and its name in the store."""

    role: ReferenceRole
    name: Slug
    picture: Line


class Direction(Document):
    """What an engine that is directed knows of a shot besides its look.

    `people` has a description for each figure of the look that has one. Pictures are names in the store.
    """

    settings: PictureSettings
    product: Line
    style: Line | None = None
    negative: Line | None = None
    lens: ShortLine | None = None
    people: list[Line | None] = []
    place: Line | None = None
    references: list[Reference] = []
    start: Line | None = None
    strength: float | None = None
    mask: Line | None = None
    control: list[ControlOrder] = []
