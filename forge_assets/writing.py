"""The writing stages: concept, culture and script."""

from __future__ import annotations

from typing import Any

import dagster as dg

from forge_assets.stage import result, stage, steps
from forge_resources.adapters.resources import StudioResource
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.script import Concept, Culture, Script
from forge_resources.writing.adaptation import adapted_rows
from forge_resources.writing.papers import write_paper
from forge_resources.writing.room import Round, Written, write_script
from forge_resources.writing.spending import spending_shown


@stage(group="writing", kinds={"json"}, revision=1, gpu=True)
def concept(
    context: dg.AssetExecutionContext, brief: CellBrief, studio: StudioResource
) -> dg.MaterializeResult[Concept]:
    """What the spot says and in which order; the same for all cells of a brief."""
    paper, tally = write_paper(studio.studio.workshop, brief, "concept", Concept)
    shown: dict[str, Any] = {"message": paper.core_message, "structure": " → ".join(paper.structure)}
    shown |= spending_shown(tally)
    return result(context, paper, tally=tally, **shown)


@stage(group="writing", kinds={"json"}, revision=1, gpu=True)
def culture(
    context: dg.AssetExecutionContext, brief: CellBrief, concept: Concept, studio: StudioResource
) -> dg.MaterializeResult[Culture]:
    """What the market asks of the spot: tone, pitfalls, opportunities, rules."""
    paper, tally = write_paper(studio.studio.workshop, brief, "culture", Culture, concept)
    shown: dict[str, Any] = {"notes": _as_list(paper), **spending_shown(tally)}
    return result(context, paper, tally=tally, **shown)


@stage(group="writing", kinds={"json"}, revision=1, gpu=True)
def script(
    context: dg.AssetExecutionContext, brief: CellBrief, concept: Concept, culture: Culture, studio: StudioResource
) -> dg.MaterializeResult[Script]:
    """The rows of the spot: per shot the visual, the voice-over, the super and the seconds."""
    written = write_script(studio.studio.workshop, brief, concept, culture, steps(context))
    paper = written.kept.script
    table = dg.MetadataValue.table(
        records=[
            dg.TableRecord(
                {
                    "shot": row.shot,
                    "seconds": float(row.duration_s),
                    "beat": row.beat,
                    "visual": row.visual,
                    "voice-over": row.voice_over or "",
                    "super": row.super or "",
                    "gloss": row.voice_over_gloss or "",
                }
            )
            for row in paper.rows
        ]
    )
    shown: dict[str, Any] = {"script": table, "seconds": float(paper.duration_s), "rows": len(paper.rows)}
    shown |= _rounds_shown(written) | _adaptation_shown(brief, written) | spending_shown(written.tally)
    return result(context, paper, tally=written.tally, **shown)


def _as_list(paper: Culture) -> dg.MarkdownMetadataValue:
    swaps = [f"{swap.instead_of} → {swap.use}: {swap.reason}" for swap in paper.substitutions]
    parts = {
        "Context": paper.context,
        "Substitutions": swaps if paper.tier == "full" else [],
        "Tone": paper.tone,
        "Pitfalls": paper.pitfalls,
        "Opportunities": paper.opportunities,
        "Regulations": paper.regulations,
    }
    lines = [f"**{title}**\n" + "\n".join(f"- {line}" for line in notes) for title, notes in parts.items() if notes]
    return dg.MetadataValue.md("\n\n".join(lines))


def _rounds_shown(written: Written) -> dict[str, Any]:
    """The history: every draft with what was found in it and what it changed; nothing for writers of one draft."""
    if not written.kept.reports:
        return {}
    history = [_round_shown(number, one) for number, one in enumerate(written.rounds, start=1)]
    kept = written.rounds.index(written.kept) + 1
    verdict = "passes every gate" if written.kept.passed else "is the best of them and does not pass"
    return {
        "drafts": len(written.rounds),
        "kept": f"draft {kept} {verdict}",
        "history": dg.MetadataValue.json(history),
        "findings by draft": dg.MetadataValue.table(
            records=[
                dg.TableRecord(
                    {
                        "draft": number,
                        "gate": gate,
                        "place": finding.place,
                        "severity": finding.severity,
                        "finding": finding.message,
                        "suggestion": finding.suggestion,
                    }
                )
                for number, one in enumerate(written.rounds, start=1)
                for gate, report in one.reports.items()
                for finding in report.findings
            ],
            schema=_TEXT_COLUMNS,
        ),
    }


_TEXT_COLUMNS = dg.TableSchema(
    columns=[
        dg.TableColumn("draft", "int"),
        *[dg.TableColumn(name, "string") for name in ("gate", "place", "severity", "finding", "suggestion")],
    ]
)


def _round_shown(number: int, one: Round) -> dict[str, Any]:
    return {
        "draft": number,
        "recipe": one.artefact.fingerprint,
        "passed": one.passed,
        "script": one.script.model_dump(mode="json"),
        "findings": [
            {"gate": gate, "severity": finding.severity, "place": finding.place, "finding": finding.message}
            for gate, report in one.reports.items()
            for finding in report.findings
        ],
        "changed": [
            {"shot": change.shot, "field": change.field, "before": change.before, "after": change.after}
            for change in one.changed
        ],
    }


def _adaptation_shown(brief: CellBrief, written: Written) -> dict[str, Any]:
    """What became of the script that is adapted, field by field; nothing where there is none."""
    rows = adapted_rows(brief, written)
    if rows is None:
        return {}
    return {
        "adaptation": dg.MetadataValue.table(
            records=[
                dg.TableRecord(
                    {
                        "shot": row.shot,
                        "field": row.field,
                        "origin": row.origin,
                        "adaptation": row.adaptation,
                        "why": row.why,
                    }
                )
                for row in rows
            ],
            schema=dg.TableSchema(
                columns=[
                    dg.TableColumn("shot", "int"),
                    *[dg.TableColumn(name, "string") for name in ("field", "origin", "adaptation", "why")],
                ]
            ),
        )
    }
