"""One line of text: measured in em, and drawn as a mask.

What belongs here: putting the runs of a line beside each other and rasterising them. What does not: which face sets a
letter (see `fonts`), where a text breaks (see `line_breaking`), colour or place (see `type_plates`).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from forge_resources.editing.bidi import is_right_to_left, levels_of, visual_order
from forge_resources.editing.font_catalogue import Weight
from forge_resources.editing.fonts import Face, faces_for, script_of
from forge_resources.editing.kerning import image_font, spacing_of

ASCENT = 1.25
DESCENT = 0.65
"""Room above and below the baseline of a mask, in em: enough for stacked marks of any script."""

CAPITALS = 0.72
HANGING = 0.24
_INK_MEASURED_AT = 64
_MARGIN = 0.35
_OVERSAMPLING = 4
_MEASURED_AT = 512


@dataclass(frozen=True)
class Segment:
    """A stretch of one line, of one face and one direction."""

    text: str
    face: Face
    shaped: bool
    right_to_left: bool

    @property
    def width(self) -> float:
        """Advance in em."""
        if self.shaped:
            font = image_font(self.face, _MEASURED_AT, ImageFont.Layout.RAQM)
            return float(font.getlength(self.text, direction=self.direction)) / _MEASURED_AT
        return self.places()[-1]

    @property
    def direction(self) -> str:
        return "rtl" if self.right_to_left else "ltr"

    def places(self) -> list[float]:
        """Where each letter of unshaped text begins, in em from the left, and where the last one ends."""
        spacing = spacing_of(self.face)
        places = [0.0]
        for i, char in enumerate(self.text):
            kerning = spacing.kerning(char, self.text[i + 1]) if i + 1 < len(self.text) else 0.0
            places.append(places[-1] + spacing.advance(char) + kerning)
        return places


@dataclass(frozen=True)
class TypeLine:
    """A line ready to be drawn: its segments from left to right, and its width in em."""

    text: str
    segments: tuple[Segment, ...]
    width: float
    right_to_left: bool

    @property
    def ink(self) -> tuple[float, float]:
        """How far the letters reach above and below the baseline, in em.

        For Latin, Greek and Cyrillic these are the capitals' height and the hanging letters' depth, whatever the words:
        accents stand in the white of a line.
        """
        if all(_has_capitals(char) for segment in self.segments for char in segment.text):
            return CAPITALS, HANGING
        mask, _, baseline = self.mask(_INK_MEASURED_AT)
        box = mask.getbbox()
        if box is None:
            return CAPITALS, HANGING
        above, below = (baseline - box[1]) / _INK_MEASURED_AT, (box[3] - baseline) / _INK_MEASURED_AT
        return max(CAPITALS, above), max(HANGING, below)

    def mask(self, size: int) -> tuple[Image.Image, int, int]:
        """Draws the line at `size` pixels to the em.

        Returns a mask (mode L) with, in pixels, the place in it of the left end of the baseline: x, y.
        """
        scale = size * _OVERSAMPLING
        margin, ascent = round(size * _MARGIN), round(size * ASCENT)
        width, height = round(self.width * size) + 2 * margin + 1, ascent + round(size * DESCENT)
        large = Image.new("L", (width * _OVERSAMPLING, height * _OVERSAMPLING))
        draw = ImageDraw.Draw(large)
        x, y = float(margin * _OVERSAMPLING), ascent * _OVERSAMPLING
        for segment in self.segments:
            _draw_segment(draw, segment, x, y, scale)
            x += segment.width * scale
        return large.reduce(_OVERSAMPLING), margin, ascent


def set_line(text: str, weight: Weight, language: str, right_to_left: bool | None = None) -> TypeLine:
    """Chooses faces and order for one line. `right_to_left` None leaves the direction to its first strong letter.

    Raises Unavailable where a font or shaping is missing.
    """
    text = _visible(text)
    from_right = is_right_to_left(text) if right_to_left is None else right_to_left
    segments, levels = _segments(text, weight, language, from_right)
    ordered = tuple(visual_order(segments, levels))
    return TypeLine(text, ordered, sum(segment.width for segment in ordered), from_right)


def _has_capitals(char: str) -> bool:
    return script_of(char) in {"Latn", "Grek", "Cyrl", "Zyyy"} and unicodedata.east_asian_width(char) not in {"W", "F"}


def _visible(text: str) -> str:
    """Spaces and hyphens that only forbid a break are drawn as plain ones, which every face has."""
    plain = text.replace("\u00ad", "").replace("\u2011", "-").replace("\u00a0", " ")
    return unicodedata.normalize("NFC", plain)


def _segments(text: str, weight: Weight, language: str, from_right: bool) -> tuple[list[Segment], list[int]]:
    levels = levels_of(text, from_right)
    segments: list[Segment] = []
    segment_levels: list[int] = []
    at = 0
    for run in faces_for(text, weight, language):
        start = at
        end = at + len(run.text)
        while start < end:
            stop = start
            while stop < end and levels[stop] == levels[start]:
                stop += 1
            odd = levels[start] % 2 == 1
            # Mirrored brackets and reversed punctuation need the shaper too.
            segments.append(Segment(text[start:stop], run.face, run.shaped or odd, odd))
            segment_levels.append(levels[start])
            start = stop
        at = end
    return segments, segment_levels


def _draw_segment(draw: ImageDraw.ImageDraw, segment: Segment, x: float, y: int, scale: int) -> None:
    if segment.shaped:
        font = image_font(segment.face, scale, ImageFont.Layout.RAQM)
        draw.text((round(x), y), segment.text, font=font, fill=255, anchor="ls", direction=segment.direction)
        return
    font = image_font(segment.face, scale, ImageFont.Layout.BASIC)
    for char, place in zip(segment.text, segment.places(), strict=False):
        draw.text((round(x + place * scale), y), char, font=font, fill=255, anchor="ls")
