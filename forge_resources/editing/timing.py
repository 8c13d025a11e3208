"""When things happen in a spot: cuts, spoken lines, supers, legal lines, the end card.

What belongs here: arithmetic on exact seconds and whole frames. What does not: OpenTimelineIO (see `timeline`), or
what is seen and said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from forge_resources.errors import Blocked, InvalidInput
from forge_resources.schemas.types import frames_at

VOICE_AFTER_CUT_S = Fraction(3, 20)
"""A line starts this long after its shot, so that the eye is there first."""
VOICE_LEAD_S = Fraction(1, 4)
"""The most that a line may be heard before its shot, where it would not end in time otherwise."""
VOICE_PAUSE_S = Fraction(1, 10)
"""The least silence between two lines."""
SUPER_AFTER_CUT_S = Fraction(1, 6)
SUPER_BEFORE_CUT_S = Fraction(1, 8)
TYPE_FADE_S = Fraction(1, 4)
CARD_FADE_S = Fraction(5, 12)
HANDLE_S = Fraction(1)
"""What an editor finds of a plate on either side of its shot."""
SHORTEST_SUPER_S = Fraction(1)
CARD_S = Fraction(5, 2)
CARD_SHARE = Fraction(1, 3)
"""An end card takes up to 2.5 s, and no more than a third of the spot."""
LEGAL_BASE_S = Fraction(2)
LEGAL_WORD_S = Fraction(1, 5)
"""How long legal text is held: BCAP guidance on superimposed text."""
_SPACELESS_LETTERS_PER_WORD = 3
"""Chinese, Japanese and Thai write no spaces; their words are some two to three letters long."""


@dataclass(frozen=True)
class Span:
    """Frames `start` to `end`, the latter not included."""

    start: int
    end: int

    @property
    def frames(self) -> int:
        return self.end - self.start


@dataclass(frozen=True)
class Spoken:
    """A line to be placed: its shot, when the shot starts, and how long the line and the shot last, in seconds."""

    shot: int
    shot_start: Fraction
    shot_duration: Fraction
    duration: Fraction


def shot_spans(durations: Sequence[Fraction], fps: Fraction) -> list[Span]:
    """The frames of each shot: every cut falls on the frame nearest to its exact time. Raises InvalidInput."""
    cuts = [frames_at(sum(durations[:i], Fraction(0)), fps) for i in range(len(durations) + 1)]
    spans = [Span(start, end) for start, end in pairwise(cuts)]
    if empty := [i + 1 for i, span in enumerate(spans) if span.frames < 1]:
        raise InvalidInput(f"Shot {empty[0]} is shorter than one frame at {float(fps):g} frames a second.")
    return spans


def voice_starts(lines: Sequence[Spoken], total: Fraction, quiet: Fraction = Fraction(0)) -> list[Fraction]:
    """When each line starts, in seconds. No two overlap and the last ends within `total`.

    Nothing is said in the first and last `quiet` seconds, which some outlets want silent.

    A line starts 0.15 s after its shot; earlier or later where that is what makes all of them fit. Raises Blocked with
    the shot and the seconds that are missing.
    """
    earliest: list[Fraction] = []
    free_from = quiet
    for line in lines:
        earliest.append(max(free_from, line.shot_start - VOICE_LEAD_S, quiet))
        free_from = earliest[-1] + line.duration + VOICE_PAUSE_S
    latest: list[Fraction] = []
    free_until = total - quiet
    for line in reversed(lines):
        latest.insert(0, free_until - line.duration)
        free_until = latest[0] - VOICE_PAUSE_S
    missing = [first - last for first, last in zip(earliest, latest, strict=True)]
    if lines and max(missing) > 0:
        late = [line for line, lack in zip(lines, missing, strict=True) if lack > 0]
        culprit = max(late, key=lambda line: line.duration - line.shot_duration)
        raise Blocked(
            f"The voice-over of shot {culprit.shot} is {float(max(missing)):.2f} s too long for its place.",
            remedy="Shorten the line, or give its shot more seconds.",
        )
    starts: list[Fraction] = []
    free_from = quiet
    for line, last in zip(lines, latest, strict=True):
        starts.append(min(max(line.shot_start + VOICE_AFTER_CUT_S, free_from), last))
        free_from = starts[-1] + line.duration + VOICE_PAUSE_S
    return starts


def end_card_span(durations: Sequence[Fraction], fps: Fraction) -> Span:
    """The last frames of the spot, within its last shot."""
    total = sum(durations, Fraction(0))
    frames = frames_at(total, fps)
    seconds = min(CARD_S, durations[-1], total * CARD_SHARE)
    last_cut = frames_at(total - durations[-1], fps)
    return Span(max(last_cut, frames - max(1, frames_at(seconds, fps))), frames)


def super_span(shot: Span, until: int, fps: Fraction) -> Span | None:
    """When the super of a shot is on screen; it leaves before frame `until`. None where that is too short to read."""
    end = min(shot.end, until) - frames_at(SUPER_BEFORE_CUT_S, fps)
    start = shot.start + frames_at(SUPER_AFTER_CUT_S, fps)
    # A shot that is itself very short keeps its super; only what the end card takes away counts.
    cut_short = until < shot.end
    if end - start < (frames_at(SHORTEST_SUPER_S, fps) if cut_short else 1):
        return None
    return Span(start, end)


def fade_of(span: Span, wanted_s: Fraction, fps: Fraction) -> int:
    """How many frames to fade: never more than a third of what is shown."""
    return min(frames_at(wanted_s, fps), span.frames // 3)


def words_in(text: str) -> int:
    """How many words a reader has to take in; scripts without spaces are counted by letters."""
    words = 0
    for word in text.split():
        wide = sum(char >= "\u2e80" or "\u0e00" <= char <= "\u0eff" for char in word)
        words += max(1, -(-wide // _SPACELESS_LETTERS_PER_WORD))
    return words


def legal_hold_s(lines: Sequence[str]) -> Fraction:
    """How long lines that are shown together must be held, in seconds."""
    return LEGAL_BASE_S + LEGAL_WORD_S * sum(words_in(line) for line in lines)


def legal_span(lines: Sequence[str], card: Span, fps: Fraction) -> Span:
    """When legal lines are on screen, fades besides their hold: up to the end card, or over it where they must.

    Raises Blocked with the seconds that the spot lacks.
    """
    hold = legal_hold_s(lines)
    # A part of a frame more is still held; a part less is not.
    needed = -int(-(hold * fps) // 1) + 2 * frames_at(TYPE_FADE_S, fps)
    if needed <= card.start:
        return Span(card.start - needed, card.start)
    if needed <= card.end:
        return Span(card.end - needed, card.end)
    lack = Fraction(needed - card.end) / fps
    raise Blocked(
        f"The legal text must be held for {float(hold):.1f} s, and the spot is {float(lack):.2f} s too short for it.",
        remedy="Shorten the legal text (2 s and 0.2 s a word are required), or make the spot longer.",
    )


def transition_between(before: Span, after: Span, seconds: Fraction, fps: Fraction) -> int:
    """Frames of a transition over a cut, even; 0 where the shots are too short for one."""
    room = min(before.frames, after.frames) // 3
    return min(frames_at(seconds, fps), room) // 2 * 2
