"""What is put on a loaded model for a picture and taken off again: LoRAs, an IP-Adapter, scheduler, attention, cache.

What belongs here: putting on, taking off, and refusing what does not fit. What does not: loading the model.
A model that wears nothing gives the same bytes as one that never wore anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from forge_resources.errors import InvalidInput
from forge_resources.imaging.diffusion.loading import LoadedModel, checked
from forge_resources.imaging.diffusion.parameters import AdapterUse, DiffusionParameters, PartUse
from forge_resources.models.shelf import Installed, Shelf

_HALVES = (".lora_A.weight", ".lora.down.weight", "_lora.down.weight", ".lora_down.weight")


def dress(model: LoadedModel, pipeline: Any, parameters: DiffusionParameters, shelf: Shelf) -> None:
    """Puts on what the recipe says, and takes off what an earlier one said. Raises InvalidInput for a misfit."""
    wanted = (tuple(parameters.loras), parameters.adapter, parameters.attention, parameters.step_cache)
    if model.dressed != wanted:
        undress(model)
        # Until all is on, it counts as wearing something unknown.
        model.dressed = object()
        _put_on_loras(model, parameters.loras, shelf)
        if parameters.adapter:
            _put_on_adapter(model, parameters.adapter, shelf)
        if parameters.attention:
            _choose_attention(model, parameters.attention)
        if parameters.step_cache:
            _enable_cache(model, parameters.step_cache)
        model.dressed = wanted
    pipeline.scheduler = model.scheduler(parameters.scheduler)
    if parameters.adapter:
        pipeline.set_ip_adapter_scale(parameters.adapter.strength)
        pipeline.image_encoder, pipeline.feature_extractor = model.base.image_encoder, model.base.feature_extractor


def undress(model: LoadedModel) -> None:
    """Takes everything off."""
    if model.dressed is None:
        return
    base = model.base
    if hasattr(base, "unload_lora_weights"):
        base.unload_lora_weights()
    if getattr(base, "image_encoder", None) is not None and hasattr(base, "unload_ip_adapter"):
        base.unload_ip_adapter()
    if hasattr(model.denoiser, "reset_attention_backend"):
        model.denoiser.reset_attention_backend()
    if getattr(model.denoiser, "is_cache_enabled", False):
        model.denoiser.disable_cache()
    model.dressed = None


def _put_on_loras(model: LoadedModel, uses: Sequence[PartUse], shelf: Shelf) -> None:
    for number, use in enumerate(uses):
        installed = checked(shelf, use.name, use.weights)
        file = _weights_file(installed)
        try:
            found = model.base.lora_state_dict(file.parent, weight_name=file.name, local_files_only=True)
        except (ValueError, KeyError, RuntimeError) as error:
            raise _unfit(use.name, model, str(error)) from error
        state = found[0] if isinstance(found, tuple) else found
        if misfit := lora_misfit(state, model):
            raise _unfit(use.name, model, misfit)
        try:
            model.base.load_lora_weights(
                file.parent, weight_name=file.name, adapter_name=f"lora-{number}", local_files_only=True
            )
        except (ValueError, KeyError, RuntimeError) as error:
            raise _unfit(use.name, model, str(error).splitlines()[0]) from error
    if uses:
        names = [f"lora-{number}" for number, _ in enumerate(uses)]
        model.base.set_adapters(names, adapter_weights=[use.strength for use in uses])


def lora_misfit(state: dict[str, Any], model: LoadedModel) -> str | None:
    """Why the layers of a LoRA do not fit the model's networks, or None. Every layer has to fit in name and width."""
    networks = {
        name: dict(part.named_modules())
        for name, part in model.base.components.items()
        if hasattr(part, "named_modules")
    }
    layers = {
        (key[: -len(half)], tensor.shape[1]) for key, tensor in state.items() for half in _HALVES if key.endswith(half)
    }
    if not layers:
        return "it has no layers that are known"
    unfit = []
    for layer, width in sorted(layers):
        network, _, path = layer.partition(".")
        module = networks.get(network, {}).get(path)
        own = getattr(module, "in_features", None) or getattr(module, "in_channels", None)
        if module is None or own != width:
            unfit.append(f"{layer} ({'is not there' if module is None else f'reads {own} values, not {width}'})")
    return f"{len(unfit)} of {len(layers)} layers do not fit, such as {unfit[0]}" if unfit else None


def _put_on_adapter(model: LoadedModel, use: AdapterUse, shelf: Shelf) -> None:
    installed = checked(shelf, use.name, use.weights)
    weights = [file.path for file in installed.descriptor.files if file.path.endswith(".safetensors")]
    adapter = next((path for path in weights if "ip-adapter" in path.rpartition("/")[2]), None)
    encoder = next((path for path in weights if "image_encoder/" in path), None)
    if adapter is None or encoder is None:
        raise InvalidInput(f"{use.name} is no IP-Adapter with its image encoder.")
    try:
        model.base.load_ip_adapter(
            str(installed.folder),
            subfolder=adapter.rpartition("/")[0],
            weight_name=adapter.rpartition("/")[2],
            # With a slash in it, it counts from the folder of the whole; without, from that of the adapter.
            image_encoder_folder=encoder.rpartition("/")[0],
            local_files_only=True,
        )
    except (ValueError, RuntimeError) as error:
        raise _unfit(use.name, model, str(error).splitlines()[0]) from error


def _choose_attention(model: LoadedModel, attention: str) -> None:
    from diffusers.models.attention_dispatch import AttentionBackendName

    names = {"flash": "flash", "native": "native", "sage": "sage", "xformers": "xformers"}
    try:
        model.denoiser.set_attention_backend(AttentionBackendName(names[attention]).value)
    except (RuntimeError, ValueError, AttributeError) as error:
        raise InvalidInput(
            f"The attention `{attention}` cannot be had here: {error}.", remedy="Leave it out."
        ) from error


def _enable_cache(model: LoadedModel, threshold: float) -> None:
    from diffusers import FirstBlockCacheConfig

    if not hasattr(model.denoiser, "enable_cache"):
        raise InvalidInput("This model has no step cache.", remedy="Leave pictures.step_cache out.")
    try:
        model.denoiser.enable_cache(FirstBlockCacheConfig(threshold=threshold))
    except ValueError as error:
        raise InvalidInput(
            f"This model has no step cache: {error}.", remedy="Leave pictures.step_cache out."
        ) from error


def _weights_file(installed: Installed) -> Path:
    names = [file.path for file in installed.descriptor.files if file.path.endswith(".safetensors")]
    if len(names) != 1:
        raise InvalidInput(f"{installed.name} has {len(names)} weights files; a LoRA has one.")
    return installed.file(names[0])


def _unfit(name: str, model: LoadedModel, why: str) -> InvalidInput:
    return InvalidInput(
        f"{name} does not fit {type(model.base).__name__}: {why[:300]}.",
        remedy="Take one that was made for this model's family.",
    )
