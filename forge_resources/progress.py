"""Telling whoever watches how far a cell is: by stage, and by step (shot, line, frame) inside a stage.

A heavy engine has steps inside of a step, such as the denoising steps of one plate; they are told the same way.

What belongs here: the event and the one place to send it. What does not: drawing it (the forge command does) or
storing it (Dagster's event log does).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Progress:
    """`done` of `total` steps of `stage` of a cell; `note` names the step, such as `shot 3 reused`.

    `within` is how far the next step is by itself, such as (12, 30) denoising steps; `total` is 0 while it is not
    known yet.
    """

    cell: str
    stage: str
    done: int
    total: int
    note: str = ""
    within: tuple[int, int] | None = None

    @property
    def fraction(self) -> float:
        """How much of the stage is done, 0 to 1."""
        if not self.total:
            return 0.0
        inner = self.within[0] / self.within[1] if self.within and self.within[1] else 0.0
        return min(1.0, (self.done + inner) / self.total)

    @property
    def words(self) -> str:
        """How far it is, such as `shot 3 made` or `4 of 5, step 12 of 30`."""
        if self.within is None:
            return self.note
        of = f" of {self.total}" if self.total else ""
        return f"{self.done + 1}{of}, {self.note or f'step {self.within[0]} of {self.within[1]}'}"


Listener = Callable[[Progress], None]
OnStep = Callable[[int, int, str], None]
"""Called by work of several steps: how many are done, of how many, and which one."""

_listener: ContextVar[Listener | None] = ContextVar("forge_progress_listener", default=None)
_also: ContextVar[Listener | None] = ContextVar("forge_progress_also", default=None)
_place: ContextVar[Progress | None] = ContextVar("forge_progress_place", default=None)


def report(progress: Progress) -> None:
    """Hands `progress` to the listener of this context, if there is one, and to that of its stage."""
    for listener in (_listener.get(), _also.get()):
        if listener is not None:
            listener(progress)


def steps_of(cell: str, stage: str, also: Listener | None = None) -> OnStep:
    """A callback that reports the steps of one stage of one cell. From now on, `report_within` is about this stage.

    `also` hears of this stage's progress too, until another stage begins.
    """
    _also.set(also)
    _place.set(Progress(cell, stage, 0, 0))

    def on_step(done: int, total: int, note: str) -> None:
        place = Progress(cell, stage, done, total, note)
        _place.set(place)
        report(place)

    return on_step


def report_within(done: int, total: int, note: str = "") -> None:
    """Tells how far the step that is going on is by itself. Nothing happens outside of a stage."""
    place = _place.get()
    if place is not None:
        report(replace(place, note=note, within=(done, total)))


class Throttled:
    """Tells of steps inside of a step in words, at most every `every_s` seconds, for a log that keeps what it is told.

    What takes less than that is told by its stage, not here.
    """

    def __init__(self, tell: Callable[[str], object], every_s: float) -> None:
        self._tell = tell
        self._every_s = every_s
        self._told = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.within is None or now - self._told < self._every_s:
            return
        self._told = now
        self._tell(f"{progress.stage}: {progress.words}")


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Within the block, progress goes to `listener`."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def place_label() -> str:
    """The stage and cell that is being made, such as `frames of aurora-launch@de-DE|busy-parent`; empty outside."""
    place = _place.get()
    return f"{place.stage} of {place.cell}" if place is not None else ""
