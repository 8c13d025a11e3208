"""The picture stages: storyboard and frames."""

from __future__ import annotations

from typing import Any

import dagster as dg

from forge_assets.stage import result, stage, steps
from forge_resources.adapters.resources import StudioResource
from forge_resources.editing.profiles import other_ratios
from forge_resources.imaging.contact_sheet import thumbnail_markdown
from forge_resources.imaging.plates import make_contact_sheet, make_plates
from forge_resources.imaging.reframing import reframe
from forge_resources.imaging.storyboard import compose_storyboard
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.script import Script
from forge_resources.schemas.storyboard import Frames, Storyboard
from forge_resources.store.tally import Tally
from forge_resources.writing.enhancement import enhanced, mode_of
from forge_resources.writing.spending import spending_shown


@stage(group="storyboard", kinds={"json"}, revision=1)
def storyboard(context: dg.AssetExecutionContext, brief: CellBrief, script: Script) -> dg.MaterializeResult[Storyboard]:
    """What each shot looks like, without any of its words: the same looks give the same plates."""
    board = compose_storyboard(script, brief)
    table = dg.MetadataValue.table(
        records=[
            dg.TableRecord(
                {
                    "shot": shot.number,
                    "shared by": shot.scope,
                    "camera": f"{shot.look.camera.size}, {shot.look.camera.angle}, {shot.look.camera.move}",
                    "setting": f"{shot.look.setting}, {shot.look.time_of_day}, {shot.look.light}",
                    "figures": ", ".join(f"{figure.role} {figure.pose}" for figure in shot.look.figures),
                    "product": shot.look.product,
                }
            )
            for shot in board.shots
        ]
    )
    return result(context, board, shots=table)


@stage(group="storyboard", kinds={"image"}, revision=1, engines=["contact-sheet"], gpu=True)
def frames(
    context: dg.AssetExecutionContext, brief: CellBrief, script: Script, storyboard: Storyboard, studio: StudioResource
) -> dg.MaterializeResult[Frames]:
    """The plates of the storyboard, and the contact sheet that a producer approves."""
    workshop = studio.studio.workshop
    storyboard, worked_out = enhanced(workshop, brief, storyboard)
    plates, tally = make_plates(workshop, brief, storyboard, steps(context))
    outlets = other_ratios(studio.studio.profiles, brief.market_brief)
    others, more = reframe(workshop, brief, storyboard, plates, outlets, steps(context))
    tally.take(more)
    sheet = make_contact_sheet(workshop, brief, script, storyboard, plates)
    document = Frames(plates=plates, contact_sheet=sheet, other_ratios=others)
    return result(
        context,
        document,
        tally=tally,
        contact_sheet=dg.MetadataValue.md(thumbnail_markdown(workshop.store.path(sheet))),
        contact_sheet_file=dg.MetadataValue.path(str(workshop.store.path(sheet))),
        contact_sheet_hash=sheet.sha256,
        **_described(brief, storyboard, worked_out),
    )


def _described(brief: CellBrief, storyboard: Storyboard, worked_out: Tally) -> dict[str, Any]:
    """The descriptions as the image engine got them; nothing where they are those of the script."""
    mode = mode_of(brief)
    if mode == "none":
        return {}
    records = [dg.TableRecord({"shot": shot.number, "description": shot.look.description}) for shot in storyboard.shots]
    return {
        "descriptions by": mode,
        "descriptions": dg.MetadataValue.table(records=records),
        **spending_shown(worked_out),
    }
