"""Working out the descriptions of pictures before an image engine gets them: by rules, by a model, or not at all.

What belongs here: the three modes, and what each needs. What does not: what an image engine adds for its own model
(see `imaging`), or the words of the rules (`data/enhancement.yaml`).

The mode is what the market's brief says. None stands in for another: a mode that cannot be had is an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from forge_resources.engines.contract import ReadingTextEngine
from forge_resources.errors import InvalidInput
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.review import Enhanced
from forge_resources.schemas.script import ShotSize
from forge_resources.schemas.storyboard import Shot, Storyboard
from forge_resources.schemas.types import Document, ShortLine, Slug
from forge_resources.schemas.writing import Enhancement
from forge_resources.store.tally import Tally
from forge_resources.store.workshop import Workshop
from forge_resources.writing.data_files import read_data
from forge_resources.writing.papers import read_paper, text_engine

_LONGEST = 400


class EnhancementRules(Document):
    """The clauses that rules add, by what they are about."""

    sizes: dict[ShotSize, ShortLine]
    times: dict[Slug, ShortLine]
    tones: dict[str, ShortLine]
    product: ShortLine


@cache
def load_rules() -> EnhancementRules:
    """`data/enhancement.yaml`. Raises InvalidInput with every fault."""
    return read_data(EnhancementRules, "enhancement.yaml")


def mode_of(brief: CellBrief) -> Enhancement:
    """How the brief of this market wants descriptions worked out."""
    wanted = brief.market_brief.writing
    return wanted.enhancement if wanted and wanted.enhancement else "none"


def enhanced(workshop: Workshop, brief: CellBrief, board: Storyboard) -> tuple[Storyboard, Tally]:
    """The storyboard with descriptions as the image engine gets them.

    Raises InvalidInput where a model is to write them and the brief's text engine is none that can.
    """
    mode, tally = mode_of(brief), Tally()
    if mode == "none":
        return board, tally
    engine = text_engine(workshop, brief)
    if mode == "model" and not isinstance(engine, ReadingTextEngine):
        raise InvalidInput(
            f"`enhancement: model` asks the text engine for descriptions, and `{engine.name}` does not write any.",
            remedy="Choose a text engine with a model, or `enhancement: rules` or `none`.",
        )
    shots = []
    for shot in board.shots:
        if isinstance(engine, ReadingTextEngine) and mode == "model":
            artefact = tally.add(workshop.make(engine, engine.enhancement(brief, shot.look.description)))
            description = read_paper(workshop, engine, artefact, "description", Enhanced).description
        else:
            description = by_rules(shot, brief.market_brief.tone)
        shots.append(shot.model_copy(update={"look": shot.look.model_copy(update={"description": description})}))
    return board.model_copy(update={"shots": shots}), tally


def by_rules(shot: Shot, tones: list[str]) -> str:
    """The description with the clauses that suit the shot, as many as it has room for."""
    text = shot.look.description.rstrip(".")
    for clause in _clauses(shot, tones):
        if len(text) + len(clause) + 3 <= _LONGEST:
            text += f", {clause}"
    return f"{text}."


def _clauses(shot: Shot, tones: list[str]) -> Iterator[str]:
    rules, look = load_rules(), shot.look
    yield rules.sizes[look.camera.size]
    if look.time_of_day in rules.times:
        yield rules.times[look.time_of_day]
    yield from dict.fromkeys(rules.tones[tone] for tone in tones if tone in rules.tones)
    if look.product in {"held", "placed", "hero"}:
        yield rules.product
