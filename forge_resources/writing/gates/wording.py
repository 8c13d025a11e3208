"""The gate on forbidden words and legal lines: the first are not said in any form, the second to the letter."""

from __future__ import annotations

from difflib import SequenceMatcher

from forge_resources.findings import Finding, GateReport
from forge_resources.writing.forbidden import find_word, plain
from forge_resources.writing.gates.examination import Examination
from forge_resources.writing.gates.gate_data import load_limits


def wording(seen: Examination) -> GateReport:
    """Words that brief, brand, market or language forbid, and legal lines that are missing or changed."""
    forbidden = seen.market.must_not_say
    findings = [
        Finding(field.place, f"says “{word}”, which must not be said")
        for field in seen.spoken_and_shown()
        for word in forbidden
        if find_word(word, field.text, field.language)
    ]
    findings += _legal(seen)
    return GateReport(tuple(findings), {"forbidden words": len(forbidden), "legal lines": len(seen.market.must_say)})


def _legal(seen: Examination) -> list[Finding]:
    """A script that has legal lines has all of them; one that leaves them to the edit has none in other words."""
    findings = []
    for line in seen.market.must_say:
        if any(line in field.text for field in seen.spoken_and_shown()):
            continue
        alike = [field for field in seen.spoken_and_shown() if _is_alike(line, field.text)]
        findings += [
            Finding(field.place, f"says the legal line “{line}” in other words; it has to be said to the letter")
            for field in alike
        ]
        if seen.script.legal is not None and line not in seen.script.legal:
            findings.append(Finding("legal", f"the line “{line}” is missing or not to the letter"))
    return findings


def _is_alike(line: str, text: str) -> bool:
    return SequenceMatcher(None, plain(line), plain(text), autojunk=False).ratio() >= load_limits().legal_alike
