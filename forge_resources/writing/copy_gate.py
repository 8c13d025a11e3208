"""Findings on a cell's copy: whether its text engine has every line it needs in the market's language."""

from __future__ import annotations

from typing import cast

from forge_resources.engines.contract import TextEngine
from forge_resources.engines.registry import engine
from forge_resources.findings import Finding
from forge_resources.schemas.brief import CellBrief
from forge_resources.writing.copy_lines import has_phrases, missing_copy, needs_phrases


def copy_findings(brief: CellBrief) -> list[Finding]:
    """The `copy` entries to supply; none where the engine can bring a line into another language by itself."""
    chosen = cast("TextEngine", engine("text", brief.market_brief.engines.text))
    if chosen.translates:
        return []
    wanted = brief.market_brief
    findings = [
        Finding(place, f"is missing; `{chosen.name}` cannot translate from {wanted.source_language}")
        for place in missing_copy(wanted)
    ]
    if needs_phrases(wanted) and not has_phrases(wanted.lines.language):
        findings.append(
            Finding(
                "origin.script",
                f"in {wanted.lines.language} is missing; `{chosen.name}` has no phrases to write one from",
            )
        )
    return findings
