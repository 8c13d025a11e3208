"""The scene: what a set function gets to work with, and the order in which things are drawn.

What belongs here: the list of pieces by depth, and the places a set offers to figures and products. What does not: any
drawing.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from forge_resources.imaging.drawing.colour import Paints
from forge_resources.imaging.drawing.grade import Grade
from forge_resources.imaging.drawing.stage import Draw, Stage

Surface = tuple[float, float, float]
"""A place to put something down: x, height, z in metres."""


Bed = Literal["bed", "sofa", "bench", "ground"]
BED_TOP: dict[Bed, float] = {"bed": 0.52, "sofa": 0.52, "bench": 0.46, "ground": 0.04}
"""Heights in metres."""


@dataclass
class Scene:
    """One panel in the making. Sets add pieces to it; the composition adds figures, product and props."""

    stage: Stage
    paints: Paints
    rng: random.Random
    details: tuple[str, ...]
    light_side: int
    """+1 where direct light comes from the right of the set, -1 from the left."""
    bed: Bed
    """What somebody lies on here."""
    bed_taken: bool
    """Whether somebody lies or sits on the bed of a bedroom; it is then drawn with them and not with the room."""
    pieces: list[tuple[float, int, Draw]] = field(default_factory=list)
    shelves: list[Surface] = field(default_factory=list)
    """Surfaces in the background where a product may stand."""
    seat: str = "chair"
    table: str = "table"
    has_lamp: bool = False
    """Whether the set already shows a standing lamp."""
    leafy: bool = False
    """Whether leaves may stand close to the lens."""

    @property
    def grade(self) -> Grade:
        return self.stage.grade

    def add(self, z: float, *draws: Draw) -> None:
        """Adds pieces to be drawn at depth z; of two at one depth the later one is in front."""
        for draw in draws:
            self.pieces.append((z, len(self.pieces), draw))

    def detail(self, kind: str) -> str | None:
        """The detail of a kind (`skyline`, `window`) without its prefix, if the look names one."""
        return next((slug.removeprefix(kind + "-") for slug in self.details if slug.startswith(kind + "-")), None)

    def play(self, nearer: float, farther: float) -> None:
        """Draws the pieces with nearer < z <= farther, the farthest first."""
        for z, _, draw in sorted(self.pieces, key=lambda piece: (-piece[0], piece[1])):
            if nearer < z <= farther:
                draw()


SetFunction = Callable[[Scene], None]
