"""The contract of `data/type_styles.yaml`: how the text of each role is set.

What belongs here: shape and lookup. What does not: the figures themselves, or setting text (see `typography`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from forge_resources.editing.data_files import read_data
from forge_resources.editing.font_catalogue import Weight
from forge_resources.schemas.types import AspectRatio, Document

_RATIOS: tuple[AspectRatio, ...] = ("16:9", "9:16", "1:1", "4:5")
Share = Annotated[float, Field(gt=0, le=1)]


class RatioStyle(Document):
    """Figures for one aspect ratio; `size`, `min_size` and `rise` are shares of the height, `width` of the width."""

    size: Share
    min_size: Share
    max_lines: Annotated[int, Field(ge=1, le=10)]
    width: Share
    rise: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    align: Literal["start", "center"]

    @model_validator(mode="after")
    def _sizes_are_in_order(self) -> RatioStyle:
        if self.min_size > self.size:
            raise ValueError("min_size is larger than size")
        return self


class RoleStyle(Document):
    """How the text of one role is set. `line_height` is the distance of baselines in em."""

    weight: Weight
    line_height: Annotated[float, Field(ge=1, le=2)]
    ratios: dict[AspectRatio, RatioStyle]

    @field_validator("ratios")
    @classmethod
    def _has_every_ratio(cls, ratios: dict[AspectRatio, RatioStyle]) -> dict[AspectRatio, RatioStyle]:
        if missing := [ratio for ratio in _RATIOS if ratio not in ratios]:
            raise ValueError(f"lacks {', '.join(missing)}")
        return ratios


class TypeStyles(Document):
    super: RoleStyle
    legal: RoleStyle
    brand: RoleStyle
    product: RoleStyle
    call: RoleStyle
    caption: RoleStyle

    @property
    def weights(self) -> tuple[Weight, ...]:
        """Every weight that is used."""
        roles = (self.super, self.legal, self.brand, self.product, self.call, self.caption)
        return tuple(sorted({role.weight for role in roles}))


@lru_cache(maxsize=1)
def type_styles() -> TypeStyles:
    """The styles that come with Forge."""
    return read_data("type_styles.yaml", TypeStyles)
