"""Light fixtures that a look asks for, and what stands close to the lens.

What belongs here: candles, neon, screens, back light, foreground. What does not: lamps that belong to a set.
"""

from __future__ import annotations

import random

from forge_resources.imaging.drawing import furniture
from forge_resources.imaging.drawing import geometry as geo
from forge_resources.imaging.drawing.camera import Subject
from forge_resources.imaging.drawing.colour import mix, shade
from forge_resources.imaging.drawing.grade import NEON
from forge_resources.imaging.drawing.scene import Scene
from forge_resources.imaging.drawing.stage import Shaft
from forge_resources.schemas.script import ShotSize


def light_effects(
    scene: Scene, subject: Subject, head: tuple[float, float] | None, indoors: bool, rng: random.Random
) -> None:
    """Adds the pieces and glows of the look's light around the subject."""
    light, stage = scene.grade.light, scene.stage
    x, y = head or ((subject.left + subject.right) / 2, (subject.bottom + subject.top) / 2)
    if light.behind:
        strength = (0.42 if scene.grade.hour.dark < 0.5 else 0.30) * (0.55 if subject.is_product else 1.0)
        stage.shine(x + 0.25, y + 0.15, 1.6, 1.7, scene.grade.rim, pool=0.25, bloom=strength)
    if light.screen:
        stage.shine(x + 0.32, y - 0.22, -0.1, 0.62, (150, 214, 255), pool=0.75, bloom=0.20)
        stage.shine(x + 0.5, y - 0.5, 0.0, 1.4, (110, 180, 255), pool=0.25, bloom=0.08)
    if light.neon:
        _neon(scene, x, rng, indoors)
    if light.candle:
        _candles(scene, subject, indoors)
    if light.lamps and indoors and not subject.is_product and not scene.has_lamp:
        lx = subject.right + rng.uniform(0.75, 1.1)
        scene.add(1.0, lambda: furniture.floor_lamp(scene, lx, 1.0))
        stage.shine(x, y, 0, 1.3, (255, 206, 140), pool=0.22)
    elif light.lamps and not indoors:
        stage.shine(x + 0.5, y + 0.3, 0.2, max(subject.height, 0.4) * 1.6, (255, 196, 116), pool=0.45, bloom=0.22)


def _neon(scene: Scene, x: float, rng: random.Random, indoors: bool) -> None:
    stage = scene.stage
    stage.shine(x - 1.1, 1.5, 0.6, 1.9, NEON[0], pool=0.45, bloom=0.26)
    stage.shine(x + 1.5, 1.3, 0.6, 1.9, NEON[1], pool=0.40, bloom=0.24)
    form, side = rng.randrange(3), rng.uniform(0.7, 1.2)

    def draw() -> None:
        pen = stage.upright(x + side, 1.75, 1.85)
        if not indoors:
            pen.rect(-0.62, -0.56, 0.62, 0.52, (44, 40, 58), 0.06)
            pen.rect(-0.04, -1.85, 0.04, -0.56, (52, 50, 60))
        shapes = {
            0: (geo.ellipse(0, 0, 0.34, 0.34), geo.ellipse(0, 0, 0.24, 0.24)),
            1: (
                geo.points([(-0.4, -0.2), (-0.1, 0.3), (0.1, -0.1), (0.4, 0.32)]),
                geo.arc(0, -0.05, 0.45, 0.4, 200, 340),
            ),
            2: (
                geo.closed_curve([(0, -0.3), (-0.34, 0.08), (-0.2, 0.3), (0, 0.16), (0.2, 0.3), (0.34, 0.08)]),
                geo.points([(-0.5, -0.42), (0.5, -0.42)]),
            ),
        }[form]
        for path, colour in zip(shapes, NEON, strict=True):
            closed = path if form == 1 or len(path) < 4 else [*path.tolist(), path[0].tolist()]
            pen.line(closed, 0.055, colour, alpha=0.35, glow=True)
            pen.line(closed, 0.026, mix(colour, (255, 255, 255), 0.7), glow=True)
        stage.shine(x + side, 1.85, 1.7, 0.8, NEON[form % 2], bloom=0.4)

    scene.add(1.7, draw)


def _candles(scene: Scene, subject: Subject, indoors: bool) -> None:
    stage = scene.stage
    small = subject.is_product
    x = subject.right + (subject.height * 0.5 + 0.06 if small else 0.45)
    y = subject.bottom if small else 0.0
    if not small:
        y = 0.62
        scene.add(0.5, lambda: furniture.table(scene, x + 0.1, 0.35, 0.6, 0.62, 0.4))

    def draw() -> None:
        for dx, tall in ((0.0, 0.16), (0.11, 0.10), (0.20, 0.21)):
            pen = stage.upright(x + dx, 0.38 if not small else 0.1, y)
            pen.rect(-0.028, 0, 0.028, tall, (244, 230, 204), 0.006)
            pen.blob(
                [(0, tall + 0.005), (-0.014, tall + 0.03), (0, tall + 0.07), (0.014, tall + 0.03)],
                (255, 224, 130),
                glow=True,
            )
            stage.shine(x + dx, y + tall + 0.04, 0.3, 0.30, (255, 190, 100), bloom=0.5)

    scene.add(0.36 if not small else 0.08, draw)
    stage.shine(x, y + 0.2, 0.2, 1.5, (255, 180, 96), pool=0.75, bloom=0.20)


def foreground(scene: Scene, size: ShotSize, rng: random.Random) -> None:
    """Something dark and close at one edge of a wider shot, to give depth."""
    if size not in ("extreme-wide", "wide", "full") or not scene.leafy or rng.random() < 0.3:
        return
    stage = scene.stage
    width, height = stage.camera.width, stage.camera.height
    side = rng.choice([-1, 1])
    unit = min(width, height)
    base = shade(scene.paints.leaf, 0.42 if scene.grade.hour.dark < 0.5 else 0.62)
    edge = -0.02 * width if side < 0 else 1.02 * width
    foot = 1.03 * height
    for i in range(9):
        angle = rng.uniform(-0.25, 1.05)
        length = unit * rng.uniform(0.14, 0.30)
        bx, by = edge, foot - unit * rng.uniform(0.0, 0.10)
        tip = (bx - side * length * (0.25 + angle * 0.55), by - length * (1.15 - angle * 0.6))
        mid = (bx - side * length * 0.10, by - length * 0.62)
        wide = unit * 0.018
        shape = geo.closed_curve(
            [(bx, by), (mid[0] - wide, mid[1]), tip, (mid[0] + wide * 1.4, mid[1] + wide), (bx + wide, by)]
        )
        stage.fill(shape, shade(base, 0.10 * (i % 3)), 0.5)


def god_rays(scene: Scene, x: float, y: float) -> None:
    """Shafts of light through trees or a roof, in front of the far set."""
    project = scene.stage.camera.project
    for i in range(3):
        a = x + i * 0.9
        corners = [
            project(a, y, 3),
            project(a + 0.35, y, 3),
            project(a - scene.light_side * 1.8 + 0.8, 0, 2),
            project(a - scene.light_side * 1.8, 0, 2),
        ]
        scene.stage.shafts.append(
            Shaft(corners, scene.grade.key, 0.22 * scene.grade.light.shafts * max(scene.grade.day_window, 0.25))
        )
