"""The language of papers: those that are written in English for everybody have to be.

What belongs here: concepts, culture papers, reviews and descriptions. What does not: scripts, whose fields are in two
languages and whose gates name the row (see `gates.languages`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from forge_resources.schemas.types import Document
from forge_resources.schemas.writing import WritingNode
from forge_resources.writing.chat.replies import ReplyFault
from forge_resources.writing.gates.languages import other_language

_IN_ENGLISH: dict[WritingNode, frozenset[str]] = {
    "concept": frozenset({"core_message", "beats", "must_stay", "may_change", "brand_voice"}),
    "culture": frozenset({"context", "reason", "tone", "pitfalls", "opportunities", "regulations"}),
    "review": frozenset({"problem"}),
    "enhancement": frozenset({"description"}),
}
"""The fields that are prose in English; what may quote the market (substitutes, suggestions) is left out."""
_LETTERS_TO_TELL_BY = 40
_SHARE_OF_LETTERS = 0.8


def check_language(node: WritingNode, paper: Document) -> None:
    """Raises ReplyFault where a paper is surely in another language than English."""
    text = " ".join(_prose(paper.model_dump(mode="json"), _IN_ENGLISH.get(node, frozenset())))
    marks = [char for char in text if not char.isspace()]
    letters = sum(char.isalpha() for char in marks)
    # Signs and figures are no language, and the identifier would name one all the same.
    if letters < _LETTERS_TO_TELL_BY or letters < _SHARE_OF_LETTERS * len(marks):
        return
    if found := other_language(text, "en"):
        raise ReplyFault("language", f"The reply is in {found}; everything in it has to be in English.")


def _prose(value: Any, wanted: frozenset[str]) -> Iterator[str]:
    """The texts under the wanted fields, at any depth."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner) if name in wanted and not _holds_records(inner) else _prose(inner, wanted)
    elif isinstance(value, list):
        for inner in value:
            yield from _prose(inner, wanted)


def _holds_records(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(one, dict) for one in value)


def _texts(value: Any) -> Iterator[str]:
    yield from value if isinstance(value, list) else [str(value)]
