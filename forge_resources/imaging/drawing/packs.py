"""Packs: products that are a vessel or a wrapper. One unit is the height, the foot is at (0, 0).

What belongs here: packaging. What does not: things that are used again and again (durables). Labels are plain fields of
colour, never letters.
"""

from __future__ import annotations

import numpy as np

from forge_resources.imaging.drawing import geometry as geo
from forge_resources.imaging.drawing.colour import RGB, mix, shade
from forge_resources.imaging.drawing.livery import Livery, sheen
from forge_resources.imaging.drawing.stage import Pen


def bottle(pen: Pen, c: Livery) -> None:
    """A bottle with a label."""
    body = [
        (-0.15, 0.02),
        (-0.155, 0.3),
        (-0.15, 0.58),
        (-0.11, 0.68),
        (-0.055, 0.76),
        (-0.05, 0.90),
        (0.05, 0.90),
        (0.055, 0.76),
        (0.11, 0.68),
        (0.15, 0.58),
        (0.155, 0.3),
        (0.15, 0.02),
        (0.10, 0.0),
        (-0.10, 0.0),
    ]
    pen.blob(body, c.body, steps=5)
    pen.poly([(0.07, 0.02), (0.145, 0.03), (0.15, 0.58), (0.10, 0.66), (0.07, 0.66)], shade(c.body, 0.2))
    pen.rect(-0.154, 0.18, 0.154, 0.50, c.field)
    pen.rect(-0.154, 0.18, 0.154, 0.205, c.trim)
    pen.oval(0.0, 0.36, 0.066, 0.066, c.trim)
    pen.oval(0.0, 0.36, 0.034, 0.034, c.field)
    pen.rect(0.10, 0.18, 0.154, 0.50, shade(c.field, 0.16), alpha=0.5)
    pen.rect(-0.056, 0.88, 0.056, 1.0, c.trim, 0.015)
    sheen(pen, [(-0.115, 0.05), (-0.085, 0.05), (-0.085, 0.60), (-0.115, 0.57)])


def box(pen: Pen, c: Livery) -> None:
    """A carton seen from a corner."""
    pen.poly([(0.24, 0.0), (0.42, 0.07), (0.42, 0.94), (0.24, 0.88)], shade(c.body, 0.28))
    pen.poly([(-0.40, 0.88), (0.24, 0.88), (0.42, 0.94), (-0.20, 1.0)], shade(c.body, -0.22))
    pen.rect(-0.40, 0, 0.24, 0.88, c.body)
    pen.poly([(-0.40, 0.0), (0.24, 0.0), (0.24, 0.30), (-0.40, 0.16)], c.trim)
    pen.poly([(0.24, 0.0), (0.42, 0.07), (0.42, 0.34), (0.24, 0.30)], shade(c.trim, 0.28))
    pen.oval(-0.08, 0.57, 0.17, 0.17, c.field, steps=40)
    pen.blob([(-0.17, 0.52), (-0.08, 0.69), (0.02, 0.54), (-0.07, 0.48)], c.trim)
    sheen(pen, [(-0.40, 0.88), (-0.28, 0.88), (-0.40, 0.5)], 0.18)


def can(pen: Pen, c: Livery) -> None:
    """A drinks can: base, wall, neck and lid; its ends curve as the wall's rings do."""
    metal: RGB = (206, 210, 216)
    wall, neck = 0.25, 0.20

    def band(low: float, high: float, from_x: float, to_x: float, tone: RGB, alpha: float = 1.0) -> None:
        """A stretch of the wall between two rings that sag towards the viewer."""
        xs = np.linspace(from_x, to_x, 21)
        sag = 0.030 * np.sqrt(np.clip(1 - (xs / wall) ** 2, 0, 1))
        below, above = np.stack([xs, low - sag], axis=1), np.stack([xs, high - sag], axis=1)
        pen.poly(np.concatenate([below, above[::-1]]), tone, alpha)

    foot = geo.arc(0, 0.035, neck, 0.030, 180, 360, 24)
    pen.poly(np.concatenate([foot, [(wall, 0.105), (-wall, 0.105)]]), shade(metal, 0.25))
    band(0.105, 0.89, -wall, wall, c.body)
    shoulder = [(-wall, 0.885), *geo.arc(0, 0.885, wall, 0.030, 180, 360, 24).tolist(), (wall, 0.885), (neck, 0.955)]
    pen.poly([*shoulder, (-neck, 0.955)], shade(c.body, -0.25))
    rise = np.linspace(-wall, wall, 21)
    sag = 0.030 * np.sqrt(np.clip(1 - (rise / wall) ** 2, 0, 1))
    low = np.stack([rise, 0.34 + rise * 0.48 - sag], axis=1)
    high = low + np.array((0.0, 0.16))
    pen.poly(np.concatenate([low, high[::-1]]), c.trim)
    pen.oval(0.0, 0.68, 0.10, 0.10, c.field)
    pen.oval(0.0, 0.68, 0.052, 0.052, c.trim)
    for edge, alpha in ((0.10, 0.10), (0.16, 0.12), (0.21, 0.12)):
        band(0.105, 0.89, edge, wall, (24, 20, 40), alpha)
    band(0.12, 0.88, -0.18, -0.13, (255, 255, 255), 0.34)
    pen.oval(0, 0.955, neck, 0.034, shade(metal, 0.25))
    pen.oval(0, 0.964, neck * 0.95, 0.030, metal)
    pen.oval(0, 0.961, neck * 0.84, 0.022, shade(metal, 0.12))
    pen.oval(0.02, 0.962, 0.065, 0.011, shade(metal, 0.35))


def cup(pen: Pen, c: Livery) -> None:
    """A full cup with a handle."""
    pen.line(geo.arc(0.36, 0.46, 0.20, 0.21, -100, 100, 20), 0.075, shade(c.body, 0.12))
    pen.blob(
        [
            (-0.40, 0.90),
            (-0.39, 0.5),
            (-0.33, 0.10),
            (-0.22, 0.0),
            (0.22, 0.0),
            (0.33, 0.10),
            (0.39, 0.5),
            (0.40, 0.90),
        ],
        c.body,
        steps=5,
    )
    pen.poly([(-0.376, 0.34), (-0.353, 0.22), (0.353, 0.22), (0.376, 0.34)], c.trim)
    pen.poly([(0.20, 0.02), (0.34, 0.12), (0.39, 0.5), (0.40, 0.88), (0.20, 0.88)], (24, 20, 40), alpha=0.18)
    pen.oval(0, 0.90, 0.41, 0.085, shade(c.body, -0.3))
    pen.oval(0, 0.895, 0.36, 0.066, (96, 62, 44))
    sheen(pen, [(-0.30, 0.15), (-0.24, 0.10), (-0.24, 0.78), (-0.32, 0.78)])


def tube(pen: Pen, c: Livery) -> None:
    """A tube standing on its cap."""
    pen.poly([(-0.20, 1.0), (0.20, 1.0), (0.135, 0.16), (-0.135, 0.16)], c.body)
    pen.rect(-0.21, 0.945, 0.21, 1.0, shade(c.body, -0.3))
    pen.rect(-0.115, 0.0, 0.115, 0.17, c.trim, 0.02)
    for i in range(6):
        pen.rect(-0.10 + i * 0.036, 0.02, -0.09 + i * 0.036, 0.15, shade(c.trim, 0.18))
    pen.poly([(-0.178, 0.74), (0.178, 0.74), (0.152, 0.42), (-0.152, 0.42)], c.field)
    pen.oval(0, 0.58, 0.075, 0.075, c.trim)
    pen.poly([(0.06, 0.17), (0.135, 0.17), (0.195, 0.94), (0.09, 0.94)], (24, 20, 40), alpha=0.18)
    sheen(pen, [(-0.11, 0.2), (-0.085, 0.2), (-0.12, 0.92), (-0.155, 0.92)], 0.4)


def jar(pen: Pen, c: Livery) -> None:
    """A jar with a screw lid."""
    pen.rect(-0.48, 0.0, 0.48, 0.72, mix(c.body, (255, 255, 255), 0.12), 0.12)
    pen.rect(-0.48, 0.14, 0.48, 0.54, c.field)
    pen.rect(-0.48, 0.14, 0.48, 0.18, c.trim)
    pen.blob([(-0.12, 0.28), (0.0, 0.48), (0.12, 0.30), (0.0, 0.23)], c.trim)
    pen.poly([(0.28, 0.03), (0.46, 0.08), (0.46, 0.68), (0.28, 0.70)], (24, 20, 40), alpha=0.2)
    pen.rect(-0.50, 0.70, 0.50, 1.0, c.trim, 0.06)
    for i in range(11):
        pen.rect(-0.44 + i * 0.084, 0.74, -0.425 + i * 0.084, 0.93, shade(c.trim, 0.16))
    sheen(pen, [(-0.40, 0.06), (-0.34, 0.06), (-0.34, 0.66), (-0.40, 0.66)])
    sheen(pen, [(-0.44, 0.90), (0.44, 0.90), (0.44, 0.95), (-0.44, 0.95)], 0.4)


def card(pen: Pen, c: Livery) -> None:
    """A payment card; its chip and bars are plain fields."""
    pen.rect(-0.78, 0.02, 0.80, 0.98, shade(c.body, 0.35), 0.08)
    pen.rect(-0.80, 0.0, 0.78, 1.0, c.body, 0.08)
    pen.blob([(-0.1, 0.99), (0.1, 0.6), (0.5, 0.42), (0.775, 0.5), (0.775, 0.92), (0.70, 0.995)], c.trim)
    pen.rect(-0.64, 0.52, -0.38, 0.72, (226, 190, 110), 0.04)
    for y in (0.585, 0.65):
        pen.line([(-0.64, y), (-0.38, y)], 0.014, (170, 132, 66))
    for i in range(4):
        pen.rect(-0.64 + i * 0.24, 0.28, -0.46 + i * 0.24, 0.34, c.field, 0.03, alpha=0.85)
    pen.rect(-0.64, 0.14, -0.26, 0.185, c.field, 0.02, alpha=0.6)
    pen.poly([(-0.80, 0.9), (-0.4, 1.0), (-0.15, 1.0), (-0.7, 0.0), (-0.80, 0.05)], (255, 255, 255), alpha=0.10)


def bar(pen: Pen, c: Livery) -> None:
    """A wrapped bar."""
    zig = [(-1.5, 0.0)] + [(-1.5 + (0.06 if i % 2 else 0.0), i / 9) for i in range(1, 9)] + [(-1.5, 1.0)]
    zag = [(1.5, 1.0)] + [(1.5 - (0.06 if i % 2 else 0.0), 1 - i / 9) for i in range(1, 9)] + [(1.5, 0.0)]
    pen.poly([*zig, *zag], c.body)
    pen.poly([(-1.28, 0.08), (1.28, 0.08), (1.28, 0.92), (-1.28, 0.92)], shade(c.body, -0.10))
    pen.poly([(-1.28, 0.08), (-0.1, 0.08), (0.3, 0.92), (-1.28, 0.92)], c.trim)
    pen.oval(-0.62, 0.5, 0.26, 0.26, c.field, steps=32)
    pen.blob([(-0.76, 0.45), (-0.62, 0.68), (-0.47, 0.46), (-0.62, 0.36)], c.body)
    pen.poly([(-1.28, 0.08), (1.28, 0.08), (1.28, 0.26), (-1.28, 0.26)], (24, 20, 40), alpha=0.16)
    sheen(pen, [(-1.28, 0.74), (1.28, 0.74), (1.28, 0.84), (-1.28, 0.84)], 0.3)
    for side in (-1, 1):
        for i in range(3):
            x = side * (1.33 + i * 0.045)
            pen.line([(x, 0.06), (x, 0.94)], 0.014, shade(c.body, 0.2))
