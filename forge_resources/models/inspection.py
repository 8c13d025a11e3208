"""What a folder of files is: a pipeline, a LoRA, a ControlNet …, and for which architecture.

What belongs here: reading that out of file names, configurations and tensor names. What does not: installing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from forge_resources.models.catalogue import Catalogue
from forge_resources.models.manifest import InstalledKind
from forge_resources.models.weights_file import Header, read_header

_LORA_NAMES = ("lora_down.", "lora_up.", "lora_A.", "lora_B.", ".lora.", "lora_linear_layer")
_TEXT_STATES = (
    "attn2_to_k.lora_down", "attn2.to_k.lora_A", "attn2_to_k.lora_A", "attn2.to_k.lora.down", "attn2.to_k_lora.down",
)  # fmt: skip
"""The first half of what a LoRA adds to the keys of cross-attention: as wide as the text states it reads."""
_UNET_NAMES = ("unet.", "lora_unet_down", "lora_unet_mid", "lora_unet_up", "lora_te")


@dataclass(frozen=True)
class Inspected:
    """What something is; None where that does not show."""

    kind: InstalledKind
    architecture: str | None


def inspect_folder(folder: Path, catalogue: Catalogue) -> Inspected:
    """What the files in a folder are. Raises InvalidInput where a safetensors file is not whole."""
    headers = {path: read_header(path) for path in sorted(folder.rglob("*.safetensors"))}
    index = folder / "model_index.json"
    if index.is_file():
        return Inspected("pipeline", _architecture_of_pipeline(_json(index).get("_class_name"), catalogue))
    config = _json(folder / "config.json")
    if "ControlNet" in str(config.get("_class_name")):
        return Inspected("controlnet", _architecture_of_controlnet(config, catalogue))
    for header in headers.values():
        if is_lora(header.shapes):
            return Inspected("lora", lora_architecture(header, catalogue))
        if any(name.startswith(("image_proj", "ip_adapter")) for name in header.shapes):
            return Inspected("ip-adapter", None)
    return Inspected("weights", None)


def is_lora(names: Iterable[str]) -> bool:
    """Whether tensors of these names make a LoRA."""
    return any(mark in name for name in names for mark in _LORA_NAMES)


def lora_architecture(header: Header, catalogue: Catalogue) -> str | None:
    """The one architecture that a LoRA can be for, or None where its tensors do not tell."""
    width = _text_width(header)
    fitting = []
    for slug, architecture in catalogue.architectures.items():
        marked = any(mark in name for name in header.shapes for mark in architecture.lora_marks)
        if marked and (architecture.denoiser == "unet") == (_is_for_unet(header.shapes)):
            fitting.append(slug)
    if width is not None:
        by_width = [slug for slug in fitting if catalogue.architectures[slug].lora_width == width]
        fitting = by_width or fitting
    if any("lora_te2_" in name or "text_encoder_2." in name for name in header.shapes):
        fitting = [slug for slug in fitting if slug == "sdxl"] or fitting
    return fitting[0] if len(fitting) == 1 else None


def _text_width(header: Header) -> int | None:
    for name, shape in header.shapes.items():
        if len(shape) > 1 and any(mark in name for mark in _TEXT_STATES):
            return shape[1]
    return None


def _is_for_unet(names: Iterable[str]) -> bool:
    return any(name.startswith(_UNET_NAMES) for name in names)


def _architecture_of_pipeline(class_name: object, catalogue: Catalogue) -> str | None:
    found = [
        slug
        for slug, one in catalogue.architectures.items()
        if class_name in {*one.pipelines.values(), *one.control_pipelines.values()}
    ]
    return found[0] if len(found) == 1 else None


def _architecture_of_controlnet(config: dict[str, object], catalogue: Catalogue) -> str | None:
    named = [slug for slug, one in catalogue.architectures.items() if one.control_model == config.get("_class_name")]
    if len(named) == 1:
        return named[0]
    width = config.get("cross_attention_dim")
    by_width = [slug for slug in named if catalogue.architectures[slug].lora_width == width]
    return by_width[0] if len(by_width) == 1 else None


def _json(path: Path) -> dict[str, object]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
