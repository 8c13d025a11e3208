"""Hands: open, at rest, pointing, or closed round something. One unit is the length of the hand, fingers along +x.

What belongs here: the hand from the wrist on. What does not: where it goes (anatomy) or what it holds (figures).
"""

from __future__ import annotations

from forge_resources.imaging.drawing.colour import RGB, mix, shade
from forge_resources.imaging.drawing.stage import Pen


def hand(pen: Pen, skin: RGB, kind: str) -> None:
    """A hand of `kind` rest, open, point or grip; `grip` is drawn over what it holds."""
    fine = pen.pixels > 26
    if not fine:
        pen.oval(0.42, 0.0, 0.48, 0.25, skin, steps=14)
        if kind == "point":
            pen.limb([(0.5, 0.05, 0.1), (1.05, 0.05, 0.07)], skin)
        return
    crease = shade(skin, 0.20)
    if kind == "grip":
        _grip(pen, skin, crease)
        return
    pen.blob([(-0.12, -0.17), (0.2, -0.25), (0.50, -0.25), (0.56, 0.0), (0.50, 0.23), (0.2, 0.24), (-0.12, 0.17)], skin)
    if kind == "open":
        for y, angle in ((0.20, 0.20), (0.07, 0.07), (-0.07, -0.05), (-0.19, -0.18)):
            pen.limb([(0.46, y, 0.075), (0.76, y + angle * 0.5, 0.066), (0.98 - abs(y) * 0.4, y + angle, 0.056)], skin)
        pen.limb([(0.12, 0.16, 0.09), (0.40, 0.42, 0.075), (0.56, 0.50, 0.06)], skin)
        for y in (0.135, 0.0, -0.13):
            pen.line([(0.50, y), (0.64, y * 1.15)], 0.022, crease, alpha=0.6)
    elif kind == "point":
        pen.limb([(0.46, 0.17, 0.085), (0.78, 0.18, 0.072), (1.1, 0.18, 0.058)], skin)
        for y in (0.02, -0.11, -0.22):
            pen.limb([(0.46, y, 0.085), (0.66, y, 0.08), (0.5, y - 0.03, 0.07)], skin)
            pen.line([(0.46, y + 0.07), (0.70, y + 0.07)], 0.022, crease, alpha=0.6)
        pen.limb([(0.14, 0.18, 0.09), (0.44, 0.30, 0.075)], skin)
    else:
        for y, reach in ((0.16, 0.86), (0.05, 0.93), (-0.07, 0.90), (-0.17, 0.78)):
            pen.limb([(0.44, y, 0.075), (0.68, y - 0.01, 0.07), (reach, y - 0.05, 0.058)], skin)
        pen.limb([(0.12, 0.15, 0.085), (0.36, 0.27, 0.075), (0.54, 0.24, 0.06)], skin)
        for y in (0.105, -0.01, -0.12):
            pen.line([(0.5, y), (0.76, y - 0.03)], 0.02, crease, alpha=0.55)


def thumb_over(pen: Pen, skin: RGB) -> None:
    """The thumb of a hand that holds something in front of its palm; drawn over the thing."""
    pen.limb([(0.02, 0.10, 0.10), (0.30, 0.22, 0.088), (0.56, 0.20, 0.066)], skin)
    if pen.pixels > 60:
        pen.oval(0.575, 0.20, 0.036, 0.042, mix(skin, (255, 236, 226), 0.5), steps=12)
        pen.line([(0.30, 0.14), (0.34, 0.20)], 0.016, shade(skin, 0.2), alpha=0.6)


def _grip(pen: Pen, skin: RGB, crease: RGB) -> None:
    pen.blob(
        [(-0.12, -0.17), (0.16, -0.27), (0.44, -0.24), (0.48, 0.0), (0.42, 0.22), (0.14, 0.24), (-0.12, 0.17)], skin
    )
    for index, y in enumerate((0.17, 0.05, -0.07, -0.18)):
        pen.limb(
            [(0.30, y, 0.082), (0.62 - index * 0.02, y - 0.01, 0.078), (0.74 - index * 0.03, y - 0.05, 0.062)], skin
        )
        if index:
            pen.line([(0.36, y + 0.066), (0.68, y + 0.058)], 0.022, crease, alpha=0.7)
    pen.limb([(0.06, 0.16, 0.09), (0.30, 0.34, 0.082), (0.54, 0.36, 0.066)], skin)
