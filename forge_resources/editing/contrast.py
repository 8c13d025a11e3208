"""Contrast of colours as WCAG 2.2 measures it, and the choice of a legible one.

What belongs here: relative luminance, contrast ratio, mixing. What does not: where colours are used.
"""

from __future__ import annotations

from collections.abc import Sequence

from forge_resources.schemas.brand import Palette

RGB = tuple[int, int, int]

BLACK: RGB = (0, 0, 0)
WHITE: RGB = (255, 255, 255)
LEGIBLE = 4.5
"""The least contrast ratio of text with its ground (WCAG 2.2, success criterion 1.4.3)."""
DISTINCT = 3.0
"""The least contrast ratio of a shape, such as a button, with its ground (WCAG 2.2, 1.4.11)."""

_DEEPENING = 0.02
_DEEPENING_STEPS = 14


def rgb(colour: str) -> RGB:
    """`#rrggbb` as three numbers from 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def luminance(colour: RGB) -> float:
    """Relative luminance, 0 (black) to 1 (white)."""
    red, green, blue = (_linear(channel / 255) for channel in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: RGB, other: RGB) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mix(one: RGB, other: RGB, share: float) -> RGB:
    """`share` of `other` laid over `one`."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def legible_on(ground: RGB, wanted: Sequence[RGB]) -> RGB:
    """The first of `wanted` that reads on `ground`; black or white, whichever reads better, where none does."""
    found = next((colour for colour in wanted if contrast(colour, ground) >= LEGIBLE), None)
    return found or max(WHITE, BLACK, key=lambda colour: contrast(colour, ground))


def brand_pair(palette: Palette, lift: float = 0.0) -> tuple[RGB, RGB]:
    """A ground of the brand's primary colour and the text that reads on it, also where the ground is lighter by `lift`.

    The brand's paper colour is preferred, for which the ground may become somewhat darker; then its ink.
    """
    primary, paper, ink = rgb(palette.primary), rgb(palette.paper), rgb(palette.ink)
    for step in range(_DEEPENING_STEPS + 1):
        ground = mix(primary, BLACK, step * _DEEPENING)
        if contrast(paper, mix(ground, WHITE, lift)) >= LEGIBLE:
            return ground, paper
    return primary, legible_on(mix(primary, WHITE, lift) if luminance(primary) < 0.5 else primary, [ink])


def veil_for(text: RGB, veil: RGB) -> float:
    """How opaque a `veil` must be for `text` to read on it over any picture: the least share from 0 to 1.

    In hundredths; 1 where even the bare veil is not dark or light enough.
    """
    worst = max(WHITE, BLACK, key=lambda picture: 1 / contrast(text, picture))
    shares = (step / 100 for step in range(101))
    return next((share for share in shares if contrast(text, mix(worst, veil, share)) >= LEGIBLE), 1.0)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
