"""Driving: a car at the kerb, and whoever sits in it.

What belongs here: the setting `car`. What does not: the car as a product (durables).
"""

from __future__ import annotations

import random
from functools import partial

from forge_resources.imaging.drawing.colour import RGB, mix, shade
from forge_resources.imaging.drawing.outdoors import ground, tree
from forge_resources.imaging.drawing.scene import Scene
from forge_resources.imaging.drawing.skylines import sky, skyline
from forge_resources.imaging.drawing.town import STONE, road

VERGE: RGB = (140, 168, 110)


def car(scene: Scene) -> None:
    """A car at the kerb seen from its side: its far half behind whoever sits in it, its near side in front of them."""
    rng, paints, stage = scene.rng, scene.paints, scene.stage
    sky(scene)
    skyline(scene, scene.detail("skyline"), 22, 0, centre=rng.uniform(4, 12))
    ground(scene, mix(VERGE, STONE, 0.3))
    road(scene, -2.2, 3.0)
    for _ in range(7):
        x, h = rng.uniform(-14, 16), rng.uniform(3.5, 6)
        scene.add(7.0, partial(tree, scene, x, 7.0 + rng.random(), h, random.Random(rng.random())))
    scene.seat, scene.bed, scene.table = "car", "ground", "table"
    body = rng.choice([paints.primary, paints.accent, shade(paints.primary, 0.25), (206, 208, 212)])
    inside: RGB = (74, 72, 80)

    def far_half() -> None:
        stage.contact(0.35, 0.0, 2.5, 0.9, 0.42)
        pen = stage.upright(0.3, 0.75)
        pen.blob(
            [(-1.35, 0.9), (-0.95, 1.52), (-0.2, 1.62), (0.55, 1.56), (1.15, 0.98), (1.0, 0.5), (-1.2, 0.5)],
            shade(body, 0.3),
        )
        pen.poly(
            [(-0.98, 0.95), (-0.72, 1.42), (-0.25, 1.5), (-0.2, 0.95)],
            mix(scene.grade.hour.horizon, (170, 190, 200), 0.3),
            glow=True,
        )
        pen.poly(
            [(-0.10, 0.95), (-0.12, 1.5), (0.48, 1.44), (0.92, 0.98)],
            mix(scene.grade.hour.horizon, (170, 190, 200), 0.3),
            glow=True,
        )
        pen.rect(-1.2, 0.25, 1.2, 0.95, inside)

    def seats() -> None:
        pen = stage.upright(0.0, 0.3)
        pen.blob(
            [
                (-0.30, 0.45),
                (-0.42, 0.9),
                (-0.44, 1.22),
                (-0.36, 1.34),
                (-0.26, 1.28),
                (-0.22, 0.9),
                (-0.10, 0.58),
                (0.26, 0.54),
                (0.26, 0.40),
                (-0.2, 0.38),
            ],
            shade(paints.fabric, 0.2),
        )
        pen.line([(0.40, 0.90), (0.49, 1.16)], 0.05, (48, 46, 52))
        pen.line([(0.46, 1.02), (0.85, 0.92)], 0.05, (48, 46, 52))
        pen.blob([(0.72, 0.95), (0.82, 1.02), (1.3, 0.98), (1.3, 0.6), (0.8, 0.6)], (58, 56, 64))

    def near_side() -> None:
        pen = stage.upright(0.3, -0.55)
        pen.blob(
            [
                (-2.05, 0.42),
                (-2.08, 0.72),
                (-1.85, 0.90),
                (-1.3, 0.94),
                (1.12, 0.92),
                (1.75, 0.84),
                (2.12, 0.68),
                (2.18, 0.42),
                (1.9, 0.26),
                (-1.85, 0.26),
            ],
            body,
            steps=8,
        )
        pen.line(
            [(-1.3, 0.93), (-1.0, 1.45), (-0.5, 1.56), (-0.1, 1.58), (0.42, 1.53), (0.98, 0.95)],
            [0.10, 0.075, 0.075, 0.075, 0.07, 0.08],
            body,
            smooth=True,
        )
        pen.line([(-0.70, 0.92), (-0.66, 1.52)], 0.06, shade(body, 0.2))
        pen.line([(-2.0, 0.70), (-0.5, 0.76), (1.0, 0.74), (2.1, 0.62)], 0.018, shade(body, -0.35), smooth=True)
        pen.poly([(-1.9, 0.28), (1.95, 0.28), (2.1, 0.40), (-2.02, 0.40)], shade(body, 0.4))
        pen.line([(-0.70, 0.32), (-0.70, 0.9)], 0.014, shade(body, 0.35))
        pen.line([(0.98, 0.34), (0.99, 0.9)], 0.014, shade(body, 0.35))
        pen.rect(-0.60, 0.78, -0.40, 0.81, shade(body, 0.4), 0.012)
        pen.blob([(0.82, 0.98), (0.86, 1.10), (1.02, 1.08), (1.04, 0.97)], shade(body, 0.15))
        pen.blob([(1.86, 0.76), (2.06, 0.70), (2.14, 0.58), (1.92, 0.62)], (255, 246, 220), glow=scene.grade.lamps)
        pen.blob([(-2.06, 0.78), (-1.92, 0.84), (-1.92, 0.66), (-2.08, 0.62)], (214, 60, 56), glow=scene.grade.lamps)
        for x in (-1.28, 1.38):
            pen.oval(x, 0.36, 0.42, 0.42, shade(body, 0.55))
            pen.oval(x, 0.32, 0.35, 0.35, (40, 40, 46))
            pen.oval(x, 0.32, 0.22, 0.22, (198, 202, 208))
            pen.oval(x, 0.32, 0.06, 0.06, paints.accent)

    scene.add(0.7, far_half)
    scene.add(0.3, seats)
    scene.add(-0.5, near_side)
    scene.shelves.append((0.95, 0.98, 0.2))
