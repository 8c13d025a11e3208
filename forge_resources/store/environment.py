"""The environment that something was made in: versions and the device, as every artefact's record has them.

What belongs here: asking this process. What does not: comparing two (see `replay`). An environment is no part of a
recipe: another one may give the same bytes, and a replay says whether it does.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable
from functools import lru_cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

ALWAYS = ("forge-spots", "pillow", "numpy", "opencv-python-headless")
HEAVY = ("torch", "diffusers", "transformers", "accelerate", "peft", "torchao", "bitsandbytes")


def environment_here(*, heavy: bool) -> dict[str, str]:
    """Python, system, packages; with `heavy` also those of models, and the device as torch sees it."""
    found = {"python": platform.python_version(), "system": platform.platform(), **_versions(ALWAYS)}
    if heavy:
        found |= _versions(HEAVY) | _device()
    return found


@lru_cache(maxsize=4)
def _versions(names: Iterable[str]) -> dict[str, str]:
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _device() -> dict[str, str]:
    """Device, CUDA and driver; the processor where torch has no accelerator. Empty where torch is not loaded."""
    torch = sys.modules.get("torch")
    if torch is None:
        return {}
    if not torch.cuda.is_available():
        return {"device": f"cpu, {torch.get_num_threads()} threads", "cpu": torch.backends.cpu.get_cpu_capability()}
    return {
        "device": torch.cuda.get_device_name(),
        "cuda": str(torch.version.cuda),
        "cudnn": str(torch.backends.cudnn.version()),
        "driver": _driver(),
    }


def _driver() -> str:
    """The version of the NVIDIA driver, from its library."""
    try:
        nvml = import_module("pynvml")
    except ImportError:
        return "unknown"
    try:
        nvml.nvmlInit()
        return str(nvml.nvmlSystemGetDriverVersion())
    except nvml.NVMLError:
        return "unknown"
