"""A small cut and its media, laid out as `schemas.edit` says, for the tests of the render."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
from PIL import Image, ImageDraw, ImageFilter

from forge_resources.editing.moviepy_render import MoviepyRenderer, moviepy_parameters
from forge_resources.editing.render import Renderer, render_parameters
from forge_resources.schemas.brand import Palette
from forge_resources.schemas.delivery import DeliveryProfile, FrameSize, SafeArea
from forge_resources.schemas.edit import (
    CameraPath,
    ClipNote,
    EffectNote,
    InsetNote,
    TimelineNote,
    TransitionNote,
    TypeNote,
    VoiceNote,
    Window,
)
from forge_resources.schemas.types import Document
from forge_resources.voice.espeak import EspeakVoice

SAFE = SafeArea(top=0.05, bottom=0.05, left=0.05, right=0.05)
PUSH = CameraPath(move="push", start=Window(), end=Window(size=Fraction(9, 10)))
PAN = CameraPath(
    move="pan-right",
    start=Window(x=Fraction(44, 100), size=Fraction(88, 100)),
    end=Window(x=Fraction(56, 100), size=Fraction(88, 100)),
)
SMALL = FrameSize(width=320, height=180)
LOCKED = CameraPath(move="hold", start=Window(), end=Window())


def profile(fps: Fraction, size: FrameSize, crf: int = 20) -> DeliveryProfile:
    return DeliveryProfile.model_validate(
        {
            "slug": "web",
            "name": "Web",
            "source": "a test",
            "container": "mp4",
            "fast_start": True,
            "fps": str(fps),
            "sizes": {"16:9": size.model_dump()},
            "safe_areas": {"16:9": SAFE.model_dump()},
            "video": {
                "codec": "libx264",
                "preset": "veryfast",
                "profile": "high",
                "crf": crf,
                "pixel_format": "yuv420p",
                "colour": "bt709",
            },
            "audio": {"codec": "aac", "bitrate_kbps": 160, "sample_rate": 48000, "channels": 2},
            "loudness": {"integrated_lufs": -16, "tolerance_lu": 1, "true_peak_dbtp": -1},
            "captions": ["srt"],
        }
    )


@dataclass
class Spot:
    """A cut under construction, laid out as `schemas.edit` says."""

    folder: Path
    fps: Fraction = Fraction(24)
    size: FrameSize = SMALL
    media: dict[str, Path] = field(default_factory=dict)
    pictures: list[Any] = field(default_factory=list)
    tracks: dict[str, list[tuple[TypeNote, int, int]]] = field(default_factory=dict)
    lines: list[tuple[str, int, int, int]] = field(default_factory=list)
    length: int = 0
    crf: int = 20
    layers: dict[str, list[tuple[otio.schema.Clip, int, int]]] = field(default_factory=dict)

    def _kept(self, data: bytes, suffix: str) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.folder / f"{sha256}{suffix}"
        path.write_bytes(data)
        self.media[sha256] = path
        return sha256

    def _time(self, frame: int) -> otio.opentime.RationalTime:
        return otio.opentime.RationalTime(frame, float(self.fps))

    def show(
        self,
        medium: Path,
        frames: int,
        path: CameraPath | None = None,
        skip: int = 0,
        effects: Sequence[EffectNote] = (),
    ) -> Spot:
        sha256 = self._kept(medium.read_bytes(), medium.suffix)
        shot = len(self.pictures) + 1
        note = ClipNote(shot=shot, recipe=sha256, path=path, effects=list(effects))
        self.pictures.append(
            otio.schema.Clip(
                f"shot {shot}",
                otio.schema.ExternalReference(f"media/{sha256}{medium.suffix}"),
                otio.opentime.TimeRange(self._time(skip), self._time(frames)),
                metadata={"forge": note.model_dump(mode="json")},
            )
        )
        self.length += frames
        return self

    def dissolve(self, before: int, after: int) -> Spot:
        """Begins `before` frames before the cut and ends `after` frames behind it."""
        offsets = {"in_offset": self._time(before), "out_offset": self._time(after)}
        self.pictures.append(
            otio.schema.Transition(transition_type=otio.schema.TransitionTypes.SMPTE_Dissolve, **offsets)
        )
        return self

    def change(self, note: TransitionNote, before: int, after: int) -> Spot:
        """A transition of any kind."""
        offsets = {"in_offset": self._time(before), "out_offset": self._time(after)}
        kind = otio.schema.TransitionTypes.Custom
        self.pictures.append(
            otio.schema.Transition(transition_type=kind, **offsets, metadata={"forge": note.model_dump(mode="json")})
        )
        return self

    def cover(self, clip: Path, first: int, frames: int, skip: int = 0, frozen: bool = False) -> Spot:
        """A motion clip over the pictures."""
        note = ClipNote(shot=1, recipe=self._kept(clip.read_bytes(), clip.suffix), path=None)
        made = self._clip(note, clip.suffix, note.recipe, skip, frames)
        if frozen:
            made.effects.append(otio.schema.FreezeFrame())
        self.layers.setdefault("motion", []).append((made, first, frames))
        return self

    def inset(self, medium: Path, note: InsetNote, first: int, frames: int, mask: Path | None = None) -> Spot:
        """A picture in the picture."""
        if mask:
            note = note.model_copy(update={"mask": self._kept(mask.read_bytes(), ".png")})
        sha256 = self._kept(medium.read_bytes(), medium.suffix)
        made = self._clip(note, medium.suffix, sha256, 0, frames)
        self.layers.setdefault("inset", []).append((made, first, frames))
        return self

    def _clip(self, note: Document, suffix: str, sha256: str, skip: int, frames: int) -> otio.schema.Clip:
        return otio.schema.Clip(
            "clip",
            otio.schema.ExternalReference(f"media/{sha256}{suffix}"),
            otio.opentime.TimeRange(self._time(skip), self._time(frames)),
            metadata={"forge": note.model_dump(mode="json")},
        )

    def _layer(self, name: str) -> otio.schema.Track:
        track, at = otio.schema.Track(name, kind=otio.schema.TrackKind.Video), 0
        for clip, first, length in self.layers[name]:
            if first > at:
                track.append(self._gap(first - at))
            track.append(clip)
            at = first + length
        return track

    def letter(self, note: TypeNote, first: int, frames: int) -> Spot:
        self.tracks.setdefault(note.role, []).append((note, first, frames))
        return self

    def say(self, sound: Path, at_sample: int, samples: int, rate: int) -> Spot:
        self.lines.append((self._kept(sound.read_bytes(), ".wav"), at_sample, samples, rate))
        return self

    def _gap(self, frames: int) -> otio.schema.Gap:
        return otio.schema.Gap(source_range=otio.opentime.TimeRange(self._time(0), self._time(frames)))

    def _type_track(self, name: str) -> otio.schema.Track:
        track, at = otio.schema.Track(name, kind=otio.schema.TrackKind.Video), 0
        for note, first, length in self.tracks[name]:
            track.append(self._gap(first - at))
            generator = otio.schema.GeneratorReference(
                generator_kind=f"forge.{name}", parameters=note.model_dump(mode="json")
            )
            span = otio.opentime.TimeRange(self._time(0), self._time(length))
            track.append(otio.schema.Clip(name, generator, span))
            at = first + length
        track.append(self._gap(self.length - at))
        return track

    def _voice_track(self) -> otio.schema.Track:
        track, at = otio.schema.Track("voice", kind=otio.schema.TrackKind.Audio), 0
        for sha256, first, samples, rate in self.lines:
            moment = otio.opentime.RationalTime
            track.append(
                otio.schema.Gap(source_range=otio.opentime.TimeRange(moment(0, rate), moment(first - at, rate)))
            )
            note = VoiceNote(shot=1, text="A line.", recipe=sha256)
            track.append(
                otio.schema.Clip(
                    "line",
                    otio.schema.ExternalReference(f"media/{sha256}.wav"),
                    otio.opentime.TimeRange(moment(0, rate), moment(samples, rate)),
                    metadata={"forge": note.model_dump(mode="json")},
                )
            )
            at = first + samples
        return track

    def timeline(self) -> otio.schema.Timeline:
        note = TimelineNote(
            cell="demo en-GB × everyone",
            language="en",
            fps=self.fps,
            frames=self.length,
            aspect_ratio="16:9",
            size=self.size,
            safe_area=SAFE,
            palette=Palette(primary="#203040", accent="#e0a030"),
            tier="draft",
        )
        made = otio.schema.Timeline("spot", metadata={"forge": note.model_dump(mode="json")})
        picture = otio.schema.Track("picture", kind=otio.schema.TrackKind.Video)
        picture.extend(self.pictures)
        made.tracks.append(picture)
        made.tracks.extend([self._layer(name) for name in ("motion", "inset") if name in self.layers])
        made.tracks.extend([self._type_track(name) for name in ("super", "legal", "end-card") if name in self.tracks])
        if self.lines:
            made.tracks.append(self._voice_track())
        return made

    def render(self, target: Path, renderer: Renderer | None = None) -> dict[str, Any]:
        written = self.folder / "spot.otio"
        otio.adapters.write_to_file(self.timeline(), str(written))
        wanted = moviepy_parameters if isinstance(renderer, MoviepyRenderer) else render_parameters
        parameters = wanted(profile(self.fps, self.size, self.crf), self.timeline())
        return (renderer or Renderer()).make(parameters, {"timeline": written, **self.media}, target)


def painted(path: Path, size: tuple[int, int] = (640, 360), seed: int = 1) -> Path:
    """A picture with detail everywhere, so that every movement of it can be measured."""
    chance = random.Random(seed)
    picture = Image.new("RGB", size, (190, 170, 150))
    draw = ImageDraw.Draw(picture)
    for _ in range(size[0] * size[1] // 1500):
        x, y, r = chance.randrange(size[0]), chance.randrange(size[1]), chance.randrange(3, size[1] // 12)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=tuple(chance.randrange(256) for _ in range(3)))
    picture.filter(ImageFilter.GaussianBlur(0.7)).save(path)
    return path


def flat(path: Path, colour: tuple[int, int, int]) -> Path:
    Image.new("RGB", (320, 180), colour).save(path)
    return path


def spoken(folder: Path, text: str = "Wake up before your alarm does.") -> tuple[Path, int]:
    target, engine = folder / "line.wav", EspeakVoice()
    facts = engine.make(engine.parameters(text, "en", "en-gb", 15, Fraction(5)), {}, target)
    return target, int(Fraction(facts["duration_s"]) * 22050)
