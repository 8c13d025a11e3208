"""Finding text in a picture, without reading it.

What belongs here: where lines of letters are. What does not: what a find means (see the gates).

Letters are regions that stand out from their ground, with strokes of one width, of like height and tone, side by side
on a line, and not all of one shape. Source of the idea: Epshtein et al. 2010 (stroke width). It finds set type and
clear lettering of five letters and more; it misses handwriting and short words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

_WIDTH = 1280
"""Pictures are looked at in this width: letters of plates that can be read are then 12 pixels and more high."""
_LETTERS = 5
_SMALLEST, _LARGEST = 10, 180


@dataclass(frozen=True)
class _Letter:
    x: int
    y: int
    width: int
    height: int
    stroke: float
    tone: float
    fill: float

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


@dataclass(frozen=True)
class TextLine:
    """A line of letters: left, top, right, bottom as parts of width and height, and how many letters."""

    box: tuple[float, float, float, float]
    letters: int


def find_text(picture: Image.Image) -> list[TextLine]:
    """The lines of text in a picture, from the top."""
    scale = _WIDTH / picture.width
    small = picture.convert("L").resize((_WIDTH, max(1, round(picture.height * scale))), Image.Resampling.BOX)
    grey: npt.NDArray[Any] = np.asarray(small)
    letters = _without_repeats([*_letters(grey, dark=True), *_letters(grey, dark=False)])
    lines = [line for line in _lines(letters) if _is_text(line)]
    height = grey.shape[0]
    found = [
        TextLine(
            (
                min(one.x for one in line) / _WIDTH,
                min(one.y for one in line) / height,
                max(one.x + one.width for one in line) / _WIDTH,
                max(one.y + one.height for one in line) / height,
            ),
            len(line),
        )
        for line in lines
    ]
    return sorted(found, key=lambda line: line.box[1])


def _letters(grey: npt.NDArray[Any], *, dark: bool) -> Iterator[_Letter]:
    """Regions that could be letters, darker or lighter than what they stand on."""
    import cv2

    kind = cv2.THRESH_BINARY_INV if dark else cv2.THRESH_BINARY
    sign = 1 if dark else -1
    for block, step in ((31, 12), (81, 14), (201, 18)):
        mask = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, kind, block, sign * step)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
        for number, (x, y, width, height, area) in enumerate(stats.tolist()):
            if number and _SMALLEST <= height <= _LARGEST and 0.08 <= width / height <= 1.6:
                region = labels[y : y + height, x : x + width] == number
                letter = _letter(region, (x, y, width, height), area, grey)
                if letter is not None:
                    yield letter


def _letter(
    region: npt.NDArray[np.bool_], box: tuple[int, int, int, int], area: int, grey: npt.NDArray[Any]
) -> _Letter | None:
    """The region as a letter, or None where it cannot be one."""
    import cv2

    x, y, width, height = box
    fill = area / (width * height)
    if not 0.15 <= fill <= 0.9:
        return None
    distances = cv2.distanceTransform(np.pad(region, 1).astype(np.uint8), cv2.DIST_L2, 3)
    # The ridge of the distances is half the width of the strokes.
    ridge = distances[(distances >= cv2.dilate(distances, np.ones((3, 3)))) & (distances > 0)]
    if ridge.size < 3 or float(ridge.std()) > 0.5 * float(ridge.mean()) or 2 * float(ridge.mean()) > 0.45 * height:
        return None
    inside = grey[y : y + height, x : x + width]
    tone, ground = float(inside[region].mean()), float(inside[~region].mean()) if not region.all() else 255.0
    if abs(tone - ground) < 30:
        return None
    return _Letter(x, y, width, height, 2 * float(ridge.mean()), tone, fill)


def _without_repeats(letters: list[_Letter]) -> list[_Letter]:
    """One of the regions that cover the same place: the largest."""
    kept: list[_Letter] = []
    for letter in sorted(letters, key=lambda one: -one.width * one.height):
        if not any(_share(letter, other) > 0.6 for other in kept):
            kept.append(letter)
    return kept


def _share(one: _Letter, other: _Letter) -> float:
    """How much of the smaller box lies in the other."""
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    if across <= 0 or down <= 0:
        return 0.0
    return across * down / min(one.width * one.height, other.width * other.height)


def _lines(letters: list[_Letter]) -> list[list[_Letter]]:
    """Letters that stand side by side, alike in height, stroke and tone, from left to right."""
    remaining = sorted(letters, key=lambda letter: letter.x)
    lines: list[list[_Letter]] = []
    while remaining:
        line = [remaining.pop(0)]
        for letter in list(remaining):
            if _follows(line[-1], letter):
                line.append(letter)
                remaining.remove(letter)
        lines.append(line)
    return lines


def _follows(one: _Letter, other: _Letter) -> bool:
    taller = max(one.height, other.height)
    gap = other.x - (one.x + one.width)
    return (
        -0.2 * taller <= gap <= 0.9 * taller
        and min(one.height, other.height) >= 0.5 * taller
        and abs(one.middle - other.middle) <= 0.4 * taller
        and 0.5 <= one.stroke / other.stroke <= 2.0
        and abs(one.tone - other.tone) <= 22
    )


def _is_text(line: list[_Letter]) -> bool:
    """Whether a row of regions is written: posts of a fence and panes of a window are all of one shape."""
    if len(line) < _LETTERS:
        return False
    widths = np.array([letter.width / letter.height for letter in line])
    fills = np.array([letter.fill for letter in line])
    gaps = np.diff([letter.x for letter in line])
    varied = float(widths.std()) > 0.06 or float(fills.std()) > 0.05
    even = float(gaps.std()) < 0.04 * float(gaps.mean())
    strokes = np.array([letter.stroke for letter in line])
    return varied and not even and float(strokes.std()) < 0.35 * float(strokes.mean())
