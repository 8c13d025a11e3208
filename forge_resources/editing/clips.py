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
from forge_resources.editing.plates import Planes
from forge_resources.errors import EngineFailed
from forge_resources.schemas.delivery import FrameSize


class ClipReader:
    """Frames of a clip in order. Asked for an earlier frame than the last one given, it gives the last again."""

    def __init__(self, stream: IO[bytes], name: str, size: FrameSize) -> None:
        self._stream, self._name, self._size = stream, name, size
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
        length = self._size.width * self._size.height * 3 // 2
        data = self._stream.read(length)
        if len(data) < length:
            self._ended = True
            return
        self._planes = Planes.frombytes(data, self._size)
        self._at += 1


@contextmanager
def clip_reader(path: Path, fps: Fraction, size: FrameSize) -> Iterator[ClipReader]:
    """A reader of the video at `path`, at `fps`, filling `size` (what stands over is cut off), in BT.709."""
    frame = f"{size.width}:{size.height}"
    fit = (
        f"fps={fps.numerator}/{fps.denominator},"
        f"scale={frame}:force_original_aspect_ratio=increase:flags=bicubic+accurate_rnd+full_chroma_int+bitexact"
        f":out_color_matrix=bt709:out_range=tv,crop={frame},format=yuv420p"
    )
    wanted = ["-loglevel", "error", "-xerror", "-threads", "1", "-i", ffmpeg.address(path), "-map", "0:v:0", "-vf", fit]
    with ffmpeg.reading([*wanted, "-f", "rawvideo", "pipe:1"]) as stream:
        yield ClipReader(stream, path.name, size)
