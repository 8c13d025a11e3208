"""Figures: a costume in a pose, drawn limb by limb on an upright plane; one unit is the figure's height.

What belongs here: limbs and the order of things. What does not: garments, heads, hands, choices (wardrobe) and places
(placing).
"""

from __future__ import annotations

import math

from forge_resources.imaging.drawing.acting import Acting
from forge_resources.imaging.drawing.colour import shade
from forge_resources.imaging.drawing.garments import backpack, skirt, trunk
from forge_resources.imaging.drawing.geometry import Point
from forge_resources.imaging.drawing.hands import hand, thumb_over
from forge_resources.imaging.drawing.heads import hair_behind, head
from forge_resources.imaging.drawing.stage import Pen


def draw_figure(pen: Pen, act: Acting) -> None:
    """Draws the whole figure; the pen stands on the floor below its hips and measures heights."""
    who, bones = act.who, act.bones
    size = who.body.head
    tilt = -bones.lean - bones.nod
    skull = pen.at(bones.neck[0], bones.neck[1] - size * 0.02, size, tilt)
    hair_behind(skull, who, bones.turn)
    if who.pack:
        backpack(pen, act)
    far_shade = 0.13
    _arm(pen, act, bones.far_arm, far_shade, near=False)
    _leg(pen, act, bones.far_leg, bones.far_pitch, far_shade)
    _leg(pen, act, bones.near_leg, bones.near_pitch, 0.0)
    upper = pen.at(*bones.hips, turn=-bones.lean)
    skirt(pen, act)
    _neck(pen, act)
    trunk(upper, act)
    head(skull, who, bones.turn, act.pose.eyes, act.pose.mouth)
    _arm(pen, act, bones.near_arm, 0.0, near=True)


def _neck(pen: Pen, act: Acting) -> None:
    bones, who = act.bones, act.who
    thick = who.body.head * (0.235 if who.body.shoulder > 0.105 else 0.20)
    top = (bones.neck[0] + 0.004, bones.neck[1] + who.body.head * 0.2)
    pen.limb([(bones.chest[0], bones.chest[1] - 0.025, thick * 1.15), (*top, thick)], who.skin)
    pen.limb([(bones.neck[0] + 0.006, bones.neck[1] + 0.012, thick * 0.98), (*top, thick)], shade(who.skin, 0.20))


def _arm(pen: Pen, act: Acting, arm: tuple[Point, Point, Point], dark: float, near: bool) -> None:
    who = act.who
    shoulder, elbow, wrist = arm
    bulk = who.body.bulk * (1.0 if who.body.shoulder > 0.105 else 0.88)
    upper, mid, low = 0.036 * bulk, 0.029 * bulk, 0.021 * bulk
    if near:
        shadow = [(elbow[0] + 0.004, elbow[1] - 0.010, mid + 0.010), (wrist[0], wrist[1] - 0.012, low + 0.006)]
        pen.limb([(shoulder[0] + 0.008, shoulder[1] - 0.01, upper + 0.006), *shadow], (30, 20, 50), alpha=0.12)
    sleeve, skin = shade(who.top_colour, dark + (0.05 if near else 0.0)), shade(who.skin, dark * 0.8)
    puff = 0.006 if who.top in ("hoodie", "coat", "jacket", "sweater", "blazer", "chef") else 0.003
    angle = math.degrees(math.atan2(wrist[1] - elbow[1], wrist[0] - elbow[0]))
    held = act.held if near else None
    grips = held is not None or (act.both_hands and not near) or act.pose.support in ("desk", "stove")
    grips = grips or act.pose.item == "wheel"
    kind = "grip" if grips else "point" if _is_pointing(act, near) else "open" if _is_open(act, near) else "rest"
    palm = pen.at(*wrist, size=0.098 if who.role != "child" else 0.105, turn=angle, flip=False)
    if angle > 90 or angle < -90:
        palm = pen.at(*wrist, size=0.098, turn=angle + 180, flip=True)
    if held is None:
        hand(palm, skin, kind)
    pen.limb([(*elbow, mid * 0.96), (*wrist, low)], skin)
    if who.short_sleeves:
        pen.limb([(*shoulder, upper), (*elbow, mid)], skin)
        t = 0.55
        cut = (shoulder[0] + (elbow[0] - shoulder[0]) * t, shoulder[1] + (elbow[1] - shoulder[1]) * t)
        pen.limb([(*shoulder, upper + 0.006), (*cut, upper + 0.003)], sleeve)
    else:
        cuff = (elbow[0] + (wrist[0] - elbow[0]) * 0.93, elbow[1] + (wrist[1] - elbow[1]) * 0.93)
        pen.limb([(*shoulder, upper + puff), (*elbow, mid + puff), (*cuff, low + puff + 0.002)], sleeve)
        if pen.pixels > 260:
            pen.line(
                [(elbow[0] - 0.012, elbow[1] + 0.012), elbow, (elbow[0] + 0.014, elbow[1] + 0.004)],
                [0.001, 0.005, 0.001],
                shade(sleeve, 0.2),
                alpha=0.7,
            )
    if held is not None:
        middle = (wrist[0] + math.cos(math.radians(angle)) * 0.052, wrist[1] + math.sin(math.radians(angle)) * 0.052)
        hand(palm, shade(skin, 0.08), "rest")
        held(pen.at(*middle, size=1 / who.body.height))
        thumb_over(palm, skin)


def _is_pointing(act: Acting, near: bool) -> bool:
    return near and act.pose.near.x > 0.25 and not act.held


def _is_open(act: Acting, near: bool) -> bool:
    arm = act.pose.near if near else act.pose.far
    return arm.y > 0.1


def _leg(pen: Pen, act: Acting, leg: tuple[Point, Point, Point], pitch: float, dark: float) -> None:
    who = act.who
    hip, knee, ankle = leg
    bulk = who.body.bulk
    cloth, skin = shade(who.bottom_colour, dark), shade(who.skin, dark * 0.8)
    thigh, mid, low = 0.066 * bulk, 0.046 * bulk, 0.026
    shoe = pen.at(*ankle, turn=pitch)
    colour = shade(who.shoe_colour, dark)
    shoe.blob(
        [
            (-0.030, 0.012),
            (-0.036, -0.028),
            (0.02, -0.034),
            (0.085, -0.034),
            (0.104, -0.024),
            (0.088, -0.006),
            (0.045, 0.006),
            (0.026, 0.022),
        ],
        colour,
    )
    shoe.poly(
        [(-0.037, -0.030), (0.104, -0.030), (0.100, -0.042), (-0.036, -0.042)],
        shade(colour, -0.5) if sum(colour) < 420 else shade(colour, 0.3),
    )
    bare = who.bottom in ("skirt", "shorts", "pencil") or who.top == "dress"
    if bare:
        pen.limb([(*hip, thigh), (*knee, mid * 0.88), (*ankle, low * 0.86)], skin)
        if who.bottom == "shorts" and who.top != "dress":
            cut = (hip[0] + (knee[0] - hip[0]) * 0.82, hip[1] + (knee[1] - hip[1]) * 0.82)
            pen.limb([(*hip, thigh + 0.004), (*cut, mid + 0.014)], cloth)
        return
    slim = who.bottom == "leggings"
    hem = (knee[0] + (ankle[0] - knee[0]) * 0.94, knee[1] + (ankle[1] - knee[1]) * 0.94)
    pen.limb([(*hip, thigh), (*knee, mid * (0.9 if slim else 1.04)), (*hem, low if slim else low * 1.38)], cloth)
    if pen.pixels > 330 and not slim:
        pen.line(
            [(knee[0] - mid * 0.6, knee[1] + 0.01), knee, (knee[0] + mid * 0.5, knee[1] - 0.006)],
            [0.001, 0.005, 0.001],
            shade(cloth, 0.2),
            alpha=0.7,
        )
