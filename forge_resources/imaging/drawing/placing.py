"""Blocking: who stands where, which furniture a pose needs, and what the camera is on.

What belongs here: decisions in metres. What does not: drawing them (composition).
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from forge_resources.imaging.drawing.acting import Acting
from forge_resources.imaging.drawing.anatomy import POSES, SEAT_HEIGHT, Arm, Pose, skeleton
from forge_resources.imaging.drawing.camera import Subject
from forge_resources.imaging.drawing.colour import Paints
from forge_resources.imaging.drawing.wardrobe import Costume, cast
from forge_resources.schemas.script import ShotSize

DESK_TOP, STOVE_TOP = 0.385, 0.49
"""Heights of a desk and a worktop in shares of the height of whoever is at it."""
LYING = 0.075
"""How far the middle of a lying body is above what it lies on, in shares of its height."""
_BELOW_THE_HEAD = 2.6
"""How many close heights a medium shot shows below the head."""
_AT_THE_WHEEL = (Arm(0.248, 0.02), Arm(0.235, 0.085))
_ARM, _ARM_ACROSS = 0.295, 0.25
"""How far a hand gets from its shoulder, in shares of the height, and how far to the front of it."""
_CAR_SEATS = ((0.0, 0.0), (-0.70, 0.02), (0.06, 0.36), (-0.64, 0.38))
"""Where one sits in a car, in metres: at the wheel, behind it, and beside both."""
_CAR_CUSHION = 0.56
"""Height of its seats in metres; the short sit on something."""
SEATED_SETS = frozenset({"train", "car"})
_HOMES = frozenset({"bedroom", "kitchen", "living-room", "bathroom", "home-office", "balcony"})
_SITTABLE = frozenset({"reads", "drinks", "holds", "yawns", "waves", "points"})
_RESTING_SETS = frozenset({"cafe", "restaurant", "library", "train", "car", "living-room", "bus-stop", "classroom"})


@dataclass(frozen=True)
class Placed:
    """A figure on its mark: `x`, `z` below its hips (for a lying one, the middle of its body), facing +1 or -1."""

    who: Costume
    name: str
    pose: Pose
    x: float
    z: float
    facing: int
    seated: bool
    foot: float = 0.0
    """Height of what its feet rest on, in metres."""

    @property
    def lying(self) -> bool:
        return self.pose.support == "bed"

    @property
    def on_seat(self) -> bool:
        """Whether it sits on what the set offers, and not at a desk."""
        return self.seated and self.pose.support != "desk"

    @property
    def acting(self) -> Acting:
        return Acting(self.who, self.pose, skeleton(self.who.body, self.pose, self.seated))

    @property
    def seat_top(self) -> float:
        """Height of what it sits on, in metres."""
        return 0.252 * self.who.body.height

    def palm(self) -> tuple[float, float]:
        """The palm of its near hand in metres of the set, for one that does not lie."""
        _, elbow, wrist = self.acting.bones.near_arm
        away = math.atan2(wrist[1] - elbow[1], wrist[0] - elbow[0])
        height = self.who.body.height
        return (
            self.x + self.facing * (wrist[0] + math.cos(away) * 0.052) * height,
            self.foot + (wrist[1] + math.sin(away) * 0.052) * height,
        )

    def reaching_for(self, x: float, y: float) -> Placed:
        """The figure with its near hand out to a point of the set, if it reaches and the point is in front of it."""
        height = self.who.body.height
        shoulder = self.acting.bones.near_arm[0]
        across, up = self.facing * (x - self.x) / height - shoulder[0], (y - self.foot) / height - shoulder[1]
        far = math.hypot(across, up)
        if self.name != "reaches" or across < 0.05:
            return self
        share = min(1.0, _ARM / far)
        near = Arm(min(across * share, _ARM_ACROSS), up * share)
        return replace(self, pose=replace(self.pose, near=near, lean=max(self.pose.lean, 10.0), nod=6.0))

    def side(self, other: Placed) -> int:
        """+1 to the right of another figure, -1 to its left."""
        return 1 if self.x > other.x else -1

    def head(self, bed_top: float) -> tuple[float, float]:
        """The middle of its head in metres of the set."""
        height = self.who.body.height
        u, v = self.acting.head_centre()
        if self.lying:
            return (self.x + self.facing * (height / 2 - v * height), bed_top + LYING * height + u * height)
        return (self.x + self.facing * u * height, self.foot + v * height)


def block_figures(
    figures: Sequence[tuple[str, str]], setting: str, held: bool, paints: Paints,
        rng: random.Random,
    cast_seed: int,
) -> list[Placed]:  # fmt: skip
    """Casts and places the figures: the first is the main one at x = 0, looking into the picture."""
    placed: list[Placed] = []
    slots = _slots(figures, rng)
    for index, (role, name) in enumerate(figures):
        nth = sum(1 for other, _ in figures[:index] if other == role)
        who = cast(role, nth, paints, cast_seed)
        pose = rng.choice(POSES[name])
        if setting in _HOMES or pose.support != "floor":
            who = replace(who, pack=None)
        if pose.support == "bed":
            who = replace(who, hat="", top="sweater" if name == "sleeps" else who.top)
        if name == "hugs" and role != "child" and any(other == "child" for other, _ in figures):
            pose = replace(pose, near=Arm(0.17, -0.20), far=Arm(0.20, -0.17), lean=12.0, nod=12.0)
        if (
            index == 0
            and held
            and name not in ("holds", "reaches", "points", "drinks", "stretches", "waves", "runs", "walks")
        ):
            pose = replace(pose, near=Arm(0.20, -0.05), item="held")
        if setting == "car" and index == 0 and name in ("sits", "stands") and not held:
            pose = replace(pose, near=_AT_THE_WHEEL[0], far=_AT_THE_WHEEL[1], lean=-3.0, item="wheel")
        seated = pose.support in ("seat", "desk") or (pose.support == "floor" and _sits_here(name, setting, rng))
        if seated:
            who = replace(who, pack=None)
        x, z, facing = slots[index]
        foot = 0.0
        if setting == "car" and seated:
            (x, z), facing = _CAR_SEATS[index % len(_CAR_SEATS)], 1
            foot = max(0.0, _CAR_CUSHION - SEAT_HEIGHT * who.body.height)
        placed.append(Placed(who, name, pose, x, z, facing, seated, foot))
    return placed


def _sits_here(name: str, setting: str, rng: random.Random) -> bool:
    if setting in SEATED_SETS:
        return name in _SITTABLE or name == "stands"
    if setting == "library" and name in _SITTABLE:
        return True
    return (name == "reads" and (setting in _RESTING_SETS or rng.random() < 0.4)) or (
        name in _SITTABLE and setting in ("cafe", "restaurant") and rng.random() < 0.7
    )


def _slots(figures: Sequence[tuple[str, str]], rng: random.Random) -> list[tuple[float, float, int]]:
    names = [name for _, name in figures]
    count = len(names)
    if count == 1:
        return [(0.0, 0.0, 1)]
    wide = any(name in ("types", "cooks", "lies", "sleeps", "runs", "stretches", "sits") for name in names)
    gap = rng.uniform(0.95, 1.15) if wide else rng.uniform(0.72, 0.9)
    if "sits" in names:
        # Room for the knees of two who face each other.
        gap += 0.3
    if count == 2 and "hugs" in names:
        return [(0.0, 0.05, 1), (0.33, 0.0, -1)]
    together = names.count("walks") + names.count("runs") >= 2
    if "lies" in names or "sleeps" in names:
        return [
            (0.0, 0.0, 1),
            *[
                (-1.75 + i * 0.75 if i % 2 else 1.55 + i * 0.5, -0.2 + 0.3 * (i % 2), -1 if i % 2 == 0 else 1)
                for i in range(count - 1)
            ],
        ]
    middle = (count - 1) / 2
    places = []
    for index in range(count):
        x = (index - middle) * gap + (rng.uniform(-0.06, 0.06) if index else 0)
        z = 0.0 if index % 2 == 0 else rng.uniform(0.12, 0.4)
        places.append((x, z, 1 if together or index <= middle - 0.1 else -1))
    return places


def subject_of(
    placed: Sequence[Placed], size: ShotSize, bed_top: float, with_point: tuple[float, float] | None, half: float = 0.25
) -> Subject:
    """What the camera is on when the shot is of figures; `with_point` (x, y), `half` wide to each side, stays in it."""
    lefts, rights, tops = [], [], []
    for figure in placed:
        height = figure.who.body.height
        reach = height / 2 if figure.lying else height * (0.24 if figure.seated or figure.name == "runs" else 0.17)
        toes = height * 0.40 if figure.seated else reach
        lefts.append(figure.x - (toes if figure.facing < 0 else reach))
        rights.append(figure.x + (toes if figure.facing > 0 else reach))
        hx, hy = figure.head(bed_top)
        tops.append(hy + height * figure.who.body.head * (0.5 if not figure.lying else 1.1))
        hand = figure.acting.bones
        if not figure.lying:
            tops[-1] = max(tops[-1], figure.foot + max(hand.near_arm[2][1], hand.far_arm[2][1]) * height + 0.08)
    first = placed[0]
    hx, hy = first.head(bed_top)
    head = first.who.body.head * first.who.body.height
    close_y, close_height = hy, head
    if size == "medium":
        shown = [figure.head(bed_top) for figure in placed if not figure.lying]
        close_y = max((y for _, y in shown), default=hy + head * 0.9)
        lowest = min((y for _, y in shown), default=close_y)
        close_height = max(head, (close_y - lowest + head * 1.2) / 2.4)
        if with_point:
            close_height = max(close_height, (close_y - with_point[1] + 0.05) / _BELOW_THE_HEAD)
        if first.lying:
            toe = hx + first.facing * head * 4.5
            lefts, rights = [min(hx, toe) - head], [max(hx, toe) + head]
    if with_point and size == "close-up":
        close_y = hy * 0.62 + with_point[1] * 0.38
        hx = hx * 0.6 + with_point[0] * 0.4
        close_height = max(head, abs(hy - with_point[1]) * 0.72)
    if with_point and size in ("full", "wide", "medium"):
        lefts.append(with_point[0] - half)
        rights.append(with_point[0] + half)
    bottom = 0.1 if all(f.lying for f in placed) else 0.0
    return Subject(
        min(lefts),
        max(rights),
        bottom,
        max(tops),
        hx,
        close_y,
        close_height,
        single=len(placed) == 1 and not first.lying,
    )
