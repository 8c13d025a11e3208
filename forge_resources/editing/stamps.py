"""What is laid over a frame: type, and pictures in the picture, each with how much of it covers.

What belongs here: planes with alpha, and laying them over a frame. What does not: drawing type (see `type_plates`), or
when it is seen (see `frames`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from forge_resources.editing.planes import NEUTRAL, Channel, Layout, Plane, Planes, codes, components, sited
from forge_resources.editing.plates import framed, opened
from forge_resources.schemas.edit import InsetNote

_EDGE_OVERSAMPLING = 4


@dataclass(frozen=True)
class Cover:
    """How much of what lies under is hidden, 0-1, at the size of luma and of chroma."""

    luma: Channel
    chroma: Channel

    @property
    def whole(self) -> bool:
        """Whether it hides everything."""
        return bool(self.luma.min() == 1)


@dataclass(frozen=True)
class Stamp:
    """Planes to be laid over a frame with their corner at (`left`, `top`), which lie on whole samples of chroma."""

    planes: Planes
    cover: Cover
    left: int
    top: int

    def hides(self, layout: Layout) -> bool:
        """Whether nothing of a frame is seen behind it."""
        return (self.left, self.top, self.planes.layout) == (0, 0, layout) and self.cover.whole

    def showing(self, planes: Planes) -> Stamp:
        """Another picture of the same size, covering as this one does."""
        return Stamp(planes, self.cover, self.left, self.top)

    def lay_over(self, frame: Planes, opacity: float) -> None:
        """Changes `frame`. `opacity` is 0-1."""
        import cv2

        layout = frame.layout
        places = [(self.left, self.top)] + [(self.left // layout.across, self.top // layout.down)] * 2
        covers = (self.cover.luma, self.cover.chroma, self.cover.chroma)
        for under, mine, cover, (left, top) in zip(frame.parts, self.planes.parts, covers, places, strict=True):
            height, width = mine.shape
            part = under[top : top + height, left : left + width]
            share = cover if opacity == 1 else cover * np.float32(opacity)
            part[:] = cv2.blendLinear(np.ascontiguousarray(part), mine, 1 - share, share)


def stamp_of(picture: Image.Image, left: int, top: int, layout: Layout) -> Stamp:
    """An RGBA picture whose corner lies at (`left`, `top`) of a frame of `layout`."""
    placed = _on_whole_samples(picture, left, top, layout)
    mine = layout.of_size(placed.width, placed.height)
    alpha = np.asarray(placed.getchannel("A"), np.float32) / 255
    cover = cover_of(alpha, mine)
    planes = Planes.empty(mine)
    y, u, v = components(placed.convert("RGB"))
    # Chroma is averaged by cover: the colour of pixels that are not there must not bleed into the edges of letters.
    weight = np.maximum(cover.chroma, 1e-3)
    chroma = [NEUTRAL + sited((each - NEUTRAL) * alpha, mine) / weight for each in (u, v)]
    for part, channel in zip(planes.parts, (y, *chroma), strict=True):
        part[:] = codes(channel)
    return Stamp(planes, cover, left - left % layout.across, top - top % layout.down)


def cover_of(alpha: Channel, layout: Layout) -> Cover:
    """The cover of an alpha channel, 0-1, at luma size."""
    return Cover(np.ascontiguousarray(alpha, np.float32), np.ascontiguousarray(sited(alpha, layout), np.float32))


def inset_box(note: InsetNote, layout: Layout) -> tuple[int, int, int, int]:
    """Left, top, width and height of an inset in pixels, on whole samples of chroma and within the frame."""
    across, down = layout.across, layout.down
    left, top = _snapped(note.left * layout.width, across), _snapped(note.top * layout.height, down)
    width = min(max(_snapped(note.width * layout.width, across), across), layout.width - left)
    height = min(max(_snapped(note.height * layout.height, down), down), layout.height - top)
    return left, top, width, height


def inset_alpha(note: InsetNote, size: tuple[int, int], mask: Path | None) -> Plane:
    """What of an inset of `size` shows: its mask and its round corners. Raises EngineFailed for a broken mask."""
    alpha = Image.new("L", size, 255)
    if note.radius:
        large = size[0] * _EDGE_OVERSAMPLING, size[1] * _EDGE_OVERSAMPLING
        corners = Image.new("L", large)
        box = (0, 0, large[0] - 1, large[1] - 1)
        ImageDraw.Draw(corners).rounded_rectangle(box, note.radius * min(large), fill=255)
        alpha = corners.reduce(_EDGE_OVERSAMPLING)
    shown = np.asarray(alpha)
    if mask:
        grey = np.asarray(opened(mask).convert("L").resize(size, Image.Resampling.LANCZOS))
        shown = codes(shown.astype(np.float32) * grey / 255)
    return shown


def inset_picture(note: InsetNote, size: tuple[int, int], medium: Path, mask: Path | None) -> Image.Image:
    """A still inset as RGBA of `size`: its medium fills the box, with its own alpha, mask and corners."""
    picture = framed(opened(medium).convert("RGBA"), size[0] / size[1], note.focus)
    # Premultiplied, so that what is transparent does not colour the edges.
    fitted = picture.convert("RGBa").resize(size, Image.Resampling.LANCZOS).convert("RGBA")
    own = np.asarray(fitted.getchannel("A"), np.float32)
    fitted.putalpha(Image.fromarray(codes(own * inset_alpha(note, size, mask) / 255)))
    return fitted


def _snapped(length: float, to: int) -> int:
    return to * round(length / to)


def _on_whole_samples(picture: Image.Image, left: int, top: int, layout: Layout) -> Image.Image:
    """With a transparent margin that makes its corner and its size whole samples of chroma."""
    right, down = left % layout.across, top % layout.down
    width, height = picture.width + right, picture.height + down
    size = (width + width % layout.across, height + height % layout.down)
    placed = Image.new("RGBA", size, (0, 0, 0, 0))
    placed.paste(picture, (right, down))
    return placed
