"""Handing over: a spot per delivery profile, captions, timelines with their media, contact sheet and record, by name.

Files lie under `<store>/deliverables/<brief>/<market>/<persona>/`, where a producer collects them.

What belongs here: what is handed over and what it is called. What does not: making the master or its timeline.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path

from upath import UPath

from forge_resources.editing.captions import caption_parameters
from forge_resources.editing.cutting_room import media_of, read_timeline, render_master
from forge_resources.editing.profiles import outlet
from forge_resources.progress import OnStep
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.deliverables import Deliverables, DeliveredFile, Figures, Record, Spot, Timelines
from forge_resources.schemas.delivery import DeliveryProfile
from forge_resources.schemas.edit import Motion, Voiceover
from forge_resources.schemas.recipe import Artefact
from forge_resources.schemas.storyboard import Frames
from forge_resources.schemas.types import Tier
from forge_resources.store.files import is_local, sha256_of_file, write_file
from forge_resources.store.tally import Tally
from forge_resources.store.workshop import SourceFile
from forge_resources.studio import Studio


def hand_over(
    studio: Studio,
    brief: CellBrief,
    frames: Frames,
    motion: Motion,
    voiceover: Voiceover,
    timelines: Timelines,
    spot: Spot,
    on_step: OnStep,
) -> tuple[Deliverables, Tally]:
    """Makes what is still missing for the brief's profiles and publishes everything under its name."""
    tally = Tally()
    masters: dict[str, Artefact] = {spot.profile: spot.master}
    for slug, timeline in timelines.by_profile.items():
        if slug not in masters:
            masters[slug] = tally.add(
                render_master(studio.workshop, outlet(studio.profiles, slug, brief.market_brief), timeline, on_step)
            )
    shelf = _Shelf(studio, brief)
    for slug, master in masters.items():
        shelf.put("spot", slug, f"{shelf.stem}_{slug}{master.suffix}", studio.store.path(master))
        for captions in _captions(studio, brief, studio.profiles[slug], timelines.by_profile[slug], tally):
            shelf.put("captions", slug, f"{shelf.stem}_{slug}{captions.suffix}", studio.store.path(captions))
        timeline = timelines.by_profile[slug]
        shelf.put("timeline", slug, f"{shelf.stem}_{slug}{timeline.suffix}", studio.store.path(timeline))
    for medium in _media(studio, timelines):
        name = f"{medium.sha256}{medium.suffix}"
        shelf.put("media", None, f"media/{name}", studio.store.path_of(medium.sha256, medium.suffix))
    sheet = frames.contact_sheet
    shelf.put("contact_sheet", None, f"{shelf.stem}_contact-sheet{sheet.suffix}", studio.store.path(sheet))
    parts = [
        *((f"shot {plate.shot} plate", plate.picture) for plate in frames.plates),
        *((f"shot {shot.shot} motion", shot.motion) for shot in motion.shots),
        *((f"shot {line.shot} voice-over", line.sound) for line in voiceover.lines),
        *((f"master {slug}", master) for slug, master in masters.items()),
    ]
    tier = tier_of(artefact for _, artefact in parts)
    shelf.put_record(_record(brief, tier, parts))
    document = Deliverables(
        cell=brief.cell,
        tier=tier,
        files=shelf.files,
        figures=figures_of(spot.master),
        plates=len(frames.plates),
    )
    return document, tally


def figures_of(master: Artefact) -> Figures:
    """What the renderer measured of a finished master."""
    return Figures.model_validate({name: master.facts.get(name) for name in Figures.model_fields})


def tier_of(parts: Iterable[Artefact]) -> Tier:
    """`full` only where every part is: a spot is no better than its weakest part."""
    return "full" if all(part.tier == "full" for part in parts) else "draft"


class _Shelf:
    """The folder of one cell's deliverables."""

    def __init__(self, studio: Studio, brief: CellBrief) -> None:
        cell = brief.cell
        self.stem = f"{cell.brief}_{cell.market}_{cell.persona}"
        self.folder = studio.settings.store / "deliverables" / cell.path
        self.files: list[DeliveredFile] = []

    def put(self, role: str, profile: str | None, name: str, source: Path) -> None:
        sha256 = sha256_of_file(source)
        place = self.folder / name
        if not _holds(place, sha256):
            write_file(place, source)
        delivered = {
            "role": role,
            "profile": profile,
            "name": name,
            "address": str(place.path if is_local(place) else place),
            "sha256": sha256,
            "size": source.stat().st_size,
        }
        self.files.append(DeliveredFile.model_validate(delivered))

    def put_record(self, record: Record) -> None:
        # Written through a local file so that everything on the shelf is put there in the same way.
        text = json.dumps(record.model_dump(mode="json"), indent=2, ensure_ascii=False)
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "record.json"
            source.write_text(text, encoding="utf-8")
            self.put("record", None, f"{self.stem}_record.json", source)


def _holds(place: UPath, sha256: str) -> bool:
    if not is_local(place):
        return False
    local = Path(place.path)
    return local.is_file() and sha256_of_file(local) == sha256


def _captions(
    studio: Studio, brief: CellBrief, profile: DeliveryProfile, timeline: Artefact, tally: Tally
) -> list[Artefact]:
    parameters = caption_parameters(brief.market_brief.market.language, profile)
    return [
        tally.add(
            studio.workshop.make(studio.workshop.engine("edit", f"captions-{kind}"), parameters, {"timeline": timeline})
        )
        for kind in profile.captions
    ]


def _media(studio: Studio, timelines: Timelines) -> list[SourceFile]:
    found: dict[str, SourceFile] = {}
    for timeline in timelines.by_profile.values():
        for sha256, source in media_of(read_timeline(studio.workshop, timeline)).items():
            found[sha256] = SourceFile(source.sha256, source.suffix)
    return list(found.values())


def _record(brief: CellBrief, tier: Tier, parts: list[tuple[str, Artefact]]) -> Record:
    return Record(
        cell=brief.cell,
        tier=tier,
        cell_brief_version=brief.content_hash(),
        engines=brief.market_brief.engines.model_dump(),
        seed=brief.market_brief.seed,
        recipes={name: artefact.fingerprint for name, artefact in parts},
    )
