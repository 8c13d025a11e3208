"""The gate on languages: every field in its own, and a gloss wherever a reader of English needs one.

What belongs here: the bundled identifier and what its probabilities mean. What does not: any other wording.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from threading import Lock
from typing import Any

from forge_resources.findings import Finding, GateReport
from forge_resources.library.locales import language_name, quote_marks
from forge_resources.writing.gates.examination import Examination, Field
from forge_resources.writing.gates.gate_data import load_limits
from forge_resources.writing.mechanics import foreign_decimal_mark, foreign_quotes, sentences

_WRITING: dict[str, tuple[str, ...]] = {
    "ar": ("ARABIC",), "fa": ("ARABIC",), "ur": ("ARABIC",), "he": ("HEBREW",), "hi": ("DEVANAGARI",),
    "mr": ("DEVANAGARI",), "ne": ("DEVANAGARI",), "bn": ("BENGALI",), "ta": ("TAMIL",), "te": ("TELUGU",),
    "th": ("THAI",), "ko": ("HANGUL", "CJK"), "ja": ("HIRAGANA", "KATAKANA", "CJK", "FULLWIDTH", "HALFWIDTH"),
    "zh": ("CJK",), "ru": ("CYRILLIC",), "uk": ("CYRILLIC",), "bg": ("CYRILLIC",), "sr": ("CYRILLIC", "LATIN"),
    "el": ("GREEK",),
}  # fmt: skip
"""How languages are written, by the names of their characters; the others are in Latin letters."""
_UNSPACED = frozenset({"ja", "zh", "ko", "th"})
_HAN_ONLY_SAYS_NOTHING = 8
"""A Japanese line without kana could be Chinese; only a long one is taken to be."""


def languages(seen: Examination) -> GateReport:
    """Fields in another language or another writing than theirs, and glosses that are missing."""
    findings = []
    checked = 0
    for field in [*seen.spoken_and_shown(), *seen.in_english()]:
        verdict = _other_language(field, seen)
        checked += 1
        if verdict:
            findings.append(Finding(field.place, f"is in {verdict}, not in {language_name(field.language)}"))
    if not findings:
        findings += _as_a_whole(seen)
    findings += _glosses(seen)
    findings += _typography(seen)
    return GateReport(tuple(findings), {"fields": checked, "language": language_name(seen.language)})


def _other_language(field: Field, seen: Examination) -> str | None:
    """The name of the language or writing a field is in, where that is surely not its own."""
    # What the brief says itself is what its author wants said in this market.
    text = field.text if field.language != seen.language else seen.written_anew(field.text)
    text = seen.without_names(text)
    # A sentence of another language can hide in a line that is, as a whole, in its own.
    parts = [text, *sentences(text, field.language)]
    return next((found for part in parts if (found := other_language(part, field.language))), None)


def other_language(text: str, language: str) -> str | None:
    """What `text` is in, in English, where that is surely not `language` (a code); None where it may be.

    Short texts, and languages that the identifier does not know, are judged by their writing alone.
    """
    limits = load_limits()
    letters = [char for char in text if char.isalpha()]
    if not letters:
        return None
    own = _WRITING.get(language, ("LATIN",))
    in_own = sum(unicodedata.name(char, "").startswith(own) for char in letters)
    enough = limits.language_letters_unspaced if language in _UNSPACED else limits.language_letters
    if in_own / len(letters) < limits.language_writing_share and len(letters) >= limits.language_letters_unspaced:
        return "another writing"
    if len(letters) < enough or language not in _candidates():
        return None
    with _ranking:
        ranked = [(str(code), float(share)) for code, share in _identifier().rank(text)]
    best, share = ranked[0]
    if best == language or share < limits.language_other_above or dict(ranked)[language] >= limits.language_own_below:
        return None
    if language == "ja" and best == "zh" and len(letters) < _HAN_ONLY_SAYS_NOTHING:
        return None
    return language_name(best)


def _as_a_whole(seen: Examination) -> list[Finding]:
    """Lines too short to tell one by one can be told together."""
    lines = " ".join(seen.written_anew(field.text) for field in seen.spoken_and_shown())
    found = other_language(lines, seen.language)
    return [Finding("script", f"is in {found}, not in {language_name(seen.language)}")] if found else []


def _glosses(seen: Examination) -> list[Finding]:
    if seen.language == "en":
        return []
    findings = []
    for field in seen.spoken_and_shown():
        gloss = field.row.super_gloss if field.place.endswith("super") else field.row.voice_over_gloss
        if gloss or not any(char.isalpha() for char in seen.written_anew(field.text)):
            continue  # The brief's own lines and bare names need none.
        findings.append(Finding(field.place, "has no English gloss"))
    return findings


def _typography(seen: Examination) -> list[Finding]:
    """Marks that are at home elsewhere. Minor: a reader stumbles, and nothing false is said."""
    market = seen.market.market.market.code
    findings = []
    for field in seen.spoken_and_shown():
        text = seen.written_anew(field.text)
        if mark := foreign_quotes(text, market):
            own = " ".join(quote_marks(market))
            findings.append(Finding(field.place, f"has the quotation mark {mark} where {own} are used", "minor"))
        if number := foreign_decimal_mark(text, market):
            findings.append(Finding(field.place, f"writes {number} with a decimal mark of another language", "minor"))
    return findings


@cache
def _candidates() -> frozenset[str]:
    return frozenset(load_limits().language_candidates)


_ranking = Lock()


@cache
def _identifier() -> Any:
    """py3langid with its bundled model. It is loaded on first use (about a second)."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 -- 5 MB that most commands do not need

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(sorted(_candidates()))
    return identifier
