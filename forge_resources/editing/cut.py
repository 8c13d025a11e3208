"""A timeline as the renderer sees it: which picture, which type and which line at which frame.

What belongs here: reading the layout of `schemas.edit` out of OpenTimelineIO, strictly. What does not: writing it (see
`timeline`), or opening any media.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import opentimelineio as otio
from pydantic import BaseModel, ValidationError

from forge_resources.errors import Fault, InvalidInput
from forge_resources.schemas.edit import CameraPath, ClipNote, TimelineNote, TypeNote, VoiceNote

TYPE_TRACKS = ("super", "legal", "end-card")
_Note = TypeVar("_Note", bound=BaseModel)


@dataclass(frozen=True)
class Medium:
    """A file that the timeline names: its SHA-256 and its suffix with the dot."""

    sha256: str
    suffix: str


@dataclass(frozen=True)
class Picture:
    """A shot on the timeline, its dissolves included: it is seen in frames `first` to `first + frames - 1`.

    `fade_frames` at its head it shares with the picture before. `skip` is the frame of the medium that its first frame
    shows; negative where a dissolve reaches back before the medium begins.
    """

    shot: int
    medium: Medium
    path: CameraPath | None
    first: int
    frames: int
    fade_frames: int
    skip: int

    @property
    def end(self) -> int:
        return self.first + self.frames


@dataclass(frozen=True)
class Lettering:
    """Type over the picture in frames `first` to `first + frames - 1`."""

    note: TypeNote
    first: int
    frames: int

    def opacity(self, frame: int) -> float:
        """0 outside, 1 within, and between in the fades; the first and last frame are seen already and still."""
        inside, left = frame - self.first, self.first + self.frames - frame
        if inside < 0 or left <= 0:
            return 0.0
        rising = (inside + 1) / (self.note.fade_in + 1)
        falling = left / (self.note.fade_out + 1)
        return min(1.0, rising, falling)


@dataclass(frozen=True)
class Spoken:
    """A line of voice: `at` seconds on the timeline, from sample `skip` of its medium on, `samples` of them."""

    medium: Medium
    at: Fraction
    skip: int
    samples: int
    sample_rate: int


@dataclass(frozen=True)
class Cut:
    """Everything the renderer does, in order; `lettering` from the bottom up."""

    note: TimelineNote
    pictures: tuple[Picture, ...]
    lettering: tuple[Lettering, ...]
    voice: tuple[Spoken, ...]

    def media(self) -> set[str]:
        """The SHA-256 of every file that the render needs."""
        logos = {item.note.logo for item in self.lettering if item.note.logo}
        named = [item.medium for item in self.pictures] + [item.medium for item in self.voice]
        return {medium.sha256 for medium in named} | logos


def open_timeline(path: Path) -> otio.schema.Timeline:
    """Reads an `.otio` file, whatever its name. Raises InvalidInput."""
    try:
        found = otio.adapters.read_from_file(str(path), adapter_name="otio_json")
    except (otio.exceptions.OTIOError, ValueError, OSError) as error:
        raise InvalidInput(f"{path.name} is not an OpenTimelineIO document: {error}") from None
    if not isinstance(found, otio.schema.Timeline):
        raise InvalidInput(f"{path.name} holds a {type(found).__name__}, not a timeline.")
    return found


def timeline_note(timeline: otio.schema.Timeline) -> TimelineNote:
    """What the timeline says about itself. Raises InvalidInput."""
    return _note(TimelineNote, timeline.metadata, "the timeline")


def read_cut(timeline: otio.schema.Timeline) -> Cut:
    """The cut that the timeline describes. Raises InvalidInput with the place of what is wrong."""
    note = timeline_note(timeline)
    tracks = {track.name: track for track in timeline.tracks}
    if unknown := sorted(set(tracks) - {"picture", *TYPE_TRACKS, "voice"}):
        raise InvalidInput(f"The timeline has tracks that the renderer does not know: {', '.join(unknown)}.")
    if "picture" not in tracks:
        raise InvalidInput("The timeline has no picture track.")
    pictures = _pictures(tracks["picture"])
    if not pictures or pictures[-1].end != note.frames:
        length = pictures[-1].end if pictures else 0
        raise InvalidInput(f"The picture track lasts {length} frames, the timeline {note.frames}.")
    lettering = [item for name, track in tracks.items() if name in TYPE_TRACKS for item in _lettering(track)]
    voice = _voice(tracks["voice"]) if "voice" in tracks else ()
    for item in lettering:
        if item.first + item.frames > note.frames:
            raise InvalidInput(f"Type of the {item.note.role} track runs past the end of the picture.")
    for line in voice:
        if line.at + Fraction(line.samples, line.sample_rate) > note.frames / note.fps:
            raise InvalidInput(f"A line of the voice track, from {float(line.at):.2f} s on, runs past the end.")
    return Cut(note, pictures, tuple(lettering), voice)


def _pictures(track: otio.schema.Track) -> tuple[Picture, ...]:
    items = list(track)
    found: list[Picture] = []
    at = 0
    for index, item in enumerate(items):
        if isinstance(item, otio.schema.Transition):
            continue
        if not isinstance(item, otio.schema.Clip):
            raise InvalidInput(f"The picture track has a {type(item).__name__} at frame {at}; it may have no gaps.")
        place = f"picture clip `{item.name}`"
        note = _note(ClipNote, item.metadata, place)
        start, length = _whole(item.source_range.start_time, place), _whole(item.source_range.duration, place)
        before = _transition(items, index - 1)
        after = _transition(items, index + 1)
        into = _whole(before.in_offset, place) if before else 0
        fade = into + (_whole(before.out_offset, place) if before else 0)
        out_of = _whole(after.out_offset, place) if after else 0
        leaving = out_of + (_whole(after.in_offset, place) if after else 0)
        if fade + leaving > into + length + out_of:
            raise InvalidInput(f"The dissolves at both ends of {place} overlap.")
        found.append(
            Picture(note.shot, _medium(item, place), note.path, at - into, into + length + out_of, fade, start - into)
        )
        at += length
    return tuple(found)


def _transition(items: list[Any], index: int) -> otio.schema.Transition | None:
    if 0 <= index < len(items) and isinstance(items[index], otio.schema.Transition):
        return items[index]
    return None


def _lettering(track: otio.schema.Track) -> list[Lettering]:
    found, at = [], 0
    for item in track:
        place = f"{track.name} clip `{item.name}`"
        length = _whole(item.source_range.duration, place)
        if isinstance(item, otio.schema.Clip):
            reference = item.media_reference
            if not isinstance(reference, otio.schema.GeneratorReference):
                raise InvalidInput(f"The {place} has no generator reference.")
            found.append(Lettering(_validated(TypeNote, _plain(reference.parameters), place), at, length))
        at += length
    return found


def _voice(track: otio.schema.Track) -> tuple[Spoken, ...]:
    found, at = [], Fraction(0)
    for item in track:
        place = f"voice clip `{item.name}`"
        span = item.source_range
        rate = _whole_number(span.duration.rate, place)
        length = _whole(span.duration, place)
        if isinstance(item, otio.schema.Clip):
            _note(VoiceNote, item.metadata, place)
            found.append(Spoken(_medium(item, place), at, _whole(span.start_time, place), length, rate))
        at += Fraction(length, rate)
    return tuple(found)


def _medium(clip: otio.schema.Clip, place: str) -> Medium:
    reference = clip.media_reference
    if not isinstance(reference, otio.schema.ExternalReference):
        raise InvalidInput(f"The {place} names no media.")
    name = PurePosixPath(reference.target_url)
    return Medium(name.stem, name.suffix)


def _note(contract: type[_Note], metadata: Any, place: str) -> _Note:
    if "forge" not in metadata:
        raise InvalidInput(f"There is no `forge` metadata on {place}.")
    return _validated(contract, _plain(metadata["forge"]), place)


def _validated(contract: type[_Note], value: Any, place: str) -> _Note:
    try:
        return contract.model_validate(value)
    except ValidationError as error:
        faults = [Fault(".".join(str(step) for step in each["loc"]), each["msg"]) for each in error.errors()]
        raise InvalidInput(f"The note on {place} is not one of Forge's.", faults=faults) from None


def _plain(value: Any) -> Any:
    """OpenTimelineIO's own mappings and lists as plain ones."""
    if hasattr(value, "items"):
        return {key: _plain(each) for key, each in value.items()}
    if hasattr(value, "__iter__") and not isinstance(value, str | bytes):
        return [_plain(each) for each in value]
    return value


def _whole(time: otio.opentime.RationalTime, place: str) -> int:
    return _whole_number(time.value, place)


def _whole_number(value: float, place: str) -> int:
    if value != round(value):
        raise InvalidInput(f"The {place} has a time that is not whole: {value}.")
    return round(value)
