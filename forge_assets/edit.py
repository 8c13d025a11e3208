"""The edit stages: timeline, spot and deliverables."""

from __future__ import annotations

import dagster as dg

from forge_assets.external import require_approval, storyboard_approval
from forge_assets.stage import cell_of, result, stage, steps
from forge_resources.adapters.resources import StudioResource
from forge_resources.editing.cutting_room import cut_timelines, render_master, tier_of_timeline
from forge_resources.editing.hand_over import check_numbers, hand_over
from forge_resources.editing.profiles import outlet
from forge_resources.imaging.contact_sheet import thumbnail_markdown
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.deliverables import Deliverables, Spot, Timelines
from forge_resources.schemas.edit import Motion, Voiceover
from forge_resources.schemas.script import Script
from forge_resources.schemas.storyboard import Frames, Storyboard
from forge_resources.store.tally import Tally


@stage(group="edit", kinds={"otio"}, revision=1, engines=["timeline"], deps=[storyboard_approval])
def timeline(
    context: dg.AssetExecutionContext,
    brief: CellBrief,
    script: Script,
    storyboard: Storyboard,
    frames: Frames,
    motion: Motion,
    voiceover: Voiceover,
    studio: StudioResource,
) -> dg.MaterializeResult[Timelines]:
    """The edit as OpenTimelineIO, once per delivery profile. Not made before the storyboard is approved.

    A clock number that stands for another spot is told here, before anything is rendered.
    """
    if brief.market_brief.approval == "required":
        require_approval(context.instance, cell_of(context), frames.contact_sheet.sha256)
    house = studio.studio
    check_numbers(house, brief)
    document, tally = cut_timelines(
        house.workshop, house.profiles, brief, script, storyboard, frames, motion, voiceover
    )
    return result(context, document, tally=tally, profiles=", ".join(document.by_profile))


@stage(group="edit", kinds={"video", "ffmpeg"}, revision=1, engines=["render"])
def spot(
    context: dg.AssetExecutionContext, brief: CellBrief, frames: Frames, timeline: Timelines, studio: StudioResource
) -> dg.MaterializeResult[Spot]:
    """The finished master, cut for the first delivery profile of the brief."""
    house = studio.studio
    profile = outlet(house.profiles, brief.market_brief.delivery[0], brief.market_brief)
    document_of = timeline.by_profile[profile.slug]
    made = render_master(house.workshop, profile, document_of, steps(context), house.settings.encoder)
    tally = Tally()
    document = Spot(profile=profile.slug, master=tally.add(made))
    facts = {key: value for key, value in made.artefact.facts.items() if value is not None}
    return result(
        context,
        document,
        tally=tally,
        file=dg.MetadataValue.path(str(house.store.path(made.artefact))),
        megabytes=round(made.artefact.size / 1e6, 2),
        contact_sheet=dg.MetadataValue.md(thumbnail_markdown(house.store.path(frames.contact_sheet))),
        tier=tier_of_timeline(house.workshop, timeline.by_profile[profile.slug]),
        **facts,
    )


@stage(
    group="delivery",
    kinds={"files"},
    revision=1,
    engines=[
        "render",
        "mix",
        "package",
        "sign",
        "inspect",
        "inspection-page",
        "captions-srt",
        "captions-vtt",
        "captions-ass",
        "captions-ttml",
        "interchange-edl",
        "interchange-fcpxml",
        "interchange-fcp7xml",
    ],
)
def deliverables(
    context: dg.AssetExecutionContext,
    brief: CellBrief,
    frames: Frames,
    motion: Motion,
    voiceover: Voiceover,
    timeline: Timelines,
    spot: Spot,
    studio: StudioResource,
) -> dg.MaterializeResult[Deliverables]:
    """What is handed over: a spot per profile, captions, timeline with its media, contact sheet, record."""
    document, tally = hand_over(studio.studio, brief, frames, motion, voiceover, timeline, spot, steps(context))
    table = dg.MetadataValue.table(
        records=[
            dg.TableRecord({"file": file.name, "what": file.role, "bytes": file.size, "where": file.address})
            for file in document.files
        ]
    )
    return result(
        context,
        document,
        tally=tally,
        files=table,
        tier=document.tier,
    )
