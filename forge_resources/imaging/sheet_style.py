"""The contract of `data/contact_sheet.yaml`: columns, type sizes and words of a contact sheet.

What belongs here: shape and lookup. What does not: the figures themselves, or drawing (see `sheet_drawing`).
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from forge_resources.editing.data_files import read_document
from forge_resources.schemas.script import Angle, Camera, CameraMove, ShotSize
from forge_resources.schemas.types import AspectRatio, Document, ShortLine

PlateShape = Literal["wide", "even", "tall"]
PLATE_SHAPES: dict[AspectRatio, PlateShape] = {"16:9": "wide", "1:1": "even", "4:5": "even", "9:16": "tall"}


class ColumnRule(Document):
    shots: Annotated[int, Field(ge=1)]
    columns: Annotated[int, Field(ge=1, le=8)]
    beside: bool = False


class TypeRule(Document):
    """The size of the em in pixels, and the most lines of each part of a caption."""

    from_width: Annotated[int, Field(ge=0)]
    size: Annotated[int, Field(ge=12, le=40)]
    visual: Annotated[int, Field(ge=1, le=8)]
    voice_over: Annotated[int, Field(ge=1, le=8)]
    super: Annotated[int, Field(ge=1, le=8)]
    gloss: Annotated[int, Field(ge=1, le=8)]


class SheetLabels(Document):
    voice_over: ShortLine
    super: ShortLine
    draft: ShortLine
    shots: tuple[ShortLine, ShortLine]


class CameraWords(Document):
    sizes: dict[ShotSize, str]
    angles: dict[Angle, str]
    moves: dict[CameraMove, str]


class SheetStyle(Document):
    """How sheets look; lengths in pixels."""

    width: Annotated[int, Field(ge=1200, le=2400)]
    margin: Annotated[int, Field(ge=0, le=200)]
    gap: Annotated[int, Field(ge=0, le=200)]
    columns: dict[PlateShape, Annotated[list[ColumnRule], Field(min_length=1)]]
    plate_share: dict[PlateShape, Annotated[float, Field(gt=0.2, lt=0.9)]]
    type: Annotated[list[TypeRule], Field(min_length=1)]
    type_beside: TypeRule
    quotes: dict[str, Annotated[str, Field(min_length=2, max_length=2)]]
    labels: SheetLabels
    camera: CameraWords

    def column_rule(self, shape: PlateShape, shots: int) -> ColumnRule:
        rules = self.columns[shape]
        return next((rule for rule in rules if shots <= rule.shots), rules[-1])

    def type_rule(self, width: int, beside: bool) -> TypeRule:
        if beside:
            return self.type_beside
        return [rule for rule in self.type if rule.from_width <= width][-1]

    def quoted(self, text: str, language: str) -> str:
        """`text` in the quotation marks of its language."""
        marks = self.quotes.get(language, self.quotes["en"])
        space = "\u00a0" if language == "fr" else ""
        return f"{marks[0]}{space}{text}{space}{marks[1]}"

    def camera_note(self, camera: Camera) -> str:
        """Such as `Close-up · low angle · push in`."""
        words = self.camera
        parts = (words.sizes[camera.size], words.angles[camera.angle], words.moves[camera.move])
        return " · ".join(part for part in parts if part)


@lru_cache(maxsize=1)
def sheet_style() -> SheetStyle:
    """The style that comes with Forge. Raises InvalidInput with every fault where the file is damaged."""
    return read_document(Path(__file__).parent / "data" / "contact_sheet.yaml", SheetStyle)
