"""Pictures as the encoder takes them: Y'CbCr planes by BT.709, limited range, 8 bits; and mixing two of them.

What belongs here: the layout of a frame in memory and what happens to whole frames. What does not: cutting windows out
of plates (see `plates`), type and insets (see `stamps`), or which frame shows what (see `frames`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from forge_resources.schemas.delivery import FrameSize

_RED, _GREEN, _BLUE = 0.2126, 0.7152, 0.0722  # ITU-R BT.709-6, table 3
_BLACK, _LUMA_SPAN, NEUTRAL, _CHROMA_SPAN = 16, 219, 128, 224

Plane = npt.NDArray[np.uint8]
Channel = npt.NDArray[np.floating[Any]]
Direction = Literal["left", "right", "up", "down"]


@dataclass(frozen=True)
class Layout:
    """A frame's size in pixels, and how many pixels share one sample of chroma, across and down."""

    width: int
    height: int
    across: int = 2
    down: int = 2

    @property
    def chroma(self) -> tuple[int, int]:
        """Width and height of the chroma planes."""
        return self.width // self.across, self.height // self.down

    @property
    def pixel_format(self) -> str:
        """What ffmpeg calls it."""
        return {(2, 2): "yuv420p", (2, 1): "yuv422p", (1, 1): "yuv444p"}[self.across, self.down]

    @property
    def size(self) -> int:
        """Bytes of a frame."""
        width, height = self.chroma
        return self.width * self.height + 2 * width * height

    def of_size(self, width: int, height: int) -> Layout:
        """The same sampling at another size."""
        return Layout(width, height, self.across, self.down)


def layout_for(size: FrameSize, pixel_format: str) -> Layout:
    """The layout whose frames an encoder of `pixel_format` (such as `yuv422p10le`) loses nothing of."""
    across, down = (1, 1) if "444" in pixel_format else (2, 1) if "422" in pixel_format else (2, 2)
    return Layout(size.width, size.height, across, down)


@dataclass(frozen=True)
class Planes:
    """A picture in one piece of memory, `data`, with `y`, `u` and `v` one after the other as views of it."""

    layout: Layout
    data: Plane

    @classmethod
    def empty(cls, layout: Layout) -> Planes:
        """Memory for a picture, not set to anything."""
        return cls(layout, np.empty(layout.size, np.uint8))

    @classmethod
    def flat(cls, layout: Layout, colour: tuple[int, int, int]) -> Planes:
        """A picture of one RGB colour."""
        planes = cls.empty(layout)
        channels = components(Image.new("RGB", (1, 1), colour))
        for part, channel in zip(planes.parts, channels, strict=True):
            part[:] = codes(channel)[0, 0]
        return planes

    @classmethod
    def frombytes(cls, data: bytes | bytearray, layout: Layout) -> Planes:
        """Reads what `tobytes` wrote. The picture cannot be changed."""
        return cls(layout, np.frombuffer(data, np.uint8))

    @property
    def parts(self) -> tuple[Plane, Plane, Plane]:
        luma = self.layout.width * self.layout.height
        width, height = self.layout.chroma
        chroma = width * height
        return (
            self.data[:luma].reshape(self.layout.height, self.layout.width),
            self.data[luma : luma + chroma].reshape(height, width),
            self.data[luma + chroma :].reshape(height, width),
        )

    def copy(self) -> Planes:
        return Planes(self.layout, self.data.copy())

    def tobytes(self) -> bytes:
        """As ffmpeg's raw video of `layout.pixel_format`."""
        return self.data.tobytes()

    def blended(self, over: Planes, share: float) -> Planes:
        """This picture with `share` (0-1) of another."""
        import cv2

        mixed = cv2.addWeighted(self.data, 1 - share, over.data, share, 0)
        return Planes(self.layout, np.asarray(mixed, np.uint8).reshape(-1))

    def wiped(self, over: Planes, share: float, direction: Direction, softness: float) -> Planes:
        """This picture with another behind an edge that has gone `share` of its way towards `direction`."""
        mixed = Planes.empty(self.layout)
        for mine, theirs, target in zip(self.parts, over.parts, mixed.parts, strict=True):
            across = direction in ("left", "right")
            weights = wipe_weights(mine.shape[1 if across else 0], share, direction, softness)
            weights = weights[None, :] if across else weights[:, None]
            difference = theirs.astype(np.float32) - mine
            np.rint(mine + difference * weights, out=target, casting="unsafe")
        return mixed

    def dipped(self, over: Planes, share: float, colour: tuple[int, int, int]) -> Planes:
        """This picture, through a colour in the middle of the way, to another."""
        between = Planes.flat(self.layout, colour)
        return self.blended(between, 2 * share) if share < 0.5 else between.blended(over, 2 * share - 1)


def wipe_weights(length: int, share: float, direction: Direction, softness: float) -> Channel:
    """How much of the new picture (0-1) shows in each of `length` columns or rows of a wipe."""
    places = (np.arange(length, dtype=np.float32) + 0.5) / length
    if direction in ("left", "up"):
        places = 1 - places
    # The edge, a pixel wide at least, starts wholly outside the frame and ends there.
    wide = max(softness, 1 / length)
    weights: Channel = np.clip((share * (1 + wide) - places) / wide, 0, 1)
    return weights


def planes_of(picture: Image.Image, layout: Layout) -> Planes:
    """An RGB picture of the layout's size as planes."""
    planes = Planes.empty(layout)
    y, u, v = components(picture)
    for part, channel in zip(planes.parts, (y, sited(u, layout), sited(v, layout)), strict=True):
        part[:] = codes(channel)
    return planes


def components(picture: Image.Image) -> tuple[Channel, Channel, Channel]:
    """Y', Cb and Cr at full size, as 8-bit code values with fractions."""
    red, green, blue = (np.asarray(band, np.float32) / 255 for band in picture.convert("RGB").split())
    luma = _RED * red + _GREEN * green + _BLUE * blue
    y = _BLACK + _LUMA_SPAN * luma
    u = NEUTRAL + _CHROMA_SPAN * (blue - luma) / (2 * (1 - _BLUE))
    v = NEUTRAL + _CHROMA_SPAN * (red - luma) / (2 * (1 - _RED))
    return y, u, v


def sited(channel: Channel, layout: Layout) -> Channel:
    """A channel at the size of the layout's chroma: sited left as H.264 has it, so 1-2-1 around even pixels."""
    return filtered(channel, layout)[:: layout.down, :: layout.across]


def filtered(channel: Channel, layout: Layout) -> Channel:
    """What chroma samples of the layout would hold, at every pixel: 1-2-1 across, the mean of two rows down."""
    if layout.down == 2:
        below = np.concatenate([channel[1:], channel[-1:]])
        channel = (channel + below) / 2
    if layout.across == 2:
        before = np.concatenate([channel[:, :1], channel[:, :-1]], axis=1)
        after = np.concatenate([channel[:, 1:], channel[:, -1:]], axis=1)
        channel = (before + 2 * channel + after) / 4
    return channel


def codes(channel: Channel) -> Plane:
    """Fractions rounded to 8-bit code values."""
    return np.clip(np.rint(channel), 0, 255).astype(np.uint8)
