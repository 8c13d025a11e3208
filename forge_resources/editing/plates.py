"""Windows of a plate: what a camera sees of a still picture, to a fraction of a pixel.

What belongs here: pixels of one plate. What does not: which window is seen at which frame (see `camera`, `frames`).

A plate is kept at twice the size that its closest window needs. Sampling that between its pixels in a straight line is
as good as a cubic at the single size and takes a third of the time.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from forge_resources.editing.camera import Box
from forge_resources.editing.planes import Layout, Plane, Planes, codes, components, filtered
from forge_resources.errors import EngineFailed
from forge_resources.schemas.storyboard import Focus

Matrix = npt.NDArray[np.float64]

_OVERSAMPLING = 2
_WIDEST_RATIO = 1.6
"""Up to this ratio of its widest to its closest window, a plate of one size serves both without aliasing."""


class Still:
    """A plate, brought once to the sizes that its windows need."""

    def __init__(self, path: Path, layout: Layout, closest: float, widest: float = 1.0, focus: Focus | None = None):
        """`closest` and `widest` are the sizes of the smallest and largest window, as shares of the plate.

        A plate of another ratio is cut off around `focus`. Raises EngineFailed for what is no picture.
        """
        self._layout = layout
        picture = framed(opened(path).convert("RGB"), layout.width / layout.height, focus or Focus())
        self._levels = [_Level(picture, layout, size) for size in _sizes(closest, widest)]

    def window(self, box: Box) -> Planes:
        """The part `box` of the plate at the size of the frame, resampled to a fraction of a pixel."""
        # The smallest level that is not closer than the window asks for.
        fitting = [level for level in self._levels if level.closest <= (box.right - box.left) * 1.001]
        return (fitting[-1] if fitting else self._levels[0]).window(box)


def _sizes(closest: float, widest: float) -> list[float]:
    """The closest windows of the levels, from the closest on."""
    sizes = [closest]
    while sizes[-1] * _WIDEST_RATIO < widest:
        sizes.append(sizes[-1] * _WIDEST_RATIO)
    return sizes


class _Level:
    """A plate at one size: luma twice as large as its `closest` window needs, chroma filtered but not yet thinned."""

    def __init__(self, picture: Image.Image, layout: Layout, closest: float) -> None:
        self.closest, self._layout = closest, layout
        width = min(picture.width, _even(layout.width / closest))
        height = min(picture.height, _even(layout.height / closest))
        if (width, height) != picture.size:
            picture = picture.resize((width, height), Image.Resampling.LANCZOS)
        y, u, v = components(picture)
        self._y = _enlarged(codes(y))
        self._u, self._v = (codes(filtered(channel, layout)) for channel in (u, v))

    def window(self, box: Box) -> Planes:
        import cv2

        planes = Planes.empty(self._layout)
        y, u, v = planes.parts
        layout, flags = self._layout, cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        for source, target, across, down in (
            (self._y, y, 1, 1),
            (self._u, u, layout.across, layout.down),
            (self._v, v, layout.across, layout.down),
        ):
            map_ = _map(source, box, layout, across, down)
            cv2.warpAffine(source, map_, target.shape[::-1], target, flags, cv2.BORDER_REPLICATE)
        return planes


def _map(source: Plane, box: Box, layout: Layout, across: int, down: int) -> Matrix:
    """From samples of the frame to samples of `source`, one of which covers an equal part of the plate each.

    Chroma that pixels share is sited on the left one, and half way down them; `filtered` keeps to that.
    """
    height, width = source.shape
    x, y = width * (box.right - box.left) / layout.width, height * (box.bottom - box.top) / layout.height
    left = box.left * width + x / 2 - 0.5
    top = box.top * height + y * down / 2 - down / 2
    return np.array([[x * across, 0, left], [0, y * down, top]])


def _enlarged(plane: Plane) -> Plane:
    picture = Image.fromarray(plane)
    size = picture.width * _OVERSAMPLING, picture.height * _OVERSAMPLING
    return np.asarray(picture.resize(size, Image.Resampling.BICUBIC))


def opened(path: Path) -> Image.Image:
    """The picture at `path`, read to its end. Raises EngineFailed."""
    try:
        with Image.open(path) as picture:
            read: Image.Image = picture.copy()
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise EngineFailed(f"The plate {path.name} cannot be read: {error}") from None
    return read


def framed(picture: Image.Image, ratio: float, focus: Focus) -> Image.Image:
    """The largest part of the picture in a ratio of width to height, around `focus`, of even width and height."""
    width = min(picture.width, round(picture.height * ratio))
    height = min(picture.height, round(picture.width / ratio))
    width, height = width - width % 2, height - height % 2
    left = _start(float(focus.x), picture.width, width)
    top = _start(float(focus.y), picture.height, height)
    return picture.crop((left, top, left + width, top + height))


def _start(middle: float, whole: int, part: int) -> int:
    return round(min(max(middle * whole - part / 2, 0), whole - part))


def _even(length: float) -> int:
    return 2 * round(length / 2)
