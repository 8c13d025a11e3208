"""Telling whoever watches how far a cell is: by stage, and by step (shot, line, frame) inside a stage.

What belongs here: the event and the one place to send it. What does not: drawing it (the forge command does) or
storing it (Dagster's event log does).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """`done` of `total` steps of `stage` of a cell; `note` names the step, such as `shot 3 reused`."""

    cell: str
    stage: str
    done: int
    total: int
    note: str = ""


Listener = Callable[[Progress], None]
OnStep = Callable[[int, int, str], None]
"""Called by work of several steps: how many are done, of how many, and which one."""

_listener: ContextVar[Listener | None] = ContextVar("forge_progress_listener", default=None)


def report(progress: Progress) -> None:
    """Hands `progress` to the listener of this context, if there is one."""
    listener = _listener.get()
    if listener is not None:
        listener(progress)


def steps_of(cell: str, stage: str) -> OnStep:
    """A callback that reports the steps of one stage of one cell."""
    return lambda done, total, note: report(Progress(cell, stage, done, total, note))


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Within the block, progress goes to `listener`."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
