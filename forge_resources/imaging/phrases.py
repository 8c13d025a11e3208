"""Finding known phrases in an English sentence: whole words, the longest first, singular or plural, any tense.

What belongs here: words, their forms, and matching. What does not: what a phrase means (see `visual_reading` and
`product_shapes`) or which there are (see the data files).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Meaning: TypeAlias = tuple[str, str]
"""What a phrase stands for: a category such as `props`, and a word of it such as `mug`."""

Inflection: TypeAlias = Literal["noun", "verb", "both", "none"]

_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?|[.!?;:,&]")
_SENTENCE_ENDS = ".!?;"
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'"})


@dataclass(frozen=True)
class Token:
    """A word in lower case, with the number of its sentence and clause. `possessive` words have lost their `'s`."""

    word: str
    sentence: int
    clause: int
    possessive: bool = False


@dataclass(frozen=True)
class Match:
    """A phrase found at tokens `start` to `end` (exclusive), with all that it may mean."""

    start: int
    end: int
    meanings: frozenset[Meaning]
    plural: bool

    def values(self, category: str) -> list[str]:
        """The words of `category` that the phrase may mean."""
        return sorted(value for its_category, value in self.meanings if its_category == category)


def folded(text: str) -> str:
    """`text` in lower case, without accents, with plain apostrophes."""
    bare = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES))
    return "".join(char for char in bare if not unicodedata.combining(char)).lower()


def tokens_of(text: str) -> list[Token]:
    """The words of `text`; punctuation ends clauses, and full stops end sentences."""
    tokens: list[Token] = []
    sentence = clause = 0
    for word in _WORD.findall(folded(text)):
        if not word[0].isalnum() and word != "&":
            clause += 1
            sentence += word in _SENTENCE_ENDS
            continue
        possessive = word.endswith("'s") and word not in _CONTRACTED
        tokens.append(Token(word.removesuffix("'s") if possessive else word, sentence, clause, possessive))
    return tokens


_CONTRACTED = frozenset({"it's", "she's", "he's", "that's", "there's", "what's", "who's", "let's", "here's"})


def plurals(word: str) -> set[str]:
    """The regular plural of a noun."""
    if re.search(r"(s|x|z|ch|sh)$", word):
        return {word + "es"}
    if re.search(r"[^aeiou]y$", word):
        return {word[:-1] + "ies"}
    return {word + "s"}


def verb_forms(word: str) -> set[str]:
    """The regular forms of a verb: third person, -ing and -ed, with and without a doubled consonant."""
    stem = word[:-1] if word.endswith("e") and not word.endswith("ee") else word
    forms = {*plurals(word), stem + "ing", stem + "ed"}
    if re.search(r"[^aeiou][aeiou][bdgklmnprtvz]$", word):
        forms |= {word + word[-1] + "ing", word + word[-1] + "ed"}
    if re.search(r"[^aeiou]y$", word):
        forms |= {word[:-1] + "ied"}
    if word.endswith("ie"):
        forms |= {word[:-2] + "ying"}
    return forms


@dataclass
class Phrasebook:
    """Phrases and what they mean. Words in `articles` may stand between the words of a phrase, in data and in text."""

    articles: frozenset[str] = frozenset()
    irregular: Mapping[str, Sequence[str]] = field(default_factory=dict)
    _meanings: dict[tuple[str, ...], set[Meaning]] = field(default_factory=dict)
    _plurals: set[tuple[str, ...]] = field(default_factory=set)
    _longest: int = 0

    def add(self, meaning: Meaning, phrases: Iterable[str], inflection: Inflection) -> None:
        """Teaches the phrases of one meaning, with the last word inflected as a noun or the first as a verb."""
        for phrase in phrases:
            words = [token.word + ("'s" if token.possessive else "") for token in tokens_of(phrase)]
            words = words[:1] + [word for word in words[1:] if word not in self.articles]
            self._learn(tuple(words), meaning)
            if inflection in ("noun", "both"):
                for form in self._forms(words[-1], plurals):
                    self._learn((*words[:-1], form), meaning)
                    self._plurals.add((*words[:-1], form))
            if inflection in ("verb", "both"):
                for form in self._forms(words[0], verb_forms):
                    self._learn((form, *words[1:]), meaning)

    def _forms(self, word: str, regular: Callable[[str], set[str]]) -> set[str]:
        return {*self.irregular.get(word, ()), *regular(word)}

    def _learn(self, words: tuple[str, ...], meaning: Meaning) -> None:
        self._meanings.setdefault(words, set()).add(meaning)
        self._longest = max(self._longest, len(words))

    def matches(self, tokens: Sequence[Token]) -> list[Match]:
        """The phrases in `tokens` from left to right, without overlap, each the longest that begins where it does."""
        found: list[Match] = []
        at = 0
        while at < len(tokens):
            match = self._longest_at(tokens, at)
            if match:
                found.append(match)
            at = match.end if match else at + 1
        return found

    def _longest_at(self, tokens: Sequence[Token], start: int) -> Match | None:
        words: list[str] = []
        best: Match | None = None
        for index in range(start, len(tokens)):
            token = tokens[index]
            if words and (token.word in self.articles or token.sentence != tokens[start].sentence):
                if token.sentence != tokens[start].sentence:
                    break
                continue
            # Inside a phrase the possessive stands ("driver's seat"); at its end it is a mark of the token.
            key = (*words, token.word)
            if key in self._meanings:
                best = Match(start, index + 1, frozenset(self._meanings[key]), key in self._plurals)
            words.append(token.word + ("'s" if token.possessive else ""))
            if len(words) == self._longest:
                break
        return best
