"""Findings on a cell's copy and script that code can decide.

What belongs here: whether the lines exist, fit and are allowed. What does not: taste, or the writing itself.
"""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction

from forge_resources.findings import Finding
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.script import BEATS, Script

SPOKEN_FASTER_AT_MOST = 1.35
"""How much faster than the comfortable rate a voice may speak before it sounds rushed."""

_DRAMATIC_ORDER = {beat: place for place, beat in enumerate(BEATS)}


def timing_findings(script: Script, brief: CellBrief) -> list[Finding]:
    """Rows out of order, seconds that do not add up, lines too long for their shot."""
    findings = []
    wanted = Fraction(brief.market_brief.duration_s)
    if script.duration_s != wanted:
        findings.append(Finding("rows", f"last {float(script.duration_s):g} s in all, {float(wanted):g} s wanted"))
    if [row.shot for row in script.rows] != list(range(1, len(script.rows) + 1)):
        findings.append(Finding("rows", "are not numbered 1, 2, 3 … in order"))
    places = [_DRAMATIC_ORDER[row.beat] for row in script.rows]
    if brief.market_brief.origin is None and places != sorted(places):
        findings.append(Finding("rows", f"leave the order {' → '.join(BEATS)}"))
    rate = brief.market_brief.market.language.speech_rate_cps
    for row in script.rows:
        longest = float(row.duration_s) * rate * SPOKEN_FASTER_AT_MOST
        if row.voice_over and len(row.voice_over) > longest:
            findings.append(
                Finding(
                    f"row {row.shot} voice-over",
                    f"{len(row.voice_over)} characters cannot be spoken in {float(row.duration_s):g} s; "
                    f"shorten it to {int(longest)}",
                )
            )
    return findings


def wording_findings(script: Script, brief: CellBrief) -> list[Finding]:
    """Words that brief, brand or market forbid, in voice-over or super."""
    forbidden = [(word, _pattern(word)) for word in brief.market_brief.must_not_say]
    return [
        Finding(f"row {row.shot} {place}", f"says “{word}”, which must not be said")
        for row in script.rows
        for place, text in (("voice-over", row.voice_over), ("super", row.super))
        for word, pattern in forbidden
        if text and pattern.search(text)
    ]


_JOINTS = re.compile(r"[\s\-\u2010\u2011]+")
_APOSTROPHE = re.compile(r"['’]")
_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "THAI", "ARABIC", "HEBREW")
"""Scripts (by the names of their characters) that write without spaces, or join particles to the front of a word."""


def _pattern(word: str) -> re.Pattern[str]:
    """The word at the start of a word of the text, so that inflected endings are found too.

    Case does not matter, nor whether parts are joined by spaces or hyphens, nor which apostrophe is written.
    """
    parts = [part for part in _JOINTS.split(word) if part] or [word]
    spaced = _JOINTS.pattern.join(re.escape(part) for part in parts)
    start = "" if unicodedata.name(word[0], "").startswith(_UNSPACED) else r"(?<!\w)"
    return re.compile(start + _APOSTROPHE.sub(_APOSTROPHE.pattern, spaced), re.IGNORECASE)
