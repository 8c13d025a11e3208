"""Pictures as the encoder takes them: Y'CbCr planes by BT.709, limited range, chroma halved; and windows out of them.

What belongs here: pixels of one plate or one piece of type. What does not: which of them are seen at which frame (see
`frames`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from forge_resources.editing.camera import Box
from forge_resources.errors import EngineFailed
from forge_resources.schemas.delivery import FrameSize

_RED, _GREEN, _BLUE = 0.2126, 0.7152, 0.0722  # ITU-R BT.709-6, table 3
_BLACK, _LUMA_SPAN, _NEUTRAL, _CHROMA_SPAN = 16, 219, 128, 224

Channel = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Planes:
    """A picture in 4:2:0: `u` and `v` have half the width and height of `y`; chroma is sited left."""

    y: Image.Image
    u: Image.Image
    v: Image.Image

    def blended(self, over: Planes, share: float) -> Planes:
        """This picture with `share` (0-1) of another."""
        return Planes(*(Image.blend(mine, theirs, share) for mine, theirs in zip(self.parts, over.parts, strict=True)))

    def copy(self) -> Planes:
        return Planes(*(part.copy() for part in self.parts))

    @property
    def parts(self) -> tuple[Image.Image, Image.Image, Image.Image]:
        return self.y, self.u, self.v

    def tobytes(self) -> bytes:
        """As ffmpeg's `yuv420p` raw video."""
        return b"".join(part.tobytes() for part in self.parts)

    @classmethod
    def frombytes(cls, data: bytes, size: FrameSize) -> Planes:
        """Reads what `tobytes` wrote."""
        width, height = size.width, size.height
        luma, chroma = width * height, (width // 2) * (height // 2)
        half = (width // 2, height // 2)
        return cls(
            Image.frombytes("L", (width, height), data[:luma]),
            Image.frombytes("L", half, data[luma : luma + chroma]),
            Image.frombytes("L", half, data[luma + chroma :]),
        )


@dataclass(frozen=True)
class Stamp:
    """Type ready to be laid over a picture: planes, and how much they cover, at luma and at chroma size.

    `left` and `top` are even pixels of the frame.
    """

    planes: Planes
    cover: Image.Image
    chroma_cover: Image.Image
    left: int
    top: int

    def hides(self, size: FrameSize) -> bool:
        """Whether nothing of a frame of `size` is seen behind it."""
        covers = (self.left, self.top, *self.cover.size) == (0, 0, size.width, size.height)
        return covers and bool(self.cover.getextrema() == (255, 255))

    def lay_over(self, picture: Planes, opacity: float) -> None:
        """Changes `picture`. `opacity` is 0-1."""
        cover, chroma_cover = self.cover, self.chroma_cover
        if opacity < 1:
            table = [round(value * opacity) for value in range(256)]
            cover, chroma_cover = cover.point(table), chroma_cover.point(table)
        picture.y.paste(self.planes.y, (self.left, self.top), cover)
        for under, mine in ((picture.u, self.planes.u), (picture.v, self.planes.v)):
            under.paste(mine, (self.left // 2, self.top // 2), chroma_cover)


class Still:
    """A plate, brought once to the smallest size that its closest window needs."""

    def __init__(self, path: Path, size: FrameSize, closest: float) -> None:
        """`closest` is the size of the smallest window, as a share of the plate. Raises EngineFailed."""
        self._size = size
        picture = _framed(_opened(path), size)
        width = min(picture.width, _even(size.width / closest))
        height = min(picture.height, _even(size.height / closest))
        if (width, height) != picture.size:
            picture = picture.resize((width, height), Image.Resampling.LANCZOS)
        self._planes = planes_of(picture)

    def window(self, box: Box) -> Planes:
        """The part `box` of the plate at the size of the frame, resampled to a fraction of a pixel."""
        width, height = self._size.width, self._size.height
        return Planes(
            _window(self._planes.y, box, (width, height), Image.Resampling.BICUBIC),
            _window(self._planes.u, box, (width // 2, height // 2), Image.Resampling.BILINEAR),
            _window(self._planes.v, box, (width // 2, height // 2), Image.Resampling.BILINEAR),
        )


def planes_of(picture: Image.Image) -> Planes:
    """An RGB picture of even size as planes."""
    y, u, v = _components(picture)
    return Planes(_plane(y), _plane(_halved(u)), _plane(_halved(v)))


def stamp_of(picture: Image.Image, left: int, top: int) -> Stamp:
    """An RGBA picture whose corner lies at (`left`, `top`) of the frame."""
    placed = _on_even_pixels(picture, left, top)
    rgb, alpha = placed.convert("RGB"), np.asarray(placed.getchannel("A"), np.float32)
    y, u, v = _components(rgb)
    chroma_alpha = _halved(alpha)
    # Chroma is averaged by cover: the colour of pixels that are not there must not bleed into the edges of letters.
    weight = np.maximum(chroma_alpha, 1e-3)
    halves = [_NEUTRAL + _halved((each - _NEUTRAL) * alpha) / weight for each in (u, v)]
    planes = Planes(_plane(y), _plane(halves[0]), _plane(halves[1]))
    return Stamp(planes, placed.getchannel("A"), _plane(chroma_alpha), left - left % 2, top - top % 2)


def _opened(path: Path) -> Image.Image:
    try:
        with Image.open(path) as picture:
            opened: Image.Image = picture.convert("RGB")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise EngineFailed(f"The plate {path.name} cannot be read: {error}") from None
    return opened


def _framed(picture: Image.Image, size: FrameSize) -> Image.Image:
    """The middle of the picture in the frame's ratio, of even width and height."""
    width = min(picture.width, round(picture.height * size.width / size.height))
    height = min(picture.height, round(picture.width * size.height / size.width))
    width, height = width - width % 2, height - height % 2
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))


def _window(plane: Image.Image, box: Box, size: tuple[int, int], how: Image.Resampling) -> Image.Image:
    edges = (box.left * plane.width, box.top * plane.height, box.right * plane.width, box.bottom * plane.height)
    inside = (max(edges[0], 0.0), max(edges[1], 0.0), min(edges[2], plane.width), min(edges[3], plane.height))
    return plane.resize(size, how, box=inside)


def _components(picture: Image.Image) -> tuple[Channel, Channel, Channel]:
    """Y', Cb and Cr at full size, as 8-bit code values with fractions."""
    red, green, blue = (np.asarray(band, np.float32) / 255 for band in picture.convert("RGB").split())
    luma = _RED * red + _GREEN * green + _BLUE * blue
    y = _BLACK + _LUMA_SPAN * luma
    u = _NEUTRAL + _CHROMA_SPAN * (blue - luma) / (2 * (1 - _BLUE))
    v = _NEUTRAL + _CHROMA_SPAN * (red - luma) / (2 * (1 - _RED))
    return y, u, v


def _halved(channel: Channel) -> Channel:
    """Half the width and height: sited left as H.264 has it, so 1-2-1 across around even pixels and a mean down."""
    down = (channel[0::2] + channel[1::2]) / 2
    before = np.concatenate([down[:, :1], down[:, 1:-1:2]], axis=1)
    halved: Channel = (before + 2 * down[:, 0::2] + down[:, 1::2]) / 4
    return halved


def _plane(channel: Channel) -> Image.Image:
    codes = np.clip(np.rint(channel), 0, 255).astype(np.uint8)
    return Image.frombytes("L", (codes.shape[1], codes.shape[0]), codes.tobytes())


def _on_even_pixels(picture: Image.Image, left: int, top: int) -> Image.Image:
    """With a transparent margin that makes its corner and its size even."""
    across, down = left % 2, top % 2
    width, height = picture.width + across, picture.height + down
    placed = Image.new("RGBA", (width + width % 2, height + height % 2), (0, 0, 0, 0))
    placed.paste(picture, (across, down))
    return placed


def _even(length: float) -> int:
    return 2 * round(length / 2)
