"""What an English description of a shot says about the picture: camera, place, hour, light, people, things, product.

What belongs here: reading one sentence or a few with the lexicon. What does not: deciding what is not said (see
`storyboard`), or which phrases mean what (see `data/lexicon.yaml`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from forge_resources.imaging.casting import Person, read_people
from forge_resources.imaging.lexicon import lexicon
from forge_resources.imaging.phrases import Match, Phrasebook, Token, folded, tokens_of

Mention = Literal["nothing", "product", "denied"]

# How many words a negation reaches ("without a single phone"), and how far from the product a word speaks of it.
_NEGATION_REACH = 3
_PRODUCT_REACH = 4
_CLOCK = re.compile(r"\b(\d{1,2})(?:[:.](\d\d))?\s*(a\.?\s?m\b|p\.?\s?m\b|o'clock\b)|\b([01]?\d|2[0-3]):([0-5]\d)\b")


@dataclass(frozen=True)
class VisualReading:
    """What a text says; None is unsaid. `people` None says nothing of people, empty says that there are none.

    `loose_poses` are things done by nobody in particular ("sleeping at noon"). `product_state` is a word of the
    vocabulary or None.
    """

    size: str | None
    angle: str | None
    move: str | None
    setting: str | None
    time_of_day: str | None
    light: str | None
    people: tuple[Person, ...] | None
    loose_poses: tuple[str, ...]
    props: tuple[str, ...]
    mention: Mention
    product_state: str | None


def read_visual(text: str, product_words: tuple[str, ...]) -> VisualReading:
    """Reads `text`. `product_words` are the phrases that stand for the product, its name first."""
    tokens = tokens_of(text)
    matches = [match for match in _book(product_words).matches(tokens) if not match.values("idiom")]
    said = [match for match in matches if not is_negated(match, tokens)]
    props = [match for match in said if match.values("prop") and not match.values("product")]
    people, loose_poses = read_people(tokens, matches, said)
    mention, state = _product(tokens, matches, said)
    return VisualReading(
        size=_first(said, "size"),
        angle=_first(said, "angle"),
        move=_first(said, "move"),
        setting=_first(said, "setting") or _first(said, "setting-sign"),
        time_of_day=_clock(text) or _first(said, "time"),
        light=_first(said, "light"),
        people=people,
        loose_poses=loose_poses,
        props=tuple(dict.fromkeys(match.values("prop")[0] for match in props))[:8],
        mention=mention,
        product_state=state,
    )


@lru_cache(maxsize=64)
def _book(product_words: tuple[str, ...]) -> Phrasebook:
    book = lexicon().phrasebook()
    book.add(("product", "named"), product_words, "noun")
    return book


def _first(matches: Sequence[Match], category: str) -> str | None:
    return next((values[0] for match in matches if (values := match.values(category))), None)


def is_negated(match: Match, tokens: Sequence[Token]) -> bool:
    """Whether a negation stands shortly before the match, in its clause."""
    negations = lexicon().negations
    before = tokens[max(0, match.start - _NEGATION_REACH) : match.start]
    return any(token.word in negations and token.clause == tokens[match.start].clause for token in before)


def _clock(text: str) -> str | None:
    found = _CLOCK.search(folded(text))
    if not found:
        return None
    hour = int(found[1] or found[4])
    if found[3] and found[3].startswith("p") and hour < 12:
        hour += 12
    if found[3] and found[3].startswith("a") and hour == 12:
        hour = 0
    hours = lexicon().hours
    return hours[max(start for start in hours if start <= hour)] if hour < 24 else None


def _product(tokens: Sequence[Token], matches: Sequence[Match], said: Sequence[Match]) -> tuple[Mention, str | None]:
    named = [match for match in matches if match.values("product")]
    if not named:
        return "nothing", None
    shown = [match for match in named if match in said]
    if not shown:
        return "denied", "absent"
    words = [(match, state) for match in said for state in match.values("product-state")]
    states = {state for match, state in words if any(_speaks_of(match, state, product, tokens) for product in shown)}
    return "product", next(
        (state for state in ("absent", "hero", "background", "held", "placed") if state in states), None
    )


def _speaks_of(match: Match, state: str, product: Match, tokens: Sequence[Token]) -> bool:
    """Whether a word of state belongs to the product: holding comes before it, standing after it."""
    if tokens[match.start].sentence != tokens[product.start].sentence:
        return False
    if state in ("hero", "absent"):
        return True
    if state == "held":
        return 0 <= product.start - match.end <= _PRODUCT_REACH or match.values("product-state") == ["held", "placed"]
    return 0 <= match.start - product.end < _PRODUCT_REACH
