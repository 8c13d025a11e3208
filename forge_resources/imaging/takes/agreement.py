"""How a picture agrees with the words of its shot, where a scoring model is installed.

What belongs here: asking the model. What does not: weights. The model is CLIP (`clip-vit-l-14` of the catalogue, or
what FORGE_PICTURES_SCORER names); the figure is its cosine of picture and words, from 0.10 (0) to 0.35 (1), the range
that pictures which do not and do show the words have (Hessel et al. 2021, CLIPScore).
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import Image

from forge_resources.gpu.residence import ModelKey, Resident, resident
from forge_resources.models import places
from forge_resources.models.shelf import Installed
from forge_resources.schemas.storyboard import ShotLook

DEFAULT_SCORER = "clip-vit-l-14"
_NOTHING, _ALL = 0.10, 0.35


def agreement_with(picture: Path, look: ShotLook) -> float | None:
    """Between 0 and 1, or None where no scoring model is installed."""
    name = os.environ.get("FORGE_PICTURES_SCORER") or DEFAULT_SCORER
    installed = places.shelf().find(name)
    if installed is None or find_spec("transformers") is None:
        return None
    cosine = _cosine(installed, picture, look.description)
    return round(min(max((cosine - _NOTHING) / (_ALL - _NOTHING), 0.0), 1.0), 4)


def _cosine(installed: Installed, picture: Path, words: str) -> float:
    import torch

    processor, model = _model(installed)
    with Image.open(picture) as opened:
        image = opened.convert("RGB")
    inputs = processor(text=[words], images=image, return_tensors="pt", padding=True, truncation=True)
    with torch.no_grad():
        output = model(**inputs.to(model.device))
    return float(torch.nn.functional.cosine_similarity(output.image_embeds, output.text_embeds)[0])


def _model(installed: Installed) -> tuple[Any, Any]:
    def load() -> Resident:
        import transformers

        folder = installed.folder
        model = transformers.CLIPModel.from_pretrained(folder, local_files_only=True, use_safetensors=True).eval()
        processor = transformers.CLIPProcessor.from_pretrained(folder, local_files_only=True)
        size = sum(parameter.numel() * parameter.element_size() for parameter in model.parameters())
        return Resident((processor, model), size)

    key = ModelKey(model=installed.name, revision=installed.descriptor.weights)
    value: tuple[Any, Any] = resident(key, load, installed.descriptor.size).value
    return value
