"""Captions: what the voice says, as SRT or WebVTT, timed to the sound of the timeline.

What belongs here: the engines `captions-srt` and `captions-vtt` and how the two formats are written. What does not:
where cues begin and end (see `cues`).
"""

from __future__ import annotations

import html
from abc import abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from forge_resources.editing.cues import Cue, CueRules, SpokenText, cues_for
from forge_resources.editing.timeline_reading import open_timeline, timeline_note
from forge_resources.engines.contract import EditEngine, Facts, Sources
from forge_resources.errors import InvalidInput
from forge_resources.schemas.audience import Language
from forge_resources.schemas.delivery import DeliveryProfile
from forge_resources.schemas.edit import VoiceNote
from forge_resources.schemas.types import Document, ExactRational, LanguageCode, Tier


class CaptionParameters(Document):
    """How captions of a language are set. The defaults are those of the timed-text guides: seconds and frames."""

    language: LanguageCode
    line_length: Annotated[int, Field(ge=8, le=60)]
    max_lines: Annotated[int, Field(ge=1, le=3)]
    reading_speed_cps: Annotated[float, Field(gt=2, lt=30)]
    shortest_s: Annotated[ExactRational, Field(gt=0, le=3)] = Fraction(5, 6)
    longest_s: Annotated[ExactRational, Field(gt=1, le=10)] = Fraction(7)
    frames_between: Annotated[int, Field(ge=0, le=12)] = 2


def caption_parameters(language: Language, profile: DeliveryProfile) -> CaptionParameters:
    """The recipe of the captions of a market's language for a delivery profile; its format is the engine's."""
    return CaptionParameters(
        language=language.code,
        line_length=language.line_length,
        max_lines=language.max_lines,
        reading_speed_cps=language.reading_speed_cps,
    )


class CaptionWriter(EditEngine):
    """Writes the captions of source `timeline`. Facts: `cues`, and `fastest_cps`, the fastest a viewer has to read."""

    tier: ClassVar[Tier] = "full"
    version: ClassVar[str] = "1"
    Parameters: ClassVar[type[Document]] = CaptionParameters

    def make(self, parameters: CaptionParameters, sources: Sources, target: Path) -> Facts:
        """Raises Blocked where a line cannot be held long enough to be read, InvalidInput for another document."""
        if "timeline" not in sources:
            raise InvalidInput("Captions are written from a timeline, and none was given.")
        lines, fps, total = read_spoken(sources["timeline"])
        rules = CueRules(
            language=parameters.language,
            line_length=parameters.line_length,
            max_lines=parameters.max_lines,
            reading_speed_cps=Fraction(str(parameters.reading_speed_cps)),
            shortest=parameters.shortest_s,
            longest=parameters.longest_s,
            frames_between=parameters.frames_between,
        )
        cues = cues_for(lines, rules, fps, total)
        target.write_text(self.document(cues), encoding="utf-8", newline="\n")
        return {"cues": len(cues), "fastest_cps": round(max((cue.reading_cps for cue in cues), default=0.0), 2)}

    @staticmethod
    @abstractmethod
    def document(cues: Sequence[Cue]) -> str:
        """The text of the file."""


class SrtCaptions(CaptionWriter):
    name: ClassVar[str] = "captions-srt"
    summary: ClassVar[str] = "Writes what is spoken as SubRip captions."
    media_type: ClassVar[str] = "application/x-subrip"
    suffix: ClassVar[str] = ".srt"

    @staticmethod
    def document(cues: Sequence[Cue]) -> str:
        blocks = [
            f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n" + "\n".join(cue.lines) + "\n"
            for number, cue in enumerate(cues, 1)
        ]
        return "\n".join(blocks)


class VttCaptions(CaptionWriter):
    name: ClassVar[str] = "captions-vtt"
    summary: ClassVar[str] = "Writes what is spoken as WebVTT captions."
    media_type: ClassVar[str] = "text/vtt"
    suffix: ClassVar[str] = ".vtt"

    @staticmethod
    def document(cues: Sequence[Cue]) -> str:
        blocks = [
            f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n"
            + "\n".join(html.escape(line, quote=False) for line in cue.lines)
            + "\n"
            for cue in cues
        ]
        return "\n".join(["WEBVTT\n", *blocks])


def read_spoken(path: Path) -> tuple[list[SpokenText], Fraction, Fraction]:
    """What is spoken and when, the frame rate, and how many seconds the spot lasts. Raises InvalidInput."""
    timeline = open_timeline(path)
    note = timeline_note(timeline)
    spoken = []
    for track in (track for track in timeline.tracks if track.name == "voice"):
        at = Fraction(0)
        for item in track:
            span = item.source_range.duration
            length = Fraction(span.value) / Fraction(span.rate)
            if "forge" in item.metadata:
                text = VoiceNote.model_validate(dict(item.metadata["forge"])).text
                spoken.append(SpokenText(text, at, at + length))
            at += length
    return spoken, note.fps, Fraction(note.frames) / note.fps


def _clock(seconds: Fraction, point: str) -> str:
    """`HH:MM:SS,mmm`, rounded to the nearest millisecond."""
    thousandths = int(seconds * 1000 + Fraction(1, 2))
    whole, thousandths = divmod(thousandths, 1000)
    minutes, second = divmod(whole, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02}:{minute:02}:{second:02}{point}{thousandths:03}"
