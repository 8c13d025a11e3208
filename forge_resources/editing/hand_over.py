"""Handing over: a spot per delivery profile, captions, timelines in several formats with their media,
contact sheet and record, by name.

Files lie under `<store>/deliverables/<brief>/<market>/<persona>/`, where a producer collects them.

What belongs here: what is handed over and what it is called. What does not: making the master or its timeline.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from forge_resources.editing.captions import caption_parameters
from forge_resources.editing.cutting_room import media_of, read_timeline
from forge_resources.editing.identifiers import Claim, check_free, check_unused, claim
from forge_resources.editing.inspection.control import Controlled, control
from forge_resources.editing.interchange.writers import write_interchange
from forge_resources.editing.outlet import file_stem, identifier_of
from forge_resources.editing.packing import Packing
from forge_resources.editing.profiles import outlet
from forge_resources.editing.provenance.manifest import json_document, xmp_document
from forge_resources.editing.provenance.sealing import Sealed, making_of, seal
from forge_resources.editing.shelf import Shelf
from forge_resources.editing.side_by_side import side_by_side
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


def check_numbers(studio: Studio, brief: CellBrief) -> None:
    """Raises Conflict where an outlet's number was given to another spot, InvalidInput where it is missing."""
    for slug in brief.market_brief.delivery:
        profile = outlet(studio.profiles, slug, brief.market_brief)
        if number := identifier_of(brief, profile):
            check_free(studio.cabinet, number, brief.cell, slug)


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
    packages = packing.packages()
    _check_numbers(studio, brief, packing, packages)
    shelf = Shelf(studio, brief)
    reports: dict[str, Artefact] = {}
    generated = [
        *((f"shot {plate.shot} plate", plate.picture) for plate in frames.plates),
        *((f"shot {shot.shot} motion", shot.motion) for shot in motion.shots),
        *((f"shot {line.shot} voice-over", line.sound) for line in voiceover.lines),
    ]
    tier = tier_of(artefact for _, artefact in generated)
    stems = {slug: file_stem(brief, packing.profile(slug)) for slug in packages}
    sealed = {
        slug: seal(
            studio,
            tally,
            packing.profile(slug),
            package,
            making_of(brief, packing.profile(slug), f"{stems[slug]}{package.suffix}", package, tier, generated),
        )
        for slug, package in packages.items()
    }
    reviews = side_by_side(
        [
            partial(_reviewed, studio, brief, packing.profile(slug), timelines.by_profile[slug], sealed[slug])
            for slug in packages
        ]
    )
    for (slug, package), review in zip(packages.items(), reviews, strict=True):
        tally.take(review.tally)
        reports[slug] = review.checked.report
        _put_spot(studio, shelf, slug, stems[slug], sealed[slug], package, review)
        _put_timeline(studio, shelf, slug, timelines.by_profile[slug], tally)
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


@dataclass(frozen=True)
class _Review:
    """A file after its quality control, with the captions it was controlled with."""

    captions: dict[str, Artefact]
    checked: Controlled
    tally: Tally


def _reviewed(
    studio: Studio, brief: CellBrief, profile: DeliveryProfile, timeline: Artefact, sealed: Sealed
) -> _Review:
    tally = Tally()
    captions = _captions(studio, brief, profile, timeline, tally)
    return _Review(captions, control(studio, tally, brief, profile, timeline, sealed, captions), tally)


def figures_of(master: Artefact) -> Figures:
    """What the renderer measured of a finished master."""
    return Figures.model_validate({name: master.facts.get(name) for name in Figures.model_fields})


def tier_of(parts: Iterable[Artefact]) -> Tier:
    """`full` only where every part is: a spot is no better than its weakest part."""
    return "full" if all(part.tier == "full" for part in parts) else "draft"


def _put_spot(
    studio: Studio, shelf: Shelf, slug: str, stem: str, sealed: Sealed, package: Artefact, review: _Review
) -> None:
    """The signed file with its captions and its report; its manifest where that is beside it; both as XMP and JSON.

    What failed is kept where it can be looked at, and not where it is collected.
    """
    place = stem if review.checked.passed else f"rejected/{stem}"
    name = f"{place}{package.suffix}"
    shelf.put("spot", slug, name, studio.store.path(sealed.file), package.sha256)
    holds = name
    if sealed.sidecar:
        holds = f"{place}{sealed.sidecar.suffix}"
        shelf.put("credentials", slug, holds, studio.store.path(sealed.sidecar), package.sha256)
    xmp, who = xmp_document(sealed.making), sealed.identity
    shelf.put_text("metadata", slug, f"{place}.xmp", xmp)
    beside = json_document(sealed.making, who.subject, who.development, holds.rpartition("/")[2])
    # Who signed is no part of what was delivered; the rest of the text is in the XMP too.
    shelf.put_text("metadata", slug, f"{place}_provenance.json", beside, sha256_of(xmp))
    for artefact in review.captions.values():
        shelf.put("captions", slug, f"{place}{artefact.suffix}", studio.store.path(artefact))
    for artefact in (review.checked.report, review.checked.page):
        beside = f"{stem}_quality{artefact.suffix}"
        shelf.put("quality_report", slug, beside, studio.store.path(artefact), sha256_of([beside, package.sha256]))


def _put_timeline(studio: Studio, shelf: Shelf, slug: str, timeline: Artefact, tally: Tally) -> None:
    """The timeline, and the lists for other editing systems."""
    shelf.put("timeline", slug, f"{shelf.stem}_{slug}{timeline.suffix}", studio.store.path(timeline))
    for made in write_interchange(studio.workshop, timeline):
        written = tally.add(made)
        shelf.put("interchange", slug, f"{shelf.stem}_{slug}{written.suffix}", studio.store.path(written))


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
