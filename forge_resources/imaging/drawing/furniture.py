"""Furniture: tables, seats, beds, shelves, lamps, plants. Positions in metres; x is the middle, z the front.

What belongs here: things that furnish rooms. What does not: where they stand (rooms) and things in hands (props).
"""

from __future__ import annotations

import random

from forge_resources.imaging.drawing.colour import RGB, mix, shade
from forge_resources.imaging.drawing.scene import Scene
from forge_resources.imaging.drawing.stage import Pen


def table(
    scene: Scene, x: float, z: float, width: float, height: float = 0.74, deep: float = 0.7, colour: RGB | None = None
) -> None:
    """A table on four legs; its top is `height` above the floor."""
    stage, wood = scene.stage, colour or scene.paints.wood
    stage.contact(x, z + deep / 2, width * 0.5, deep * 0.45, 0.26)
    leg, inset = shade(wood, 0.2), 0.06
    for lz in (z + deep - 0.10, z + 0.04):
        for lx in (x - width / 2 + inset, x + width / 2 - inset - 0.05):
            stage.box(lx, lx + 0.05, 0, height - 0.04, lz, lz + 0.05, leg)
    stage.box(x - width / 2, x + width / 2, height - 0.045, height, z, z + deep, wood)


def round_table(scene: Scene, x: float, z: float, radius: float, height: float = 0.74) -> None:
    """A café table on one foot."""
    stage = scene.stage
    stage.contact(x, z + radius, radius * 0.7, radius * 0.6, 0.3)
    pen = stage.upright(x, z + radius)
    pen.line([(-radius * 0.55, 0.015), (radius * 0.55, 0.015)], 0.03, shade(scene.paints.metal, 0.4))
    pen.rect(-0.025, 0, 0.025, height, shade(scene.paints.metal, 0.35))
    for y, tone in ((height - 0.03, shade(scene.paints.wood, 0.25)), (height, scene.paints.wood)):
        stage.ground(x, z + radius, y).oval(0, 0, radius, radius, tone)


def block(
    scene: Scene,
    x: float,
    z: float,
    width: float,
    height: float,
    deep: float,
    colour: RGB,
    top: RGB | None = None,
    doors: int = 0,
    drawers: int = 0,
) -> None:
    """A closed body (cabinet, counter, chest) with doors or drawers on its front."""
    stage = scene.stage
    stage.contact(x, z + deep / 2, width * 0.52, deep * 0.5, 0.26)
    stage.box(x - width / 2, x + width / 2, 0, height, z, z + deep, colour)
    if top:
        stage.box(x - width / 2 - 0.02, x + width / 2 + 0.02, height - 0.04, height, z - 0.02, z + deep, top)
    pen = stage.upright(x - width / 2, z)
    line, knob = shade(colour, 0.16), scene.paints.metal
    pen.rect(0, 0, width, 0.07, shade(colour, 0.35))
    inner = height - (0.06 if top else 0.03)
    for i in range(doors):
        a, b = width * i / doors + 0.012, width * (i + 1) / doors - 0.012
        pen.rect(a, 0.09, b, inner, shade(colour, -0.07))
        pen.rect(a + 0.05, 0.14, b - 0.05, inner - 0.05, colour)
        hx = b - 0.05 if i % 2 == 0 else a + 0.03
        pen.rect(hx, inner * 0.72, hx + 0.018, inner * 0.88, knob)
    for i in range(drawers):
        a, b = 0.09 + (inner - 0.09) * i / drawers + 0.008, 0.09 + (inner - 0.09) * (i + 1) / drawers - 0.008
        pen.rect(0.015, a, width - 0.015, b, shade(colour, -0.06))
        pen.rect(width / 2 - 0.07, (a + b) / 2 + 0.02, width / 2 + 0.07, (a + b) / 2 + 0.038, knob)
    if not doors and not drawers:
        pen.line([(0.03, height * 0.5), (width - 0.03, height * 0.5)], 0.008, line, alpha=0.5)


def chair(scene: Scene, x: float, z: float, seat: float, flip: bool = False, kind: str = "chair") -> None:
    """A seat seen from the side, its sitter facing +x (-x if `flip`); `seat` is the height of its top."""
    stage, paints = scene.stage, scene.paints
    pen = stage.upright(x, z, 0, seat / 0.46, flip)
    stage.contact(x, z, 0.34, 0.2, 0.3)
    wood, cloth = paints.wood, paints.fabric
    dark = shade(wood, 0.25)
    if kind == "office":
        base = (70, 72, 80)
        pen.line([(-0.24, 0.06), (0.0, 0.12), (0.26, 0.06)], 0.045, base)
        for cx in (-0.24, 0.0, 0.26):
            pen.oval(cx, 0.035, 0.035, 0.035, shade(base, 0.4), steps=14)
        pen.rect(-0.03, 0.1, 0.03, 0.40, base)
        pen.rect(-0.27, 0.38, 0.25, 0.47, cloth, 0.045)
        pen.blob(
            [(-0.27, 0.44), (-0.33, 0.62), (-0.35, 0.98), (-0.29, 1.03), (-0.24, 0.95), (-0.22, 0.6), (-0.2, 0.46)],
            shade(cloth, 0.1),
        )
    elif kind == "stool":
        for lx in (-0.16, 0.16):
            pen.line([(lx * 0.7, 0.42), (lx, 0.0)], 0.035, dark)
        pen.line([(-0.14, 0.18), (0.14, 0.18)], 0.025, dark)
        pen.rect(-0.2, 0.40, 0.2, 0.46, wood, 0.02)
    elif kind == "bench":
        for lx in (-0.30, 0.28):
            pen.line([(lx, 0.42), (lx, 0.0)], 0.05, (72, 76, 82))
        for y in (0.62, 0.76):
            pen.rect(-0.72, y, 0.72, y + 0.09, shade(wood, 0.08), 0.01)
        for bx in (-0.62, 0.6):
            pen.line([(bx, 0.2), (bx, 0.86)], 0.05, (72, 76, 82))
        pen.rect(-0.75, 0.39, 0.75, 0.46, wood, 0.01)
    elif kind == "rock":
        pen.blob([(-0.5, 0.0), (-0.42, 0.3), (-0.2, 0.45), (0.16, 0.46), (0.34, 0.3), (0.44, 0.0)], (142, 138, 140))
        pen.blob([(-0.1, 0.0), (0.02, 0.25), (0.2, 0.42), (0.34, 0.3), (0.44, 0.0)], (112, 108, 116))
    elif kind in ("armchair", "sofa"):
        wide = 0.42 if kind == "armchair" else 1.05
        pen.rect(-wide - 0.06, 0.05, wide + 0.06, 0.30, shade(cloth, 0.2), 0.05)
        pen.rect(-wide, 0.35, wide, 0.98, shade(cloth, 0.06), 0.12)
        if kind == "sofa":
            pen.line([(0, 0.48), (0, 0.94)], 0.012, shade(cloth, 0.25))
        pen.rect(-wide - 0.02, 0.26, wide + 0.02, 0.47, shade(cloth, -0.07), 0.07)
        for side in (-1, 1):
            pen.rect(side * (wide + 0.10) - 0.11, 0.06, side * (wide + 0.10) + 0.11, 0.66, cloth, 0.09)
            pen.line([(side * wide, 0.06), (side * (wide + 0.01), 0.0)], 0.05, dark)
    elif kind == "train":
        pen.rect(-0.28, 0.05, 0.24, 0.30, shade(cloth, 0.35), 0.03)
        pen.rect(-0.30, 0.30, 0.26, 0.47, cloth, 0.06)
        pen.blob(
            [(-0.26, 0.36), (-0.36, 0.8), (-0.40, 1.20), (-0.34, 1.30), (-0.24, 1.25), (-0.2, 0.9), (-0.14, 0.42)],
            cloth,
        )
        pen.blob([(-0.40, 1.08), (-0.42, 1.24), (-0.34, 1.32), (-0.23, 1.26), (-0.22, 1.08)], (236, 232, 226))
    else:
        for lx in (-0.19, 0.19):
            pen.line([(lx, 0.42), (lx * 1.12, 0.0)], 0.034, dark)
        pen.line([(-0.20, 0.42), (-0.27, 0.92)], 0.036, wood)
        pen.blob([(-0.225, 0.66), (-0.24, 0.90), (-0.295, 0.92), (-0.275, 0.66)], wood)
        pen.rect(-0.23, 0.40, 0.22, 0.455, wood, 0.02)
        pen.rect(-0.22, 0.445, 0.21, 0.475, cloth, 0.015)


def shelf(
    scene: Scene,
    x: float,
    z: float,
    width: float,
    height: float,
    rows: int,
    fill: str = "books",
    deep: float = 0.3,
    colour: RGB | None = None,
) -> None:
    """Open shelves with books, goods, jars, folders or tools."""
    stage, wood = scene.stage, colour or scene.paints.wood
    stage.contact(x, z + deep / 2, width * 0.52, deep * 0.6, 0.26)
    stage.box(x - width / 2, x + width / 2, 0, height, z, z + deep, wood)
    pen = stage.upright(x - width / 2, z - 0.004)
    step = height / rows
    for row in range(rows):
        y0 = step * row + 0.04
        pen.rect(0.035, y0, width - 0.035, step * (row + 1) - 0.005, shade(wood, 0.42))
        _fill_row(pen, scene, 0.05, width - 0.05, y0, step - 0.06, fill)


def _fill_row(pen: Pen, scene: Scene, x0: float, x1: float, y: float, tall: float, fill: str) -> None:
    rng, paints = scene.rng, scene.paints
    x = x0
    coarse = pen.pixels < 90
    while x < x1 - 0.03:
        colour = mix(rng.choice(paints.cloth), paints.wall, 0.18)
        if fill == "books":
            w, h = rng.uniform(0.03, 0.065) * (1.6 if coarse else 1), tall * rng.uniform(0.62, 0.92)
            if rng.random() < 0.10:
                x += rng.uniform(0.05, 0.16)
                continue
            pen.rect(x, y, min(x + w, x1), y + h, colour)
            if not coarse:
                pen.rect(x, y + h * 0.74, min(x + w, x1), y + h * 0.80, mix(colour, (255, 248, 230), 0.55))
            x += w + 0.003
        elif fill == "goods":
            w, h = rng.uniform(0.09, 0.17), tall * rng.uniform(0.5, 0.88)
            for i in range(rng.randint(2, 4)):
                a = x + i * (w + 0.008)
                if a + w > x1:
                    break
                pen.rect(a, y, a + w, y + h, colour, 0.015 if coarse else 0.025)
                if not coarse:
                    pen.rect(a, y + h * 0.32, a + w, y + h * 0.62, mix(colour, (255, 250, 240), 0.6))
            x += (w + 0.008) * 4 + 0.02
        elif fill == "jars":
            w, h = rng.uniform(0.09, 0.15), tall * rng.uniform(0.4, 0.8)
            pen.rect(x, y, x + w, y + h, mix(colour, (240, 236, 226), 0.35), 0.03)
            pen.rect(x + 0.01, y + h - 0.02, x + w - 0.01, y + h + 0.03, shade(paints.wood, 0.2), 0.01)
            x += w + rng.uniform(0.03, 0.12)
        else:
            w = rng.uniform(0.2, 0.36)
            pen.rect(x, y, min(x + w, x1), y + tall * rng.uniform(0.4, 0.72), mix(colour, paints.wood, 0.4), 0.01)
            x += w + 0.04


def picture(scene: Scene, x: float, z: float, y: float, width: float, height: float) -> None:
    """A framed abstract picture on a wall."""
    pen, paints, rng = scene.stage.upright(x, z - 0.03, y), scene.paints, scene.rng
    a, b = width / 2, height / 2
    pen.rect(-a - 0.03, -b - 0.05, a + 0.05, b + 0.02, (30, 26, 40), alpha=0.16)
    pen.rect(-a - 0.03, -b - 0.03, a + 0.03, b + 0.03, rng.choice([paints.wood, (58, 54, 56), (240, 236, 228)]))
    pen.rect(-a, -b, a, b, (244, 240, 230))
    base = rng.choice([paints.primary, paints.accent, paints.fabric])
    pen.blob(
        [
            (-a * 0.8, -b * 0.7),
            (-a * 0.5, b * rng.uniform(-0.2, 0.5)),
            (a * 0.1, b * rng.uniform(0.0, 0.6)),
            (a * 0.75, -b * 0.1),
            (a * 0.7, -b * 0.75),
        ],
        mix(base, (250, 246, 238), 0.25),
    )
    pen.oval(a * rng.uniform(-0.4, 0.4), b * 0.45, b * 0.22, b * 0.22, mix(paints.accent, (250, 246, 238), 0.2))


def rug(scene: Scene, x: float, z: float, rx: float, rz: float) -> None:
    """A rug on the floor, round or square by seed."""
    pen, colour = scene.stage.ground(x, z, 0.003), mix(scene.paints.fabric2, scene.paints.floor, 0.25)
    if scene.rng.random() < 0.5:
        pen.oval(0, 0, rx, rz, colour, steps=48)
        pen.oval(0, 0, rx * 0.86, rz * 0.86, mix(colour, (250, 244, 234), 0.3), steps=48)
        pen.oval(0, 0, rx * 0.8, rz * 0.8, colour, steps=48)
    else:
        pen.rect(-rx, -rz, rx, rz, colour)
        for share in (0.9, 0.82):
            pen.rect(
                -rx * share,
                -rz * share,
                rx * share,
                rz * share,
                mix(colour, (250, 244, 234), 0.3) if share == 0.9 else colour,
            )


def floor_lamp(scene: Scene, x: float, z: float, height: float = 1.6) -> None:
    """A standing lamp; it is lit when the grade says so."""
    pen, metal = scene.stage.upright(x, z), scene.paints.metal
    scene.stage.contact(x, z, 0.18, 0.12, 0.3)
    pen.rect(-0.14, 0, 0.14, 0.025, shade(metal, 0.2), 0.012)
    pen.rect(-0.012, 0, 0.012, height - 0.2, shade(metal, 0.1))
    lamp_shade(scene, pen.at(0, height - 0.3), 0.2, 0.3)
    if scene.grade.lamps:
        scene.stage.shine(x, height - 0.15, z, 1.7, (255, 196, 120), pool=0.55, bloom=0.30)
        scene.stage.shine(x, 0.0, z, 1.3, (255, 190, 112), pool=0.35, flat=0.35)


def lamp_shade(scene: Scene, pen: Pen, half: float, tall: float) -> None:
    """A lamp shade with its lower edge at the pen's origin."""
    lit = scene.grade.lamps
    colour: RGB = (255, 222, 160) if lit else mix(scene.paints.fabric2, (246, 240, 228), 0.5)
    pen.poly([(-half, 0), (half, 0), (half * 0.66, tall), (-half * 0.66, tall)], colour, glow=lit)
    pen.poly(
        [(-half, 0), (-half * 0.3, 0), (-half * 0.2, tall), (-half * 0.66, tall)],
        mix(colour, (255, 250, 236), 0.45),
        glow=lit,
        alpha=0.6,
    )


def pendant(scene: Scene, x: float, z: float, y: float, ceiling: float, half: float = 0.2) -> None:
    """A lamp hanging from the ceiling."""
    pen = scene.stage.upright(x, z)
    pen.line([(0, y + 0.18), (0, ceiling)], 0.012, (60, 58, 62))
    lit, colour = scene.grade.lamps, scene.paints.accent
    pen.blob(
        [
            (-half, y),
            (-half * 0.86, y + 0.12),
            (-half * 0.25, y + 0.21),
            (half * 0.25, y + 0.21),
            (half * 0.86, y + 0.12),
            (half, y),
        ],
        colour,
    )
    pen.oval(0, y + 0.004, half * 0.8, 0.025, (255, 226, 168) if lit else shade(colour, 0.35), glow=lit)
    if lit:
        scene.stage.shine(x, y - 0.1, z, 1.2, (255, 200, 128), pool=0.40, bloom=0.26)


def plant(scene: Scene, x: float, z: float, y: float, size: float, rng: random.Random, kind: int | None = None) -> None:
    """A pot plant, `size` metres tall from the foot of its pot."""
    pen, paints = scene.stage.upright(x, z, y, size), scene.paints
    if y < 0.05:
        scene.stage.contact(x, z, 0.2 * size, 0.13 * size, 0.32)
    kind = rng.randrange(3) if kind is None else kind
    leaf = paints.leaf
    for i in range(9):
        t = (i - 4) / 4.0
        lean = t * (0.42 if kind != 1 else 0.30) + rng.uniform(-0.04, 0.04)
        high = 1.0 - abs(t) * (0.34 if kind != 1 else 0.22) - rng.uniform(0, 0.12)
        tone = shade(leaf, rng.uniform(-0.12, 0.22))
        wide = 0.085 if kind == 0 else 0.040 if kind == 1 else 0.12
        tip, mid = (lean, high), (lean * 0.5, 0.24 + (high - 0.24) * (0.62 if kind != 2 else 0.8))
        if kind == 2:
            pen.line([(0, 0.25), mid], 0.014, shade(leaf, 0.3))
            pen.blob(
                [
                    (mid[0] - wide, mid[1]),
                    (mid[0] - wide * 0.4, mid[1] + wide),
                    (tip[0] + wide * 0.3, tip[1]),
                    (mid[0] + wide, mid[1] + wide * 0.2),
                    (mid[0], mid[1] - wide * 0.5),
                ],
                tone,
            )
        else:
            pen.blob([(0, 0.22), (mid[0] - wide, mid[1]), tip, (mid[0] + wide, mid[1] + 0.02), (0.02, 0.22)], tone)
    pot = rng.choice([(214, 128, 92), (236, 230, 220), paints.accent, (96, 100, 110)])
    pen.poly([(-0.17, 0.26), (0.17, 0.26), (0.13, 0.0), (-0.13, 0.0)], pot)
    pen.poly([(0.05, 0.26), (0.17, 0.26), (0.13, 0.0), (0.05, 0.0)], shade(pot, 0.16))
    pen.rect(-0.185, 0.22, 0.185, 0.275, shade(pot, -0.08))


def string_lights(scene: Scene, z: float, y: float) -> None:
    """Adds a chain of small lamps across the set."""

    def draw() -> None:
        pen = scene.stage.upright(0, z)
        path = [(x * 0.5, y - 0.22 * (1 - abs((x % 6) - 3) / 3)) for x in range(-8, 12)]
        pen.line(path, 0.012, (50, 48, 54))
        for x, ly in path:
            pen.oval(x, ly - 0.05, 0.032, 0.042, (255, 226, 160), glow=True, steps=12)
            scene.stage.shine(x, ly - 0.05, z, 0.28, (255, 206, 130), bloom=0.30)

    scene.add(z, draw)
