"""Finding words in a text in whatever form they are written: inflected, hyphenated, joined or spaced out.

What belongs here: the matcher that the draft writer and the gates share. What does not: which words are forbidden.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

STEMMERS = {
    "ar": "arabic", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
    "fi": "finnish", "fr": "french", "hi": "hindi", "hu": "hungarian", "id": "indonesian", "it": "italian",
    "nb": "norwegian", "nl": "dutch", "no": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian",
    "ru": "russian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip
"""Snowball's algorithm by language; the others inflect little or are matched by letters alone."""

_SHORTEST_STEM = 4
_SHORTER_AT_MOST = 2
_LETTERS_THAT_CAN_BE_SPACED_OUT = 4
_JOINTS = r"[\s\-_\u2010\u2011\u00b7]*"
_GAPS = r"[\s\-_.*\u00b7\u2022]{1,3}"
_APOSTROPHES = "['\u2019\u02bc]"
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "THAI", "ARABIC", "HEBREW")
"""Scripts (by the names of their characters) that write without spaces, or join particles to the front of a word."""


def plain(text: str) -> str:
    """Text as it is compared: one form per letter and width, lower case, without joiners, vowel signs or tatweel."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(
        char
        for char in folded
        if char != "\u0640"
        and unicodedata.category(char) != "Cf"
        and not (unicodedata.category(char) == "Mn" and "\u0600" <= char <= "\u06ff")
    )


def find_word(word: str, text: str, language: str = "") -> str | None:
    """The form in which `word` (one or more words) stands in `text`, as compared (see `plain`); None where it does not.

    Counted as forms: longer words that begin with it, other spellings of joints and apostrophes, letters set apart, and
    with a `language` other inflections.
    """
    compared = plain(text)
    for pattern in _patterns(word):
        if found := pattern.search(compared):
            return found.group().strip()
    return _inflected(word, compared, language) if language in STEMMERS else None


def first_found(words: Iterable[str], text: str, language: str = "") -> str | None:
    """The first of `words` that stands in `text` in some form; None where none does."""
    return next((word for word in words if find_word(word, text, language)), None)


@lru_cache(maxsize=4096)
def _patterns(word: str) -> tuple[re.Pattern[str], ...]:
    compared = plain(word).strip()
    parts = [part for part in re.split(r"[\s\-\u2010\u2011]+", compared) if part] or [compared]
    start = "" if unicodedata.name(compared[:1] or " ", "").startswith(_UNSPACED) else r"(?<!\w)"
    joined = _JOINTS.join(_spelled(part) for part in parts)
    patterns = [re.compile(start + joined)]
    letters = [char for char in compared if char.isalnum()]
    if len(letters) >= _LETTERS_THAT_CAN_BE_SPACED_OUT:
        patterns.append(re.compile(r"(?<!\w)" + _GAPS.join(re.escape(char) for char in letters) + r"(?!\w)"))
    return tuple(patterns)


def _spelled(part: str) -> str:
    return re.sub("['\u2019\u02bc]", _APOSTROPHES, re.escape(part))


def _inflected(word: str, compared: str, language: str) -> str | None:
    wanted = [_stem(found.group(), language) for found in _WORD.finditer(plain(word))]
    if not wanted or max(len(stem) for stem in wanted) < _SHORTEST_STEM:
        return None
    words = [found.group() for found in _WORD.finditer(compared)]
    stems = [_stem(one, language) for one in words]
    for start in range(len(stems) - len(wanted) + 1):
        said = " ".join(words[start : start + len(wanted)])
        # A form that is much shorter is another degree: who forbids "cheapest" does not forbid "cheap".
        if stems[start : start + len(wanted)] == wanted and len(said) >= len(plain(word)) - _SHORTER_AT_MOST:
            return said
    return None


@lru_cache(maxsize=65536)
def _stem(word: str, language: str) -> str:
    return str(_stemmer(language).stemWord(word))


@lru_cache(maxsize=32)
def _stemmer(language: str) -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer(STEMMERS[language])
