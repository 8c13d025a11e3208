"""The catalogue: every model and part that Forge knows by name, from data files with a schema.

What belongs here: the contracts, reading them, looking up, and what follows from an entry alone (memory, size). What
does not: what is installed (see `shelf`), or running a model (see `imaging.diffusion`).

Files: `data/architectures.yaml`, `data/models.yaml`, `data/parts.yaml`; a deployment adds entries, or puts its own in
place of one, in `models.yaml` and `parts.yaml` of a folder `models` in its library.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import Field, field_validator, model_validator

from forge_resources.errors import Fault, InvalidInput, NotFound
from forge_resources.library.validation import nearest_names
from forge_resources.models.data_files import DATA, read_entries
from forge_resources.models.references import parse_reference
from forge_resources.schemas.pictures import Control, DType, ModelName, Preset
from forge_resources.schemas.types import Document, Line, Sha256, ShortLine, Slug

PRESETS: tuple[Preset, ...] = ("full", "model-offload", "group-offload", "8-bit", "4-bit")
Task = Literal["text-to-image", "image-to-image", "inpainting"]
PartKind = Literal["lora", "controlnet", "ip-adapter", "annotator", "scorer"]
Bytes = {"float32": 4, "float16": 2, "bfloat16": 2}


class Architecture(Document):
    """A family of models that share pipelines and adapters.

    `multiple`: width and height in pixels are multiples of it. `long_prompts`: `chunks` encodes a prompt beyond the
    token window in windows, `refuse` does not take it. `reference`: how it takes pictures to go by. `quantised`: the
    components that the 8-bit and 4-bit presets quantise. `lora_marks`: what the names of the weights of a LoRA for it
    contain; `lora_width`: the width of the text states its cross-attention reads, where that tells it from another.
    """

    name: ShortLine
    pipelines: dict[Task, ShortLine]
    control_pipelines: dict[Task, ShortLine] = {}
    control_model: ShortLine | None = None
    denoiser: Literal["unet", "transformer"]
    multiple: Annotated[int, Field(ge=8, le=64)]
    prompt_style: Literal["tags", "sentences"]
    long_prompts: Literal["chunks", "refuse"]
    reference: Literal["none", "ip-adapter", "image"] = "none"
    schedulers: Annotated[list[Slug], Field(min_length=1)]
    quantised: list[ShortLine]
    lora_marks: Annotated[list[ShortLine], Field(min_length=1)]
    lora_width: int | None = None
    civitai_names: list[ShortLine] = []
    packages: list[ShortLine] = Field([], description="What its pipelines need beyond the extra `gpu`.")


class Range(Document):
    """A parameter that may be chosen between `lowest` and `highest`, both included."""

    default: float
    lowest: float
    highest: float

    @model_validator(mode="after")
    def _in_order(self) -> Range:
        if not self.lowest <= self.default <= self.highest:
            raise ValueError("default must lie between lowest and highest")
        return self


class Guidance(Document):
    """How strongly the prompt guides. `fixed`: distilled into the model, only `default` works; `free`: may be chosen.

    `parameter` is what the pipeline calls it.
    """

    kind: Literal["fixed", "free"]
    default: float
    lowest: float | None = None
    highest: float | None = None
    parameter: Literal["guidance_scale", "true_cfg_scale"] = "guidance_scale"

    @model_validator(mode="after")
    def _range_where_free(self) -> Guidance:
        ranged = self.lowest is not None and self.highest is not None
        if (self.kind == "free") != ranged:
            raise ValueError("lowest and highest belong to free guidance, and only to it")
        if ranged and not self.lowest <= self.default <= self.highest:  # type: ignore[operator]
            raise ValueError("default must lie between lowest and highest")
        return self


class Licence(Document):
    name: ShortLine
    url: ShortLine
    commercial: Literal["yes", "conditions", "no"]
    limits: Line = Field(description="What it asks of commercial use, in a sentence.")


class Sourced(Document):
    """What models and parts have in common. `pins`: the SHA-256 of files, by path, that an install must have."""

    name: ShortLine
    source: ShortLine
    files: list[ShortLine] = Field([], description="Patterns of the files wanted; empty: the pipeline's layout.")
    pins: dict[ShortLine, Sha256] = {}
    download_gb: Annotated[float, Field(gt=0)]
    gated: bool = False
    licence: Licence

    @field_validator("source")
    @classmethod
    def _is_a_reference(cls, value: str) -> str:
        try:
            parse_reference(value)
        except InvalidInput as refused:
            raise ValueError(str(refused)) from None
        return value


class ModelEntry(Sourced):
    """A model that makes pictures. Sizes in pixels; `parameters_b` in thousand millions, by component.

    `lora`: a part that is always loaded on top (distilled forms that are published as one); `weights_of`: the model
    whose weights it is loaded on, which are installed once for both. `work_gb`: what a picture
    of the native size takes besides the weights.
    """

    summary: Line
    architecture: Slug
    variant: Slug | None = None
    weights_of: ModelName | None = None
    lora: ModelName | None = None
    dtype: DType
    steps: Range
    guidance: Guidance
    scheduler: Slug
    native_width: Annotated[int, Field(ge=64, le=4096)]
    native_height: Annotated[int, Field(ge=64, le=4096)]
    max_pixels: Annotated[int, Field(ge=64 * 64)]
    negative_prompt: bool
    tokens: Annotated[int, Field(ge=16, le=8192)]
    parameters_b: dict[Slug, Annotated[float, Field(gt=0)]]
    work_gb: Annotated[float, Field(gt=0)]

    @model_validator(mode="after")
    def _native_fits(self) -> ModelEntry:
        if self.native_width * self.native_height > self.max_pixels:
            raise ValueError("the native size has more than max_pixels")
        return self


class PartEntry(Sourced):
    """Something that goes with models: a LoRA, ControlNet, IP-Adapter; or an annotator or scorer of pictures.

    `control`: the maps that a ControlNet reads, one or several.
    """

    kind: PartKind
    architecture: Slug | None = None
    control: list[Control] = []
    trigger_words: list[ShortLine] = []
    strength: Annotated[float, Field(ge=0, le=2)] = 1.0

    @field_validator("control", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _fits_its_kind(self) -> PartEntry:
        if (self.architecture is None) == (self.kind in ("lora", "controlnet", "ip-adapter")):
            raise ValueError("architecture belongs to LoRAs, ControlNets and IP-Adapters, and only to them")
        if bool(self.control) != (self.kind == "controlnet"):
            raise ValueError("control belongs to ControlNets, and only to them")
        return self


AnyEntry = TypeVar("AnyEntry", bound=Sourced)


@dataclass(frozen=True)
class Catalogue:
    """All entries by slug. Read it; do not change it."""

    architectures: Mapping[str, Architecture]
    models: Mapping[str, ModelEntry]
    parts: Mapping[str, PartEntry]

    def model(self, slug: str) -> ModelEntry:
        """Raises NotFound with the nearest known names."""
        return _found("model", slug, self.models)

    def part(self, slug: str) -> PartEntry:
        """Raises NotFound with the nearest known names."""
        return _found("part", slug, self.parts)

    def entry(self, slug: str) -> ModelEntry | PartEntry:
        """A model or a part. Raises NotFound."""
        everything: dict[str, ModelEntry | PartEntry] = {**self.models, **self.parts}
        return _found("model", slug, everything)

    def architecture_of(self, model: ModelEntry) -> Architecture:
        return self.architectures[model.architecture]

    def architecture_named(self, civitai_name: str) -> str | None:
        """The architecture that Civitai calls by that name, or None."""
        found = (slug for slug, one in self.architectures.items() if civitai_name in one.civitai_names)
        return next(found, None)


def memory_gb(model: ModelEntry, preset: Preset) -> float:
    """Device memory in GB (10⁹ bytes) that a picture of the native size needs: an estimate from parameter counts.

    full: all weights; model-offload: the largest component; group-offload: a twelfth of the largest (two groups of
    blocks at a time); 8-bit and 4-bit: all weights, the quantised at 1.05 and 0.57 bytes (scales included).
    """
    sizes = model.parameters_b
    width = Bytes[model.dtype]
    small = sum(count for name, count in sizes.items() if name == "vae")
    rest = sum(sizes.values()) - small
    weights = {
        "full": (small + rest) * width,
        "model-offload": max(sizes.values()) * width,
        "group-offload": max(sizes.values()) * width / 12,
        "8-bit": small * width + rest * 1.05,
        "4-bit": small * width + rest * 0.57,
    }
    return round(weights[preset] + model.work_gb, 1)


def load_catalogue(overlay: Path | None = None) -> Catalogue:
    """The catalogue, with the entries of the folder `overlay` added. Raises InvalidInput with every fault."""
    stamps = tuple(path.stat().st_mtime_ns for path in _overlay_files(overlay))
    return _load(overlay, stamps)


def _overlay_files(overlay: Path | None) -> list[Path]:
    if overlay is None or not overlay.is_dir():
        return []
    return [path for name in ("models.yaml", "parts.yaml") if (path := overlay / name).is_file()]


@lru_cache(maxsize=8)
def _load(overlay: Path | None, _stamps: tuple[int, ...]) -> Catalogue:
    architectures = read_entries(DATA / "architectures.yaml", Architecture)
    models = read_entries(DATA / "models.yaml", ModelEntry)
    parts = read_entries(DATA / "parts.yaml", PartEntry)
    for path in _overlay_files(overlay):
        if path.name == "models.yaml":
            models |= read_entries(path, ModelEntry)
        else:
            parts |= read_entries(path, PartEntry)
    catalogue = Catalogue(architectures, dict(sorted(models.items())), dict(sorted(parts.items())))
    if faults := _reference_faults(catalogue):
        raise InvalidInput("The catalogue of models is faulty.", faults=faults)
    return catalogue


def _reference_faults(catalogue: Catalogue) -> list[Fault]:
    faults = []
    everything: dict[str, ModelEntry | PartEntry] = {**catalogue.models, **catalogue.parts}
    for slug, entry in everything.items():
        if entry.architecture is not None and entry.architecture not in catalogue.architectures:
            faults.append(Fault(f"{slug}.architecture", f"`{entry.architecture}` is no architecture"))
    for slug, model in catalogue.models.items():
        known = catalogue.architectures.get(model.architecture)
        if known and model.scheduler not in known.schedulers:
            faults.append(Fault(f"models.yaml: {slug}.scheduler", f"{known.name} does not take `{model.scheduler}`"))
        if model.lora and (model.lora not in catalogue.parts or catalogue.parts[model.lora].kind != "lora"):
            faults.append(Fault(f"models.yaml: {slug}.lora", f"`{model.lora}` is no LoRA of parts.yaml"))
        base = catalogue.models.get(model.weights_of or slug)
        if base is None or (base.source, base.architecture) != (model.source, model.architecture):
            faults.append(Fault(f"models.yaml: {slug}.weights_of", f"`{model.weights_of}` is no model of that source"))
    for slug in set(catalogue.models) & set(catalogue.parts):
        faults.append(Fault(f"parts.yaml: {slug}", "a model has this name already"))
    return faults


def _found(kind: str, slug: str, shelf: Mapping[str, AnyEntry]) -> AnyEntry:
    entry = shelf.get(slug)
    if entry is None:
        near = nearest_names(slug, shelf)
        hint = f"Did you mean {' or '.join(near)}? " if near else ""
        raise NotFound(f"There is no {kind} `{slug[:60]}`.", remedy=f"{hint}`forge models list` has all.")
    return entry
