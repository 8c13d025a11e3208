"""Whether a file shows what its timeline says: cuts where it has them, black and stillness only where they are meant.

What belongs here: comparing what was measured (see `motion`) with the cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from forge_resources.editing.cut import Cut
from forge_resources.editing.inspection import motion
from forge_resources.editing.inspection.expectation import InspectionParameters
from forge_resources.editing.inspection.motion import Flashing, Run
from forge_resources.editing.inspection.viewing import Viewing
from forge_resources.schemas.quality import QualityCheck, QualityFinding
from forge_resources.schemas.types import frames_at


@dataclass(frozen=True)
class Watched:
    """What was measured of the picture; frames are those of the file."""

    cuts: list[int]
    black: list[Run]
    frozen: list[Run]
    flashing: Flashing


def watch(seen: Viewing, wanted: InspectionParameters) -> Watched:
    """Measures all frames."""
    luma = seen.luma()
    return Watched(
        cuts=motion.cuts(luma, wanted.limits),
        black=motion.black_runs(luma, wanted.limits),
        frozen=motion.frozen_runs(luma, seen.fps, wanted.limits),
        flashing=motion.flashing(seen.small, seen.fps, wanted.limits),
    )


def picture_findings(
    seen: Viewing, watched: Watched, cut: Cut, wanted: InspectionParameters
) -> Iterator[QualityFinding]:
    """Cuts, black and frozen pictures that are missing or not meant, and flashes."""
    yield from _cut_findings(seen, watched, cut, wanted)
    yield from _black_findings(watched, cut, wanted)
    yield from _freeze_findings(watched, cut, wanted)
    yield from _flash_findings(watched.flashing, wanted)


def _cut_findings(seen: Viewing, watched: Watched, cut: Cut, wanted: InspectionParameters) -> Iterator[QualityFinding]:
    first, last = wanted.first_frame, wanted.first_frame + wanted.spot_frames
    meant = {first + frame for frame in _hard_cuts(cut)}
    changes = motion.differences(seen.luma())
    for frame in sorted(meant - set(watched.cuts)):
        if frame < len(changes) and changes[frame] < wanted.limits.cut.missing_below:
            yield _fault("cut", "the timeline has a cut here, and the picture goes on", wanted, frame)
    explained = {frame + near for frame in meant for near in (-1, 0, 1)}
    explained |= {first + frame for frame in _busy(cut)} | {first, last}
    for frame in watched.cuts:
        if first < frame < last and frame not in explained:
            yield _fault("cut", "the picture changes at once, and the timeline has no cut here", wanted, frame)


def _hard_cuts(cut: Cut) -> Iterator[int]:
    """The frames of the spot at which one picture follows another at once, and nothing covers them."""
    covered = _card_frames(cut)
    for picture in cut.pictures[1:]:
        if picture.entry is None and picture.first not in covered:
            yield picture.first


def _busy(cut: Cut) -> set[int]:
    """Frames at which something else than a cut may change the picture at once: transitions, type, insets, clips."""
    found: set[int] = set()
    for picture in (*cut.pictures, *cut.motion):
        if picture.medium.is_video:
            found |= set(range(picture.first, picture.end + 1))
        elif picture.fade_frames:
            found |= set(range(picture.first, picture.first + picture.fade_frames + 2))
    shown = [(item.first, item.frames, item.note.fade_in, item.note.fade_out) for item in cut.lettering]
    shown += [(item.first, item.frames, item.note.fade_in, item.note.fade_out) for item in cut.insets]
    for first, frames, fade_in, fade_out in shown:
        found |= set(range(first, first + fade_in + 2))
        found |= set(range(first + frames - fade_out - 1, first + frames + 2))
    return found


def _card_frames(cut: Cut) -> set[int]:
    """Frames at which an end card covers the picture wholly."""
    return {
        frame
        for item in cut.lettering
        if item.note.role == "end-card"
        for frame in range(item.first + item.note.fade_in, item.first + item.frames)
    }


def _black_findings(watched: Watched, cut: Cut, wanted: InspectionParameters) -> Iterator[QualityFinding]:
    first, last = wanted.first_frame, wanted.first_frame + wanted.spot_frames
    meant = {first + frame for frame in _dips(cut)}
    shortest = max(1, round(wanted.limits.black.shortest_s * wanted.fps))
    for start, end in watched.black:
        frames = [frame for frame in range(max(start, first), min(end, last)) if frame not in meant]
        if len(frames) >= shortest:
            yield _fault("black", f"{len(frames)} frames of black in the spot", wanted, frames[0])
    black = {frame for start, end in watched.black for frame in range(start, end)}
    for show, start, end in _segments(wanted):
        # Its edges may be a frame off in what was reduced.
        if show == "black" and (bright := [frame for frame in range(start, end) if frame not in black]):
            yield _fault("black", f"{len(bright)} frames that must be black are not", wanted, bright[0])


def _dips(cut: Cut) -> Iterator[int]:
    for picture in cut.pictures:
        if picture.entry and picture.entry.note.kind == "dip":
            yield from range(picture.first, picture.first + picture.entry.frames)


def _freeze_findings(watched: Watched, cut: Cut, wanted: InspectionParameters) -> Iterator[QualityFinding]:
    moving = _moving(cut)
    shortest = max(2, round(wanted.limits.freeze.shortest_s * wanted.fps))
    for start, end in watched.frozen:
        frames = [frame for frame in range(start, end) if frame - wanted.first_frame in moving]
        for run in _stretches(frames):
            if len(run) >= shortest:
                seconds = len(run) / float(wanted.fps)
                yield _fault("freeze", f"the picture stands still for {seconds:.2f} s where it moves", wanted, run[0])
    for show, start, end in _segments(wanted):
        if show == "hold" and not any(first <= start and end <= last for first, last in watched.frozen):
            yield _fault("hold", "the last picture must be held, and it moves", wanted, start)


def _moving(cut: Cut) -> set[int]:
    """Frames of the spot at which a camera moves over a plate that is seen."""
    covered = _card_frames(cut)
    found: set[int] = set()
    for picture in cut.pictures:
        path = picture.path
        if picture.frozen or picture.medium.is_video or path is None or path.start == path.end:
            continue
        # A move that is eased stands nearly still at both ends.
        ease = picture.frames // 6
        found |= set(range(picture.first + ease, picture.end - ease))
    return found - covered


def _flash_findings(found: Flashing, wanted: InspectionParameters) -> Iterator[QualityFinding]:
    most = wanted.limits.flash.most_per_second
    for name, count, at in (
        ("flashing", found.most, found.at),
        ("red flashing", found.most_red, found.red_at),
    ):
        if count > most:
            message = f"{count:g} flashes within a second; at most {most:g} are safe (ITU-R BT.1702)"
            yield _fault(name, message, wanted, at, "flashing")


def _segments(wanted: InspectionParameters) -> Iterator[tuple[str, int, int]]:
    """What stands before and behind the spot, with its first frame and the one after its last."""
    at = 0
    for segment in [*wanted.leader, None, *wanted.tail]:
        length = wanted.spot_frames if segment is None else frames_at(segment.seconds, wanted.fps)
        if segment is not None:
            yield segment.show, at, at + length
        at += length


def _stretches(frames: Sequence[int]) -> list[list[int]]:
    """Runs of numbers that follow each other."""
    found: list[list[int]] = []
    for frame in frames:
        if found and frame == found[-1][-1] + 1:
            found[-1].append(frame)
        else:
            found.append([frame])
    return found


def _fault(
    place: str, message: str, wanted: InspectionParameters, frame: int, check: QualityCheck = "picture"
) -> QualityFinding:
    return QualityFinding(check=check, severity="fault", place=place, message=message, at_s=wanted.seconds(frame))
