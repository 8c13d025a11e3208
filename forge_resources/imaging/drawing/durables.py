"""Durables: products one keeps. One unit is the height, the foot is at (0, 0).

What belongs here: lamps, shoes, vehicles, devices. What does not: packaging (packs). Screens show plain
fields of colour, dials strokes and hands, never letters or figures.
"""

from __future__ import annotations

from forge_resources.imaging.drawing import geometry as geo
from forge_resources.imaging.drawing.colour import RGB, mix, shade
from forge_resources.imaging.drawing.livery import Livery, sheen
from forge_resources.imaging.drawing.stage import Pen


def lamp(pen: Pen, c: Livery) -> None:
    """A globe lamp on a foot."""
    metal = mix(c.trim, (196, 160, 110), 0.25)
    pen.oval(0, 0.040, 0.255, 0.040, shade(metal, 0.28))
    pen.rect(-0.255, 0.040, 0.255, 0.058, shade(metal, 0.28))
    pen.oval(0, 0.058, 0.255, 0.040, metal)
    pen.rect(-0.025, 0.055, 0.025, 0.42, metal)
    sheen(pen, [(-0.012, 0.08), (0.0, 0.08), (0.0, 0.4), (-0.012, 0.4)], 0.5)
    if c.lit:
        # Rings from the rim to the heart of the glow; the rim stays below white so that light over it keeps its hue.
        rings = 36 if pen.pixels > 150 else 10
        for ring in range(rings):
            t = ring / (rings - 1)
            tone = mix((246, 182, 106), (255, 226, 184), t**0.7)
            pen.oval(0, 0.70 - 0.02 * t, 0.325 * (1 - 0.78 * t), 0.29 * (1 - 0.78 * t), tone, glow=True, steps=56)
    else:
        pen.oval(0, 0.70, 0.325, 0.29, mix(c.body, (255, 244, 224), 0.72), steps=56)
        pen.oval(0.05, 0.66, 0.24, 0.22, mix(c.body, (255, 246, 230), 0.82), steps=48)
    cup = geo.arc(0, 0.46, 0.140, 0.016, 180, 360, 16).tolist()
    pen.poly([(-0.10, 0.385), (0.10, 0.385), (0.140, 0.46), *cup[::-1], (-0.140, 0.46)], c.body)
    pen.rect(-0.10, 0.372, 0.10, 0.39, shade(c.body, 0.25), 0.006)
    pen.line(geo.arc(0, 0.70, 0.27, 0.235, 120, 175, 10), [0.004, 0.022, 0.004], (255, 255, 255), alpha=0.7)


def shoe(pen: Pen, c: Livery) -> None:
    """A sports shoe, its toe to +x."""
    sole: RGB = (250, 248, 244)
    pen.blob(
        [
            (-1.0, 0.16),
            (-1.03, 0.62),
            (-0.94, 0.96),
            (-0.62, 0.98),
            (-0.48, 0.86),
            (-0.28, 0.84),
            (0.08, 0.58),
            (0.55, 0.46),
            (0.95, 0.38),
            (1.08, 0.20),
            (1.05, 0.12),
        ],
        c.body,
    )
    pen.blob([(-0.92, 0.90), (-0.78, 0.82), (-0.62, 0.86), (-0.60, 0.98), (-0.76, 1.0)], shade(c.body, 0.5))
    pen.blob([(0.50, 0.46), (0.72, 0.44), (0.97, 0.36), (1.08, 0.2), (0.76, 0.16), (0.56, 0.24)], shade(c.body, -0.2))
    pen.blob([(-1.02, 0.2), (-1.02, 0.56), (-0.82, 0.5), (-0.70, 0.18)], c.trim)
    pen.blob(
        [(-0.55, 0.22), (-0.32, 0.62), (-0.16, 0.58), (0.34, 0.24), (0.1, 0.20), (-0.24, 0.40), (-0.38, 0.20)], c.trim
    )
    for i in range(4):
        x, y = -0.36 + i * 0.16, 0.84 - i * 0.09
        pen.line([(x, y), (x + 0.12, y - 0.16)], 0.045, sole)
    pen.blob(
        [
            (-1.08, 0.20),
            (-1.06, 0.05),
            (-0.9, 0.0),
            (0.7, 0.0),
            (1.08, 0.06),
            (1.15, 0.20),
            (0.9, 0.19),
            (0.2, 0.17),
            (-0.6, 0.20),
        ],
        sole,
    )
    pen.line([(-1.06, 0.08), (0.0, 0.06), (1.1, 0.10)], 0.03, c.trim)


def phone(pen: Pen, c: Livery) -> None:
    """A phone with an abstract screen."""
    pen.rect(-0.255, 0.0, 0.255, 1.0, shade(c.body, 0.25), 0.075)
    pen.rect(-0.242, 0.012, 0.242, 0.988, (26, 26, 34), 0.068)
    pen.rect(-0.222, 0.032, 0.222, 0.968, mix(c.body, (250, 250, 255), 0.82), 0.05, glow=True)
    pen.rect(-0.222, 0.62, 0.222, 0.968, c.body, 0.05, glow=True)
    pen.oval(0.0, 0.78, 0.10, 0.10, c.trim, glow=True)
    for y, w in ((0.54, 0.36), (0.47, 0.28)):
        pen.rect(-0.18, y, -0.18 + w, y + 0.032, mix(c.body, (255, 255, 255), 0.5), 0.016, glow=True)
    for x in (-0.18, 0.02):
        pen.rect(x, 0.22, x + 0.17, 0.40, mix(c.trim, (255, 255, 255), 0.35), 0.03, glow=True)
    pen.rect(-0.18, 0.09, 0.19, 0.165, c.trim, 0.035, glow=True)
    pen.rect(-0.05, 0.935, 0.05, 0.955, (26, 26, 34), 0.01)
    pen.poly([(-0.222, 0.95), (0.02, 0.968), (-0.222, 0.45)], (255, 255, 255), alpha=0.14, glow=True)


def watch(pen: Pen, c: Livery) -> None:
    """A wristwatch with hands and strokes."""
    strap = c.body
    pen.blob([(-0.15, 0.0), (-0.17, 0.16), (-0.22, 0.34), (0.22, 0.34), (0.17, 0.16), (0.15, 0.0)], strap, steps=4)
    pen.blob(
        [(-0.15, 1.0), (-0.17, 0.84), (-0.22, 0.66), (0.22, 0.66), (0.17, 0.84), (0.15, 1.0)],
        shade(strap, 0.12),
        steps=4,
    )
    for y in (0.06, 0.12, 0.18):
        pen.oval(0, y, 0.014, 0.014, shade(strap, 0.45), steps=10)
    pen.rect(0.27, 0.46, 0.33, 0.54, shade(c.trim, 0.2), 0.015)
    pen.oval(0, 0.5, 0.29, 0.29, shade(c.trim, 0.15), steps=48)
    pen.oval(0, 0.5, 0.265, 0.265, c.trim, steps=48)
    pen.oval(0, 0.5, 0.225, 0.225, mix(c.body, (248, 246, 240), 0.88), steps=48)
    for i in range(12):
        a = geo.arc(0, 0.5, 0.2, 0.2, i * 30, i * 30, 1)[0]
        b = geo.arc(0, 0.5, 0.17, 0.17, i * 30, i * 30, 1)[0]
        pen.line([a, b], 0.014, (70, 70, 78))
    pen.line([(0, 0.5), (0.09, 0.585)], 0.020, (44, 44, 52))
    pen.line([(0, 0.5), (-0.06, 0.665)], 0.014, (44, 44, 52))
    pen.oval(0, 0.5, 0.018, 0.018, c.body, steps=14)
    sheen(pen, [(-0.17, 0.62), (-0.08, 0.69), (0.10, 0.36), (0.04, 0.30)], 0.2)


def car(pen: Pen, c: Livery) -> None:
    """A saloon, its bonnet to +x."""
    tyre: RGB = (38, 38, 44)
    pen.blob(
        [
            (-1.48, 0.26),
            (-1.50, 0.50),
            (-1.36, 0.66),
            (-0.98, 0.70),
            (-0.62, 0.96),
            (-0.2, 1.0),
            (0.30, 0.97),
            (0.72, 0.70),
            (1.22, 0.60),
            (1.46, 0.48),
            (1.50, 0.26),
            (1.3, 0.18),
            (-1.3, 0.18),
        ],
        c.body,
        steps=7,
    )
    glass: RGB = (96, 122, 146)
    pen.blob([(-0.86, 0.69), (-0.56, 0.90), (-0.20, 0.93), (-0.12, 0.93), (-0.12, 0.68)], glass, steps=5)
    pen.blob([(-0.04, 0.68), (-0.04, 0.93), (0.28, 0.90), (0.60, 0.68)], glass, steps=5)
    pen.poly([(-0.55, 0.72), (-0.38, 0.90), (-0.26, 0.91), (-0.42, 0.72)], (230, 240, 248), alpha=0.35)
    pen.poly([(0.08, 0.71), (0.20, 0.88), (0.29, 0.88), (0.2, 0.71)], (230, 240, 248), alpha=0.35)
    pen.line([(-1.42, 0.52), (-0.6, 0.56), (0.6, 0.54), (1.4, 0.46)], 0.014, shade(c.body, -0.4), smooth=True)
    pen.poly([(-1.40, 0.20), (1.40, 0.20), (1.44, 0.30), (-1.44, 0.30)], shade(c.body, 0.35))
    pen.line([(-0.08, 0.22), (-0.09, 0.66)], 0.008, shade(c.body, 0.35))
    pen.rect(-0.36, 0.57, -0.2, 0.595, shade(c.body, 0.3), 0.01)
    pen.blob([(1.28, 0.54), (1.42, 0.49), (1.46, 0.42), (1.30, 0.44)], (255, 244, 214), glow=c.lit)
    pen.blob([(-1.49, 0.54), (-1.38, 0.58), (-1.38, 0.48), (-1.50, 0.46)], (214, 60, 56), glow=c.lit)
    for x in (-0.90, 0.92):
        pen.oval(x, 0.24, 0.285, 0.285, shade(c.body, 0.5))
        pen.oval(x, 0.21, 0.235, 0.235, tyre)
        pen.oval(x, 0.21, 0.15, 0.15, (196, 200, 206))
        for i in range(5):
            tip = geo.arc(x, 0.21, 0.145, 0.145, i * 72 + 18, i * 72 + 18, 1)[0]
            pen.line([(x, 0.21), tip], 0.035, (120, 124, 132))
        pen.oval(x, 0.21, 0.035, 0.035, c.trim, steps=14)


def bag(pen: Pen, c: Livery) -> None:
    """A handbag."""
    pen.line(geo.arc(0, 0.66, 0.22, 0.32, 0, 180, 20), 0.055, shade(c.trim, 0.15))
    pen.blob(
        [(-0.46, 0.02), (-0.50, 0.3), (-0.42, 0.68), (0.42, 0.68), (0.50, 0.3), (0.46, 0.02), (0.3, 0.0), (-0.3, 0.0)],
        c.body,
        steps=5,
    )
    pen.blob([(-0.43, 0.69), (-0.40, 0.48), (0.0, 0.38), (0.40, 0.48), (0.43, 0.69)], shade(c.body, 0.15), steps=5)
    pen.rect(-0.05, 0.37, 0.05, 0.46, c.trim, 0.012)
    for x in (-0.26, 0.22):
        pen.rect(x, 0.56, x + 0.04, 0.70, c.trim, 0.01)
    pen.line([(-0.44, 0.08), (0.44, 0.08)], 0.010, shade(c.body, -0.35), alpha=0.7)
    sheen(pen, [(-0.42, 0.2), (-0.36, 0.2), (-0.33, 0.5), (-0.39, 0.5)], 0.22)


def device(pen: Pen, c: Livery) -> None:
    """A small appliance with a screen and a dial."""
    pen.rect(-0.40, 0.0, 0.40, 1.0, c.body, 0.16)
    pen.poly(
        [(0.18, 0.01), (0.36, 0.05), (0.40, 0.2), (0.40, 0.8), (0.36, 0.95), (0.18, 0.99)],
        shade(c.body, 0.16),
        alpha=0.7,
    )
    pen.rect(-0.30, 0.46, 0.30, 0.90, (28, 30, 40), 0.06)
    pen.rect(-0.27, 0.49, 0.27, 0.87, mix(c.body, (210, 240, 255), 0.75), 0.045, glow=True)
    for i, h in enumerate((0.12, 0.2, 0.15, 0.26)):
        pen.rect(
            -0.20 + i * 0.11,
            0.54,
            -0.13 + i * 0.11,
            0.54 + h,
            c.trim if i == 3 else mix(c.body, (255, 255, 255), 0.35),
            0.015,
            glow=True,
        )
    pen.oval(0, 0.23, 0.145, 0.145, shade(c.body, 0.3), steps=36)
    pen.oval(0, 0.235, 0.125, 0.125, c.trim, steps=36)
    pen.line([(0, 0.27), (0, 0.345)], 0.024, c.field)
    sheen(pen, [(-0.36, 0.2), (-0.33, 0.2), (-0.33, 0.86), (-0.36, 0.86)], 0.35)


def chair(pen: Pen, c: Livery) -> None:
    """A shell chair."""
    wood = mix((188, 142, 98), c.trim, 0.2)
    for a, b in (
        ((-0.20, 0.46), (-0.28, 0.0)),
        ((0.22, 0.46), (0.32, 0.0)),
        ((-0.06, 0.44), (-0.10, 0.05)),
        ((0.10, 0.44), (0.14, 0.05)),
    ):
        pen.line([a, b], [0.05, 0.028], shade(wood, 0.15 if abs(a[0]) < 0.15 else 0.0))
    pen.blob(
        [
            (-0.30, 0.50),
            (-0.36, 0.78),
            (-0.37, 0.98),
            (-0.30, 1.01),
            (-0.24, 0.92),
            (-0.20, 0.62),
            (-0.12, 0.54),
            (0.26, 0.54),
            (0.34, 0.50),
            (0.32, 0.42),
            (-0.22, 0.42),
        ],
        c.body,
    )
    pen.blob([(-0.18, 0.55), (-0.10, 0.585), (0.26, 0.575), (0.33, 0.53), (0.1, 0.52)], c.trim)
    pen.line([(-0.33, 0.92), (-0.28, 0.7)], 0.02, shade(c.body, -0.4), alpha=0.6)


def bicycle(pen: Pen, c: Livery) -> None:
    """A bicycle, 1.74 units long."""
    rubber, metal = (44, 44, 50), (170, 176, 184)
    hubs = ((-0.52, 0.34), (0.55, 0.34))
    for x, y in hubs:
        ring = geo.ellipse(x, y, 0.32, 0.32, steps=48)
        for i in range(9):
            tip = geo.arc(x, y, 0.31, 0.31, i * 40, i * 40, 1)[0]
            pen.line([(x, y), tip], 0.007, metal, alpha=0.9)
        pen.line([*ring.tolist(), ring[0].tolist()], 0.038, rubber)
        pen.oval(x, y, 0.035, 0.035, metal, steps=14)
    crank, seat = (-0.06, 0.30), (-0.20, 0.78)
    for path in (
        [crank, seat],
        [crank, (0.38, 0.70)],
        [(-0.17, 0.70), (0.37, 0.74)],
        [(-0.52, 0.34), crank],
        [(-0.52, 0.34), (-0.17, 0.70)],
    ):
        pen.line(path, 0.046, c.body)
    pen.line([(0.345, 0.86), (0.55, 0.34)], 0.04, shade(c.body, 0.2))
    pen.line([(0.34, 0.86), (0.33, 0.94), (0.44, 0.97), (0.52, 0.92)], 0.032, rubber, smooth=True)
    pen.line([seat, (-0.22, 0.86)], 0.026, metal)
    pen.blob([(-0.38, 0.89), (-0.30, 0.92), (-0.08, 0.89), (-0.05, 0.86), (-0.28, 0.85)], c.trim)
    pen.oval(*crank, 0.085, 0.085, c.trim, steps=24)
    pen.line([(-0.14, 0.20), (0.02, 0.40)], 0.025, rubber)


def headphones(pen: Pen, c: Livery) -> None:
    """Headphones standing on their cups."""
    pen.line(geo.arc(0, 0.46, 0.40, 0.46, 0, 180, 28), [0.075, 0.10, 0.075], c.body)
    pen.line(geo.arc(0, 0.46, 0.36, 0.415, 30, 150, 20), 0.04, shade(c.trim, 0.05))
    for side in (-1, 1):
        pen.line([(side * 0.40, 0.50), (side * 0.40, 0.36)], 0.05, (170, 176, 184))
        pen.rect(side * 0.27 - 0.075, 0.03, side * 0.27 + 0.075, 0.45, (52, 50, 58), 0.07)
        pen.blob(
            [(side * 0.33, 0.02), (side * 0.46, 0.08), (side * 0.49, 0.24), (side * 0.46, 0.40), (side * 0.33, 0.46)],
            c.body,
        )
        pen.oval(side * 0.44, 0.24, 0.035, 0.10, c.trim)
    pen.line(geo.arc(0, 0.46, 0.42, 0.485, 110, 150, 10), [0.006, 0.02, 0.006], (255, 255, 255), alpha=0.55)


def garment(pen: Pen, c: Livery) -> None:
    """A top on a hanger."""
    pen.line([(0.0, 0.97), (0.02, 1.04), (0.06, 1.05), (0.06, 1.0)], 0.016, (150, 154, 162), smooth=True)
    pen.line([(-0.30, 0.86), (0.0, 0.97), (0.30, 0.86)], 0.022, (176, 140, 100))
    pen.blob(
        [
            (-0.13, 0.95),
            (-0.34, 0.88),
            (-0.52, 0.56),
            (-0.40, 0.50),
            (-0.29, 0.66),
            (-0.30, 0.04),
            (-0.1, 0.0),
            (0.1, 0.0),
            (0.30, 0.04),
            (0.29, 0.66),
            (0.40, 0.50),
            (0.52, 0.56),
            (0.34, 0.88),
            (0.13, 0.95),
            (0.0, 0.88),
        ],
        c.body,
        steps=4,
    )
    pen.line([(-0.13, 0.95), (-0.06, 0.88), (0.0, 0.865), (0.06, 0.88), (0.13, 0.95)], 0.03, c.trim, smooth=True)
    pen.rect(-0.29, 0.38, 0.29, 0.48, c.trim)
    for x in (-0.18, 0.05, 0.2):
        pen.line([(x, 0.34), (x + 0.03, 0.1)], [0.002, 0.016, 0.002], shade(c.body, 0.2), alpha=0.8)


def appliance(pen: Pen, c: Livery) -> None:
    """A coffee machine at rest: whether it works is for the words to say."""
    pen.rect(-0.36, 0.0, 0.44, 0.10, shade(c.body, 0.3), 0.03)
    pen.rect(-0.40, 0.06, -0.08, 0.98, c.body, 0.06)
    pen.rect(-0.40, 0.70, 0.42, 1.0, c.body, 0.08)
    pen.rect(-0.40, 0.70, 0.42, 0.745, shade(c.body, 0.22))
    pen.rect(0.08, 0.60, 0.26, 0.71, (60, 62, 70), 0.02)
    china = mix(c.field, (255, 255, 255), 0.4)
    pen.line(geo.arc(0.295, 0.235, 0.055, 0.055, -90, 90, 12), 0.024, shade(china, 0.14))
    pen.oval(0.17, 0.325, 0.13, 0.020, shade(china, 0.14))
    pen.oval(0.17, 0.321, 0.112, 0.014, shade(china, 0.3))
    lip = geo.arc(0.17, 0.325, 0.13, 0.020, 180, 360, 20).tolist()
    bowl = [(0.296, 0.26), (0.27, 0.165), (0.225, 0.125), (0.115, 0.125), (0.07, 0.165), (0.044, 0.26)]
    pen.poly([*lip, *bowl], china)
    pen.rect(0.055, 0.100, 0.285, 0.125, shade(china, 0.08), 0.010)
    pen.oval(-0.24, 0.85, 0.075, 0.075, shade(c.body, 0.35), steps=28)
    pen.oval(-0.24, 0.855, 0.06, 0.06, c.trim, steps=28)
    for x in (-0.06, 0.08, 0.22):
        pen.oval(x, 0.855, 0.03, 0.03, c.field, steps=16)
    sheen(pen, [(-0.37, 0.12), (-0.345, 0.12), (-0.345, 0.9), (-0.37, 0.9)], 0.4)
