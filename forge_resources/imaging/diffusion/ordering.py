"""From a shot and what was ordered for it to parameters that the chosen model takes.

What belongs here: defaults of the catalogue, what a model takes and refuses, and finding parts that fit. What does
not: loading or running (see `loading` and `engine`). A parameter that a model does not take is a fault, never ignored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from forge_resources.errors import Fault, InvalidInput, NotFound, Unavailable
from forge_resources.imaging.diffusion.loading import need_packages
from forge_resources.imaging.diffusion.parameters import AdapterUse, ControlUse, DiffusionParameters, PartUse
from forge_resources.imaging.diffusion.sizes import native_size
from forge_resources.imaging.plate_sizes import plate_size
from forge_resources.imaging.prompts import compose_prompt
from forge_resources.models.catalogue import Architecture, Catalogue, ModelEntry, PartKind, Task
from forge_resources.models.manifest import Descriptor
from forge_resources.models.shelf import Shelf
from forge_resources.schemas.pictures import (
    ControlOrder,
    Direction,
    LoraOrder,
    PictureOrder,
    PictureSettings,
    ShotOrder,
)
from forge_resources.schemas.storyboard import ShotLook
from forge_resources.schemas.types import AspectRatio

DEFAULT_STRENGTH = 0.6
ANNOTATORS = {"depth": ("depth-anything-v2-small",), "pose": ("rt-detr-r18", "vitpose-base")}
"""The models that read a map out of a picture; `canny` and `lineart` are computed."""


@dataclass(frozen=True)
class Chosen:
    """A model of the catalogue with its family."""

    name: str
    entry: ModelEntry
    architecture: Architecture


def choose_model(settings: PictureSettings, catalogue: Catalogue) -> Chosen:
    """The model that the settings name. Raises NotFound, or InvalidInput where none is named."""
    if settings.model is None:
        raise InvalidInput(
            "No model is chosen for the image engine `diffusers`.",
            remedy="Name one under pictures.model in the brief, or in FORGE_PICTURES_MODEL; "
            "`forge models list` has them.",
        )
    entry = catalogue.model(settings.model)
    return Chosen(settings.model, entry, catalogue.architecture_of(entry))


def settings_faults(settings: PictureSettings, chosen: Chosen) -> Iterator[Fault]:
    """Every parameter that the model does not take, with its place below `pictures`."""
    name, entry, architecture = chosen.name, chosen.entry, chosen.architecture
    if settings.steps is not None and not entry.steps.lowest <= settings.steps <= entry.steps.highest:
        yield Fault("steps", f"{name} takes {entry.steps.lowest:g} to {entry.steps.highest:g}")
    if settings.guidance is not None:
        guidance = entry.guidance
        if guidance.kind == "fixed":
            yield Fault("guidance", f"the guidance of {name} is fixed; leave it out")
        elif not (guidance.lowest or 0) <= settings.guidance <= (guidance.highest or 0):
            yield Fault("guidance", f"{name} takes {guidance.lowest:g} to {guidance.highest:g}")
    if settings.negative_prompt is not None and not entry.negative_prompt:
        yield Fault("negative_prompt", f"{name} takes none; leave it out")
    if settings.scheduler is not None and settings.scheduler not in architecture.schedulers:
        yield Fault("scheduler", f"{name} takes {', '.join(architecture.schedulers)}")
    if settings.step_cache is not None and architecture.denoiser == "unet":
        yield Fault("step_cache", f"{architecture.name} has none; leave it out")
    if settings.reference_strength is not None and architecture.reference != "ip-adapter":
        yield Fault("reference_strength", f"{name} takes none; leave it out")
    if settings.reference_model is not None and architecture.reference != "ip-adapter":
        yield Fault("reference_model", f"{name} takes no IP-Adapter")


def shot_faults(shot: ShotOrder, chosen: Chosen) -> Iterator[Fault]:
    """What a shot asks for that the model cannot do."""
    architecture = chosen.architecture
    if shot.mask and not shot.start:
        yield Fault("mask", "needs `start`, the picture that is masked")
    if shot.strength is not None and not shot.start:
        yield Fault("strength", "needs `start`, the picture that is made over")
    task = task_of(shot.start, shot.mask)
    if task not in architecture.pipelines:
        yield Fault("mask" if shot.mask else "start", f"{chosen.name} has no {task}")
    elif shot.control and task not in architecture.control_pipelines:
        yield Fault("control", f"{chosen.name} has no {task} with ControlNets")
    for index, control in enumerate(shot.control):
        if control.begin >= control.end:
            yield Fault(f"control[{index}].begin", "must be less than `end`")


def task_of(start: object, mask: object) -> Task:
    """What is asked of a model that is given these."""
    return "inpainting" if start and mask else "image-to-image" if start else "text-to-image"


class Planner:
    """Turns looks into parameters, with what the catalogue knows and the shelf has."""

    def __init__(self, catalogue: Catalogue, shelf: Shelf) -> None:
        self._catalogue, self._shelf = catalogue, shelf

    def order_faults(self, order: PictureOrder) -> Iterator[Fault]:
        """What of an order the chosen model does not take, with its place."""
        if order.model is None:
            yield Fault("model", "is required (or FORGE_PICTURES_MODEL); `forge models list` has the models")
            return
        try:
            chosen = choose_model(order.settings, self._catalogue)
        except NotFound as unknown:
            yield Fault("model", f"{unknown.message} {unknown.remedy}")
            return
        yield from settings_faults(order.settings, chosen)
        for index, lora in enumerate(order.loras):
            if lora.name not in self._catalogue.parts and self._shelf.find(lora.name) is None:
                yield Fault(f"loras[{index}].name", f"`{lora.name}` is neither in the catalogue nor installed")
        for index, shot in enumerate(order.shots):
            for fault in shot_faults(shot, chosen):
                yield Fault(f"shots[{index}].{fault.place}", fault.message)

    def parameters(self, look: ShotLook, direction: Direction, aspect_ratio: AspectRatio) -> DiffusionParameters:
        """The recipe of a plate. Raises InvalidInput for what the model does not take, Unavailable with what fetches
        something that is not installed.
        """
        settings = direction.settings
        chosen = choose_model(settings, self._catalogue)
        shot = ShotOrder(
            shot=1, start=direction.start, mask=direction.mask, strength=direction.strength, control=direction.control
        )
        if faults := [*settings_faults(settings, chosen), *shot_faults(shot, chosen)]:
            raise InvalidInput(f"{chosen.name} cannot make this.", faults=faults)
        entry, architecture = chosen.entry, chosen.architecture
        need_packages(architecture)
        installed = self._shelf.get(entry.weights_of or chosen.name)
        prompt = compose_prompt(look, direction, architecture.prompt_style)
        words = self._trigger_words(settings.loras)
        clauses = (*prompt.clauses, *words)
        width, height = native_size(entry, architecture, aspect_ratio)
        plate_width, plate_height = plate_size(aspect_ratio)
        return DiffusionParameters(
            model=chosen.name,
            architecture=entry.architecture,
            weights=installed.descriptor.weights,
            task=task_of(direction.start, direction.mask),
            clauses=list(clauses),
            prompt=", ".join([prompt.text, *words]) if words else prompt.text,
            negative_prompt=prompt.negative if entry.negative_prompt else None,
            tokens=entry.tokens,
            width=width,
            height=height,
            plate_width=plate_width,
            plate_height=plate_height,
            steps=settings.steps or int(entry.steps.default),
            guidance=entry.guidance.default if settings.guidance is None else settings.guidance,
            guidance_parameter=entry.guidance.parameter,
            scheduler=settings.scheduler or entry.scheduler,
            seed=look.seed,
            dtype=settings.dtype or entry.dtype,
            variant=entry.variant,
            preset=settings.preset or "full",
            attention=settings.attention,
            step_cache=settings.step_cache,
            strength=(direction.strength or DEFAULT_STRENGTH) if direction.start else None,
            mask=direction.mask is not None,
            loras=self._loras(chosen, settings.loras),
            controls=[self._control(chosen, n, control) for n, control in enumerate(direction.control, start=1)],
            adapter=self._adapter(chosen, direction),
            references=_names(direction) if architecture.reference == "image" else [],
        )

    def _loras(self, chosen: Chosen, orders: list[LoraOrder]) -> list[PartUse]:
        wanted = [LoraOrder(name=chosen.entry.lora)] if chosen.entry.lora else []
        uses = []
        for order in [*wanted, *orders]:
            descriptor = self._fitting(order.name, "lora", chosen)
            known = self._catalogue.parts.get(order.name)
            default = known.strength if known else 1.0
            strength = default if order.strength is None else order.strength
            uses.append(PartUse(name=order.name, weights=descriptor.weights, strength=strength))
        return uses

    def _trigger_words(self, orders: list[LoraOrder]) -> list[str]:
        """The words that the LoRAs were trained to answer to."""
        found = (self._shelf.find(order.name) for order in orders)
        return list(dict.fromkeys(word for one in found if one for word in one.descriptor.trigger_words))

    def _control(self, chosen: Chosen, number: int, order: ControlOrder) -> ControlUse:
        name = order.model or self._part_that_fits("controlnet", chosen, order.control)
        descriptor = self._fitting(name, "controlnet", chosen)
        known = self._catalogue.parts.get(name)
        if known and order.control not in known.control:
            raise InvalidInput(f"{name} reads {' and '.join(known.control)}, not {order.control}.")
        default = known.strength if known else 1.0
        readers = () if order.prepared else ANNOTATORS.get(order.control, ())
        return ControlUse(
            name=name,
            weights=descriptor.weights,
            strength=default if order.strength is None else order.strength,
            control=order.control,
            source=f"control-{number}",
            prepared=order.prepared,
            annotators={reader: self._shelf.get(reader).descriptor.weights for reader in readers},
            begin=order.begin,
            end=order.end,
        )

    def _adapter(self, chosen: Chosen, direction: Direction) -> AdapterUse | None:
        sources = _names(direction)
        settings = direction.settings
        unwanted = settings.reference_strength == 0
        if chosen.architecture.reference != "ip-adapter" or not sources or unwanted:
            return None
        name = settings.reference_model or self._part_that_fits("ip-adapter", chosen)
        known = self._catalogue.parts.get(name)
        default = known.strength if known else DEFAULT_STRENGTH
        strength = default if settings.reference_strength is None else settings.reference_strength
        descriptor = self._fitting(name, "ip-adapter", chosen)
        return AdapterUse(name=name, weights=descriptor.weights, strength=strength, sources=sources)

    def _part_that_fits(self, kind: PartKind, chosen: Chosen, control: str | None = None) -> str:
        """An installed part for the model. Raises Unavailable with the command that fetches one."""
        known = [
            name
            for name, part in self._catalogue.parts.items()
            if (part.kind, part.architecture) == (kind, chosen.entry.architecture)
            and (control is None or control in part.control)
        ]
        what = f"{kind} for {control}" if control else kind
        for name in known:
            if self._shelf.find(name):
                return name
        if not known:
            raise InvalidInput(
                f"The catalogue has no {what} for {chosen.architecture.name}.",
                remedy="Install one (forge models download REFERENCE --as NAME) and name it in the brief.",
            )
        raise Unavailable(
            f"No {what} for {chosen.architecture.name} is installed.", remedy=f"forge models download {known[0]}"
        )

    def _fitting(self, name: str, kind: PartKind, chosen: Chosen) -> Descriptor:
        """What is installed under that name. Raises InvalidInput where it is no such part, or for another family."""
        descriptor = self._shelf.get(name).descriptor
        known = self._catalogue.parts.get(name)
        found = known.kind if known else descriptor.kind
        if found != kind:
            raise InvalidInput(f"{name} is a {found}, not a {kind}.")
        architecture = known.architecture if known else descriptor.architecture
        if architecture is not None and architecture != chosen.entry.architecture:
            family = self._catalogue.architectures[architecture].name
            raise InvalidInput(
                f"{name} is a {kind} for {family}; {chosen.name} is {chosen.architecture.name}.",
                remedy="Take one that was made for this model's family.",
            )
        return descriptor


def _names(direction: Direction) -> list[str]:
    """The sources of a shot's reference pictures, in order."""
    return [f"reference-{number}" for number, _ in enumerate(direction.references, start=1)]
