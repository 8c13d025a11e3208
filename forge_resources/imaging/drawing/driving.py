"""Driving: a car at the kerb, and whoever sits in it.

What belongs here: the setting `car`. What does not: the car as a product (durables).
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from functools import partial

import numpy as np

from forge_resources.imaging.drawing import geometry as geo
from forge_resources.imaging.drawing.colour import RGB, mix, shade
from forge_resources.imaging.drawing.geometry import Point
from forge_resources.imaging.drawing.outdoors import ground, tree
from forge_resources.imaging.drawing.scene import Scene
from forge_resources.imaging.drawing.skylines import sky, skyline
from forge_resources.imaging.drawing.stage import Pen
from forge_resources.imaging.drawing.town import STONE, road

VERGE: RGB = (140, 168, 110)
_NEAR_SIDE, _FAR_SIDE = -0.45, 0.62
"""Depth of the car's two sides, in metres."""
_CABIN: tuple[Point, ...] = (
    (-1.06, 0.92), (-0.86, 1.30), (-0.64, 1.50), (-0.20, 1.57), (0.25, 1.56), (0.60, 1.46), (0.92, 1.22), (1.26, 0.91),
)  # fmt: skip
_REAR_WINDOW: tuple[Point, ...] = ((-0.98, 0.94), (-0.80, 1.28), (-0.60, 1.46), (-0.42, 1.49), (-0.44, 0.94))
_FRONT_WINDOW: tuple[Point, ...] = (
    (-0.35, 0.94), (-0.31, 1.50), (0.22, 1.50), (0.55, 1.40), (0.86, 1.18), (1.14, 0.94),
)  # fmt: skip


def car(scene: Scene) -> None:
    """A car at the kerb seen from its side: its far half behind whoever sits in it, its near side in front of them."""
    rng, paints = scene.rng, scene.paints
    sky(scene)
    skyline(scene, scene.detail("skyline"), 22, 0, centre=rng.uniform(4, 12))
    ground(scene, mix(VERGE, STONE, 0.3))
    road(scene, -2.2, 3.0)
    for _ in range(7):
        x, h = rng.uniform(-14, 16), rng.uniform(3.5, 6)
        scene.add(7.0, partial(tree, scene, x, 7.0 + rng.random(), h, random.Random(rng.random())))
    scene.seat, scene.table = "car", "table"
    body = rng.choice([paints.primary, paints.accent, shade(paints.primary, 0.25), (206, 208, 212)])
    scene.add(0.7, partial(_far_half, scene, body))
    scene.add(0.3, partial(_seats_and_wheel, scene))
    scene.add(-0.5, partial(_near_side, scene, body))
    scene.shelves.append((0.95, 0.98, 0.2))


def _cabin(steps: int = 8) -> geo.Points:
    """The line of pillars and roof from the boot to the bonnet, in metres: the same on both sides of the car."""
    return geo.open_curve(_CABIN, steps)


def _across(scene: Scene, line: Sequence[Point], colour: RGB, alpha: float = 1.0) -> None:
    """A sheet between the same line on both sides of the car."""
    for (ax, ay), (bx, by) in itertools.pairwise(line):
        corners = [(ax, ay, _NEAR_SIDE), (bx, by, _NEAR_SIDE), (bx, by, _FAR_SIDE), (ax, ay, _FAR_SIDE)]
        scene.stage.solid(corners, colour, alpha)


def _far_half(scene: Scene, body: RGB) -> None:
    """The far side with its windows, the roof's lining, bonnet and boot."""
    stage, inside = scene.stage, (74, 72, 80)
    stage.contact(0.35, 0.0, 2.5, 0.9, 0.42)
    pen, view = stage.upright(0.0, _FAR_SIDE), mix(scene.grade.hour.horizon, (170, 190, 200), 0.3)
    line, lining = _cabin(), shade(inside, -0.45)
    pen.poly([(-1.0, 0.3), (1.28, 0.3), (1.28, 0.93), (-1.0, 0.93)], inside)
    for window in (_REAR_WINDOW, _FRONT_WINDOW):
        pen.poly(geo.open_curve(window, 8), view, 0.5, glow=True)
    pen.line(line, 0.09, lining)
    pen.line([(-0.40, 0.92), (-0.36, 1.53)], 0.09, lining)
    pen.line([(-1.0, 0.94), (1.28, 0.93)], 0.05, shade(inside, -0.2))
    _across(scene, [(1.2, 0.92), (2.05, 0.84), (2.42, 0.68)], shade(body, 0.08))
    _across(scene, [(-1.75, 0.90), (-1.0, 0.94)], shade(body, 0.08))
    roof = [(x, y) for x, y in line.tolist() if y > 1.40]
    _across(scene, roof, shade(lining, 0.12) if stage.camera.position[1] < 1.5 else body)
    _across(scene, [(0.98, 0.60), (0.98, 0.97), (1.24, 0.93)], (58, 56, 64))


def _seats_and_wheel(scene: Scene) -> None:
    """The seats at the wheel and behind it, drawn behind whoever sits there, and the wheel."""
    dark: RGB = (48, 46, 52)
    for x in (-0.70, 0.0):
        _seat(scene, scene.stage.upright(x, 0.22), dark)
    pen = scene.stage.upright(0.0, 0.22)
    pen.line([(0.58, 1.02), (1.0, 0.88)], 0.055, dark)
    pen.oval(0.56, 1.03, 0.040, 0.195, dark, turn=-16)
    pen.oval(0.565, 1.03, 0.018, 0.160, (96, 94, 102), turn=-16)


def _seat(scene: Scene, pen: Pen, dark: RGB) -> None:
    back = [(-0.30, 0.40), (-0.36, 0.66), (-0.42, 0.94), (-0.40, 1.13), (-0.32, 1.17), (-0.23, 1.12), (-0.20, 0.92),
        (-0.14, 0.66), (-0.06, 0.57), (0.30, 0.55), (0.32, 0.42)]  # fmt: skip
    cloth = shade(scene.paints.fabric, 0.2)
    pen.line([(-0.33, 1.10), (-0.33, 1.26)], 0.05, dark)
    pen.blob([(-0.42, 1.19), (-0.42, 1.34), (-0.35, 1.38), (-0.26, 1.35), (-0.24, 1.20), (-0.33, 1.17)], cloth)
    pen.blob(back, cloth, steps=8)


def _near_side(scene: Scene, body: RGB) -> None:
    """The side towards the viewer: door and pillars before whoever sits inside, wheels, lamps."""
    pen, seam = scene.stage.upright(0.0, _NEAR_SIDE), shade(body, 0.35)
    hull = [(-1.75, 0.42), (-1.80, 0.70), (-1.70, 0.88), (-1.0, 0.94), (0.2, 0.94), (1.28, 0.92), (2.05, 0.84),
        (2.42, 0.68), (2.48, 0.42), (2.2, 0.26), (-1.55, 0.26)]  # fmt: skip
    # The shade under the car, which also hides the feet of whoever sits in it.
    pen.poly([(-0.95, 0.03), (1.62, 0.03), (1.62, 0.3), (-0.95, 0.3)], (46, 42, 50))
    scene.stage.upright(0.0, -0.02).rect(-0.95, -0.06, 1.62, 0.06, (46, 42, 50))
    pen.poly([(0.98, 0.88), (0.98, 0.975), (1.20, 0.965), (1.30, 0.90)], (58, 56, 64))
    pen.blob(hull, body, steps=8)
    pen.line(_cabin(12), np.interp(np.linspace(0, 1, 9), [0, 0.2, 0.8, 1], [0.11, 0.075, 0.075, 0.085]).tolist(), body)
    pen.line([(-0.40, 0.90), (-0.355, 1.545)], 0.075, body)
    pen.line([(-1.02, 0.935), (0.2, 0.945), (1.26, 0.92)], 0.022, shade(body, 0.4), smooth=True)
    pen.line([(-1.72, 0.70), (-0.2, 0.76), (1.3, 0.74), (2.4, 0.62)], 0.018, shade(body, -0.35), smooth=True)
    pen.poly([(-1.6, 0.28), (2.25, 0.28), (2.4, 0.40), (-1.72, 0.40)], shade(body, 0.4))
    pen.line([(-0.40, 0.32), (-0.40, 0.92)], 0.012, seam)
    pen.line([(1.20, 0.34), (1.22, 0.91)], 0.012, seam)
    pen.rect(-0.32, 0.80, -0.12, 0.83, shade(body, 0.4), 0.012)
    pen.blob([(1.02, 0.94), (1.03, 1.05), (1.08, 1.08), (1.20, 1.06), (1.22, 0.97), (1.12, 0.94)], shade(body, 0.15))
    lit = scene.grade.lamps
    pen.blob([(2.16, 0.76), (2.36, 0.70), (2.44, 0.58), (2.22, 0.62)], (255, 246, 220), glow=lit)
    pen.blob([(-1.78, 0.78), (-1.64, 0.84), (-1.64, 0.66), (-1.80, 0.62)], (214, 60, 56), glow=lit)
    for x in (-1.0, 1.66):
        pen.oval(x, 0.36, 0.42, 0.42, shade(body, 0.55))
        pen.oval(x, 0.32, 0.35, 0.35, (40, 40, 46))
        pen.oval(x, 0.32, 0.22, 0.22, (198, 202, 208))
        pen.oval(x, 0.32, 0.06, 0.06, scene.paints.accent)
