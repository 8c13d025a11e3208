"""Several things made one after the other: one is finished while the next is on the device; nothing is lost."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel
from upath import UPath

from forge_resources.engines.contract import EditEngine, Facts, Sources
from forge_resources.errors import EngineFailed, ForgeError, InvalidInput
from forge_resources.schemas.types import Document
from forge_resources.store.artefacts import ArtefactStore
from forge_resources.store.workshop import Wanted, Workshop

PATIENCE_S = 30.0


class Letter(Document):
    """`draws` and `finishes` say what goes wrong: nothing, or an error of that name."""

    text: str
    draws: str = ""
    finishes: str = ""


class Penman(EditEngine):
    """Leaves its text rough, and finishes it in capitals. Tells what it is at."""

    name, tier, version, summary = "penman", "draft", "1", "Writes letters."
    media_type, suffix, rough_suffix = "text/plain", ".txt", ".rough"
    Parameters: ClassVar[type[BaseModel]] = Letter

    def __init__(self) -> None:
        self.drawn: list[str] = []
        self.finished: list[str] = []
        self.drew = threading.Condition()
        self.waits_for: dict[str, str] = {}

    def make(self, parameters: Any, sources: Sources, target: Path) -> Facts:
        with self.drew:
            self.drawn.append(parameters.text)
            self.drew.notify_all()
        _fail(parameters.draws)
        target.write_text(parameters.text, encoding="utf-8")
        return {"letters": len(parameters.text)}

    def finish(self, parameters: Any, rough: Path, target: Path) -> None:
        other = self.waits_for.get(parameters.text)
        with self.drew:
            assert self.drew.wait_for(lambda: other is None or other in self.drawn, PATIENCE_S), f"{other} waits"
        _fail(parameters.finishes)
        target.write_text(rough.read_text(encoding="utf-8").upper(), encoding="utf-8")
        self.finished.append(parameters.text)


def _fail(how: str) -> None:
    if how == "refused":
        raise InvalidInput("It is refused.")
    if how == "fault":
        raise ZeroDivisionError("by zero")
    if how == "interrupt":
        raise KeyboardInterrupt


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(ArtefactStore(UPath(tmp_path / "store"), tmp_path / "cache"))


def wanted(penman: Penman, *letters: Letter) -> list[Wanted]:
    return [Wanted(penman, letter) for letter in letters]


def letters(*texts: str) -> list[Letter]:
    return [Letter(text=text) for text in texts]


def is_kept(workshop: Workshop, text: str, **more: str) -> bool:
    """Whether it is in the store; its lock is free again in any case."""
    penman = Penman()
    workshop.make(penman, Letter(text=text, **more))
    return penman.drawn == []


def test_one_is_finished_while_the_next_is_drawn(workshop: Workshop) -> None:
    penman = Penman()
    # Without overlap the first of these would wait in vain.
    penman.waits_for = {"a": "b", "b": "c"}
    begun: list[tuple[int, bool]] = []
    made = list(workshop.make_each(wanted(penman, *letters("a", "b", "c")), lambda *told: begun.append(told)))
    assert [workshop.store.path(one.artefact).read_text() for one in made] == ["A", "B", "C"]
    assert [one.artefact.facts for one in made] == [{"letters": 1}] * 3
    assert begun == [(0, False), (1, False), (2, False)]
    assert list((workshop.store.cache / "work").iterdir()) == []


def test_the_bytes_are_those_of_one_at_a_time(workshop: Workshop, tmp_path: Path) -> None:
    alone = Workshop(ArtefactStore(UPath(tmp_path / "other"), tmp_path / "other-cache"))
    together = list(workshop.make_each(wanted(Penman(), *letters("a", "b"))))
    assert together == [alone.make(Penman(), letter) for letter in letters("a", "b")]
    again = list(workshop.make_each(wanted(Penman(), *letters("a", "b", "c"))))
    assert [one.reused for one in again] == [True, True, False]


def test_no_more_than_two_wait_to_be_finished(workshop: Workshop) -> None:
    penman, ahead = Penman(), []
    waiting = wanted(penman, *letters(*"abcdefgh"))
    for _ in workshop.make_each(waiting, lambda number, _: ahead.append(number + 1 - len(penman.finished))):
        pass
    assert max(ahead) <= 2


def test_equal_ones_are_made_once(workshop: Workshop) -> None:
    penman = Penman()
    made = list(workshop.make_each(wanted(penman, *letters("a", "a", "b", "a"))))
    assert penman.drawn == ["a", "b"]
    assert [one.reused for one in made] == [False, True, False, True]


@pytest.mark.parametrize(("how", "error"), [("refused", InvalidInput), ("fault", EngineFailed)])
def test_what_goes_wrong_while_finishing_is_told_and_the_rest_kept(
    workshop: Workshop, how: str, error: type[ForgeError]
) -> None:
    penman = Penman()
    made = workshop.make_each(wanted(penman, Letter(text="a"), Letter(text="b", finishes=how), *letters("c")))
    assert not next(made).reused
    with pytest.raises(error):
        next(made)
    assert is_kept(workshop, "a")
    assert is_kept(workshop, "c"), "the device was done with it"
    with pytest.raises(error):
        workshop.make(Penman(), Letter(text="b", finishes=how))


def test_what_goes_wrong_first_is_told_first(workshop: Workshop) -> None:
    penman = Penman()
    penman.waits_for = {"a": "b"}
    both = wanted(penman, Letter(text="a", finishes="refused"), Letter(text="b", draws="fault"))
    with pytest.raises(InvalidInput) as told:
        list(workshop.make_each(both))
    assert isinstance(told.value.__context__, EngineFailed)


@pytest.mark.parametrize("how", ["fault", "interrupt"])
def test_what_was_drawn_before_is_kept_when_the_next_fails(workshop: Workshop, how: str) -> None:
    penman = Penman()
    penman.waits_for = {"a": "b"}
    with pytest.raises((EngineFailed, KeyboardInterrupt)):
        list(workshop.make_each(wanted(penman, Letter(text="a"), Letter(text="b", draws=how))))
    assert is_kept(workshop, "a")
    assert not is_kept(workshop, "b")


def test_whoever_stops_early_keeps_what_was_drawn(workshop: Workshop) -> None:
    penman = Penman()
    with closing(workshop.make_each(wanted(penman, *letters("a", "b", "c")))) as made:
        next(made)
    assert penman.drawn == penman.finished == ["a", "b"]
    assert is_kept(workshop, "b")


def test_an_engine_that_leaves_nothing_is_told(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Penman, "make", lambda *_: {})
    with pytest.raises(EngineFailed, match="left nothing behind"):
        list(workshop.make_each(wanted(Penman(), *letters("a"))))
