"""The stages beside the pictures: voice-over and motion."""

from __future__ import annotations

import dagster as dg

from forge_assets.external import require_approval, storyboard_approval
from forge_assets.stage import cell_of, result, stage, steps
from forge_resources.adapters.resources import StudioResource
from forge_resources.motion.moves import move_shots
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.edit import Motion, Voiceover
from forge_resources.schemas.script import Script
from forge_resources.schemas.storyboard import Frames, Storyboard
from forge_resources.voice.voiceover import speak


@stage(group="sound", kinds={"audio"}, revision=1, gpu=True)
def voiceover(
    context: dg.AssetExecutionContext, brief: CellBrief, script: Script, studio: StudioResource
) -> dg.MaterializeResult[Voiceover]:
    """The spoken lines, each measured to the sample."""
    document, tally = speak(studio.studio.workshop, brief, script, steps(context))
    seconds = {line.shot: float(line.duration_s) for line in document.lines}
    table = dg.MetadataValue.table(
        records=[
            dg.TableRecord(
                {
                    "shot": row.shot,
                    "line": row.voice_over or "",
                    "spoken seconds": round(seconds.get(row.shot, 0.0), 2),
                    "shot seconds": float(row.duration_s),
                }
            )
            for row in script.rows
        ]
    )
    return result(context, document, tally=tally, lines=table, spoken_seconds=round(sum(seconds.values()), 2))


@stage(group="motion", kinds={"video"}, revision=1, gpu=True, deps=[storyboard_approval])
def motion(
    context: dg.AssetExecutionContext,
    brief: CellBrief,
    storyboard: Storyboard,
    frames: Frames,
    studio: StudioResource,
) -> dg.MaterializeResult[Motion]:
    """What sets each plate in motion: a camera move, or a clip."""
    if brief.market_brief.approval == "required":
        require_approval(context.instance, cell_of(context), frames.contact_sheet.sha256)
    document, tally = move_shots(studio.studio.workshop, brief, storyboard, frames, steps(context))
    return result(context, document, tally=tally)
