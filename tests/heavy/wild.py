"""An engine without any library that takes steps, and goes wrong in every way that a heavy engine can."""

from __future__ import annotations

import errno
import json
import os
import signal
import time
from collections.abc import ItemsView
from pathlib import Path
from typing import Any, ClassVar, Literal

from forge_resources.engines.contract import EditEngine, Facts, Sources
from forge_resources.errors import Blocked
from forge_resources.gpu.residence import ModelKey, Resident, resident
from forge_resources.gpu.steps import step
from forge_resources.schemas.types import Document

Place = Literal["", "import", "load", "step", "encode", "reply"]
Way = Literal[
    "", "kill", "segv", "exit", "hang", "deaf", "oom", "device", "error", "blocked", "full_disk", "leak", "memory"
]
HELD: list[Any] = []


class Ride(Document):
    """`wrong` happens at `at`; `says` is written. `sleep_s` is the length of a step."""

    says: str = "fine"
    at: Place = ""
    wrong: Way = ""
    steps: int = 4
    sleep_s: float = 0.0
    model: str = "horse"
    leak_mb: int = 0
    memory: Literal["full", "small"] = "full"


class OutOfMemoryError(RuntimeError):
    """Called like torch's."""


class _Facts(dict[str, Any]):
    """Facts that go wrong when they are sent."""

    def __init__(self, ride: Ride) -> None:
        super().__init__(says=ride.says)
        self._ride = ride

    def items(self) -> ItemsView[str, Any]:
        _go_wrong(self._ride, "reply")
        return super().items()


def _go_wrong(ride: Ride, at: Place) -> None:
    if ride.at != at:
        return
    match ride.wrong:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "segv":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "exit":
            os._exit(7)
        case "hang":
            time.sleep(600)
        case "deaf":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(600)
        case "oom":
            if ride.memory == "full":
                raise OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")
        case "memory":
            raise MemoryError
        case "device":
            raise RuntimeError("CUDA error: an illegal memory access was encountered")
        case "error":
            raise KeyError("no such layer")
        case "blocked":
            raise Blocked("It must not be drawn.")
        case "full_disk":
            raise OSError(errno.ENOSPC, "No space left on device", "/nowhere")
        case _:
            pass


class WildEngine(EditEngine):
    """Loads a model, takes steps, writes what it was told to say, or goes wrong."""

    name = "wild"
    tier = "full"
    version = "1"
    summary = "For tests."
    media_type = "text/plain"
    suffix = ".txt"
    device_bound = True
    Parameters: ClassVar[type[Document]] = Ride

    def models(self) -> list[str]:
        return ["horse", "mule"]

    def warm(self, model: str) -> None:
        if model not in self.models():
            super().warm(model)
        self._load(Ride(model=model))

    def memory_preset(self, parameters: Any) -> str:
        return getattr(parameters, "memory", "")

    def smaller(self, parameters: Ride) -> Ride | None:
        return parameters.model_copy(update={"memory": "small"}) if parameters.memory == "full" else None

    def _load(self, ride: Ride) -> Resident:
        def load() -> Resident:
            _go_wrong(ride, "load")
            return Resident(bytearray(1000), 1000)

        return resident(ModelKey(ride.model), load)

    def make(self, parameters: Ride, sources: Sources, target: Path) -> Facts:
        _go_wrong(parameters, "import")
        self._load(parameters)
        for done in range(1, parameters.steps + 1):
            time.sleep(parameters.sleep_s)
            if done == 2:
                _go_wrong(parameters, "step")
            step(done, parameters.steps)
        if parameters.leak_mb:
            HELD.append(os.urandom(1) * (parameters.leak_mb * 10**6))
        target.write_text(parameters.says[:1])
        _go_wrong(parameters, "encode")
        target.write_text(parameters.says + "".join(sources[name].read_text() for name in sorted(sources)))
        return _Facts(parameters) if parameters.at == "reply" else {"says": parameters.says, "pid": os.getpid()}


def read(target: Path) -> Any:
    """What was made."""
    return json.loads(target.read_text())
