"""Captions: what the voice says, timed to the sound of the timeline, as SRT, WebVTT, ASS or TTML.

What belongs here: the engines and their recipe. What does not: where cues begin and end (see `cues`), or how a format
is written (see `caption_formats`).
"""

from __future__ import annotations

from abc import abstractmethod
from fractions import Fraction
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from forge_resources.editing.caption_formats import Sheet, ass_document, srt_document, ttml_document, vtt_document
from forge_resources.editing.cues import CueRules, SpokenText, cues_for
from forge_resources.editing.timeline_reading import open_timeline, timeline_note
from forge_resources.engines.contract import EditEngine, Facts, Sources
from forge_resources.errors import InvalidInput
from forge_resources.schemas.audience import Language
from forge_resources.schemas.delivery import DeliveryProfile
from forge_resources.schemas.edit import TimelineNote, VoiceNote
from forge_resources.schemas.types import Document, ExactRational, LanguageCode, Tier


class CaptionParameters(Document):
    """How captions of a language are set. The defaults are those of the timed-text guides: seconds and frames.

    `offset_frames` stand before the spot in its file; captions keep to the time of the file.
    """

    language: LanguageCode
    line_length: Annotated[int, Field(ge=8, le=60)]
    max_lines: Annotated[int, Field(ge=1, le=3)]
    reading_speed_cps: Annotated[float, Field(gt=2, lt=30)]
    shortest_s: Annotated[ExactRational, Field(gt=0, le=3)] = Fraction(5, 6)
    longest_s: Annotated[ExactRational, Field(gt=1, le=10)] = Fraction(7)
    frames_between: Annotated[int, Field(ge=0, le=12)] = 2
    timing: Literal["row", "word"] = "row"
    offset_frames: Annotated[int, Field(ge=0)] = 0


def caption_parameters(language: Language, profile: DeliveryProfile) -> CaptionParameters:
    """The recipe of the captions of a market's language for a delivery profile; its format is the engine's."""
    return CaptionParameters(
        language=language.code,
        line_length=language.line_length,
        max_lines=language.max_lines,
        reading_speed_cps=language.reading_speed_cps,
        timing=profile.caption_timing,
        offset_frames=profile.leader_frames(profile.fps),
    )


class CaptionWriter(EditEngine):
    """Writes the captions of source `timeline`. Facts: `cues`, and `fastest_cps`, the fastest a viewer has to read."""

    tier: ClassVar[Tier] = "full"
    version: ClassVar[str] = "3"
    Parameters: ClassVar[type[Document]] = CaptionParameters

    def make(self, parameters: CaptionParameters, sources: Sources, target: Path) -> Facts:
        """Raises Blocked where a line cannot be held long enough to be read, InvalidInput for another document."""
        if "timeline" not in sources:
            raise InvalidInput("Captions are written from a timeline, and none was given.")
        note, lines = read_spoken(sources["timeline"])
        rules = CueRules(
            language=parameters.language,
            line_length=parameters.line_length,
            max_lines=parameters.max_lines,
            reading_speed_cps=Fraction(str(parameters.reading_speed_cps)),
            shortest=parameters.shortest_s,
            longest=parameters.longest_s,
            frames_between=parameters.frames_between,
        )
        cues = cues_for(lines, rules, note.fps, Fraction(note.frames) / note.fps)
        delay = Fraction(parameters.offset_frames) / note.fps
        sheet = Sheet(
            cues=[cue.later(delay) for cue in cues],
            language=parameters.language,
            title=note.cell,
            size=note.size,
            safe_area=note.safe_area,
            by_word=parameters.timing == "word",
        )
        target.write_text(self.document(sheet), encoding="utf-8", newline="\n")
        return {"cues": len(cues), "fastest_cps": round(max((cue.reading_cps for cue in cues), default=0.0), 2)}

    @staticmethod
    @abstractmethod
    def document(sheet: Sheet) -> str:
        """The text of the file."""


class SrtCaptions(CaptionWriter):
    name: ClassVar[str] = "captions-srt"
    summary: ClassVar[str] = "Writes what is spoken as SubRip captions."
    media_type: ClassVar[str] = "application/x-subrip"
    suffix: ClassVar[str] = ".srt"
    document = staticmethod(srt_document)


class VttCaptions(CaptionWriter):
    name: ClassVar[str] = "captions-vtt"
    summary: ClassVar[str] = "Writes what is spoken as WebVTT captions, by row or by word."
    media_type: ClassVar[str] = "text/vtt"
    suffix: ClassVar[str] = ".vtt"
    document = staticmethod(vtt_document)


class AssCaptions(CaptionWriter):
    name: ClassVar[str] = "captions-ass"
    summary: ClassVar[str] = "Writes what is spoken as Advanced SubStation Alpha, by row or by word."
    media_type: ClassVar[str] = "text/x-ssa"
    suffix: ClassVar[str] = ".ass"
    document = staticmethod(ass_document)


class TtmlCaptions(CaptionWriter):
    name: ClassVar[str] = "captions-ttml"
    summary: ClassVar[str] = "Writes what is spoken as TTML (EBU-TT-D, IMSC text profile), by row or by word."
    media_type: ClassVar[str] = "application/ttml+xml"
    suffix: ClassVar[str] = ".ttml"
    document = staticmethod(ttml_document)


def read_spoken(path: Path) -> tuple[TimelineNote, list[SpokenText]]:
    """What a timeline says about itself, and what is spoken when. Raises InvalidInput."""
    timeline = open_timeline(path)
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
    return timeline_note(timeline), spoken
