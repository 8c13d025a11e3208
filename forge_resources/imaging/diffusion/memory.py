"""Memory presets: how a pipeline is kept on the device.

What belongs here: what each preset does and what it needs. What does not: estimates (see the catalogue), or which
models stay loaded (see `gpu.residence`).

full: everything on the device. model-offload: one component at a time. group-offload: layers, while they compute.
8-bit: torchao, weights as int8. 4-bit: bitsandbytes, weights as NF4. All but `full` decode in tiles.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from forge_resources.errors import InvalidInput, Unavailable
from forge_resources.models.catalogue import Architecture
from forge_resources.schemas.pictures import Preset

SMALLER: dict[Preset, Preset] = {"full": "model-offload", "model-offload": "group-offload", "8-bit": "4-bit"}


def device() -> Any:
    """The device that models run on: an accelerator where torch has one."""
    import torch

    if torch.cuda.is_available():
        return torch.device("cuda", torch.cuda.current_device())
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def quantisation(preset: Preset, dtype: str, architecture: Architecture, components: set[str]) -> Any:
    """What diffusers is told of quantising, or None. Raises Unavailable where the preset cannot be had here."""
    if preset not in ("8-bit", "4-bit"):
        return None
    from diffusers import PipelineQuantizationConfig

    wanted = [name for name in architecture.quantised if name in components]
    if preset == "8-bit":
        _need("torchao", preset)
        from diffusers import TorchAoConfig
        from torchao.quantization import Int8WeightOnlyConfig
        from transformers import TorchAoConfig as TextTorchAoConfig

        def config(name: str) -> Any:
            return (TextTorchAoConfig if name.startswith("text") else TorchAoConfig)(Int8WeightOnlyConfig())

        return PipelineQuantizationConfig(quant_mapping={name: config(name) for name in wanted})
    _need("bitsandbytes", preset)
    if device().type != "cuda":
        raise InvalidInput("The preset 4-bit needs a CUDA device.", remedy="Choose 8-bit, or full.")
    import torch

    return PipelineQuantizationConfig(
        quant_backend="bitsandbytes_4bit",
        quant_kwargs={
            "load_in_4bit": True,
            "bnb_4bit_quant_type": "nf4",
            "bnb_4bit_compute_dtype": getattr(torch, dtype),
        },
        components_to_quantize=wanted,
    )


def apply_preset(pipeline: Any, preset: Preset) -> None:
    """Puts a loaded pipeline where the preset wants it."""
    import torch

    where = device()
    if preset == "model-offload":
        if where.type == "cpu":
            raise InvalidInput(
                "The preset model-offload needs an accelerator, and torch finds none here.",
                remedy="Choose full, group-offload or 8-bit.",
            )
        pipeline.enable_model_cpu_offload(device=where)
    elif preset == "group-offload":
        pipeline.enable_group_offload(
            onload_device=where,
            offload_device=torch.device("cpu"),
            offload_type="leaf_level",
            use_stream=where.type == "cuda",
        )
    else:
        pipeline.to(where)
    if preset != "full" and hasattr(pipeline.vae, "enable_tiling"):
        pipeline.vae.enable_tiling()


def _need(package: str, preset: str) -> None:
    if find_spec(package) is None:
        raise Unavailable(
            f"The preset {preset} needs {package}.", remedy="Install it: pip install 'forge-spots[quant]'."
        )
