"""Motion clips as frames of the spot: brought to its rate and size, read one after the other.

What belongs here: reading a video in order. What does not: stills (see `plates`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import IO

from forge_resources.editing import ffmpeg
from forge_resources.editing.planes import Layout, Planes
from forge_resources.errors import EngineFailed
from forge_resources.schemas.storyboard import Focus


class ClipReader:
    """Frames of a clip in order. Asked for an earlier frame than the last one given, it gives the last again."""

    def __init__(self, stream: IO[bytes], name: str, layout: Layout) -> None:
        self._stream, self._name, self._layout = stream, name, layout
        self._at = -1
        self._planes: Planes | None = None
        self._ended = False

    def frame(self, number: int) -> Planes:
        """Frame `number`; before the first it is the first, after the last the last is held. Raises EngineFailed."""
        while not self._ended and (self._at < number or self._planes is None):
            self._next()
        if self._planes is None:
            raise EngineFailed(f"The clip {self._name} has no picture.")
        return self._planes

    def _next(self) -> None:
        data = self._stream.read(self._layout.size)
        if len(data) < self._layout.size:
            self._ended = True
            return
        self._planes = Planes.frombytes(data, self._layout)
        self._at += 1


@contextmanager
def clip_reader(path: Path, fps: Fraction, layout: Layout, focus: Focus | None = None) -> Iterator[ClipReader]:
    """A reader of the video at `path`, at `fps`, filling the layout (cut off around `focus`), in BT.709."""
    focus = focus or Focus()
    frame = f"{layout.width}:{layout.height}"
    x, y = (
        f"max(0,min(i{side}-o{side},i{side}*{float(at):.6f}-o{side}/2))"
        for side, at in (("w", focus.x), ("h", focus.y))
    )
    fit = (
        f"fps={fps.numerator}/{fps.denominator},"
        f"scale={frame}:force_original_aspect_ratio=increase:flags=bicubic+accurate_rnd+full_chroma_int+bitexact"
        f":out_color_matrix=bt709:out_range=tv,crop={frame}:x='{x}':y='{y}',format={layout.pixel_format}"
    )
    wanted = ["-loglevel", "error", "-xerror", "-threads", "1", "-i", ffmpeg.address(path), "-map", "0:v:0", "-vf", fit]
    with ffmpeg.reading([*wanted, "-f", "rawvideo", "pipe:1"]) as stream:
        yield ClipReader(stream, path.name, layout)
