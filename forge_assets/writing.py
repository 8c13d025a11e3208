"""The writing stages: concept, culture and script."""

from __future__ import annotations

import dagster as dg

from forge_assets.stage import result, stage
from forge_resources.adapters.resources import StudioResource
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.script import Concept, Culture, Script
from forge_resources.writing.papers import write_paper


@stage(group="writing", kinds={"json"}, revision=1, gpu=True)
def concept(
    context: dg.AssetExecutionContext, brief: CellBrief, studio: StudioResource
) -> dg.MaterializeResult[Concept]:
    """What the spot says and in which order; the same for all cells of a brief."""
    paper, tally = write_paper(studio.studio.workshop, brief, "concept", Concept)
    return result(context, paper, tally=tally, message=paper.core_message, structure=" → ".join(paper.structure))


@stage(group="writing", kinds={"json"}, revision=1, gpu=True)
def culture(
    context: dg.AssetExecutionContext, brief: CellBrief, concept: Concept, studio: StudioResource
) -> dg.MaterializeResult[Culture]:
    """What the market asks of the spot: tone, pitfalls, opportunities, rules."""
    paper, tally = write_paper(studio.studio.workshop, brief, "culture", Culture, concept)
    return result(context, paper, tally=tally, notes=_as_list(paper))


@stage(group="writing", kinds={"json"}, revision=1, gpu=True)
def script(
    context: dg.AssetExecutionContext, brief: CellBrief, concept: Concept, culture: Culture, studio: StudioResource
) -> dg.MaterializeResult[Script]:
    """The rows of the spot: per shot the visual, the voice-over, the super and the seconds."""
    paper, tally = write_paper(studio.studio.workshop, brief, "script", Script, concept, culture)
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
    return result(context, paper, tally=tally, script=table, seconds=float(paper.duration_s), rows=len(paper.rows))


def _as_list(paper: Culture) -> dg.MarkdownMetadataValue:
    parts = {
        "Context": paper.context,
        "Tone": paper.tone,
        "Pitfalls": paper.pitfalls,
        "Opportunities": paper.opportunities,
        "Regulations": paper.regulations,
    }
    lines = [f"**{title}**\n" + "\n".join(f"- {line}" for line in notes) for title, notes in parts.items() if notes]
    return dg.MetadataValue.md("\n\n".join(lines))
