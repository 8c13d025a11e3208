"""A driver library as `pynvml` loads it, in place of the one that only machines with a GPU have.

It takes the place of `libnvidia-ml.so.1` itself: everything above it, `pynvml` with its structures included, is real.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pytest

NO_FIGURE = 2**64 - 1
"""What the driver gives for the memory of a process that it does not tell."""


@dataclass
class DriverLibrary:
    """One GPU, whose figures a test sets. `refuses` has the error code that a function returns instead."""

    total: int = 24 * 10**9
    used: int = 0
    compute: dict[int, int] = field(default_factory=dict)
    graphics: dict[int, int] = field(default_factory=dict)
    millijoules: int = 0
    millijoules_a_look: int = 0
    refuses: dict[str, int] = field(default_factory=dict)
    asked_for: list[Any] = field(default_factory=list)

    def __getattr__(self, name: str) -> Callable[..., int]:
        """The functions of the library, by their names."""
        if name.startswith("__"):
            raise AttributeError(name)
        answer: Callable[..., int] = object.__getattribute__(self, f"_{name}")
        # `pynvml` asks for a function once and keeps it.
        return lambda *given: self.refuses[name] if name in self.refuses else answer(*given)

    def _nvmlInitWithFlags(self, flags: int) -> int:
        return 0

    def _nvmlErrorString(self, code: int) -> bytes:
        return f"error {code}".encode()

    def _nvmlDeviceGetHandleByIndex_v2(self, index: Any, device: Any) -> int:
        self.asked_for.append(index.value)
        return 0

    def _nvmlDeviceGetHandleByUUID(self, uuid: Any, device: Any) -> int:
        self.asked_for.append(uuid.value)
        return 0

    def _nvmlDeviceGetMemoryInfo(self, device: Any, memory: Any) -> int:
        memory._obj.total, memory._obj.used, memory._obj.free = self.total, self.used, self.total - self.used
        return 0

    def _nvmlDeviceGetTotalEnergyConsumption(self, device: Any, millijoules: Any) -> int:
        self.millijoules += self.millijoules_a_look
        millijoules._obj.value = self.millijoules
        return 0

    def _nvmlDeviceGetComputeRunningProcesses_v3(self, device: Any, count: Any, into: Any) -> int:
        return _listed(self.compute, count, into)

    def _nvmlDeviceGetGraphicsRunningProcesses_v3(self, device: Any, count: Any, into: Any) -> int:
        return _listed(self.graphics, count, into)


def _listed(processes: dict[int, int], count: Any, into: Any) -> int:
    """Asked without room for the list, it says how much it needs."""
    if processes and into is None:
        count._obj.value = len(processes)
        return 7  # NVML_ERROR_INSUFFICIENT_SIZE
    for place, (process, held) in enumerate(processes.items()):
        into[place].pid, into[place].usedGpuMemory = process, held
    count._obj.value = len(processes)
    return 0


def install(library: DriverLibrary, pynvml: ModuleType, monkeypatch: pytest.MonkeyPatch) -> DriverLibrary:
    """From now on `pynvml` loads this library."""
    monkeypatch.setattr(pynvml, "nvmlLib", None)
    monkeypatch.setattr(pynvml, "_nvmlGetFunctionPointer_cache", {})
    monkeypatch.setattr(pynvml, "CDLL", lambda name: {"libnvidia-ml.so.1": library}[name])
    return library
