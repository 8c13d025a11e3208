"""The town: street, bus stop, market square, rooftop.

What belongs here: house fronts, pavements, stalls, vehicles. What does not: nature (outdoors) and far skylines.
"""

from __future__ import annotations

import random
from functools import partial

from forge_resources.imaging.drawing import furniture as f
from forge_resources.imaging.drawing.beds import bed_behind
from forge_resources.imaging.drawing.colour import RGB, mix, shade
from forge_resources.imaging.drawing.livery import Livery
from forge_resources.imaging.drawing.outdoors import ground, street_lamp, tree
from forge_resources.imaging.drawing.products import SHAPES
from forge_resources.imaging.drawing.scene import Scene
from forge_resources.imaging.drawing.skylines import sky, skyline

ASPHALT: RGB = (120, 122, 130)
STONE: RGB = (198, 192, 184)


def _front(scene: Scene, x0: float, x1: float, z: float, height: float, rng: random.Random, shop: bool) -> None:
    """A house front seen straight on."""
    stage, paints = scene.stage, scene.paints
    wall = mix(
        rng.choice([paints.wall, (222, 196, 168), (206, 178, 162), (190, 196, 200), (232, 220, 200), paints.fabric]),
        (206, 196, 188),
        0.35,
    )
    stage.solid([(x0, 0, z), (x1, 0, z), (x1, height, z), (x0, height, z)], wall)
    pen = stage.upright(x0, z)
    w = x1 - x0
    pen.rect(0, height - 0.25, w, height, shade(wall, -0.2))
    pen.rect(-0.08, height - 0.02, w + 0.08, height + 0.10, shade(wall, 0.2))
    lit = scene.grade.lit_windows
    columns = max(int(w / 1.5), 1)
    floor = 3.0
    y = 3.6 if shop else 1.2
    while y + 1.7 < height:
        for i in range(columns):
            cx = w * (i + 0.5) / columns
            glow = lit and rng.random() < 0.55
            glass: RGB = (255, 214, 140) if glow else mix(scene.grade.hour.middle, (78, 96, 118), 0.55)
            pen.rect(cx - 0.48, y - 0.08, cx + 0.48, y + 1.58, shade(wall, -0.35))
            pen.rect(cx - 0.38, y, cx + 0.38, y + 1.5, glass, glow=glow)
            pen.rect(cx - 0.02, y, cx + 0.02, y + 1.5, shade(wall, -0.35))
            pen.rect(cx - 0.38, y + 0.95, cx + 0.38, y + 0.99, shade(wall, -0.35))
            if rng.random() < 0.3:
                pen.rect(cx - 0.42, y - 0.1, cx + 0.42, y + 0.1, paints.leaf, 0.06)
        y += floor
    if shop:
        _shop(scene, x0, x1, z, wall, rng)
    else:
        door = w * 0.5
        pen.rect(door - 0.62, 0, door + 0.62, 2.5, shade(wall, -0.3))
        pen.rect(door - 0.5, 0, door + 0.5, 2.35, rng.choice([paints.primary, paints.accent, paints.wood]))


def _shop(scene: Scene, x0: float, x1: float, z: float, wall: RGB, rng: random.Random) -> None:
    stage, paints, w = scene.stage, scene.paints, x1 - x0
    pen = stage.upright(x0, z)
    lit = scene.grade.lit_windows
    frame = rng.choice([shade(paints.primary, 0.2), shade(paints.wood, 0.2), (64, 70, 78)])
    pen.rect(0.1, 0, w - 0.1, 3.05, frame)
    glass: RGB = (255, 220, 156) if lit else mix(scene.grade.hour.middle, (96, 116, 132), 0.4)
    pen.rect(0.25, 0.5, w * 0.62, 2.35, glass, glow=lit)
    pen.rect(w * 0.68, 0.12, w - 0.25, 2.35, mix(glass, (60, 66, 80), 0.15), glow=lit)
    for i in range(4):
        gx = 0.4 + i * (w * 0.55 - 0.3) / 4
        pen.rect(gx, 0.5, gx + 0.28, 0.5 + rng.uniform(0.3, 0.8), mix(rng.choice(paints.cloth), glass, 0.3), 0.03)
    pen.poly([(0.35, 2.3), (0.9, 2.3), (0.5, 0.55), (0.3, 0.55)], (255, 255, 255), alpha=0.14)
    if lit:
        stage.shine((x0 + x1) / 2, 1.3, z, 2.2, (255, 206, 140), pool=0.35, bloom=0.25)
    stripes = max(int(w / 0.42), 2)
    tones = (rng.choice([paints.accent, paints.primary]), (248, 244, 236))
    for i in range(stripes):
        a, b = x0 + w * i / stripes, x0 + w * (i + 1) / stripes
        stage.solid([(a, 2.95, z), (b, 2.95, z), (b, 2.35, z - 0.9), (a, 2.35, z - 0.9)], tones[i % 2])
        stage.solid(
            [(a, 2.35, z - 0.9), (b, 2.35, z - 0.9), (b, 2.18, z - 0.9), (a, 2.18, z - 0.9)], shade(tones[i % 2], 0.12)
        )


def _paving(scene: Scene, z0: float, z1: float, colour: RGB, step: float) -> None:
    stage, line = scene.stage, shade(colour, 0.12)
    stage.solid([(-80, 0.002, z0), (80, 0.002, z0), (80, 0.002, z1), (-80, 0.002, z1)], colour)
    near = max(z0, stage.camera.position[2] + 0.2)
    z = z1
    while z > near:
        stage.solid([(-40, 0.003, z), (40, 0.003, z), (40, 0.003, z - 0.02), (-40, 0.003, z - 0.02)], line)
        z -= step
    for i in range(-16, 17):
        stage.solid(
            [
                (i * step, 0.003, z1),
                (i * step + 0.02, 0.003, z1),
                (i * step + 0.02, 0.003, near),
                (i * step, 0.003, near),
            ],
            line,
        )


def road(scene: Scene, z0: float, z1: float) -> None:
    """A road across the picture from depth z0 to z1."""
    stage = scene.stage
    stage.solid([(-120, 0.001, z0), (120, 0.001, z0), (120, 0.001, z1), (-120, 0.001, z1)], ASPHALT)
    middle = (z0 + z1) / 2
    for i in range(-14, 15):
        stage.solid(
            [
                (i * 2.4, 0.004, middle - 0.07),
                (i * 2.4 + 1.2, 0.004, middle - 0.07),
                (i * 2.4 + 1.2, 0.004, middle + 0.07),
                (i * 2.4, 0.004, middle + 0.07),
            ],
            (232, 228, 216),
        )
    for z in (z0, z1):
        stage.solid(
            [(-120, 0.004, z - 0.1), (120, 0.004, z - 0.1), (120, 0.004, z + 0.1), (-120, 0.004, z + 0.1)],
            (214, 210, 204),
        )


def _row(scene: Scene, z: float, gap: tuple[float, float], shops: bool) -> None:
    rng = scene.rng
    x = -26.0
    while x < 26:
        w, h = rng.uniform(4.0, 6.5), rng.uniform(7.5, 12.5)
        if not (gap[0] < x + w / 2 < gap[1]):
            shop = shops and rng.random() < 0.7
            scene.add(z, partial(_front, scene, x, x + w, z, h, random.Random(rng.random()), shop))
        x += w


def _parked(scene: Scene, x: float, z: float, colour: RGB, flip: bool) -> None:
    scene.stage.contact(x, z, 2.2, 0.5, 0.34)
    SHAPES["car"].draw(
        scene.stage.upright(x, z, 0, 1.46, flip), Livery(colour, (190, 194, 200), (250, 250, 250), scene.grade.lamps)
    )


def street(scene: Scene) -> None:
    rng, paints = scene.rng, scene.paints
    sky(scene)
    gap = rng.uniform(1.0, 4.0)
    skyline(scene, scene.detail("skyline"), 27, 0, centre=gap * 6, spread=0.55)
    ground(scene, STONE)
    road(scene, 2.6, 8.0)
    _paving(scene, -9, 2.5, STONE, 0.9)
    scene.seat, scene.table = "bench", "round-table"
    _row(scene, 10.5, (gap - 1.6, gap + 5.5), True)
    scene.add(9.6, *[partial(tree, scene, x, 9.6, 4.6, random.Random(rng.random())) for x in (-7.0, -2.2, gap + 6.5)])
    if rng.random() < 0.75:
        cx, tone = rng.uniform(2.4, 4.4), rng.choice([paints.accent, (176, 60, 56), (226, 224, 220), (70, 88, 112)])
        scene.add(4.2, lambda: _parked(scene, cx, 4.2, tone, rng.random() < 0.5))
    scene.add(2.2, lambda: street_lamp(scene, -1.7, 2.2, 4.2))
    scene.add(2.1, lambda: f.block(scene, 1.9, 1.9, 0.9, 0.45, 0.5, mix(STONE, paints.wood, 0.3)))
    scene.add(2.0, *[partial(f.plant, scene, x, 2.0, 0.42, 0.6, random.Random(5), 2) for x in (1.65, 2.1)])
    scene.shelves.append((1.75, 0.45, 1.95))


def bus_stop(scene: Scene) -> None:
    rng, paints, stage = scene.rng, scene.paints, scene.stage
    sky(scene)
    skyline(scene, scene.detail("skyline"), 22, 0, centre=rng.uniform(2, 10))
    ground(scene, STONE)
    road(scene, 3.4, 8.6)
    _paving(scene, -9, 3.3, STONE, 0.9)
    scene.seat, scene.table = "bench", "table"
    if rng.random() < 0.6:
        _row(scene, 14.0, (-3, 14), False)
    for x in (-9.0, -5.0, 8.5):
        scene.add(10.0, partial(tree, scene, x, 10.0, 4.8, random.Random(rng.random())))

    def shelter() -> None:
        frame, pen = shade(paints.metal, 0.25), stage.upright(0.3, 1.5)
        pen.rect(-1.9, 0.35, 1.5, 2.3, (206, 226, 234), alpha=0.26)
        pen.poly([(-1.2, 0.35), (-0.7, 0.35), (0.1, 2.3), (-0.4, 2.3)], (255, 255, 255), alpha=0.16)
        for x in (-1.9, -0.2, 1.5):
            pen.rect(x - 0.035, 0, x + 0.035, 2.4, frame)
        pen.rect(-1.7, 0.40, 0.7, 0.46, paints.wood)
        poster = stage.upright(1.28, 1.48)
        poster.rect(-0.44, 0.5, 0.44, 2.1, frame)
        poster.rect(-0.38, 0.56, 0.38, 2.04, mix(paints.primary, (255, 255, 255), 0.15), glow=scene.grade.lamps)
        poster.oval(0.0, 1.5, 0.24, 0.24, paints.accent, glow=scene.grade.lamps)
        poster.blob(
            [(-0.38, 0.56), (-0.38, 0.95), (-0.1, 1.15), (0.2, 0.9), (0.38, 1.05), (0.38, 0.56)],
            mix(paints.accent, (255, 255, 255), 0.5),
            glow=scene.grade.lamps,
        )
        stage.box(-1.75, 1.95, 2.38, 2.50, 0.5, 1.7, frame)
        if scene.grade.lamps:
            stage.shine(0.2, 2.3, 1.2, 1.8, (236, 240, 255), pool=0.5, bloom=0.25)

    scene.add(1.4, shelter)
    sign = stage.upright(2.7, 1.6)
    scene.add(
        1.6, partial(sign.rect, -0.03, 0, 0.03, 2.7, (96, 100, 108)),
            partial(sign.oval, 0, 2.75, 0.3, 0.3, paints.primary),
        partial(sign.oval, 0, 2.75, 0.2, 0.2, (250, 248, 244)),
            partial(sign.rect, -0.1, 2.66, 0.1, 2.84, paints.primary, 0.03),
    )  # fmt: skip
    bus = rng.random() < 0.5
    if bus:
        scene.add(5.2, partial(_bus, scene, rng.uniform(4.5, 7.0), 5.2))
    scene.shelves.append((0.9, 0.46, 1.45))


def _bus(scene: Scene, x: float, z: float) -> None:
    stage, paints = scene.stage, scene.paints
    stage.contact(x, z, 4.6, 0.7, 0.34)
    pen = stage.upright(x, z)
    pen.rect(-4.5, 0.35, 4.5, 3.0, paints.accent, 0.22)
    pen.rect(-4.5, 0.6, 4.5, 0.95, paints.primary)
    lit = scene.grade.lit_windows
    glass: RGB = (255, 226, 170) if lit else (116, 142, 162)
    for i in range(6):
        pen.rect(-4.25 + i * 1.4, 1.3, -3.0 + i * 1.4, 2.55, glass, 0.08, glow=lit)
    for wx in (-2.9, 2.7):
        pen.oval(wx, 0.45, 0.48, 0.48, (44, 44, 50))
        pen.oval(wx, 0.45, 0.22, 0.22, (190, 194, 200))


def market_square(scene: Scene) -> None:
    rng, paints = scene.rng, scene.paints
    sky(scene)
    skyline(scene, scene.detail("skyline"), 24, 0, centre=rng.uniform(6, 14), spread=0.8)
    ground(scene, shade(STONE, 0.05))
    _paving(scene, -9, 12, mix(STONE, paints.wall, 0.2), 0.7)
    scene.seat, scene.table = "bench", "table"
    _row(scene, 15.0, (2.0, 9.0), False)
    for x, z in ((-3.4, 5.2), (0.4, 6.2), (3.7, 5.0), (-2.4, 2.5), (2.5, 2.4)):
        scene.add(z, partial(_stall, scene, x, z, random.Random(rng.random())))
    scene.shelves.append((2.1, 0.98, 2.35))
    f.string_lights(scene, 4.0, 3.9)


def _stall(scene: Scene, x: float, z: float, rng: random.Random) -> None:
    stage, paints = scene.stage, scene.paints
    stage.contact(x, z + 0.4, 1.3, 0.6, 0.3)
    wood = paints.wood
    for px in (-1.05, 1.05):
        stage.upright(x + px, z + 0.8).rect(-0.035, 0, 0.035, 2.5, shade(wood, 0.25))
    stage.box(x - 1.1, x + 1.1, 0.35, 0.85, z, z + 0.8, mix(wood, paints.fabric2, 0.3))
    pen = stage.upright(x, z + 0.05, 0.85)
    for i in range(5):
        cx, tone = (
            -0.88 + i * 0.44,
            rng.choice([(206, 72, 60), (238, 164, 62), (120, 164, 80), (236, 206, 92), (150, 88, 130)]),
        )
        pen.rect(cx - 0.2, 0, cx + 0.2, 0.12, shade(wood, 0.1))
        for k in range(7):
            pen.oval(
                cx - 0.14 + (k % 4) * 0.095,
                0.14 + (k // 4) * 0.075,
                0.058,
                0.055,
                shade(tone, rng.uniform(-0.12, 0.18)),
                steps=12,
            )
    for px in (-1.05, 1.05):
        stage.upright(x + px, z).rect(-0.035, 0, 0.035, 2.3, shade(wood, 0.15))
    tones = (rng.choice([paints.primary, paints.accent, (196, 84, 70)]), (250, 246, 238))
    for i in range(8):
        a, b = x - 1.25 + 2.5 * i / 8, x - 1.25 + 2.5 * (i + 1) / 8
        stage.solid([(a, 2.75, z + 0.9), (b, 2.75, z + 0.9), (b, 2.25, z - 0.35), (a, 2.25, z - 0.35)], tones[i % 2])
        stage.solid(
            [(a, 2.25, z - 0.35), (b, 2.25, z - 0.35), ((a + b) / 2, 2.02, z - 0.35)], shade(tones[i % 2], 0.10)
        )
    if scene.grade.lamps:
        stage.shine(x, 1.9, z, 1.3, (255, 204, 130), pool=0.45, bloom=0.25)


def rooftop(scene: Scene) -> None:
    rng, paints, stage = scene.rng, scene.paints, scene.stage
    sky(scene)
    skyline(scene, scene.detail("skyline"), 36, -9, centre=rng.uniform(4, 9))
    deck = mix(paints.floor, (176, 160, 146), 0.4)

    def planks() -> None:
        stage.solid([(-40, 0, 4.2), (40, 0, 4.2), (40, 0, -9), (-40, 0, -9)], deck)
        for i in range(-40, 41):
            x = i * 0.3
            stage.solid(
                [(x, 0.002, 4.2), (x + 0.015, 0.002, 4.2), (x + 0.015, 0.002, -9), (x, 0.002, -9)], shade(deck, 0.13)
            )

    scene.add(5.0, planks)
    scene.seat, scene.table = rng.choice(["chair", "armchair"]), "table"
    parapet = mix(paints.wall, (196, 190, 184), 0.5)
    coping = partial(stage.box, -40, 40, 0.8, 0.88, 4.15, 4.55, shade(parapet, -0.3))
    scene.add(4.2, partial(stage.box, -40, 40, 0, 0.8, 4.2, 4.5, parapet), coping)
    tank = rng.choice([-1, 1])

    def water_tank() -> None:
        x, z = tank * 5.2, 9.0
        pen = stage.upright(x, z)
        for dx in (-0.8, 0.8):
            pen.line([(dx, -3), (dx * 0.9, 2.0)], 0.12, (92, 82, 78))
        pen.rect(-1.1, 1.9, 1.1, 4.2, (150, 112, 86))
        for i in range(6):
            pen.rect(-1.1 + i * 0.37, 1.9, -1.07 + i * 0.37, 4.2, (120, 88, 70))
        pen.poly([(-1.25, 4.2), (1.25, 4.2), (0, 5.2)], (104, 96, 98))

    scene.add(9.0, water_tank)
    for x in (-2.6, 2.9):
        scene.add(3.6, partial(f.plant, scene, x, 3.5, 0, 1.4, rng, rng.randrange(3)))
    scene.add(2.8, lambda: bed_behind(scene, 1.9, 2.6, 1.7, sofa=True))
    scene.add(2.0, lambda: f.table(scene, 1.9, 1.7, 0.9, 0.4, 0.5))
    scene.shelves.append((1.9, 0.4, 1.9))
    f.string_lights(scene, 3.2, 2.9)
