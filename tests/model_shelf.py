"""A shelf of tiny models for tests: built once per process, installed the real way from files of this machine."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from forge_resources.models import places
from forge_resources.models.catalogue import load_catalogue
from forge_resources.models.installation import Installer, Order
from forge_resources.models.references import parse_reference
from forge_resources.models.shelf import Shelf

ARCHITECTURES = ("sd1", "sdxl", "sd3", "flux1", "flux2-klein", "z-image", "qwen-image")
GUIDANCE: dict[str, dict[str, Any]] = {
    "sd1": {"kind": "free", "default": 5, "lowest": 1, "highest": 20},
    "sdxl": {"kind": "free", "default": 5, "lowest": 1, "highest": 20},
    "sd3": {"kind": "free", "default": 4, "lowest": 1, "highest": 12},
    "flux1": {"kind": "fixed", "default": 0},
    "flux2-klein": {"kind": "fixed", "default": 1},
    "z-image": {"kind": "fixed", "default": 0},
    "qwen-image": {"kind": "free", "default": 4, "lowest": 1, "highest": 10, "parameter": "true_cfg_scale"},
}
LICENCE = {"name": "none", "url": "none", "commercial": "yes", "limits": "Random weights."}


def tiny_entry(architecture: str) -> dict[str, Any]:
    """The catalogue entry of a tiny model."""
    flow = architecture not in ("sd1", "sdxl")
    return {
        "name": f"Tiny {architecture}", "summary": "Random weights.", "source": "hf:tiny/none@main",
        "architecture": architecture, "dtype": "float32", "steps": {"default": 2, "lowest": 1, "highest": 10},
        "guidance": GUIDANCE[architecture], "scheduler": "flow-euler" if flow else "dpmpp-2m-karras",
        "native_width": 64, "native_height": 64, "max_pixels": 65536,
        "negative_prompt": GUIDANCE[architecture]["kind"] == "free",
        "tokens": 77 if not flow else 512, "parameters_b": {"vae": 0.001}, "work_gb": 0.01, "download_gb": 0.001,
        "licence": LICENCE,
    }  # fmt: skip


@cache
def tiny_home() -> Path:
    """A folder with `library/models` (entries) and `models` (the shelf) of all tiny models."""
    from tests import tiny_models  # noqa: PLC0415 -- imports torch

    home = Path(tempfile.mkdtemp(prefix="forge-tiny-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    overlay = home / "library" / "models"
    overlay.mkdir(parents=True)
    entries = {f"tiny-{name}": tiny_entry(name) for name in ARCHITECTURES}
    (overlay / "models.yaml").write_text(json.dumps(entries), encoding="utf-8")
    parts = {
        "tiny-canny": _part("controlnet", control="canny"),
        "tiny-lineart": _part("controlnet", control="lineart"),
        "tiny-depth-net": _part("controlnet", control="depth"),
        "tiny-adapter": _part("ip-adapter", files=["*.safetensors", "image_encoder/*"]),
    }
    (overlay / "parts.yaml").write_text(json.dumps(parts), encoding="utf-8")
    for name in ARCHITECTURES:
        install(home, f"tiny-{name}", tiny_models.build(name, home / "built" / name))
    install(home, "tiny-canny", tiny_models.build_controlnet(home / "built" / "canny"))
    install(home, "tiny-lineart", home / "built" / "canny")
    return home


def _part(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "name": f"Tiny {kind}", "kind": kind, "architecture": "sd1", "source": "hf:tiny/none@main",
        "files": ["config.json", "diffusion_pytorch_model.safetensors"], "download_gb": 0.001, "licence": LICENCE,
        **more,
    }  # fmt: skip


def install(home: Path, name: str, folder: Path) -> None:
    """Installs a folder under a name, as `forge models download file:…` does."""
    catalogue = load_catalogue(home / "library" / "models")
    entry = catalogue.models.get(name) or catalogue.parts.get(name)
    with httpx.Client() as client:
        installer = Installer(Shelf(home / "models"), catalogue, client)
        installer.install(Order(name, parse_reference(f"file:{folder}"), entry))


def environment(home: Path) -> dict[str, str]:
    """The variables that make a process use these models."""
    return {"FORGE_MODELS": str(home / "models"), "FORGE_LIBRARY": str(home / "library")}


def shelf_of(home: Path) -> Shelf:
    return places.shelf(environment(home))
