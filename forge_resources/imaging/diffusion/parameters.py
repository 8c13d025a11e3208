"""The recipe of a plate made by a diffusion model: every parameter that has an effect.

What belongs here: the contract. What does not: how it is arrived at (see `ordering`) or used (see `engine`).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from forge_resources.models.catalogue import Task
from forge_resources.schemas.pictures import Attention, Control, DType, ModelName, Preset
from forge_resources.schemas.types import Document, Sha256, ShortLine, Slug

Pixels = Annotated[int, Field(ge=16, le=8192)]


class PartUse(Document):
    """Something loaded with the model: its name, the hash of its files, and how strongly it counts."""

    name: ModelName
    weights: Sha256
    strength: float


class ControlUse(PartUse):
    """A ControlNet with the source its map is read from. `annotators`: hashes of the models that read it, by name.

    `prepared`: the source is a map already. `begin` and `end` are parts of the steps.
    """

    control: Control
    source: ShortLine
    prepared: bool
    annotators: dict[ModelName, Sha256] = {}
    begin: float
    end: float


class AdapterUse(PartUse):
    """An IP-Adapter with the sources it goes by, in order."""

    sources: Annotated[list[ShortLine], Field(min_length=1)]


class DiffusionParameters(Document):
    """What a plate is made of. Sizes in pixels: `width` × `height` is drawn, then fitted to the plate.

    `prompt` is made of `clauses`, in order of weight. `guidance` None: the pipeline is not given one. `strength`: how
    much of `start` is made over. `references`: the sources that a model with a reference input of its own goes by.
    """

    model: ModelName
    architecture: Slug
    weights: Sha256
    task: Task
    clauses: Annotated[list[str], Field(min_length=1)]
    prompt: str
    negative_prompt: str | None
    tokens: int
    width: Pixels
    height: Pixels
    plate_width: Pixels
    plate_height: Pixels
    steps: Annotated[int, Field(ge=1, le=200)]
    guidance: float
    guidance_parameter: ShortLine
    scheduler: Slug
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    dtype: DType
    variant: str | None
    preset: Preset
    attention: Attention | None = None
    step_cache: float | None = None
    strength: float | None = None
    mask: bool = False
    loras: list[PartUse] = []
    controls: list[ControlUse] = []
    adapter: AdapterUse | None = None
    references: list[ShortLine] = []
