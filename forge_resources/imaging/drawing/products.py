"""Products: the silhouettes of what is sold, in the brand's colours. One unit is the height, the foot is at (0, 0).

What belongs here: the register of the twenty shapes and their real sizes. What does not: their drawings (packs,
durables), reference pictures (reference) and where a product stands (goods).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from forge_resources.imaging.drawing import durables, packs
from forge_resources.imaging.drawing.livery import Livery
from forge_resources.imaging.drawing.stage import Pen


@dataclass(frozen=True)
class Shape:
    """A product's height in metres, its width in heights, whether it stands on the floor, and how it is drawn."""

    height: float
    width: float
    draw: Callable[[Pen, Livery], None]
    on_floor: bool = False
    grip: float = 0.45
    """Where it is held, in heights above its foot."""


SHAPES: dict[str, Shape] = {
    "lamp": Shape(0.36, 0.68, durables.lamp, grip=0.25), "bottle": Shape(0.27, 0.31, packs.bottle),
        "box": Shape(0.24, 0.82, packs.box),
    "can": Shape(0.15, 0.50, packs.can), "cup": Shape(0.11, 0.95, packs.cup, grip=0.5),
        "shoe": Shape(0.135, 2.2, durables.shoe, grip=0.4),
    "phone": Shape(0.155, 0.51, durables.phone, grip=0.35), "watch": Shape(0.14, 0.64, durables.watch, grip=0.15),
        "car": Shape(1.46, 3.0, durables.car, True),
    "bag": Shape(0.34, 1.0, durables.bag, grip=0.95), "tube": Shape(0.18, 0.42, packs.tube),
        "jar": Shape(0.11, 1.0, packs.jar, grip=0.4),
    "device": Shape(0.20, 0.8, durables.device, grip=0.3), "chair": Shape(0.92, 0.72, durables.chair, True),
        "bicycle": Shape(1.06, 1.74, durables.bicycle, True),
    "headphones": Shape(0.20, 0.98, durables.headphones, grip=0.25),
        "garment": Shape(0.66, 1.04, durables.garment, grip=0.96),
    "card": Shape(0.062, 1.6, packs.card, grip=0.25), "appliance": Shape(0.36, 0.86, durables.appliance),
        "bar": Shape(0.052, 3.0, packs.bar, grip=0.4),
}  # fmt: skip
