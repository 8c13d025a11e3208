"""How many bytes of models may stay loaded, and handing freed memory back.

What belongs here: the arithmetic of budget and reserve, and the calls that return freed memory. What does not: which
model goes (see `residence`), or measuring from outside (see `meter`).
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from forge_resources.errors import InvalidInput

GB = 10**9

_RESERVE_OF_DEVICE = 0.25
"""Working memory beside the weights: activations of a 1024 × 1024 picture and the decoder take 2 to 6 GB of 24."""
_CACHE_OF_HOST = 0.5
"""Where models run on the processor, the part of the machine's memory they may keep."""
_DEMOTED_OF_HOST = 0.25
"""The part of the machine's memory that demoted models may keep."""

_KEPT_FREE = GB // 4
"""What the allocator may keep between two jobs; asking the driver for it again costs more than it is worth."""


@dataclass(frozen=True)
class Budget:
    """Bytes of models that may stay on the device, and demoted in host memory."""

    device: int
    host: int = 0

    @classmethod
    def of_this_process(cls, environment: Mapping[str, str] = os.environ) -> Budget:
        """FORGE_GPU_CACHE_GB, else the device less FORGE_GPU_RESERVE_GB (a quarter of it where that is not set).

        FORGE_GPU_HOST_GB is what demoted models may take. 1 GB is 10⁹ bytes. Raises InvalidInput.
        """
        machine = _machine_bytes()
        device = _device_bytes()
        reserve = _gigabytes(environment, "FORGE_GPU_RESERVE_GB")
        cache = _gigabytes(environment, "FORGE_GPU_CACHE_GB")
        host = _gigabytes(environment, "FORGE_GPU_HOST_GB")
        if cache is None:
            whole = device if device is not None else int(machine * _CACHE_OF_HOST)
            part = 0 if device is None else int(whole * _RESERVE_OF_DEVICE)
            cache = max(0, whole - (part if reserve is None else reserve))
        return cls(device=cache, host=int(machine * _DEMOTED_OF_HOST) if host is None else host)


def _gigabytes(environment: Mapping[str, str], name: str) -> int | None:
    said = environment.get(name)
    if not said:
        return None
    try:
        value = float(said)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e6:
        raise InvalidInput(f"{name} is `{said}`.", remedy="It must be a number of gigabytes, such as 12 or 0.5.")
    return int(value * GB)


def _machine_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _device_bytes() -> int | None:
    """Memory of the device that torch uses; None where it uses the processor, or is not loaded."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return None
    return int(torch.cuda.get_device_properties(torch.cuda.current_device()).total_memory)


def device_memory() -> dict[str, int]:
    """`peak`, `free` and `total` bytes of the device as torch sees it from within; empty where it uses none."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available() or not torch.cuda.is_initialized():
        return {}
    free, total = torch.cuda.mem_get_info()
    return {"peak": int(torch.cuda.max_memory_allocated()), "free": int(free), "total": int(total)}


def settle() -> None:
    """After a job: lets go of what torch's allocator keeps for later, where that is much. Costs nothing elsewhere."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available() or not torch.cuda.is_initialized():
        return
    if torch.cuda.memory_reserved() - torch.cuda.memory_allocated() > _KEPT_FREE:
        torch.cuda.empty_cache()


def give_back_freed_memory() -> None:
    """Returns what was let go of to the device and to the system."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)
