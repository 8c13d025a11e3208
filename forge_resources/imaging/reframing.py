"""One storyboard in several aspect ratios: a safe crop around the subject, or the plate made again.

What belongs here: choosing between the two by `data/reframing.yaml`, and having it done. What does not: finding the
subject (see `subject`), cutting the crop (the renderer does, from the plate and its focus), or setting text.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Annotated, cast

from pydantic import Field

from forge_resources.editing.data_files import read_document
from forge_resources.engines.contract import ImageEngine
from forge_resources.imaging.plate_sizes import plate_size
from forge_resources.imaging.plates import reference_sources, wanted_plate
from forge_resources.imaging.subject import SubjectBox, SubjectRule, subject_box
from forge_resources.progress import OnStep
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.delivery import FrameSize
from forge_resources.schemas.storyboard import Focus, FramedPlate, Plate, RatioPlates, Storyboard
from forge_resources.schemas.types import AspectRatio, Document
from forge_resources.store.tally import Tally
from forge_resources.store.workshop import Workshop


class ReframingRules(Document):
    """The contract of `reframing.yaml`."""

    least_kept: Annotated[float, Field(gt=0, le=1)]
    least_resolution: Annotated[float, Field(gt=0, le=2)]
    subject: SubjectRule


@dataclass(frozen=True)
class Crop:
    """The part of a plate that an outlet's ratio leaves, in shares of its width and height."""

    width: float
    height: float


@cache
def reframing_rules() -> ReframingRules:
    """The rules that come with Forge. Raises InvalidInput with every fault."""
    return read_document(Path(__file__).parent / "data" / "reframing.yaml", ReframingRules)


def crop_of(size: tuple[int, int], outlet: FrameSize) -> Crop:
    """The largest part of a picture of `size` in the ratio of `outlet`."""
    ratio = (outlet.width / outlet.height) / (size[0] / size[1])
    return Crop(min(1.0, ratio), min(1.0, 1 / ratio))


def safe_crop(size: tuple[int, int], outlet: FrameSize, subject: SubjectBox, rules: ReframingRules) -> bool:
    """Whether a plate of `size` can be cut off for `outlet`: enough of it is kept, its subject, and lines enough."""
    crop = crop_of(size, outlet)
    return (
        min(crop.width, crop.height) >= rules.least_kept
        and subject.width <= crop.width
        and subject.height <= crop.height
        and crop.height * size[1] >= rules.least_resolution * outlet.height
    )


def focus_of(subject: SubjectBox) -> Focus:
    """The middle of the subject, to a thousandth."""
    x, y = subject.middle
    return Focus(x=Fraction(round(x * 1000), 1000), y=Fraction(round(y * 1000), 1000))


def reframe(
    workshop: Workshop,
    brief: CellBrief,
    storyboard: Storyboard,
    plates: list[Plate],
    outlets: Mapping[AspectRatio, FrameSize],
    on_step: OnStep,
) -> tuple[list[RatioPlates], Tally]:
    """The plates of a storyboard for outlets of other ratios; `outlets` has the largest size wanted in each."""
    engine = cast("ImageEngine", workshop.engine("image", brief.market_brief.engines.image))
    references, rules = reference_sources(brief), reframing_rules()
    size, tally, found = plate_size(storyboard.aspect_ratio), Tally(), []
    for ratio, outlet in outlets.items():
        crops = [subject_box(workshop.store.path(plate.picture), rules.subject) for plate in plates]
        fits = [safe_crop(size, outlet, subject, rules) for subject in crops]
        wanted = (
            wanted_plate(engine, shot, ratio, references, plate.active)
            for shot, plate, fit in zip(storyboard.shots, plates, fits, strict=True)
            if not fit
        )
        framed: list[FramedPlate] = []
        with closing(workshop.make_each(wanted)) as made_anew:
            for shot, plate, subject, fit in zip(storyboard.shots, plates, crops, fits, strict=True):
                if fit:
                    framed.append(FramedPlate(shot=shot.number, picture=plate.picture, focus=focus_of(subject)))
                    note = "cut off around its subject"
                else:
                    made = next(made_anew)
                    framed.append(FramedPlate(shot=shot.number, picture=tally.add(made), focus=None))
                    note = "reused" if made.reused else "made"
                on_step(shot.number, len(storyboard.shots), f"shot {shot.number} in {ratio} {note}")
        found.append(RatioPlates(aspect_ratio=ratio, plates=framed))
    return found, tally
