"""Sets text into a box: breaks it into lines and finds the size at which it fits.

What belongs here: size, lines and their place in the box. What does not: where the box stands, colour, backing (see
`type_plates`, `end_card`), or the figures of a role (see `data/type_styles.yaml`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

from PIL import Image, ImageChops

from forge_resources.editing.bidi import is_right_to_left
from forge_resources.editing.line_breaking import Piece, balanced_lines, characters_that_fit, pieces_of
from forge_resources.editing.shaping import TypeLine, set_line
from forge_resources.editing.type_styles import RatioStyle, RoleStyle
from forge_resources.errors import InvalidInput
from forge_resources.schemas.delivery import FrameSize
from forge_resources.schemas.types import AspectRatio

# Widths of pieces add up to within this of the width of their line; the rest is kerning across a break.
_TOLERANCE = 0.995


@dataclass(frozen=True)
class TypeBlock:
    """Lines of one size. Pixels: `size` is the em, `leading` the distance of baselines."""

    lines: tuple[TypeLine, ...]
    size: int
    leading: int
    align: Literal["left", "center", "right"]

    @property
    def width(self) -> int:
        return max(round(line.width * self.size) for line in self.lines)

    @cached_property
    def ascent(self) -> int:
        """Pixels from the top of the first line's letters to its baseline."""
        return round(max(line.ink[0] for line in self.lines) * self.size)

    @cached_property
    def foot(self) -> int:
        """Pixels from the last baseline to the lower end of hanging letters."""
        return round(max(line.ink[1] for line in self.lines) * self.size)

    @property
    def height(self) -> int:
        """Pixels from the top of the first line's letters to the foot of the last line's."""
        return self.ascent + self.leading * (len(self.lines) - 1) + self.foot

    @property
    def texts(self) -> list[str]:
        return [line.text for line in self.lines]

    def mask(self, size: FrameSize, left: int, last_baseline: int) -> Image.Image:
        """The block as a mask (mode L) of the whole picture, its box beginning at `left`."""
        mask = Image.new("L", (size.width, size.height))
        for i, line in enumerate(reversed(self.lines)):
            room = self.width - round(line.width * self.size)
            indent = {"left": 0, "center": room // 2, "right": room}[self.align]
            ink, x, y = line.mask(self.size)
            corner = (left + indent - x, last_baseline - i * self.leading - y)
            placed = Image.new("L", mask.size)
            placed.paste(ink, corner)
            mask = ImageChops.lighter(mask, placed)
        return mask


def set_block(
    texts: Sequence[str],
    style: RoleStyle,
    ratio: AspectRatio,
    size: FrameSize,
    language: str,
    what: str,
    longest: int | None = None,
    tallest: int | None = None,
) -> TypeBlock:
    """Sets each of `texts` on lines of its own, all at the largest size that fits the role's box.

    `longest` is the box's width in pixels where it is narrower than the style's. To be no more than `tallest` pixels
    high the text shrinks as well, but no further than the style allows: the caller checks. Raises InvalidInput that
    says by how many characters the text is too long (`what` names it in the message), and Unavailable where a font is
    missing.
    """
    figures = style.ratios[ratio]
    width = min(figures.width * size.width, longest or size.width) * _TOLERANCE
    measure = _measure(style, language)
    all_pieces = [pieces_of(text, language) for text in texts]
    block = _fitted(all_pieces, style, figures, size, width, measure, language, tallest)
    if block is None:
        # Dividing a word is worse than smaller type, and better than none.
        all_pieces = [pieces_of(text, language, divide=True) for text in texts]
        block = _fitted(all_pieces, style, figures, size, width, measure, language, tallest)
    if block is None:
        raise _too_long(texts, all_pieces, measure, figures, size, width, what)
    return block


def _fitted(
    all_pieces: Sequence[Sequence[Piece]],
    style: RoleStyle,
    figures: RatioStyle,
    size: FrameSize,
    width: float,
    measure: Callable[[str], float],
    language: str,
    tallest: int | None,
) -> TypeBlock | None:
    """The block at the largest size that fits; the smallest one where it is always too tall, None where too wide."""
    block: TypeBlock | None = None
    for em in _sizes(figures, size):
        lines = _lines_at(all_pieces, measure, width / em, figures.max_lines)
        if lines is not None:
            set_lines = tuple(set_line(line, style.weight, language, right) for line, right in _directed(lines))
            align = _align(figures, set_lines)
            block = TypeBlock(set_lines, em, round(em * style.line_height), align)
            if tallest is None or block.height <= tallest:
                return block
    return block


def _sizes(figures: RatioStyle, size: FrameSize) -> list[int]:
    """Whole pixels from the largest to the smallest em, in steps of some 2 %. Rounded up: a minimum is a minimum."""
    largest, smallest = (-(-int(share * size.height * 1000) // 1000) for share in (figures.size, figures.min_size))
    sizes = [largest]
    while sizes[-1] > smallest:
        sizes.append(max(smallest, min(sizes[-1] - 1, round(sizes[-1] * 0.98))))
    return sizes


def _lines_at(
    texts: Sequence[Sequence[Piece]], measure: Callable[[str], float], longest: float, most: int
) -> list[list[str]] | None:
    """The lines of each text, in as few as it takes; None where they are more than `most` or too wide."""
    left = most
    found: list[list[str]] = []
    for pieces in texts:
        total = sum(measure(piece.text) for piece in pieces[:-1]) + measure(pieces[-1].at_end)
        fewest = max(1, -int(-total // longest))
        counts = range(fewest, left + 1)
        lines = next((lines for n in counts if (lines := balanced_lines(pieces, measure, longest, n))), None)
        if lines is None:
            return None
        found.append(lines)
        left -= len(lines)
    return found


def _measure(style: RoleStyle, language: str) -> Callable[[str], float]:
    @lru_cache(maxsize=4096)
    def measured(text: str) -> float:
        return set_line(text, style.weight, language).width if text else 0.0

    return measured


def _directed(texts: Sequence[Sequence[str]]) -> list[tuple[str, bool]]:
    """Each line with the direction of the text it belongs to, which its own first word need not show."""
    return [(line, is_right_to_left(" ".join(lines))) for lines in texts for line in lines]


def _align(figures: RatioStyle, lines: Sequence[TypeLine]) -> Literal["left", "center", "right"]:
    if figures.align == "center":
        return "center"
    return "right" if lines[0].right_to_left else "left"


def _too_long(
    texts: Sequence[str],
    all_pieces: Sequence[Sequence[Piece]],
    measure: Callable[[str], float],
    figures: RatioStyle,
    size: FrameSize,
    width: float,
    what: str,
) -> InvalidInput:
    em = _sizes(figures, size)[-1]
    pieces = [piece for group in all_pieces for piece in group]
    fitted = characters_that_fit(pieces, measure, width / em, figures.max_lines)
    over = max(1, sum(len(piece.text) for piece in pieces) - fitted)
    shown = " / ".join(texts)
    return InvalidInput(
        f"{what} “{shown if len(shown) <= 60 else shown[:59] + '…'}” is {over} characters too long for its place at "
        f"{size.width}×{size.height}.",
        remedy=f"Shorten it to about {fitted} characters.",
    )
