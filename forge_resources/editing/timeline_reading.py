"""Reads a cut out of an OpenTimelineIO document, strictly by the layout of `schemas.edit`.

What belongs here: finding and checking what the tracks say. What does not: writing them (see `timeline_tracks`), or
opening any media.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeVar

import opentimelineio as otio
from pydantic import BaseModel, ValidationError

from forge_resources.editing.cut import TYPE_TRACKS, Cut, Entry, Inset, Lettering, Medium, Picture, Sounding, Spoken
from forge_resources.errors import Fault, InvalidInput
from forge_resources.schemas.edit import (
    ClipNote,
    InsetNote,
    SoundNote,
    TimelineNote,
    TransitionNote,
    TypeNote,
    VoiceNote,
)
from forge_resources.schemas.timecode import frame_number
from forge_resources.schemas.types import sha256_of

_KNOWN = ("picture", "motion", "inset", *TYPE_TRACKS, "voice", "music", "effects")
_PICTURES = {".png", ".mp4"}
_Note = TypeVar("_Note", bound=BaseModel)


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
    note = _note(TimelineNote, timeline.metadata, "the timeline")
    try:
        frame_number(note.start_timecode, note.fps)
    except ValueError as error:
        raise InvalidInput(f"The start of the timeline cannot be: {error}.") from None
    return note


def picture_identity(timeline: otio.schema.Timeline) -> str:
    """SHA-256 of what decides the picture: equal for timelines that differ in sound or in their time code alone."""
    cut = read_cut(timeline)
    video = [track for track in timeline.tracks if track.kind == otio.schema.TrackKind.Video]
    note = cut.note.model_dump(mode="json", exclude={"start_timecode", "tier"})
    return sha256_of([note, *(json.loads(track.to_json_string()) for track in video)])


def read_cut(timeline: otio.schema.Timeline) -> Cut:
    """The cut that the timeline describes. Raises InvalidInput with the place of what is wrong."""
    note = timeline_note(timeline)
    tracks = {track.name: track for track in timeline.tracks}
    if unknown := sorted(set(tracks) - set(_KNOWN)):
        raise InvalidInput(f"The timeline has tracks that the renderer does not know: {', '.join(unknown)}.")
    if len(tracks) < len(timeline.tracks):
        raise InvalidInput("The timeline has two tracks of one name.")
    if "picture" not in tracks:
        raise InvalidInput("The timeline has no picture track.")
    pictures = _pictures(tracks["picture"], gaps=False)
    if not pictures or pictures[-1].end != note.frames:
        length = pictures[-1].end if pictures else 0
        raise InvalidInput(f"The picture track lasts {length} frames, the timeline {note.frames}.")
    cut = Cut(
        note,
        pictures,
        lettering=tuple(item for name, track in tracks.items() if name in TYPE_TRACKS for item in _lettering(track)),
        voice=_voice(tracks["voice"]) if "voice" in tracks else (),
        motion=_pictures(tracks["motion"], gaps=True) if "motion" in tracks else (),
        insets=_insets(tracks["inset"]) if "inset" in tracks else (),
        sounds=(*_sounds(tracks, "music"), *_sounds(tracks, "effects")),
    )
    _check_ends(cut)
    return cut


def _check_ends(cut: Cut) -> None:
    ends = [(f"Type of the {item.note.role} track", item.first + item.frames) for item in cut.lettering]
    ends += [("A clip of the motion track", item.end) for item in cut.motion]
    ends += [("A picture of the inset track", item.first + item.frames) for item in cut.insets]
    for what, end in ends:
        if end > cut.note.frames:
            raise InvalidInput(f"{what} runs past the end of the picture.")
    placed = [("A line of the voice track", item.at, item.samples, item.sample_rate) for item in cut.voice]
    placed += [(f"A clip of the {item.track} track", item.at, item.samples, item.sample_rate) for item in cut.sounds]
    for what, at, samples, rate in placed:
        if at + Fraction(samples, rate) > cut.note.frames / cut.note.fps:
            raise InvalidInput(f"{what}, from {float(at):.2f} s on, runs past the end.")


def _pictures(track: otio.schema.Track, *, gaps: bool) -> tuple[Picture, ...]:
    items = list(track)
    found: list[Picture] = []
    at = 0
    for index, item in enumerate(items):
        if isinstance(item, otio.schema.Transition):
            continue
        place = f"{track.name} clip `{item.name}`"
        length = _whole(item.source_range.duration, place)
        if isinstance(item, otio.schema.Clip):
            found.append(_picture(item, _entry(items, index - 1), _entry(items, index + 1), at, place))
        elif not gaps or not isinstance(item, otio.schema.Gap):
            kind = type(item).__name__
            raise InvalidInput(f"The {track.name} track has a {kind} at frame {at}; it may have no gaps.")
        at += length
    return tuple(found)


def _picture(item: otio.schema.Clip, entry: Entry | None, leaving: Entry | None, at: int, place: str) -> Picture:
    note = _note(ClipNote, item.metadata, place)
    start, length = _whole(item.source_range.start_time, place), _whole(item.source_range.duration, place)
    into, out_of = entry.before if entry else 0, leaving.after if leaving else 0
    if (entry.frames if entry else 0) + (leaving.frames if leaving else 0) > into + length + out_of:
        raise InvalidInput(f"The transitions at both ends of {place} overlap.")
    frozen = any(isinstance(effect, otio.schema.FreezeFrame) for effect in item.effects)
    return Picture(
        shot=note.shot,
        name=item.name,
        recipe=note.recipe,
        medium=_picture_medium(item, place),
        path=note.path,
        focus=note.focus,
        effects=tuple(note.effects),
        first=at - into,
        frames=into + length + out_of,
        skip=start if frozen else start - into,
        frozen=frozen,
        entry=entry,
        exit=leaving,
        available=_available(item, place),
    )


def _available(clip: otio.schema.Clip, place: str) -> int | None:
    span = clip.media_reference.available_range
    return None if span is None else _whole(span.duration, place)


def _entry(items: list[Any], index: int) -> Entry | None:
    if not 0 <= index < len(items) or not isinstance(items[index], otio.schema.Transition):
        return None
    transition = items[index]
    place = f"transition `{transition.name}`"
    if "forge" in transition.metadata:
        note = _note(TransitionNote, transition.metadata, place)
    elif transition.transition_type == otio.schema.TransitionTypes.SMPTE_Dissolve:
        note = TransitionNote(kind="dissolve")
    else:
        raise InvalidInput(
            f"The {place} is of the type {transition.transition_type}, which the renderer does not know."
        )
    return Entry(note, _whole(transition.in_offset, place), _whole(transition.out_offset, place))


def _insets(track: otio.schema.Track) -> tuple[Inset, ...]:
    found = []
    for item, at, length, place in _clips(track):
        note = _note(InsetNote, item.metadata, place)
        start = _whole(item.source_range.start_time, place)
        found.append(Inset(note, _picture_medium(item, place), at, length, start))
    return tuple(found)


def _lettering(track: otio.schema.Track) -> list[Lettering]:
    found = []
    for item, at, length, place in _clips(track):
        reference = item.media_reference
        if not isinstance(reference, otio.schema.GeneratorReference):
            raise InvalidInput(f"The {place} has no generator reference.")
        found.append(Lettering(_validated(TypeNote, _plain(reference.parameters), place), at, length))
    return found


def _clips(track: otio.schema.Track) -> Iterator[tuple[otio.schema.Clip, int, int, str]]:
    """The clips between gaps: each with its first frame, its frames, and how it is named in errors."""
    at = 0
    for item in track:
        place = f"{track.name} clip `{item.name}`"
        if isinstance(item, otio.schema.Transition):
            raise InvalidInput(f"The {track.name} track has a transition at frame {at}; fades belong into its clips.")
        length = _whole(item.source_range.duration, place)
        if isinstance(item, otio.schema.Clip):
            yield item, at, length, place
        at += length


def _voice(track: otio.schema.Track) -> tuple[Spoken, ...]:
    found = []
    for item, at, length, rate, place in _sound_clips(track):
        _note(VoiceNote, item.metadata, place)
        found.append(Spoken(_medium(item, place), at, _whole(item.source_range.start_time, place), length, rate))
    return tuple(found)


def _sounds(tracks: Mapping[str, otio.schema.Track], name: Literal["music", "effects"]) -> Iterator[Sounding]:
    if name not in tracks:
        return
    for item, at, length, rate, place in _sound_clips(tracks[name]):
        note, skip = _note(SoundNote, item.metadata, place), _whole(item.source_range.start_time, place)
        yield Sounding(name, note, _medium(item, place), at, skip, length, rate)


def _sound_clips(track: otio.schema.Track) -> Iterator[tuple[otio.schema.Clip, Fraction, int, int, str]]:
    """The clips between gaps: each with its start in seconds, its samples, their rate, and how it is named."""
    at = Fraction(0)
    for item in track:
        place = f"{track.name} clip `{item.name}`"
        span = item.source_range.duration
        rate, length = _whole_number(span.rate, place), _whole(span, place)
        if isinstance(item, otio.schema.Clip):
            yield item, at, length, rate, place
        at += Fraction(length, rate)


def _picture_medium(clip: otio.schema.Clip, place: str) -> Medium:
    medium = _medium(clip, place)
    if medium.suffix not in _PICTURES:
        raise InvalidInput(f"The {place} is a `{medium.suffix}` file; a picture is {' or '.join(sorted(_PICTURES))}.")
    return medium


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
