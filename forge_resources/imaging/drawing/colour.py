"""Colour: reading `#rrggbb`, mixing, shading, and the pools of paint a set is dressed from.

What belongs here: arithmetic on RGB in 0-255. What does not: the colour of light (see grade).
"""

from __future__ import annotations

import colorsys
import random
from dataclasses import dataclass

RGB = tuple[float, float, float]

WHITE: RGB = (250, 248, 244)
INK: RGB = (38, 36, 44)
WOODS: tuple[RGB, ...] = ((196, 150, 104), (168, 116, 76), (214, 178, 136), (132, 92, 66), (186, 160, 132))
LEAVES: tuple[RGB, ...] = ((92, 142, 92), (70, 122, 92), (124, 156, 84), (60, 104, 84))
STEEL: RGB = (164, 172, 182)
SKINS: tuple[RGB, ...] = (
    (250, 218, 194), (242, 200, 168), (226, 176, 138), (204, 150, 112), (172, 118, 82), (136, 90, 64), (104, 68, 52),
)  # fmt: skip
HAIRS: tuple[RGB, ...] = (
    (34, 28, 32), (58, 42, 38), (92, 62, 44), (138, 92, 56), (190, 146, 88), (166, 78, 48), (40, 36, 52),
)  # fmt: skip


def rgb(text: str) -> RGB:
    """`#rrggbb` as three numbers."""
    return (int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16))


def mix(a: RGB, b: RGB, share: float) -> RGB:
    """`a` with `share` (0-1) of `b` in it."""
    return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share)


def shade(colour: RGB, amount: float) -> RGB:
    """Darker (towards a cool ink) for a positive amount, lighter for a negative one."""
    return mix(colour, (30, 26, 44), amount) if amount >= 0 else mix(colour, (255, 252, 244), -amount)


def luminance(colour: RGB) -> float:
    """Perceived lightness, 0-1."""
    return (0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]) / 255


def muted(colour: RGB, saturation: float, lightness: float) -> RGB:
    """The hue of a colour at a given saturation and lightness (both 0-1): how a brand colour becomes wall paint."""
    hue, _, own = colorsys.rgb_to_hls(*(channel / 255 for channel in colour))
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, min(saturation, own * 1.2 + 0.02))
    return (red * 255, green * 255, blue * 255)


@dataclass(frozen=True)
class Paints:
    """What a set is painted with: the brand's colours as they are, and what was mixed from them for this shot."""

    primary: RGB
    accent: RGB
    wall: RGB
    wall_low: RGB
    floor: RGB
    wood: RGB
    fabric: RGB
    fabric2: RGB
    metal: RGB
    leaf: RGB
    cloth: tuple[RGB, ...]


def mix_paints(primary_hex: str, accent_hex: str, rng: random.Random) -> Paints:
    """Paints tinted with the brand, different from seed to seed."""
    primary, accent = rgb(primary_hex), rgb(accent_hex)
    neutral = rng.choice([(236, 226, 212), (226, 228, 226), (238, 220, 206), (218, 224, 232)])
    tint = rng.choice([primary, accent])
    wall = rng.choice(
        [
            mix(neutral, muted(tint, 0.35, 0.72), 0.55),
            mix(neutral, muted(primary, 0.30, 0.80), 0.5),
            muted(tint, 0.28, 0.66),
            mix(neutral, (255, 255, 255), 0.25),
            muted(primary, 0.26, 0.52),
        ]
    )
    wood = rng.choice(WOODS)
    other = accent if tint == primary else primary
    cloth = (
        primary, accent, muted(primary, 0.35, 0.42), muted(accent, 0.4, 0.7), (240, 234, 224), (74, 84, 104),
        (196, 108, 88), (98, 128, 124), (222, 182, 116), (126, 112, 142), (54, 58, 70), (170, 186, 198),
    )  # fmt: skip
    return Paints(
        primary=primary,
        accent=accent,
        wall=wall,
        wall_low=rng.choice([wall, shade(wall, 0.14), mix(wall, muted(other, 0.35, 0.5), 0.5)]),
        floor=rng.choice([mix(wood, neutral, 0.25), shade(wood, 0.12), mix(neutral, wood, 0.35), mix(wood, wall, 0.4)]),
        wood=wood,
        fabric=rng.choice([muted(other, 0.42, 0.5), other, muted(tint, 0.4, 0.4), muted(other, 0.35, 0.66)]),
        fabric2=rng.choice([muted(tint, 0.45, 0.62), (232, 222, 206), muted(other, 0.5, 0.36), tint]),
        metal=rng.choice([STEEL, (86, 92, 104), (196, 170, 120), (120, 128, 140)]),
        leaf=rng.choice(LEAVES),
        cloth=cloth,
    )
