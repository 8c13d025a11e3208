"""Wording: which lines are said and shown in which row, and how long each row then stands.

What belongs here: fitting the brief's own lines and the bank's phrases into a spot. What does not: the phrases (see
`phrases`), the arithmetic of seconds (see `timing`), pictures (see `staging`).

Lines go in by importance, and each only if everything that is in already still fits: message, call, one selling point,
hook, tension, the product's introduction, further points, wishes. No line is ever cut: what cannot be said in time is
shown, and what cannot be shown long enough gives way to what is more important.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import cast

from forge_resources.schemas.types import Document, ShortLine
from forge_resources.writing.phrases import Candidate, Kind, PhraseBank, Voice, candidates
from forge_resources.writing.structures import PlanRow, Saying
from forge_resources.writing.timing import SHORTEST_ROW, divide, read_s, spoken_s

_BANK: frozenset[Saying] = frozenset({"hook", "tension", "product", "wish"})
_ENDS = (".", "!", "?", "…", "。", "！", "？", "؟", "।", ":")
# Fuller variants are taken only while the spot keeps this share of its length for pauses.
_BREATH = Fraction(1, 20)
# Seconds added to what a row needs when the time that is left is shared out; the larger, the more evenly.
_BREATHING = Fraction(2)


class OwnLines(Document):
    """The brief's lines in the market's language; glosses are the source-language lines where those differ."""

    message: ShortLine
    call: ShortLine
    points: list[ShortLine]
    message_gloss: ShortLine | None = None
    call_gloss: ShortLine | None = None
    point_glosses: list[ShortLine | None] = []


@dataclass(frozen=True)
class Pace:
    """How fast the language is spoken and read, characters a second."""

    speech_cps: float
    reading_cps: float


@dataclass(frozen=True)
class Utterance:
    text: str
    gloss: str | None
    point: int | None = None
    place: int = 0


@dataclass
class RowWords:
    """What is said and shown in one row while a spot is being composed."""

    said: dict[int, Utterance] = field(default_factory=dict)
    shown: Utterance | None = None
    must_be_readable: bool = True


@dataclass(frozen=True)
class Worded:
    """The words of a row and the seconds it stands."""

    duration_s: Fraction
    voice_over: str | None
    super: str | None
    voice_over_gloss: str | None
    super_gloss: str | None


@dataclass(frozen=True)
class Frame:
    """The seconds there are: `total` to divide over rows of at least `floors`, or `fixed` rows."""

    total: Fraction
    floors: tuple[Fraction, ...]
    fixed: tuple[Fraction, ...] | None = None


class Composer:
    """Composes the words of one spot. Use once: `Composer(...).compose()`."""

    def __init__(
        self,
        plan: Sequence[PlanRow],
        frame: Frame,
        pace: Pace,
        lines: OwnLines,
        bank: PhraseBank,
        voice: Voice,
        seed: str,
    ) -> None:
        self._plan, self._frame, self._pace = plan, frame, pace
        self._lines, self._bank, self._voice, self._seed = lines, bank, voice, seed
        self._rows = [RowWords() for _ in plan]

    def compose(self) -> list[Worded]:
        """The words and seconds of every row, in order; the seconds add up to the frame's total exactly."""
        self._place_own_supers()
        slots = self._slots_by_importance()
        for row, slot in slots:
            self._say_briefest(row, slot)
        for row, slot in slots:
            self._say_in_tone(row, slot)
        self._tell_in_order()
        self._show_bank_supers()
        self._show_what_went_unsaid()
        return self._worded()

    # Supers of message and call stand before anything is said: they are what a spot without sound says.
    def _place_own_supers(self) -> None:
        own = {
            "message": Utterance(self._lines.message, self._lines.message_gloss),
            "call": Utterance(self._lines.call, self._lines.call_gloss),
            "product": Utterance(self._voice.product, None),
        }
        for row, plan in enumerate(self._plan):
            if plan.shows in own:
                self._rows[row].shown = own[plan.shows]
        for what in ("product", "call", "message"):
            for row, plan in enumerate(self._plan):
                if plan.shows == what and not self._fits():
                    self._rows[row].must_be_readable = False

    def _slots_by_importance(self) -> list[tuple[int, int]]:
        order: list[Saying] = ["message", "call", "point", "hook", "tension", "product", "wish"]
        ranked: list[tuple[int, int, int, int]] = []
        seen: dict[Saying, int] = {}
        for row, plan in enumerate(self._plan):
            for slot, what in enumerate(plan.says):
                seen[what] = seen.get(what, 0) + 1
                # A second line of a kind, or a second line in a row, waits until every kind has had its first.
                late = (seen[what] > 1) + (slot > 0 and what not in ("message", "call"))
                ranked.append((late, order.index(what), row, slot))
        return [(row, slot) for _, _, row, slot in sorted(ranked)]

    def _say_briefest(self, row: int, slot: int) -> None:
        what = self._plan[row].says[slot]
        if what == "message":
            self._try_to_say(row, slot, Utterance(self._lines.message, self._lines.message_gloss))
        elif what == "call":
            self._try_to_say(row, slot, Utterance(self._lines.call, self._lines.call_gloss))
        elif what == "point" and (self._say_point(row, slot) or self._points_left() or slot):
            return
        else:
            fresh = list(self._fresh(row, slot))
            in_tone = [line for line in fresh if line.in_tone]
            for group in (in_tone, fresh):
                shortest = min(group, key=lambda line: len(line.text), default=None)
                if shortest and self._try_to_say(row, slot, _bank_line(shortest)):
                    return

    def _say_point(self, row: int, slot: int) -> bool:
        for point in self._points_left():
            line = self._point(point)
            if self._plan[row].shows == "point" and self._rows[row].shown is None:
                self._rows[row].shown = line
                if self._try_to_say(row, slot, line):
                    return True
                self._rows[row].shown = None
            if self._try_to_say(row, slot, line):
                return True
        return self._show_point(row)

    def _show_point(self, row: int) -> bool:
        """Shows a point that there is no time to say."""
        if self._plan[row].shows == "point" and self._rows[row].shown is None:
            for point in self._points_left():
                self._rows[row].shown = self._point(point)
                if self._fits():
                    return True
                self._rows[row].shown = None
        return False

    def _point(self, point: int) -> Utterance:
        glosses = self._lines.point_glosses
        return Utterance(self._lines.points[point], glosses[point] if point < len(glosses) else None, point)

    def _points_left(self) -> list[int]:
        used = {line.point for words in self._rows for line in [*words.said.values(), words.shown] if line}
        return [point for point in range(len(self._lines.points)) if point not in used]

    def _say_in_tone(self, row: int, slot: int) -> None:
        """Takes the line the seed prefers instead of the briefest, as far as the seconds go."""
        what = self._plan[row].says[slot]
        briefest = self._rows[row].said.get(slot)
        if briefest is None or briefest.point is not None or (what not in _BANK and what != "point"):
            return
        del self._rows[row].said[slot]
        for line in self._fresh(row, slot):
            if line.in_tone and self._try_to_say(row, slot, _bank_line(line), breath=_BREATH):
                return
        self._rows[row].said[slot] = briefest

    def _fresh(self, row: int, slot: int) -> Iterator[Candidate]:
        """The bank's lines for a slot that no other row uses; a point that the brief lacks becomes a wish."""
        what = self._plan[row].says[slot]
        kind = cast("Kind", "wish" if what == "point" else what)
        used = {line.text for words in self._rows for line in [*words.said.values(), words.shown] if line}
        for line in candidates(self._bank, kind, self._voice, self._seed, row):
            if line.text not in used:
                yield line

    def _try_to_say(self, row: int, slot: int, line: Utterance, *, breath: Fraction = Fraction(0)) -> bool:
        self._rows[row].said[slot] = line
        if self._fits(breath):
            return True
        del self._rows[row].said[slot]
        return False

    def _tell_in_order(self) -> None:
        """Puts lines of one kind in the order of the bank, where the fuller one may go on from the brief one."""
        for what in ("hook", "tension"):
            rows = [row for row, plan in enumerate(self._plan) if plan.says == [what] and self._rows[row].said]
            before = [self._rows[row].said for row in rows]
            for row, said in zip(rows, sorted(before, key=lambda said: said[0].place), strict=True):
                self._rows[row].said = said
            if not self._fits():
                for row, said in zip(rows, before, strict=True):
                    self._rows[row].said = said

    def _show_bank_supers(self) -> None:
        for row, plan in enumerate(self._plan):
            if plan.shows not in ("hook", "tension"):
                continue
            for line in sorted(candidates(self._bank, plan.shows, self._voice, self._seed, row), key=_brevity):
                if line.text in {said.text for words in self._rows for said in words.said.values()}:
                    continue
                self._rows[row].shown = _bank_line(line)
                if self._fits():
                    break
                self._rows[row].shown = None

    def _show_what_went_unsaid(self) -> None:
        """The message and the call are always there, to the ear or to the eye."""
        own = {
            "message": Utterance(self._lines.message, self._lines.message_gloss),
            "call": Utterance(self._lines.call, self._lines.call_gloss),
        }
        for what, line in own.items():
            rows = [row for row, plan in enumerate(self._plan) if what in plan.says or plan.shows == what]
            present = {used.text for words in self._rows for used in [*words.said.values(), words.shown] if used}
            if line.text in present or not rows:
                continue
            free = [row for row in [*rows, *range(len(self._rows))] if self._rows[row].shown is None]
            if free:
                self._rows[free[0]] = RowWords(self._rows[free[0]].said, line, must_be_readable=False)

    def _needs(self) -> list[Fraction]:
        needs = []
        for words, floor in zip(self._rows, self._frame.floors, strict=True):
            reading = read_s(words.shown.text, self._pace.reading_cps) if words.shown and words.must_be_readable else 0
            needs.append(max(floor, spoken_s(self._spoken(words), self._pace.speech_cps), Fraction(reading)))
        return needs

    def _fits(self, breath: Fraction = Fraction(0)) -> bool:
        needs = self._needs()
        if self._frame.fixed is not None:
            return all(need <= there for need, there in zip(needs, self._frame.fixed, strict=True))
        return sum(needs, Fraction(0)) <= self._frame.total * (1 - breath)

    def _spoken(self, words: RowWords) -> str:
        return self._joined([words.said[slot].text for slot in sorted(words.said)])

    def _joined(self, sentences: Sequence[str]) -> str:
        """Sentences in a row. Only where one follows another is a full stop added: a line alone stays as supplied."""
        closed = [text if text.endswith(_ENDS) else text + self._bank.stop for text in sentences[:-1]]
        return self._bank.join.join([*closed, *sentences[-1:]])

    def _gloss(self, words: RowWords) -> str | None:
        glosses = [words.said[slot].gloss for slot in sorted(words.said)]
        if not glosses or any(gloss is None for gloss in glosses):
            return None
        ended = [gloss if gloss.endswith(_ENDS) else gloss + "." for gloss in glosses[:-1] if gloss]
        return " ".join([*ended, *[gloss for gloss in glosses[-1:] if gloss]])

    def _worded(self) -> list[Worded]:
        if self._frame.fixed is not None:
            seconds = list(self._frame.fixed)
        else:
            needs = self._needs()
            # Every row breathes, those that say more a little longer.
            seconds = divide(self._frame.total, needs, [need + _BREATHING for need in needs])
        return [
            Worded(
                duration_s=duration,
                voice_over=self._spoken(words) or None,
                super=words.shown.text if words.shown else None,
                voice_over_gloss=self._gloss(words),
                super_gloss=words.shown.gloss if words.shown else None,
            )
            for duration, words in zip(seconds, self._rows, strict=True)
        ]


def _bank_line(line: Candidate) -> Utterance:
    return Utterance(line.text, line.gloss, place=line.place)


def _brevity(line: Candidate) -> tuple[bool, int]:
    return (not line.in_tone, len(line.text))


def open_frame(total: int, rows: int, last: Fraction) -> Frame:
    """`total` seconds over `rows` rows of at least a second, the last one of at least `last`."""
    return Frame(Fraction(total), (*[SHORTEST_ROW] * (rows - 1), last))


def fixed_frame(seconds: Sequence[Fraction]) -> Frame:
    """Rows that stand as long as they stand."""
    return Frame(sum(seconds, Fraction(0)), (Fraction(0),) * len(seconds), tuple(seconds))
