"""From plates, moves and spoken lines to timelines and the master.

What belongs here: which recipe of the edit needs what. What does not: how a timeline is laid out (see `timeline`) or
rendered (see `render`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import cast

import opentimelineio as otio

from forge_resources.editing.beds import sounds_of
from forge_resources.editing.hardware import SOFTWARE
from forge_resources.editing.mixing import mix_parameters
from forge_resources.editing.profiles import outlet
from forge_resources.editing.render import Renderer, render_parameters, renderer_name
from forge_resources.editing.timeline import timeline_parameters
from forge_resources.editing.timeline_reading import timeline_note
from forge_resources.progress import OnStep
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.deliverables import Timelines
from forge_resources.schemas.delivery import DeliveryProfile
from forge_resources.schemas.edit import CameraPath, Motion, Voiceover
from forge_resources.schemas.recipe import Artefact
from forge_resources.schemas.script import Script
from forge_resources.schemas.storyboard import Frames, Storyboard
from forge_resources.store.tally import Tally
from forge_resources.store.workshop import Made, Source, SourceFile, Workshop


def cut_timelines(
    workshop: Workshop,
    profiles: Mapping[str, DeliveryProfile],
    brief: CellBrief,
    script: Script,
    storyboard: Storyboard,
    frames: Frames,
    motion: Motion,
    voiceover: Voiceover,
) -> tuple[Timelines, Tally]:
    """One timeline per delivery profile of the brief."""
    tally = Tally()
    sounds = sounds_of(workshop, brief, tally)
    by_profile: dict[str, Artefact] = {}
    for slug in brief.market_brief.delivery:
        profile = outlet(profiles, slug, brief.market_brief)
        moved = motion.in_ratio(profile.ratio_for(brief.market_brief.aspect_ratio))
        paths = {shot: _camera_path(workshop, made) for shot, made in moved.items()}
        parameters = timeline_parameters(
            cell=brief.cell,
            script=script,
            storyboard=storyboard,
            frames=frames,
            paths=paths,
            clips={shot: made for shot, made in moved.items() if paths[shot] is None},
            voiceover=voiceover,
            market_brief=brief.market_brief,
            profile=profile,
            sounds=sounds,
        )
        by_profile[slug] = tally.add(workshop.make(workshop.engine("edit", "timeline"), parameters))
    return Timelines(by_profile=by_profile), tally


def render_master(
    workshop: Workshop, profile: DeliveryProfile, timeline: Artefact, on_step: OnStep, encoder: str = SOFTWARE
) -> Made:
    """The finished picture and sound of one timeline, to one profile, by the deployment's encoder."""
    # Beside the master, not within it: a package of the same profile takes the same sound.
    sound = mix_sound(workshop, profile, timeline).artefact
    renderer = cast("Renderer", workshop.engine("edit", renderer_name(profile.container)))
    renderer.on_progress = lambda done, total: on_step(done, total, f"frame {done}")
    document = read_timeline(workshop, timeline)
    sources: dict[str, Source] = {"timeline": timeline, "sound": sound, **media_of(document)}
    return workshop.make(renderer, render_parameters(profile, document, encoder), sources)


def mix_sound(workshop: Workshop, profile: DeliveryProfile, timeline: Artefact) -> Made:
    """The sound of one timeline, levelled for one profile."""
    sources: dict[str, Source] = {"timeline": timeline, **media_of(read_timeline(workshop, timeline))}
    return workshop.make(workshop.engine("edit", "mix"), mix_parameters(profile), sources)


def read_timeline(workshop: Workshop, timeline: Artefact) -> otio.schema.Timeline:
    """The OpenTimelineIO document behind an artefact."""
    return otio.adapters.read_from_file(str(workshop.store.path(timeline)))


def tier_of_timeline(workshop: Workshop, timeline: Artefact) -> str:
    """`draft` where any plate, clip, voice line or the script of a timeline is, else `full`."""
    return timeline_note(read_timeline(workshop, timeline)).tier


def media_of(timeline: otio.schema.Timeline) -> dict[str, SourceFile]:
    """Every file a timeline names, by its SHA-256: plates, clips, insets and their masks, sound and the logo."""
    found: dict[str, SourceFile] = {}
    for clip in timeline.find_clips():
        reference = clip.media_reference
        if isinstance(reference, otio.schema.ExternalReference):
            name = PurePosixPath(reference.target_url)
            found[name.stem] = SourceFile(name.stem, name.suffix)
            mask = clip.metadata.get("forge", {}).get("mask")
            if mask:
                found[mask] = SourceFile(mask, ".png")
        elif isinstance(reference, otio.schema.GeneratorReference) and reference.parameters.get("logo"):
            name = PurePosixPath(reference.parameters["logo"])
            found[name.stem] = SourceFile(name.stem, name.suffix or ".png")
    return found


def _camera_path(workshop: Workshop, motion: Artefact) -> CameraPath | None:
    """The path of a camera move; None where the motion is a clip of its own."""
    if motion.media_type != "application/json":
        return None
    return CameraPath.model_validate_json(workshop.store.path(motion).read_bytes())
