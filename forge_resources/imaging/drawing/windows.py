"""Windows: holes in a wall with the outside behind them, in seven styles, and the light they let in.

What belongs here: frames, panes, curtains, shafts of light. What does not: the wall (rooms) or the view (skylines).
"""

from __future__ import annotations

from dataclasses import dataclass

from forge_resources.imaging.drawing import geometry as geo
from forge_resources.imaging.drawing.colour import RGB, mix, shade
from forge_resources.imaging.drawing.scene import Scene
from forge_resources.imaging.drawing.stage import Pen, Shaft


@dataclass(frozen=True)
class Opening:
    """A hole in the back wall, in metres."""

    x0: float
    x1: float
    y0: float
    y1: float
    style: str


SIZES: dict[str, tuple[float, float, float]] = {
    # Width, sill and head of a window by style, in metres.
    "sash": (1.05, 0.85, 2.25), "french": (1.5, 0.06, 2.3), "tilt": (1.5, 0.9, 2.2), "shutter": (1.1, 0.8, 2.2),
    "shoji": (2.3, 0.12, 2.15), "arch": (1.25, 0.7, 2.4), "wide": (2.9, 0.75, 2.25),
}  # fmt: skip


def opening(style: str, centre: float, wider: float = 1.0) -> Opening:
    """A window of that style with its middle at `centre`."""
    width, low, high = SIZES[style]
    return Opening(centre - width * wider / 2, centre + width * wider / 2, low, high, style)


def glaze(scene: Scene, hole: Opening, z: float, curtains: bool) -> None:
    """Frame, panes and curtains of an opening in the wall at depth z."""
    pen = scene.stage.upright(hole.x0, z, hole.y0)
    w, h = hole.x1 - hole.x0, hole.y1 - hole.y0
    paint = (
        mix(scene.paints.wall, (252, 250, 246), 0.75)
        if hole.style not in ("shoji", "tilt", "wide")
        else mix(scene.paints.wood, (90, 70, 54), 0.3)
    )
    if hole.style in ("tilt", "wide"):
        paint = (232, 232, 230) if hole.style == "tilt" else (74, 78, 88)
    _STYLES[hole.style](scene, pen, w, h, paint)
    scene.stage.box(
        hole.x0 - 0.07, hole.x1 + 0.07, hole.y0 - 0.05, hole.y0, z - 0.12, z, paint
    ) if hole.y0 > 0.3 else None
    if curtains:
        _curtains(scene, hole, z)
    _daylight(scene, hole, z)


def _bars(pen: Pen, w: float, h: float, across: int, up: int, thick: float, paint: RGB) -> None:
    for i in range(1, across):
        pen.rect(w * i / across - thick / 2, 0, w * i / across + thick / 2, h, paint)
    for i in range(1, up):
        pen.rect(0, h * i / up - thick / 2, w, h * i / up + thick / 2, paint)


def _casing(pen: Pen, w: float, h: float, thick: float, paint: RGB) -> None:
    edge = shade(paint, 0.12)
    pen.poly([(-thick, -thick * 0.4), (0.015, 0), (0.015, h), (-thick, h + thick)], paint)
    pen.poly([(w + thick, -thick * 0.4), (w - 0.015, 0), (w - 0.015, h), (w + thick, h + thick)], edge)
    pen.rect(-thick, h - 0.015, w + thick, h + thick, paint)
    pen.rect(0, h - 0.035, w, h - 0.012, shade(paint, 0.25))
    pen.rect(-thick * 0.5, -0.02, w + thick * 0.5, 0.03, paint)


def _sash(scene: Scene, pen: Pen, w: float, h: float, paint: RGB) -> None:
    _bars(pen, w, h, 3, 1, 0.024, paint)
    for y in (0.25, 0.75):
        pen.rect(0, h * y - 0.012, w, h * y + 0.012, paint)
    pen.rect(0, h / 2 - 0.03, w, h / 2 + 0.03, paint)
    _casing(pen, w, h, 0.09, paint)


def _french(scene: Scene, pen: Pen, w: float, h: float, paint: RGB) -> None:
    _bars(pen, w, h, 4, 4, 0.022, paint)
    pen.rect(w / 2 - 0.045, 0, w / 2 + 0.045, h, paint)
    pen.rect(0, 0, w, h * 0.14, paint)
    pen.rect(w / 2 + 0.02, h * 0.42, w / 2 + 0.04, h * 0.50, scene.paints.metal)
    _casing(pen, w, h, 0.08, paint)


def _tilt(scene: Scene, pen: Pen, w: float, h: float, paint: RGB) -> None:
    pen.rect(w * 0.5 - 0.05, 0, w * 0.5 + 0.05, h, paint)
    for x0, x1 in ((0.0, 0.05), (w - 0.05, w)):
        pen.rect(x0, 0, x1, h, shade(paint, 0.06))
    pen.rect(0, 0, w, 0.05, shade(paint, 0.04))
    pen.rect(w * 0.5 + 0.0, h * 0.42, w * 0.5 + 0.022, h * 0.54, shade(paint, 0.45))
    _casing(pen, w, h, 0.05, paint)


def _shutter(scene: Scene, pen: Pen, w: float, h: float, paint: RGB) -> None:
    _bars(pen, w, h, 2, 3, 0.03, paint)
    _casing(pen, w, h, 0.05, paint)
    colour = scene.paints.fabric
    for x0 in (-0.05 - w * 0.46, w + 0.05):
        pen.rect(x0, 0, x0 + w * 0.46, h, colour)
        slats = 16
        for i in range(slats):
            y = h * (0.04 + 0.92 * i / slats)
            pen.rect(x0 + 0.05, y, x0 + w * 0.46 - 0.05, y + h * 0.028, shade(colour, 0.2))


def _shoji(scene: Scene, pen: Pen, w: float, h: float, paint: RGB) -> None:
    paper = mix((250, 244, 228), scene.grade.hour.horizon, 0.25)
    shut = 0.5
    pen.rect(0, 0, w * shut, h, paper, alpha=0.86, glow=not scene.grade.lit_windows)
    pen.rect(w * 0.75, 0, w, h, paper, alpha=0.86, glow=not scene.grade.lit_windows)
    for x0, x1 in ((0.0, w * 0.25), (w * 0.25, w * 0.5), (w * 0.75, w)):
        for i in range(1, 3):
            x = x0 + (x1 - x0) * i / 3
            pen.rect(x - 0.008, 0, x + 0.008, h, paint)
        for i in range(1, 7):
            pen.rect(x0, h * i / 7 - 0.008, x1, h * i / 7 + 0.008, paint)
        pen.rect(x0, 0, x0 + 0.04, h, paint)
        pen.rect(x1 - 0.04, 0, x1, h, paint)
        pen.rect(x0, 0, x1, 0.10, shade(paint, 0.1))
    _casing(pen, w, h, 0.06, paint)


def _arch(scene: Scene, pen: Pen, w: float, h: float, paint: RGB) -> None:
    wall, r = scene.paints.wall, w / 2
    curve = geo.arc(r, h - r, r, r, 0, 180, 20)
    pen.poly([(w, h + 0.01), *curve[:11].tolist()], wall)
    pen.poly([(0, h + 0.01), *curve[10:][::-1].tolist()], wall)
    pen.line(curve, 0.07, paint)
    for angle in (45, 90, 135):
        tip = geo.arc(r, h - r, r, r, angle, angle, 1)[0]
        pen.line([(r, h - r), (tip[0], tip[1])], 0.025, paint)
    pen.rect(0, h - r - 0.02, w, h - r + 0.02, paint)
    pen.rect(r - 0.015, 0, r + 0.015, h - r, paint)
    pen.rect(0, (h - r) * 0.5 - 0.012, w, (h - r) * 0.5 + 0.012, paint)
    for x in (-0.035, w - 0.035):
        pen.rect(x, 0, x + 0.07, h - r, paint)


def _wide(scene: Scene, pen: Pen, w: float, h: float, paint: RGB) -> None:
    for share in (0.28, 0.72):
        pen.rect(w * share - 0.02, 0, w * share + 0.02, h, paint)
    _casing(pen, w, h, 0.045, paint)


_STYLES = {
    "sash": _sash,
    "french": _french,
    "tilt": _tilt,
    "shutter": _shutter,
    "shoji": _shoji,
    "arch": _arch,
    "wide": _wide,
}


def _curtains(scene: Scene, hole: Opening, z: float) -> None:
    colour = scene.rng.choice(
        [scene.paints.fabric2, mix(scene.paints.fabric2, (250, 246, 238), 0.6), scene.paints.fabric]
    )
    pen = scene.stage.upright(0, z - 0.08, 0)
    low, high = (0.05 if hole.y0 < 0.5 or scene.rng.random() < 0.6 else hole.y0 - 0.18), hole.y1 + 0.16
    pen.line([(hole.x0 - 0.4, high + 0.02), (hole.x1 + 0.4, high + 0.02)], 0.025, scene.paints.metal)
    for x, side in ((hole.x0, -1), (hole.x1, 1)):
        pen.blob(
            [
                (x - side * 0.10, high),
                (x + side * 0.32, high),
                (x + side * 0.30, (low + high) / 2),
                (x + side * 0.34, low),
                (x + side * 0.02, low),
                (x + side * 0.03, (low + high) / 2),
            ],
            colour,
        )
        for i in range(4):
            fx = x + side * (0.0 + i * 0.085)
            pen.line(
                [(fx, high - 0.02), (fx + side * 0.015, (low + high) / 2), (fx + side * 0.03, low + 0.03)],
                [0.008, 0.022, 0.010],
                shade(colour, 0.13),
                smooth=True,
            )


def _daylight(scene: Scene, hole: Opening, z: float) -> None:
    grade, stage = scene.grade, scene.stage
    out = grade.day_window
    x, y = (hole.x0 + hole.x1) / 2, (hole.y0 + hole.y1) / 2
    if out > 0.15:
        stage.shine(
            x,
            y,
            z,
            max(hole.x1 - hole.x0, 1.2) * 1.3,
            mix(grade.key, (255, 255, 255), 0.4),
            pool=0.16 * out,
            bloom=0.24 * out,
        )
    elif grade.hour.dark > 0.5:
        stage.shine(x, y, z, 1.1, (120, 150, 220), bloom=0.10)
    strength = grade.light.shafts * (out if out > 0.15 else 0.22)
    if strength < 0.05 or stage.camera.pitch < -40:
        return
    drift = -scene.light_side * 1.1 - x * 0.2
    panes = 2 if hole.x1 - hole.x0 < 1.6 else 3
    colour = grade.key if out > 0.15 else (140, 170, 230)
    for i in range(panes):
        a = hole.x0 + (hole.x1 - hole.x0) * (i + 0.06) / panes
        b = hole.x0 + (hole.x1 - hole.x0) * (i + 0.94) / panes
        top, foot = hole.y1 - 0.05, z - 1.2 - hole.y0 * 0.5
        corners = [
            stage.camera.project(a, top, z), stage.camera.project(b, top, z),
            stage.camera.project(b + drift * 1.5, 0, foot - 1.0), stage.camera.project(a + drift * 1.5, 0, foot - 1.0),
        ]  # fmt: skip
        stage.shafts.append(Shaft(corners, colour, 0.15 * strength))
        patch = stage.ground(0, 0, 0.004)
        patch.poly(
            [
                (a + drift, foot + 0.4),
                (b + drift, foot + 0.4),
                (b + drift * 1.5, foot - 1.0),
                (a + drift * 1.5, foot - 1.0),
            ],
            mix(colour, (255, 255, 255), 0.2),
            alpha=0.34 * strength,
        )
