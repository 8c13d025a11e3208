"""The gates on a script that a model judges, and code counts.

What belongs here: their names, and from a review to reports. What does not: asking for a review (see `writing.room`).
"""

from __future__ import annotations

from dataclasses import dataclass

from forge_resources.findings import Finding, GateReport
from forge_resources.schemas.review import Issue, Review


@dataclass(frozen=True)
class JudgedGate:
    """One gate: what it is called as a check, and where its issues stand in a review."""

    name: str
    field: str
    description: str
    remedy: str


_REMEDY = "Change the brief or the library where the issue lies, or have the script written again (--force)."
JUDGED = (
    JudgedGate(
        "script_culture",
        "culture",
        "A model that reads for the market finds nothing in the script that does not fit there.",
        _REMEDY,
    ),
    JudgedGate(
        "script_concept",
        "concept",
        "A model that reads for the brand finds that the script says what the concept says.",
        _REMEDY,
    ),
    JudgedGate(
        "script_brand_voice",
        "brand_voice",
        "A model that reads for the brand finds its voice and tone in the script.",
        _REMEDY,
    ),
)


def judged_reports(review: Review | None, engine: str) -> dict[str, GateReport]:
    """Every judged gate's report, by the gate's name. Without a review nothing was judged, and the figures say so."""
    if review is None:
        figures = {"judged by": f"nobody: the text engine `{engine}` does not read scripts"}
        return {gate.name: GateReport(figures=figures) for gate in JUDGED}
    return {gate.name: _report(getattr(review, gate.field), engine) for gate in JUDGED}


def _report(issues: list[Issue], engine: str) -> GateReport:
    findings = tuple(
        Finding(issue.place, issue.problem.rstrip("."), issue.severity, issue.suggestion or "") for issue in issues
    )
    counted = {
        severity: sum(issue.severity == severity for issue in issues) for severity in ("critical", "major", "minor")
    }
    return GateReport(findings, {"judged by": engine, **counted})
