"""Having an image engine make the plates of a storyboard, and the sheet that shows them.

What belongs here: one recipe per take, in order, and which take is active. What does not: what a shot looks like (see
`storyboard`), or how takes are scored (see `takes`).
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import cast

from forge_resources.engines.contract import ImageEngine
from forge_resources.errors import InvalidInput
from forge_resources.imaging.contact_sheet import contact_sheet_parameters
from forge_resources.imaging.takes.agreement import agreement_with
from forge_resources.imaging.takes.choosing import Candidate, best, score_takes, take_seed
from forge_resources.progress import OnStep
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.recipe import Artefact
from forge_resources.schemas.script import Script
from forge_resources.schemas.storyboard import Plate, Shot, Storyboard, Take
from forge_resources.schemas.types import AspectRatio
from forge_resources.store.tally import Tally
from forge_resources.store.workshop import Made, Source, SourceFile, Wanted, Workshop


def make_plates(
    workshop: Workshop, brief: CellBrief, storyboard: Storyboard, on_step: OnStep
) -> tuple[list[Plate], Tally]:
    """One plate per shot, out of as many takes as the brief orders. Shots with equal looks share them, in this cell and
    in every other.
    """
    stage = _Stage(workshop, brief, storyboard)
    plates: list[Plate] = []
    with closing(stage.takes(on_step)) as takes:
        for shot, made in takes:
            plates.append(stage.plate(shot, made, plates))
    return plates, stage.tally


class _Stage:
    """What the plates of one cell are made with."""

    def __init__(self, workshop: Workshop, brief: CellBrief, storyboard: Storyboard) -> None:
        self._workshop, self._brief, self._storyboard = workshop, brief, storyboard
        self._engine = cast("ImageEngine", workshop.engine("image", brief.market_brief.engines.image))
        self._references = reference_sources(brief)
        order = brief.market_brief.pictures
        self._takes = order.takes if order else 1
        self._choices = [
            choice for choice in (order.choose if order else []) if choice.persona in (None, brief.cell.persona)
        ]
        self.tally = Tally()

    def takes(self, on_step: OnStep) -> Generator[tuple[Shot, list[Made]]]:
        """Every shot with its takes, made or found. While one take is encoded, the next is painted already."""
        shots, reused = self._storyboard.shots, list[bool]()
        orders = [(shot, take) for shot in shots for take in range(1, self._takes + 1)]
        ratio = self._storyboard.aspect_ratio

        def on_begun(number: int, was_there: bool) -> None:
            reused.append(was_there)
            shot, take = orders[number]
            if take == self._takes:
                note = "reused" if all(reused[-self._takes :]) else "made"
                on_step(shot.number, len(shots), f"shot {shot.number} {note}")

        wanted = (wanted_plate(self._engine, shot, ratio, self._references, take) for shot, take in orders)
        with closing(self._workshop.make_each(wanted, on_begun)) as made:
            for shot in shots:
                takes = list(islice(made, self._takes))
                for one in takes:
                    self.tally.add(one)
                yield shot, takes

    def plate(self, shot: Shot, made: Sequence[Made], before: Sequence[Plate]) -> Plate:
        """The plate of a shot: the take that a person chose, else the one with the highest score."""
        if len(made) == 1:
            return Plate(shot=shot.number, picture=made[0].artefact)
        store = self._workshop.store
        files = [store.path(one.artefact) for one in made]
        scores = score_takes(
            [Candidate(number, file, agreement_with(file, shot.look)) for number, file in enumerate(files, start=1)],
            [store.path(plate.picture) for plate in before],
            self._product_pictures(shot),
            self._brief.market_brief.brand.palette,
        )
        chosen = next((choice.take for choice in reversed(self._choices) if choice.shot == shot.number), None)
        active = chosen or best(scores)
        if active > len(made):
            raise InvalidInput(f"Take {active} of shot {shot.number} was chosen; there are {len(made)}.")
        takes = [
            Take(
                take=score.take,
                seed=take_seed(shot.look.seed, score.take),
                picture=one.artefact,
                score=score.total,
                qualities={name: round(value, 4) for name, value in score.qualities.items()},
            )
            for score, one in zip(scores, made, strict=True)
        ]
        picture = made[active - 1].artefact
        return Plate(shot=shot.number, picture=picture, takes=takes, active=active, chosen=chosen is not None)

    def _product_pictures(self, shot: Shot) -> list[Path]:
        if shot.look.product == "absent":
            return []
        return [self._workshop.store.path_of(*_in_store(name)) for name in product_pictures(self._brief, shot)]


def wanted_plate(
    engine: ImageEngine, shot: Shot, ratio: AspectRatio, references: Mapping[str, Source], take: int = 1
) -> Wanted:
    """One take of a shot in a ratio; the product's `references` count only where it is shown."""
    products = references if shot.look.product != "absent" else {}
    look = shot.look.model_copy(update={"seed": take_seed(shot.look.seed, take)})
    parameters = engine.parameters(look, ratio, len(products))
    about = {"shot": shot.number}
    if engine.directed:
        directed = direction_sources(shot)
        sources = {name: directed[name] for name in engine.source_names(parameters)}
        return Wanted(engine, parameters, sources, about)
    return Wanted(engine, parameters, products, about)


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
        f"product-{number}": SourceFile(*_in_store(name))
        for number, name in enumerate(brief.market_brief.product_images, start=1)
    }


def direction_sources(shot: Shot) -> dict[str, Source]:
    """The pictures of a shot's direction as sources `start`, `mask`, `control-1` …, `reference-1` …"""
    direction = shot.look.direction
    if direction is None:
        return {}
    names = {"start": direction.start, "mask": direction.mask}
    names |= {f"control-{number}": one.picture for number, one in enumerate(direction.control, start=1)}
    names |= {f"reference-{number}": one.picture for number, one in enumerate(direction.references, start=1)}
    return {name: SourceFile(*_in_store(picture)) for name, picture in names.items() if picture}


def product_pictures(brief: CellBrief, shot: Shot) -> list[str]:
    """The names in the store of the pictures that show the product of a shot: the look's, else the brief's."""
    direction = shot.look.direction
    own = [one.picture for one in direction.references if one.role == "product"] if direction else []
    return own or brief.market_brief.product_images


def _in_store(name: str) -> tuple[str, str]:
    return PurePosixPath(name).stem, PurePosixPath(name).suffix
