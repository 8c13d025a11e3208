"""What is found wrong with painted plates besides what is wrong with any: text in them, and a product of other colours.

What belongs here: findings with figures. What does not: measuring (see `takes`), or blank and equal plates (see
`plate_checks`). Plates of the tier `draft` are drawn from words and have neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from forge_resources.findings import Finding
from forge_resources.imaging.plates import product_pictures
from forge_resources.imaging.takes.choosing import take_rules
from forge_resources.imaging.takes.measuring import likeness, measure
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.storyboard import Frames, Plate, Shot, Storyboard
from forge_resources.store.artefacts import ArtefactStore

_SURE_LETTERS = 6
"""A line of fewer letters may be a row of things that look like some."""


def painted_findings(
    frames: Frames, storyboard: Storyboard, brief: CellBrief, store: ArtefactStore
) -> Iterator[Finding]:
    """Everything found in the plates of the tier `full`, by shot."""
    shots = {shot.number: shot for shot in storyboard.shots}
    for plate in frames.plates:
        if plate.picture.tier == "full":
            yield from _text(plate, store)
            yield from _likeness(plate, shots[plate.shot], brief, store)


def _text(plate: Plate, store: ArtefactStore) -> Iterator[Finding]:
    path = store.path(plate.picture)
    lines = measure(path, path.stat().st_mtime_ns).text
    limit = take_rules().limits.text_lines.limit
    if len(lines) >= limit:
        letters = sum(line.letters for line in lines)
        left, top, *_ = lines[0].box
        yield Finding(
            f"shot {plate.shot}",
            f"{len(lines)} line{'s' if len(lines) != 1 else ''} of text found ({letters} letters, the first at "
            f"{left:.0%} from the left, {top:.0%} from the top); plates carry none",
            severity="critical" if letters >= _SURE_LETTERS else "major",
            suggestion="Choose another take, or change the seed or the visual.",
        )


def _likeness(plate: Plate, shot: Shot, brief: CellBrief, store: ArtefactStore) -> Iterator[Finding]:
    names = product_pictures(brief, shot)
    if shot.look.product != "hero" or not names:
        return
    references = [store.path_of(PurePosixPath(name).stem, PurePosixPath(name).suffix) for name in names]
    figure = likeness(store.path(plate.picture), references)
    limit = take_rules().limits.likeness.limit
    if figure < limit:
        yield Finding(
            f"shot {plate.shot}",
            f"the product's likeness to its reference pictures is {figure:.2f}, below {limit:g}",
            suggestion="Choose another take, raise pictures.reference_strength, or name a model that takes references.",
        )
