"""Measuring a device and a process from outside: memory, energy.

What belongs here: reading NVML and the system, sampling while a job is going on. What does not: torch, which this
process must not load, and what follows from a figure (see `supervisor`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, Protocol

import psutil

SAMPLE_S = 0.05

NO_GPU = "no GPU: device memory, GPU seconds and energy are 0"
NO_NVML = "there is a GPU and no NVML (pip install nvidia-ml-py): device memory and energy are 0"


class Meter(Protocol):
    """What can be read of a device. `note` says what cannot be read, and is empty otherwise."""

    note: str
    is_gpu: bool

    def answers(self) -> bool:
        """Whether the driver still tells of the device; figures are 0 where it does not."""
        ...

    def used(self) -> int:
        """Bytes of device memory in use, by anybody."""
        ...

    def used_by(self, process: int) -> int | None:
        """Bytes of device memory that a process holds; None where the driver does not tell."""
        ...

    def unclaimed(self) -> int:
        """Bytes of device memory in use that no living process is known to hold."""
        ...

    def total(self) -> int:
        """Bytes of device memory."""
        ...

    def joules(self) -> float:
        """Energy taken since some moment; only differences mean anything."""
        ...


class NoGpu:
    """Where models run on the processor."""

    is_gpu = False

    def __init__(self, note: str = NO_GPU) -> None:
        self.note = note

    def answers(self) -> bool:
        return True

    def used(self) -> int:
        return 0

    def used_by(self, process: int) -> int | None:
        return 0

    def unclaimed(self) -> int:
        return 0

    def total(self) -> int:
        return 0

    def joules(self) -> float:
        return 0.0


class Nvml:
    """One NVIDIA GPU through NVML, which needs no context on the device."""

    is_gpu = True

    def __init__(self, nvml: ModuleType, handle: Any) -> None:
        self.note = ""
        self._nvml = nvml
        self._handle = handle
        self._counts_energy = self._read(nvml.nvmlDeviceGetTotalEnergyConsumption) is not None
        if not self._counts_energy:
            self.note = "this GPU does not count its energy: joules are 0"

    def answers(self) -> bool:
        return self._read(self._nvml.nvmlDeviceGetMemoryInfo) is not None

    def used(self) -> int:
        memory = self._read(self._nvml.nvmlDeviceGetMemoryInfo)
        return int(memory.used) if memory is not None else 0

    def used_by(self, process: int) -> int | None:
        return self._claims().get(process)

    def unclaimed(self) -> int:
        return max(0, self.used() - sum(self._claims().values()))

    def _claims(self) -> dict[int, int]:
        """Bytes by process, as far as the driver tells; a container may not see them."""
        nvml = self._nvml
        listed = [
            *(self._read(nvml.nvmlDeviceGetGraphicsRunningProcesses) or ()),
            *(self._read(nvml.nvmlDeviceGetComputeRunningProcesses) or ()),
        ]
        return {one.pid: int(one.usedGpuMemory) for one in listed if one.usedGpuMemory is not None}

    def total(self) -> int:
        memory = self._read(self._nvml.nvmlDeviceGetMemoryInfo)
        return int(memory.total) if memory is not None else 0

    def joules(self) -> float:
        if not self._counts_energy:
            return 0.0
        return float(self._read(self._nvml.nvmlDeviceGetTotalEnergyConsumption) or 0) / 1000.0

    def _read(self, what: Any) -> Any:
        """A reading; None where this GPU or its driver does not give it."""
        try:
            return what(self._handle)
        except self._nvml.NVMLError:
            return None


@cache
def meter_of(device: str) -> Meter:
    """The meter of a device as `limits.device_name` names it."""
    if device == "cpu":
        return NoGpu()
    try:
        nvml = import_module("pynvml")
    except ImportError:
        return NoGpu(NO_NVML)
    try:
        nvml.nvmlInit()
        handle = (
            nvml.nvmlDeviceGetHandleByIndex(int(device))
            if device.isdigit()
            else nvml.nvmlDeviceGetHandleByUUID(device.encode())
        )
    except nvml.NVMLError as error:
        return NoGpu(f"NVML does not answer for GPU {device} ({error}): device memory and energy are 0")
    return Nvml(nvml, handle)


@dataclass(frozen=True)
class Reading:
    """Bytes of device and machine memory that a process holds."""

    device: int
    host: int


def read(meter: Meter, process: int, level: int = 0) -> Reading:
    """What `process` holds. Where the driver does not tell by process, what the device uses above `level`."""
    held = meter.used_by(process)
    return Reading(max(0, meter.used() - level) if held is None else held, resident_bytes(process))


def resident_bytes(process: int) -> int:
    """Bytes of the machine's memory that a process holds; 0 once it has ended."""
    try:
        return int(psutil.Process(process).memory_info().rss)
    except psutil.Error:
        return 0


class Samples:
    """Peaks of a process while a job is going on."""

    def __init__(self, meter: Meter, process: int, level: int = 0) -> None:
        self._meter, self._process, self._level = meter, process, level
        self.before = self.last = read(meter, process, level)
        self.peak = self.before
        self.joules = 0.0
        self._from = meter.joules()
        self._over = threading.Event()

    def take(self) -> Reading:
        """Reads once more."""
        self.last = read(self._meter, self._process, self._level)
        self.peak = Reading(max(self.peak.device, self.last.device), max(self.peak.host, self.last.host))
        return self.last

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Until the block ends, reads every few hundredths of a second, in a thread of its own."""
        thread = threading.Thread(target=self._sample, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            with suppress(psutil.Error):
                self.take()
            self.joules = max(0.0, self._meter.joules() - self._from)

    def _sample(self) -> None:
        while not self._over.wait(SAMPLE_S):
            self.take()
