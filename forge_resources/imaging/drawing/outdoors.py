"""Open air: garden, park, beach, mountain, forest. Also the trees, hills and grass that the town borrows.

What belongs here: nature. What does not: streets (town) and the far distance (skylines).
"""

from __future__ import annotations

import itertools
import random
from functools import partial

from forge_resources.imaging.drawing import furniture as f
from forge_resources.imaging.drawing.atmosphere import god_rays
from forge_resources.imaging.drawing.colour import RGB, mix, shade
from forge_resources.imaging.drawing.scene import Scene
from forge_resources.imaging.drawing.skylines import sky, skyline

GRASS: RGB = (132, 170, 96)
SAND: RGB = (232, 206, 160)


def ground(scene: Scene, colour: RGB, far: float = 70.0) -> None:
    """An even ground that gets lighter towards the horizon."""
    edges = [-12.0, -3.0, -1.0, 1.0, 3.5, 7.0, 13.0, 26.0, far]
    for z0, z1 in itertools.pairwise(edges):
        scene.stage.solid(
            [(-160, 0, z0), (160, 0, z0), (160, 0, z1), (-160, 0, z1)],
            shade(colour, max(0.10 - max(z0, 0) * 0.012, -0.06)),
        )


def tufts(scene: Scene, colour: RGB, count: int, flowers: bool = False) -> None:
    """Tufts of grass on the ground, with a few flowers."""
    rng, stage = scene.rng, scene.stage
    spots = sorted(((rng.uniform(-1.8, 14.0) ** 1.0, rng.uniform(-1, 1)) for _ in range(count)), reverse=True)
    for z, side in spots:
        x = side * (3.0 + z * 1.1)
        pen = stage.upright(x, z)
        if not 2 < pen.pixels < 900:
            continue
        h, tone = rng.uniform(0.07, 0.16), shade(colour, rng.uniform(0.05, 0.25))
        pen.poly([(-0.07, 0), (-0.06, h * 0.8), (-0.025, 0), (0.0, h), (0.025, 0), (0.065, h * 0.75), (0.07, 0)], tone)
        if flowers and rng.random() < 0.5:
            pen.oval(
                0.0,
                h + 0.02,
                0.03,
                0.03,
                rng.choice([scene.paints.accent, scene.paints.primary, (250, 246, 236), (238, 128, 128)]),
                steps=10,
            )


def tree(scene: Scene, x: float, z: float, height: float, rng: random.Random, kind: str = "round") -> None:
    """A tree: round, pine or palm."""
    stage = scene.stage
    stage.contact(x, z, height * 0.22, height * 0.08, 0.3)
    pen = stage.upright(x, z, 0, height)
    bark: RGB = (116, 86, 70)
    leaf = scene.paints.leaf
    if kind == "pine":
        pen.poly([(-0.025, 0), (0.025, 0), (0.012, 0.4), (-0.012, 0.4)], bark)
        for i in range(5):
            y, w = 0.10 + i * 0.17, 0.25 - i * 0.043
            tone = shade(leaf, 0.24 - i * 0.05)
            pen.poly([(-w, y), (-w * 0.5, y + 0.03), (0, y - 0.01), (w * 0.5, y + 0.03), (w, y), (0, y + 0.27)], tone)
            pen.poly([(0, y - 0.01), (w * 0.5, y + 0.03), (w, y), (0, y + 0.27)], shade(tone, 0.12))
        return
    if kind == "palm":
        pen.line([(-0.05, 0), (-0.02, 0.4), (0.04, 0.8)], [0.05, 0.035, 0.025], bark, smooth=True)
        for i in range(9):
            dx, dy = (
                (-0.36, -0.28, -0.16, 0.0, 0.16, 0.30, 0.37, -0.2, 0.24)[i],
                (-0.08, 0.06, 0.15, 0.18, 0.15, 0.06, -0.06, -0.14, -0.14)[i],
            )
            tone = shade(leaf, -0.1 + i * 0.04)
            pen.blob(
                [
                    (0.04, 0.8),
                    (0.04 + dx * 0.5, 0.83 + dy * 0.9 + 0.03),
                    (0.04 + dx, 0.8 + dy - 0.02),
                    (0.04 + dx * 0.5, 0.80 + dy * 0.7),
                ],
                tone,
            )
        return
    pen.poly([(-0.045, 0), (0.045, 0), (0.022, 0.5), (-0.022, 0.5)], bark)
    for side in (-1, 1):
        pen.line([(0, 0.36), (side * 0.12, 0.52)], [0.03, 0.012], bark)
    heaps = [(rng.uniform(-0.24, 0.24), rng.uniform(0.48, 0.84), rng.uniform(0.12, 0.19)) for _ in range(9)]
    for cx, cy, r in [*heaps, (0.0, 0.66, 0.24)]:
        pen.oval(cx + 0.02, cy - 0.02, r, r * 0.9, shade(leaf, 0.18), steps=20)
    for cx, cy, r in [*heaps[:7], (0.0, 0.70, 0.20)]:
        pen.oval(cx - 0.012, cy + 0.025, r * 0.84, r * 0.76, leaf, steps=20)
    for cx, cy, r in heaps[:6]:
        pen.oval(cx + 0.04 * scene.light_side, cy + 0.05, r * 0.5, r * 0.38, shade(leaf, -0.10), steps=16)


def bush(scene: Scene, x: float, z: float, size: float, rng: random.Random, bloom: RGB | None = None) -> None:
    """A bush, in flower where `bloom` names a colour."""
    pen, leaf = scene.stage.upright(x, z, 0, size), scene.paints.leaf
    scene.stage.contact(x, z, size * 0.6, size * 0.2, 0.26)
    for i in range(7):
        cx, cy, r = (
            (i - 3) * 0.17 + rng.uniform(-0.04, 0.04),
            0.24 + rng.uniform(0, 0.3) * (1 - abs(i - 3) / 4),
            rng.uniform(0.2, 0.28),
        )
        pen.oval(cx, cy, r, r, shade(leaf, rng.uniform(0.0, 0.2)), steps=18)
        pen.oval(cx - 0.03, cy + 0.06, r * 0.6, r * 0.5, shade(leaf, -0.12), steps=16)
    if bloom:
        for _ in range(14):
            pen.oval(rng.uniform(-0.55, 0.55), rng.uniform(0.1, 0.6), 0.035, 0.035, bloom, steps=10)


def hills(
    scene: Scene, z: float, height: float, colour: RGB, rng: random.Random, pointed: bool = False, snow: bool = False
) -> None:
    """A range of hills or peaks across the whole width at depth z."""
    pen = scene.stage.upright(0, z)
    span = z * 1.5
    count = 9 if pointed else 6
    step = 2 * span / count
    for i in range(count + 1):
        x, h, w = (
            -span + i * step + rng.uniform(-0.2, 0.2) * step,
            height * rng.uniform(0.55, 1.0),
            step * rng.uniform(0.75, 1.1),
        )
        if pointed:
            left, right, top = (x - w, -z * 0.1), (x + w, -z * 0.1), (x, h)
            ridge = [(x + w * 0.10, h * 0.72), (x - w * 0.08, h * 0.45), (x + w * 0.12, h * 0.2), (x, -z * 0.1)]
            pen.poly([left, (x - w * 0.45, h * 0.42), top, (x + w * 0.5, h * 0.45), right], colour)
            pen.poly([top, (x + w * 0.5, h * 0.45), right, *ridge[::-1]], shade(colour, 0.18))
            if snow and h > height * 0.6:
                pen.poly(
                    [
                        top,
                        (x + w * 0.26, h * 0.72),
                        (x + w * 0.12, h * 0.70),
                        (x + w * 0.04, h * 0.78),
                        (x - w * 0.06, h * 0.68),
                        (x - w * 0.14, h * 0.75),
                        (x - w * 0.25, h * 0.68),
                    ],
                    (248, 250, 252),
                )
        else:
            pen.blob(
                [
                    (x - w * 1.3, -z * 0.1),
                    (x - w * 0.7, h * 0.55),
                    (x, h),
                    (x + w * 0.8, h * 0.5),
                    (x + w * 1.3, -z * 0.1),
                ],
                shade(colour, 0.06 * (i % 3)),
            )


def garden(scene: Scene) -> None:
    rng, paints, stage = scene.rng, scene.paints, scene.stage
    sky(scene)
    skyline(scene, scene.detail("skyline"), 15, 0, centre=rng.uniform(4, 10))
    ground(scene, GRASS)
    scene.seat, scene.table = "chair", "round-table"
    scene.leafy = True
    tufts(scene, GRASS, 46, True)
    fence = rng.choice([(236, 232, 224), paints.wood, shade(paints.fabric, 0.1)])

    def boards() -> None:
        pen = stage.upright(0, 6.0)
        for i in range(-34, 35):
            x = i * 0.34
            pen.poly(
                [(x, 0), (x + 0.29, 0), (x + 0.29, 1.35), (x + 0.145, 1.5), (x, 1.35)], shade(fence, 0.05 * (i % 3))
            )
        for y in (0.35, 1.05):
            pen.rect(-12, y, 12, y + 0.09, shade(fence, 0.16))

    scene.add(6.0, boards)
    for _ in range(3):
        x, h = rng.choice([-1, 1]) * rng.uniform(2.0, 6.5), rng.uniform(3.2, 4.8)
        scene.add(7.5, partial(tree, scene, x, 7.5, h, random.Random(rng.random())))
    for i in range(7):
        x = -5.4 + i * 1.8 + rng.uniform(-0.4, 0.4)
        bloom = rng.choice([paints.accent, paints.primary, (244, 140, 150), None])
        scene.add(5.4, partial(bush, scene, x, 5.4, rng.uniform(0.9, 1.4), random.Random(rng.random()), bloom))
    scene.add(3.2, partial(tree, scene, -2.6, 3.2, 3.4, random.Random(rng.random())))
    chairs = [partial(f.chair, scene, x, 2.5, 0.46, x > 2) for x in (1.35, 2.9)]
    scene.add(2.2, partial(f.round_table, scene, 2.1, 2.0, 0.5), *chairs)
    scene.shelves.append((2.1, 0.74, 2.4))
    kind = rng.randrange(3)
    scene.add(1.4, lambda: f.plant(scene, -1.35, 1.3, 0, 0.95, rng, kind))


def park(scene: Scene) -> None:
    rng, stage = scene.rng, scene.stage
    sky(scene)
    skyline(scene, scene.detail("skyline"), 20, 0, centre=rng.uniform(-6, 10))
    ground(scene, shade(GRASS, 0.04))
    scene.seat, scene.table = "bench", "table"
    scene.leafy = True
    tufts(scene, GRASS, 46, True)
    path: RGB = (222, 206, 178)
    bend = rng.choice([-1, 1])
    centre = [(z, 0.2 + bend * (0.03 * z * z if z > 0 else 0)) for z in (-9, -3, -1, 0.6, 2, 3.5, 5.5, 8, 12)]
    for (z0, x0), (z1, x1) in itertools.pairwise(centre):
        stage.solid([(x0 - 1.3, 0.003, z0), (x0 + 1.3, 0.003, z0), (x1 + 1.3, 0.003, z1), (x1 - 1.3, 0.003, z1)], path)
    for _ in range(9):
        x, z, h = rng.choice([-1, 1]) * rng.uniform(2.6, 12), rng.uniform(4.5, 18), rng.uniform(4.5, 7.5)
        scene.add(z, partial(tree, scene, x, z, h, random.Random(rng.random())))
    scene.add(2.8, partial(tree, scene, -2.9, 2.8, 5.0, random.Random(rng.random())))
    for i in range(3):
        scene.add(3.8, partial(bush, scene, 2.2 + i * 1.5, 3.8, 0.9, random.Random(rng.random())))
    scene.add(2.4, lambda: f.chair(scene, 2.0, 2.3, 0.46, False, "bench"))
    scene.shelves.append((2.1, 0.46, 2.2))
    scene.add(2.6, lambda: street_lamp(scene, 3.1, 2.5, 3.4))


def street_lamp(scene: Scene, x: float, z: float, height: float) -> None:
    """A lamp post."""
    pen, iron = scene.stage.upright(x, z), (58, 60, 68)
    scene.stage.contact(x, z, 0.2, 0.1, 0.3)
    pen.rect(-0.10, 0, 0.10, 0.14, iron)
    pen.rect(-0.035, 0, 0.035, height - 0.3, iron)
    lit = scene.grade.lamps
    pen.poly(
        [(-0.14, height), (0.14, height), (0.09, height - 0.34), (-0.09, height - 0.34)],
        (255, 226, 160) if lit else (220, 226, 226),
        glow=lit,
    )
    pen.poly([(-0.18, height), (0.18, height), (0, height + 0.16)], iron)
    if lit:
        scene.stage.shine(x, height - 0.15, z, 1.9, (255, 204, 130), pool=0.35, bloom=0.45)
        scene.stage.shine(x, 0, z, 2.0, (255, 196, 116), pool=0.4, flat=0.3)


def beach(scene: Scene) -> None:
    rng, paints, stage = scene.rng, scene.paints, scene.stage
    sky(scene)
    hour = scene.grade.hour
    scene.seat, scene.table = "rock", "table"
    scene.leafy = True
    if scene.detail("skyline"):
        skyline(scene, scene.detail("skyline"), 13, -0.5, centre=14)
    sea = mix((58, 140, 168), hour.middle, 0.35)
    stage.solid([(-200, 0, 400), (200, 0, 400), (200, 0, 6.5), (-200, 0, 6.5)], sea)
    for i in range(26):
        z = 7 + (i / 26) ** 2 * 60
        x, w = rng.uniform(-1.2, 1.2) * z, rng.uniform(0.5, 2.4) * (1 + z / 14)
        stage.solid(
            [(x - w, 0.01, z), (x, 0.01, z + 0.05 * z**0.5), (x + w, 0.01, z)],
            mix(sea, (255, 255, 255), rng.uniform(0.2, 0.6)),
            alpha=0.8,
        )
    ground_edge = [(-200.0, 7.2), *[(x * 2.0, 6.6 + rng.uniform(-0.3, 0.3)) for x in range(-14, 15)], (200.0, 7.0)]
    stage.solid(
        [(x, 0.004, z + 0.45) for x, z in ground_edge] + [(200, 0.004, 5), (-200, 0.004, 5)],
        mix(sea, (255, 255, 255), 0.75),
    )
    stage.solid([(x, 0.006, z) for x, z in ground_edge] + [(200, 0.006, 5), (-200, 0.006, 5)], shade(SAND, 0.14))
    for z0, z1, tone in ((6.2, 5.6, 0.10), (5.7, 3.0, 0.04), (3.1, 0.0, 0.0), (0.1, -12, 0.05)):
        stage.solid([(-200, 0.007, z0), (200, 0.007, z0), (200, 0.007, z1), (-200, 0.007, z1)], shade(SAND, tone))
    for _ in range(40):
        x, z = rng.uniform(-6, 6), rng.uniform(-2, 5)
        stage.ground(x, z, 0.008).oval(0, 0, rng.uniform(0.04, 0.25), 0.03, shade(SAND, 0.16), alpha=0.7, steps=12)

    def parasol() -> None:
        x, z = 2.1, 2.3
        stage.contact(x, z, 1.1, 0.4, 0.26)
        pen = stage.upright(x, z)
        pen.line([(0.0, 0), (0.12, 2.2)], 0.045, (240, 236, 230))
        top, rim = (0.13, 2.45), [(-1.15, 1.75), (-0.7, 1.72), (-0.2, 1.78), (0.3, 1.88), (0.8, 2.02), (1.2, 2.12)]
        for i, (a, b) in enumerate(itertools.pairwise(rim)):
            pen.poly(
                [top, a, ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2 - 0.06), b], paints.accent if i % 2 else (250, 246, 238)
            )
        stage.ground(x - 0.2, z - 0.3, 0.01).rect(-0.85, -0.35, 0.85, 0.35, paints.primary)
        stage.ground(x - 0.2, z - 0.3, 0.011).rect(-0.85, -0.1, 0.85, 0.1, (250, 246, 238))

    scene.add(2.3, parasol)
    scene.shelves.append((1.6, 0.02, 1.9))
    for x, z, h in ((-4.4, 5.0, 4.6), (-3.2, 4.0, 3.7)):
        if rng.random() < 0.75:
            scene.add(z, partial(tree, scene, x, z, h, rng, "palm"))
    boat = rng.uniform(4, 16)
    sail = stage.upright(boat, 40)
    sail.poly([(-1.6, 0), (1.6, 0), (1.2, -0.5), (-1.2, -0.5)], shade(paints.primary, 0.2))
    sail.poly([(0, 0.2), (0, 4.2), (1.5, 0.5)], (252, 250, 246))
    sail.poly([(-0.1, 0.2), (-0.1, 3.6), (-1.1, 0.6)], mix(paints.accent, (255, 255, 255), 0.3))


def mountain(scene: Scene) -> None:
    rng, stage, hour = scene.rng, scene.stage, scene.grade.hour
    sky(scene)
    far = mix(mix(hour.horizon, hour.middle, 0.5), (96, 110, 146), 0.45)
    hills(scene, 55, 26, far, rng, True, True)
    hills(scene, 38, 13, mix(far, (84, 104, 120), 0.5), rng, True, True)
    hills(scene, 22, 4.5, mix((96, 128, 108), far, 0.35), rng)
    if scene.detail("skyline"):
        skyline(scene, scene.detail("skyline"), 7, -1, centre=12)
    meadow: RGB = (142, 168, 102)
    ground(scene, meadow, 22)
    scene.seat, scene.table = "rock", "table"
    scene.leafy = True
    tufts(scene, meadow, 46, True)
    for _i in range(11):
        x, z, h = rng.choice([-1, 1]) * rng.uniform(2.6, 14), rng.uniform(6, 17), rng.uniform(3.0, 5.5)
        scene.add(z, partial(tree, scene, x, z, h, rng, "pine"))

    def rocks() -> None:
        for x, z, s in ((-2.3, 2.2, 1.1), (1.9, 1.5, 0.75), (2.7, 2.8, 1.3)):
            pen = stage.upright(x, z, 0, s)
            stage.contact(x, z, 0.6 * s, 0.25 * s, 0.3)
            pen.poly([(-0.6, 0), (-0.5, 0.35), (-0.2, 0.62), (0.15, 0.55), (0.45, 0.3), (0.58, 0)], (150, 146, 148))
            pen.poly([(0.15, 0.55), (0.45, 0.3), (0.58, 0), (0.12, 0), (0.0, 0.3)], (118, 114, 122))
            pen.poly([(-0.5, 0.35), (-0.2, 0.62), (0.15, 0.55), (-0.1, 0.42)], (178, 174, 172))

    scene.add(1.5, rocks)
    scene.shelves.append((1.85, 0.38, 1.4))
    if rng.random() < 0.5:
        scene.add(
            5.0,
            lambda: stage.solid(
                [
                    (-0.9, 0.01, 1.0),
                    (0.5, 0.01, 1.0),
                    (1.6, 0.01, 5.0),
                    (0.9, 0.01, 9.0),
                    (0.6, 0.01, 9.0),
                    (0.8, 0.01, 5.0),
                ],
                (214, 196, 160),
            ),
        )


def forest(scene: Scene) -> None:
    rng, stage, paints = scene.rng, scene.stage, scene.paints
    sky(scene)
    hour = scene.grade.hour
    air = mix(mix(hour.horizon, hour.middle, 0.3), (150, 186, 150), 0.45)
    stage.haze *= 2.6
    pen = stage.upright(0, 32)
    pen.rect(-70, -3, 70, 26, mix(air, (96, 128, 104), 0.3), alpha=0.75, glow=True)
    moss: RGB = (108, 134, 80)
    ground(scene, moss, 32)
    scene.seat, scene.table = "rock", "table"
    scene.leafy = True
    for z, count in ((26.0, 22), (17.0, 16), (11.0, 11), (7.0, 7)):
        for i in range(count):
            x = (i - count / 2 + rng.uniform(0.1, 0.9)) * z * 0.20
            if z < 8 and abs(x) < 1.3:
                x += 2.4
            scene.add(z + rng.uniform(-1, 1), partial(_trunk, scene, x, z, rng.uniform(0.16, 0.34)))
    for _ in range(7):
        x, z, h = rng.choice([-1, 1]) * rng.uniform(1.9, 7), rng.uniform(4.5, 12), rng.uniform(3.5, 6.5)
        scene.add(z, partial(tree, scene, x, z, h, rng, "pine"))

    def ferns() -> None:
        for x, z in ((-1.9, 1.9), (-2.7, 2.8), (1.8, 1.7), (2.6, 2.6), (3.4, 3.2), (-3.4, 3.4)):
            pen = stage.upright(x, z)
            for k in range(8):
                dx, dy = (k - 3.5) * 0.16, 0.55 - abs(k - 3.5) * 0.07
                pen.blob(
                    [(0, 0), (dx * 0.5 - 0.04, dy * 0.75), (dx, dy), (dx * 0.6 + 0.03, dy * 0.6)],
                    shade(paints.leaf, 0.03 * k),
                )

    scene.add(1.7, ferns)
    tufts(scene, moss, 40)

    def log() -> None:
        stage.contact(1.7, 1.5, 0.9, 0.2, 0.34)
        p = stage.upright(1.7, 1.5)
        p.rect(-0.85, 0.0, 0.8, 0.36, (122, 92, 72), 0.12)
        p.oval(0.78, 0.18, 0.13, 0.18, (206, 176, 136))
        p.oval(0.78, 0.18, 0.07, 0.10, (176, 142, 106))

    scene.add(1.5, log)
    scene.shelves.append((1.5, 0.36, 1.5))
    god_rays(scene, rng.uniform(0.2, 1.0), 6.5)


def _trunk(scene: Scene, x: float, z: float, wide: float) -> None:
    pen, bark = scene.stage.upright(x, z), mix((106, 82, 70), (88, 104, 84), 0.2)
    pen.poly(
        [
            (-wide * 1.4, -0.05),
            (-wide * 0.8, 0.4),
            (-wide * 0.6, 14),
            (wide * 0.6, 14),
            (wide * 0.8, 0.4),
            (wide * 1.4, -0.05),
        ],
        bark,
    )
    pen.poly(
        [(wide * 0.2, 0), (wide * 0.2, 14), (wide * 0.6, 14), (wide * 0.8, 0.4), (wide * 1.4, -0.05)], shade(bark, 0.22)
    )
