"""Where one works or trains: office, classroom, gym, workshop, studio.

What belongs here: where furniture stands. What does not: how it looks (furniture) or the walls (shell).
"""

from __future__ import annotations

from functools import partial

from forge_resources.imaging.drawing import furniture as f
from forge_resources.imaging.drawing.colour import RGB, mix, muted, shade
from forge_resources.imaging.drawing.rooms import window_style
from forge_resources.imaging.drawing.scene import Scene
from forge_resources.imaging.drawing.shell import shell
from forge_resources.imaging.drawing.windows import opening


def office(scene: Scene) -> None:
    rng, stage, back = scene.rng, scene.stage, scene.rng.uniform(3.2, 3.8)
    style = scene.detail("window") or "wide"
    holes = [opening(style, -1.7, 0.95), opening(style, 1.75, 0.95)] if style != "shoji" else [opening(style, 1.5)]
    shell(scene, back, -4.4, 4.6, ceiling=2.9, holes=holes, floor="carpet", curtains=False, storey=-9.0, dado=False)
    scene.seat, scene.table = "office", "desk"
    for x in (-2.5, 0.9, 2.7):
        scene.add(back - 1.2, partial(_workplace, scene, x, back - 1.35))
        scene.shelves.append((x + 0.45, 0.74, back - 1.0))
    if stage.camera.position[1] < 2.8:
        for z in (back - 0.8, back - 2.4, back - 4.0):
            for x in (-2.2, 0.0, 2.2):
                stage.solid(
                    [(x - 0.6, 2.895, z), (x + 0.6, 2.895, z), (x + 0.6, 2.895, z - 0.35), (x - 0.6, 2.895, z - 0.35)],
                    (252, 252, 246),
                    glow=scene.grade.lamps,
                )
    glass_x = rng.choice([-1.0, 3.4])
    kind = rng.randrange(3)
    scene.add(back - 0.4, lambda: f.plant(scene, glass_x, back - 0.5, 0, 1.35, rng, kind))
    scene.add(back - 0.3, lambda: f.shelf(scene, 0.02, back - 0.3, 0.9, 1.5, 4, "books", 0.28, (232, 232, 230)))


def _workplace(scene: Scene, x: float, z: float) -> None:
    f.chair(scene, x - 0.2, z + 0.75, 0.47, False, "office")
    f.table(scene, x, z, 1.35, 0.73, 0.65, mix(scene.paints.wood, (240, 236, 230), 0.4))
    pen = scene.stage.upright(x + 0.05, z + 0.35, 0.73)
    pen.rect(-0.03, 0.0, 0.03, 0.14, (70, 74, 82))
    pen.rect(-0.30, 0.12, 0.30, 0.48, (52, 56, 64), 0.015)
    pen.rect(-0.28, 0.14, 0.28, 0.46, mix(scene.paints.primary, (226, 238, 248), 0.72), glow=True)
    pen.rect(-0.25, 0.34, 0.02, 0.43, mix(scene.paints.accent, (255, 255, 255), 0.25), glow=True)
    for y in (0.28, 0.22, 0.17):
        pen.rect(-0.25, y, 0.12, y + 0.022, (170, 190, 208), glow=True)


def classroom(scene: Scene) -> None:
    rng, paints, stage, back = scene.rng, scene.paints, scene.stage, scene.rng.uniform(3.2, 3.7)
    hole = opening(window_style(scene), 2.75)
    shell(scene, back, -3.9, 4.2, ceiling=3.0, holes=[hole], floor="boards", curtains=False, storey=-2.0, greenery=True)
    scene.seat, scene.table = "chair", "table"
    pen = stage.upright(-0.55, back - 0.03, 0.95)
    board = rng.choice([(52, 88, 76), (58, 66, 74)])
    pen.rect(-1.68, -0.06, 1.68, 1.27, paints.wood)
    pen.rect(-1.6, 0.0, 1.6, 1.2, board)
    chalk = (226, 232, 226)
    pen.line([(-1.3, 0.3), (-1.1, 0.85), (-0.8, 0.5), (-0.5, 0.95)], 0.016, chalk, alpha=0.75, smooth=True)
    pen.oval(0.2, 0.62, 0.26, 0.26, chalk, alpha=0.75)
    pen.oval(0.2, 0.62, 0.24, 0.24, board)
    pen.line([(0.75, 0.3), (1.05, 0.85), (1.35, 0.3), (0.75, 0.3)], 0.016, chalk, alpha=0.75)
    pen.rect(-1.6, -0.10, 1.6, -0.05, shade(paints.wood, 0.2))
    clock = stage.upright(1.45, back - 0.03, 2.35)
    clock.oval(0, 0, 0.17, 0.17, (60, 60, 66))
    clock.oval(0, 0, 0.145, 0.145, (250, 248, 244))
    clock.line([(0, 0), (0.0, 0.10)], 0.016, (44, 42, 48))
    clock.line([(0, 0), (0.07, -0.03)], 0.02, (44, 42, 48))
    for z in (2.3, 1.35):
        for x in (-2.6, -1.25, 1.55, 2.9):
            scene.add(z, partial(_school_desk, scene, x, z))
    scene.shelves += [(1.55, 0.72, 1.6), (-1.25, 0.72, 1.6)]
    scene.add(back - 0.3, lambda: f.shelf(scene, -3.2, back - 0.3, 1.0, 1.1, 3))


def _school_desk(scene: Scene, x: float, z: float) -> None:
    f.chair(scene, x - 0.15, z + 0.6, 0.42)
    f.table(scene, x, z, 0.95, 0.70, 0.5, mix(scene.paints.wood, (244, 232, 210), 0.3))


def gym(scene: Scene) -> None:
    rng, paints, stage, back = scene.rng, scene.paints, scene.stage, scene.rng.uniform(3.0, 3.5)
    hole = opening(scene.detail("window") or "wide", rng.uniform(1.4, 2.0))
    shell(
        scene,
        back,
        -4.0,
        4.4,
        ceiling=3.2,
        holes=[hole],
        floor="carpet",
        curtains=False,
        storey=-3.0,
        wall=mix(paints.wall, (120, 124, 132), 0.35),
        dado=True,
    )
    scene.seat, scene.table = "stool", "table"
    stage.ground(0.2, 0.1, 0.004).rect(-1.5, -0.9, 1.5, 0.8, shade(paints.primary, 0.25))
    mirror = stage.upright(-2.1, back - 0.01)
    mirror.rect(-1.5, 0.3, 1.3, 2.3, mix((190, 206, 214), paints.wall, 0.4))
    mirror.poly([(-1.2, 0.3), (-0.7, 0.3), (0.2, 2.3), (-0.3, 2.3)], (255, 255, 255), alpha=0.18)

    def rack() -> None:
        stage.contact(-1.9, back - 0.5, 1.1, 0.3, 0.3)
        pen = stage.upright(-1.9, back - 0.6)
        for y in (0.35, 0.75):
            pen.rect(-1.0, y - 0.05, 1.0, y, (66, 68, 76))
            for i in range(7):
                x, r = -0.86 + i * 0.285, 0.07 + 0.012 * i
                pen.rect(x - 0.05, y, x + 0.05, y + r, (120, 124, 132))
                for dx in (-0.07, 0.07):
                    pen.rect(
                        x + dx - 0.03,
                        y,
                        x + dx + 0.03,
                        y + r * 1.6,
                        paints.accent if (i + int(y * 10)) % 3 == 0 else (48, 50, 58),
                        0.02,
                    )
        for x in (-1.0, 1.0):
            pen.rect(x - 0.04, 0, x + 0.04, 0.95, (66, 68, 76))

    def treadmill(x: float, z: float) -> None:
        stage.contact(x, z, 0.8, 0.3, 0.3)
        pen = stage.upright(x, z)
        pen.poly([(-0.75, 0.06), (0.70, 0.12), (0.70, 0.22), (-0.75, 0.14)], (60, 62, 70))
        pen.line([(0.58, 0.2), (0.72, 1.25)], 0.07, (150, 154, 162))
        pen.poly([(0.52, 1.22), (0.82, 1.34), (0.80, 1.42), (0.50, 1.30)], (48, 50, 58))
        pen.line([(0.68, 1.1), (0.30, 1.02)], 0.04, (48, 50, 58))
        pen.poly([(-0.70, 0.15), (0.66, 0.215), (0.66, 0.235), (-0.70, 0.17)], paints.accent)

    scene.add(back - 0.6, rack)
    scene.add(1.6, lambda: treadmill(1.7, 1.5))
    scene.add(2.1, lambda: treadmill(3.0, 2.1))
    scene.shelves += [(-2.6, 0.8, back - 0.6), (0.9, 0.5, 1.7)]
    scene.add(1.3, lambda: f.block(scene, 0.9, 1.5, 0.5, 0.5, 0.4, shade(paints.wood, 0.1)))
    scene.add(1.0, partial(stage.upright(-1.55, 1.0).oval, 0, 0.3, 0.3, 0.3, paints.accent))


def workshop(scene: Scene) -> None:
    rng, paints, stage, back = scene.rng, scene.paints, scene.stage, scene.rng.uniform(2.5, 3.0)
    hole = opening(scene.detail("window") or "shutter", rng.uniform(1.7, 2.2))
    shell(
        scene,
        back,
        -3.6,
        4.0,
        ceiling=3.0,
        holes=[hole],
        floor="boards",
        curtains=False,
        storey=-1.0,
        wall=mix(paints.wall, (176, 150, 126), 0.4),
        dado=False,
        greenery=True,
    )
    scene.seat, scene.table = "stool", "table"
    pen = stage.upright(-0.9, back - 0.02, 1.15)
    pen.rect(-1.35, 0, 1.35, 1.1, mix(paints.wood, (236, 214, 180), 0.35))
    for i in range(11):
        x, tone = -1.2 + i * 0.235, rng.choice([paints.accent, paints.primary, (80, 84, 92), (190, 84, 66)])
        kind = i % 4
        if kind == 0:
            pen.rect(x, 0.35, x + 0.035, 0.85, shade(paints.wood, 0.3), 0.01)
            pen.rect(x - 0.06, 0.78, x + 0.10, 0.88, (96, 100, 108), 0.015)
        elif kind == 1:
            pen.poly([(x, 0.3), (x + 0.16, 0.84), (x + 0.02, 0.9), (x - 0.04, 0.4)], (170, 176, 184))
            pen.rect(x - 0.02, 0.82, x + 0.15, 0.98, tone, 0.03)
        elif kind == 2:
            pen.rect(x, 0.40, x + 0.02, 0.68, (150, 156, 164))
            pen.rect(x - 0.015, 0.66, x + 0.035, 0.9, tone, 0.015)
        else:
            pen.line([(x, 0.4), (x, 0.8), (x + 0.04, 0.86)], 0.03, (150, 156, 164))
            pen.oval(x, 0.38, 0.04, 0.04, (150, 156, 164), steps=16)
    bx = -0.8
    scene.add(back - 0.75, lambda: f.table(scene, bx, back - 0.8, 2.6, 0.92, 0.7, shade(paints.wood, 0.08)))
    boxes: tuple[tuple[float, float, float, RGB], ...] = (
        (-1.0, 0.35, 0.22, paints.fabric), (0.2, 0.22, 0.14, (110, 114, 122)), (0.8, 0.16, 0.28, paints.accent),
    )  # fmt: skip
    on_bench = stage.upright(bx, back - 0.5, 0.92)
    scene.add(back - 0.7, *[partial(on_bench.at(dx, 0).rect, 0, 0, w, h, tone, 0.01) for dx, w, h, tone in boxes])
    scene.shelves += [(bx + 0.55, 0.92, back - 0.55), (bx - 0.3, 0.92, back - 0.5)]
    scene.add(back - 0.35, lambda: f.shelf(scene, hole.x1 + 0.75, back - 0.4, 0.9, 2.0, 4, "tools", 0.38))
    scene.add(0.85, *[partial(f.pendant, scene, x, back - 0.9, 1.95, 3.0, 0.22) for x in (-1.4, 0.0)])
    scene.add(1.6, lambda: f.block(scene, 1.35, 1.55, 0.55, 0.55, 0.45, shade(paints.wood, -0.1)))


def studio(scene: Scene) -> None:
    """A photographer's cove: wall and floor run into each other, with the lights in the picture only in wide shots."""
    rng, paints, stage = scene.rng, scene.paints, scene.stage
    base = rng.choice(
        [
            muted(paints.primary, 0.52, 0.52),
            muted(paints.primary, 0.45, 0.72),
            muted(paints.accent, 0.80, 0.70),
            mix(paints.accent, (250, 246, 240), 0.35),
        ]
    )
    scene.seat, scene.table = "stool", "table"
    back = 3.0
    stage.solid([(-30, 0, back), (30, 0, back), (30, 14, back), (-30, 14, back)], base)
    floor = shade(base, -0.16)
    stage.solid([(-30, 0, back), (30, 0, back), (30, 0, -9), (-30, 0, -9)], floor)
    for i in range(14):
        t = i / 14
        y0, y1 = 0.75 * (1 - t) ** 2, 0.75 * (1 - (t + 1 / 14)) ** 2
        z0, z1 = back - 0.9 * t, back - 0.9 * (t + 1 / 14)
        stage.solid([(-30, y0, z0), (30, y0, z0), (30, y1, z1), (-30, y1, z1)], mix(base, floor, t))
    tone = mix(base, paints.accent if base != paints.accent else paints.primary, 0.5)
    form = rng.randrange(3)
    pen = stage.upright(rng.uniform(-0.08, 0.08), back - 0.95)
    if form == 0:
        pen.oval(0, 1.25, 1.15, 1.15, tone, steps=64)
    elif form == 1:
        pen.rect(-0.85, 0, 0.85, 1.3, tone)
        pen.oval(0, 1.3, 0.85, 0.85, tone, steps=64)
    else:
        pen.blob([(-1.5, 0.3), (-1.1, 1.5), (0.0, 2.0), (1.2, 1.6), (1.5, 0.6), (0.6, 0.1)], tone)
    stage.shine(0, 1.3, 2.0, 1.9, (255, 246, 230), pool=0.50, bloom=0.10)

    def softbox(x: float, side: int) -> None:
        p = stage.upright(x, 0.4)
        for dx in (-0.35, 0.0, 0.35):
            p.line([(dx, 0), (0, 0.7)], 0.03, (44, 44, 50))
        p.line([(0, 0.6), (0, 2.2)], 0.035, (44, 44, 50))
        p.poly([(-side * 0.25, 1.95), (side * 0.38, 1.75), (side * 0.38, 2.85), (-side * 0.25, 2.65)], (40, 40, 46))
        p.poly(
            [(side * 0.36, 1.77), (side * 0.5, 1.70), (side * 0.5, 2.9), (side * 0.36, 2.83)],
            (255, 252, 240),
            glow=True,
        )
        stage.shine(x + side * 0.5, 2.3, 0.4, 1.2, (255, 250, 236), pool=0.2, bloom=0.30)

    scene.add(0.4, lambda: softbox(-2.7, 1))
    scene.add(0.4, lambda: softbox(2.9, -1))
    scene.shelves.append((1.2, 0.0, 1.4))
