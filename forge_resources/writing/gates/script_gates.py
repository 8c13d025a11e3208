"""The gates on a script that code decides, in one list.

What belongs here: names, descriptions and remedies. What does not: how anything is found (one module each), or
Dagster (see `forge_assets.gates`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from forge_resources.findings import Finding, GateReport
from forge_resources.writing.gates.claims import claims
from forge_resources.writing.gates.examination import Examination
from forge_resources.writing.gates.languages import languages
from forge_resources.writing.gates.names import names
from forge_resources.writing.gates.supers import supers
from forge_resources.writing.gates.timing import timing
from forge_resources.writing.gates.wording import wording


@dataclass(frozen=True)
class ScriptGate:
    """One gate: what it is called as a check, and how it looks at a script."""

    name: str
    description: str
    remedy: str
    examine: Callable[[Examination], GateReport]


COMPUTED = (
    ScriptGate(
        "script_timing",
        "Rows are in order, add up to the duration, and every voice-over fits its shot: by the market's rate, and by "
        "the length of its recording.",
        "Shorten the line, or give its shot more time.",
        timing,
    ),
    ScriptGate(
        "script_wording",
        "Nothing that brief, brand, market or language forbid is said in any form; legal lines are said to the letter.",
        "Change the line in the brief, or the list that forbids it.",
        wording,
    ),
    ScriptGate(
        "script_language",
        "Every field is in its language, and what is not English has an English gloss.",
        "Supply the lines in the market's language under `copy`, or have the script written again.",
        languages,
    ),
    ScriptGate(
        "script_supers",
        "Supers can be read while they stand, in the lines that their language allows.",
        "Shorten the super, or give its shot more time.",
        supers,
    ),
    ScriptGate(
        "script_claims",
        "Only numbers, superlatives and claims that the brief says itself are made.",
        "List the claim under `claims` with its evidence, or take it out of the line.",
        claims,
    ),
    ScriptGate(
        "script_names",
        "The names of product and brand are said or shown, and nowhere changed.",
        "Write the name as the brief writes it.",
        names,
    ),
)


def computed_reports(seen: Examination) -> dict[str, GateReport]:
    """Every computed gate's report on a script, by the gate's name."""
    return {gate.name: gate.examine(seen) for gate in COMPUTED}


def findings_of(reports: dict[str, GateReport]) -> list[Finding]:
    """All findings of several gates, in the order of the gates."""
    return [finding for report in reports.values() for finding in report.findings]
