"""The gate on names: product and brand are called what they are called, in every language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from forge_resources.findings import Finding, GateReport
from forge_resources.writing.forbidden import plain
from forge_resources.writing.gates.examination import Examination, Field
from forge_resources.writing.gates.gate_data import load_limits

_WORD = re.compile(r"[^\W_]+(?:['\u2019\-\u2011][^\W_]+)*")
_LETTER = "[A-Za-z\u00c0-\u024f]"
"""Particles of other writings stand at a name without a space (Lumenの朝); Latin letters make it another word."""
_SHORTEST_SINGLE_NAME = 5


def names(seen: Examination) -> GateReport:
    """Names that are spelt, joined, translated or cut in another way, and spots that name neither brand nor product."""
    findings = [finding for field in seen.spoken_and_shown() for finding in _spoilt(field, seen)]
    said = sum(field.text.count(name) for field in seen.spoken_and_shown() for name in set(seen.names))
    written_anew = seen.market.origin is None
    if not said and written_anew and not findings:
        # The end card shows both, so that this alone stops no spot.
        findings.append(Finding("script", f"names neither {' nor '.join(seen.names)}", severity="minor"))
    return GateReport(tuple(findings), {"names said or shown": said})


def _spoilt(field: Field, seen: Examination) -> Iterator[Finding]:
    text = field.text
    # What is intact is looked at no more; a capital-letter setting of a super is intact too.
    for name in seen.names:
        text = re.sub(rf"(?<!{_LETTER})(?:{re.escape(name)}|{re.escape(name.upper())})(?!{_LETTER})", " ", text)
    for line in seen.own_lines:
        if line not in seen.names:
            text = text.replace(line, " ")
    for name in seen.names:
        if found := _like(name, text):
            yield Finding(field.place, f"says “{found}” for {name}; a name stays as it is in every language")


def _like(name: str, text: str) -> str | None:
    """A run of words that is nearly the name, and is not it."""
    words = list(_WORD.finditer(text))
    wanted = len(name.split())
    compared = plain(name)
    for length in {wanted, max(1, wanted - 1), wanted + 1}:
        for start in range(len(words) - length + 1):
            run = text[words[start].start() : words[start + length - 1].end()]
            if _is_like(compared, run, single=wanted == 1 and length == 1):
                return run
    return None


def _is_like(name: str, run: str, *, single: bool) -> bool:
    if single and (len(name) < _SHORTEST_SINGLE_NAME or not run[0].isupper() or plain(run) == name):
        return False  # A short or a small word may just be a word.
    bare = re.sub(r"['\u2019]s$", "", run)
    return SequenceMatcher(None, name, plain(bare), autojunk=False).ratio() >= load_limits().name_alike
