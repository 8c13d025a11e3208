"""The `package` engines: a finished picture and a levelled sound become the file that an outlet takes.

Picture is never encoded again: leader and tail are encoded with the same options and joined to it.

What belongs here: joining, time code, tags, the file. What does not: rendering (see `render`), mixing (see `mixing`),
or what an outlet wants written where (see `outlet`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import repeat
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, Field

from forge_resources.editing import ffmpeg
from forge_resources.editing.encoding import (
    COLOUR_FILTER,
    INTRA_CODECS,
    file_options,
    picture_options,
    sound_options,
    suffix_of,
)
from forge_resources.editing.leader import SlateLine, black_frame, clock_frames, slate_frame
from forge_resources.editing.mix_down import samples_of
from forge_resources.editing.probe import counted
from forge_resources.engines.contract import EditEngine, Facts, Sources
from forge_resources.errors import EngineFailed, InvalidInput
from forge_resources.schemas.delivery import Segment
from forge_resources.schemas.media_formats import AudioFormat, Container, FrameSize, VideoFormat
from forge_resources.schemas.timecode import Timecode
from forge_resources.schemas.types import Document, FrameRate, Tier, frames_at

_EDGE_S = Fraction(5, 1000)
_TONE_HZ = 1000
_TONE_AMPLITUDE = 0.125893  # −18 dBFS, EBU R 68


class PackageParameters(Document):
    """All that decides the bytes of a package besides its master and its sound.

    `frames` are those of the spot alone; `timecode` that of the first frame of the file. `fonts` set the slate.
    """

    container: Container
    fast_start: bool
    size: FrameSize
    fps: FrameRate
    frames: Annotated[int, Field(ge=1)]
    video: VideoFormat
    audio: AudioFormat
    leader: list[Segment]
    tail: list[Segment]
    slate: list[SlateLine]
    timecode: Timecode | None
    edge_silence_frames: int
    tags: dict[str, str]
    threads: Annotated[int, Field(ge=1, le=16)]
    ffmpeg: str
    fonts: dict[str, str]


class Packager(EditEngine):
    """Packages source `master` (its picture) and source `sound` (a WAV as long as the spot) into an MP4.

    Facts: `frames` of the file and `first_frame` of the spot in it.
    """

    name = "package"
    tier: ClassVar[Tier] = "full"
    version = "2"
    summary = "Packages picture and sound for an outlet: leader, time code, tags."
    media_type = "video/mp4"
    suffix = ".mp4"
    Parameters: ClassVar[type[BaseModel]] = PackageParameters

    def make(self, parameters: Any, sources: Sources, target: Path) -> Facts:
        """Raises InvalidInput for a master of another format, EngineFailed, TimedOut, Unavailable (disk full)."""
        wanted = PackageParameters.model_validate(parameters)
        for name in ("master", "sound"):
            if name not in sources:
                raise InvalidInput(f"A package needs the source `{name}`.")
        with tempfile.TemporaryDirectory(prefix="forge-package-", dir=target.parent) as folder:
            pieces = _Pieces(wanted, sources["master"], Path(folder))
            ffmpeg.run(_join(wanted, pieces.listed(), sources["sound"], target))
        media = counted(target)
        frames = wanted.frames + _frames(wanted.leader, wanted.fps) + _frames(wanted.tail, wanted.fps)
        if media.frames != frames or media.fps != wanted.fps:
            raise EngineFailed(f"The package has {media.frames} frames at {media.fps} a second, not {frames}.")
        return {"frames": frames, "first_frame": _frames(wanted.leader, wanted.fps), "size": target.stat().st_size}


class MovPackager(Packager):
    name = "package-mov"
    summary = "Packages picture and sound as QuickTime: leader, time code, tags."
    media_type = "video/quicktime"
    suffix = ".mov"


class MxfPackager(Packager):
    name = "package-mxf"
    summary = "Packages picture and sound as MXF OP1a: leader, time code, tags."
    media_type = "application/mxf"
    suffix = ".mxf"


class MkvPackager(Packager):
    name = "package-mkv"
    summary = "Packages picture and sound as Matroska: leader, time code, tags."
    media_type = "video/x-matroska"
    suffix = ".mkv"


def packager_name(container: Container) -> str:
    """The name of the engine that packages to a container."""
    return "package" if container == "mp4" else f"package-{container}"


class _Pieces:
    """The pieces of picture in a folder, in order, encoded alike."""

    def __init__(self, wanted: PackageParameters, master: Path, folder: Path) -> None:
        self._wanted, self._master, self._folder = wanted, master, folder

    def listed(self) -> Path:
        """A list for ffmpeg's `concat` of every piece."""
        parts = [*self._wanted.leader, None, *self._wanted.tail]
        paths: list[Path] = []
        for index, segment in enumerate(parts):
            paths += self._piece(index, segment) if segment else [self._master.absolute()]
        lines = [f"file '{_quoted(path)}'" for path in paths]
        listed = self._folder / "pieces.txt"
        listed.write_text("ffconcat version 1.0\n" + "\n".join(lines) + "\n", encoding="utf-8")
        return listed

    def _piece(self, index: int, segment: Segment) -> list[Path]:
        """What a segment is joined from: one file, or one of a single frame as often as it stands still.

        A frame that stands by itself need not be encoded again to be seen again. Matroska counts in milliseconds, in
        which single frames do not add up.
        """
        wanted = self._wanted
        target = self._folder / f"{index}{suffix_of(wanted.container)}"
        count = frames_at(segment.seconds, wanted.fps)
        repeats = segment.show != "clock" and wanted.video.codec in INTRA_CODECS and wanted.container == "mov"
        self._encode(*self._frames(segment, index, 1 if repeats else count), target)
        return [target] * (count if repeats else 1)

    def _encode(self, pixels: str, frames: Iterable[bytes], target: Path) -> None:
        wanted = self._wanted
        fps = f"{wanted.fps.numerator}/{wanted.fps.denominator}"
        size = f"{wanted.size.width}x{wanted.size.height}"
        command = [
            "-loglevel", "warning", "-f", "rawvideo", "-pix_fmt", pixels, "-s", size, "-r", fps,
            *("-color_range", "tv", "-colorspace", "bt709"), "-i", "pipe:0",
            "-map_metadata", "-1", "-vf", COLOUR_FILTER,
            *picture_options(wanted.video, wanted.fps, wanted.threads),
            *file_options(wanted.container, False, target),
        ]  # fmt: skip
        with ffmpeg.feeding(command) as encoder:
            for data in frames:
                encoder.write(data)

    def _frames(self, segment: Segment, index: int, count: int) -> tuple[str, Iterable[bytes]]:
        """The pixel format and `count` frames of a segment, the one at `index` of all."""
        wanted = self._wanted
        match segment.show:
            case "black":
                return "yuv420p", repeat(black_frame(wanted.size), count)
            case "slate":
                return "yuv420p", repeat(slate_frame(wanted.size, wanted.slate), count)
            case "clock":
                to_go = count + _frames(wanted.leader[index + 1 :], wanted.fps)
                return "yuv420p", clock_frames(wanted.size, wanted.slate, count, wanted.fps, to_go)
            case "bars":
                return "yuv420p", repeat(_bars(wanted.size), count)
            case "hold":
                return wanted.video.pixel_format, repeat(self._last_frame(), count)

    def _last_frame(self) -> bytes:
        """The last picture of the spot, in the pixel format of its codec."""
        choose = f"select=eq(n\\,{self._wanted.frames - 1})"
        source = ["-i", ffmpeg.address(self._master), "-map", "0:v:0", "-vf", choose, "-frames:v", "1"]
        pixels = ["-pix_fmt", self._wanted.video.pixel_format]
        return ffmpeg.run(["-nostats", "-xerror", *source, *pixels, "-f", "rawvideo", "pipe:1"]).output


def _bars(size: FrameSize) -> bytes:
    source = f"smptehdbars=s={size.width}x{size.height}:r=25:d=0.04"
    made = ["-f", "lavfi", "-i", source, "-frames:v", "1", "-pix_fmt", "yuv420p", "-f", "rawvideo", "pipe:1"]
    return ffmpeg.run(made).output


def _join(wanted: PackageParameters, pieces: Path, sound: Path, target: Path) -> list[str]:
    timecode = ["-timecode", wanted.timecode] if wanted.timecode else []
    tags = [option for name, value in wanted.tags.items() for option in ("-metadata", f"{name}={value}")]
    fps = f"{wanted.fps.numerator}/{wanted.fps.denominator}"
    return [
        "-loglevel", "warning",
        "-f", "concat", "-safe", "0", "-i", ffmpeg.address(pieces),
        "-i", ffmpeg.address(sound),
        "-filter_complex_threads", "1", "-filter_complex", ";".join(_sound_chain(wanted)),
        "-map", "0:v:0", "-map", "[track]", "-map_metadata", "-1",
        "-c:v", "copy", "-r", fps, *sound_options(wanted.audio), *timecode, *tags,
        *file_options(wanted.container, wanted.fast_start, target),
    ]  # fmt: skip


def _sound_chain(wanted: PackageParameters) -> Iterator[str]:
    """The filters that make the track: silence or tone, the spot with silent edges, silence."""
    rate, layout = wanted.audio.sample_rate, "stereo" if wanted.audio.channels == 2 else "mono"
    form = f"aformat=sample_fmts=fltp:sample_rates={rate}:channel_layouts={layout}"
    names: list[str] = []
    parts = [*wanted.leader, None, *wanted.tail]
    for index, part in enumerate(parts):
        names.append(f"[p{index}]")
        if part is None:
            yield f"[1:a]{form},{_quiet_edges(wanted)}{names[-1]}"
            continue
        length = samples_of(frames_at(part.seconds, wanted.fps) / wanted.fps, rate)
        tone = f"{_TONE_AMPLITUDE}*sin(2*PI*{_TONE_HZ}*t)" if part.show == "bars" else "0"
        yield f"aevalsrc={tone}:s={rate},atrim=end_sample={length},{form}{names[-1]}"
    total = wanted.frames + _frames(wanted.leader, wanted.fps) + _frames(wanted.tail, wanted.fps)
    length = samples_of(total / wanted.fps, rate)
    yield f"{''.join(names)}concat=n={len(names)}:v=0:a=1,apad=whole_len={length},atrim=end_sample={length}[track]"


def _quiet_edges(wanted: PackageParameters) -> str:
    """The spot's own sound, silent at both ends as long as the outlet wants, without a click."""
    rate = wanted.audio.sample_rate
    length = samples_of(wanted.frames / wanted.fps, rate)
    whole = f"apad=whole_len={length},atrim=end_sample={length}"
    if not wanted.edge_silence_frames:
        return whole
    edge, fade = samples_of(wanted.edge_silence_frames / wanted.fps, rate), int(_EDGE_S * rate)
    heard = length - 2 * edge
    return (
        f"atrim=start_sample={edge}:end_sample={length - edge},asetpts=PTS-STARTPTS,"
        f"afade=t=in:ss=0:ns={fade},afade=t=out:ss={heard - fade}:ns={fade},adelay={edge}S:all=1,{whole}"
    )


def _frames(segments: list[Segment], fps: Fraction) -> int:
    return sum(frames_at(segment.seconds, fps) for segment in segments)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "'\\''")
