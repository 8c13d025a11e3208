"""Telling whoever watches how far a cell is: by stage, and by shot inside a stage.

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
_listener: ContextVar[Listener | None] = ContextVar("forge_progress_listener", default=None)


def report(progress: Progress) -> None:
    """Hands `progress` to the listener of this context, if there is one."""
    listener = _listener.get()
    if listener is not None:
        listener(progress)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Within the block, progress goes to `listener`."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
