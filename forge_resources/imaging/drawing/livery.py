"""Livery: the colours of a product, and the shine on it.

What belongs here: what all product shapes share. What does not: any shape (packs, durables).
"""

from __future__ import annotations

from dataclasses import dataclass

from forge_resources.imaging.drawing.colour import RGB, WHITE, luminance, mix
from forge_resources.imaging.drawing.stage import Pen


@dataclass(frozen=True)
class Livery:
    """The colours of a product: body, trim, what is printed on it, and whether its lights are on."""

    body: RGB
    trim: RGB
    field: RGB
    lit: bool


def livery(primary: RGB, accent: RGB, lit: bool) -> Livery:
    """The brand's colours as product colours; near-black and near-white brands keep a visible edge."""
    body = primary if luminance(primary) < 0.93 else mix(primary, (210, 212, 216), 0.4)
    return Livery(body, accent, WHITE if luminance(body) < 0.7 else mix(body, (60, 60, 70), 0.75), lit)


def sheen(pen: Pen, shape: list[tuple[float, float]], alpha: float = 0.30) -> None:
    """A streak of reflected light."""
    pen.poly(shape, (255, 255, 255), alpha=alpha)
