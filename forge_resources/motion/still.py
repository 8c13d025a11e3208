"""The `still` engine: a camera move over a plate, as a path that the renderer follows.

What belongs here: which windows a move goes between, and how far in the time it has. What does not: the frames on the
way (see `editing.camera`) or how far is tasteful (see `still.yaml`).
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, Field

from forge_resources.engines.contract import Facts, MotionEngine, Sources
from forge_resources.own_yaml import read_yaml
from forge_resources.schemas.edit import CameraPath, Window
from forge_resources.schemas.script import CameraMove, ShotSize
from forge_resources.schemas.storyboard import Shot
from forge_resources.schemas.types import AspectRatio, Document, ExactRational, Tier, canonical_json

_HALF = Fraction(1, 2)
_MILLI = Fraction(1, 1000)


class Reach(Document):
    """How far a kind of move goes: `speed` in shares of the plate a second, held between `least` and `most`."""

    speed: Annotated[ExactRational, Field(gt=0, le=1)]
    least: Annotated[ExactRational, Field(ge=0, lt=1)]
    most: Annotated[ExactRational, Field(gt=0, lt=1)]

    def over(self, seconds: Fraction, factor: Fraction) -> Fraction:
        """The share covered in `seconds`, to a thousandth."""
        share = min(max(self.speed * seconds * factor, self.least), self.most)
        return round(share / _MILLI) * _MILLI


class Moves(Document):
    """The contract of `still.yaml`."""

    zoom: Reach
    travel: Reach
    breath: Reach
    framing: dict[ShotSize, Annotated[ExactRational, Field(gt=0, le=2)]]
    focus: dict[ShotSize, Annotated[ExactRational, Field(ge=0, le=1)]]


@cache
def moves() -> Moves:
    """The figures of `still.yaml`."""
    return Moves.model_validate(read_yaml(files(__package__).joinpath("still.yaml").read_text("utf-8")))


class StillParameters(Document):
    """`reach` is the share of the plate that the move covers, `focus` the height it holds on to, from the top."""

    move: CameraMove
    reach: Annotated[ExactRational, Field(ge=0, lt=1)]
    focus: Annotated[ExactRational, Field(ge=0, le=1)]


def path_of(parameters: StillParameters) -> CameraPath:
    """The camera path; both windows lie on the plate, and so does every window between them."""
    reach, whole = parameters.reach, Window()
    inner = 1 - reach
    near = Window(y=min(max(parameters.focus, inner / 2), 1 - inner / 2), size=inner)
    low, high = inner / 2, 1 - inner / 2
    ends: dict[CameraMove, tuple[Window, Window]] = {
        "push": (whole, near),
        "pull": (near, whole),
        "pan-left": (Window(x=high, size=inner), Window(x=low, size=inner)),
        "pan-right": (Window(x=low, size=inner), Window(x=high, size=inner)),
        "tilt-up": (Window(y=high, size=inner), Window(y=low, size=inner)),
        "tilt-down": (Window(y=low, size=inner), Window(y=high, size=inner)),
        "hold": (whole, near),
    }
    start, end = ends[parameters.move]
    return CameraPath(move=parameters.move, start=start, end=end, ease="in-out")


class StillMotion(MotionEngine):
    """Camera moves as JSON (`CameraPath`)."""

    name = "still"
    tier: ClassVar[Tier] = "draft"
    version = "1"
    summary = "A smooth camera move over each plate."
    media_type = "application/json"
    suffix = ".json"
    Parameters: ClassVar[type[BaseModel]] = StillParameters

    def parameters(self, shot: Shot, aspect_ratio: AspectRatio) -> StillParameters:
        """The move of the shot's camera, scaled to its length and framing. The ratio changes nothing about it."""
        figures, camera = moves(), shot.look.camera
        kinds = {"push": figures.zoom, "pull": figures.zoom, "hold": figures.breath}
        reach = kinds.get(camera.move, figures.travel)
        return StillParameters(
            move=camera.move,
            reach=reach.over(shot.duration_s, figures.framing[camera.size]),
            focus=figures.focus[camera.size] if camera.move in ("push", "pull") else _HALF,
        )

    def make(self, parameters: Any, sources: Sources, target: Path) -> Facts:
        """Writes the path. It depends on no pixel of the plate."""
        path = path_of(StillParameters.model_validate(parameters))
        target.write_text(canonical_json(path.model_dump(mode="json")) + "\n", "utf-8")
        return {"move": path.move, "reach": float(parameters.reach)}
