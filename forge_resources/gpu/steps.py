"""What an engine says while it works, and how it hears that nobody waits any more.

What belongs here: the calls an engine makes (`step`) and the place where a host listens. What does not: drawing
progress, or ending a job that does not answer (see `supervisor`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

from forge_resources.errors import Unavailable

Phase = Literal["import", "load", "make", "encode"]
"""What a job is at: importing its libraries, loading a model, making steps, or writing its file."""


class Cancelled(Unavailable):
    """Whoever asked for this has gone: the run was stopped, or its process ended."""


def _nothing(*_: object) -> None:
    """Nobody listens."""


@dataclass
class Watch:
    """Who listens to a job: `on_step` hears of steps, `on_phase` of phases; `is_cancelled` says whether to stop.

    `phase` is what the job is at now.
    """

    on_step: Callable[[int, int], None] = _nothing
    on_phase: Callable[[Phase, str], None] = _nothing
    is_cancelled: Callable[[], bool] = lambda: False
    phase: Phase = "import"


_watch: ContextVar[Watch | None] = ContextVar("forge_gpu_watch", default=None)


def step(done: int, total: int) -> None:
    """Says that `done` of `total` denoising or decoding steps are done. Call it at every one.

    It reads a clock and a flag and never waits for the device. Raises Cancelled where nobody waits for the result any
    more; let it pass through.
    """
    watch = _watch.get()
    if watch is None:
        return
    if watch.is_cancelled():
        raise Cancelled("The job was stopped.", remedy="Run it again; what was finished is kept.")
    watch.phase = "make" if done < total else "encode"
    watch.on_step(done, total)


def phase(name: Phase, what: str = "") -> None:
    """Says what the job is at. `resident` says `load` itself, the first `step` `make` and the last one `encode`."""
    watch = _watch.get()
    if watch is not None:
        watch.phase = name
        watch.on_phase(name, what)


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Within the block, `step` and `phase` talk to `watch`."""
    token = _watch.set(watch)
    try:
        yield
    finally:
        _watch.reset(token)
