"""Having an image engine make the plates of a storyboard, and the sheet that shows them.

What belongs here: one recipe per shot, in order. What does not: what a shot looks like (see `storyboard`).
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import cast

from forge_resources.engines.contract import ImageEngine
from forge_resources.imaging.contact_sheet import contact_sheet_parameters
from forge_resources.logs import log_fields
from forge_resources.progress import OnStep
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.recipe import Artefact
from forge_resources.schemas.script import Script
from forge_resources.schemas.storyboard import Plate, Storyboard
from forge_resources.store.tally import Tally
from forge_resources.store.workshop import Source, SourceFile, Workshop


def make_plates(
    workshop: Workshop, brief: CellBrief, storyboard: Storyboard, on_step: OnStep
) -> tuple[list[Plate], Tally]:
    """One plate per shot. Shots with equal looks share one, in this cell and in every other."""
    engine = cast("ImageEngine", workshop.engine("image", brief.market_brief.engines.image))
    references = reference_sources(brief)
    plates: list[Plate] = []
    tally = Tally()
    for shot in storyboard.shots:
        shows_product = shot.look.product != "absent"
        sources = references if shows_product else {}
        parameters = engine.parameters(shot.look, storyboard.aspect_ratio, len(sources))
        with log_fields(shot=shot.number):
            made = workshop.make(engine, parameters, sources)
        plates.append(Plate(shot=shot.number, picture=tally.add(made)))
        on_step(shot.number, len(storyboard.shots), f"shot {shot.number} {'reused' if made.reused else 'made'}")
    return plates, tally


def make_contact_sheet(
    workshop: Workshop, brief: CellBrief, script: Script, storyboard: Storyboard, plates: list[Plate]
) -> Artefact:
    """The storyboard as one picture: plates, words and timings. Its hash is what an approval names."""
    parameters = contact_sheet_parameters(brief, script, storyboard)
    sources: dict[str, Source] = {f"shot-{plate.shot:02d}": plate.picture for plate in plates}
    return workshop.make(workshop.engine("edit", "contact-sheet"), parameters, sources).artefact


def reference_sources(brief: CellBrief) -> dict[str, Source]:
    """The product's reference pictures as sources `product-1`, `product-2` …"""
    return {
        f"product-{number}": SourceFile(PurePosixPath(name).stem, PurePosixPath(name).suffix)
        for number, name in enumerate(brief.market_brief.product_images, start=1)
    }
