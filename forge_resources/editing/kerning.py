"""Advance widths and pair kerning of a face, read from its OpenType tables.

What belongs here: the numbers that put letter beside letter where no shaping is needed. What does not: shaping, which
Pillow's raqm does. Read here so that plain text is set the same with and without FriBiDi on the machine:
Pillow kerns from GPOS only through raqm.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from PIL import ImageFont

from forge_resources.editing.fonts import Face, open_font

_PAIR_POSITIONING = 2
_EXTENSION = 9
_MEASURED_AT = 1000


class SpacingTable:
    """How far apart the letters of a static face stand, in em."""

    def __init__(self, face: Face) -> None:
        self._names = face.characters
        with open_font(face.path, face.index) as font:
            self._em = font["head"].unitsPerEm
            widths = font["hmtx"].metrics
            self._advances = {code: widths[name][0] for code, name in self._names.items()}
            self._pairs = _Pairs(font)

    def advance(self, char: str) -> float:
        return float(self._advances.get(ord(char), self._advances.get(ord(" "), 0)) / self._em)

    def kerning(self, left: str, right: str) -> float:
        """What to add between two letters; negative draws them together."""
        pair = self._names.get(ord(left)), self._names.get(ord(right))
        return float(self._pairs.value(*pair) / self._em)


class VariableSpacingTable:
    """The same for a variable face, whose widths depend on its weight: measured, without kerning."""

    def __init__(self, face: Face) -> None:
        self._font = image_font(face, _MEASURED_AT, ImageFont.Layout.BASIC)

    def advance(self, char: str) -> float:
        return float(self._font.getlength(char) / _MEASURED_AT)

    def kerning(self, left: str, right: str) -> float:
        return 0.0


@lru_cache(maxsize=32)
def spacing_of(face: Face) -> SpacingTable | VariableSpacingTable:
    """The spacing of a face; read once."""
    return VariableSpacingTable(face) if face.wght else SpacingTable(face)


@lru_cache(maxsize=64)
def image_font(face: Face, size: int, layout: ImageFont.Layout) -> ImageFont.FreeTypeFont:
    """The face as Pillow draws it at `size` pixels to the em."""
    font = ImageFont.truetype(face.path, size, index=face.index, layout_engine=layout)
    if face.wght:
        with open_font(face.path, face.index) as tables:
            axes = tables["fvar"].axes
        wanted = [min(max(face.wght, a.minValue), a.maxValue) if a.axisTag == "wght" else a.defaultValue for a in axes]
        font.set_variation_by_axes(wanted)
    return font


class _Pairs:
    """The pair adjustments of a font's `kern` feature, looked up by glyph name.

    A subtable is taken apart where a pair asks for it: of the thousands of pairs of a face, a text has a few dozen.
    """

    def __init__(self, font: Any) -> None:
        self._subtables = list(_kerning_subtables(font["GPOS"].table)) if "GPOS" in font else []
        self._known: dict[tuple[str | None, str | None], int] = {}

    def value(self, left: str | None, right: str | None) -> int:
        if (left, right) not in self._known:
            found = (_pair_value(subtable, left, right) for subtable in self._subtables)
            self._known[left, right] = next((value for value in found if value is not None), 0)
        return self._known[left, right]


def _kerning_subtables(gpos: Any) -> Iterator[Any]:
    if gpos.FeatureList is None or gpos.LookupList is None:
        return
    # The Latin script's features are the default ones in text faces; a kern lookup serves several of them.
    indices = {
        index
        for record in gpos.FeatureList.FeatureRecord
        if record.FeatureTag == "kern"
        for index in record.Feature.LookupListIndex
    }
    for index in sorted(indices):
        for subtable in gpos.LookupList.Lookup[index].SubTable:
            inner = subtable.ExtSubTable if subtable.LookupType == _EXTENSION else subtable
            if inner.LookupType == _PAIR_POSITIONING:
                yield inner


def _pair_value(subtable: Any, left: str | None, right: str | None) -> int | None:
    """The adjustment, or None where the subtable says nothing about the pair."""
    if left not in subtable.Coverage.glyphs:
        return None
    if subtable.Format == 1:
        records = subtable.PairSet[subtable.Coverage.glyphs.index(left)].PairValueRecord
        value = next((record.Value1 for record in records if record.SecondGlyph == right), None)
        return None if value is None else int(value.XAdvance or 0)
    first = subtable.ClassDef1.classDefs.get(left, 0)
    second = subtable.ClassDef2.classDefs.get(right, 0)
    value = subtable.Class1Record[first].Class2Record[second].Value1
    return int(getattr(value, "XAdvance", 0) or 0) if value is not None else 0
