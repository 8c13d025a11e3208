"""Heads: skull, hair and hats, in units of the head's height from the chin (0, 0) to the crown (0, 1).

What belongs here: everything above the neck but the face (faces). What does not: choosing it (wardrobe).
"""

from __future__ import annotations

from forge_resources.imaging.drawing import geometry as geo
from forge_resources.imaging.drawing.colour import mix, shade
from forge_resources.imaging.drawing.faces import features, glasses
from forge_resources.imaging.drawing.stage import Pen
from forge_resources.imaging.drawing.wardrobe import Costume

Shape = list[tuple[float, float]]


def hair_behind(pen: Pen, who: Costume, turn: float) -> None:
    """The hair that hangs behind neck and shoulders; drawn before the body."""
    colour, s = shade(who.hair, 0.16), turn * 0.08
    if who.style in ("long", "waves"):
        low = -0.62 if who.style == "long" else -0.34
        pen.blob(
            [(-0.34 - s, 0.9), (-0.50 - s, 0.55), (-0.52 - s, 0.1), (-0.50 - s, low + 0.1), (-0.30 - s, low),
                (0.05, low + 0.06),
             (0.30, low + 0.04), (0.42, 0.1), (0.40, 0.6), (0.2, 0.95)], colour,
        )  # fmt: skip
    elif who.style == "bob":
        pen.blob(
            [
                (-0.36 - s, 0.9),
                (-0.50 - s, 0.5),
                (-0.50 - s, 0.08),
                (-0.34 - s, -0.04),
                (0.3, -0.02),
                (0.43, 0.12),
                (0.40, 0.6),
            ],
            colour,
        )
    elif who.style == "ponytail":
        pen.blob(
            [
                (-0.34 - s, 0.78),
                (-0.58 - s, 0.72),
                (-0.68 - s, 0.35),
                (-0.62 - s, -0.2),
                (-0.52 - s, -0.34),
                (-0.47 - s, 0.1),
                (-0.36 - s, 0.5),
            ],
            colour,
        )
    elif who.style == "bun":
        pen.oval(-0.30 - s, 1.0, 0.22, 0.21, colour)
    elif who.style == "curls":
        for x, y, r in _CURLS:
            pen.oval(x - s, y, r, r, colour, steps=18)


_CURLS = (
    (-0.42, 0.36, 0.15), (-0.48, 0.58, 0.17), (-0.42, 0.82, 0.18), (-0.24, 1.0, 0.19), (0.0, 1.07, 0.19),
        (0.24, 1.0, 0.18),
    (0.40, 0.82, 0.16), (0.42, 0.6, 0.14),
)  # fmt: skip


def head(pen: Pen, who: Costume, turn: float, eyes: str, mouth: str) -> None:
    """Skull, face and front hair, looking to +x by `turn` (0 to 1)."""
    s = turn * 0.10
    close = pen.pixels > 90
    skin, dark = who.skin, shade(who.skin, 0.15)
    jaw = 0.02 if who.beard or who.body.shoulder > 0.105 else 0.0
    child = who.role == "child"
    if turn < 0.3:
        pen.oval(0.375 + s, 0.46, 0.055, 0.095, dark, steps=18)
    outline: Shape = [
        (-0.02, 1.0), (0.22, 0.955), (0.345 + s * 0.3, 0.78), (0.352 + s * 0.6, 0.60), (0.335 + s * 0.7, 0.40),
        (0.275 + s + jaw, 0.18), (0.15 + s + jaw, 0.03), (0.0 + s, -0.005), (-0.13 + s, 0.04),
            (-0.26 + s * 0.5 - jaw, 0.19),
        (-0.335, 0.38), (-0.375 - s * 0.5, 0.60), (-0.36 - s * 0.6, 0.80), (-0.22 - s * 0.4, 0.955),
    ]  # fmt: skip
    if child:
        outline = [(x * 1.04, y if y > 0.25 else y * 0.9 + 0.02) for x, y in outline]
    pen.blob(outline, skin)
    if close:
        pen.blob(
            [
                (-0.34, 0.5),
                (-0.26 + s * 0.5, 0.19),
                (-0.12 + s, 0.04),
                (0.02 + s, 0.0),
                (-0.08 + s, 0.12),
                (-0.2 + s * 0.5, 0.3),
                (-0.27, 0.5),
            ],
            dark,
            alpha=0.28,
        )
    features(pen, who, turn, eyes, mouth, close)
    _front_hair(pen, who, turn)
    ear_x = -0.34 + turn * 0.12
    if who.style not in ("long", "bob", "waves"):
        pen.oval(ear_x, 0.45, 0.062, 0.105, skin, turn=8, steps=20)
        if close:
            pen.line(geo.arc(ear_x + 0.005, 0.46, 0.032, 0.062, 60, 260, 10), 0.014, dark)
    if who.glasses:
        glasses(pen, turn, ear_x)
    if who.hat:
        _hat(pen, who, s)


def _front_hair(pen: Pen, who: Costume, turn: float) -> None:
    colour, s = who.hair, turn * 0.10
    b = -s * 0.8
    style = who.style
    crown: Shape = [
        (-0.375 + b, 0.42),
        (-0.425 + b, 0.66),
        (-0.385 + b, 0.88),
        (-0.22 + b, 1.03),
        (0.02, 1.07),
        (0.24, 1.02),
        (0.375, 0.86),
        (0.385 + s * 0.3, 0.64),
    ]
    if who.style not in ("bob", "long", "waves"):
        # Short hair thins out behind the ear instead of ending in a step.
        crown = [(-0.292, 0.285), (-0.362 + b * 0.8, 0.44), *crown[1:]]
    sideburn: Shape = [(-0.275 + turn * 0.10, 0.50), (-0.292 + turn * 0.08, 0.42)]
    hairlines: dict[str, Shape] = {
        "crop": [(0.345 + s * 0.4, 0.66), (0.28 + s, 0.79), (0.05 + s, 0.80), (-0.17 + s, 0.77),
            (-0.25 + turn * 0.1, 0.64), *sideburn],
        "side": [(0.345 + s * 0.4, 0.60), (0.30 + s, 0.74), (0.10 + s, 0.735), (-0.10 + s, 0.80), (-0.20 + s, 0.84),
            (-0.24 + turn * 0.1, 0.66), *sideburn],
        "pixie": [(0.35 + s * 0.4, 0.52), (0.27 + s, 0.69), (0.10 + s, 0.66), (-0.10 + s, 0.72), (-0.24 + s, 0.78),
            (-0.25 + turn * 0.1, 0.58), *sideburn],
        "bob": [(0.375 + s * 0.4, 0.08), (0.305 + s, 0.12), (0.30 + s, 0.60), (0.10 + s, 0.665), (-0.20 + s, 0.68),
            (-0.235 + turn * 0.14, 0.35), (-0.27 + turn * 0.12, 0.02), (-0.42 + b, 0.02)],
        "long": [(0.385 + s * 0.4, 0.10), (0.315 + s, 0.2), (0.29 + s, 0.60), (0.12 + s, 0.80), (0.0 + s, 0.84),
            (-0.14 + s, 0.76), (-0.25 + turn * 0.14, 0.45), (-0.28 + turn * 0.10, -0.15), (-0.46 + b, -0.2)],
        "balding": [(0.36 + s * 0.4, 0.52), (0.365, 0.70), (0.35, 0.80), (0.0, 0.93), (-0.28, 0.84),
            (-0.29 + turn * 0.08, 0.62), *sideburn],
    }  # fmt: skip
    hairlines |= {"waves": hairlines["long"], "ponytail": hairlines["pixie"], "bun": hairlines["side"]}
    line = hairlines.get(style, hairlines["crop"])
    if style == "balding":
        pen.blob(
            [
                (-0.375 + b, 0.40),
                (-0.42 + b, 0.62),
                (-0.36 + b, 0.80),
                (-0.29 + b, 0.74),
                (-0.27 + turn * 0.1, 0.55),
                (-0.30 + turn * 0.1, 0.42),
            ],
            colour,
        )
        pen.blob([(0.36, 0.76), (0.378 + s * 0.4, 0.6), (0.355 + s * 0.5, 0.5), (0.335 + s * 0.4, 0.64)], colour)
        return
    if style == "buzz":
        colour = mix(colour, who.skin, 0.30)
        crown = [(x * 0.96, y if y < 0.9 else y - 0.035) for x, y in crown]
    if style == "quiff":
        crown = [
            *crown[:4],
            (-0.20 + b, 1.05),
            (0.06, 1.17),
            (0.32 + s * 0.5, 1.17),
            (0.43 + s * 0.5, 1.02),
            (0.37 + s * 0.5, 0.84),
        ]
    pen.poly(_join(crown, line), colour)
    if style == "curls":
        for x, y, r in _CURLS[2:]:
            pen.oval(x * 0.92, y * 0.96, r * 0.8, r * 0.8, colour, steps=16)
        for x in (-0.2, 0.0, 0.2):
            pen.oval(x + s, 0.84, 0.13, 0.10, colour, steps=16)
    if pen.pixels > 60:
        gloss = shade(colour, -0.20)
        pen.line(
            [(-0.28 + b, 0.80), (-0.16, 0.93), (0.02, 0.985)], [0.006, 0.035, 0.006], gloss, alpha=0.55, smooth=True
        )
        if pen.pixels > 150:
            for dx in (-0.12, 0.06, 0.2):
                pen.line(
                    [(dx + s, 0.82), (dx + 0.03, 0.93), (dx - 0.03, 1.02)],
                    [0.004, 0.012, 0.004],
                    shade(colour, 0.18),
                    alpha=0.7,
                    smooth=True,
                )


def _join(crown: Shape, line: Shape) -> geo.Points:
    outer, inner = geo.open_curve(crown, 6), geo.open_curve(line, 5)
    return geo.points([*outer.tolist(), *inner.tolist()])


def _hat(pen: Pen, who: Costume, s: float) -> None:
    if who.hat == "toque":
        pen.blob(
            [
                (-0.36, 0.86),
                (-0.46, 1.2),
                (-0.36, 1.46),
                (-0.1, 1.55),
                (0.2, 1.54),
                (0.42, 1.42),
                (0.46, 1.16),
                (0.36, 0.86),
            ],
            (250, 248, 244),
        )
        pen.poly([(-0.39, 0.74), (0.385, 0.74), (0.38, 0.98), (-0.385, 0.98)], (236, 232, 228))
        for x in (-0.2, 0.02, 0.22):
            pen.line([(x, 1.0), (x * 1.15, 1.34)], 0.014, (214, 208, 206))
        return
    colour = who.apron or who.top_colour
    pen.blob(
        [
            (-0.41, 0.70),
            (-0.42, 0.90),
            (-0.25, 1.08),
            (0.02, 1.12),
            (0.28, 1.04),
            (0.40, 0.86),
            (0.40, 0.74),
            (0.0, 0.76),
        ],
        colour,
    )
    pen.blob(
        [(0.15 + s, 0.80), (0.42 + s, 0.80), (0.66 + s, 0.735), (0.56 + s, 0.70), (0.3 + s, 0.72), (0.1 + s, 0.74)],
        shade(colour, 0.22),
    )
