"""A finished file as it is seen and heard: decoded once, from first frame to last.

What belongs here: decoding. What does not: measuring or judging what was decoded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from forge_resources.editing import ffmpeg
from forge_resources.errors import EngineFailed
from forge_resources.schemas.timecode import RATES

SMALL = (64, 36)
"""Width and height that frames are reduced to for what concerns whole pictures."""
RATE = 48000

Frames = npt.NDArray[np.uint8]
Sound = npt.NDArray[np.float32]
_VIDEO = re.compile(
    r"Stream #0:\d+.*?: Video: (?P<codec>\w+).*?, (?P<pixels>\w+)\((?P<colour>[^)]*)\), (?P<width>\d+)x(?P<height>\d+)"
    r".*?, (?P<fps>[\d.]+) fps"
)
_AUDIO = re.compile(r"Stream #0:\d+.*?: Audio: (?P<codec>\w+).*?, (?P<rate>\d+) Hz, (?P<layout>[\w.()]+)")
_TIMECODE = re.compile(r"timecode\s*:\s*(\d\d:\d\d:\d\d[:;.]\d\d)", re.IGNORECASE)
_CHANNELS = {"mono": 1, "stereo": 2}


@dataclass(frozen=True)
class Viewing:
    """What a file shows and says. `small` are all frames as RGB (frame, row, column, band); `stills` those asked for.

    `sound` has a column a channel, at 48 kHz whatever the file's own `sample_rate`; None where there is none.
    """

    codec: str
    pixel_format: str
    colour: str
    width: int
    height: int
    fps: Fraction
    timecode: str | None
    small: Frames
    stills: dict[int, Frames]
    audio_codec: str | None
    sample_rate: int
    channels: int
    sound: Sound | None

    @property
    def frames(self) -> int:
        return len(self.small)

    def luma(self) -> npt.NDArray[np.float32]:
        """Y' of every small frame as 8-bit codes of limited range, 16 to 235."""
        weights = np.array([0.2126, 0.7152, 0.0722], np.float32)
        luma: npt.NDArray[np.float32] = 16 + (self.small @ weights) * np.float32(219 / 255)
        return luma


def view(path: Path, stills: Sequence[int], folder: Path) -> Viewing:
    """Decodes the whole file; frames `stills` are kept at full size. Raises EngineFailed for what does not decode."""
    wanted = sorted(set(stills))
    still_file, sound_file = folder / "stills.raw", folder / "sound.raw"
    reduce = f"scale={SMALL[0]}:{SMALL[1]}:flags=area:in_color_matrix=bt709:in_range=tv,format=rgb24"
    chosen = "+".join(f"eq(n\\,{number})" for number in wanted) or "0"
    keep = f"select='{chosen}',scale=in_color_matrix=bt709:in_range=tv:flags=bicubic+accurate_rnd,format=rgb24"
    done = ffmpeg.run(
        [
            "-nostats", "-xerror", "-i", ffmpeg.address(path),
            "-filter_complex", f"[0:v:0]split=2[a][b];[a]{reduce}[small];[b]{keep}[stills]",
            "-map", "[small]", "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1",
            "-map", "[stills]", "-fps_mode", "passthrough", "-f", "rawvideo", ffmpeg.address(still_file),
            "-map", "0:a:0?", "-ar", str(RATE), "-f", "f32le", ffmpeg.address(sound_file),
        ]
        if _has_sound(path)
        else [
            "-nostats", "-xerror", "-i", ffmpeg.address(path),
            "-filter_complex", f"[0:v:0]split=2[a][b];[a]{reduce}[small];[b]{keep}[stills]",
            "-map", "[small]", "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1",
            "-map", "[stills]", "-fps_mode", "passthrough", "-f", "rawvideo", ffmpeg.address(still_file),
        ]
    )  # fmt: skip
    told = done.messages.partition("Output #0")[0]
    video, audio, code = _VIDEO.search(told), _AUDIO.search(told), _TIMECODE.search(told)
    if video is None:
        raise EngineFailed(f"ffmpeg describes the video of {path.name} in a way that Forge cannot read.")
    width, height = int(video["width"]), int(video["height"])
    channels = _CHANNELS.get(audio["layout"], 0) if audio else 0
    return Viewing(
        codec=video["codec"],
        pixel_format=video["pixels"],
        colour=video["colour"],
        width=width,
        height=height,
        fps=min(RATES.values(), key=lambda rate: abs(rate - Fraction(video["fps"]))),
        timecode=code[1] if code else None,
        small=np.frombuffer(done.output, np.uint8).reshape(-1, SMALL[1], SMALL[0], 3),
        stills=_stills(still_file, wanted, width, height),
        audio_codec=audio["codec"] if audio else None,
        sample_rate=int(audio["rate"]) if audio else 0,
        channels=channels,
        sound=np.fromfile(sound_file, np.float32).reshape(-1, channels) if audio and channels else None,
    )


def _has_sound(path: Path) -> bool:
    told = ffmpeg.run(["-i", ffmpeg.address(path), "-map", "0:v:0", "-frames:v", "1", "-f", "null", "-"]).messages
    return _AUDIO.search(told.partition("Output #0")[0]) is not None


def _stills(path: Path, wanted: Sequence[int], width: int, height: int) -> dict[int, Frames]:
    if not wanted:
        return {}
    data: npt.NDArray[Any] = np.fromfile(path, np.uint8)
    pictures = data.reshape(-1, height, width, 3)
    return dict(zip(wanted, pictures, strict=False))
