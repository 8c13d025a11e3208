"""The closed vocabulary that library, writing and imaging share: what can be drawn, and the traits engines read.

What belongs here: its contract, its checks and reading it. What does not: how a word is drawn (see `imaging`).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from forge_resources.briefs.strict_yaml import parse_yaml
from forge_resources.errors import Fault, InvalidInput
from forge_resources.library.validation import faults_of, nearest_names
from forge_resources.schemas.types import Document, Slug

FILE = "vocabulary.yaml"
DATA = Path(__file__).parent / "data"

# A trait whose words are drawn: every word of it is a word of the list it draws on. A companion may also be none.
_DRAWN = {
    "skyline": "details",
    "window": "details",
    "role": "roles",
    "companion": "roles",
    "home": "settings",
    "out": "settings",
    "hour": "times_of_day",
    "prop": "props",
}


class Vocabulary(Document):
    """Lists of words by what they are for; `traits` has the words that each trait may take."""

    settings: list[Slug]
    times_of_day: list[Slug]
    lights: list[Slug]
    roles: list[Slug]
    poses: list[Slug]
    props: list[Slug]
    product_states: list[Slug]
    product_shapes: list[Slug]
    details: list[Slug]
    traits: dict[str, list[Slug]]

    def trait_faults(self, traits: dict[str, str], place: str) -> Iterator[Fault]:
        """What is wrong with the traits of an entry at `place`, each with the nearest words that are right."""
        for trait, word in traits.items():
            if trait not in self.traits:
                near = nearest_names(trait, self.traits) or sorted(self.traits)
                yield Fault(f"{place}.traits.{trait}", f"there is no trait `{trait}`; known: {', '.join(near)}")
            elif word not in self.traits[trait]:
                near = nearest_names(word, self.traits[trait]) or self.traits[trait]
                yield Fault(f"{place}.traits.{trait}", f"`{word}` is not in the vocabulary; known: {', '.join(near)}")


@lru_cache(maxsize=1)
def load_vocabulary() -> Vocabulary:
    """The vocabulary. Raises InvalidInput with every fault where the file is damaged."""
    value: Any = parse_yaml((DATA / FILE).read_text(encoding="utf-8"), where=FILE)
    return checked_vocabulary(value)


def checked_vocabulary(value: Any) -> Vocabulary:
    """The vocabulary written as plain values. Raises InvalidInput with every fault."""
    try:
        vocabulary = Vocabulary.model_validate(value)
    except ValidationError as error:
        raise InvalidInput("The vocabulary is faulty.", faults=faults_of(error, FILE, Vocabulary)) from None
    if faults := list(_inner_faults(vocabulary)):
        raise InvalidInput("The vocabulary is faulty.", faults=faults)
    return vocabulary


def _inner_faults(vocabulary: Vocabulary) -> Iterator[Fault]:
    lists: dict[str, list[str]] = {
        name: getattr(vocabulary, name) for name in Vocabulary.model_fields if name != "traits"
    }
    lists |= {f"traits.{trait}": words for trait, words in vocabulary.traits.items()}
    for name, words in lists.items():
        for word in sorted({word for word in words if words.count(word) > 1}):
            yield Fault(f"{FILE}: {name}", f"`{word}` is listed twice")
    for trait, source in _DRAWN.items():
        for word in vocabulary.traits.get(trait, []):
            if word not in lists[source] and not (trait == "companion" and word == "none"):
                yield Fault(f"{FILE}: traits.{trait}", f"`{word}` is not in {source}")
