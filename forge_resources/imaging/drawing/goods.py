"""Goods: puts the product and the loose props into the scene, on something that carries them.

What belongs here: adding things to the set. What does not: drawing them (products, props, furniture).
"""

from __future__ import annotations

import itertools
import math
from functools import partial

from forge_resources.imaging.drawing import furniture
from forge_resources.imaging.drawing.colour import RGB, mix, shade
from forge_resources.imaging.drawing.livery import livery
from forge_resources.imaging.drawing.panel import Shoot, Spot
from forge_resources.imaging.drawing.placing import DESK_TOP, STOVE_TOP
from forge_resources.imaging.drawing.products import SHAPES
from forge_resources.imaging.drawing.props import PROPS
from forge_resources.imaging.drawing.stage import Pen


def add_product(shoot: Shoot) -> None:
    """Adds the product unless a figure holds it or the look has none."""
    if shoot.state == "background":
        _in_background(shoot)
    elif shoot.state in ("placed", "hero") or (shoot.state == "held" and not shoot.placed):
        _stand(shoot)
        _on_spot(shoot)


def draw_ware(shoot: Shoot, pen: Pen) -> None:
    """Draws the product from a pen in metres with its origin at the product's foot."""
    ware, paints = shoot.ware, shoot.scene.paints
    own = pen.at(0, 0, ware.tall)
    if ware.reference is not None:
        ware.reference.draw(own)
    else:
        lit = shoot.scene.grade.lamps or shoot.state == "hero"
        SHAPES[ware.shape].draw(own, livery(paints.primary, paints.accent, lit))


def _on_spot(shoot: Shoot) -> None:
    scene, ware, spot = shoot.scene, shoot.ware, shoot.spot
    stage, hero = scene.stage, shoot.state == "hero"

    def draw() -> None:
        stage.contact(spot.x, spot.z, ware.half + 0.01, 0.25 * ware.half + 0.012, 0.42, spot.y)
        with stage.sprite(shoot.rim, 0.9, width=0.035 if hero else 0.012, shadow=0.8):
            draw_ware(shoot, stage.upright(spot.x, spot.z, spot.y))

    scene.add(spot.z - 0.01, draw)
    if hero:
        halo = mix(scene.grade.key, (255, 255, 255), 0.35)
        stage.shine(
            spot.x, spot.y + ware.tall * 0.55, spot.z, max(ware.tall, ware.half) * 1.9, halo, pool=0.2, bloom=0.07
        )
    if ware.shape == "lamp" and (hero or scene.grade.lamps):
        warm = (255, 196, 120)
        stage.shine(spot.x, spot.y + ware.tall * 0.7, spot.z, ware.tall * 2.6, warm, pool=0.30, bloom=0.26)


def _stand(shoot: Shoot) -> None:
    """Adds what the product stands on, where nothing is there yet."""
    scene, spot, ware = shoot.scene, shoot.spot, shoot.ware
    first = shoot.placed[0] if shoot.placed else None
    if spot.y <= 0.01:
        return
    wide, alone = max(0.55, ware.half * 3), shoot.state == "hero" or first is None
    if first is not None and not alone and first.pose.support in ("desk", "stove"):
        return
    if shoot.panel.setting == "studio" or (alone and not shoot.indoors):
        scene.add(spot.z + 0.02, partial(_plinth, shoot, wide * 0.5))
    elif alone:
        scene.add(
            spot.z + 0.01, partial(furniture.table, scene, spot.x, spot.z - 0.34, max(1.5, wide * 1.6), spot.y, 0.8)
        )
    elif first is not None and first.lying:
        stand = partial(furniture.block, scene, spot.x, spot.z - 0.18, 0.5, spot.y, 0.4, scene.paints.wood, drawers=2)
        scene.add(spot.z + 0.01, stand)
    elif scene.table == "round-table":
        radius = max(0.32, wide * 0.55)
        scene.add(spot.z + 0.01, partial(furniture.round_table, scene, spot.x, spot.z - 0.32, radius, spot.y))
    else:
        scene.add(
            spot.z + 0.01, partial(furniture.table, scene, spot.x + 0.08, spot.z - 0.26, max(wide, 0.8), spot.y, 0.55)
        )


def _plinth(shoot: Shoot, radius: float) -> None:
    scene, spot, stage = shoot.scene, shoot.spot, shoot.scene.stage
    colour = mix(scene.paints.wood, (214, 208, 200), 0.4)
    if shoot.indoors:
        colour = mix(scene.paints.wall, (248, 244, 238), 0.5)
    stage.contact(spot.x, spot.z, radius * 1.25, radius * 0.6, 0.4)
    # The drum in strips from its sides to its front, each as far from the light as it is turned away from it.
    strips, away = 120, 118.0
    angles = [-away + 2 * away * i / strips for i in range(strips + 1)]
    for a, b in sorted(itertools.pairwise(angles), key=lambda ends: -abs(ends[0] + ends[1])):
        turn = math.sin(math.radians((a + b) / 2)) * -shoot.scene.light_side
        tone = shade(colour, 0.05 + 0.13 * turn if turn > 0 else 0.05 + 0.11 * turn)
        (ax, az), (bx, bz) = (
            (spot.x + radius * math.sin(math.radians(at)), spot.z - radius * math.cos(math.radians(at)))
            for at in (a, b)
        )
        stage.solid([(ax, 0, az), (bx, 0, bz), (bx, spot.y, bz), (ax, spot.y, az)], tone)
    for share, tone in ((1.0, shade(colour, -0.35)), (0.965, shade(colour, -0.12))):
        stage.ground(spot.x, spot.z, spot.y).oval(0, 0, radius * share, radius * share, tone, steps=72)


def _in_background(shoot: Shoot) -> None:
    scene, ware = shoot.scene, shoot.ware
    free = [s for s in scene.shelves if not any(abs(s[0] - figure.x) < 0.5 for figure in shoot.placed)]
    surfaces = free or scene.shelves
    if surfaces and not ware.on_floor:
        spot = Spot(*min(surfaces, key=lambda surface: abs(surface[0] - 0.7)))
    else:
        spot = Spot(1.25, 0.0 if ware.on_floor else 0.62, 1.5)
        if not ware.on_floor:
            scene.add(spot.z + 0.02, partial(furniture.table, scene, spot.x, spot.z - 0.2, 0.7, 0.62, 0.5))

    def draw() -> None:
        scene.stage.contact(spot.x, spot.z, ware.half, ware.half * 0.4, 0.3, spot.y)
        draw_ware(shoot, scene.stage.upright(spot.x, spot.z, spot.y))

    # In front of the shelf it stands on, whose own depth is its front.
    scene.add(spot.z - 0.3, draw)
    scene.stage.shine(spot.x, spot.y + ware.tall / 2, spot.z, ware.tall * 1.4, scene.grade.key, pool=0.25, bloom=0.1)


# -- props -----------------------------------------------------------------------------------------------------------


def add_props(shoot: Shoot) -> None:
    """Adds the props that nobody has taken in hand: big ones to the floor, small ones to a table."""
    small = [name for name in shoot.props if PROPS[name].place != "floor"]
    if small:
        _on_table(shoot, small)
    _on_floor(shoot, [name for name in shoot.props if PROPS[name].place == "floor"])


def put_prop(shoot: Shoot, name: str, x: float, y: float, z: float, order: float, flip: bool, tone: RGB) -> None:
    """Adds one prop with its foot at (x, y, z), drawn at depth `order`."""
    scene = shoot.scene

    def draw() -> None:
        scene.stage.contact(x, z, PROPS[name].width * 0.42, 0.03 if y else 0.10, 0.3, y)
        with scene.stage.sprite(shoot.rim, 0.7, width=0.010, shadow=0.7):
            PROPS[name].draw(scene.stage.upright(x, z, y, 1.0, flip), scene, tone)

    scene.add(order, draw)


def _on_floor(shoot: Shoot, names: list[str]) -> None:
    right = max((figure.x for figure in shoot.placed), default=0.0)
    left = min((figure.x for figure in shoot.placed), default=0.0)
    beside = 0.55 if shoot.state in ("placed", "hero") else 0.0
    spots = [
        (right + 0.62 + beside, -0.12),
        (left - 0.62, 0.25),
        (right + 1.15 + beside, 0.3),
        (right + 1.6 + beside, 0.1),
    ]
    if not shoot.placed and shoot.state in ("absent", "background"):
        spots.insert(0, (0.0, 0.0))
    for index, name in enumerate(names):
        x, z = spots[index % len(spots)]
        x += 0.5 * (index // len(spots)) + (PROPS[name].width / 2 - 0.2 if x > 0 else 0.0)
        put_prop(shoot, name, x, 0.0, z, z, x > right, shoot.tones[name])


def _on_table(shoot: Shoot, names: list[str]) -> None:
    x, y, z = _table_place(shoot, names)
    for index, name in enumerate(names):
        width, back = PROPS[name].width, 0.1 * (index % 2)
        if index or shoot.state in ("placed", "hero"):
            x += width / 2
        put_prop(shoot, name, x, y, z - back, z - 0.01 - back, False, shoot.tones[name])
        x += width / 2 + 0.05


def _table_place(shoot: Shoot, names: list[str]) -> tuple[float, float, float]:
    """Where the first small prop goes; adds a table where no surface is near."""
    first = shoot.placed[0] if shoot.placed else None
    spot, ware = shoot.spot, shoot.ware
    if first is not None and first.pose.support in ("desk", "stove"):
        height = first.who.body.height
        top = DESK_TOP if first.pose.support == "desk" else STOVE_TOP
        return first.x + first.facing * height * 0.60, top * height, first.z + 0.24
    if shoot.state in ("placed", "hero") or (shoot.state == "held" and first is None):
        if spot.y < 0.01:
            return spot.x + 0.7, 0.0, spot.z
        return spot.x + ware.half + 0.12, spot.y, spot.z + 0.08
    wide = max(0.6, sum(PROPS[name].width for name in names) + 0.3)
    if first is None:
        x, y, wide = 0.0, 0.74, max(wide, 1.5)
    elif first.lying:
        x, y = -first.facing * (first.who.body.height / 2 + 0.42), 0.5 if shoot.bed_top > 0.3 else 0.0
    else:
        x, y = max(figure.x for figure in shoot.placed) + (1.12 if first.seated else 0.62), 0.72
    if y:
        middle = x + sum(PROPS[name].width for name in names[1:]) / 2
        shoot.scene.add(0.07, partial(furniture.table, shoot.scene, middle, -0.23, wide, y, 0.6))
    return x, y, 0.05
