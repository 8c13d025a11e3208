"""The gate on claims: no number, superlative or word of proof that the brief does not say itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forge_resources.findings import Finding, GateReport, Severity
from forge_resources.writing.forbidden import find_word, plain
from forge_resources.writing.gates.examination import Examination, Field
from forge_resources.writing.gates.gate_data import load_claim_words, superlatives
from forge_resources.writing.gates.numerals import numerals


def claims(seen: Examination) -> GateReport:
    """What is claimed in voice-over and supers and listed nowhere in the brief; and names that are not intact."""
    listed = _listed_values(seen)
    findings: list[Finding] = []
    for field in seen.spoken_and_shown():
        if field.text in seen.own_lines:
            continue
        findings += _numbers(field, seen, listed)
        findings += _superlatives(field, seen)
        findings += _proof(field, seen)
    known = load_claim_words(seen.language) is not None
    figures = {
        "claims listed": len(seen.market.claims),
        "numbers listed": len(listed),
        "claim words": seen.language if known else f"none for {seen.language}: only digits were compared",
    }
    return GateReport(tuple(findings), figures)


def _listed_values(seen: Examination) -> set[float]:
    languages = {seen.language, seen.market.source_language}
    return {
        value
        for line in seen.own_lines
        for language in languages
        for numeral in numerals(line, language)
        for value in numeral.values
    }


def _numbers(field: Field, seen: Examination, listed: set[float]) -> Iterator[Finding]:
    for numeral in numerals(seen.without_names(field.text), field.language):
        if not numeral.values & listed:
            yield Finding(field.place, f"says “{numeral.written}”, a number that the brief does not list")


def _superlatives(field: Field, seen: Examination) -> Iterator[Finding]:
    data = load_claim_words(field.language)
    text = seen.without_names(field.text)
    said = plain(seen.said_by_the_brief)
    told: set[int] = set()
    for pattern in superlatives(field.language):
        for found in pattern.finditer(text):
            word = found["word"]
            if data and any(_begins(found, text, exception) for exception in data.exceptions):
                continue
            if plain(word) in said or found.start("word") in told:
                continue
            told.add(found.start("word"))
            yield Finding(
                field.place,
                f"says “{found.group().strip()}”, a superlative that the brief does not list",
                severity=_doubt(field, seen),
            )


def _begins(found: re.Match[str], text: str, exception: str) -> bool:
    """Whether the matched word is the exception, or a longer exception begins with it."""
    rest = plain(text[found.start("word") :])
    wanted = plain(exception)
    after = rest[len(wanted) : len(wanted) + 1]
    return rest.startswith(wanted) and not after.isalpha()


def _doubt(field: Field, seen: Examination) -> Severity:
    """Critical; major where the brief has superlatives of its own in another language that this may translate."""
    source = seen.market.source_language
    if field.language == source:
        return "critical"
    said = [pattern.search(line) for line in seen.own_lines for pattern in superlatives(source)]
    return "major" if any(said) else "critical"


def _proof(field: Field, seen: Examination) -> Iterator[Finding]:
    data = load_claim_words(field.language)
    for word in data.proof if data else []:
        said = find_word(word, seen.without_names(field.text), field.language)
        if said and not find_word(word, seen.said_by_the_brief, field.language):
            yield Finding(field.place, f"says “{said}”, a claim that the brief does not list", severity="critical")
