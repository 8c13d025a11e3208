"""Bodies and poses: proportions by role, joint targets by pose, and the skeleton they give.

Lengths are shares of the body's height, x points where the figure faces, y up from the floor. What belongs here: where
the joints are. What does not: clothes (wardrobe), faces (heads), drawing (figures).
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from forge_resources.imaging.drawing.geometry import Point, joint


@dataclass(frozen=True)
class Body:
    """Proportions: `height` in metres, all else in shares of it."""

    height: float
    head: float = 0.136
    shoulder: float = 0.108
    hip: float = 0.076
    bulk: float = 1.0
    stoop: float = 0.0

    @property
    def hip_height(self) -> float:
        return 0.535 - (self.head - 0.136) * 1.2

    @property
    def torso(self) -> float:
        return 0.295 - (self.head - 0.136) * 0.3


_HEIGHTS: dict[str, tuple[float, float]] = {
    "child": (1.18, 0.178), "teen": (1.62, 0.142), "student": (1.72, 0.137), "senior": (1.66, 0.140),
    "athlete": (1.78, 0.131), "professional": (1.76, 0.133),
}  # fmt: skip


def body_for(role: str, broad: bool, rng: random.Random) -> Body:
    """The build of a role; `broad` is the broader-shouldered of two builds."""
    height, head = _HEIGHTS.get(role, (1.73, 0.136))
    height *= rng.uniform(0.975, 1.025) * (1.015 if broad else 0.965)
    bulk = rng.uniform(0.94, 1.12) * (1.05 if role == "cook" else 1.0)
    if role == "child":
        return Body(height, head, 0.092, 0.074, 1.04)
    return Body(
        height, head, 0.114 if broad else 0.099, 0.073 if broad else 0.079, bulk * (1.06 if broad else 0.95),
        7.0 if role == "senior" else 0.0,
    )  # fmt: skip


@dataclass(frozen=True)
class Arm:
    """Where a hand goes, from its shoulder; `bend` is the side of the elbow."""

    x: float
    y: float
    bend: float = -1.0


@dataclass(frozen=True)
class Foot:
    """Where an ankle goes: x from the hips, y from the floor; `pitch` turns the shoe, negative is toes down."""

    x: float
    y: float = 0.0
    pitch: float = 0.0


@dataclass(frozen=True)
class Pose:
    """Joint targets. `near` and `far` are the limbs closer to and farther from the viewer."""

    near: Arm
    far: Arm
    near_foot: Foot = Foot(-0.045)
    far_foot: Foot = Foot(0.05)
    turn: float = 0.45
    lean: float = 0.0
    nod: float = 0.0
    drop: float = 0.0
    """How far the hips are below standing height."""
    support: str = "floor"
    """What carries the figure: floor, seat, bed; `desk` and `stove` are seat and floor with furniture in front."""
    item: str = ""
    """What is in the near hand unless the product is."""
    eyes: str = "open"
    mouth: str = "smile"


_DOWN = Arm(-0.035, -0.295)
_DOWN_FAR = Arm(0.045, -0.292)
_SEATED = (Foot(0.235), Foot(0.285))
POSES: dict[str, tuple[Pose, ...]] = {
    "stands": (
        Pose(_DOWN, _DOWN_FAR),
        Pose(Arm(-0.005, -0.215, -1), _DOWN_FAR, lean=-1.5),
        Pose(Arm(0.13, -0.13), Arm(0.02, -0.13), lean=-1),
        Pose(Arm(-0.03, -0.29), Arm(0.055, -0.205, 1), Foot(-0.07), Foot(0.06), turn=0.3),
    ),
    "walks": (
        Pose(
            Arm(0.115, -0.255), Arm(-0.105, -0.262), Foot(-0.175, 0.035, -28), Foot(0.165, 0.0, 12), 0.75, 3, 0, 0.018
        ),
        Pose(Arm(-0.12, -0.255), Arm(0.135, -0.245), Foot(0.165, 0.0, 12), Foot(-0.175, 0.035, -28), 0.75, 3, 0, 0.018),
    ),
    "runs": (
        Pose(
            Arm(0.17, -0.10),
            Arm(-0.13, -0.15),
            Foot(-0.31, 0.21, -62),
            Foot(0.19, 0.10, 8),
            0.85,
            13,
            -3,
            -0.015,
            mouth="open",
        ),
        Pose(
            Arm(-0.17, -0.13),
            Arm(0.17, -0.09),
            Foot(0.20, 0.10, 8),
            Foot(-0.31, 0.21, -62),
            0.85,
            13,
            -3,
            -0.015,
            mouth="open",
        ),
    ),
    "sits": (
        Pose(Arm(0.17, -0.235), Arm(0.17, -0.225), *_SEATED, 0.55, -4, 0, 0, "seat"),
        Pose(Arm(0.19, -0.215), Arm(0.10, -0.16), *_SEATED, 0.5, 3, 2, 0, "seat"),
    ),
    "lies": (Pose(Arm(0.09, -0.26), Arm(0.06, 0.13, 1), Foot(0.0), Foot(0.10, 0.08), 0.6, 0, 0, 0, "bed"),),
    "sleeps": (
        Pose(Arm(0.02, -0.29), Arm(0.02, -0.29), Foot(0.0), Foot(0.04), 0.6, 0, 0, 0, "bed", "", "closed", "calm"),
    ),
    "reaches": (
        Pose(Arm(0.225, 0.205), Arm(-0.04, -0.27), Foot(-0.09, 0.022, -24), Foot(0.07), 0.6, 5, -12, -0.012),
        Pose(Arm(0.25, 0.13), Arm(-0.03, -0.22), Foot(-0.12, 0.015, -16), Foot(0.11), 0.65, 8, -6, 0.005),
    ),
    "holds": (
        Pose(Arm(0.215, -0.115), Arm(0.135, -0.135), turn=0.4, nod=5, item="held"),
        Pose(Arm(0.20, -0.02), Arm(0.05, -0.28), turn=0.4, nod=0, item="held"),
    ),
    "points": (
        Pose(Arm(0.305, 0.035), _DOWN, turn=0.55, lean=2, nod=-3),
        Pose(Arm(0.26, 0.155), Arm(-0.01, -0.215, -1), turn=0.5, nod=-8, mouth="open"),
    ),
    "hugs": (Pose(Arm(0.225, -0.075), Arm(0.225, 0.0), turn=0.75, lean=5, nod=5, eyes="happy"),),
    "stretches": (
        Pose(Arm(-0.075, 0.285, 1), Arm(0.115, 0.27, -1), turn=0.3, lean=-4, nod=-10, eyes="happy"),
        Pose(Arm(-0.19, 0.225, 1), Arm(0.17, 0.24, -1), turn=0.15, lean=-2, nod=-6, eyes="happy"),
    ),
    "types": (Pose(Arm(0.225, -0.155), Arm(0.20, -0.15), *_SEATED, 0.65, 5, 7, 0, "desk", "", "down"),),
    "drinks": (
        Pose(Arm(0.175, 0.012), _DOWN_FAR, turn=0.6, nod=-3, item="mug", eyes="happy", mouth="calm"),
        Pose(Arm(0.19, -0.05), Arm(0.045, -0.285), turn=0.5, lean=-1, nod=2, item="mug", eyes="open", mouth="smile"),
    ),
    "cooks": (
        Pose(
            Arm(0.22, -0.135), Arm(0.255, -0.155), turn=0.6, lean=5, nod=9, support="stove", item="spoon", eyes="down"
        ),
    ),
    "reads": (Pose(Arm(0.175, -0.13), Arm(0.16, -0.12), turn=0.5, nod=13, item="book", eyes="down", mouth="calm"),),
    "waves": (
        Pose(_DOWN, Arm(0.155, 0.185, -1), turn=0.3, lean=-2, mouth="open"),
        Pose(Arm(-0.155, 0.175, 1), _DOWN_FAR, turn=0.25, lean=2, mouth="open"),
    ),
    "yawns": (Pose(Arm(0.075, 0.035), Arm(0.165, 0.24, -1), turn=0.35, lean=-5, nod=-10, eyes="closed", mouth="yawn"),),
}

SEAT_HEIGHT = 0.315
"""Height of a seat's top in shares of the sitter's height."""


@dataclass(frozen=True)
class Skeleton:
    """Joints in shares of the height: limbs as shoulder/hip, middle joint, hand/ankle."""

    hips: Point
    chest: Point
    neck: Point
    lean: float
    nod: float
    turn: float
    near_arm: tuple[Point, Point, Point]
    far_arm: tuple[Point, Point, Point]
    near_leg: tuple[Point, Point, Point]
    far_leg: tuple[Point, Point, Point]
    near_pitch: float
    far_pitch: float


def skeleton(body: Body, pose: Pose, seated: bool = False) -> Skeleton:
    """The joints of a body in a pose; `seated` puts an upright pose on a seat and keeps what its arms do."""
    sits = seated or pose.support in ("seat", "desk")
    lean, nod = pose.lean - body.stoop, pose.nod
    drop = body.hip_height - SEAT_HEIGHT if sits else pose.drop
    near_foot, far_foot = _SEATED if sits else (pose.near_foot, pose.far_foot)
    hips = (0.0, body.hip_height - drop)
    c, s = math.cos(math.radians(-lean)), math.sin(math.radians(-lean))
    chest = (hips[0] - s * body.torso, hips[1] + c * body.torso)
    neck = (chest[0] - s * 0.034 + 0.004, chest[1] + c * 0.034)
    spread = math.cos(math.radians(pose.turn * 78))
    near_shoulder = (chest[0] - body.shoulder * spread * c * 0.74, chest[1] - body.shoulder * spread * s - 0.046)
    far_shoulder = (chest[0] + body.shoulder * spread * 0.74, chest[1] - 0.043)
    arms = [
        (shoulder, *joint(shoulder, (shoulder[0] + arm.x, shoulder[1] + arm.y), 0.162, 0.148, arm.bend))
        for shoulder, arm in ((near_shoulder, pose.near), (far_shoulder, pose.far))
    ]
    thigh, shin = body.hip_height * 0.475, body.hip_height * 0.45
    legs = []
    for side, foot in ((-1, near_foot), (1, far_foot)):
        hip = (hips[0] + side * body.hip * 0.55 * spread, hips[1])
        ankle = (foot.x + side * body.hip * 0.2 * spread, foot.y + 0.042)
        legs.append((hip, *joint(hip, ankle, thigh, shin, 1.0)))
    pitches = (0.0, 0.0) if sits else (pose.near_foot.pitch, pose.far_foot.pitch)
    return Skeleton(hips, chest, neck, lean, nod, pose.turn, arms[0], arms[1], legs[0], legs[1], *pitches)
