"""Telling apart what goes wrong in a heavy job, and saying it in the words of the error family.

What belongs here: what an exception of torch, of the system or of an engine means, and the advice for each. What does
not: what follows from it (see `hosts`, `supervisor` and `store.workshop`).
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from forge_resources.errors import EngineFailed, ForgeError, OutOfMemory

FaultKind = Literal["oom_load", "oom_run", "host_oom", "device", "engine"]
"""What went wrong inside a job. Hangs, kills and lost clients are seen from outside (see `supervisor`)."""

_OOM_WORDS = ("out of memory", "defaultcpuallocator: can't allocate memory", "you tried to allocate")
_DEVICE_WORDS = (
    "cuda error",
    "hip error",
    "cudnn error",
    "cublas_status",
    "cufft error",
    "device-side assert",
    "unspecified launch failure",
    "illegal memory access",
    "mps backend",
)

ADVICE: dict[FaultKind, str] = {
    "oom_load": "Choose a smaller memory preset or a quantised model, or lower FORGE_GPU_CACHE_GB; "
    "`forge gpu status` shows what is loaded.",
    "oom_run": "Choose a smaller memory preset or a smaller picture, or raise FORGE_GPU_RESERVE_GB.",
    "host_oom": "Free memory of the machine, lower FORGE_GPU_HOST_GB, or choose a preset that offloads less.",
    "device": "Run it again: the process that held the device is replaced. If it happens again, look at `nvidia-smi` "
    "and the system's log for Xid errors.",
    "engine": "Mend the engine; the traceback is in the event log of the run.",
}


def kind_of(error: BaseException, *, loading: bool) -> FaultKind:
    """What an exception that is not of the family means. `loading`: it came while a model was loaded."""
    said = str(error).lower()
    if isinstance(error, MemoryError):
        return "host_oom"
    if type(error).__name__ == "OutOfMemoryError":
        return "oom_load" if loading else "oom_run"
    if isinstance(error, RuntimeError):
        if "defaultcpuallocator" in said:
            return "host_oom"
        if any(words in said for words in _OOM_WORDS):
            return "oom_load" if loading else "oom_run"
        if type(error).__name__ == "AcceleratorError" or any(words in said for words in _DEVICE_WORDS):
            return "device"
    return "engine"


def told(
    error: BaseException, who: str, *, loading: bool, preset: str = "", memory: Mapping[str, int] | None = None
) -> ForgeError:
    """The error of the family that says what `error` means.

    `who` names the engine, such as ``The image engine `diffusers` ``. `memory` are the peak, free and total bytes of
    the device, as far as they are known.
    """
    kind = kind_of(error, loading=loading)
    details: dict[str, Any] = {"fault": kind, **({"preset": preset} if preset else {}), **(memory or {})}
    figures = figures_of(preset, memory or {})
    if kind in ("oom_load", "oom_run", "host_oom"):
        when = "loading its model" if loading else "making this"
        where = "The machine" if kind == "host_oom" else "The device"
        return OutOfMemory(
            f"{where} ran out of memory while {who} was {when}{figures}.", remedy=ADVICE[kind], details=details
        )
    if kind == "device":
        return EngineFailed(f"The device failed under {who}{figures}: {error}", remedy=ADVICE[kind], details=details)
    return EngineFailed(
        f"{who[:1].upper()}{who[1:]} failed: {type(error).__name__}: {error}{place_of(error)}.",
        remedy=ADVICE[kind],
        details=details,
    )


def place_of(error: BaseException) -> str:
    """File and line where it was raised, in brackets."""
    frames = traceback.extract_tb(error.__traceback__)
    return f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""


def figures_of(preset: str, memory: Mapping[str, int]) -> str:
    """Preset, peak and free memory in brackets, as far as they are known."""
    parts = [f"preset `{preset}`"] if preset else []
    if memory.get("peak"):
        parts.append(f"peak {memory['peak'] / 1e9:.1f} GB")
    if memory.get("total"):
        parts.append(f"{memory.get('free', 0) / 1e9:.1f} of {memory['total'] / 1e9:.1f} GB free")
    return f" ({', '.join(parts)})" if parts else ""
