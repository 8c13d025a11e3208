"""Numbers in a text, whatever digits, marks and words they are written with.

What belongs here: from text to values. What does not: whether a number may be said (see `claims`).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from forge_resources.writing.forbidden import plain
from forge_resources.writing.gates.gate_data import load_claim_words

_MARKS = ".,'\u2019\u066b\u066c\u00a0\u202f"
_NUMBER = re.compile(rf"\d+(?:[{re.escape(_MARKS)} ]\d+)*")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True)
class Numeral:
    """A number as it is written, and the values it may stand for: 1.800 is 1800 here and 1.8 there."""

    written: str
    values: frozenset[float]


def numerals(text: str, language: str = "") -> list[Numeral]:
    """The numbers of a text in order: digits of any writing, and the number words of `language` that its data has."""
    digits = "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)
    found = [Numeral(text[match.start() : match.end()], _values(match.group())) for match in _NUMBER.finditer(digits)]
    return [*found, *_in_words(text, language)]


def _values(written: str) -> frozenset[float]:
    groups = re.split(rf"[{re.escape(_MARKS)} ]", written)
    if len(groups) == 1:
        return frozenset({float(written)})
    values = set()
    if all(len(group) == 3 for group in groups[1:]):
        values.add(float("".join(groups)))
    # The last mark may be the decimal one, those before it group digits.
    values.add(float(f"{''.join(groups[:-1])}.{groups[-1]}"))
    if " " in written:
        # Two numbers side by side: each counts.
        values |= {float(group) for group in groups}
    return frozenset(values)


def _in_words(text: str, language: str) -> list[Numeral]:
    data = load_claim_words(language)
    if data is None:
        return []
    compared = plain(text)
    found = []
    for word, value in data.numbers.items():
        wanted = re.escape(plain(word))
        pattern = wanted if _UNSPACED.search(word) else rf"(?<!\w){wanted}(?!\w)"
        if re.search(pattern, compared):
            found.append(Numeral(word, frozenset({value})))
    return found
