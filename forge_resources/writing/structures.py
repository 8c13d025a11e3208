"""Structures: which rows a spot of a given length has, in dramatic order.

What belongs here: the contract and loading of `data/structures.yaml`, and the beats of a script that came from
elsewhere. What does not: the words and pictures of a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Annotated, Literal

from pydantic import Field, model_validator

from forge_resources.errors import InvalidInput
from forge_resources.schemas.script import BEATS, Beat, Scope
from forge_resources.schemas.types import Document, Slug
from forge_resources.writing.data_files import read_data
from forge_resources.writing.draws import pick

Saying = Literal["hook", "tension", "product", "message", "point", "wish", "call"]
Showing = Literal["hook", "tension", "product", "message", "point", "call"]
Scene = Literal["establishing", "human", "hero", "closing"]
SCOPES: dict[Scene, Scope] = {"establishing": "market", "human": "persona", "hero": "brief", "closing": "brief"}


class PlanRow(Document):
    """One row: its beat, its kind of picture, what is said in it (in this order) and what is shown as a super."""

    beat: Beat
    scene: Scene
    says: Annotated[list[Saying], Field(max_length=3)] = []
    shows: Showing | None = None


class Structure(Document):
    name: Slug
    rows: Annotated[list[PlanRow], Field(min_length=2, max_length=40)]

    @property
    def beats(self) -> list[Beat]:
        return [row.beat for row in self.rows]

    @model_validator(mode="after")
    def _holds_the_dramatic_order(self) -> Structure:
        places = [BEATS.index(beat) for beat in self.beats]
        if places != sorted(places):
            raise ValueError(f"{self.name}: beats must come in the order {', '.join(BEATS)}")
        if self.rows[-1].beat != "call" or [row.scene == "closing" for row in self.rows].index(True) != len(places) - 1:
            raise ValueError(f"{self.name}: the last row, and no other, is a call with a closing scene")
        said = [what for row in self.rows for what in row.says]
        if said.count("message") != 1 or said.count("call") != 1:
            raise ValueError(f"{self.name}: message and call are each said once")
        return self


class Structures(Document):
    """Structures by duration in seconds."""

    structures: dict[int, Annotated[list[Structure], Field(min_length=1)]]


@cache
def load_structures() -> Structures:
    """`data/structures.yaml`. Raises InvalidInput with every fault."""
    return read_data(Structures, "structures.yaml")


def choose_structure(duration_s: int, seed: int) -> Structure:
    """The structure of a spot; only its length and the brief's seed decide."""
    return pick(_of_length(duration_s), "structure", seed, duration_s)


def structure_with(duration_s: int, beats: Sequence[Beat], seed: int) -> Structure:
    """The structure that a concept names by its beats: the seed's own, or another that has them.

    Raises InvalidInput where none has them.
    """
    for structure in (choose_structure(duration_s, seed), *_of_length(duration_s)):
        if structure.beats == list(beats):
            return structure
    raise InvalidInput(
        f"No structure of {duration_s} s has the beats {', '.join(beats)}.",
        remedy="Add it to writing/data/structures.yaml, or use a concept of the draft writer.",
    )


def _of_length(duration_s: int) -> list[Structure]:
    structures = load_structures().structures
    if duration_s not in structures:
        known = ", ".join(str(known) for known in structures)
        raise InvalidInput(f"There is no structure for {duration_s} s.", remedy=f"Lengths with a structure: {known}.")
    return structures[duration_s]


_SHORT_FORMS: dict[int, list[Beat]] = {
    1: ["product"],
    2: ["product", "call"],
    3: ["hook", "product", "call"],
    4: ["hook", "tension", "product", "call"],
}


def beats_by_position(rows: int) -> list[Beat]:
    """Beats for a script of `rows` rows whose beats nobody has named, in dramatic order, by position alone."""
    if rows in _SHORT_FORMS:
        return _SHORT_FORMS[rows]
    # Shares of what comes before the call; each beat has one row before any has a second.
    shares: list[tuple[Beat, int]] = [("hook", 15), ("tension", 25), ("product", 25), ("proof", 35)]
    counts: dict[Beat, int] = {beat: 1 for beat, _ in shares}
    for _ in range(rows - 1 - len(shares)):
        neediest = min(shares, key=lambda share: (counts[share[0]] * 100 / share[1], share[1]))
        counts[neediest[0]] += 1
    return [beat for beat, _ in shares for _ in range(counts[beat])] + ["call"]
