"""Having a motion engine set the plates of a storyboard in motion."""

from __future__ import annotations

from typing import cast

from forge_resources.engines.contract import MotionEngine
from forge_resources.logs import log_fields
from forge_resources.progress import OnStep
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.edit import Motion, RatioMotion, ShotMotion
from forge_resources.schemas.storyboard import Frames, Storyboard
from forge_resources.store.tally import Tally
from forge_resources.store.workshop import Workshop


def move_shots(
    workshop: Workshop, brief: CellBrief, storyboard: Storyboard, frames: Frames, on_step: OnStep
) -> tuple[Motion, Tally]:
    """A camera path or a clip for every shot, in shot order, and for plates that were made again in another ratio."""
    engine = cast("MotionEngine", workshop.engine("motion", brief.market_brief.engines.motion))
    shots: list[ShotMotion] = []
    tally = Tally()
    for shot, plate in zip(storyboard.shots, frames.plates, strict=True):
        parameters = engine.parameters(shot, storyboard.aspect_ratio)
        with log_fields(shot=shot.number):
            made = workshop.make(engine, parameters, {"plate": plate.picture})
        shots.append(ShotMotion(shot=shot.number, motion=tally.add(made)))
        on_step(shot.number, len(storyboard.shots), f"shot {shot.number} {'reused' if made.reused else 'moved'}")
    others = []
    for ratio in frames.other_ratios:
        moved: list[ShotMotion] = []
        for shot, framed in zip(storyboard.shots, ratio.plates, strict=True):
            if framed.focus is not None:
                continue  # It is cut off from what the shot shows anyway, with its motion.
            parameters = engine.parameters(shot, ratio.aspect_ratio)
            with log_fields(shot=shot.number):
                made = workshop.make(engine, parameters, {"plate": framed.picture})
            moved.append(ShotMotion(shot=shot.number, motion=tally.add(made)))
            on_step(shot.number, len(storyboard.shots), f"shot {shot.number} in {ratio.aspect_ratio} moved")
        others.append(RatioMotion(aspect_ratio=ratio.aspect_ratio, shots=moved))
    return Motion(shots=shots, other_ratios=others), tally
