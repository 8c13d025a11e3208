"""The contract of `data/quality.yaml`.

What belongs here: its shape. What does not: the figures, or using them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

from pydantic import Field

from forge_resources.editing.data_files import read_data
from forge_resources.schemas.types import Document

Share = Annotated[float, Field(gt=0, le=1)]
Positive = Annotated[float, Field(gt=0)]


class BlackLimits(Document):
    luma: Annotated[int, Field(ge=16, le=64)]
    share: Share
    shortest_s: Positive


class FreezeLimits(Document):
    compare_s: Positive
    difference: Positive
    shortest_s: Positive


class CutLimits(Document):
    difference: Positive
    over_neighbours: Positive
    missing_below: Positive


class FlashLimits(Document):
    """Luminance in cd/m²."""

    screen: Positive
    change: Positive
    darker_below: Positive
    area: Share
    most_per_second: Positive


class RedFlashLimits(Document):
    share: Share
    change: Positive


class SoundLimits(Document):
    voice_at_least: Annotated[float, Field(le=0)]
    silence: Annotated[float, Field(le=0)]
    mono_loss_lu: Positive


class TypeLimits(Document):
    contrast: Positive
    legal_height: Share
    card_difference: Positive


class CaptionLimits(Document):
    shortest_s: Positive
    longest_s: Positive
    frames_between: Annotated[int, Field(ge=0)]
    reading_slack: Positive


class QualityLimits(Document):
    black: BlackLimits
    freeze: FreezeLimits
    cut: CutLimits
    flash: FlashLimits
    red_flash: RedFlashLimits
    sound: SoundLimits
    type: TypeLimits
    captions: CaptionLimits


@lru_cache(maxsize=1)
def quality_limits() -> QualityLimits:
    """The limits that come with Forge."""
    return read_data("quality.yaml", QualityLimits)
