"""Rooms away from home: café, restaurant, library, train, supermarket.

What belongs here: where furniture stands. What does not: how it looks (furniture) or the walls (shell).
"""

from __future__ import annotations

from functools import partial

from forge_resources.imaging.drawing import furniture as f
from forge_resources.imaging.drawing.colour import RGB, mix, shade
from forge_resources.imaging.drawing.rooms import window_style
from forge_resources.imaging.drawing.scene import Scene
from forge_resources.imaging.drawing.shell import shell
from forge_resources.imaging.drawing.windows import Opening, opening


def cafe(scene: Scene) -> None:
    rng, paints, stage, back = scene.rng, scene.paints, scene.stage, scene.rng.uniform(2.7, 3.2)
    hole = opening(scene.detail("window") or "wide", rng.uniform(1.5, 2.0), 1.15)
    shell(
        scene,
        back,
        -3.6,
        4.4,
        ceiling=3.0,
        holes=[hole],
        floor=rng.choice(["boards", "checks"]),
        curtains=False,
        storey=0.0,
    )
    scene.seat, scene.table = "chair", "round-table"
    counter = rng.choice([paints.fabric, paints.primary, shade(paints.wood, 0.2)])
    bx = -1.7
    scene.add(back - 0.3, lambda: f.shelf(scene, bx, back - 0.26, 2.4, 2.3, 5, "jars", 0.24))
    scene.add(back - 1.1, lambda: f.block(scene, bx, back - 1.15, 2.5, 1.08, 0.55, counter, paints.wood))

    def machine() -> None:
        pen = stage.upright(bx - 0.5, back - 0.95, 1.08)
        pen.rect(-0.36, 0.0, 0.36, 0.12, (90, 94, 102), 0.02)
        pen.rect(-0.34, 0.1, 0.34, 0.46, paints.metal, 0.04)
        pen.rect(-0.30, 0.30, 0.30, 0.42, paints.accent, 0.02)
        for x in (-0.16, 0.16):
            pen.line([(x, 0.24), (x + 0.12, 0.20)], 0.03, (48, 46, 50))
        glass = stage.upright(bx + 0.62, back - 0.95, 1.08)
        glass.rect(-0.36, 0, 0.36, 0.34, (226, 236, 240), 0.03, alpha=0.5)
        for i, tone in enumerate(((222, 170, 104), (170, 104, 70), (236, 206, 150), (206, 110, 96))):
            glass.oval(-0.25 + i * 0.17, 0.06, 0.07, 0.05, tone, steps=18)

    scene.add(back - 1.0, machine)
    scene.shelves += [(bx + 1.05, 1.08, back - 0.9), (1.4, 0.74, 1.7)]
    scene.add(0.9, *[partial(f.pendant, scene, bx + dx, back - 1.0, 2.1, 3.0, 0.17) for dx in (-0.7, 0.1, 0.9)])
    scene.add(1.5, lambda: _cafe_set(scene, 1.4, 1.35))
    scene.add(1.9, lambda: _cafe_set(scene, 2.9, 1.8))
    kind = rng.randrange(3)
    scene.add(back - 0.3, lambda: f.plant(scene, 0.1, back - 0.35, 0, 1.1, rng, kind))


def _cafe_set(scene: Scene, x: float, z: float) -> None:
    f.chair(scene, x - 0.55, z + 0.38, 0.46)
    f.chair(scene, x + 0.55, z + 0.38, 0.46, True)
    f.round_table(scene, x, z, 0.34)


def restaurant(scene: Scene) -> None:
    rng, paints, stage, back = scene.rng, scene.paints, scene.stage, scene.rng.uniform(2.9, 3.4)
    wall = shade(paints.wall, 0.16)
    hole = opening(window_style(scene), rng.uniform(1.5, 2.0))
    shell(scene, back, -3.8, 4.2, ceiling=3.0, holes=[hole], floor="boards", storey=0.0, wall=wall, dado=True)
    scene.seat, scene.table = "chair", "round-table"
    bench = paints.fabric
    scene.add(
        back - 0.6, partial(stage.box, -3.4, 0.4, 0.46, 1.05, back - 0.14, back, shade(bench, 0.08)),
        partial(stage.box, -3.4, 0.4, 0.0, 0.46, back - 0.6, back, bench),
    )  # fmt: skip
    for x in (-2.4, -0.9):
        scene.add(back - 1.0, partial(_laid_table, scene, x, back - 1.25))
        f.picture(scene, x, back, 1.75, 0.55, 0.55)
    scene.add(1.3, lambda: _laid_table(scene, 2.1, 1.2))
    scene.shelves += [(-0.9, 0.76, back - 0.95), (2.1, 0.76, 1.5)]
    scene.add(0.85, *[partial(f.pendant, scene, x, back - 0.9, 1.95, 3.0, 0.22) for x in (-2.4, -0.9, 2.1)])


def _laid_table(scene: Scene, x: float, z: float) -> None:
    stage, cloth = scene.stage, (246, 242, 236)
    stage.contact(x, z + 0.3, 0.5, 0.32, 0.3)
    stage.box(x - 0.42, x + 0.42, 0.30, 0.75, z, z + 0.62, cloth)
    stage.box(x - 0.05, x + 0.05, 0, 0.3, z + 0.25, z + 0.35, shade(scene.paints.wood, 0.3))
    pen = stage.upright(x, z + 0.25, 0.75)
    for dx in (-0.2, 0.2):
        stage.ground(x + dx, z + 0.26, 0.752).oval(0, 0, 0.11, 0.10, (255, 255, 255), steps=24)
        pen.line([(dx + 0.13, 0), (dx + 0.13, 0.10)], 0.006, (220, 230, 236))
        pen.blob(
            [(dx + 0.10, 0.19), (dx + 0.10, 0.12), (dx + 0.13, 0.09), (dx + 0.16, 0.12), (dx + 0.16, 0.19)],
            (216, 228, 236),
            alpha=0.7,
        )
    pen.rect(-0.02, 0, 0.02, 0.14, (244, 232, 208))
    if scene.grade.lamps:
        pen.blob([(0, 0.145), (-0.014, 0.17), (0, 0.21), (0.014, 0.17)], (255, 222, 130), glow=True)
        stage.shine(x, 0.93, z + 0.25, 0.4, (255, 196, 110), pool=0.3, bloom=0.35)


def library(scene: Scene) -> None:
    rng, back = scene.rng, scene.rng.uniform(2.9, 3.5)
    hole = opening(scene.detail("window") or "arch", rng.uniform(1.2, 1.7))
    shell(scene, back, -4.2, 4.6, ceiling=3.3, holes=[hole], floor="boards", curtains=False, storey=-2.0)
    scene.seat, scene.table = rng.choice(["armchair", "chair"]), "table"
    for x in (-2.9, -1.3):
        scene.add(back - 0.3, partial(f.shelf, scene, x, back - 0.34, 1.5, 2.75, 6))
    scene.add(back - 0.3, lambda: f.shelf(scene, hole.x1 + 0.95, back - 0.34, 1.4, 2.75, 6))
    scene.add(2.0, lambda: f.shelf(scene, -3.3, 1.5, 1.0, 2.4, 6, "books", 0.4))
    tx = rng.uniform(1.4, 2.0)
    scene.add(1.4, lambda: f.table(scene, tx, 1.3, 1.7, 0.75, 0.8))
    scene.shelves += [(tx - 0.3, 0.75, 1.6), (-1.3, 0.96, back - 0.36)]

    def reading_lamp() -> None:
        pen = scene.stage.upright(tx + 0.45, 1.6, 0.75)
        pen.rect(-0.08, 0, 0.08, 0.02, (190, 156, 92))
        pen.line([(0, 0.02), (0, 0.3)], 0.02, (190, 156, 92))
        pen.blob([(-0.18, 0.26), (-0.14, 0.36), (0.14, 0.36), (0.18, 0.26)], (66, 128, 96))
        if scene.grade.lamps:
            scene.stage.shine(tx + 0.45, 0.95, 1.6, 0.8, (255, 210, 140), pool=0.5, bloom=0.3)

    scene.add(1.35, reading_lamp)
    f.rug(scene, 0.3, 0.0, 2.0, 1.1)


def train(scene: Scene) -> None:
    rng, paints, stage, back = scene.rng, scene.paints, scene.stage, 1.05
    style = scene.detail("window")
    width = 1.7 if style != "wide" else 2.3
    holes = [Opening(x - width / 2, x + width / 2, 0.85, 1.85, "wide") for x in (-3.7, -1.25, 1.2, 3.65)]
    panel = mix(paints.wall, (236, 236, 234), 0.6)
    shell(
        scene,
        back,
        -7.5,
        7.5,
        ceiling=2.3,
        holes=holes,
        floor="carpet",
        curtains=False,
        storey=-3.0,
        wall=panel,
        dado=False,
        greenery=rng.random() < 0.6,
    )
    scene.seat, scene.table = "train", "table"
    pen = stage.upright(0, back - 0.01)
    pen.rect(-7, 0.62, 7, 0.72, paints.primary)
    pen.rect(-7, 0.58, 7, 0.62, paints.accent)
    scene.add(0.75, lambda: stage.box(-7, 7, 2.0, 2.05, 0.65, back, (196, 200, 204)))
    for i, x in enumerate((-2.0, 1.9, 3.4)):
        scene.add(0.7, partial(f.chair, scene, x, 0.75, 0.46, i % 2 == 1, "train"))
    scene.add(0.6, lambda: stage.box(0.85, 1.5, 0.70, 0.74, 0.55, back, (226, 222, 214)))
    scene.shelves.append((1.15, 0.74, 0.85))
    scene.add(0.5, lambda: stage.upright(2.6, 0.5).rect(-0.02, 0, 0.02, 2.3, (230, 196, 84)))
    scene.add(-0.9, lambda: stage.upright(-1.6, -0.9).rect(-0.022, 0, 0.022, 2.3, (230, 196, 84)))

    def straps() -> None:
        for x in (-1.0, -0.4, 0.4, 1.0, 1.6, 2.2):
            p = stage.upright(x, 0.4, 1.75)
            p.line([(0, 0.5), (0, 0.10)], 0.025, (80, 84, 92))
            p.line([(-0.06, 0.0), (0, 0.11), (0.06, 0.0), (-0.06, 0.0)], 0.022, (226, 226, 222))

    scene.add(0.4, straps)


def supermarket(scene: Scene) -> None:
    rng, paints, stage, back = scene.rng, scene.paints, scene.stage, scene.rng.uniform(3.4, 4.0)
    shell(scene, back, -4.6, 5.0, ceiling=3.2, floor="tiles", wall=mix(paints.wall, (240, 242, 240), 0.5), dado=False)
    scene.seat, scene.table = "stool", "table"
    colour: RGB = (222, 224, 226)
    for x in (-3.3, -1.65, 0.0, 1.65, 3.3):
        scene.add(back - 0.4, partial(f.shelf, scene, x, back - 0.45, 1.62, 2.1, 5, "goods", 0.42, colour))
    header = stage.upright(0, back - 0.46, 2.1)
    scene.add(back - 0.46, lambda: header.rect(-4.2, 0, 4.2, 0.32, paints.primary))
    scene.add(1.7, lambda: f.shelf(scene, -2.9, 1.2, 1.3, 1.7, 4, "goods", 1.0, colour))
    scene.add(1.7, lambda: f.shelf(scene, 3.2, 1.2, 1.3, 1.7, 4, "goods", 1.0, colour))
    scene.shelves += [(0.6, 1.3, back - 0.5), (1.35, 0.86, 1.4)]

    def crates() -> None:
        for i, (x, tone) in enumerate(((0.95, (206, 76, 60)), (1.5, (236, 166, 60)), (2.05, (122, 164, 82)))):
            stage.box(x - 0.26, x + 0.26, 0.45, 0.68, 1.2, 1.65, shade(paints.wood, 0.05))
            pen = stage.upright(x, 1.25, 0.66)
            for k in range(9):
                pen.oval(
                    -0.2 + (k % 5) * 0.1,
                    0.02 + (k // 5) * 0.07,
                    0.055,
                    0.055,
                    shade(tone, rng_shades[(i * 9 + k) % len(rng_shades)]),
                    steps=14,
                )
        stage.box(0.65, 2.35, 0, 0.45, 1.25, 1.6, shade(paints.wood, 0.25))

    rng_shades = [rng.uniform(-0.15, 0.2) for _ in range(13)]
    scene.add(1.25, crates)
    if stage.camera.position[1] < 3.1:
        for z in (back - 0.6, back - 2.2, back - 3.8, back - 5.4):
            stage.solid(
                [(-3.6, 3.19, z), (3.8, 3.19, z), (3.8, 3.19, z - 0.16), (-3.6, 3.19, z - 0.16)],
                (255, 255, 250),
                glow=True,
            )
            stage.shine(0, 3.15, z, 2.4, (255, 255, 246), bloom=0.10, flat=0.25)
