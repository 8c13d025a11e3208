"""Mechanics of languages: where a sentence ends, which quotation marks and decimal marks are at home.

What belongs here: small questions about written text that gates and writers ask. What does not: breaking lines and
reading speed (see `editing.line_breaking` and `editing.cues`), numbers as values (see `gates.numerals`).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from uniseg.sentencebreak import sentences as unicode_sentences

from forge_resources.errors import InvalidInput
from forge_resources.library.locales import decimal_text, quote_marks
from forge_resources.schemas.types import Document, LanguageCode, ShortLine
from forge_resources.writing.data_files import read_data

_BRACKETS = ")]}」』】›"
_OPENING = frozenset("「『【（«„“¿¡")
_QUOTES = frozenset('“”„‟«»「」『』‹›‚"')
_DECIMAL = re.compile(r"(?<![\d.,])\d+([.,\u066b])\d{1,2}(?![\d.,])")


class Abbreviations(Document):
    """`data/abbreviations.yaml`."""

    words: dict[LanguageCode, list[ShortLine]]


@cache
def _abbreviations() -> dict[str, frozenset[str]]:
    words = read_data(Abbreviations, "abbreviations.yaml").words
    return {language: frozenset(word.casefold() for word in listed) for language, listed in words.items()}


def sentences(text: str, language: str) -> list[str]:
    """The sentences of a text, in order and without the space between them.

    By the boundaries of the Unicode standard (UAX #29), less those after an abbreviation of the language and before a
    closing mark that stands apart, as in French.
    """
    closing = _BRACKETS + quote_marks(language)[1] + '"'
    made: list[str] = []
    opened = ""
    for boundary in unicode_sentences(text):
        # Where no space is written, an opening mark is left with the sentence before it.
        bare = boundary.rstrip("".join(_OPENING))
        piece, opened = opened + bare, boundary[len(bare) :]
        if made:
            # A closing mark that stands apart, as in French, belongs to what it closes.
            rest = piece.lstrip(closing + "\u00a0\u202f ")
            marks = piece[: len(piece) - len(rest)] if piece[:1] in closing else ""
            made[-1] += marks
            piece = piece[len(marks) :]
        if made and _is_open(made[-1], language):
            made[-1] += piece
        elif piece:
            made.append(piece)
    return [sentence for piece in made if (sentence := piece.strip())]


def _is_open(piece: str, language: str) -> bool:
    """Whether what ends here is an abbreviation: `Dr.`, `z.B.`, or a single letter with its stop."""
    bare = piece.rstrip()
    if not bare.endswith("."):
        return False
    word = bare[:-1].rsplit(None, 1)[-1:]
    known = _abbreviations().get(language, frozenset())
    return bool(word) and word[0].strip("(„“«\"'").casefold() in known


def foreign_quotes(text: str, code: str) -> str | None:
    """The first quotation mark of another language in a text for the market or language `code`; None where none is.

    Marks of the second level (a quote in a quote) are not looked for; apostrophes are none.
    """
    try:
        at_home = {*quote_marks(code)} | _INNER.get(code.split("-")[0], frozenset())
    except InvalidInput:
        return None
    return next((char for char in text if char in _QUOTES and char not in at_home), None)


_INNER: dict[str, frozenset[str]] = {
    "de": frozenset("‚‘»«"), "fr": frozenset("“”"), "es": frozenset("«»"), "it": frozenset("“”"),
    "nl": frozenset("“”"), "pl": frozenset("«»"), "pt": frozenset("«»"), "ja": frozenset("『』"),
    "zh": frozenset("「」『』《》"), "ar": frozenset("«»"), "hi": frozenset("‘’"), "en": frozenset("‘’"),
}  # fmt: skip
"""What stands inside a quote, and what is common beside the marks of the locale data."""


def foreign_decimal_mark(text: str, code: str) -> str | None:
    """The first number in a text with the decimal mark of another language; None where none is.

    Only what can be nothing else: one or two digits after the mark (1,5 or 2.75), and not a time of day.
    """
    ascii_digits = "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)
    mark = decimal_text(1.5, code)[1]
    for found in _DECIMAL.finditer(ascii_digits):
        hours_and_minutes = found[1] == "." and len(found[0].split(".")[1]) == 2
        if found[1] != mark and not hours_and_minutes:
            return found[0]
    return None
