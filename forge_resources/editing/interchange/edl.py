"""CMX 3600 edit decision lists: one picture track, four of sound, in ASCII.

What belongs here: the lines of the list. What does not: which events there are (see `events`).

The picture track is what is uppermost; text and insets are not in it. A dip is two dissolves, into and out of black.
Each medium has a reel of its own, and comments name its clip and its file.
"""

from __future__ import annotations

from collections.abc import Iterator

from forge_resources.editing.cut import Entry, Medium
from forge_resources.editing.interchange.events import PictureEvent, Sheet, SoundEvent, SoundTrack

_CHANNELS: dict[SoundTrack, str] = {"voice": "A", "music": "A2", "effects": "A3"}
_REELS: dict[SoundTrack, str] = {"voice": "VO", "music": "MU", "effects": "FX"}
_WIPES = {"right": "W001", "left": "W001", "down": "W002", "up": "W002"}
"""SMPTE wipe codes: a straight edge across, and one down; the comment says which way."""
_BLACK = "BL"
_TITLE = 70


def edl_of(sheet: Sheet) -> str:
    """The list, with CR LF as the systems it was made for write it."""
    writer = _List(sheet)
    lines = [f"TITLE: {_ascii(sheet.note.cell)[:_TITLE]}"]
    lines.append(f"FCM: {'DROP FRAME' if sheet.drop else 'NON-DROP FRAME'}")
    lines += writer.picture()
    for track in ("voice", "music", "effects"):
        for event in sheet.sounds(track):
            lines += writer.sound(event)
    return "\r\n".join(lines) + "\r\n"


class _List:
    """Counts events and names reels."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._number = 0
        self._reels: dict[Medium, str] = {}

    def picture(self) -> Iterator[str]:
        """The picture track; an event with a transition begins with it, so that the one before ends there."""
        events = self._sheet.flat()
        for index, event in enumerate(events):
            following = events[index + 1].entry if index + 1 < len(events) else None
            end = event.end - (following.before if following else 0)
            if event.entry and index:
                yield from self._transition(events[index - 1], event, event.entry, end)
            else:
                yield from self._cut(event, event.start, end)
            yield from self._comments(event)

    def sound(self, event: SoundEvent) -> Iterator[str]:
        """One piece of sound."""
        self._number += 1
        source = (event.source, event.source + event.end - event.start)
        reel = self._reel(event.medium, _REELS[event.track])
        yield self._line(reel, _CHANNELS[event.track], "C", "", source, (event.start, event.end))
        yield f"* FROM CLIP NAME: {event.name}"
        yield from self._file(event.medium)

    def _cut(self, event: PictureEvent, start: int, end: int) -> Iterator[str]:
        self._number += 1
        yield self._line(self._reel(event.medium, "SH"), "V", "C", "", _source(event, start, end), (start, end))
        if event.frozen:
            held = self._sheet.source(event.source)
            yield f"M2   {self._reel(event.medium, 'SH'):<8}       000.0                {held}"
            yield "* FREEZE FRAME"

    def _transition(self, before: PictureEvent, event: PictureEvent, entry: Entry, end: int) -> Iterator[str]:
        start = event.start - entry.before
        if entry.note.kind == "dip":
            half = entry.frames // 2
            yield from self._pair(before, None, "D", half, start, start + half)
            yield f"* DIP TO COLOUR {entry.note.colour.upper()}"
            yield from self._pair(None, event, "D", entry.frames - half, start + half, end)
            return
        code = _WIPES[entry.note.direction] if entry.note.kind == "wipe" else "D"
        yield from self._pair(before, event, code, entry.frames, start, end)
        if entry.note.kind == "wipe":
            yield f"* WIPE TOWARDS {entry.note.direction.upper()}"

    def _pair(
        self, before: PictureEvent | None, event: PictureEvent | None, code: str, frames: int, start: int, end: int
    ) -> Iterator[str]:
        """A transition is two lines of one event: what it leaves, for no time, and what it comes to."""
        self._number += 1
        yield self._line(self._name(before), "V", "C", "", _source(before, start, start), (start, start))
        yield self._line(self._name(event), "V", code, f"{frames:03}", _source(event, start, end), (start, end))
        if before:
            yield f"* FROM CLIP NAME: {_ascii(before.name)}"
        yield f"* TO CLIP NAME: {_ascii(event.name) if event else 'BLACK'}"

    def _name(self, event: PictureEvent | None) -> str:
        return self._reel(event.medium, "SH") if event else _BLACK

    def _comments(self, event: PictureEvent) -> Iterator[str]:
        if not event.entry:
            yield f"* FROM CLIP NAME: {_ascii(event.name)}"
        yield from self._file(event.medium)
        for marker in self._sheet.markers:
            if marker.note.shot == event.shot and event.start <= marker.start < event.end:
                note, at = marker.note, self._sheet.record(marker.start)
                yield f"* LOC: {at} GREEN   SHOT {note.shot} {note.beat} RECIPE {note.recipe}"

    def _file(self, medium: Medium) -> Iterator[str]:
        path = f"media/{medium.sha256}{medium.suffix}"
        yield f"* SOURCE FILE: {path}"
        yield f"* FROM FILE: {path}"

    def _line(
        self, reel: str, channel: str, code: str, frames: str, source: tuple[int, int], record: tuple[int, int]
    ) -> str:
        times = [self._sheet.source(frame) for frame in source] + [self._sheet.record(frame) for frame in record]
        return f"{self._number:03}  {reel:<8} {channel:<5} {code:<4} {frames:>3} {' '.join(times)}"

    def _reel(self, medium: Medium, prefix: str) -> str:
        """At most eight letters and digits, one for each medium."""
        if medium not in self._reels:
            self._reels[medium] = f"{prefix}{len(self._reels) + 1:04}"
        return self._reels[medium]


def _source(event: PictureEvent | None, start: int, end: int) -> tuple[int, int]:
    if event is None:
        return 0, end - start
    if event.frozen:
        return event.source, event.source + 1
    first = event.source + start - event.start
    return first, first + end - start


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()
