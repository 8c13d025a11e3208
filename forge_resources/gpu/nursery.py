"""Starting a child and ending it: forked from a preloaded fork server, or spawned where that is unsafe.

What belongs here: the process and its connection, and the ladder of flag, TERM and KILL. What does not: what it is
asked (see `supervisor`), or what it does (see `child`).
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, cast

from forge_resources.errors import Unavailable
from forge_resources.gpu.child import work
from forge_resources.gpu.protocol import hear

# Named and not imported: this process must load nothing of what the fork server loads.
_PRELOAD = "forge_resources.gpu.preload"
_IMPORTS_AHEAD = "FORGE_IMPORTS_AHEAD"

START_S = 180.0
"""Importing torch and diffusers from a cold disk takes up to a minute."""


@dataclass
class Child:
    """A process that does jobs. `codes` are stamps of the sources of the engines that it has loaded."""

    process: BaseProcess
    connection: Connection
    codes: dict[str, str]

    @property
    def pid(self) -> int:
        return self.process.pid or 0

    def is_alive(self) -> bool:
        return self.process.is_alive()


class Nursery:
    """Starts children. `imports` are the modules that its fork server has before it forks."""

    def __init__(self, imports: Sequence[str]) -> None:
        self.imports = tuple(dict.fromkeys(imports))
        self.method = "forkserver" if sys.platform == "linux" else "spawn"

    def start(self) -> Child:
        """A child that is ready. Raises Unavailable where it does not get there."""
        child, unsafe = self._start()
        if unsafe:
            # Something that was imported has used the device: a fork could not.
            end(child, 0.0)
            self.method = "spawn"
            child, _ = self._start()
        return child

    def _start(self) -> tuple[Child, bool]:
        context = get_context(self.method)
        if self.method == "forkserver":
            os.environ[_IMPORTS_AHEAD] = json.dumps(self.imports)
            context.set_forkserver_preload([_PRELOAD, work.__module__])
        ours, theirs = context.Pipe()
        process = cast("Any", context).Process(target=work, args=(theirs,), name="forge-gpu-child", daemon=False)
        try:
            process.start()
        except (OSError, EOFError) as error:
            raise Unavailable(f"No process for the device could be started: {error}.") from error
        finally:
            theirs.close()
        child = Child(process, ours, {})
        try:
            if not ours.poll(START_S):
                raise EOFError
            ready = hear(ours)
        except (EOFError, OSError):
            end(child, 0.0)
            raise Unavailable(
                f"The process for the device ended while it started (exit code {process.exitcode}).",
                remedy="Its last words are in the worker's log, which `forge gpu status` names.",
            ) from None
        return child, bool(ready["unsafe"])


def end(child: Child, term_s: float) -> dict[str, float]:
    """Ends a process: TERM, and KILL after `term_s`. Returns the seconds until it had ended after each.

    The end of the process is what gives back its memory.
    """
    times: dict[str, float] = {}
    started = time.monotonic()
    if term_s > 0 and _signal(child, signal.SIGTERM):
        child.process.join(term_s)
        times["term_s"] = round(time.monotonic() - started, 3)
    if child.process.is_alive():
        _signal(child, signal.SIGKILL)
        child.process.join(30.0)
        times["kill_s"] = round(time.monotonic() - started, 3)
    child.connection.close()
    return times


def dismiss(child: Child, term_s: float) -> None:
    """Lets a process that does nothing end by itself: it does when its connection is closed."""
    child.connection.close()
    child.process.join(term_s)
    if child.process.is_alive():
        _signal(child, signal.SIGKILL)
        child.process.join(30.0)


def _signal(child: Child, number: signal.Signals) -> bool:
    try:
        os.kill(child.pid, number)
    except ProcessLookupError:
        return False
    return True


def heard_or_ended(child: Child, timeout: float) -> bool:
    """Waits until the child says something or ends. Whether it did within `timeout` seconds."""
    return bool(wait([child.connection, child.process.sentinel], timeout))
