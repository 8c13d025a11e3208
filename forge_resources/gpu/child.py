"""The process of the worker in which engines run and models live. The only one that touches the device.

What belongs here: taking one job after the other and telling how it goes. What does not: doing it (see `doing`), or
judging whether it hangs, what it leaves behind, and who is next (see `floor` and `supervisor`). It ends when the
supervisor does, whatever it is at.
"""

from __future__ import annotations

import ctypes
import os
import queue
import resource
import signal
import sys
import threading
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any

from forge_resources.gpu.doing import do
from forge_resources.gpu.protocol import Job, parse_request, say
from forge_resources.gpu.steps import Phase, Watch

STEP_S = 0.1
"""Steps that follow each other faster are told together."""
_PR_SET_PDEATHSIG = 1


def work(connection: Connection) -> None:
    """The life of a child: jobs come over `connection`, one at a time."""
    _end_with_parent()
    _end_at_once()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    child = _Child(connection)
    preload = sys.modules.get("forge_resources.gpu.preload")
    child.say({"say": "ready", "unsafe": bool(getattr(preload, "TOUCHES_DEVICE", False))})
    threading.Thread(target=child.listen, daemon=True).start()
    child.serve()


def _end_with_parent() -> None:
    """Where the system can: the death of the parent kills this process, even one that does not let go of the lock of
    the interpreter. Elsewhere the thread that listens notices."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _end_at_once() -> None:
    """A crash writes no core: that of a process full of weights takes minutes, in which its memory is not given back.

    A limit of one byte is too small for a file and, to Linux, also says that no program is to be handed one.
    """
    _, highest = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (highest if highest == 0 else 1, highest))


class _Child:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._told = 0.0
        self._watch = Watch(on_step=self._on_step, on_phase=self._on_phase, is_cancelled=self._stop.is_set)

    def say(self, message: Mapping[str, Any]) -> None:
        with self._lock:
            say(self._connection, message)

    def listen(self) -> None:
        """Takes in what the supervisor says; ends the process when it is gone."""
        while True:
            try:
                request = parse_request(self._connection.recv_bytes())
            except (EOFError, OSError):
                os._exit(0)
            if request.ask == "cancel":
                self._stop.set()
            elif request.ask in ("make", "warm"):
                # Here, and not when its turn comes: a stop that follows must not be cleared.
                self._stop.clear()
                self._jobs.put(request)

    def serve(self) -> None:
        while True:
            job = self._jobs.get()
            self.say({"say": "begun"})
            self.say(do(job, self._watch))

    def _on_step(self, done: int, total: int) -> None:
        now = time.monotonic()
        if done in (1, total) or now - self._told >= STEP_S:
            self._told = now
            self.say({"say": "step", "done": done, "total": total})

    def _on_phase(self, name: Phase, what: str) -> None:
        self.say({"say": "phase", "phase": name, "what": what})
