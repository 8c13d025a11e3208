"""Work side by side: in order, in the context of who asked, and ended together."""

from __future__ import annotations

from concurrent.futures import CancelledError
from functools import partial
from threading import Barrier, Event

import pytest

from forge_resources.editing.side_by_side import Joint, side_by_side
from forge_resources.errors import EngineFailed
from forge_resources.progress import OnStep, Progress, listening, report


def test_what_is_made_comes_in_order_and_progress_is_heard_where_it_was_asked_for() -> None:
    together, heard = Barrier(2, timeout=30), list[Progress]()

    def part(number: int) -> int:
        together.wait()  # Both are going on: one alone would wait for ever.
        report(Progress("cell", "deliverables", number, 2))
        return number

    with listening(heard.append):
        assert side_by_side([partial(part, 1), partial(part, 2)]) == [1, 2]
    assert sorted(progress.done for progress in heard) == [1, 2]


def test_steps_are_told_as_those_of_one_piece_of_work() -> None:
    told: list[tuple[int, int, str]] = []
    joint = Joint(lambda *step: told.append(step), 30)
    web, square = joint.part("web"), joint.part("square")
    web(12, 20, "frame 12")
    square(5, 10, "frame 5")
    web(20, 20, "frame 20")
    assert told == [(12, 30, "web, frame 12"), (17, 30, "square, frame 5"), (25, 30, "web, frame 20")]


def test_one_that_fails_ends_the_others() -> None:
    joint, going, ended = Joint(lambda *_: None, 10), Event(), Event()

    def fails() -> None:
        assert going.wait(30)
        raise EngineFailed("no more room")

    def goes_on(on_step: OnStep) -> None:
        try:
            while True:
                on_step(1, 10, "frame 1")
                going.set()
        except CancelledError:
            ended.set()
            raise

    with pytest.raises(EngineFailed, match="no more room"):
        side_by_side([partial(goes_on, joint.part("web")), fails], joint.stopped)
    assert ended.is_set()
