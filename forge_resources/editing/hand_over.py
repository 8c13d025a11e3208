"""Handing over: a spot per delivery profile, captions, timelines in several formats with their media,
contact sheet and record, by name.

Files lie under `<store>/deliverables/<brief>/<market>/<persona>/`, where a producer collects them.

What belongs here: what is handed over and what it is called. What does not: making the master or its timeline.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from forge_resources.editing.captions import caption_parameters
from forge_resources.editing.cutting_room import media_of, read_timeline
from forge_resources.editing.identifiers import Claim, check_unused, claim
from forge_resources.editing.inspection.control import control
from forge_resources.editing.interchange.writers import write_interchange
from forge_resources.editing.outlet import file_stem, identifier_of
from forge_resources.editing.packing import Packing
from forge_resources.editing.provenance.manifest import json_document, xmp_document
from forge_resources.editing.provenance.sealing import Sealed, making_of, seal
from forge_resources.editing.shelf import Shelf
from forge_resources.progress import OnStep
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.deliverables import Deliverables, Figures, Record, Spot, Timelines
from forge_resources.schemas.delivery import DeliveryProfile
from forge_resources.schemas.edit import Motion, Voiceover
from forge_resources.schemas.recipe import Artefact
from forge_resources.schemas.storyboard import Frames
from forge_resources.schemas.types import Tier, sha256_of
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
    packing = Packing(studio, brief, timelines, spot, tally, on_step)
    packages = {slug: packing.package(slug) for slug in timelines.by_profile}
    _check_numbers(studio, brief, packing, packages)
    shelf = Shelf(studio, brief)
    reports: dict[str, Artefact] = {}
    generated = [
        *((f"shot {plate.shot} plate", plate.picture) for plate in frames.plates),
        *((f"shot {shot.shot} motion", shot.motion) for shot in motion.shots),
        *((f"shot {line.shot} voice-over", line.sound) for line in voiceover.lines),
    ]
    tier = tier_of(artefact for _, artefact in generated)
    for slug, package in packages.items():
        profile = packing.profile(slug)
        stem = file_stem(brief, profile)
        making = making_of(brief, profile, f"{stem}{package.suffix}", package, tier, generated)
        sealed = seal(studio, tally, profile, package, making)
        timeline = timelines.by_profile[slug]
        captions = _captions(studio, brief, profile, timeline, tally)
        checked = control(studio, tally, brief, profile, timeline, sealed, captions)
        reports[slug] = checked.report
        # What failed is kept where it can be looked at, and not where it is collected.
        folder = "" if checked.passed else "rejected/"
        _put_spot(studio, shelf, slug, f"{folder}{stem}", sealed, package)
        for artefact in captions.values():
            shelf.put("captions", slug, f"{folder}{stem}{artefact.suffix}", studio.store.path(artefact))
        for artefact in (checked.report, checked.page):
            name = f"{stem}_quality{artefact.suffix}"
            shelf.put("quality_report", slug, name, studio.store.path(artefact), sha256_of([name, package.sha256]))
        shelf.put("timeline", slug, f"{shelf.stem}_{slug}{timeline.suffix}", studio.store.path(timeline))
        for made in write_interchange(studio.workshop, timeline):
            written = tally.add(made)
            shelf.put("interchange", slug, f"{shelf.stem}_{slug}{written.suffix}", studio.store.path(written))
    for medium in _media(studio, timelines):
        name = f"{medium.sha256}{medium.suffix}"
        shelf.put("media", None, f"media/{name}", studio.store.path_of(medium.sha256, medium.suffix))
    sheet = frames.contact_sheet
    shelf.put("contact_sheet", None, f"{shelf.stem}_contact-sheet{sheet.suffix}", studio.store.path(sheet))
    parts = [
        *generated,
        *((f"master {slug}", packing.master(slug)) for slug in packages),
        *((f"package {slug}", package) for slug, package in packages.items()),
    ]
    record = json.dumps(_record(brief, tier, parts).model_dump(mode="json"), indent=2, ensure_ascii=False)
    shelf.put_text("record", None, f"{shelf.stem}_record.json", record)
    # Last: a number stands for a spot once everything of it is there, and nothing is wrong with it.
    for wanted in _numbers(brief, packing, packages):
        if reports[wanted.profile].facts["passed"]:
            claim(studio.cabinet, wanted)
    document = Deliverables(
        cell=brief.cell,
        tier=tier,
        files=shelf.files,
        figures=figures_of(spot.master),
        plates=len(frames.plates),
        reports=reports,
    )
    return document, tally


def figures_of(master: Artefact) -> Figures:
    """What the renderer measured of a finished master."""
    return Figures.model_validate({name: master.facts.get(name) for name in Figures.model_fields})


def tier_of(parts: Iterable[Artefact]) -> Tier:
    """`full` only where every part is: a spot is no better than its weakest part."""
    return "full" if all(part.tier == "full" for part in parts) else "draft"


def _put_spot(studio: Studio, shelf: Shelf, slug: str, stem: str, sealed: Sealed, package: Artefact) -> None:
    """The signed file, its manifest where that is beside it, and what both say as XMP and JSON."""
    name = f"{stem}{package.suffix}"
    shelf.put("spot", slug, name, studio.store.path(sealed.file), package.sha256)
    holds = name
    if sealed.sidecar:
        holds = f"{stem}{sealed.sidecar.suffix}"
        shelf.put("credentials", slug, holds, studio.store.path(sealed.sidecar), package.sha256)
    xmp, who = xmp_document(sealed.making), sealed.identity
    shelf.put_text("metadata", slug, f"{stem}.xmp", xmp)
    beside = json_document(sealed.making, who.subject, who.development, holds.rpartition("/")[2])
    # Who signed is no part of what was delivered; the rest of the text is in the XMP too.
    shelf.put_text("metadata", slug, f"{stem}_provenance.json", beside, sha256_of(xmp))


def _numbers(brief: CellBrief, packing: Packing, packages: Mapping[str, Artefact]) -> Iterator[Claim]:
    """The numbers of the cell's spots, each with the unsigned file that it stands for."""
    for slug, package in packages.items():
        if number := identifier_of(brief, packing.profile(slug)):
            yield Claim(identifier=number, cell=brief.cell, profile=slug, content=package.sha256)


def _check_numbers(studio: Studio, brief: CellBrief, packing: Packing, packages: Mapping[str, Artefact]) -> None:
    """Raises Conflict before anything is put on the shelf."""
    for wanted in _numbers(brief, packing, packages):
        check_unused(studio.cabinet, wanted)


def _captions(
    studio: Studio, brief: CellBrief, profile: DeliveryProfile, timeline: Artefact, tally: Tally
) -> dict[str, Artefact]:
    """Captions by format."""
    parameters = caption_parameters(brief.market_brief.market.language, profile)
    return {
        kind: tally.add(
            studio.workshop.make(studio.workshop.engine("edit", f"captions-{kind}"), parameters, {"timeline": timeline})
        )
        for kind in profile.captions
    }


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
