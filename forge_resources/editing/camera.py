"""Where the camera is at each frame of a shot: easing, and the window between two windows.

What belongs here: geometry in shares of the plate, without pixels. What does not: which move a shot makes (see
`motion`) or drawing the window (see `plates`).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from forge_resources.schemas.edit import CameraPath, Window

_RAMP = 0.25


@dataclass(frozen=True)
class Box:
    """A part of a plate by its edges, in shares of its width and height."""

    left: float
    top: float
    right: float
    bottom: float


def eased(t: float) -> float:
    """Progress 0-1 at time 0-1: speeds up over the first quarter, even, slows down over the last.

    The speed is continuous, and between the ramps only a third above average, so that a move neither jerks nor lags.
    """
    top_speed = 1 / (1 - _RAMP)
    if t < _RAMP:
        return top_speed * t * t / (2 * _RAMP)
    if t > 1 - _RAMP:
        return 1 - top_speed * (1 - t) ** 2 / (2 * _RAMP)
    return top_speed * (t - _RAMP / 2)


def box_at(path: CameraPath, frame: int, frames: int) -> Box:
    """The window at `frame` of a shot of `frames`: the first shows the start of the path, the last its end."""
    t = frame / (frames - 1) if frames > 1 else 0.0
    progress = eased(t) if path.ease == "in-out" else t
    start, end = path.start, path.end
    # Sizes by ratio, so that a zoom looks equally fast all the way.
    size = float(start.size) * (float(end.size) / float(start.size)) ** progress
    return _box(_between(start.x, end.x, progress), _between(start.y, end.y, progress), size)


def smallest_size(path: CameraPath) -> float:
    """The size of the closest window of the path, as a share of the plate."""
    return float(min(path.start.size, path.end.size))


def widest_size(path: CameraPath) -> float:
    """The size of the widest window of the path, as a share of the plate."""
    return float(max(path.start.size, path.end.size))


def whole() -> CameraPath:
    """The path of a camera that shows all of the plate and does not move."""
    return CameraPath(move="hold", start=Window(), end=Window(), ease="linear")


def _between(start: Fraction, end: Fraction, progress: float) -> float:
    return float(start) + float(end - start) * progress


def _box(x: float, y: float, size: float) -> Box:
    left = min(max(x - size / 2, 0.0), 1.0 - size)
    top = min(max(y - size / 2, 0.0), 1.0 - size)
    return Box(left, top, left + size, top + size)
