"""A worker of its own per test: its folder, what runs of it, and asking it as a run does."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from forge_resources.gpu.client import WorkerHost
from forge_resources.gpu.hosts import Answer, Order
from tests.heavy.wild import Ride, WildEngine

QUICK = {
    "FORGE_GPU_HOST": "worker",
    "FORGE_GPU_AHEAD": "first",
    "FORGE_GPU_STOP_S": "0.5",
    "FORGE_GPU_TERM_S": "0.5",
    "FORGE_GPU_IDLE_S": "60",
}
IMPATIENT = {"FORGE_GPU_HANG_S": "0.3", "FORGE_GPU_LOAD_S": "0.3"}
"""For jobs that hang, and no others: a busy machine may let any process wait for longer than that."""


class WorkerFloor:
    """The worker of one runtime folder, and a host to ask it with."""

    def __init__(self, root: Path, **environment: str) -> None:
        self.root = root
        self.environment = {**os.environ, **QUICK, "FORGE_RUNTIME": str(root / "run"), **environment}
        self.host = self.another_host()
        self.targets = 0

    def another_host(self, **environment: str) -> WorkerHost:
        """Another client of the same worker, with variables of its own."""
        return WorkerHost({**self.environment, **environment})

    def order(self, **ride: Any) -> Order:
        """What to ask of the wild engine."""
        self.targets += 1
        return Order(WildEngine(), Ride(**ride), {}, self.root / f"made-{self.targets}.txt")

    def make(self, host: WorkerHost | None = None, **ride: Any) -> Answer:
        """Has the worker make something."""
        return (host or self.host).make(self.order(**ride))

    def works(self) -> bool:
        """Whether an ordinary request is served, with the bytes that it should have."""
        order = self.order(says="still here")
        self.host.make(order)
        return order.target.read_text() == "still here"

    def child(self) -> int:
        """The process that works; 0 where there is none."""
        status = self.host.status()
        return int(status["child"]["pid"]) if status and status["child"] else 0

    def processes(self) -> list[psutil.Process]:
        """Every living process of this worker."""
        marker = str(self.root / "run")
        found = []
        for process in psutil.process_iter():
            try:
                if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                    continue
                if process.environ().get("FORGE_RUNTIME") == marker:
                    found.append(process)
            except psutil.Error:
                continue  # It has ended, or belongs to somebody else.
        return found

    def left(self) -> list[str]:
        """Files of the worker that are more than an empty lock or a log."""
        return sorted(
            path.name for path in (self.root / "run").iterdir() if path.suffix not in (".lock", ".start", ".log")
        )


@contextmanager
def floor(**environment: str) -> Iterator[WorkerFloor]:
    """A worker until the block ends, and the proof that nothing of it is left. Its path is short, as sockets need."""
    root = Path(tempfile.mkdtemp(prefix="forge-floor-", dir="/tmp"))
    made = WorkerFloor(root, **environment)
    try:
        yield made
        made.host.stop(now=True)
        _, alive = psutil.wait_procs(made.processes(), timeout=60)
        assert not alive, [process.cmdline() for process in alive]
        assert not (root / "run").exists() or made.left() == []
    finally:
        for process in made.processes():
            process.kill()
        shutil.rmtree(root)
