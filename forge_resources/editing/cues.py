"""Cues: which words of a spoken line are on screen from when to when.

What belongs here: dividing lines into cues, breaking cues into lines of text, and their times in whole frames. What
does not: file formats (see `captions`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from forge_resources.editing.line_breaking import Piece, balanced_lines, pieces_of, words_of
from forge_resources.errors import Blocked, InvalidInput
from forge_resources.schemas.types import frames_at

# How much a good break counts against evenness, in characters squared: a cue best ends where the speaker breathes.
_CUE_ENDS = 200.0
_LINE_ENDS = 20.0
_FULL_WIDTH_LANGUAGES = frozenset({"ja", "zh", "ko"})


@dataclass(frozen=True)
class SpokenText:
    """A line as it is heard, in seconds from the start of the spot."""

    text: str
    start: Fraction
    end: Fraction


@dataclass(frozen=True)
class CueRules:
    """What a language's timed-text guide asks for. Times are in seconds; lengths in characters."""

    language: str
    line_length: int
    max_lines: int
    reading_speed_cps: Fraction
    shortest: Fraction = Fraction(5, 6)
    longest: Fraction = Fraction(7)
    frames_between: int = 2

    def width(self, text: str) -> float:
        """Characters as the guides count them: marks not at all; beside full-width ones the others are half."""
        narrow = 0.5 if self.language in _FULL_WIDTH_LANGUAGES else 1.0
        counted = [char for char in text if unicodedata.category(char) not in {"Mn", "Me", "Cf"}]
        return sum(1.0 if unicodedata.east_asian_width(char) in "WF" else narrow for char in counted)


@dataclass(frozen=True)
class TimedWord:
    """A word (of Chinese, Japanese and Thai: a phrase) with the space behind it, on line `line` of its cue.

    `start` and `end` are when it is heard, in seconds; estimated from its share of the letters of the cue.
    """

    text: str
    line: int
    start: Fraction
    end: Fraction


@dataclass(frozen=True)
class Cue:
    """Lines of text on screen from `start` to `end`, in seconds on whole frames."""

    lines: tuple[str, ...]
    start: Fraction
    end: Fraction
    reading_cps: float = 0.0
    words: tuple[TimedWord, ...] = ()

    def later(self, by: Fraction) -> Cue:
        """The same, `by` seconds later."""
        words = tuple(replace(word, start=word.start + by, end=word.end + by) for word in self.words)
        return replace(self, start=self.start + by, end=self.end + by, words=words)


@dataclass(frozen=True)
class _Draft:
    """A cue in frames; `heard_until` is where its words end."""

    lines: tuple[str, ...]
    start: int
    heard_until: int
    width: float


def cues_for(spoken: Sequence[SpokenText], rules: CueRules, fps: Fraction, total: Fraction) -> list[Cue]:
    """The cues of a spot that lasts `total` seconds, in order, on whole frames, none over another.

    Raises Blocked where a line is too short to be shown as long as a cue must be, InvalidInput where a word is longer
    than a line of text may be.
    """
    drafts = [draft for line in spoken for draft in _drafts_of(line, rules, fps)]
    shortest = _ceil(rules.shortest * fps)
    starts = _starts(drafts, rules, shortest, frames_at(total, fps))
    cues = []
    for i, draft in enumerate(drafts):
        limit = starts[i + 1] - rules.frames_between if i + 1 < len(drafts) else frames_at(total, fps)
        wanted = max(draft.heard_until, starts[i] + _ceil(Fraction(draft.width) / rules.reading_speed_cps * fps))
        end = min(max(wanted, starts[i] + shortest), limit, starts[i] + int(rules.longest * fps))
        seconds = Fraction(end - starts[i]) / fps
        heard = Fraction(starts[i]) / fps, Fraction(max(starts[i] + 1, min(draft.heard_until, end))) / fps
        words = tuple(_words(draft.lines, rules, *heard))
        reading_cps = draft.width / float(seconds)
        cues.append(Cue(draft.lines, heard[0], Fraction(end) / fps, reading_cps, words))
    return cues


def _words(lines: Sequence[str], rules: CueRules, start: Fraction, end: Fraction) -> Iterator[TimedWord]:
    """The words of a cue, one after the other from `start` to `end`, each as long as its share of the letters."""
    words = [(index, text) for index, line in enumerate(lines) for text in words_of(line, rules.language)]
    widths = [Fraction(max(rules.width(text), 0.5)) for _, text in words]
    at = start
    for (index, text), width in zip(words, widths, strict=True):
        until = at + (end - start) * width / sum(widths)
        yield TimedWord(text, index, at, until)
        at = until


def _starts(drafts: Sequence[_Draft], rules: CueRules, shortest: int, total: int) -> list[int]:
    """When each cue comes on: with its words; later where the one before still has to be read, earlier at the end."""
    slot = shortest + rules.frames_between
    starts: list[int] = []
    for i, draft in enumerate(drafts):
        latest = total - shortest - slot * (len(drafts) - 1 - i)
        starts.append(min(max(draft.start, starts[-1] + slot if starts else 0), latest))
        if starts[-1] < (starts[-2] + slot if i else 0):
            raise Blocked(
                f"The spot is too short for its {len(drafts)} captions: each is held {float(rules.shortest):.2f} s.",
                remedy="Speak fewer or longer lines.",
            )
    return starts


def _drafts_of(line: SpokenText, rules: CueRules, fps: Fraction) -> list[_Draft]:
    """One line in as few cues as hold it, timed by their share of its characters."""
    duration = line.end - line.start
    fewest = max(1, _ceil(duration / rules.longest), _ceil(Fraction(rules.width(line.text)) / _room(rules)))
    # A word is divided only where it would not go into a line.
    for divide in (False, True):
        pieces = pieces_of(line.text, rules.language, divide=divide)
        for count in range(fewest, len(pieces) + 1):
            parts = balanced_lines(_weighted(pieces, _CUE_ENDS), rules.width, float(_room(rules)), count)
            broken = [_break(part, rules, divide) for part in parts] if parts else [None]
            if parts and all(broken):
                return _timed(line, parts, [lines for lines in broken if lines], rules, fps)
    raise InvalidInput(
        f"A word of “{line.text[:60]}” is longer than a line of captions may be ({rules.line_length} characters).",
        remedy="Put a soft hyphen (U+00AD) where it may be divided.",
    )


def _timed(
    line: SpokenText, parts: Sequence[str], broken: Sequence[tuple[str, ...]], rules: CueRules, fps: Fraction
) -> list[_Draft]:
    widths = [rules.width(part) for part in parts]
    total = sum(widths)
    drafts, said = [], 0.0
    for lines, width in zip(broken, widths, strict=True):
        start = line.start + (line.end - line.start) * Fraction(said) / Fraction(total)
        said += width
        end = line.start + (line.end - line.start) * Fraction(said) / Fraction(total)
        drafts.append(_Draft(lines, int(start * fps), _ceil(end * fps), width))
    # The next cue comes on with its words; this one is gone two frames before.
    return [
        replace(draft, heard_until=min(draft.heard_until, after.start - rules.frames_between))
        for draft, after in pairwise(drafts)
    ] + drafts[-1:]


def _weighted(pieces: Sequence[Piece], weight: float) -> list[Piece]:
    """The same pieces with the quality of a break counting more against evenness."""
    return [replace(piece, cost=piece.cost * weight) for piece in pieces]


def _break(text: str, rules: CueRules, divide: bool) -> tuple[str, ...] | None:
    """One line where it fits, else evenly broken; None where it does not fit."""
    pieces = _weighted(pieces_of(text, rules.language, divide=divide), _LINE_ENDS)
    for count in range(1, rules.max_lines + 1):
        if lines := balanced_lines(pieces, rules.width, rules.line_length, count):
            return tuple(line.replace("\u00a0", " ") if rules.language != "fr" else line for line in lines)
    return None


def _room(rules: CueRules) -> Fraction:
    return Fraction(rules.line_length * rules.max_lines)


def _ceil(value: Fraction) -> int:
    return -int(-value // 1)
