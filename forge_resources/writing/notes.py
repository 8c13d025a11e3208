"""Notes: the concept and the culture paper, composed from the brief and from what the library knows of a market.

What belongs here: the contract of `data/culture.yaml` and the two papers. What does not: the script (see `scripting`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from forge_resources.schemas.audience import Topic
from forge_resources.schemas.script import Concept, Culture, Substitution
from forge_resources.schemas.types import Document, Line, ShortLine
from forge_resources.writing.data_files import read_data
from forge_resources.writing.structures import beats_by_position, choose_structure

if TYPE_CHECKING:
    from forge_resources.writing.draft_parameters import ConceptParameters, CultureParameters

Heading = Literal["context", "pitfalls", "opportunities", "regulations"]


class CultureNotes(Document):
    """Under which heading an insight of a topic stands, what traits ask to be swapped, and how manner is named.

    In `swaps` and `manners` the key is `<trait>.<word>`, or `<trait>` for every word, which then fills {word}.
    """

    headings: dict[Topic, Heading]
    swaps: dict[str, Substitution]
    manners: dict[str, ShortLine]
    must_not_say: Line = Field(description="Pitfall for a forbidden word; slot {words}.")
    must_say: Line = Field(description="Regulation for a legal line; slot {line}.")


@cache
def load_culture_notes() -> CultureNotes:
    """`data/culture.yaml`. Raises InvalidInput with every fault."""
    return read_data(CultureNotes, "culture.yaml")


def write_concept(parameters: ConceptParameters) -> Concept:
    """What the spot says, in which order, and what every market has to keep."""
    lines = parameters.source_lines
    structure = (
        beats_by_position(parameters.origin_rows)
        if parameters.origin_rows
        else choose_structure(parameters.duration_s, parameters.seed).beats
    )
    stays = [
        f"Brand: {parameters.brand}",
        f"Product: {parameters.product}",
        *[f"Message: {line}" for line in [lines.message] if line],
        *[f"Call to action: {line}" for line in [lines.call_to_action] if line],
        *[f"Claim: {claim.text} ({claim.evidence})"[:400] for claim in parameters.claims],
        f"Tone: {', '.join(parameters.tone)}",
        "The pictures of the product and their order",
    ]
    changes = [
        "Hook and tension: words and pictures, with the persona",
        "Address, formal or informal, with the market",
        "Establishing shots, with the market",
        "Seconds of a row, with the language",
    ]
    if parameters.origin_rows:
        changes = ["Words, with the market's language"]
    return Concept(
        core_message=lines.message or parameters.product_description,
        structure=structure,
        must_stay=stays,
        may_change=changes,
        brand_voice=parameters.brand_voice,
        tier="draft",
    )


def write_culture(parameters: CultureParameters) -> Culture:
    """The market's insights under headings, and what its traits ask to be shown or said in another way."""
    notes = load_culture_notes()
    under: dict[Heading, list[str]] = {"context": [], "pitfalls": [], "opportunities": [], "regulations": []}
    for insight in parameters.insights:
        under[notes.headings[insight.topic]].append(insight.text)
    pitfalls = list(under["pitfalls"])
    for words in _packed(parameters.must_not_say, room=300):
        pitfalls.append(notes.must_not_say.format(words=words))
    return Culture(
        context=under["context"],
        substitutions=list(_substitutions(parameters, notes)),
        tone=_manners(parameters, notes),
        pitfalls=pitfalls,
        opportunities=under["opportunities"],
        regulations=[*under["regulations"], *[notes.must_say.format(line=line)[:400] for line in parameters.must_say]],
        tier="draft",
    )


def _substitutions(parameters: CultureParameters, notes: CultureNotes) -> list[Substitution]:
    found = []
    for trait, word in sorted(parameters.traits.items()):
        swap = notes.swaps.get(f"{trait}.{word}") or notes.swaps.get(trait)
        if swap:
            found.append(swap.model_copy(update={"use": swap.use.replace("{word}", word)}))
    return found


def _manners(parameters: CultureParameters, notes: CultureNotes) -> list[str]:
    keys = [f"{trait}.{word}" for trait, word in sorted(parameters.traits.items())]
    return [notes.manners[key] for key in keys if key in notes.manners]


def _packed(words: Sequence[str], room: int) -> list[str]:
    """Words joined by commas, in lines of at most `room` characters."""
    lines: list[str] = []
    for word in words:
        if lines and len(lines[-1]) + len(word) + 2 <= room:
            lines[-1] += f", {word}"
        else:
            lines.append(word)
    return lines
