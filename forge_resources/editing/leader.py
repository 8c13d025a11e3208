"""What stands before and behind a spot in its file: slate, countdown clock, black, and how they are drawn.

What belongs here: the pictures, as raw `yuv420p` frames. What does not: what a slate says (see `outlet`), encoding, or
joining (see `packaging`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

from PIL import Image, ImageDraw

from forge_resources.editing.font_catalogue import Weight
from forge_resources.editing.line_breaking import balanced_lines, pieces_of
from forge_resources.editing.planes import Layout, planes_of
from forge_resources.editing.shaping import set_line
from forge_resources.schemas.media_formats import FrameSize
from forge_resources.schemas.types import Document, Line, ShortLine

_GROUND = (18, 20, 24)
_TEXT = (236, 238, 242)
_LABEL = (150, 158, 170)
_HAND = (242, 160, 61)
_MARGIN = 0.09
_PITCH = 0.087  # from row to row, in heights of the picture
_EM = 0.58  # of that
_LABEL_WIDTH = 0.2
_SMALLEST = 0.75  # of the size of other rows; what would be smaller is set on two lines
_TWO_LINES = 0.78
_LEADING = 1.1
_OVERSAMPLING = 2


class SlateLine(Document):
    """A row of a slate."""

    label: ShortLine
    value: Line


def black_frame(size: FrameSize) -> bytes:
    """One black frame."""
    return planes_of(Image.new("RGB", (size.width, size.height)), _layout(size)).tobytes()


def slate_frame(size: FrameSize, rows: Sequence[SlateLine]) -> bytes:
    """One frame of a slate: its rows one below the other."""
    return planes_of(_card(size, rows, 1 - 2 * _MARGIN), _layout(size)).tobytes()


def clock_frames(
    size: FrameSize, rows: Sequence[SlateLine], frames: int, fps: Fraction, to_go: int | None = None
) -> Iterator[bytes]:
    """`frames` of a clock that counts down to the spot, with the slate's rows beside it.

    `to_go` is how many frames before the spot its first one stands: more than `frames` where black follows the clock.
    """
    card = planes_of(_card(size, rows, 0.56), _layout(size))
    # Even, because chroma has half as many pixels; only the dial changes from frame to frame.
    radius = round(0.115 * size.height) * 2
    corner = (round((1 - _MARGIN) * size.width / 2) * 2 - 2 * radius, size.height // 4 * 2 - radius)
    first = frames if to_go is None else to_go
    for left in range(first, first - frames, -1):
        face = planes_of(_face(radius, float(Fraction(left) / fps)), Layout(2 * radius, 2 * radius))
        for part, under, over in zip((1, 2, 2), card.parts, face.parts, strict=True):
            x, y = corner[0] // part, corner[1] // part
            under[y : y + over.shape[0], x : x + over.shape[1]] = over
        yield card.tobytes()


def _layout(size: FrameSize) -> Layout:
    return Layout(size.width, size.height)


def _card(size: FrameSize, rows: Sequence[SlateLine], width: float) -> Image.Image:
    card = Image.new("RGB", (size.width, size.height), _GROUND)
    pitch = min(_PITCH, (1 - 2 * _MARGIN) / max(1, len(rows))) * size.height
    em = round(_EM * pitch)
    left = round(_MARGIN * size.width)
    top = round((size.height - pitch * len(rows)) / 2)
    value_left = left + round(_LABEL_WIDTH * size.width)
    longest = round((_MARGIN + width) * size.width) - value_left
    for index, row in enumerate(rows):
        baseline = round(top + pitch * (index + 0.65))
        _write(card, row.label, "regular", em, (left, baseline), value_left - left - em // 2, _LABEL)
        _write(card, row.value, "semibold", em, (value_left, baseline), longest, _TEXT)
    return card


def _write(
    card: Image.Image,
    text: str,
    weight: Weight,
    em: int,
    at: tuple[int, int],
    longest: int,
    colour: tuple[int, int, int],
) -> None:
    """Writes a line from `at`, smaller where it would be longer than `longest` pixels; on two where far too long."""
    pieces = pieces_of(text)
    lines = [text]
    if _fitting(lines, weight, em, longest) < _SMALLEST * em:
        lines = balanced_lines(pieces, lambda part: set_line(part, weight, "").width, math.inf, 2) or lines
    size = _fitting(lines, weight, em if len(lines) == 1 else round(_TWO_LINES * em), longest)
    for index, line in enumerate(lines):
        mask, x, y = set_line(line, weight, "").mask(size)
        down = round((index - (len(lines) - 1) / 2) * size * _LEADING)
        card.paste(colour, (at[0] - x, at[1] + down - y), mask)


def _fitting(lines: Sequence[str], weight: Weight, em: int, longest: int) -> int:
    """The size in pixels, `em` at most, at which none of the lines is longer than `longest`."""
    widest = max(set_line(line, weight, "").width for line in lines)
    return max(8, min(em, int(longest / max(widest, 0.01))))


def _face(radius: int, left_s: float) -> Image.Image:
    """The dial with `left_s` seconds to go: a hand that goes round once a minute, and the seconds in figures."""
    large = 2 * radius * _OVERSAMPLING
    face = Image.new("RGB", (large, large), _GROUND)
    draw = ImageDraw.Draw(face)
    middle, edge = large / 2, large / 2 - 2 * _OVERSAMPLING
    draw.ellipse((middle - edge, middle - edge, middle + edge, middle + edge), outline=_LABEL, width=3 * _OVERSAMPLING)
    for tick in range(60):
        angle = math.radians(6 * tick)
        inner = edge * (0.86 if tick % 5 == 0 else 0.93)
        ends = [(middle + reach * math.sin(angle), middle - reach * math.cos(angle)) for reach in (inner, edge)]
        draw.line([*ends[0], *ends[1]], fill=_LABEL, width=(3 if tick % 5 == 0 else 1) * _OVERSAMPLING)
    # Sixty seconds to a round, at the top when the message begins.
    angle = math.radians(-6 * left_s)
    tip = (middle + 0.82 * edge * math.sin(angle), middle - 0.82 * edge * math.cos(angle))
    draw.line([middle, middle, *tip], fill=_HAND, width=5 * _OVERSAMPLING)
    small = face.reduce(_OVERSAMPLING)
    number = set_line(str(math.ceil(left_s - 1e-9)), "bold", "")
    size = round(0.5 * radius)
    mask, x, y = number.mask(size)
    small.paste(_TEXT, (radius - round(number.width * size / 2) - x, round(1.55 * radius) - y), mask)
    return small
