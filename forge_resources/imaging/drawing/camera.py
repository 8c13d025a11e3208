"""The camera: a pinhole in the set, and where to put it for a shot size and an angle.

The set is measured in metres: x to the right, y up from the floor, z away from the viewer; the subject stands at z = 0.
What belongs here: projection and framing. What does not: anything that is drawn.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import numpy as np

from forge_resources.imaging.drawing.geometry import Points
from forge_resources.schemas.script import Angle, ShotSize

NEAR = 0.12
"""Nothing closer to the lens than this (metres) is drawn."""


@dataclass(frozen=True)
class Subject:
    """What the shot is of, in metres: its extents, and the point and height that a close shot looks at."""

    left: float
    right: float
    bottom: float
    top: float
    close_x: float
    close_y: float
    close_height: float
    single: bool = True
    is_product: bool = False

    @property
    def height(self) -> float:
        return self.top - self.bottom


@dataclass(frozen=True)
class Camera:
    """Projects the set onto a picture of `width` × `height` pixels."""

    width: int
    height: int
    matrix: Points
    position: tuple[float, float, float]
    distance: float
    pitch: float
    roll: float
    horizon: float
    """Where the horizon crosses the middle of the picture, in pixels from the top."""

    def project(self, x: float, y: float, z: float) -> tuple[float, float]:
        """A point of the set in pixels."""
        u, v, w = self.matrix @ (x, y, z, 1.0)
        return (u / max(w, NEAR), v / max(w, NEAR))

    def depth(self, x: float, y: float, z: float) -> float:
        """Distance from the lens along its axis, in metres."""
        return float(self.matrix[2] @ (x, y, z, 1.0))

    def pixels_per_metre(self, z: float = 0.0, y: float = 1.0) -> float:
        a, b = self.project(0, y, z), self.project(1, y, z)
        return math.hypot(b[0] - a[0], b[1] - a[1])


@dataclass(frozen=True)
class _Framing:
    lens: float
    cover: float
    place: float


_FRAMINGS: dict[ShotSize, _Framing] = {
    # lens in picture heights; how many subject heights the picture shows; where its middle sits from the top.
    "extreme-wide": _Framing(1.0, 4.2, 0.60),
    "wide": _Framing(1.15, 2.0, 0.56),
    "full": _Framing(1.5, 1.27, 0.525),
    "medium": _Framing(1.8, 0.0, 0.27),
    "close-up": _Framing(2.2, 0.0, 0.41),
    "extreme-close-up": _Framing(2.6, 0.0, 0.46),
}
_PITCH: dict[Angle, float] = {"eye": 0.0, "low": 13.0, "high": -24.0, "overhead": -56.0, "dutch": 0.0}
_CLOSE: dict[ShotSize, float] = {"medium": 3.6, "close-up": 1.95, "extreme-close-up": 1.02}
_PRODUCT: dict[ShotSize, float] = {
    "extreme-wide": 4.4, "wide": 3.0, "full": 1.9, "medium": 1.55, "close-up": 1.34, "extreme-close-up": 0.86,
}  # fmt: skip


def frame(
    size: ShotSize,
    angle: Angle,
    picture: tuple[int, int],
    subject: Subject,
    indoors: bool,
    mirror: bool,
    rng: random.Random,
) -> Camera:
    """The camera for a shot: distance, lens, pitch and shift, the subject on a third or, if close, near the middle."""
    aspect = picture[0] / picture[1]
    framing = _FRAMINGS[size]
    narrow = 1.0 if aspect > 1.5 else 1.06 if aspect > 0.9 else 1.10 if aspect > 0.7 else 1.28
    middle_x, place = (subject.left + subject.right) / 2, framing.place
    span = subject.right - subject.left
    if subject.is_product:
        visible, at = max(subject.height, span / aspect) * _PRODUCT[size], (subject.bottom + subject.top) / 2
        visible *= narrow if aspect < 0.9 and size != "extreme-close-up" else 1.0
        place = 0.45
    elif framing.cover:
        cover = framing.cover * (0.50 if indoors and size == "extreme-wide" else 1.0)
        tall = max(subject.height, 1.15)
        visible = max(tall * cover * narrow, span * (1.12 if size == "full" else 1.3) / aspect)
        at = subject.bottom + tall / 2
    else:
        visible = subject.close_height * _CLOSE[size] * (narrow if size != "extreme-close-up" else 1.0)
        if size == "medium":
            visible = max(visible, min(span * (0.92 if aspect > 1.5 else 1.06) / aspect, visible * 1.8))
        else:
            middle_x = subject.close_x
        at = subject.close_y
    lens = framing.lens * (0.82 if indoors and size in ("extreme-wide", "wide") else 1.0)
    distance = lens * visible
    across = _across(size, aspect, subject, rng)
    pitch = _PITCH[angle] * (0.75 if subject.is_product and angle == "overhead" else 1.0) + (
        rng.uniform(-2, 2) if angle in ("low", "high", "overhead") else 0.0
    )
    roll = rng.choice([-1, 1]) * rng.uniform(7, 10) if angle == "dutch" else 0.0
    return _camera(
        picture, (middle_x, at), (across, place), distance, lens, pitch, roll, mirror, size, subject.is_product
    )


def _across(size: ShotSize, aspect: float, subject: Subject, rng: random.Random) -> float:
    """Where the subject sits across the picture, 0-1 from the left."""
    if subject.is_product:
        return 0.5
    if not subject.single:
        return 0.5 + rng.uniform(-0.035, 0.035)
    room = 0.15 if aspect > 1.5 else 0.10 if aspect > 0.9 else 0.05
    if size in ("close-up", "extreme-close-up"):
        room *= 0.75
    return 0.5 - room * rng.uniform(0.55, 1.1)


def _camera(
    picture: tuple[int, int], target: tuple[float, float], place: tuple[float, float], distance: float, lens: float,
    pitch: float, roll: float, mirror: bool, size: ShotSize, product: bool,
) -> Camera:  # fmt: skip
    width, height = picture
    c, s = math.cos(math.radians(pitch)), math.sin(math.radians(pitch))
    if pitch:
        eye_y = max(target[1] - distance * s, 0.18)
        eye_z = -distance * c
    else:
        wide = size in ("extreme-wide", "wide", "full")
        if product:
            eye_y = target[1] + 0.20 * distance / lens
        else:
            eye_y = min(1.5, max(target[1] + 0.45, 0.9)) if wide else max(target[1] + 0.04, 0.35)
        eye_z = -distance
    cr, sr = math.cos(math.radians(roll)), math.sin(math.radians(roll))
    flip = -1.0 if mirror else 1.0
    # Rows give camera x, camera y and depth of a homogeneous point of the set.
    right = np.array([flip, 0, 0, -flip * target[0]])
    up = np.array([0, c, -s, -c * eye_y + s * eye_z])
    ahead = np.array([0, s, c, -s * eye_y - c * eye_z])
    row_x = height * lens * (cr * right - sr * up)
    row_y = -height * lens * (sr * right + cr * up)
    anchor = np.array([target[0], target[1], 0.0, 1.0])
    w = float(ahead @ anchor)
    across = 1 - place[0] if mirror else place[0]
    row_x = row_x + ahead * (across * width - row_x @ anchor / w)
    row_y = row_y + ahead * (place[1] * height - row_y @ anchor / w)
    matrix = np.stack([row_x, row_y, ahead])
    far = matrix @ np.array([target[0], eye_y, 4000.0, 1.0])
    horizon = float(far[1] / far[2]) if far[2] > 0 else -9.0 * height
    return Camera(width, height, matrix, (target[0], eye_y, eye_z), distance, pitch, roll, horizon)
