"""The process of a cluster in which engines run and models live: what the actor of the host `ray` is made of.

What belongs here: doing jobs one at a time, and answering questions about the one that is going on. What does not: Ray
itself, which makes an actor of this class (see `ray_host`). Files travel as bytes: nodes share no disk.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from forge_resources.gpu.doing import do
from forge_resources.gpu.hosts import usage_of
from forge_resources.gpu.limits import device_name
from forge_resources.gpu.meter import Samples, meter_of
from forge_resources.gpu.protocol import Make
from forge_resources.gpu.residence import ResidenceCounts, process_cache
from forge_resources.gpu.steps import Phase, Watch

FORGOTTEN_S = 30.0
"""Whoever asks looks at the progress several times a second. After so long without a look nobody waits any more."""


class Desk:
    """Does jobs in this process, one at a time. `make` and the other methods are called in different threads."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._seen: dict[str, float] = {}
        self._cancelled: set[str] = set()
        self._news: dict[str, dict[str, Any]] = {}
        self._began = time.monotonic()
        _sweep()

    def make(
        self, ticket: str, job: Mapping[str, Any], sources: Mapping[str, tuple[str, bytes]], suffix: str
    ) -> dict[str, Any]:
        """Does a job, given as `protocol.Make`. `sources` are suffix and bytes by name. Returns the answer of
        `doing.do` with `bytes`, the file that was made, and `usage`."""
        self._seen[ticket] = time.monotonic()
        asked = time.monotonic()
        try:
            with self._turn, tempfile.TemporaryDirectory(prefix=f"{_folders()}{os.getpid()}-") as name:
                return self._make(ticket, job, sources, Path(name), f"made{suffix}", time.monotonic() - asked)
        finally:
            self._seen.pop(ticket, None)
            self._news.pop(ticket, None)
            self._cancelled.discard(ticket)

    def _make(
        self,
        ticket: str,
        job: Mapping[str, Any],
        sources: Mapping[str, tuple[str, bytes]],
        folder: Path,
        file: str,
        queued_s: float,
    ) -> dict[str, Any]:
        places = {}
        for number, (name, (suffix, data)) in enumerate(sources.items()):
            places[name] = str(folder / f"source-{number}{suffix}")
            Path(places[name]).write_bytes(data)
        target = folder / file
        request = Make.model_validate({**job, "sources": places, "target": str(target)})
        device = device_name()
        meter, started = meter_of(device), time.monotonic()
        samples = Samples(meter, os.getpid())
        with samples.going_on():
            answer = do(request, self._watch(ticket))
        usage = usage_of(
            "ray",
            device,
            meter,
            samples,
            seconds=time.monotonic() - started,
            queued_s=queued_s,
            cache=ResidenceCounts(**answer.pop("cache")),
        )
        if answer["say"] == "made":
            answer["bytes"] = target.read_bytes() if target.is_file() else b""
        return {**answer, "usage": usage.model_dump(mode="json")}

    def _watch(self, ticket: str) -> Watch:
        def news(**what: Any) -> None:
            self._news[ticket] = {**self._news.get(ticket, {}), **what, "at": time.monotonic()}

        def on_step(done: int, total: int) -> None:
            news(step=[done, total])

        def on_phase(name: Phase, what: str) -> None:
            news(phase=name, what=what)

        return Watch(on_step=on_step, on_phase=on_phase, is_cancelled=lambda: self._is_forgotten(ticket))

    def _is_forgotten(self, ticket: str) -> bool:
        return ticket in self._cancelled or time.monotonic() - self._seen.get(ticket, 0.0) > FORGOTTEN_S

    def progress(self, ticket: str) -> dict[str, Any]:
        """The last step and phase of a job, empty before its turn. Asking says that somebody still waits."""
        if ticket in self._seen:
            self._seen[ticket] = time.monotonic()
        return self._news.get(ticket, {})

    def cancel(self, ticket: str) -> None:
        """Sets the stop flag of a job."""
        self._cancelled.add(ticket)

    def status(self) -> dict[str, Any]:
        """How this process is, as JSON values."""
        cache = process_cache()
        return {
            "pid": os.getpid(),
            "device": device_name(),
            "uptime_s": round(time.monotonic() - self._began, 1),
            "jobs": len(self._seen),
            "models": [
                {"model": str(key), "bytes": size, "on_device": on_device} for key, size, on_device in cache.models()
            ],
        }


def _folders() -> str:
    """How the folders of this node's desks begin; nodes may share one disk."""
    return f"forge-desk-{socket.gethostname()}-"


def _sweep() -> None:
    """Removes what desks of this node that were killed could not remove themselves."""
    for left in Path(tempfile.gettempdir()).glob(f"{_folders()}*"):
        process = left.name.removeprefix(_folders()).partition("-")[0]
        if process.isdigit() and not psutil.pid_exists(int(process)):
            shutil.rmtree(left, ignore_errors=True)
