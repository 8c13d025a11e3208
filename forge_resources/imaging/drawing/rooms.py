"""Rooms at home: bedroom, kitchen, living room, bathroom, hallway, home office, balcony.

What belongs here: where furniture stands. What does not: how it looks (furniture) or the walls (shell). The subject
stands around x = 0, z = 0, and the picture has its free side towards +x: windows are there, furniture along the back.
"""

from __future__ import annotations

from functools import partial

from forge_resources.imaging.drawing import furniture as f
from forge_resources.imaging.drawing.beds import bed_behind, bed_end_on
from forge_resources.imaging.drawing.colour import mix, shade
from forge_resources.imaging.drawing.scene import Scene
from forge_resources.imaging.drawing.shell import shell
from forge_resources.imaging.drawing.skylines import sky, skyline
from forge_resources.imaging.drawing.windows import Opening, opening


def window_style(scene: Scene) -> str:
    """The style the look asks for, or one by seed."""
    return scene.detail("window") or scene.rng.choice(["sash", "tilt", "wide", "french"])


def bedroom(scene: Scene) -> None:
    rng, back = scene.rng, scene.rng.uniform(2.3, 2.9)
    hole = opening(window_style(scene), rng.uniform(0.9, 1.6))
    shell(
        scene, back, -rng.uniform(2.6, 3.2), rng.uniform(3.2, 3.8), holes=[hole], floor=rng.choice(["boards", "carpet"])
    )
    scene.seat, scene.table = "bed", "nightstand"
    f.rug(scene, 0.4, -0.5, 1.6, 0.9)
    bx, bz = -1.35 + rng.uniform(-0.2, 0.1), back - 1.0
    if not scene.bed_taken:
        scene.add(bz + 0.6, lambda: bed_end_on(scene, bx, back - 1.75, back))
    nx = bx + 1.15
    scene.add(back - 0.45, lambda: f.block(scene, nx, back - 0.45, 0.46, 0.52, 0.4, scene.paints.wood, drawers=2))
    scene.shelves.append((nx, 0.52, back - 0.3))
    scene.add(back - 0.2, lambda: f.lamp_shade(scene, scene.stage.upright(nx - 0.1, back - 0.28, 0.68), 0.11, 0.17))
    if scene.grade.lamps:
        scene.stage.shine(nx - 0.1, 0.75, back - 0.3, 1.3, (255, 196, 120), pool=0.5, bloom=0.3)
    f.picture(scene, bx - 0.3, back, 1.75, 0.6, 0.45)
    f.picture(scene, bx + 0.45, back, 1.72, 0.38, 0.5)
    wx = hole.x1 + 0.95
    if rng.random() < 0.6:
        scene.add(
            back - 0.6,
            lambda: f.block(
                scene, wx, back - 0.58, 0.9, 0.85, 0.5, mix(scene.paints.wall, scene.paints.wood, 0.5), drawers=4
            ),
        )
        scene.shelves.append((wx, 0.85, back - 0.35))
    plant = rng.randrange(3)
    scene.add(back - 0.4, lambda: f.plant(scene, hole.x0 - 0.35, back - 0.35, 0, 0.95, rng, plant))


def kitchen(scene: Scene) -> None:
    rng, paints, back = scene.rng, scene.paints, scene.rng.uniform(2.2, 2.7)
    style = window_style(scene)
    base = opening(style, rng.uniform(0.5, 1.3))
    hole = Opening(base.x0, base.x1, max(base.y0, 1.08), base.y1, style) if style != "french" else base
    left, right = -rng.uniform(2.7, 3.2), rng.uniform(3.0, 3.5)
    shell(
        scene,
        back,
        left,
        right,
        holes=[hole],
        floor=rng.choice(["tiles", "checks", "boards"]),
        curtains=False,
        greenery=True,
    )
    scene.seat, scene.table = rng.choice(["stool", "chair"]), "table"
    front, worktop = (
        rng.choice([paints.fabric, mix(paints.wall, (250, 248, 244), 0.6), paints.wood, shade(paints.fabric, 0.2)]),
        rng.choice([(236, 232, 226), shade(paints.wood, 0.05), (92, 94, 100)]),
    )
    stage, cz = scene.stage, back - 0.62
    tile = mix(paints.wall, (250, 250, 248), 0.6)
    pen = stage.upright(0, back - 0.002)
    pen.rect(left, 0.92, hole.x0 - 0.1, 1.45, tile)
    for i in range(int((hole.x0 - 0.1 - left) / 0.16)):
        pen.rect(left + i * 0.16, 0.92, left + i * 0.16 + 0.008, 1.45, shade(tile, 0.1))
    for y in (1.08, 1.24, 1.4):
        pen.rect(left, y, hole.x0 - 0.1, y + 0.008, shade(tile, 0.1))
    fridge = -2.1
    scene.add(
        cz,
        *[
            partial(f.block, scene, fridge + dx, cz, 1.2, 0.92, 0.6, front, worktop, doors=3)
            for dx in (0.95, 2.15, 3.35)
        ],
    )
    scene.add(cz - 0.01, lambda: _fridge(scene, fridge, cz - 0.04))
    scene.add(back - 0.36, partial(_wall_cupboards, scene, fridge + 0.38, hole.x0 - 0.2, back, front))
    scene.shelves += [(-0.75, 0.92, cz + 0.35), (0.55, 0.92, cz + 0.35), (1.4, 0.92, cz + 0.3)]
    scene.add(cz + 0.02, lambda: _worktop_things(scene, fridge + 0.75, cz + 0.3))
    if rng.random() < 0.7:
        scene.add(0.5, *[partial(f.pendant, scene, x, 0.6, 1.86, 2.7) for x in (0.45, 1.3)])
        ix = rng.uniform(1.2, 1.5)
        scene.add(0.75, lambda: f.block(scene, ix + 0.3, 0.75, 1.5, 0.9, 0.7, shade(front, 0.12), worktop, doors=0))
        scene.shelves.append((ix, 0.9, 1.0))


def _fridge(scene: Scene, x: float, z: float) -> None:
    colour = (214, 220, 224)
    scene.stage.box(x - 0.34, x + 0.34, 0.04, 1.92, z, z + 0.64, colour)
    pen = scene.stage.upright(x, z)
    pen.rect(-0.34, 0.70, 0.34, 0.715, shade(colour, 0.3))
    for y0, y1 in ((0.80, 1.25), (0.38, 0.62)):
        pen.rect(0.25, y0, 0.28, y1, shade(colour, 0.4), 0.012)
    for px, py, tone in (
        (-0.12, 1.5, scene.paints.accent),
        (0.02, 1.38, scene.paints.primary),
        (-0.2, 1.32, (250, 246, 236)),
    ):
        pen.rect(px, py, px + 0.1, py + 0.12, tone)


def _wall_cupboards(scene: Scene, x0: float, x1: float, back: float, colour: tuple[float, float, float]) -> None:
    if x1 - x0 < 0.5:
        return
    stage, z = scene.stage, back - 0.34
    count = max(int((x1 - x0) / 0.5), 1)
    stage.box(x0, x1, 1.5, 2.2, z, back, colour)
    pen = stage.upright(x0, z)
    for i in range(count):
        a, b = (x1 - x0) * i / count, (x1 - x0) * (i + 1) / count
        pen.rect(a + 0.012, 1.515, b - 0.012, 2.185, shade(colour, -0.08))
        pen.rect(b - 0.06, 1.56, b - 0.04, 1.68, scene.paints.metal)


def _worktop_things(scene: Scene, x: float, z: float) -> None:
    pen, p = scene.stage.upright(x, z, 0.92), scene.paints
    for dx, h, tone in (
        (0.0, 0.26, p.accent),
        (0.16, 0.20, mix(p.primary, (240, 236, 228), 0.4)),
        (0.31, 0.15, (236, 230, 220)),
    ):
        pen.rect(dx, 0, dx + 0.13, h, tone, 0.02)
        pen.rect(dx + 0.01, h - 0.01, dx + 0.12, h + 0.03, shade(p.wood, 0.2), 0.01)
    pen.rect(0.75, 0.0, 1.2, 0.02, shade(p.wood, -0.1))
    pen.oval(0.86, 0.055, 0.04, 0.04, (206, 76, 60), steps=16)
    pen.oval(0.95, 0.05, 0.036, 0.036, (226, 152, 60), steps=16)


def living_room(scene: Scene) -> None:
    rng, back = scene.rng, scene.rng.uniform(2.6, 3.2)
    hole = opening(window_style(scene), rng.uniform(1.1, 1.8), 1.15)
    shell(
        scene,
        back,
        -rng.uniform(3.0, 3.8),
        rng.uniform(3.5, 4.2),
        holes=[hole],
        floor="boards",
        greenery=rng.random() < 0.4,
    )
    scene.seat, scene.table = rng.choice(["sofa", "armchair"]), "low-table"
    f.rug(scene, 0.3, -0.2, 2.0, 1.1)
    sx = rng.uniform(-1.9, -1.3)
    if rng.random() < 0.5:
        scene.add(back - 0.9, lambda: bed_behind(scene, sx + 0.1, back - 1.0, 1.9, sofa=True))
        f.picture(scene, sx - 0.2, back, 1.7, 0.8, 0.55)
        f.picture(scene, sx + 0.65, back, 1.75, 0.4, 0.4)
    else:
        scene.add(back - 0.3, lambda: f.shelf(scene, sx, back - 0.32, 1.5, 2.05, 5))
        scene.shelves.append((sx, 0.86, back - 0.33))
        f.picture(scene, sx + 1.3, back, 1.65, 0.5, 0.65)
    lamp_x, scene.has_lamp = hole.x1 + 0.55, True
    scene.add(back - 0.5, lambda: f.floor_lamp(scene, lamp_x, back - 0.5))
    cx = hole.x0 - 0.25
    scene.add(back - 0.42, lambda: f.block(scene, cx + 0.2, back - 0.42, 1.3, 0.5, 0.38, scene.paints.wood, doors=3))
    scene.shelves.append((cx + 0.2, 0.5, back - 0.25))
    kind = rng.randrange(3)
    scene.add(back - 0.3, lambda: f.plant(scene, cx - 0.6, back - 0.4, 0, 1.25, rng, kind))


def bathroom(scene: Scene) -> None:
    rng, paints, stage, back = scene.rng, scene.paints, scene.stage, scene.rng.uniform(1.9, 2.3)
    hole = opening(window_style(scene), rng.uniform(1.7, 2.1), 0.8)
    hole = Opening(hole.x0, hole.x1, max(hole.y0, 1.1), hole.y1, hole.style)
    left, right = -rng.uniform(2.2, 2.6), rng.uniform(2.8, 3.2)
    tile = mix(paints.fabric, (246, 248, 248), 0.6)
    shell(
        scene,
        back,
        left,
        right,
        holes=[hole],
        floor=rng.choice(["checks", "tiles"]),
        curtains=False,
        wall=mix(paints.wall, (246, 248, 248), 0.4),
        dado=False,
    )
    pen = stage.upright(0, back - 0.002)
    pen.rect(left, 0, right, 1.15, tile)
    for i in range(int((right - left) / 0.2)):
        pen.rect(left + i * 0.2, 0, left + i * 0.2 + 0.008, 1.15, shade(tile, -0.4))
    for i in range(1, 6):
        pen.rect(left, i * 0.2, right, i * 0.2 + 0.008, shade(tile, -0.4))
    pen.rect(left, 1.15, right, 1.19, shade(tile, 0.25))
    scene.seat, scene.table = "stool", "stool"
    mx = rng.uniform(-0.2, 0.3)
    scene.add(
        back - 0.5, lambda: f.block(scene, mx, back - 0.5, 1.15, 0.84, 0.48, paints.wood, (246, 246, 244), drawers=2)
    )
    scene.shelves += [(mx + 0.4, 0.84, back - 0.28), (mx - 0.42, 0.84, back - 0.28)]

    def basin() -> None:
        p = stage.upright(mx, back - 0.42, 0.84)
        p.blob([(-0.26, 0.13), (-0.22, 0.02), (0, 0.0), (0.22, 0.02), (0.26, 0.13)], (250, 250, 250))
        p.line([(0, 0.1), (0, 0.30), (0.03, 0.34), (0.08, 0.32), (0.09, 0.27)], 0.025, paints.metal, smooth=True)
        m = stage.upright(mx, back - 0.02, 1.6)
        m.oval(0, 0, 0.40, 0.44, paints.metal, steps=44)
        m.oval(0, 0, 0.375, 0.415, mix((206, 222, 228), paints.wall, 0.3), steps=44)
        m.poly([(-0.20, -0.2), (0.12, 0.32), (0.22, 0.26), (-0.10, -0.28)], (236, 244, 246), alpha=0.5)

    scene.add(back - 0.45, basin)

    def tub() -> None:
        tx = -1.55
        stage.contact(tx, back - 0.6, 0.8, 0.5, 0.3)
        p = stage.upright(tx, back - 0.75)
        p.blob([(-0.78, 0.60), (-0.72, 0.2), (-0.5, 0.07), (0.5, 0.07), (0.72, 0.2), (0.78, 0.60)], (248, 248, 248))
        p.rect(-0.82, 0.56, 0.82, 0.63, (255, 255, 255), 0.03)
        p.blob([(0.2, 0.62), (0.24, 0.30), (0.55, 0.28), (0.58, 0.62)], paints.accent)

    scene.add(back - 0.75, tub)
    if rng.random() < 0.7:
        scene.add(back - 0.2, lambda: f.plant(scene, hole.x0 - 0.1, back - 0.22, 0, 0.8, rng, 1))


def hallway(scene: Scene) -> None:
    rng, paints, stage, back = scene.rng, scene.paints, scene.stage, scene.rng.uniform(3.4, 4.2)
    shell(
        scene,
        back,
        -1.55,
        2.0,
        ceiling=2.8,
        holes=[opening(window_style(scene), 1.25, 0.75)] if rng.random() < 0.5 else (),
        floor=rng.choice(["boards", "checks"]),
    )
    scene.table = "table"

    def door(x: float, colour: tuple[float, float, float]) -> None:
        p = stage.upright(x, back - 0.02)
        p.rect(-0.52, 0, 0.52, 2.2, mix(paints.wall, (252, 250, 246), 0.7))
        p.rect(-0.43, 0, 0.43, 2.1, colour)
        for y0, y1 in ((0.2, 0.9), (1.05, 1.95)):
            for x0 in (-0.34, 0.05):
                p.rect(x0, y0, x0 + 0.29, y1, shade(colour, 0.14))
        p.oval(0.36, 1.0, 0.03, 0.03, (222, 190, 120))

    door(-0.45, rng.choice([paints.primary, paints.accent, paints.wood]))

    def coats() -> None:
        p = stage.upright(1.95, back - 1.8)
        p.rect(-0.7, 1.7, 0.0, 1.78, paints.wood)
        for i, tone in enumerate(rng_cloth):
            x = -0.58 + i * 0.24
            p.blob([(x, 1.7), (x + 0.12, 1.52), (x + 0.14, 0.8), (x - 0.14, 0.8), (x - 0.12, 1.52)], tone)
            p.line([(x, 1.6), (x + 0.01, 0.84)], 0.012, shade(tone, 0.25))

    rng_cloth = [rng.choice(paints.cloth) for _ in range(3)]
    scene.add(back - 1.8, coats)
    scene.add(1.2, lambda: f.block(scene, -1.25, 1.3, 0.42, 0.82, 1.0, paints.wood, drawers=2))
    scene.shelves.append((-1.25, 0.82, 1.7))
    f.rug(scene, 0.1, 0.4, 0.65, 2.4)
    f.picture(scene, 0.75, back, 1.7, 0.45, 0.6)
    scene.add(0.9, lambda: f.pendant(scene, 0.3, 1.4, 2.1, 2.8, 0.17))


def home_office(scene: Scene) -> None:
    rng, paints, back = scene.rng, scene.paints, scene.rng.uniform(2.2, 2.7)
    hole = opening(window_style(scene), rng.uniform(1.0, 1.6))
    shell(scene, back, -rng.uniform(2.5, 3.0), rng.uniform(3.0, 3.6), holes=[hole], floor="boards", greenery=True)
    scene.seat, scene.table = "office", "desk"
    sx = rng.uniform(-1.6, -1.2)
    scene.add(back - 0.3, lambda: f.shelf(scene, sx, back - 0.32, 1.3, 2.1, 5))
    scene.shelves.append((sx + 0.2, 0.88, back - 0.33))
    scene.add(back - 0.5, lambda: f.block(scene, hole.x1 + 0.75, back - 0.5, 0.5, 0.68, 0.45, paints.metal, drawers=3))
    scene.shelves.append((hole.x1 + 0.75, 0.68, back - 0.25))
    f.picture(scene, hole.x0 - 0.45, back, 1.7, 0.4, 0.52)
    f.rug(scene, 0.3, -0.1, 1.5, 0.9)
    scene.has_lamp = True
    scene.add(back - 0.4, lambda: f.floor_lamp(scene, hole.x0 - 0.5, back - 0.4, 1.5))
    kind = rng.randrange(3)
    scene.add(back - 0.35, lambda: f.plant(scene, hole.x1 + 1.3, back - 0.4, 0, 1.15, rng, kind))


def balcony(scene: Scene) -> None:
    rng, paints, stage = scene.rng, scene.paints, scene.stage
    sky(scene)
    skyline(scene, scene.detail("skyline"), 21, -7, centre=rng.uniform(4, 9))
    stage.solid([(-9, 0, 1.7), (9, 0, 1.7), (9, 0, -9), (-9, 0, -9)], mix(paints.floor, (176, 170, 164), 0.4))
    for i in range(14):
        z = 1.7 - i * 0.4
        stage.solid(
            [(-9, 0.001, z), (9, 0.001, z), (9, 0.001, z - 0.012), (-9, 0.001, z - 0.012)], shade(paints.floor, 0.16)
        )
    scene.seat, scene.table = "chair", "round-table"

    def railing() -> None:
        rail = rng_rail
        pen = stage.upright(0, 1.7)
        for i in range(-30, 31):
            pen.rect(i * 0.15 - 0.008, 0.08, i * 0.15 + 0.008, 1.0, rail)
        pen.rect(-9, 0.06, 9, 0.10, rail)
        pen.rect(-9, 0.98, 9, 1.05, shade(rail, -0.1))
        for bx in (-1.5, 1.4):
            stage.box(bx - 0.4, bx + 0.4, 0.82, 1.0, 1.45, 1.66, paints.accent)
            p = stage.upright(bx, 1.5, 0.98)
            for _ in range(26):
                x, y = rng.uniform(-0.38, 0.38), rng.uniform(-0.02, 0.2)
                p.oval(x, y, 0.055, 0.05, shade(paints.leaf, rng.uniform(-0.15, 0.2)), steps=10)
            for _ in range(12):
                p.oval(
                    rng.uniform(-0.36, 0.36),
                    rng.uniform(0.06, 0.24),
                    0.032,
                    0.03,
                    rng.choice([paints.primary, (236, 120, 120), (250, 240, 228)]),
                    steps=10,
                )

    rng_rail = rng.choice([(60, 64, 72), (236, 234, 230), paints.metal])
    scene.add(1.66, railing)
    wall = mix(paints.wall, (226, 206, 186), 0.4)
    scene.add(1.6, lambda: stage.solid([(-2.1, 0, 1.7), (-2.1, 3.6, 1.7), (-2.1, 3.6, -9), (-2.1, 0, -9)], wall))
    kind = rng.randrange(3)
    scene.add(1.2, lambda: f.plant(scene, -1.65, 1.1, 0, 1.3, rng, kind))
    scene.add(1.0, lambda: f.round_table(scene, 1.75, 0.7, 0.34, 0.7))
    scene.shelves.append((1.75, 0.7, 1.04))
    if scene.grade.lamps:
        f.string_lights(scene, 1.5, 2.5)
