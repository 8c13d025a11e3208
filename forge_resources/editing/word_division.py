"""What a language knows of its words: where phrases end in a text without spaces, where a word may be hyphenated.

What belongs here: asking BudouX and the hyphenation patterns, as `data/line_breaking.yaml` says. What does not: which
break is taken (see `line_breaking`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Any, Literal

import budoux
import pyphen
from pydantic import Field, field_validator

from forge_resources.editing.data_files import read_data
from forge_resources.schemas.types import Document, LanguageCode

SOFT_HYPHEN = "\u00ad"
_WORD = re.compile(r"[^\W\d_]+")

PhraseModel = Literal["ja", "zh-hans", "zh-hant", "th"]


class Hyphenation(Document):
    """`fewest` letters stay before and behind a hyphen; shorter words than `longest_whole` are never divided."""

    dictionary: Annotated[str, Field(min_length=2, max_length=10)]
    fewest: Annotated[int, Field(ge=2, le=6)]
    longest_whole: Annotated[int, Field(ge=5, le=30)]

    @field_validator("dictionary")
    @classmethod
    def _exists(cls, name: str) -> str:
        if name not in pyphen.LANGUAGES:
            raise ValueError(f"there are no hyphenation patterns `{name}`")
        return name


class DivisionRules(Document):
    """The contract of `data/line_breaking.yaml`."""

    phrases: dict[LanguageCode, PhraseModel]
    hyphenate: dict[LanguageCode, Hyphenation]


@lru_cache(maxsize=1)
def division_rules() -> DivisionRules:
    """The rules that come with Forge."""
    return read_data("line_breaking.yaml", DivisionRules)


def has_phrases(language: str) -> bool:
    """Whether a model knows where phrases of the language end."""
    return language in division_rules().phrases


def phrase_ends(text: str, language: str) -> frozenset[int]:
    """The places in `text` (an index before which one may break) where a phrase ends; none for other languages."""
    model = division_rules().phrases.get(language)
    if model is None:
        return frozenset()
    ends, at = set(), 0
    for phrase in _parser(model).parse(text):
        at += len(phrase)
        ends.add(at)
    return frozenset(ends - {len(text)})


def hyphenated(text: str, language: str) -> str:
    """The text with soft hyphens in its long words, where the language divides words and none are there yet."""
    rules = division_rules().hyphenate.get(language)
    if rules is None:
        return text
    patterns = _patterns(rules.dictionary, rules.fewest)

    def divided(match: re.Match[str]) -> str:
        word = match[0]
        # A name in capitals is not divided, and a word that its author has divided is left alone.
        if len(word) < rules.longest_whole or word.isupper():
            return word
        inserted: str = patterns.inserted(word, hyphen=SOFT_HYPHEN)
        return inserted

    return " ".join(part if SOFT_HYPHEN in part else _WORD.sub(divided, part) for part in text.split(" "))


@lru_cache(maxsize=8)
def _patterns(dictionary: str, fewest: int) -> Any:
    return pyphen.Pyphen(lang=dictionary, left=fewest, right=fewest)


@lru_cache(maxsize=4)
def _parser(model: PhraseModel) -> Any:
    match model:
        case "ja":
            return budoux.load_default_japanese_parser()
        case "zh-hans":
            return budoux.load_default_simplified_chinese_parser()
        case "zh-hant":
            return budoux.load_default_traditional_chinese_parser()
        case "th":
            return budoux.load_default_thai_parser()
