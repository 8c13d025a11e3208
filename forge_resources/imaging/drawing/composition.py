"""The composition of a panel: set, figures, product and props on one stage, in order of depth, under one light.

What belongs here: the order in which a panel is put together, and what its camera is on. What does not: the parts.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from PIL import Image

from forge_resources.imaging.drawing.anatomy import Arm
from forge_resources.imaging.drawing.atmosphere import foreground, light_effects
from forge_resources.imaging.drawing.camera import Camera, Subject, frame
from forge_resources.imaging.drawing.colour import Paints, mix_paints
from forge_resources.imaging.drawing.company import add_company
from forge_resources.imaging.drawing.finish import finish
from forge_resources.imaging.drawing.goods import add_product, add_props
from forge_resources.imaging.drawing.grade import combine
from forge_resources.imaging.drawing.panel import TOO_BIG_TO_HOLD, Panel, Shoot, Spot, Ware, ware_of
from forge_resources.imaging.drawing.placing import DESK_TOP, STOVE_TOP, Placed, block_figures, subject_of
from forge_resources.imaging.drawing.props import PROPS
from forge_resources.imaging.drawing.reference import Reference
from forge_resources.imaging.drawing.scene import BED_TOP, Scene
from forge_resources.imaging.drawing.settings import SETTINGS
from forge_resources.imaging.drawing.stage import FINE, Stage

_BEHIND = 0.8
"""What is farther than this (metres behind the subject) is background and may be out of focus."""
_CLOSE = ("close-up", "extreme-close-up")
_HELD_UP = Arm(0.125, -0.05)


def compose(panel: Panel, reference: Reference | None) -> Image.Image:
    """Draws the panel; `reference` replaces the product's silhouette."""
    rng = random.Random(f"{panel.seed}:blocking")
    paints = mix_paints(panel.primary, panel.accent, random.Random(f"{panel.seed}:paints"))
    setting, ware = SETTINGS[panel.setting], ware_of(panel.product_shape, reference)
    held_too_big = panel.product == "held" and (ware.on_floor or ware.shape in TOO_BIG_TO_HOLD)
    state = "placed" if held_too_big else panel.product
    placed = _blocking(panel, state, paints, rng)
    mirror, light_side = rng.random() < 0.5, rng.choice([-1, 1, 1])
    spot = _spot(panel, ware, state, placed, setting.bed != "ground", rng)
    if placed and state in ("placed", "hero"):
        placed[0] = placed[0].reaching_for(spot.x - ware.half - 0.07, spot.y + ware.grip * ware.tall)
    bed_top = BED_TOP[setting.bed]
    subject = _subject(panel, ware, state, placed, spot, bed_top)
    # A thing that stands on the floor is not in the picture of a medium shot.
    size = "full" if panel.size == "medium" and state == "placed" and ware.on_floor else panel.size
    lens = random.Random(f"{panel.seed}:camera")
    camera = frame(size, panel.angle, panel.picture, subject, setting.indoors, mirror, lens)
    blur = _blur(panel, camera)
    grade = combine(panel.time_of_day, panel.light, setting.indoors, panel.setting == "studio")
    stage = Stage(camera, grade, 0.0 if setting.indoors else 0.006, scale=1 if blur else FINE)
    rested = any(figure.lying or figure.on_seat for figure in placed)
    of_set = random.Random(f"{panel.seed}:set")
    scene = Scene(stage, paints, of_set, panel.details, light_side, setting.bed, bed_taken=rested)
    setting.build(scene)
    lit_from = -light_side if mirror else light_side
    tones = {name: rng.choice(paints.cloth) for name in panel.props}
    props = list(panel.props)
    if "glasses" in props and placed and not placed[0].who.glasses:
        props.remove("glasses")
        placed[0] = replace(placed[0], who=replace(placed[0].who, glasses=True))
    shoot = Shoot(panel, scene, placed, ware, state, spot, setting.indoors, bed_top, lit_from, props, tones)
    add_company(shoot)
    add_product(shoot)
    add_props(shoot)
    light_effects(scene, subject, placed[0].head(bed_top) if placed else None, setting.indoors, rng)
    scene.play(_BEHIND, float("inf"))
    if blur:
        stage.throw_out_of_focus(blur)
    scene.play(float("-inf"), _BEHIND)
    foreground(scene, panel.size, rng)
    return finish(stage, lit_from, setting.indoors)


def _blocking(panel: Panel, state: str, paints: Paints, rng: random.Random) -> list[Placed]:
    placed = block_figures(panel.figures, panel.setting, state == "held", paints, rng, panel.cast_seed)
    if panel.angle == "overhead":
        # A bed reaches away from the lens; from above, the middle of it is the subject.
        placed = [replace(figure, z=figure.z - 0.62) if figure.lying else figure for figure in placed]
    if panel.size == "close-up" and placed and placed[0].name == "holds" and _holds_a_prop(panel, placed[0]):
        # Up where the lens sees it.
        placed[0] = replace(placed[0], pose=replace(placed[0].pose, near=_HELD_UP))
    if panel.size in _CLOSE:
        # Nobody may stand between the lens and the face it is on.
        placed[1:] = [
            figure
            if figure.name == "hugs"
            else replace(figure, x=figure.x + 0.1 * figure.side(placed[0]), z=figure.z + 0.45)
            for figure in placed[1:]
        ]
    if state == "hero":
        return [
            replace(figure, x=figure.x * 0.9 + (0.75 if figure.x >= 0.3 else -0.62), z=figure.z + 0.95)
            for figure in placed
        ]
    return placed


def _holds_a_prop(panel: Panel, figure: Placed) -> bool:
    """Whether a figure that does not lie has one of the shot's props in its hand."""
    item = figure.pose.item
    in_hand = item in ("mug", "book") and item in panel.props
    return not figure.lying and (
        in_hand or (item == "held" and any(PROPS[name].place in ("table", "hand") for name in panel.props))
    )


def _blur(panel: Panel, camera: Camera) -> float:
    """Radius of the background's blur in picture pixels: none in wide shots, more the closer the camera."""
    visible = panel.picture[1] / camera.pixels_per_metre()
    if panel.angle == "overhead" or visible > 1.45:
        return 0.0
    return min(15.0, 3.5 + (1.45 - visible) * 11)


def _spot(panel: Panel, ware: Ware, state: str, placed: Sequence[Placed], raised: bool, rng: random.Random) -> Spot:
    if state == "hero" or not placed:
        return Spot(0.0, 0.0 if ware.on_floor else 0.86 if panel.setting == "studio" else 0.74, 0.0)
    first = placed[0]
    height = first.who.body.height
    right = max(figure.x for figure in placed)
    if ware.on_floor:
        return Spot(right + 0.5 + ware.half, 0.0, 0.35)
    if first.pose.support == "desk":
        return Spot(first.x + first.facing * (height * 0.56 + 0.14), DESK_TOP * height, first.z + 0.28)
    if first.pose.support == "stove":
        return Spot(first.x + first.facing * (height * 0.42 + 0.2), STOVE_TOP * height, first.z + 0.25)
    if first.lying:
        return Spot(-first.facing * (height / 2 + 0.42), 0.52 if raised else 0.3, 0.28)
    return Spot(right + (1.02 if first.seated else 0.52) + rng.uniform(0, 0.1), 0.74, -0.02)


def _subject(panel: Panel, ware: Ware, state: str, placed: Sequence[Placed], spot: Spot, bed_top: float) -> Subject:
    """What the camera is on: the product, the figures, the first prop, or else the set."""
    closest = panel.size == "extreme-close-up"
    on_product = closest or (ware.on_floor and panel.size == "close-up")
    if state == "hero" or (not placed and state in ("placed", "held")) or (state == "placed" and on_product):
        return _thing(spot.x, spot.y, ware.half, ware.tall)
    if placed:
        point = (spot.x, spot.y) if state == "placed" else None
        if point is None and panel.size == "close-up" and _holds_a_prop(panel, placed[0]):
            point = placed[0].palm()
        if state == "held":
            point = placed[0].palm()
            if closest:
                reach = max(ware.tall, ware.half * 2, 0.16) * 0.85
                middle = point[1] + (0.5 - ware.grip) * ware.tall
                return _thing(point[0], middle - reach, reach, reach * 2)
        subject = subject_of(placed, panel.size, bed_top, point, max(ware.half, 0.25))
        # Of someone in a car one shows what is above the door.
        return replace(subject, bottom=0.42) if panel.setting == "car" and placed[0].seated else subject
    if panel.props:
        prop = PROPS[panel.props[0]]
        return _thing(0.0, 0.0 if prop.place == "floor" else 0.74, prop.width / 2, prop.height)
    return Subject(-0.2, 1.1, 0.0, 1.65, 0.6, 1.1, 0.75, single=False)


def _thing(x: float, foot: float, half: float, tall: float) -> Subject:
    return Subject(x - half, x + half, foot, foot + tall, x, foot + tall / 2, tall, is_product=True)
