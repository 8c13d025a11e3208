"""Where the subject of a picture is, by what stands out in it.

What belongs here: measuring one picture. What does not: what is done with it (see `reframing`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter, UnidentifiedImageError
from pydantic import Field

from forge_resources.errors import EngineFailed
from forge_resources.schemas.types import Document

_MILLI = 1000

Map = npt.NDArray[np.floating[Any]]


class SubjectRule(Document):
    """How the subject is measured, see `data/reframing.yaml`."""

    width: Annotated[int, Field(ge=32, le=512)]
    surroundings: Annotated[float, Field(gt=0, le=0.5)]
    centre: Annotated[float, Field(gt=0, le=4)]
    holds: Annotated[float, Field(gt=0.1, lt=1)]


@dataclass(frozen=True)
class SubjectBox:
    """A part of a picture by its edges, in shares of its width and height, to a thousandth."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def middle(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


def subject_box(path: Path, rule: SubjectRule) -> SubjectBox:
    """The box of what stands out in the picture at `path`. Raises EngineFailed for what is no picture."""
    try:
        with Image.open(path) as image:
            picture = image.convert("RGB")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise EngineFailed(f"The plate {path.name} cannot be read: {error}") from None
    height = max(1, round(rule.width * picture.height / picture.width))
    weight = _standing_out(picture.resize((rule.width, height), Image.Resampling.BOX), rule)
    left, right = _holding(weight.sum(axis=0), rule.holds)
    top, bottom = _holding(weight.sum(axis=1), rule.holds)
    return SubjectBox(left, top, right, bottom)


def _standing_out(picture: Image.Image, rule: SubjectRule) -> Map:
    """How far each pixel differs from its surroundings in colour and brightness, more so towards the middle."""
    around = picture.filter(ImageFilter.GaussianBlur(rule.surroundings * picture.width))
    difference = np.asarray(picture, np.float64) - np.asarray(around, np.float64)
    salience: Map = np.sqrt((difference**2).sum(axis=2))
    y, x = (np.linspace(-1, 1, length) for length in salience.shape)
    spread = 2 * rule.centre**2
    return salience * np.exp(-(x[None, :] ** 2 + y[:, None] ** 2) / spread)


def _holding(weights: Map, share: float) -> tuple[float, float]:
    """The shortest stretch that holds `share` of the weights, as shares of their length."""
    total = weights.sum()
    if total <= 0:
        return 0.0, 1.0
    sums = np.concatenate([[0.0], np.cumsum(weights) / total])
    ends = np.searchsorted(sums, sums + share - 1e-12)
    lengths = np.where(ends < len(sums), ends - np.arange(len(sums)), len(sums) + 1)
    start = int(np.argmin(lengths))
    return round(start / len(weights) * _MILLI) / _MILLI, round(int(ends[start]) / len(weights) * _MILLI) / _MILLI
