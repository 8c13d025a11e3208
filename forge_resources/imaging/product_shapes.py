"""Which silhouette a product has, read from its name, its description and its selling points.

What belongs here: looking words up in `data/product_shapes.yaml`. What does not: drawing the shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from pydantic import Field, model_validator

from forge_resources.editing.data_files import read_document
from forge_resources.imaging.lexicon import DATA
from forge_resources.imaging.phrases import Match, Phrasebook, Token, tokens_of
from forge_resources.library.vocabulary import load_vocabulary
from forge_resources.schemas.brand import Product
from forge_resources.schemas.types import Document

DEFAULT_SHAPE = "box"
_ARTICLES = frozenset({"a", "an", "its", "the", "one"})
_ADJECTIVES = 2
"""How many words may stand between the article and what something comes in: `in a small green carton`."""


class ProductShapes(Document):
    """Everyday product words by shape; `until` are the words that end the part of a name that is read.

    `packs` are what goods come in, by shape; only products of those shapes are packed.
    """

    until: Annotated[list[str], Field(min_length=1)]
    packs: dict[str, Annotated[list[str], Field(min_length=1)]]
    shapes: dict[str, Annotated[list[str], Field(min_length=1)]]

    @model_validator(mode="after")
    def _names_each_word_once(self) -> ProductShapes:
        known = set(load_vocabulary().product_shapes)
        if set(self.shapes) != known:
            raise ValueError(f"shapes and the vocabulary differ in {', '.join(sorted(set(self.shapes) ^ known))}")
        if strangers := sorted(set(self.packs) - known):
            raise ValueError(f"packs has {', '.join(strangers)}, which are no shapes")
        words = [word for phrases in self.shapes.values() for word in phrases]
        if repeated := sorted({word for word in words if words.count(word) > 1}):
            raise ValueError(f"listed more than once: {', '.join(repeated)}")
        return self


@dataclass(frozen=True)
class ProductReading:
    """The shape of a product, and the words that stand for it in a text: its name and its noun."""

    shape: str
    words: tuple[str, ...]


@lru_cache(maxsize=1)
def product_shapes() -> ProductShapes:
    """The shapes that come with Forge. Raises InvalidInput with every fault where the file is damaged."""
    return read_document(DATA / "product_shapes.yaml", ProductShapes)


@lru_cache(maxsize=1)
def _book() -> Phrasebook:
    book = Phrasebook()
    for shape, phrases in product_shapes().shapes.items():
        book.add(("shape", shape), phrases, "noun")
    return book


def read_product(product: Product) -> ProductReading:
    """The shape and the words of a product; without any known word, a box that only its name stands for."""
    found = _head(product.name) or _head(product.description)
    for text in (product.description, *product.selling_points):
        found = found or _first(text)
    if not found:
        return ProductReading(DEFAULT_SHAPE, (product.name,))
    shape, noun = found
    if shape in {*product_shapes().packs, "bar"}:
        shape = _pack(product.description) or _pack(product.name) or shape
    return ProductReading(shape, tuple(dict.fromkeys((product.name, noun, noun.split()[-1]))))


def _pack(text: str) -> str | None:
    """The shape of what something comes in, as in `in a carton` or `in its slim can`."""
    words = [token.word for token in tokens_of(text)]
    shapes = {word: shape for shape, packs in product_shapes().packs.items() for word in packs}
    for start, word in enumerate(words[:-2]):
        if word == "in" and words[start + 1] in _ARTICLES:
            reach = words[start + 2 : start + 2 + _ADJECTIVES + 1]
            if found := next((shapes[each] for each in reach if each in shapes), None):
                return found
    return None


def _head(text: str) -> tuple[str, str] | None:
    """The last known word before `for`, `with`, `that` …, as (shape, words)."""
    tokens = tokens_of(text)
    end = next((i for i, token in enumerate(tokens) if i and token.word in product_shapes().until), len(tokens))
    matches = _book().matches(tokens[:end])
    return _named(matches[-1], tokens) if matches else None


def _first(text: str) -> tuple[str, str] | None:
    tokens = tokens_of(text)
    matches = _book().matches(tokens)
    return _named(matches[0], tokens) if matches else None


def _named(match: Match, tokens: Sequence[Token]) -> tuple[str, str]:
    (shape,) = match.values("shape")
    return shape, " ".join(token.word for token in tokens[match.start : match.end])
