"""Work on several files at once: a machine has more processors than one encoder uses.

What belongs here: having it done, in the context of who asked, and ended together where one part fails. What does not:
the work.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, CancelledError, ThreadPoolExecutor, wait
from contextvars import copy_context
from threading import Event, Lock
from typing import TypeVar

from forge_resources.progress import OnStep

AT_ONCE = 3
"""The most that goes on at once: a render in full HD holds some 600 MB."""

Done = TypeVar("Done")


class Joint:
    """Steps of work that goes on side by side, told as those of one piece of work of `total` steps.

    Once `stopped` is set, whoever tells of a step is ended by CancelledError.
    """

    def __init__(self, on_step: OnStep, total: int) -> None:
        self.stopped = Event()
        self._on_step, self._total = on_step, total
        self._lock, self._done = Lock(), dict[str, int]()

    def part(self, name: str) -> OnStep:
        """What one of them calls; `name` is told with its steps."""

        def on_step(done: int, total: int, note: str) -> None:
            if self.stopped.is_set():
                raise CancelledError
            with self._lock:
                self._done[name] = done
                self._on_step(sum(self._done.values()), max(self._total, done), f"{name}, {note}")

        return on_step


def side_by_side(parts: Sequence[Callable[[], Done]], stopped: Event | None = None) -> list[Done]:
    """What each of `parts` gives, in their order. Raises what the first that fails raises, and sets `stopped` then."""
    if len(parts) == 1:
        return [parts[0]()]
    workers = min(AT_ONCE, max(2, os.cpu_count() or 1))
    with ThreadPoolExecutor(workers, "forge-side") as pool:
        going = [pool.submit(copy_context().run, part) for part in parts]
        try:
            ended, _ = wait(going, return_when=FIRST_EXCEPTION)
            for part in going:
                if part in ended:
                    part.result()
            return [part.result() for part in going]
        finally:
            if stopped is not None:
                stopped.set()
            for part in going:
                part.cancel()
