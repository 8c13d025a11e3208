"""What of a cell the prompts are given, each under its name and kind.

What belongs here: from brief, papers and findings to variables. Only what matters to a node goes in, so that cells
share equal papers. What does not: wording (see `data/prompts`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from forge_resources.findings import Finding
from forge_resources.library.locales import country_name, language_name, quote_marks
from forge_resources.schemas.audience import SourcedInsight
from forge_resources.schemas.brief import CellBrief, Lines, MarketBrief
from forge_resources.schemas.script import Concept, Culture, Script
from forge_resources.writing.prompts import Kind, PromptName

_BRIEF: dict[str, Kind] = {
    "brand": "text", "brand_voice": "lines", "product": "text", "product_description": "text", "tone": "lines",
    "message": "text", "call_to_action": "text", "selling_points": "lines", "claims": "lines", "duration_s": "word",
    "source_language": "word",
}  # fmt: skip
_MARKET: dict[str, Kind] = {
    "language": "word", "country": "word", "must_say": "lines", "must_not_say": "lines",
}  # fmt: skip
_CONCEPT: dict[str, Kind] = {
    "core_message": "text", "structure": "word", "beats": "lines", "must_stay": "lines", "may_change": "lines",
}  # fmt: skip
_CULTURE: dict[str, Kind] = {
    "culture_context": "lines", "substitutions": "lines", "culture_tone": "lines", "pitfalls": "lines",
    "opportunities": "lines", "regulations": "lines",
}  # fmt: skip
_SCRIPT: dict[str, Kind] = {
    **_BRIEF, **_MARKET, **_CONCEPT, **_CULTURE,
    "market_message": "text", "market_call_to_action": "text", "market_selling_points": "lines", "persona": "text",
    "insights": "lines", "characters_a_second": "word", "super_characters_a_second": "word", "line_length": "word",
    "max_lines": "word", "quotation_marks": "word", "rows_at_most": "word", "gloss_needed": "flag", "origin": "rows",
}  # fmt: skip
_SCHEMA: dict[str, Kind] = {"reply_schema": "schema"}
SUPPLIED: Mapping[PromptName, Mapping[str, Kind]] = {
    "concept": {**_BRIEF, "origin": "rows", **_SCHEMA},
    "culture": {**_BRIEF, **_MARKET, "core_message": "text", "insights": "lines", **_SCHEMA},
    "script": {**_SCRIPT, **_SCHEMA},
    "adaptation": {**_SCRIPT, **_SCHEMA},
    "revision": {**_SCRIPT, "draft": "rows", "findings": "lines", "faulty": "word", "whole": "flag", **_SCHEMA},
    "review": {
        **_BRIEF, **_MARKET, **_CONCEPT, **_CULTURE, "persona": "text", "insights": "lines", "draft": "rows",
        "origin": "rows", **_SCHEMA,
    },
    "enhancement": {"description": "text", "product": "text", "tone": "lines", **_SCHEMA},
}  # fmt: skip
"""What each prompt may ask for."""


def concept_variables(brief: CellBrief) -> dict[str, object]:
    """Brief-level things only: every cell of a brief has the same."""
    return {**_of_brief(brief.market_brief), "origin": _origin(brief.market_brief)}


def culture_variables(brief: CellBrief, concept: Concept) -> dict[str, object]:
    """Market things only: every persona of a market has the same."""
    market = brief.market_brief
    return {
        **_of_brief(market),
        **_of_market(market),
        "core_message": concept.core_message,
        "insights": _insights(market.market.insights),
    }


def script_variables(brief: CellBrief, concept: Concept, culture: Culture) -> dict[str, object]:
    """Everything that a script grows from."""
    market, language = brief.market_brief, brief.market_brief.market.language
    opening, closing = quote_marks(market.market.market.code)
    return {
        **_of_brief(market),
        **_of_market(market),
        **_of_concept(concept),
        **_of_culture(culture),
        **_own_lines(market.lines),
        "persona": f"{brief.persona.persona.name}. {brief.persona.persona.portrait}",
        "insights": _insights(brief.audience.insights),
        "characters_a_second": f"{language.speech_rate_cps:g}",
        "super_characters_a_second": f"{language.reading_speed_cps:g}",
        "line_length": language.line_length,
        "max_lines": language.max_lines,
        "quotation_marks": f"{opening} and {closing}",
        "rows_at_most": rows_at_most(market.duration_s),
        "gloss_needed": language.code != "en",
        "origin": _origin(market),
    }


def revision_variables(
    brief: CellBrief, concept: Concept, culture: Culture, draft: Script, findings: Sequence[Finding], faulty: set[int]
) -> dict[str, object]:
    """What a script grows from, the draft, and what was found in it. No faulty rows: the finding is about the whole."""
    return {
        **script_variables(brief, concept, culture),
        "draft": rows_for_reading(draft),
        "findings": [_in_a_line(finding) for finding in findings],
        "faulty": ", ".join(str(shot) for shot in sorted(faulty)),
        "whole": not faulty,
    }


def review_variables(brief: CellBrief, concept: Concept, culture: Culture, script: Script) -> dict[str, object]:
    """What a judge has to know of the cell, and the script."""
    wanted = SUPPLIED["review"]
    everything = script_variables(brief, concept, culture) | {"draft": rows_for_reading(script)}
    return {name: value for name, value in everything.items() if name in wanted}


def enhancement_variables(brief: CellBrief, description: str) -> dict[str, object]:
    """A picture's description, and what the spot is about."""
    market = brief.market_brief
    return {"description": description, "product": market.product.name, "tone": market.tone}


def rows_at_most(duration_s: int) -> int:
    """How many rows a spot may have: none much shorter than a second and a half, and no more than a script can hold."""
    return max(2, min(20, int(duration_s / 1.5)))


def rows_for_reading(script: Script) -> list[dict[str, Any]]:
    """The rows of a script with what a reader of it needs."""
    return [
        row.model_dump(mode="json", exclude_none=True, exclude={"scope"})
        | {"voice_over": row.voice_over or "", "super": row.super or ""}
        for row in script.rows
    ]


def _of_brief(market: MarketBrief) -> dict[str, object]:
    lines = market.source_lines
    return {
        "brand": market.brand.name,
        "brand_voice": market.brand.voice,
        "product": market.product.name,
        "product_description": market.product.description,
        "tone": market.tone,
        "message": lines.message,
        "call_to_action": lines.call_to_action,
        "selling_points": lines.selling_points,
        "claims": [f"{claim.text} ({claim.evidence})" if claim.evidence else claim.text for claim in market.claims],
        "duration_s": market.duration_s,
        "source_language": language_name(market.source_language),
    }


def _of_market(market: MarketBrief) -> dict[str, object]:
    return {
        "language": language_name(market.market.market.code),
        "country": country_name(market.market.market.country),
        "must_say": market.must_say,
        "must_not_say": market.must_not_say,
    }


def _of_concept(concept: Concept) -> dict[str, object]:
    return {
        "core_message": concept.core_message,
        "structure": ", ".join(concept.structure),
        "beats": concept.beats or [],
        "must_stay": concept.must_stay,
        "may_change": concept.may_change,
    }


def _of_culture(culture: Culture) -> dict[str, object]:
    return {
        "culture_context": culture.context,
        "substitutions": [f"{swap.instead_of} → {swap.use} ({swap.reason})" for swap in culture.substitutions],
        "culture_tone": culture.tone,
        "pitfalls": culture.pitfalls,
        "opportunities": culture.opportunities,
        "regulations": culture.regulations,
    }


def _own_lines(lines: Lines) -> dict[str, object]:
    return {
        "market_message": lines.message,
        "market_call_to_action": lines.call_to_action,
        "market_selling_points": lines.selling_points,
    }


def _insights(insights: Sequence[SourcedInsight]) -> list[str]:
    return [f"{insight.topic}: {insight.text}" for insight in insights]


def _origin(market: MarketBrief) -> list[dict[str, Any]]:
    rows = market.origin.script if market.origin else []
    return [row.model_dump(mode="json", exclude_none=True) for row in rows]


def _in_a_line(finding: Finding) -> str:
    suggestion = f" Suggestion: {finding.suggestion}" if finding.suggestion else ""
    return f"[{finding.severity}] {finding}.{suggestion}"
