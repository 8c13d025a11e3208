"""The recipe of a contact sheet: everything that is written on it.

What belongs here: the contract. What does not: filling it (see `contact_sheet`), or drawing (see `sheet_drawing`).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import Field

from forge_resources.imaging.sheet_style import SheetStyle
from forge_resources.schemas.brand import Palette
from forge_resources.schemas.types import (
    AspectRatio,
    Document,
    ExactRational,
    LanguageCode,
    Line,
    MarketCode,
    Seconds,
    Sha256,
    ShortLine,
    Slug,
    Tier,
)


class SheetRow(Document):
    """What stands beside one plate. `voice_over` and `super` are in the language of the sheet, the rest is English."""

    shot: Annotated[int, Field(ge=1, le=40)]
    start_s: ExactRational
    duration_s: Seconds
    camera: ShortLine
    visual: Line
    voice_over: Line | None = None
    voice_over_gloss: Line | None = None
    super: ShortLine | None = None
    super_gloss: ShortLine | None = None

    @property
    def timecode(self) -> str:
        """Such as `0:00–0:03`, with tenths where the seconds are not whole."""
        return f"{clock(self.start_s)}–{clock(self.start_s + self.duration_s)}"


class ContactSheetParameters(Document):
    """What is on the sheet; `style` and `fonts` (face name → SHA-256) are what else decides how it looks."""

    brief: Slug
    brand: ShortLine
    product: ShortLine
    market: MarketCode
    persona: ShortLine
    language: LanguageCode
    tier: Tier
    aspect_ratio: AspectRatio
    palette: Palette
    rows: Annotated[list[SheetRow], Field(min_length=1, max_length=40)]
    style: Sha256
    fonts: dict[str, str]

    @property
    def duration_s(self) -> Fraction:
        return sum((row.duration_s for row in self.rows), Fraction(0))

    def title_line(self) -> str:
        """Brief, market and persona, as the header shows them."""
        return f"{self.brief}  ·  {self.market}  ·  {self.persona}"

    def facts_line(self, style: SheetStyle) -> str:
        """Seconds, shots and ratio, as the header shows them."""
        one, many = style.labels.shots
        shots = f"{len(self.rows)} {one if len(self.rows) == 1 else many}"
        return f"{seconds(self.duration_s)}  ·  {shots}  ·  {self.aspect_ratio}"

    def texts(self, style: SheetStyle) -> list[str]:
        """Every text of the sheet, as it is drawn where nothing is cut."""
        labels = style.labels
        found = [self.brand, self.product, self.title_line(), self.facts_line(style), "…"]
        found += [labels.voice_over, labels.super, labels.draft]
        for row in self.rows:
            found += [str(row.shot), row.timecode, seconds(row.duration_s), row.camera, row.visual]
            found += [text for text in (row.super, row.super_gloss, row.voice_over_gloss) if text]
            found += [style.quoted(row.voice_over, self.language)] if row.voice_over else []
        return found


def plate_source(shot: int) -> str:
    """The name of a plate among the sources: `shot-01`."""
    return f"shot-{shot:02d}"


def seconds(value: Fraction) -> str:
    """Such as `3 s` or `2.5 s`, rounded half up to tenths."""
    tenths = int(value * 10 + Fraction(1, 2))
    return f"{tenths // 10} s" if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10} s"


def clock(value: Fraction) -> str:
    """Such as `0:03` or `0:02.5`, rounded half up to tenths."""
    tenths = int(value * 10 + Fraction(1, 2))
    minutes, rest = divmod(tenths, 600)
    whole = f"{minutes}:{rest // 10:02d}"
    return whole if rest % 10 == 0 else f"{whole}.{rest % 10}"
