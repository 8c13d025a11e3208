"""Loading a model of the catalogue into memory, once for all shots that use it.

What belongs here: from installed files to a pipeline on the device, with its memory preset; the pipelines of other
tasks that share its components. What does not: which models stay loaded (see `gpu.residence`), or what is put on top
(see `dressing`).
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from forge_resources.errors import InvalidInput, Unavailable
from forge_resources.gpu.residence import ModelKey, Resident, resident
from forge_resources.imaging.diffusion.memory import apply_preset, device, quantisation
from forge_resources.imaging.diffusion.parameters import DiffusionParameters, PartUse
from forge_resources.imaging.diffusion.schedulers import make_scheduler
from forge_resources.models.catalogue import Architecture, Task
from forge_resources.models.shelf import Installed, Shelf
from forge_resources.schemas.pictures import Preset


class LoadedModel:
    """A pipeline for text-to-image and those that share its components, by task and ControlNets.

    `lock` is held by who uses it: schedulers and adapters are set for one picture at a time. `dressed` is what is put
    on now (see `dressing`).
    """

    def __init__(self, base: Any, architecture: Architecture, preset: str) -> None:
        self.base = base
        self.lock = threading.RLock()
        self.dressed: object = None
        self.own_scheduler = base.scheduler
        self._architecture, self._preset = architecture, preset
        self._pipelines: dict[tuple[object, ...], Any] = {}
        self._schedulers: dict[str, Any] = {}

    @property
    def denoiser(self) -> Any:
        """The network that removes the noise: a UNet or a transformer."""
        return getattr(self.base, self._architecture.denoiser)

    def scheduler(self, name: str) -> Any:
        """The scheduler of that name, as new: it remembers the picture that it was used for."""
        if name not in self._schedulers:
            self._schedulers[name] = make_scheduler(name, self.own_scheduler)
        return copy.deepcopy(self._schedulers[name])

    def pipeline(self, task: Task, nets: Sequence[Any]) -> Any:
        """The pipeline for a task, with ControlNets where there are any."""
        import diffusers

        names = self._architecture.control_pipelines if nets else self._architecture.pipelines
        kind = getattr(diffusers, names[task])
        if kind is type(self.base) and not nets:
            return self.base
        key = (task, *(id(net) for net in nets))
        if key not in self._pipelines:
            more = {"controlnet": list(nets) if len(nets) > 1 else nets[0]} if nets else {}
            made = kind.from_pipe(self.base, **more)
            made.set_progress_bar_config(disable=True)
            if self._preset == "model-offload":
                # Its hooks belong to a pipeline, not to the components.
                made.enable_model_cpu_offload(device=device())
            self._pipelines = {key: made}
        return self._pipelines[key]


@dataclass(frozen=True)
class LoadOrder:
    """What of a recipe decides how its model is loaded."""

    weights: str
    dtype: str
    preset: Preset
    variant: str | None

    @classmethod
    def of(cls, parameters: DiffusionParameters) -> LoadOrder:
        return cls(parameters.weights, parameters.dtype, parameters.preset, parameters.variant)


def loaded_model(order: LoadOrder, architecture: Architecture, installed: Installed) -> LoadedModel:
    """The model of a recipe, from memory or from its files."""
    key = ModelKey(
        model=installed.name,
        revision=order.weights,
        dtype=order.dtype,
        quantisation=order.preset if order.preset in ("8-bit", "4-bit") else "",
        offload=order.preset if order.preset.endswith("offload") else "",
    )
    size = installed.descriptor.size
    value: LoadedModel = resident(key, lambda: _load(order, architecture, installed), size).value
    return value


def loaded_part(use: PartUse, dtype: str, kind: str, shelf: Shelf) -> Any:
    """A ControlNet of a recipe, from memory or from its files. `kind` is its class in diffusers."""
    installed = checked(shelf, use.name, use.weights)
    key = ModelKey(model=use.name, revision=use.weights, dtype=dtype)
    return resident(key, lambda: _load_part(installed, dtype, kind), installed.descriptor.size).value


def checked(shelf: Shelf, name: str, weights: str) -> Installed:
    """What is installed under a name, if it is what a recipe means. Raises Unavailable or InvalidInput."""
    installed = shelf.get(name)
    if installed.descriptor.weights != weights:
        raise InvalidInput(
            f"The recipe was written for other weights of {name}: {weights[:12]}, not "
            f"{installed.descriptor.weights[:12]} as installed.",
            remedy=f"Install those it means ({installed.descriptor.reference}), or make a new recipe.",
        )
    return installed


def missing_packages(architecture: Architecture) -> list[str]:
    """The packages that the pipelines of an architecture need and that are not installed."""
    return [package for package in architecture.packages if find_spec(package) is None]


def need_packages(architecture: Architecture) -> None:
    """Raises Unavailable where one is missing."""
    if missing := missing_packages(architecture):
        raise Unavailable(
            f"{architecture.name} needs {', '.join(missing)}, which is not installed.",
            remedy=f"pip install {' '.join(missing)} (the build that belongs to the torch installed here).",
        )


def _load(order: LoadOrder, architecture: Architecture, installed: Installed) -> Resident:
    need_packages(architecture)
    import diffusers
    import torch

    kind = getattr(diffusers, architecture.pipelines["text-to-image"])
    if not (installed.folder / "model_index.json").is_file():
        raise InvalidInput(
            f"{installed.name} is no pipeline: it has no model_index.json.",
            remedy="Save it with diffusers first, then: forge models download file:FOLDER --as NAME.",
        )
    options: dict[str, Any] = {
        "dtype": getattr(torch, order.dtype),
        "use_safetensors": True,
        "local_files_only": True,
    }
    if quantised := quantisation(order.preset, order.dtype, architecture, _components(installed)):
        options["quantization_config"] = quantised
    if order.variant and any(f".{order.variant}." in file.path for file in installed.descriptor.files):
        options["variant"] = order.variant
    if "safety_checker" in kind.__init__.__code__.co_varnames:
        # It blackens pictures at random; plates that show nothing are stopped by a gate, and people see the sheet.
        options |= {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    pipeline = kind.from_pretrained(installed.folder, **options)
    pipeline.set_progress_bar_config(disable=True)
    apply_preset(pipeline, order.preset)
    loaded = LoadedModel(pipeline, architecture, order.preset)
    return _resident(loaded, pipeline, order.preset)


def _load_part(installed: Installed, dtype: str, kind: str) -> Resident:
    import diffusers
    import torch

    variants = {file.path.split(".")[1] for file in installed.descriptor.files if file.path.count(".") == 2}
    net = getattr(diffusers, kind).from_pretrained(
        installed.folder,
        dtype=getattr(torch, dtype),
        use_safetensors=True,
        local_files_only=True,
        variant=variants.pop() if len(variants) == 1 else None,
    )
    net.to(device())
    size = sum(parameter.numel() * parameter.element_size() for parameter in net.parameters())
    if device().type == "cpu":
        return Resident(net, size)
    return Resident(net, size, demote=lambda: net.to("cpu"), restore=lambda: net.to(device()))


def _resident(loaded: LoadedModel, pipeline: Any, preset: str) -> Resident:
    modules = [part for part in pipeline.components.values() if hasattr(part, "parameters")]
    size = sum(tensor.numel() * tensor.element_size() for part in modules for tensor in part.parameters())
    if preset.endswith("offload"):
        # It lives in host memory; a group or a component is on the device while it computes.
        return Resident(loaded, size // 12 if preset == "group-offload" else 0)
    if device().type == "cpu" or preset == "4-bit":
        return Resident(loaded, size)
    return Resident(loaded, size, demote=lambda: pipeline.to("cpu"), restore=lambda: pipeline.to(device()))


def _components(installed: Installed) -> set[str]:
    """The folders of a pipeline that have weights."""
    return {file.path.split("/")[0] for file in installed.descriptor.files if file.path.endswith(".safetensors")}
