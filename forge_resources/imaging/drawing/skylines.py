"""Sky and what stands against it: gradient, sun, moon, stars, clouds, and the fourteen skylines.

What belongs here: everything beyond walking distance. What does not: the silhouettes themselves (landmarks).
"""

from __future__ import annotations

import math
import random

import numpy as np

from forge_resources.imaging.drawing.colour import RGB, mix, shade
from forge_resources.imaging.drawing.geometry import points
from forge_resources.imaging.drawing.landmarks import BUILDING_HEIGHTS, SKYLINES, Landmark
from forge_resources.imaging.drawing.scene import Scene
from forge_resources.imaging.drawing.stage import Glow, Pen

FAR = 60.0


def sky(scene: Scene) -> None:
    """Fills the canvas with the sky of the hour, level with the horizon, with sun or moon, stars and clouds."""
    stage, hour = scene.stage, scene.grade.hour
    camera, scale = stage.camera, stage.scale
    width, height = camera.width, camera.height
    horizon = min(max(camera.horizon, -0.4 * height), 1.2 * height)
    top = min(0.0, horizon - height) if camera.roll else 0.0
    bottom = max(min(height, horizon + 4), top) if not camera.roll else height
    reach = max(horizon, height * 0.45)
    slope = -math.tan(math.radians(camera.roll)) * width / 2 * (-1 if camera.matrix[0][0] < 0 else 1)
    if camera.roll:
        top, bottom = top - abs(slope), bottom + abs(slope)
    rows = max(int((bottom - top) / 3), 1)
    for row in range(rows + 1):
        y = top + (bottom - top) * row / rows
        t = min(max((horizon - y) / reach, 0.0), 1.0)
        colour = (
            mix(hour.horizon, hour.middle, min(t / 0.42, 1.0))
            if t < 0.42
            else mix(hour.middle, hour.zenith, (t - 0.42) / 0.58)
        )
        ink = (int(colour[0]), int(colour[1]), int(colour[2]))
        step = (bottom - top) / rows
        if camera.roll:
            stage.opaque.polygon(
                [
                    (0, (y - slope) * scale),
                    (width * scale, (y + slope) * scale),
                    (width * scale, (y + slope + step + 2) * scale),
                    (0, (y - slope + step + 2) * scale),
                ],
                fill=ink,
            )
        else:
            stage.opaque.rectangle([0, y * scale, width * scale, (y + step + 1) * scale], fill=ink)
    if horizon < height and not camera.roll:
        haze = mix(hour.horizon, hour.middle, 0.5)
        ink = (int(haze[0] * 0.82), int(haze[1] * 0.84), int(haze[2] * 0.86))
        stage.opaque.rectangle([0, max(horizon, 0) * scale, width * scale, height * scale], fill=ink)
    if horizon > 0.08 * height:
        _heavens(scene, horizon)


def _heavens(scene: Scene, horizon: float) -> None:
    stage, hour, rng = scene.stage, scene.grade.hour, scene.rng
    width, height = stage.camera.width, stage.camera.height
    side = scene.light_side * (-1 if stage.camera.matrix[0][0] < 0 else 1)
    x = width * (0.5 + side * rng.uniform(0.22, 0.36))
    unit = min(width, height)
    if hour.dark > 0.55 and not scene.grade.light.grey:
        for _ in range(70):
            sx, sy, r = rng.uniform(0, width), rng.uniform(0, horizon * 0.8), rng.choice([0.7, 0.9, 1.4])
            stage.fill(
                points([(sx - r, sy), (sx, sy - r), (sx + r, sy), (sx, sy + r)]),
                (230, 234, 250),
                0,
                rng.uniform(0.3, 0.9),
                glow=True,
            )
    if hour.sun > 0:
        y = horizon - hour.sun * height * 0.9
        y = max(y, height * 0.10)
        stage.glows.append(Glow(x, y, unit * 0.75, unit * 0.6, hour.key, 0.0, 0.42 if hour.sun < 0.1 else 0.26))
        r = unit * (0.055 if hour.sun < 0.1 else 0.040)
        _disc(scene, x, y, r, mix(hour.key, (255, 255, 246), 0.6))
    elif hour.dark > 0.6 and not scene.grade.light.grey:
        y = max(horizon * 0.30, height * 0.08)
        _disc(scene, x, y, unit * 0.034, (244, 240, 222))
        _disc(scene, x - unit * 0.012, y - unit * 0.006, unit * 0.029, mix(hour.zenith, hour.middle, 0.35))
        stage.glows.append(Glow(x, y, unit * 0.3, unit * 0.3, (170, 190, 230), 0.0, 0.25))
    _clouds(scene, horizon)


def _disc(scene: Scene, x: float, y: float, r: float, colour: RGB) -> None:
    angle = np.arange(48) * (2 * math.pi / 48)
    scene.stage.fill(np.stack([x + r * np.cos(angle), y + r * np.sin(angle)], axis=1), colour, 0, glow=True)


def _clouds(scene: Scene, horizon: float) -> None:
    stage, hour, rng = scene.stage, scene.grade.hour, scene.rng
    width, height = stage.camera.width, stage.camera.height
    unit = min(width, height)
    light = mix(hour.horizon, (255, 255, 255), 0.5 if hour.dark < 0.3 else 0.08)
    if scene.grade.light.grey:
        light = mix(hour.middle, (255, 255, 255), 0.12)
    for _ in range(rng.randint(3, 5) + (3 if scene.grade.light.grey else 0)):
        cx, cy = rng.uniform(-0.05, 1.05) * width, rng.uniform(0.08, 0.72) * horizon
        length, tall = unit * rng.uniform(0.16, 0.42), unit * rng.uniform(0.016, 0.04)
        alpha = rng.uniform(0.25, 0.6) * (0.6 if hour.dark > 0.5 else 1)
        for _ in range(4):
            dx, w = rng.uniform(-0.4, 0.4) * length, length * rng.uniform(0.25, 0.5)
            dy = rng.uniform(-0.5, 0.5) * tall
            xs = np.linspace(-1, 1, 15)
            up = np.sqrt(np.maximum(0.0, 1 - xs**2))
            outline = np.concatenate(
                [
                    np.stack([cx + dx + xs * w, cy + dy - up * tall], axis=1),
                    np.stack([cx + dx + xs[::-1] * w, cy + dy + up[::-1] * tall * 0.35], axis=1),
                ]
            )
            stage.fill(outline, light, 0, alpha, glow=True)


def skyline(
    scene: Scene, name: str | None, tall: float, ground: float = 0.0, centre: float = 0.0, spread: float = 1.0
) -> None:
    """A skyline in the distance: houses in two ranks and, where `name` is a known skyline, its landmarks.

    `tall` is the height in metres (at 60 m) of the tallest landmark, `ground` the height of its foot.
    """
    rng, hour = scene.rng, scene.grade.hour
    low, high = BUILDING_HEIGHTS.get(name or "", (0.12, 0.38))
    far = mix(mix(hour.horizon, hour.middle, 0.35), (88, 98, 130), 0.26 if hour.dark < 0.4 else 0.42)
    near = mix(far, (52, 60, 92), 0.34 if hour.dark < 0.4 else 0.55)
    lit: RGB = (255, 214, 140)
    _rank(scene, FAR + 12, tall, ground, centre, far, (low * 1.15, high * 1.05), None, rng)
    marks = SKYLINES.get(name or "", [])
    pen = scene.stage.upright(0, FAR, ground, tall)
    reach = 1.35 * spread
    shift = rng.uniform(-0.12, 0.12)
    flip = rng.random() < 0.3
    for place, size, landmark in marks:
        back = landmark and landmark[0][1] == 1
        tone = mix(far, near, 0.35) if back else mix(far, near, 0.85)
        at = pen.at(centre / tall + ((-place if flip else place) + shift) * reach, 0, size)
        draw_landmark(at, landmark, tone, hour.dark)
    _rank(
        scene,
        FAR - 6,
        tall,
        ground,
        centre,
        near,
        (low * 0.5, low * 0.5 + (high - low) * 0.30),
        lit if scene.grade.lit_windows else None,
        rng,
    )


def _rank(
    scene: Scene, z: float, tall: float, ground: float, centre: float, colour: RGB, heights: tuple[float, float],
    lit: RGB | None, rng: random.Random,
) -> None:  # fmt: skip
    pen = scene.stage.upright(centre, z, ground, tall)
    x = -4.2
    while x < 4.2:
        w, h = rng.uniform(0.09, 0.22), rng.uniform(*heights)
        tone = mix(colour, shade(colour, 0.18 if rng.random() < 0.5 else -0.08), 0.6)
        pen.poly([(x, -2.0), (x + w, -2.0), (x + w, h), (x, h)], tone, glow=True)
        kind = rng.random()
        if kind < 0.22:
            pen.poly([(x, h), (x + w / 2, h + w * 0.42), (x + w, h)], tone, glow=True)
        elif kind < 0.4:
            pen.poly(
                [(x + w * 0.3, h), (x + w * 0.7, h), (x + w * 0.7, h + 0.03), (x + w * 0.3, h + 0.03)], tone, glow=True
            )
        if lit and -2.6 < x < 2.6:
            for _ in range(int(w * h * 130)):
                lx, ly = x + w * rng.uniform(0.1, 0.8), rng.uniform(0.0, h * 0.9)
                pen.poly(
                    [(lx, ly), (lx + 0.012, ly), (lx + 0.012, ly + 0.016), (lx, ly + 0.016)],
                    lit,
                    alpha=rng.uniform(0.5, 1),
                    glow=True,
                )
        x += w + (rng.uniform(0, 0.05) if rng.random() < 0.3 else 0)


def draw_landmark(pen: Pen, landmark: Landmark, colour: RGB, dark: float) -> None:
    """Draws a landmark in its three tones around `colour`."""
    is_mountain = landmark[0][1] == 1
    light = mix(colour, (255, 250, 244), 0.5)
    if dark > 0.4:
        light = mix(colour, (214, 222, 244), 0.5) if is_mountain else (255, 214, 140)
    tones = (colour, shade(colour, 0.16), light)
    for kind, tone, shape in landmark:
        ink = tones[tone]
        if kind == "p":
            pen.poly(shape, ink, glow=True)
        elif kind == "b":
            pen.blob(shape, ink, glow=True, steps=5)
        elif kind == "o":
            pen.oval(shape[0], shape[1], shape[2], shape[3], ink, glow=True, steps=24)
        else:
            pen.line(shape[1], shape[0], ink, glow=True)
