"""The company: puts the figures into the scene, with the furniture their poses need and what they have in hand.

What belongs here: adding people to the set. What does not: drawing them (figures), products and loose props (goods).
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from forge_resources.imaging.drawing import beds, furniture
from forge_resources.imaging.drawing.acting import HeldThing
from forge_resources.imaging.drawing.anatomy import Foot
from forge_resources.imaging.drawing.colour import mix, shade
from forge_resources.imaging.drawing.figures import draw_figure
from forge_resources.imaging.drawing.goods import draw_ware, put_prop
from forge_resources.imaging.drawing.panel import Shoot
from forge_resources.imaging.drawing.placing import DESK_TOP, LYING, STOVE_TOP, Placed
from forge_resources.imaging.drawing.props import PROPS, mug, open_book
from forge_resources.imaging.drawing.stage import Pen

_COVERED = (Foot(0.0, 0.0, -40), Foot(0.03, 0.0, -40))
"""Legs straight and toes down, as a duvet presses them."""


def add_company(shoot: Shoot) -> None:
    """Adds every figure; props that are taken in hand leave `shoot.props`."""
    for figure in shoot.placed:
        if figure.lying:
            figure = _bed(shoot, figure)
        else:
            _ground(shoot, figure)
        if figure.pose.support == "desk":
            _desk(shoot, figure)
        elif figure.pose.support == "stove":
            shoot.scene.add(figure.z + 0.11, partial(_stove, shoot, figure))
        _figure(shoot, figure)


def _bed(shoot: Shoot, figure: Placed) -> Placed:
    """Adds the bed. Returns the figure as it lies there: under covers with its legs straight."""
    scene, x, z = shoot.scene, figure.x, figure.z
    wide, flip = max(figure.who.body.height + 0.35, 1.6), figure.facing < 0
    if scene.bed == "ground":
        towel = scene.stage.ground(x, z + 0.1, 0.004)
        scene.add(z + 0.3, partial(towel.rect, -wide * 0.56, -0.5, wide * 0.56, 0.45, scene.paints.fabric2))
        return figure
    if scene.bed == "bench":
        scene.add(z + 0.3, partial(furniture.chair, scene, x, z + 0.1, shoot.bed_top, flip, "bench"))
        return figure
    sofa, overhead = scene.bed == "sofa", shoot.panel.angle == "overhead"
    scene.add(z + 0.3, partial(beds.bed_behind, scene, x, z + 0.15, wide, sofa, flip))
    covers = figure.name == "sleeps" or not sofa
    if overhead and covers:
        scene.add(z - 0.05, partial(beds.blanket_from_above, scene, x, z, wide, flip))
    elif not overhead:
        scene.add(z - 0.05, partial(beds.blanket, scene, x, z, wide, covers, flip))
    if not covers:
        return figure
    near, far = _COVERED
    return replace(figure, pose=replace(figure.pose, near_foot=near, far_foot=far))


def _ground(shoot: Shoot, figure: Placed) -> None:
    scene, x, z = shoot.scene, figure.x, figure.z
    if figure.seated:
        if shoot.panel.setting == "car":
            return
        if scene.seat == "bed" and figure.on_seat:
            scene.seat = "armchair"  # For whoever else sits.
            if not any(other.lying for other in shoot.placed):
                beds.bed_sat_on(scene, x, z, figure.seat_top, figure.facing < 0)
                return
        at_desk = figure.pose.support == "desk" and shoot.indoors and scene.seat in ("chair", "armchair", "sofa", "bed")
        kind = "office" if at_desk else scene.seat
        scene.add(z + 0.12, partial(furniture.chair, scene, x, z + 0.1, figure.seat_top, figure.facing < 0, kind))
        return
    stride = 0.34 if figure.name == "runs" else 0.25
    scene.add(z + 0.06, partial(scene.stage.contact, x + 0.01, z, stride, 0.12, 0.34))
    sunny = scene.grade.light.shafts > 0.9 and scene.grade.hour.dark < 0.5
    if sunny and not shoot.indoors:
        cast = scene.stage.ground(x - scene.light_side * 0.75, z + 0.12, 0.003)
        scene.add(z + 0.05, partial(cast.oval, 0, 0, 0.8, 0.13, (40, 34, 60), alpha=0.26))


def _desk(shoot: Shoot, figure: Placed) -> None:
    scene, height = shoot.scene, figure.who.body.height
    top, x, z = DESK_TOP * height, figure.x, figure.z
    desk_x = x + figure.facing * height * 0.42
    scene.add(z + 0.1, partial(furniture.table, scene, desk_x, z + 0.08, 1.15, top, 0.6))
    if "laptop" in shoot.props:
        shoot.props.remove("laptop")
    tone = shoot.tones.get("laptop", scene.paints.primary)
    put_prop(shoot, "laptop", x + figure.facing * height * 0.36, top, z + 0.2, z + 0.09, figure.facing < 0, tone)


def _stove(shoot: Shoot, figure: Placed) -> None:
    scene, height = shoot.scene, figure.who.body.height
    top, z = STOVE_TOP * height, figure.z + 0.06
    x = figure.x + figure.facing * height * 0.44
    front = mix(scene.paints.fabric, (120, 120, 126), 0.3)
    furniture.block(scene, x, z, 1.1, top, 0.55, front, (232, 230, 226), doors=2)
    pen = scene.stage.upright(x - figure.facing * 0.22, z + 0.2, top, 1.0, figure.facing < 0)
    pen.line([(-0.2, 0.07), (-0.42, 0.10)], 0.025, (44, 42, 46))
    pen.rect(-0.19, 0.0, 0.19, 0.10, (70, 74, 84), 0.03)
    pen.oval(0, 0.10, 0.19, 0.025, (46, 46, 54))
    pen.oval(0, 0.103, 0.165, 0.018, (196, 120, 66))
    for dx in (-0.08, 0.0, 0.09):
        steam = [(dx, 0.14), (dx + 0.04, 0.26), (dx - 0.03, 0.38), (dx + 0.03, 0.52)]
        pen.line(steam, [0.005, 0.035, 0.004], (255, 255, 255), alpha=0.22, smooth=True)


def _figure(shoot: Shoot, figure: Placed) -> None:
    thing, both = _in_hand(shoot, figure)
    act = replace(figure.acting, held=thing, both_hands=both)
    stage = shoot.scene.stage

    def draw() -> None:
        pen = _pen(shoot, figure)
        band = min(0.032, 0.05 * pen.pixels / shoot.panel.picture[1] + 0.002)
        with stage.sprite(shoot.rim, width=band):
            draw_figure(pen, act)

    shoot.scene.add(figure.z + 0.1 if figure.lying else figure.z, draw)


def _pen(shoot: Shoot, figure: Placed) -> Pen:
    """A pen that measures the figure's heights, its origin between the feet."""
    stage, height, facing = shoot.scene.stage, figure.who.body.height, figure.facing
    if not figure.lying:
        return stage.upright(figure.x, figure.z, figure.foot, height, facing < 0)
    feet = figure.x + facing * height / 2
    if shoot.panel.angle == "overhead":
        # From above one looks at the front of a body on its back.
        origin = (feet, shoot.bed_top + 0.12, figure.z + 0.62)
        return Pen(stage, origin, (0.0, 0.0, -height), (-facing * height, 0.0, 0.0))
    return stage.upright(feet, figure.z + 0.2, shoot.bed_top + LYING * height, height, facing < 0).at(0, 0, 1, 90)


def _in_hand(shoot: Shoot, figure: Placed) -> tuple[HeldThing | None, bool]:
    """What the near hand holds, and whether the far one helps."""
    scene, ware = shoot.scene, shoot.ware
    if shoot.state == "held" and figure is shoot.placed[0]:
        return lambda pen: draw_ware(shoot, pen.at(0, -ware.grip * ware.tall, flip=figure.facing < 0)), False
    item = figure.pose.item
    if item == "spoon":
        wood = shade(scene.paints.wood, 0.1)
        return lambda pen: pen.line([(-0.02, 0.05), (0.10, -0.12)], [0.014, 0.022], wood), False
    if item in ("mug", "book"):
        if item in shoot.props:
            shoot.props.remove(item)
        tone = shoot.tones.get(item, scene.paints.accent if item == "mug" else scene.paints.primary)
        if item == "mug":
            return lambda pen: mug(pen.at(0.025, -0.05, turn=16), tone, False), False
        return lambda pen: open_book(pen.at(0.03, -0.02, 1.15, -8), tone), True
    handy = [name for name in shoot.props if PROPS[name].place in ("table", "hand")]
    if item == "held" and handy:
        name = handy[0]
        shoot.props.remove(name)
        low = 0.1 if PROPS[name].place == "hand" else PROPS[name].height * 0.35
        return lambda pen: PROPS[name].draw(pen.at(0.02, -low), scene, shoot.tones[name]), False
    return None, False
