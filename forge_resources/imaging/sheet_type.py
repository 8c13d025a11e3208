"""Type on a contact sheet: text fitted into a width and a number of lines, cut with an ellipsis where it is longer.

What belongs here: lines of one size, and drawing them in a colour. What does not: faces and shaping (see
`editing.shaping`), or where on the sheet a text stands (see `sheet_drawing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil

from PIL import Image

from forge_resources.editing.bidi import is_right_to_left
from forge_resources.editing.font_catalogue import Weight
from forge_resources.editing.line_breaking import Piece, pieces_of
from forge_resources.editing.shaping import TypeLine, set_line

ELLIPSIS = "…"
LEADING = 1.3
"""Distance of baselines in em."""

_CAPITALS = 0.72


@dataclass(frozen=True)
class Setting:
    """How a text is set: weight, size of the em in pixels, colour as `#rrggbb`, and its language."""

    weight: Weight
    size: int
    colour: str
    language: str = "en"

    @property
    def leading(self) -> int:
        return round(self.size * LEADING)


@dataclass(frozen=True)
class Paragraph:
    """Fitted lines. `height` is that of the box they fill, in pixels; `cut` says that text was left out."""

    lines: tuple[TypeLine, ...]
    setting: Setting
    width: int
    right_to_left: bool
    cut: bool

    @property
    def height(self) -> int:
        return len(self.lines) * self.setting.leading

    def draw(self, sheet: Image.Image, left: int, top: int) -> None:
        """Draws the lines in a box of `width` that begins at `left` and `top`; right-to-left text ends at its right."""
        for i, line in enumerate(self.lines):
            indent = self.width - ceil(line.width * self.setting.size) if self.right_to_left else 0
            baseline = top + i * self.setting.leading + round(self.setting.size * (_CAPITALS + LEADING) / 2)
            draw_line(sheet, line, self.setting, left + indent, baseline)


def fit(text: str, setting: Setting, width: int, most_lines: int) -> Paragraph:
    """Fills at most `most_lines` lines of `width` pixels. Raises Unavailable where a font or shaping is missing."""
    from_right = is_right_to_left(text)
    pieces = _narrow_pieces(pieces_of(text, setting.language), setting, width)
    lines: list[str] = []
    start = at = 0
    while at < len(pieces) and len(lines) < most_lines:
        start, at = at, _end_of_line(pieces, at, setting, width)
        lines.append(_joined(pieces[start:at]))
    cut = at < len(pieces)
    if cut:
        lines[-1] = _with_ellipsis(pieces[start:at], setting, width)
    made = tuple(set_line(line, setting.weight, setting.language, from_right) for line in lines)
    return Paragraph(made, setting, width, from_right, cut)


def width_of(text: str, setting: Setting) -> int:
    """The width of a single line in pixels, rounded up."""
    return ceil(_measured(text, setting.weight, setting.language) * setting.size)


def draw_line(sheet: Image.Image, line: TypeLine, setting: Setting, left: int, baseline: int) -> None:
    """Draws one line with its left end at `left` and its baseline at `baseline`."""
    mask, x, y = line.mask(setting.size)
    sheet.paste(setting.colour, (left - x, baseline - y), mask)


@lru_cache(maxsize=4096)
def _measured(text: str, weight: Weight, language: str) -> float:
    return set_line(text, weight, language).width


def _end_of_line(pieces: Sequence[Piece], start: int, setting: Setting, width: int) -> int:
    """Where the line that begins at `start` ends: its pieces are measured one by one, and the whole at last."""
    end, so_far = start, 0
    while end < len(pieces) and so_far + width_of(pieces[end].at_end, setting) <= width:
        so_far += width_of(pieces[end].text, setting)
        end += 1
    end = max(end, start + 1)
    while end > start + 1 and width_of(_joined(pieces[start:end]), setting) > width:
        end -= 1
    return end


def _with_ellipsis(pieces: Sequence[Piece], setting: Setting, width: int) -> str:
    """A last line with an ellipsis after as many of its words as leave room for one."""
    kept = list(pieces)
    while len(kept) > 1 and width_of(_ended(_joined(kept)), setting) > width:
        kept.pop()
    text = _joined(kept)
    while len(text) > 1 and width_of(_ended(text), setting) > width:
        text = text[:-1]
    return _ended(text)


def _ended(text: str) -> str:
    return text.rstrip(" ,;:.!?-–—、。，\u00a0") + ELLIPSIS


def _joined(pieces: Sequence[Piece]) -> str:
    return ("".join(piece.text for piece in pieces[:-1]) + pieces[-1].at_end).strip()


def _narrow_pieces(pieces: Sequence[Piece], setting: Setting, width: int) -> list[Piece]:
    """`pieces` with every word that is wider than the box cut into parts that are not."""
    narrow: list[Piece] = []
    for piece in pieces:
        rest = piece.text
        while len(rest) > 1 and width_of(rest.rstrip(), setting) > width:
            fits = next(i for i in range(len(rest) - 1, 0, -1) if i == 1 or width_of(rest[:i], setting) <= width)
            narrow.append(Piece(rest[:fits]))
            rest = rest[fits:]
        narrow.append(Piece(rest, piece.cost))
    return narrow
