"""The `render` engine: a timeline and its media become a finished spot.

What belongs here: the order of work, the encode, the facts. What does not: what is seen (`frames`) and heard
(`sound`), or setting type (`type_plates`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, ClassVar

import opentimelineio as otio
import PIL
from pydantic import BaseModel, Field

from forge_resources.editing import ffmpeg
from forge_resources.editing.cut import Cut
from forge_resources.editing.encoding import COLOUR_FILTER, file_options, picture_options, sound_options
from forge_resources.editing.fonts import font_book
from forge_resources.editing.frames import frames
from forge_resources.editing.hardware import SOFTWARE, encoder_for
from forge_resources.editing.planes import Layout, layout_for
from forge_resources.editing.probe import MediaFacts, probe
from forge_resources.editing.sound import level_track
from forge_resources.editing.stamps import Stamp, stamp_of
from forge_resources.editing.timeline_reading import open_timeline, read_cut
from forge_resources.editing.type_plates import draw_type
from forge_resources.editing.type_styles import type_styles
from forge_resources.engines.contract import EditEngine, Facts, Sources
from forge_resources.errors import EngineFailed, InvalidInput
from forge_resources.schemas.delivery import AudioFormat, DeliveryProfile, FrameSize, Loudness, VideoFormat
from forge_resources.schemas.media_formats import Container
from forge_resources.schemas.types import Document, FrameRate, Tier

Progress = Callable[[int, int], None]
_X264_THREADS = 2  # fixed: the bytes that x264 writes depend on it
_TICK_FRAMES = 12


class RenderParameters(Document):
    """All that decides the bytes of a spot besides its timeline and media.

    `encoder` is `software` or the name of one in hardware. `ffmpeg`, `opencv` and `pillow` are versions; `fonts` names
    each font in use with its SHA-256.
    """

    container: Container
    fast_start: bool
    size: FrameSize
    fps: FrameRate
    video: VideoFormat
    audio: AudioFormat
    loudness: Loudness
    threads: Annotated[int, Field(ge=1, le=16)]
    encoder: str = SOFTWARE
    ffmpeg: str
    opencv: str
    pillow: str
    fonts: dict[str, str]


def render_parameters(
    profile: DeliveryProfile, timeline: otio.schema.Timeline, encoder: str = SOFTWARE
) -> RenderParameters:
    """The recipe of a spot. `encoder` is what FORGE_ENCODER says, see `hardware`.

    Raises InvalidInput where the timeline was not cut for the profile, Unavailable where the encoder is not there.
    """
    cut = read_cut(timeline)
    note = cut.note
    size = profile.sizes.get(note.aspect_ratio)
    if size != note.size or profile.fps != note.fps:
        raise InvalidInput(
            f"The timeline is cut at {note.size.width}×{note.size.height}, {note.fps} frames a second; the profile "
            f"`{profile.slug}` wants something else.",
            remedy="Cut the timeline for the profile it is rendered to.",
        )
    return RenderParameters(
        container=profile.container,
        fast_start=profile.fast_start,
        size=note.size,
        fps=note.fps,
        video=profile.video,
        audio=profile.audio,
        loudness=profile.loudness,
        threads=_X264_THREADS,
        encoder=encoder_for(profile.video, encoder),
        ffmpeg=ffmpeg.version(),
        opencv=version("opencv-python-headless"),
        pillow=PIL.__version__,
        fonts=font_book().font_fingerprint(_texts(cut), note.language, type_styles().weights),
    )


@dataclass(frozen=True)
class Source:
    """The raw video that is encoded; `filters` bring it to BT.709 in limited range where it is not yet."""

    pixel_format: str
    width: int
    height: int
    filters: str = ""


class Renderer(EditEngine):
    """Renders timelines. `on_progress(frames done, frames in all)` is called now and then, if it is set."""

    name = "render"
    tier: ClassVar[Tier] = "full"
    version = "3"
    summary = "Cuts plates, camera moves, type and voice into an MP4."
    media_type = "video/mp4"
    suffix = ".mp4"
    Parameters: ClassVar[type[BaseModel]] = RenderParameters
    plays_effects: ClassVar[bool] = False

    def __init__(self, on_progress: Progress | None = None) -> None:
        self.on_progress = on_progress

    def make(self, parameters: Any, sources: Sources, target: Path) -> Facts:
        """`sources`: `timeline`, and by its SHA-256 every medium and logo that the timeline names.

        The finished sound may be handed in as `sound` (see `mixing`); else it is mixed here. Raises InvalidInput for a
        timeline that does not fit, EngineFailed, TimedOut, OutOfMemory, Unavailable.
        timeline that does not fit, EngineFailed, TimedOut, OutOfMemory, Unavailable.
        """
        wanted = self.Parameters.model_validate(parameters)
        assert isinstance(wanted, RenderParameters)
        if "timeline" not in sources:
            raise InvalidInput("A render needs its timeline as the source `timeline`.")
        cut = read_cut(open_timeline(sources["timeline"]))
        if missing := sorted(cut.media() - set(sources)):
            raise InvalidInput(f"The timeline names media that were not handed in: {', '.join(missing)}.")
        if (cut.note.size, cut.note.fps) != (wanted.size, wanted.fps):
            raise InvalidInput("The timeline has another size or frame rate than its recipe.")
        self._check_effects(cut)
        with tempfile.TemporaryDirectory(prefix="forge-render-", dir=target.parent) as folder:
            sound = sources["sound"] if "sound" in sources else _mixed(cut, wanted, sources, Path(folder))
            self._encode(cut, wanted, sources, sound, target)
        # What leaves the house is decoded by quality control; here its frames are only counted.
        return _facts(cut, probe(target, decode=False))

    def _check_effects(self, cut: Cut) -> None:
        asked = sorted({effect.name for picture in (*cut.pictures, *cut.motion) for effect in picture.effects})
        if asked and not self.plays_effects:
            raise InvalidInput(
                f"The timeline has Python effects, which the engine `{self.name}` does not play: {', '.join(asked)}.",
                remedy="Render it with moviepy: forge render --renderer moviepy.",
            )

    def source(self, cut: Cut, wanted: RenderParameters) -> Source:
        """The raw video that `frames` gives."""
        layout = layout_for(wanted.size, wanted.video.pixel_format)
        return Source(layout.pixel_format, layout.width, layout.height)

    def frames(self, cut: Cut, wanted: RenderParameters, sources: Sources) -> Generator[bytes]:
        """Every frame of the cut, in order. Raises EngineFailed for media that cannot be read."""
        layout = layout_for(wanted.size, wanted.video.pixel_format)
        stamps = [_stamp(cut, index, sources, layout) for index in range(len(cut.lettering))]
        return frames(cut, sources, stamps, layout)

    def _encode(self, cut: Cut, wanted: RenderParameters, sources: Sources, sound: Path, target: Path) -> None:
        command = _command(wanted, self.source(cut, wanted), sound, target)
        with closing(self.frames(cut, wanted, sources)) as made, ffmpeg.feeding(command) as encoder:
            for done, data in enumerate(made, start=1):
                encoder.write(data)
                if self.on_progress and (done % _TICK_FRAMES == 0 or done == cut.note.frames):
                    self.on_progress(done, cut.note.frames)


class MovRenderer(Renderer):
    name = "render-mov"
    summary = "Cuts plates, camera moves, type and voice into a QuickTime file."
    media_type = "video/quicktime"
    suffix = ".mov"


class MxfRenderer(Renderer):
    name = "render-mxf"
    summary = "Cuts plates, camera moves, type and voice into an MXF file."
    media_type = "application/mxf"
    suffix = ".mxf"


class MkvRenderer(Renderer):
    name = "render-mkv"
    summary = "Cuts plates, camera moves, type and voice into a Matroska file."
    media_type = "video/x-matroska"
    suffix = ".mkv"


def renderer_name(container: Container) -> str:
    """The name of the engine that renders to a container."""
    return "render" if container == "mp4" else f"render-{container}"


def _command(wanted: RenderParameters, source: Source, sound: Path, target: Path) -> list[str]:
    """One ffmpeg for picture and sound: raw frames on its standard input, the levelled sound beside them."""
    fps = f"{wanted.fps.numerator}/{wanted.fps.denominator}"
    return [
        "-loglevel", "warning",
        "-f", "rawvideo", "-pix_fmt", source.pixel_format, "-s", f"{source.width}x{source.height}", "-r", fps,
        "-i", "pipe:0", "-i", ffmpeg.address(sound),
        "-map", "0:v", "-map", "1:a", "-map_metadata", "-1",
        "-vf", ",".join(filter(None, (source.filters, COLOUR_FILTER))),
        *picture_options(wanted.video, wanted.fps, wanted.threads, wanted.encoder),
        *sound_options(wanted.audio),
        *file_options(wanted.container, wanted.fast_start, target),
    ]  # fmt: skip


def _stamp(cut: Cut, index: int, sources: Sources, layout: Layout) -> Stamp:
    note = cut.lettering[index].note
    plate = draw_type(note, cut.note, sources[note.logo] if note.logo else None)
    return stamp_of(plate.picture, plate.left, plate.top, layout)


def _texts(cut: Cut) -> Iterable[str]:
    """Every text that is set in this cut, once."""
    found: dict[str, None] = {}
    for item in cut.lettering:
        note = item.note
        found.update(dict.fromkeys([*note.text, *filter(None, (note.brand_name, note.product_name))]))
    return found


def _mixed(cut: Cut, wanted: RenderParameters, sources: Sources, folder: Path) -> Path:
    duration_s = cut.note.frames / cut.note.fps
    return level_track(cut.voice, sources, duration_s, wanted.audio, wanted.loudness, folder, cut.sounds).path


def _facts(cut: Cut, media: MediaFacts) -> Facts:
    """What the finished file turned out to be. Raises EngineFailed where it is not what was cut."""
    sound = media.sound
    if media.frames != cut.note.frames or media.fps != cut.note.fps or sound is None:
        raise EngineFailed(
            f"The rendered file has {media.frames} frames at {media.fps} a second, the timeline {cut.note.frames} at "
            f"{cut.note.fps}."
        )
    return {
        "frames": media.frames,
        "fps": str(media.fps),
        "width": media.width,
        "height": media.height,
        "duration_s": float(media.duration_s),
        "size": media.size,
        "bitrate_kbps": media.bitrate_kbps,
        "colour": media.colour,
        "voice_lines": len(cut.voice),
        "integrated_lufs": sound.integrated_lufs,
        "true_peak_dbtp": sound.true_peak_dbtp,
        "momentary_max_lufs": sound.momentary_max_lufs,
        "short_term_max_lufs": sound.short_term_max_lufs,
    }
