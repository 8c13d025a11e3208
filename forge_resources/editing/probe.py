"""What a finished file is, found by decoding all of it: the figures that a quality check and a report go by.

What belongs here: measuring. What does not: judging what was measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from forge_resources.editing import ffmpeg
from forge_resources.editing.loudness import MEASURE, Levels, levels
from forge_resources.errors import EngineFailed
from forge_resources.schemas.timecode import RATES
from forge_resources.schemas.types import Document, ExactRational

_VIDEO = re.compile(
    r"Stream #0:\d+.*?: Video: (?P<codec>\w+)(?: \((?P<profile>[^)/]+)\))?.*?, (?P<pixels>\w+)\((?P<colour>[^)]*)\)"
)
_RATE = re.compile(r"Video: .*?, (?P<fps>[\d.]+) fps")
_AUDIO = re.compile(r"Stream #0:\d+.*?: Audio: (?P<codec>\w+)")
_HEADER = re.compile(r"^#(?P<key>\w+) (?P<stream>\d+): (?P<value>.+)$")


class SoundFacts(Document):
    """The sound of a file. Loudness is None where the sound is silent, see `loudness.Levels`."""

    codec: str
    sample_rate: int
    channels: str
    samples: int
    duration_s: ExactRational
    integrated_lufs: float | None
    true_peak_dbtp: float | None
    momentary_max_lufs: float | None
    short_term_max_lufs: float | None


class MediaFacts(Document):
    """A video file as decoded. `colour` is as ffmpeg names it, such as `tv, bt709, progressive`; `size` is in bytes.

    `frames` are those that decode, or were counted; `duration_s` is frames / fps. `fast_start` says whether the index
    comes first.
    """

    frames: int
    fps: ExactRational
    width: int
    height: int
    duration_s: ExactRational
    size: int
    bitrate_kbps: float
    video_codec: str
    video_profile: str | None
    pixel_format: str
    colour: str
    fast_start: bool
    sound: SoundFacts | None


@dataclass
class _Stream:
    """One decoded stream, as ffmpeg's `framecrc` lists it."""

    headers: dict[str, str] = field(default_factory=dict)
    units: int = 0
    duration: int = 0


@dataclass(frozen=True)
class Count:
    """How many frames a file holds, and at which rate it shows them."""

    frames: int
    fps: Fraction


def counted(path: Path) -> Count:
    """Counts the frames without decoding them. Raises EngineFailed for what is no video."""
    listing = ["-map", "0:v:0", "-c", "copy", "-f", "framecrc", "pipe:1"]
    done = ffmpeg.run(["-nostats", "-xerror", "-i", ffmpeg.address(path), *listing])
    video = _listed(done.output.decode())[0]
    return Count(video.units, _rate_of(video, done.messages.partition("Output #0")[0]))


def probe(path: Path, *, decode: bool = True) -> MediaFacts:
    """Measures the whole file; its pictures are decoded too, unless `decode` is off and they are only counted.

    Raises EngineFailed for what is no video or does not decode.
    """
    picture_as = [] if decode else ["-c:v", "copy"]
    streams = ["-i", ffmpeg.address(path), "-map", "0:v:0", *picture_as, "-map", "0:a:0?", "-af", MEASURE]
    listing = ["-fps_mode", "passthrough", "-f", "framecrc", "pipe:1"]
    done = ffmpeg.run(["-nostats", "-threads", "2", "-xerror", *streams, *listing])
    told = done.messages.partition("Output #0")[0]
    picture, sound = _VIDEO.search(told), _AUDIO.search(told)
    if picture is None:
        raise EngineFailed(f"ffmpeg describes the video of {path.name} in a way that Forge cannot read.")
    listed = _listed(done.output.decode())
    video = listed[0]
    fps = _rate_of(video, told)
    width, _, height = video.headers["dimensions"].partition("x")
    size = path.stat().st_size
    duration_s = video.units / fps
    return MediaFacts(
        frames=video.units,
        fps=fps,
        width=int(width),
        height=int(height),
        duration_s=duration_s,
        size=size,
        bitrate_kbps=round(size * 8 / 1000 / float(duration_s), 1),
        video_codec=picture["codec"],
        video_profile=picture["profile"],
        pixel_format=picture["pixels"],
        colour=picture["colour"],
        fast_start=_index_first(path),
        sound=_sound(sound["codec"], listed[1], levels(done.messages)) if sound else None,
    )


def _rate_of(video: _Stream, told: str) -> Fraction:
    """Frames a second: the inverse of the time base, or what ffmpeg says where a container counts in milliseconds."""
    exact = 1 / Fraction(video.headers["tb"])
    said = _RATE.search(told)
    if exact in RATES.values() or said is None:
        return exact
    return min(RATES.values(), key=lambda rate: abs(rate - Fraction(said["fps"])))


def _sound(codec: str, stream: _Stream, heard: Levels) -> SoundFacts:
    rate = int(stream.headers["sample_rate"])
    return SoundFacts(
        codec=codec,
        sample_rate=rate,
        channels=stream.headers["channel_layout_name"],
        samples=stream.duration,
        duration_s=Fraction(stream.duration, rate),
        integrated_lufs=heard.integrated_lufs,
        true_peak_dbtp=heard.true_peak_dbtp,
        momentary_max_lufs=heard.momentary_max_lufs,
        short_term_max_lufs=heard.short_term_max_lufs,
    )


def _listed(text: str) -> dict[int, _Stream]:
    """`framecrc` output: headers `#key stream: value`, then `stream, dts, pts, duration, size, crc` a frame."""
    found: dict[int, _Stream] = {}
    for line in text.splitlines():
        if header := _HEADER.match(line):
            found.setdefault(int(header["stream"]), _Stream()).headers[header["key"]] = header["value"]
        elif not line.startswith("#"):
            stream, _, _, duration, *_ = (part.strip() for part in line.split(","))
            found[int(stream)].units += 1
            found[int(stream)].duration += int(duration)
    return found


def _index_first(path: Path) -> bool:
    """Whether the index (`moov`) of an MP4 comes before its media (`mdat`)."""
    names = list(_boxes(path))
    return "moov" in names and ("mdat" not in names or names.index("moov") < names.index("mdat"))


def _boxes(path: Path) -> Iterator[str]:
    """The names of the top-level boxes of an ISO base media file, in order."""
    end = path.stat().st_size
    with path.open("rb") as file:
        at = 0
        while at + 8 <= end:
            file.seek(at)
            head = file.read(16)
            length = int.from_bytes(head[:4], "big")
            yield head[4:8].decode("latin-1")
            if length == 1:
                length = int.from_bytes(head[8:16], "big")
            if length < 8:
                return
            at += length
