"""Faces: eyes, nose, mouth, beard, spectacles, in units of the head's height from the chin (0, 0) to the crown (0, 1).

What belongs here: expression. What does not: skull and hair (heads).
"""

from __future__ import annotations

from forge_resources.imaging.drawing import geometry as geo
from forge_resources.imaging.drawing.colour import INK, RGB, mix, shade
from forge_resources.imaging.drawing.stage import Pen
from forge_resources.imaging.drawing.wardrobe import Costume

Shape = list[tuple[float, float]]


def features(pen: Pen, who: Costume, turn: float, eyes: str, mouth: str, close: bool) -> None:
    """Eyes, nose, mouth and beard of a face that looks to +x by `turn`; `close` asks for detail."""
    fx = turn * 0.17
    gap = 0.148 - turn * 0.012
    y = 0.475 if who.role != "child" else 0.42
    blush = mix(who.skin, (226, 96, 88), 0.5)
    for side in (-1, 1):
        for grow in (1.2, 0.9, 0.55):
            pen.oval(fx + side * 0.185, y - 0.155, 0.088 * grow, 0.058 * grow, blush, alpha=0.10, steps=20)
        _eye(pen, who, fx + side * gap, y, 1.0 if side < 0 else 1 - turn * 0.22, side, eyes, close)
    _nose(pen, who, fx + turn * 0.055, y, turn, close)
    if who.beard:
        _beard(pen, who, turn)
    _mouth(pen, who, fx * 1.05, 0.175, mouth, close)
    if who.freckles and close:
        for x, dy in (
            (-0.16, -0.13),
            (-0.12, -0.16),
            (-0.2, -0.17),
            (0.15, -0.13),
            (0.12, -0.165),
            (0.19, -0.16),
            (-0.08, -0.12),
            (0.08, -0.12),
        ):
            pen.oval(fx + x, y + dy, 0.008, 0.007, shade(who.skin, 0.25), alpha=0.6, steps=8)


def _eye(pen: Pen, who: Costume, x: float, y: float, narrow: float, side: int, state: str, close: bool) -> None:
    brow = shade(who.hair, 0.1) if who.role != "senior" else shade(who.hair, 0.25)
    w, h = 0.078 * narrow, 0.047 if who.role != "child" else 0.058
    lift = 0.03 if state == "happy" else 0.0
    thick = 0.030 if who.body.shoulder > 0.105 else 0.022
    pen.line(
        [(x - 0.09 * narrow * side, y + 0.118 + lift), (x, y + 0.142 + lift),
            (x + 0.095 * narrow * side, y + 0.112 + lift)],
        [thick, thick * 1.1, thick * 0.5], brow, smooth=True,
    )  # fmt: skip
    lash = mix(INK, who.hair, 0.3)
    if state in ("closed", "happy"):
        bow = -0.03 if state == "closed" else 0.035
        pen.line([(x - w, y), (x, y + bow), (x + w, y)], [0.014, 0.026, 0.014], lash, smooth=True)
        return
    drop = -0.012 if state == "down" else 0.0
    top = h * (0.62 if state == "down" else 1.0)
    if pen.pixels < 46:
        pen.oval(x + 0.008, y + drop, 0.032 * narrow, 0.042, lash, steps=14)
        return
    almond: Shape = [
        (x - w, y - 0.006),
        (x - w * 0.5, y + top * 0.8),
        (x + w * 0.15, y + top),
        (x + w * 0.75, y + top * 0.6),
        (x + w, y + 0.004),
        (x + w * 0.5, y - h * 0.62),
        (x - w * 0.4, y - h * 0.66),
    ]
    pen.blob(almond, (252, 249, 246))
    ix, iy = x + 0.014, y + drop + 0.002
    pen.oval(ix, iy, 0.041 * narrow, 0.043 if state != "down" else 0.034, who.iris, steps=24)
    pen.oval(ix, iy, 0.021 * narrow, 0.022, (24, 18, 20), steps=16)
    if close:
        pen.oval(ix + 0.014, iy + 0.016, 0.011, 0.012, (255, 255, 255), glow=True, steps=10)
    lid: Shape = [
        (x - w * 1.06, y - 0.008),
        (x - w * 0.5, y + top * 0.86),
        (x + w * 0.15, y + top * 1.06),
        (x + w * 0.78, y + top * 0.68),
        (x + w * 1.1, y + 0.008),
    ]
    pen.line(lid, [0.012, 0.024, 0.026, 0.024, 0.012], lash, smooth=True)
    if close:
        crease: Shape = [(x - w * 0.8, y + top * 1.05), (x, y + top * 1.5), (x + w * 0.8, y + top * 1.1)]
        pen.line(crease, 0.009, shade(who.skin, 0.22), smooth=True)


def _nose(pen: Pen, who: Costume, x: float, y: float, turn: float, close: bool) -> None:
    tone = shade(who.skin, 0.20)
    if pen.pixels < 40:
        return
    tip = y - 0.165
    if close:
        pen.blob(
            [
                (x - 0.02, y - 0.01),
                (x + 0.03 + turn * 0.03, tip + 0.03),
                (x + 0.02, tip - 0.02),
                (x - 0.045, tip - 0.012),
                (x - 0.02, tip + 0.05),
            ],
            tone,
            alpha=0.35,
        )
    pen.line(
        [
            (x + 0.022 + turn * 0.025, tip + 0.045),
            (x + 0.035 + turn * 0.03, tip + 0.008),
            (x + 0.004, tip - 0.012),
            (x - 0.045, tip),
        ],
        [0.008, 0.018, 0.018, 0.010],
        tone,
        smooth=True,
    )


def _mouth(pen: Pen, who: Costume, x: float, y: float, kind: str, close: bool) -> None:
    lips = who.lips
    if kind == "hidden":
        return
    if kind == "yawn":
        pen.oval(x, y + 0.01, 0.075, 0.098, (96, 34, 44))
        pen.oval(x, y - 0.045, 0.048, 0.03, (206, 96, 100), steps=16)
    elif kind == "open":
        pen.blob(
            [
                (x - 0.115, y + 0.035),
                (x, y + 0.022),
                (x + 0.115, y + 0.035),
                (x + 0.07, y - 0.045),
                (x, y - 0.066),
                (x - 0.07, y - 0.045),
            ],
            (112, 40, 48),
        )
        pen.blob(
            [
                (x - 0.09, y + 0.027),
                (x, y + 0.016),
                (x + 0.09, y + 0.027),
                (x + 0.06, y - 0.002),
                (x, y - 0.01),
                (x - 0.06, y - 0.002),
            ],
            (252, 248, 242),
        )
    elif close:
        up = 0.030 if kind == "smile" else 0.006
        pen.blob(
            [
                (x - 0.115, y + up),
                (x - 0.035, y + 0.022),
                (x, y + 0.014),
                (x + 0.035, y + 0.022),
                (x + 0.115, y + up),
                (x + 0.055, y - 0.026),
                (x, y - 0.038),
                (x - 0.055, y - 0.026),
            ],
            lips,
        )
        pen.line(
            [
                (x - 0.125, y + up + 0.006),
                (x - 0.05, y - 0.002),
                (x, y - 0.005),
                (x + 0.05, y - 0.002),
                (x + 0.125, y + up + 0.006),
            ],
            [0.006, 0.013, 0.012, 0.013, 0.006],
            shade(lips, 0.42),
            smooth=True,
        )
        pen.line([(x - 0.03, y - 0.062), (x + 0.03, y - 0.062)], 0.010, shade(who.skin, 0.18))
    else:
        up = 0.034 if kind == "smile" else 0.004
        pen.line(
            [(x - 0.105, y + up), (x, y - 0.018), (x + 0.105, y + up)],
            [0.014, 0.028, 0.014],
            shade(lips, 0.3),
            smooth=True,
        )


def _beard(pen: Pen, who: Costume, turn: float) -> None:
    s = turn * 0.10
    colour = mix(who.hair, who.skin, 0.18)
    pen.blob(
        [(-0.345, 0.42), (-0.27 + s * 0.5, 0.15), (-0.14 + s, 0.0), (0.02 + s, -0.04), (0.17 + s, 0.0),
            (0.29 + s, 0.16), (0.342 + s * 0.7, 0.40),
         (0.27 + s, 0.27), (0.15 + s, 0.275), (0.02 + s, 0.285), (-0.12 + s, 0.275), (-0.25 + s * 0.4, 0.27)], colour,
    )  # fmt: skip


def glasses(pen: Pen, turn: float, ear_x: float) -> None:
    """Spectacles, their arm at the near ear."""
    fx, y = turn * 0.17, 0.47
    frame: RGB = (52, 44, 48)
    for side in (-1, 1):
        x, rx = fx + side * 0.15, 0.115 * (1 if side < 0 else 1 - turn * 0.2)
        ring = geo.ellipse(x, y, rx, 0.098, steps=28)
        pen.poly(ring, (255, 255, 255), alpha=0.12)
        pen.line([*ring.tolist(), ring[0].tolist()], 0.020, frame)
    pen.line([(fx - 0.045, y + 0.02), (fx, y + 0.035), (fx + 0.045, y + 0.02)], 0.018, frame)
    pen.line([(fx - 0.26, y + 0.02), (ear_x - 0.02, y + 0.03)], 0.018, frame)
