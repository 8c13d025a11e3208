"""Plane geometry that the drawing modules share: smooth curves, tapered limbs, arcs, two-bone joints.

What belongs here: points in, points out, in any unit. What does not: colour, cameras, canvases.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Point = tuple[float, float]


def points(values: Iterable[Sequence[float]] | Points) -> Points:
    """An (n, 2) or (n, 3) array of whatever sequence of points comes in."""
    return np.asarray(values if isinstance(values, np.ndarray) else list(values), dtype=np.float64)


@lru_cache(maxsize=16)
def _catmull_weights(steps: int) -> Points:
    t = np.arange(steps) / steps
    return np.stack(
        [
            -0.5 * t + t**2 - 0.5 * t**3,
            1 - 2.5 * t**2 + 1.5 * t**3,
            0.5 * t + 2 * t**2 - 1.5 * t**3,
            -0.5 * t**2 + 0.5 * t**3,
        ],
        axis=1,
    )


def closed_curve(values: Iterable[Sequence[float]] | Points, steps: int = 6) -> Points:
    """A closed Catmull-Rom curve through the points."""
    p = points(values)
    stacked = np.stack([np.roll(p, 1, axis=0), p, np.roll(p, -1, axis=0), np.roll(p, -2, axis=0)], axis=0)
    return np.asarray(np.einsum("sk,knd->nsd", _catmull_weights(steps), stacked).reshape(-1, p.shape[1]))


def open_curve(values: Iterable[Sequence[float]] | Points, steps: int = 6) -> Points:
    """A Catmull-Rom curve from the first point to the last."""
    p = points(values)
    if len(p) < 3:
        return p
    q = np.concatenate([p[:1], p, p[-1:]])
    stacked = np.stack([q[:-3], q[1:-2], q[2:-1], q[3:]], axis=0)
    curve = np.einsum("sk,knd->nsd", _catmull_weights(steps), stacked).reshape(-1, p.shape[1])
    return np.concatenate([curve, p[-1:]])


@lru_cache(maxsize=32)
def _circle(steps: int) -> Points:
    angle = np.arange(steps) * (2 * math.pi / steps)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def ellipse(cx: float, cy: float, rx: float, ry: float, turn: float = 0.0, steps: int = 32) -> Points:
    """An ellipse, turned by `turn` degrees against the clock."""
    p = _circle(steps) * np.array((rx, ry))
    if turn:
        p = rotated(p, turn)
    return np.asarray(p + np.array((cx, cy)))


def arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float, steps: int = 16) -> Points:
    """Part of an ellipse between two angles in degrees, both ends included."""
    angle = np.radians(np.linspace(start, end, steps))
    return np.stack([cx + rx * np.cos(angle), cy + ry * np.sin(angle)], axis=1)


def rotated(values: Points, degrees: float, about: Point = (0.0, 0.0)) -> Points:
    """The points turned against the clock about a point."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    centre = np.asarray(about)
    return np.asarray((values - centre) @ np.array([[c, s], [-s, c]]) + centre)


def rounded_rectangle(x0: float, y0: float, x1: float, y1: float, radius: float) -> Points:
    """A rectangle with round corners."""
    r = min(radius, abs(x1 - x0) / 2, abs(y1 - y0) / 2)
    x0, x1, y0, y1 = min(x0, x1), max(x0, x1), min(y0, y1), max(y0, y1)
    return np.concatenate(
        [
            arc(x1 - r, y1 - r, r, r, 0, 90, 5),
            arc(x0 + r, y1 - r, r, r, 90, 180, 5),
            arc(x0 + r, y0 + r, r, r, 180, 270, 5),
            arc(x1 - r, y0 + r, r, r, 270, 360, 5),
        ]
    )


def tapered(a: Point, ra: float, b: Point, rb: float, steps: int = 9) -> Points:
    """The hull of two circles: a limb between two joints of radius `ra` and `rb`."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = math.hypot(dx, dy)
    if length <= abs(ra - rb) + 1e-9:
        return ellipse(*(a if ra > rb else b), max(ra, rb), max(ra, rb), steps=20)
    heading = math.degrees(math.atan2(dy, dx))
    open_by = math.degrees(math.acos((ra - rb) / length))
    return np.concatenate(
        [
            arc(*a, ra, ra, heading + open_by, heading + 360 - open_by, steps),
            arc(*b, rb, rb, heading - open_by, heading + open_by, steps),
        ]
    )


def ribbon(values: Iterable[Sequence[float]] | Points, widths: Points) -> Points:
    """The outline of a stroke along a path, with one width per point."""
    p = points(values)
    along = np.gradient(p, axis=0)
    along /= np.maximum(np.hypot(along[:, 0], along[:, 1])[:, None], 1e-9)
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1) * (widths[:, None] / 2)
    return np.concatenate([p + normal, (p - normal)[::-1]])


def joint(a: Point, b: Point, first: float, second: float, bend: float) -> tuple[Point, Point]:
    """The middle joint of two bones from `a` towards `b`, and where the second bone really ends.

    `bend` is +1 or -1: the side the joint goes to, seen from `a` to `b` (+1 is left). Where `b` is out of reach, the
    limb is stretched towards it.
    """
    dx, dy = b[0] - a[0], b[1] - a[1]
    distance = max(math.hypot(dx, dy), 1e-6)
    reach = min(max(distance, abs(first - second) + 1e-4), (first + second) * 0.998)
    ux, uy = dx / distance, dy / distance
    end = (a[0] + ux * reach, a[1] + uy * reach)
    along = (first**2 - second**2 + reach**2) / (2 * reach)
    off = math.sqrt(max(first**2 - along**2, 0.0)) * bend
    return (a[0] + ux * along - uy * off, a[1] + uy * along + ux * off), end
