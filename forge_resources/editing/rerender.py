"""Rendering a timeline file from the media beside it: what an editor has changed becomes a spot again.

What belongs here: finding and checking the media, and a file that appears whole or not at all. What does not: the
renderers, or the store (see `cutting_room`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, cast

import opentimelineio as otio

from forge_resources.editing.cutting_room import media_of
from forge_resources.editing.moviepy_render import MoviepyRenderer, moviepy_parameters
from forge_resources.editing.render import Progress, Renderer, RenderParameters, render_parameters, renderer_name
from forge_resources.editing.timeline_reading import open_timeline, timeline_note
from forge_resources.engines.contract import Facts
from forge_resources.engines.registry import engine
from forge_resources.errors import Fault, InvalidInput, NotFound
from forge_resources.schemas.delivery import DeliveryProfile
from forge_resources.store.files import sha256_of_file

RendererName = Literal["ffmpeg", "moviepy"]


def render_file(
    timeline: Path,
    profiles: Mapping[str, DeliveryProfile],
    slug: str,
    target: Path,
    renderer: RendererName,
    encoder: str,
    on_progress: Progress,
) -> Facts:
    """Renders the timeline at `timeline` to the profile `slug`; media lie in `media/` beside it.

    Raises NotFound for what is not there, InvalidInput for media that are missing or damaged and a timeline that does
    not fit the profile, and what the renderer raises. `target` is replaced when the spot is whole, and not before.
    """
    if not timeline.is_file():
        raise NotFound(f"There is no timeline {timeline}.")
    if slug not in profiles:
        raise NotFound(f"There is no delivery profile `{slug}`.", remedy=f"There are {', '.join(profiles)}.")
    if not target.parent.is_dir():
        raise NotFound(f"There is no folder {target.parent}.", remedy="Make it, or name another.")
    document = open_timeline(timeline)
    profile = profiles[slug].at_rate(timeline_note(document).fps)
    sources = {"timeline": timeline, **_media(timeline.parent / "media", document)}
    if renderer == "moviepy":
        if profile.container != "mp4":
            raise InvalidInput(f"moviepy renders MP4, and `{slug}` wants {profile.container}.", remedy="Use ffmpeg.")
        made: Renderer = MoviepyRenderer()
        parameters: RenderParameters = moviepy_parameters(profile, document)
    else:
        made = cast("Renderer", engine("edit", renderer_name(profile.container)))
        parameters = render_parameters(profile, document, encoder)
    made.on_progress = on_progress
    with tempfile.TemporaryDirectory(prefix=".forge-render-", dir=target.parent) as folder:
        unfinished = Path(folder) / f"spot{made.suffix}"
        facts = made.make(parameters, sources, unfinished)
        unfinished.replace(target)
    return facts


def _media(folder: Path, document: otio.schema.Timeline) -> dict[str, Path]:
    """Every file that the timeline names, each of the bytes that its name says. Raises InvalidInput with all faults."""
    found: dict[str, Path] = {}
    faults = []
    for sha256, source in media_of(document).items():
        path = folder / f"{sha256}{source.suffix}"
        if not path.is_file():
            faults.append(Fault(f"media/{path.name}", "is missing"))
        elif sha256_of_file(path) != sha256:
            faults.append(Fault(f"media/{path.name}", "is damaged: its bytes are not those that its name stands for"))
        found[sha256] = path
    if faults:
        raise InvalidInput(
            "The media of the timeline are not all there.", remedy="Copy the folder `media` again.", faults=faults
        )
    return found
