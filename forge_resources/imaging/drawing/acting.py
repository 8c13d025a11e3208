"""Acting: a costume in a pose, ready to be drawn.

What belongs here: what figures and garments share. What does not: drawing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from forge_resources.imaging.drawing.anatomy import Pose, Skeleton
from forge_resources.imaging.drawing.geometry import Point
from forge_resources.imaging.drawing.stage import Pen
from forge_resources.imaging.drawing.wardrobe import Costume

HeldThing = Callable[[Pen], None]
"""Draws what is in the near hand; its pen is in metres with its origin in the palm."""


@dataclass(frozen=True)
class Acting:
    """A figure ready to be drawn: who, how, and what it holds."""

    who: Costume
    pose: Pose
    bones: Skeleton
    held: HeldThing | None = None
    both_hands: bool = False

    def head_centre(self) -> Point:
        """The middle of the head in shares of the height."""
        size = self.who.body.head
        angle = math.radians(90 - self.bones.lean - self.bones.nod * 0.4)
        return (self.bones.neck[0] + math.cos(angle) * size * 0.52, self.bones.neck[1] + math.sin(angle) * size * 0.52)
