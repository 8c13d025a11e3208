"""Garments: tops, jackets, aprons, skirts, backpacks; one unit is the figure's height.

What belongs here: what is worn on the trunk. What does not: limbs, sleeves and trouser legs (figures).
"""

from __future__ import annotations

import math

from forge_resources.imaging.drawing.acting import Acting
from forge_resources.imaging.drawing.colour import mix, shade
from forge_resources.imaging.drawing.stage import Pen


def _half_widths(act: Acting) -> tuple[float, float, float]:
    body = act.who.body
    spread = math.cos(math.radians(act.bones.turn * 78))
    depth = 0.066 * body.bulk
    shoulder = max(body.shoulder * spread, depth)
    hip = max((body.hip + 0.022) * max(spread, 0.8), depth * 1.12) * body.bulk
    waist = (min(shoulder, hip) * (0.93 if body.shoulder > 0.105 or act.who.role == "child" else 0.82)) * body.bulk
    return shoulder, waist, hip


def trunk(pen: Pen, act: Acting) -> None:
    """Top or jacket from the shoulders to its hem; the pen stands at the hips and leans with the body."""
    who, torso = act.who, act.who.body.torso
    shoulder, waist, hip = _half_widths(act)
    colour = who.top_colour
    loose = {
        "hoodie": 0.010,
        "coat": 0.014,
        "jacket": 0.010,
        "sweater": 0.007,
        "blazer": 0.007,
        "chef": 0.010,
        "cardigan": 0.008,
    }.get(who.top, 0.0)
    hem = {
        "coat": -0.20,
        "blazer": -0.065,
        "cardigan": -0.06,
        "jacket": -0.03,
        "hoodie": -0.035,
        "sweater": -0.028,
        "chef": -0.06,
    }.get(who.top, -0.02)
    if act.pose.support in ("seat", "desk"):
        hem = max(hem, -0.035)
    w, h = waist + loose, hip + loose
    side = shoulder + 0.012
    pen.blob(
        [(-0.03, torso + 0.016), (-side * 0.62, torso - 0.003), (-side * 0.93, torso - 0.030),
            (-side * 0.95, torso * 0.72),
         (-w, torso * 0.38), (-h * 0.98, torso * 0.06), (-h * (1.0 + max(0.0, -hem - 0.05)), hem),
             (h * (1.0 + max(0.0, -hem - 0.05)), hem),
         (h, torso * 0.06), (w * 1.03, torso * 0.38), (side * 0.99, torso * 0.70), (side * 0.93, torso - 0.030),
         (side * 0.64, torso - 0.003), (0.034, torso + 0.016)], colour, steps=5,
    )  # fmt: skip
    if who.stripe:
        for y in (0.14, 0.26, 0.38, 0.50, 0.62):
            pen.line(
                [(-w * 0.97, torso * y + 0.003), (0.0, torso * y - 0.003), (w * 0.99, torso * y + 0.003)],
                0.010,
                who.layer_colour,
                alpha=0.85,
                smooth=True,
            )
    _front(pen, act, w, hem)
    if pen.pixels > 260:
        fold = shade(colour, 0.16)
        for x, y, dx in ((-0.6, 0.30, 0.5), (0.7, 0.22, -0.45), (-0.75, 0.62, 0.35)):
            pen.line(
                [(x * w, torso * y), (x * w + dx * w * 0.5, torso * (y - 0.05)), (x * w + dx * w, torso * (y + 0.01))],
                [0.001, 0.005, 0.001],
                fold,
                alpha=0.7,
                smooth=True,
            )
    if who.apron:
        _apron(pen, act, w, h)
    if who.pack:
        for x in (-0.62, 0.58):
            pen.line(
                [(shoulder * x, torso), (shoulder * x * 1.15, torso * 0.72), (shoulder * x * 1.25, torso * 0.40)],
                0.020,
                shade(who.pack, 0.15),
                smooth=True,
            )


def _front(pen: Pen, act: Acting, w: float, hem: float) -> None:
    """Neckline, lapels, collar, buttons."""
    who, torso, c = act.who, act.who.body.torso, act.bones.turn * 0.035
    dark = shade(who.top_colour, 0.2)
    if who.top in ("blazer", "coat", "cardigan", "jacket"):
        pen.poly(
            [
                (c - 0.030, torso + 0.016),
                (c + 0.034, torso + 0.016),
                (c + 0.030, torso * 0.5),
                (c + 0.012, hem),
                (c - 0.006, hem),
                (c - 0.02, torso * 0.5),
            ],
            who.layer_colour,
        )
        if who.top != "cardigan":
            for side in (-1, 1):
                pen.poly(
                    [
                        (c + side * 0.032, torso + 0.016),
                        (c + side * 0.060, torso * 0.86),
                        (c + side * 0.045, torso * 0.80),
                        (c + side * 0.054, torso * 0.76),
                        (c + side * 0.014, torso * 0.42),
                        (c + side * 0.012, torso * 0.60),
                    ],
                    dark,
                )
        if who.role == "professional" and who.body.shoulder > 0.105:
            pen.poly(
                [
                    (c - 0.008, torso),
                    (c + 0.010, torso),
                    (c + 0.014, torso * 0.55),
                    (c + 0.001, torso * 0.48),
                    (c - 0.011, torso * 0.55),
                ],
                shade(who.bottom_colour, 0.1),
            )
        return
    skin = who.skin
    if who.top in ("tee", "sweater", "hoodie", "sport", "dress"):
        deep = 0.03 if who.top in ("tee", "sport", "dress") else 0.016
        # The shoulder falls away from the neck, and the neckline of a turned body with it.
        fall = max(0.0, c + 0.040 - 0.034) * 0.75
        pen.blob(
            [
                (c - 0.038, torso + 0.022),
                (c - 0.028, torso + 0.012 - deep * 0.6),
                (c + 0.002, torso + 0.008 - deep),
                (c + 0.034, torso + 0.012 - deep * 0.6),
                (c + 0.038, torso + 0.020 - fall),
                (0.034, torso + 0.021),
                (0.0, torso + 0.024),
            ],
            shade(skin, 0.06),
        )
        pen.line(
            [
                (c - 0.042, torso + 0.016),
                (c - 0.028, torso + 0.006 - deep * 0.6),
                (c + 0.002, torso - deep),
                (c + 0.034, torso + 0.006 - deep * 0.6),
                (c + 0.041, torso + 0.016 - fall),
            ],
            0.008,
            dark,
            smooth=True,
        )
        if who.top == "hoodie":
            pen.blob(
                [
                    (c - 0.066, torso + 0.012),
                    (c - 0.04, torso + 0.035),
                    (c - 0.03, torso + 0.01),
                    (c + 0.0, torso - 0.022),
                    (c + 0.036, torso + 0.01),
                    (c + 0.05, torso + 0.034),
                    (c + 0.066, torso + 0.008),
                    (c + 0.03, torso - 0.035),
                    (c - 0.03, torso - 0.038),
                ],
                dark,
            )
            for x in (-0.012, 0.018):
                pen.line([(c + x, torso - 0.02), (c + x * 1.2, torso - 0.085)], 0.005, who.layer_colour)
            pen.poly(
                [
                    (c - w * 0.55, torso * 0.10),
                    (c - w * 0.4, torso * 0.32),
                    (c + w * 0.4, torso * 0.32),
                    (c + w * 0.55, torso * 0.10),
                ],
                shade(who.top_colour, 0.09),
            )
        return
    pen.poly([(c - 0.022, torso + 0.014), (c + 0.026, torso + 0.014), (c + 0.003, torso - 0.042)], skin)
    for side in (-1, 1):
        pen.poly(
            [
                (c + side * 0.030, torso + 0.026),
                (c + side * 0.050, torso - 0.002),
                (c + side * 0.026, torso - 0.036),
                (c + side * 0.002, torso - 0.036),
            ],
            mix(who.top_colour, (255, 255, 255), 0.35),
        )
    pen.line([(c + 0.002, torso - 0.04), (c + 0.004, hem + 0.01)], 0.004, dark)
    columns = (-0.03, 0.035) if who.top == "chef" else (0.004,)
    for x in columns:
        for y in (0.74, 0.54, 0.34, 0.14):
            pen.oval(c + x, torso * y, 0.0055, 0.0055, dark, steps=10)


def _apron(pen: Pen, act: Acting, w: float, h: float) -> None:
    torso, colour = act.who.body.torso, act.who.apron or (0, 0, 0)
    low = -0.02 if act.pose.support in ("seat", "desk") else -0.17
    pen.blob(
        [
            (-w * 0.52, torso * 0.74),
            (0.0, torso * 0.755),
            (w * 0.62, torso * 0.74),
            (w * 0.70, torso * 0.45),
            (h * 0.96, torso * 0.16),
            (h * 0.92, low),
            (0.0, low - 0.012),
            (-h * 0.86, low),
            (-h * 0.90, torso * 0.16),
            (-w * 0.62, torso * 0.45),
        ],
        colour,
        steps=4,
    )
    for side in (-0.5, 0.58):
        pen.line([(w * side, torso * 0.74), (w * side * 0.7, torso + 0.01)], 0.009, shade(colour, 0.2))
    pen.line([(-w * 0.98, torso * 0.30), (w * 1.0, torso * 0.30)], 0.011, shade(colour, 0.22))
    pen.rect(-w * 0.4, torso * 0.02, w * 0.45, torso * 0.2, shade(colour, 0.12), 0.01)


def backpack(pen: Pen, act: Acting) -> None:
    """A backpack, behind the body."""
    colour = act.who.pack or (0, 0, 0)
    back = pen.at(*act.bones.hips, turn=-act.bones.lean)
    torso, (shoulder, _, _) = act.who.body.torso, _half_widths(act)
    back.blob(
        [
            (-shoulder - 0.10, torso * 0.2),
            (-shoulder - 0.105, torso * 0.75),
            (-shoulder - 0.04, torso * 1.02),
            (0.0, torso),
            (0.0, torso * 0.1),
            (-shoulder * 0.8, torso * 0.06),
        ],
        colour,
    )
    back.blob(
        [
            (-shoulder - 0.125, torso * 0.22),
            (-shoulder - 0.12, torso * 0.5),
            (-shoulder - 0.04, torso * 0.5),
            (-shoulder - 0.03, torso * 0.18),
        ],
        shade(colour, 0.18),
    )


def skirt(pen: Pen, act: Acting) -> None:
    """A skirt, or the lower part of a dress."""
    who, bones = act.who, act.bones
    long_coat = who.top == "coat"
    if not (who.top == "dress" or who.bottom in ("skirt", "pencil")) or long_coat:
        return
    colour = who.top_colour if who.top == "dress" else who.bottom_colour
    _, _, hip = _half_widths(act)
    wide = 0.030 if who.bottom == "pencil" and who.top != "dress" else 0.075
    knees = sorted((bones.near_leg[1], bones.far_leg[1]))
    (hx, hy) = bones.hips
    if act.pose.support in ("seat", "desk") or abs(knees[1][1] - hy) < 0.08:
        k = knees[1]
        pen.blob(
            [
                (hx - hip, hy + 0.03),
                (hx + hip * 0.6, hy + 0.05),
                (k[0] + 0.02, k[1] + 0.055),
                (k[0] + 0.05, k[1] - 0.06),
                (k[0] - 0.05, k[1] - 0.085),
                (hx - hip * 0.7, hy - 0.07),
            ],
            colour,
        )
        return
    low = min(knees[0][1], knees[1][1]) - (0.02 if who.top != "dress" else 0.05)
    left, right = min(knees[0][0] - wide, hx - hip - wide * 0.6), max(knees[1][0] + wide, hx + hip + wide * 0.6)
    pen.blob(
        [
            (hx - hip * 0.9, hy + 0.06),
            (hx + hip * 0.9, hy + 0.06),
            (hx + hip * 1.08, hy - 0.04),
            (right, low + 0.02),
            (right - 0.03, low),
            (hx, low - 0.012),
            (left + 0.03, low),
            (left, low + 0.02),
            (hx - hip * 1.08, hy - 0.04),
        ],
        colour,
        steps=5,
    )
    for x in (0.25, 0.5, 0.75):
        bx = left + (right - left) * x
        pen.line([(hx + (bx - hx) * 0.5, hy - 0.03), (bx, low + 0.02)], [0.001, 0.006], shade(colour, 0.15), alpha=0.8)
