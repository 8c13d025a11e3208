"""The shell of a room: view through its windows, walls with openings, ceiling, floor.

What belongs here: what every interior starts from. What does not: furniture (rooms, public_rooms).
"""

from __future__ import annotations

from collections.abc import Sequence

from forge_resources.imaging.drawing.colour import RGB, mix, shade
from forge_resources.imaging.drawing.scene import Scene
from forge_resources.imaging.drawing.skylines import sky, skyline
from forge_resources.imaging.drawing.windows import Opening, glaze

FRONT = -9.0
"""How far the room reaches towards and behind the camera."""


def shell(
    scene: Scene, back: float, left: float, right: float, ceiling: float = 2.7, holes: Sequence[Opening] = (),
        floor: str = "boards",
    curtains: bool = True, storey: float = -4.0, wall: RGB | None = None, dado: bool | None = None,
        greenery: bool = False,
) -> None:  # fmt: skip
    """Draws an empty room: back wall at depth `back`, side walls at `left` and `right`, and what its windows show."""
    stage, paints, rng = scene.stage, scene.paints, scene.rng
    colour = wall or paints.wall
    scene.stage.haze, haze = 0.0, scene.stage.haze
    if holes:
        sky(scene)
        skyline(
            scene,
            scene.detail("skyline"),
            13.0,
            storey,
            centre=sum(h.x0 + h.x1 for h in holes) / len(holes) * 5.0,
            spread=0.72,
        )
        if greenery:
            _hedge(scene, back)
    stage.haze = haze
    _back_wall(scene, back, left, right, ceiling, holes, colour)
    low = paints.wall_low
    if dado if dado is not None else (low != paints.wall and rng.random() < 0.55):
        _dado(scene, back, left, right, holes, low)
    near_side, far_side = shade(colour, 0.05), shade(colour, 0.15)
    lit_left = scene.light_side < 0
    stage.solid(
        [(left, 0, back), (left, ceiling, back), (left, ceiling, FRONT), (left, 0, FRONT)],
        far_side if lit_left else near_side,
    )
    stage.solid(
        [(right, 0, back), (right, ceiling, back), (right, ceiling, FRONT), (right, 0, FRONT)],
        near_side if lit_left else far_side,
    )
    _floor(scene, back, left, right, floor)
    if stage.camera.position[1] < ceiling - 0.05:
        stage.solid(
            [(left, ceiling, back), (right, ceiling, back), (right, ceiling, FRONT), (left, ceiling, FRONT)],
            mix(colour, (252, 250, 246), 0.62),
        )
    board = mix(colour, (252, 250, 246), 0.7)
    cuts = sorted((h.x0, h.x1) for h in holes if h.y0 < 0.1)
    x = left
    for a, b in [*cuts, (right, right)]:
        stage.solid([(x, 0, back), (a, 0, back), (a, 0.09, back), (x, 0.09, back)], board)
        x = b
    for hole in holes:
        glaze(scene, hole, back, curtains)


def _back_wall(
    scene: Scene, back: float, left: float, right: float, ceiling: float, holes: Sequence[Opening], colour: RGB
) -> None:
    def strip(x0: float, x1: float, y0: float, y1: float) -> None:
        scene.stage.solid([(x0, y0, back), (x1, y0, back), (x1, y1, back), (x0, y1, back)], colour)

    x = left
    for hole in sorted(holes, key=lambda h: h.x0):
        strip(x, hole.x0, 0, ceiling)
        strip(hole.x0 - 0.005, hole.x1 + 0.005, hole.y1, ceiling)
        strip(hole.x0 - 0.005, hole.x1 + 0.005, 0, hole.y0)
        x = hole.x1
    strip(x, right, 0, ceiling)


def _dado(scene: Scene, back: float, left: float, right: float, holes: Sequence[Opening], colour: RGB) -> None:
    top, x = 0.95, left
    rail = mix(colour, (252, 250, 246), 0.5)
    for hole in [*sorted((h for h in holes if h.y0 < top), key=lambda h: h.x0), None]:
        a, b = (hole.x0, hole.x1) if hole else (right, right)
        scene.stage.solid([(x, 0, back), (a, 0, back), (a, top, back), (x, top, back)], colour)
        scene.stage.solid([(x, top, back), (a, top, back), (a, top + 0.045, back), (x, top + 0.045, back)], rail)
        if hole and hole.y0 > 0:
            scene.stage.solid(
                [(a, 0, back), (b, 0, back), (b, min(top, hole.y0), back), (a, min(top, hole.y0), back)], colour
            )
        x = b


def _floor(scene: Scene, back: float, left: float, right: float, kind: str) -> None:
    stage, colour, rng = scene.stage, scene.paints.floor, scene.rng
    if kind == "carpet":
        colour = mix(scene.paints.fabric2, (150, 146, 150), 0.55)
    if kind == "tiles":
        colour = mix(colour, (226, 224, 220), 0.6)
    stage.solid([(left, 0, back), (right, 0, back), (right, 0, FRONT), (left, 0, FRONT)], colour)
    line, other = shade(colour, 0.13), shade(colour, 0.06)
    near = max(stage.camera.position[2] + 0.2, FRONT)
    if kind == "boards":
        x = left
        while x < right:
            wide = rng.uniform(0.17, 0.24)
            if rng.random() < 0.4:
                stage.solid([(x, 0, back), (x + wide, 0, back), (x + wide, 0, FRONT), (x, 0, FRONT)], other)
            stage.solid([(x, 0, back), (x + 0.008, 0, back), (x + 0.008, 0, FRONT), (x, 0, FRONT)], line)
            x += wide
    elif kind in ("tiles", "checks"):
        size = 0.45
        columns = range(int((right - left) / size) + 1)
        if kind == "tiles":
            for i in columns:
                x = left + i * size
                stage.solid([(x, 0, back), (x + 0.012, 0, back), (x + 0.012, 0, FRONT), (x, 0, FRONT)], line)
            z = back
            while z > near:
                stage.solid([(left, 0, z), (right, 0, z), (right, 0, z - 0.014), (left, 0, z - 0.014)], line)
                z -= size
        else:
            dark = shade(colour, 0.28)
            z, row = back, 0
            while z > near:
                for i in columns:
                    if (i + row) % 2:
                        x = left + i * size
                        stage.solid([(x, 0, z), (x + size, 0, z), (x + size, 0, z - size), (x, 0, z - size)], dark)
                z, row = z - size, row + 1


def _hedge(scene: Scene, back: float) -> None:
    pen = scene.stage.upright(0, back + 5)
    for _ in range(16):
        x, r = scene.rng.uniform(-7, 8), scene.rng.uniform(0.5, 1.3)
        pen.oval(
            x,
            scene.rng.uniform(-0.4, 0.7),
            r,
            r * 0.8,
            shade(scene.paints.leaf, scene.rng.uniform(-0.1, 0.25)),
            steps=16,
        )
