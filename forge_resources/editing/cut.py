"""A timeline as the renderers see it: which picture, which type and which sound at which frame.

What belongs here: the shape of a cut, with times in whole frames and samples. What does not: reading it out of
OpenTimelineIO (see `timeline_reading`) or writing it (see `timeline`).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from forge_resources.schemas.edit import (
    CameraPath,
    EffectNote,
    InsetNote,
    SoundNote,
    TimelineNote,
    TransitionNote,
    TypeNote,
)
from forge_resources.schemas.storyboard import Focus

TYPE_TRACKS = ("super", "legal", "end-card", "caption")


@dataclass(frozen=True)
class Medium:
    """A file that the timeline names: its SHA-256 and its suffix with the dot."""

    sha256: str
    suffix: str

    @property
    def is_video(self) -> bool:
        """Whether it has frames of its own, rather than being a plate."""
        return self.suffix == ".mp4"


@dataclass(frozen=True)
class Entry:
    """How a picture takes over from the one before: from `before` frames ahead of the cut to `after` behind it."""

    note: TransitionNote
    before: int
    after: int

    @property
    def frames(self) -> int:
        return self.before + self.after


@dataclass(frozen=True, eq=False)
class Picture:
    """A shot on the timeline, its transitions included: it is seen in frames `first` to `first + frames - 1`.

    `entry` and `exit` it shares with its neighbours. `skip` is the frame of the medium that its first frame shows;
    negative where a transition reaches back before the medium begins. A `frozen` one holds a single frame.
    `available` is how many frames the medium is said to have, None where that is not told.
    """

    shot: int
    name: str
    recipe: str
    medium: Medium
    path: CameraPath | None
    focus: Focus
    effects: tuple[EffectNote, ...]
    first: int
    frames: int
    skip: int
    frozen: bool
    entry: Entry | None
    exit: Entry | None
    available: int | None = None

    @property
    def end(self) -> int:
        return self.first + self.frames

    @property
    def cut_in(self) -> int:
        """The frame of the edit at its head; its transition reaches ahead of that."""
        return self.first + (self.entry.before if self.entry else 0)

    @property
    def cut_out(self) -> int:
        """The frame of the edit at its tail."""
        return self.end - (self.exit.after if self.exit else 0)

    @property
    def fade_frames(self) -> int:
        """The frames at its head that it shares with the picture before."""
        return self.entry.frames if self.entry else 0

    def share(self, frame: int) -> float:
        """How far it has taken over from the picture before, 0-1, never quite 0."""
        return min(1.0, (frame - self.first + 1) / (self.fade_frames + 1))


@dataclass(frozen=True, eq=False)
class Inset:
    """A picture in the picture, in frames `first` to `first + frames - 1`; `skip` as for a picture."""

    note: InsetNote
    medium: Medium
    first: int
    frames: int
    skip: int

    def opacity(self, frame: int) -> float:
        """0 outside, as opaque as its note says within, and between in the fades."""
        faded = faded_at(frame, self.first, self.frames, self.note.fade_in, self.note.fade_out)
        return faded * self.note.opacity


@dataclass(frozen=True)
class Lettering:
    """Type over the picture in frames `first` to `first + frames - 1`."""

    note: TypeNote
    first: int
    frames: int

    def opacity(self, frame: int) -> float:
        """0 outside, 1 within, and between in the fades; the first and last frame are seen already and still."""
        return faded_at(frame, self.first, self.frames, self.note.fade_in, self.note.fade_out)


def faded_at(frame: int, first: int, frames: int, fade_in: int, fade_out: int) -> float:
    """How much shows at `frame` of something that fades in and out, 0-1."""
    inside, left = frame - first, first + frames - frame
    if inside < 0 or left <= 0:
        return 0.0
    return min(1.0, (inside + 1) / (fade_in + 1), left / (fade_out + 1))


@dataclass(frozen=True)
class Spoken:
    """A line of voice: `at` seconds on the timeline, from sample `skip` of its medium on, `samples` of them."""

    medium: Medium
    at: Fraction
    skip: int
    samples: int
    sample_rate: int


@dataclass(frozen=True)
class Sounding:
    """A piece of music or an effect, placed as a line of voice is."""

    track: Literal["music", "effects"]
    note: SoundNote
    medium: Medium
    at: Fraction
    skip: int
    samples: int
    sample_rate: int


@dataclass(frozen=True)
class Cut:
    """Everything the renderer does, in order; `lettering` from the bottom up.

    `motion` are clips over the pictures of their shots; `insets` lie over both, type over all.
    """

    note: TimelineNote
    pictures: tuple[Picture, ...]
    lettering: tuple[Lettering, ...]
    voice: tuple[Spoken, ...]
    motion: tuple[Picture, ...] = ()
    insets: tuple[Inset, ...] = ()
    sounds: tuple[Sounding, ...] = ()

    def media(self) -> set[str]:
        """The SHA-256 of every file that the render needs."""
        named = [item.medium for items in (self.pictures, self.motion, self.insets, self.voice, self.sounds)
                 for item in items]  # fmt: skip
        beside = [item.note.logo for item in self.lettering] + [item.note.mask for item in self.insets]
        return {medium.sha256 for medium in named} | {sha256 for sha256 in beside if sha256}
