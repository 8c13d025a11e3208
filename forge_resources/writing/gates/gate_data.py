"""The data of the gates on scripts: limits, and the words of each language that make a claim.

What belongs here: the contracts of `writing/data/gates`, and loading them. What does not: any gate.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache
from typing import Annotated

from pydantic import Field, field_validator

from forge_resources.schemas.types import Document, ExactRational, LanguageCode, ShortLine
from forge_resources.writing.data_files import DATA, read_data

Share = Annotated[float, Field(gt=0, lt=1)]


class Limits(Document):
    """Where the gates draw the line; the data file says what each means."""

    spoken_faster_at_most: Annotated[float, Field(ge=1, le=2)]
    super_lost_s: ExactRational
    super_shortest_s: ExactRational
    super_faster_at_most: Annotated[float, Field(ge=1, le=2)]
    language_own_below: Share
    language_other_above: Share
    language_letters: Annotated[int, Field(ge=1)]
    language_letters_unspaced: Annotated[int, Field(ge=1)]
    language_writing_share: Share
    language_candidates: list[LanguageCode]
    name_alike: Share
    legal_alike: Share


class ClaimWords(Document):
    """What makes a claim in one language.

    `superlatives` are regular expressions whose group `word` is what is said; `exceptions` are words that only look
    like one. `proof` are words that say something was tested or awarded. `numbers` are numerals in words.
    """

    superlatives: list[str]
    exceptions: list[ShortLine]
    proof: list[ShortLine]
    numbers: dict[ShortLine, float]

    @field_validator("superlatives")
    @classmethod
    def _are_patterns(cls, patterns: list[str]) -> list[str]:
        for pattern in patterns:
            try:
                compiled = re.compile(pattern)
            except re.error as error:
                raise ValueError(f"`{pattern}` is no regular expression: {error}") from None
            if "word" not in compiled.groupindex:
                raise ValueError(f"`{pattern}` has no group named `word`")
        return patterns


@cache
def load_limits() -> Limits:
    """`data/gates/limits.yaml`. Raises InvalidInput with every fault."""
    return read_data(Limits, "gates/limits.yaml")


@cache
def load_claim_words(language: str) -> ClaimWords | None:
    """`data/gates/words/<language>.yaml`, or None where a language has none. Raises InvalidInput with every fault."""
    if not (DATA / "gates" / "words" / f"{language}.yaml").is_file():
        return None
    return read_data(ClaimWords, f"gates/words/{language}.yaml")


@cache
def superlatives(language: str) -> tuple[re.Pattern[str], ...]:
    """The compiled patterns of a language; none where it has no data."""
    words = load_claim_words(language)
    return tuple(re.compile(pattern, re.IGNORECASE | re.MULTILINE) for pattern in words.superlatives) if words else ()


def seconds(value: Fraction) -> float:
    """Seconds as the UI and messages show them."""
    return round(float(value), 2)
