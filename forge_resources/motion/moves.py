"""Having a motion engine set the plates of a storyboard in motion."""

from __future__ import annotations

from typing import cast

from forge_resources.engines.contract import MotionEngine
from forge_resources.logs import log_fields
from forge_resources.progress import OnStep
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.edit import Motion, ShotMotion
from forge_resources.schemas.storyboard import Frames, Storyboard
from forge_resources.store.tally import Tally
from forge_resources.store.workshop import Workshop


def move_shots(
    workshop: Workshop, brief: CellBrief, storyboard: Storyboard, frames: Frames, on_step: OnStep
) -> tuple[Motion, Tally]:
    """A camera path or a clip for every shot, in shot order."""
    engine = cast("MotionEngine", workshop.engine("motion", brief.market_brief.engines.motion))
    shots: list[ShotMotion] = []
    tally = Tally()
    for shot, plate in zip(storyboard.shots, frames.plates, strict=True):
        parameters = engine.parameters(shot, storyboard.aspect_ratio)
        with log_fields(shot=shot.number):
            made = workshop.make(engine, parameters, {"plate": plate.picture})
        shots.append(ShotMotion(shot=shot.number, motion=tally.add(made)))
        on_step(shot.number, len(storyboard.shots), f"shot {shot.number} {'reused' if made.reused else 'moved'}")
    return Motion(shots=shots), tally
