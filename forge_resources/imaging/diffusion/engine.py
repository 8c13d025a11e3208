"""The image engine `diffusers`: makes a plate with a diffusion model of the registry.

What belongs here: the engine's contract and the order of one act of making. What does not: what a model takes (see
`ordering`), loading (see `loading`), what is put on (see `dressing`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel

from forge_resources.engines.contract import Facts, ImageEngine, Lack, Sources
from forge_resources.errors import Fault, InvalidInput
from forge_resources.gpu.steps import step
from forge_resources.imaging.diffusion.controls import control_map
from forge_resources.imaging.diffusion.dressing import dress
from forge_resources.imaging.diffusion.finishing import (
    fit_source,
    fit_to_plate,
    read_rough,
    reference_picture,
    write_plate,
    write_rough,
)
from forge_resources.imaging.diffusion.loading import LoadOrder, checked, loaded_model, loaded_part, missing_packages
from forge_resources.imaging.diffusion.long_prompts import prompt_arguments
from forge_resources.imaging.diffusion.memory import SMALLER
from forge_resources.imaging.diffusion.ordering import Planner
from forge_resources.imaging.diffusion.parameters import DiffusionParameters
from forge_resources.models import first_use, places
from forge_resources.schemas.brief import Brief
from forge_resources.schemas.pictures import PictureOrder, PictureSettings, deployment_settings
from forge_resources.schemas.storyboard import ShotLook
from forge_resources.schemas.types import AspectRatio
from forge_resources.store.environment import environment_here

PACKAGES = ("torch", "diffusers", "transformers", "accelerate", "peft", "cv2")


class DiffusionArtist(ImageEngine):
    """Paints plates with a diffusion model."""

    name = "diffusers"
    tier = "full"
    version = "1"
    summary = "Paints plates with a diffusion model of the registry (forge models list). Wants a GPU."
    Parameters: ClassVar[type[BaseModel]] = DiffusionParameters
    device_bound = True
    rough_suffix = ".ppm"
    directed = True

    def lacks(self) -> list[Lack]:
        """The packages of the extra `gpu`, where one is missing; a model, where none is installed."""
        missing = [package for package in PACKAGES if find_spec(package) is None]
        if missing:
            return [Lack(", ".join(missing), "pip install 'forge-spots[gpu]'")]
        return [] if any(self._installed()) else [Lack("a model", "forge models list, then forge models download NAME")]

    def parameters(self, look: ShotLook, aspect_ratio: AspectRatio, references: int) -> DiffusionParameters:
        """The recipe of a plate. Raises InvalidInput for what the model does not take, Unavailable for what is not
        installed, with the command that fetches it.
        """
        if look.direction is None:
            raise InvalidInput("The image engine `diffusers` needs the direction of a shot, and there is none.")
        return Planner(places.catalogue(), places.shelf()).parameters(look, look.direction, aspect_ratio)

    def order_faults(self, order: PictureOrder) -> Iterator[Fault]:
        """What the chosen model does not take. What is not installed is no fault of a brief."""
        yield from Planner(places.catalogue(), places.shelf()).order_faults(order)

    def source_names(self, parameters: DiffusionParameters) -> list[str]:
        """The sources of a recipe."""
        names = ["start"] if parameters.strength is not None else []
        names += ["mask"] if parameters.mask else []
        names += [use.source for use in parameters.controls]
        return [*names, *(parameters.adapter.sources if parameters.adapter else []), *parameters.references]

    def imports(self) -> Sequence[str]:
        """What every recipe needs, and the pipelines of the models that are installed."""
        catalogue = places.catalogue()
        families = [catalogue.architecture_of(catalogue.model(name)) for name in self.models()]
        kinds = {one.pipelines["text-to-image"] for one in families if not missing_packages(one)}
        # Every component that a pipeline loads is compared with the base class of guidance, which loads its module.
        more = ["diffusers:BaseGuidance", first_use.TRANSFORMERS]
        return ["torch", "diffusers", "transformers", *(f"diffusers:{kind}" for kind in sorted(kinds)), *more]

    def models(self) -> Sequence[str]:
        """Those of the catalogue whose weights are installed."""
        return list(self._installed())

    def _installed(self) -> Iterator[str]:
        shelf = places.shelf()
        for name, entry in places.catalogue().models.items():
            if shelf.find(entry.weights_of or name):
                yield name

    def models_for(self, brief: Brief) -> Sequence[str]:
        """The model that the brief names, else the deployment's."""
        model = (brief.pictures and brief.pictures.model) or deployment_settings().get("model")
        return [model] if model else []

    def warm(self, model: str) -> None:
        """Loads a model as a recipe without settings of its own would."""
        catalogue = places.catalogue()
        entry = catalogue.model(model)
        installed = places.shelf().get(entry.weights_of or model)
        settings = PictureSettings.model_validate(deployment_settings())
        order = LoadOrder(
            weights=installed.descriptor.weights,
            dtype=settings.dtype or entry.dtype,
            preset=settings.preset or "full",
            variant=entry.variant,
        )
        loaded_model(order, catalogue.architecture_of(entry), installed)

    def memory_preset(self, parameters: DiffusionParameters) -> str:
        return parameters.preset

    def smaller(self, parameters: DiffusionParameters) -> DiffusionParameters | None:
        """The same with the next smaller memory preset."""
        preset = SMALLER.get(parameters.preset)
        return parameters.model_copy(update={"preset": preset}) if preset else None

    def make(self, parameters: DiffusionParameters, sources: Sources, target: Path) -> Facts:
        """Paints the picture and leaves its pixels as PPM, at the size at which the model draws.

        Facts: sizes in pixels, and the environment.
        """
        drawn = self.draw(parameters, sources)
        write_rough(drawn, target)
        return {
            "width": parameters.plate_width,
            "height": parameters.plate_height,
            "drawn": [drawn.width, drawn.height],
            # Where it is made may be another process; the workshop files it with the artefact.
            "environment": environment_here(heavy=True),
        }

    def finish(self, parameters: DiffusionParameters, rough: Path, target: Path) -> None:
        """The plate: fitted and encoded."""
        write_plate(fit_to_plate(read_rough(rough), (parameters.plate_width, parameters.plate_height)), target)

    def draw(self, parameters: DiffusionParameters, sources: Sources) -> Any:
        """What the model draws, before it is fitted to the plate: a Pillow picture of width × height."""
        import torch

        catalogue, shelf = places.catalogue(), places.shelf()
        architecture = catalogue.architectures[parameters.architecture]
        entry = catalogue.model(parameters.model)
        installed = checked(shelf, entry.weights_of or parameters.model, parameters.weights)
        model = loaded_model(LoadOrder.of(parameters), architecture, installed)
        kind = architecture.control_model or ""
        nets = [loaded_part(use, parameters.dtype, kind, shelf) for use in parameters.controls]
        size = (parameters.width, parameters.height)
        maps = [control_map(use, sources[use.source], size, shelf) for use in parameters.controls]
        with model.lock:
            pipeline = model.pipeline(parameters.task, nets)
            dress(model, pipeline, parameters, shelf)
            arguments = {
                **prompt_arguments(pipeline, parameters, architecture),
                **_picture_arguments(pipeline, parameters, sources, maps),
                "num_inference_steps": parameters.steps,
                parameters.guidance_parameter: parameters.guidance,
                "generator": torch.Generator("cpu").manual_seed(parameters.seed),
                "callback_on_step_end": _told(parameters.steps),
                "output_type": "pil",
            }
            takes = inspect.signature(pipeline.__call__).parameters
            if "width" in takes:
                # Some take the size from the picture that they start from.
                arguments |= {"width": parameters.width, "height": parameters.height}
            if "max_sequence_length" in takes:
                arguments["max_sequence_length"] = parameters.tokens
            if strangers := [name for name in arguments if name not in takes]:
                raise InvalidInput(f"{type(pipeline).__name__} takes no {', '.join(strangers)}.")
            return pipeline(**arguments).images[0]


def _picture_arguments(
    pipeline: Any, parameters: DiffusionParameters, sources: Sources, maps: list[Any]
) -> dict[str, Any]:
    """What a pipeline is called with for pictures: the start, the mask, maps and references."""
    size = (parameters.width, parameters.height)
    arguments: dict[str, Any] = {}
    if parameters.strength is not None:
        arguments |= {"image": fit_source(sources["start"], size), "strength": parameters.strength}
    if parameters.mask:
        arguments["mask_image"] = fit_source(sources["mask"], size, "L")
    if maps:
        separate = "control_image" in inspect.signature(pipeline.__call__).parameters
        arguments["control_image" if separate else "image"] = _one_or_all(maps)
        uses = parameters.controls
        arguments["controlnet_conditioning_scale"] = _one_or_all([use.strength for use in uses])
        arguments["control_guidance_start"] = _one_or_all([use.begin for use in uses])
        arguments["control_guidance_end"] = _one_or_all([use.end for use in uses])
    if parameters.adapter:
        pictures = [reference_picture(sources[name]) for name in parameters.adapter.sources]
        arguments["ip_adapter_image"] = [pictures] if len(pictures) > 1 else pictures[0]
    if parameters.references:
        # Where the picture that is started from is `image`, the others have a name of their own.
        own = "image_reference" if "image_reference" in inspect.signature(pipeline.__call__).parameters else "image"
        arguments[own] = [reference_picture(sources[name]) for name in parameters.references]
    return arguments


def _one_or_all(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _told(steps: int) -> Callable[..., dict[str, Any]]:
    """Tells every denoising step. Pictures that are made over take fewer steps than are asked for."""

    def at_end(pipeline: Any, index: int, _timestep: Any, values: dict[str, Any]) -> dict[str, Any]:
        total = getattr(pipeline, "_num_timesteps", steps) or steps
        step(min(index + 1, total), total)
        return values

    return at_end
