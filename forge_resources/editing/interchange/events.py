"""What an editor sees of a cut: events on tracks, in whole frames of the record.

What belongs here: turning a cut into events that every list has in common. What does not: how a format writes them.

Sound is placed to the sample in a timeline; lists count frames, so that an event begins on the frame nearest to its
sound and is as long as it takes to hold all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Literal

import opentimelineio as otio

from forge_resources.editing.cut import Cut, Entry, Medium, Picture, Sounding, Spoken
from forge_resources.editing.timeline_reading import read_cut
from forge_resources.schemas.edit import MarkerNote, TimelineNote
from forge_resources.schemas.timecode import frame_number, timecode_of
from forge_resources.schemas.types import frames_at

SoundTrack = Literal["voice", "music", "effects"]


@dataclass(frozen=True)
class PictureEvent:
    """A picture in frames `start` to `end` - 1 of the spot, between its cuts, from frame `source` of its medium on.

    `entry` is the transition over the cut at its head; `available` how many frames the medium has.
    """

    name: str
    shot: int
    recipe: str
    medium: Medium
    start: int
    end: int
    source: int
    available: int
    frozen: bool
    entry: Entry | None

    @property
    def frames(self) -> int:
        return self.end - self.start


@dataclass(frozen=True)
class SoundEvent:
    """A piece of sound in frames `start` to `end` - 1, from frame `source` of its medium on, which has `available`."""

    track: SoundTrack
    name: str
    medium: Medium
    start: int
    end: int
    source: int
    available: int
    sample_rate: int


@dataclass(frozen=True)
class TypeEvent:
    """Text on screen in frames `start` to `end` - 1."""

    role: str
    lines: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True)
class ShotMarker:
    """Where a shot begins, what it is for, and the recipe behind its picture."""

    start: int
    frames: int
    note: MarkerNote


@dataclass(frozen=True)
class Sheet:
    """All events of a cut; `picture`, `motion` and `inset` are layers from the bottom up."""

    note: TimelineNote
    first_frame: int
    picture: tuple[PictureEvent, ...]
    motion: tuple[PictureEvent, ...]
    inset: tuple[PictureEvent, ...]
    type: tuple[TypeEvent, ...]
    sound: tuple[SoundEvent, ...]
    markers: tuple[ShotMarker, ...]

    @property
    def drop(self) -> bool:
        """Whether its time code is drop-frame."""
        return ";" in self.note.start_timecode

    def record(self, frame: int) -> str:
        """The time code of a frame of the spot."""
        return timecode_of(self.first_frame + frame, self.note.fps, drop=self.drop)

    def source(self, frame: int) -> str:
        """The time code of a frame of a medium, which starts at zero."""
        return timecode_of(frame, self.note.fps, drop=self.drop)

    def flat(self) -> list[PictureEvent]:
        """The pictures on one track: what is uppermost, without insets, which one track cannot show."""
        return _flattened(self.picture, self.motion)

    def sounds(self, track: SoundTrack) -> list[SoundEvent]:
        return [event for event in self.sound if event.track == track]


def sheet_of(timeline: otio.schema.Timeline) -> Sheet:
    """The events of a timeline. Raises InvalidInput as `read_cut` does."""
    cut = read_cut(timeline)
    return Sheet(
        note=cut.note,
        first_frame=frame_number(cut.note.start_timecode, cut.note.fps),
        picture=tuple(_picture(picture) for picture in cut.pictures),
        motion=tuple(_picture(picture) for picture in cut.motion),
        inset=tuple(
            PictureEvent(f"inset {number}", 0, "", item.medium, item.first, item.first + item.frames, item.skip,
                         item.skip + item.frames, False, None)
            for number, item in enumerate(cut.insets, 1)
        ),
        type=tuple(
            TypeEvent(item.note.role, _lines(item.note.brand_name, item.note.product_name, item.note.text),
                      item.first, item.first + item.frames)
            for item in cut.lettering
        ),
        sound=tuple(_sounds(cut)),
        markers=tuple(_markers(timeline)),
    )  # fmt: skip


def _picture(picture: Picture) -> PictureEvent:
    source = picture.skip if picture.frozen else picture.skip + picture.cut_in - picture.first
    frames = picture.cut_out - picture.cut_in
    available = picture.available if picture.available is not None else source + frames
    return PictureEvent(
        picture.name, picture.shot, picture.recipe, picture.medium, picture.cut_in, picture.cut_out, source, available,
        picture.frozen, picture.entry,
    )  # fmt: skip


def _lines(brand: str | None, product: str | None, text: Sequence[str]) -> tuple[str, ...]:
    return (*filter(None, (brand, product)), *text)


def _sounds(cut: Cut) -> Iterable[SoundEvent]:
    placed: dict[SoundTrack, list[Spoken | Sounding]] = {"voice": [*cut.voice], "music": [], "effects": []}
    for sound in cut.sounds:
        placed[sound.track].append(sound)
    for track, items in placed.items():
        events = [_sound(track, number, item, cut) for number, item in enumerate(items, 1)]
        # Rounded up to a frame, a sound may reach into the next, which then has that frame.
        for event, following in pairwise(events):
            yield replace(event, end=min(event.end, following.start))
        yield from events[-1:]


def _sound(track: SoundTrack, number: int, item: Spoken | Sounding, cut: Cut) -> SoundEvent:
    fps, rate = cut.note.fps, item.sample_rate
    start = min(frames_at(item.at, fps), cut.note.frames - 1)
    length = max(1, -int(-(Fraction(item.samples, rate) * fps) // 1))
    source = frames_at(Fraction(item.skip, rate), fps)
    end = min(start + length, cut.note.frames)
    return SoundEvent(track, f"{track} {number}", item.medium, start, end, source, source + end - start, rate)


def _markers(timeline: otio.schema.Timeline) -> Iterable[ShotMarker]:
    for marker in timeline.tracks.markers:
        if "forge" in marker.metadata:
            note = MarkerNote.model_validate(dict(marker.metadata["forge"]))
            span = marker.marked_range
            yield ShotMarker(round(span.start_time.value), round(span.duration.value), note)


def _flattened(under: Sequence[PictureEvent], over: Sequence[PictureEvent]) -> list[PictureEvent]:
    """What is seen of two layers; a transition stays where both of its sides do."""
    found: list[PictureEvent] = list(over)
    for event in under:
        pieces = [(event.start, event.end)]
        for cover in over:
            pieces = [part for piece in pieces for part in _less(piece, (cover.start, cover.end))]
        for start, end in pieces:
            source = event.source if event.frozen else event.source + start - event.start
            entry = event.entry if start == event.start else None
            found.append(replace(event, start=start, end=end, source=source, entry=entry))
    found.sort(key=lambda event: event.start)
    covered = {event.end for event in over}
    # A transition out of a picture that is hidden at its tail has nothing to show.
    return [replace(event, entry=None) if event.start in covered else event for event in found]


def _less(piece: tuple[int, int], cover: tuple[int, int]) -> list[tuple[int, int]]:
    parts = [(piece[0], min(piece[1], cover[0])), (max(piece[0], cover[1]), piece[1])]
    return [(start, end) for start, end in parts if start < end]
