"""Beds and sofas one lies on, and the blanket over whoever does. Positions in metres; x is the middle, z the front.

What belongs here: what is behind and in front of a lying person. What does not: the person (figures).
"""

from __future__ import annotations

from forge_resources.imaging.drawing.colour import mix, shade
from forge_resources.imaging.drawing.scene import Scene


def bed_behind(scene: Scene, x: float, z: float, wide: float = 2.05, sofa: bool = False, flip: bool = False) -> None:
    """A bed lengthwise, headboard at its left end (its right if `flip`): what is behind a person lying
    on it. Its top is at 0.52 m."""
    stage, paints = scene.stage, scene.paints
    a, b = x - wide / 2, x + wide / 2
    stage.contact(x, z + 0.4, wide * 0.55, 0.7, 0.34)
    if sofa:
        stage.box(a - 0.1, b + 0.1, 0.3, 0.92, z + 0.75, z + 0.95, shade(paints.fabric, 0.08))
        stage.box(a - 0.1, b + 0.1, 0.10, 0.50, z, z + 0.9, paints.fabric)
        stage.box(a - 0.24, a, 0.05, 0.68, z - 0.02, z + 0.9, shade(paints.fabric, 0.04))
        stage.box(b, b + 0.24, 0.05, 0.68, z - 0.02, z + 0.9, shade(paints.fabric, 0.04))
        stage.upright(a + 0.18, z + 0.3, 0.5).blob(
            [(-0.2, 0), (-0.24, 0.2), (-0.1, 0.34), (0.14, 0.2), (0.2, 0.02)], paints.fabric2
        )
        return
    side = -1 if flip else 1
    head = b if flip else a
    stage.box(
        min(head - side * 0.10, head),
        max(head - side * 0.10, head),
        0.0,
        1.08,
        z - 0.05,
        z + 1.4,
        shade(paints.wood, 0.12),
    )
    stage.box(a, b, 0.10, 0.30, z, z + 1.4, paints.wood)
    stage.box(a, b, 0.26, 0.50, z - 0.01, z + 1.4, (240, 234, 226), top=(248, 244, 238))
    for pz, tone in ((z + 0.95, (228, 222, 216)), (z + 0.3, (250, 247, 242))):
        if stage.camera.pitch < -40:
            stage.ground(head + side * 0.32, pz - 0.1, 0.53).blob(
                [(-0.26, -0.28), (-0.29, 0.0), (-0.26, 0.28), (0.2, 0.26), (0.24, 0.0), (0.2, -0.26)], tone
            )
            continue
        stage.upright(head + side * 0.30, pz, 0.5, 1.0, flip).blob(
            [(-0.26, 0.0), (-0.29, 0.12), (-0.1, 0.21), (0.16, 0.17), (0.30, 0.05), (0.24, -0.01)], tone
        )


def bed_end_on(scene: Scene, x: float, foot: float, back: float, top: float = 0.58) -> None:
    """A bed seen from its foot end, at z = `foot`, its headboard at z = `back`; `top` is the height of its duvet."""
    scene.stage.contact(x, (foot + back) / 2, 1.0, 1.0, 0.3)
    _head_end(scene, x, foot, back, top)
    _duvet(scene, x, foot, back, top)


def bed_sat_on(scene: Scene, x: float, z: float, top: float, flip: bool = False) -> None:
    """Adds the same bed below somebody who sits on its long side at (x, z), facing +x (-x if `flip`)."""
    side = -1 if flip else 1
    foot, back, middle = z - 0.45, z + 1.3, x - side * 0.76

    def hanging() -> None:
        _duvet(scene, middle, foot, back, top)
        pen = scene.stage.upright(middle, foot - 0.03)
        for i in range(4):
            fx = -0.6 + 0.4 * i
            fold = [(fx, top - 0.03), (fx + 0.03, top * 0.62), (fx - 0.02, 0.2)]
            pen.line(fold, [0.003, 0.016, 0.003], shade(scene.paints.fabric, 0.16), smooth=True)

    scene.stage.contact(middle, (foot + back) / 2, 1.0, 1.0, 0.3)
    # The head end is far enough to be out of focus behind a face.
    scene.add(back - 0.2, lambda: _head_end(scene, middle, foot, back, top))
    scene.add(z + 0.12, hanging)


def _head_end(scene: Scene, x: float, foot: float, back: float, top: float) -> None:
    stage = scene.stage
    stage.box(x - 0.88, x + 0.88, 0, top + 0.57, back - 0.12, back, shade(scene.paints.wood, 0.1))
    stage.box(x - 0.85, x + 0.85, 0.10, top - 0.08, foot, back - 0.12, (238, 232, 224))
    for px in (-0.42, 0.42):
        stage.upright(x + px, back - 0.3, top - 0.08).blob(
            [(-0.36, 0.0), (-0.38, 0.16), (-0.2, 0.30), (0.2, 0.30), (0.38, 0.16), (0.36, 0.0)], (248, 245, 240)
        )


def _duvet(scene: Scene, x: float, foot: float, back: float, top: float) -> None:
    stage, fabric = scene.stage, scene.paints.fabric
    turned_down = mix(fabric, (250, 246, 240), 0.6)
    stage.box(x - 0.90, x + 0.90, 0.16, top, foot - 0.03, back - 0.85, fabric)
    stage.box(x - 0.91, x + 0.91, top - 0.28, top + 0.02, back - 0.95, back - 0.7, turned_down)


def blanket_from_above(scene: Scene, x: float, z: float, wide: float, flip: bool) -> None:
    """The duvet as the camera overhead sees it."""
    pen, colour = scene.stage.ground(x, z + 0.62, 0.74), scene.paints.fabric
    side = -1 if flip else 1
    a, b = side * (-wide / 2 + 0.72), side * (wide / 2 + 0.02)
    pen.blob(
        [
            (a, -0.62),
            (a + side * 0.03, 0.0),
            (a, 0.62),
            ((a + b) / 2, 0.66),
            (b, 0.60),
            (b, -0.62),
            ((a + b) / 2, -0.68),
        ],
        colour,
    )
    pen.blob(
        [
            (a - side * 0.02, -0.62),
            (a - side * 0.01, 0.0),
            (a - side * 0.02, 0.62),
            (a + side * 0.16, 0.60),
            (a + side * 0.18, 0.0),
            (a + side * 0.16, -0.62),
        ],
        mix(colour, (250, 246, 240), 0.62),
    )
    for i in range(4):
        fx = a + (b - a) * (0.25 + 0.2 * i)
        pen.line(
            [(fx, -0.5), (fx + 0.06, -0.1), (fx - 0.04, 0.45)], [0.004, 0.03, 0.004], shade(colour, 0.16), smooth=True
        )


def blanket(scene: Scene, x: float, z: float, wide: float, covers: bool, flip: bool = False) -> None:
    """The duvet over the legs of whoever lies there (`covers`), or folded back at the foot."""
    pen, colour = scene.stage.upright(x, z - 0.03, 0.0, 1.0, flip), scene.paints.fabric
    if covers and scene.stage.camera.position[1] > 1.0:
        # What a camera above the bed sees of the duvet: its slope from the sleeper down to the far side.
        side = -1 if flip else 1
        near, far = x + side * (-wide / 2 + 0.72), x + side * (wide / 2 - 0.16)
        for (z0, y0), (z1, y1) in (((1.3, 0.56), (0.6, 0.85)), ((0.6, 0.85), (-0.03, 0.78))):
            slope = [(near, y0, z + z0), (far, y0, z + z0), (far, y1, z + z1), (near, y1, z + z1)]
            scene.stage.solid(slope, shade(colour, -0.06))
    a = -wide / 2 + (0.72 if covers else 1.25)
    b = wide / 2 + 0.03
    rise = 0.35 if covers else 0.10
    pen.blob(
        [
            (a, 0.50),
            (a + 0.04, 0.52 + rise * 0.75),
            (a + 0.3, 0.52 + rise),
            ((a + b) / 2, 0.52 + rise * 0.85),
            (b - 0.25, 0.52 + rise * 0.98),
            (b - 0.11, 0.52 + rise * 0.8),
            (b - 0.05, 0.56),
            (b, 0.3),
            (b - 0.1, 0.14),
            ((a + b) / 2, 0.18),
            (a + 0.1, 0.15),
            (a - 0.02, 0.32),
        ],
        colour,
    )
    for i in range(4):
        fx = a + 0.2 + (b - a - 0.4) * i / 3
        pen.line(
            [(fx, 0.52 + rise * 0.6), (fx + 0.04, 0.40), (fx + 0.10, 0.22)],
            [0.004, 0.02, 0.004],
            shade(colour, 0.16),
            smooth=True,
        )
    pen.blob(
        [
            (a - 0.01, 0.40),
            (a, 0.52 + rise * 0.72),
            (a + 0.10, 0.53 + rise * 0.9),
            (a + 0.12, 0.36),
            (a + 0.09, 0.17),
            (a - 0.01, 0.2),
        ],
        mix(colour, (250, 246, 240), 0.62),
    )
