"""Having a text engine write one paper (concept, culture or script) of a cell.

What belongs here: from recipe to typed document. What does not: any engine, any gate, revisions (see `room`).
"""

from __future__ import annotations

from typing import TypeVar, cast

from pydantic import ValidationError

from forge_resources.engines.contract import TextEngine, TextNode
from forge_resources.errors import EngineFailed
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.recipe import Artefact
from forge_resources.schemas.script import Concept, Culture
from forge_resources.schemas.types import Document
from forge_resources.store.tally import Tally
from forge_resources.store.workshop import Workshop

Paper = TypeVar("Paper", bound=Document)


def write_paper(
    workshop: Workshop,
    brief: CellBrief,
    node: TextNode,
    contract: type[Paper],
    concept: Concept | None = None,
    culture: Culture | None = None,
) -> tuple[Paper, Tally]:
    """The paper as the brief's text engine writes it. Raises EngineFailed where it does not keep the contract."""
    engine = text_engine(workshop, brief)
    tally = Tally()
    artefact = tally.add(workshop.make(engine, engine.parameters(node, brief, concept, culture)))
    return read_paper(workshop, engine, artefact, node, contract), tally


def text_engine(workshop: Workshop, brief: CellBrief) -> TextEngine:
    """The text engine that the brief chooses."""
    return cast("TextEngine", workshop.engine("text", brief.market_brief.engines.text))


def read_paper(workshop: Workshop, engine: TextEngine, artefact: Artefact, what: str, contract: type[Paper]) -> Paper:
    """The document that an artefact holds. Raises EngineFailed where it does not keep the contract."""
    try:
        return contract.model_validate_json(workshop.store.path(artefact).read_bytes())
    except ValidationError as error:
        raise EngineFailed(
            f"The text engine `{engine.name}` wrote a {what} that is not one: {error.errors()[0]['msg']}."
        ) from error
