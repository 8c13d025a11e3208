"""Whether captions can be read: parsed again, in order, apart, long enough, and short enough to be read in time.

What belongs here: reading the files with another parser, and comparing. What does not: writing them (see `captions`).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from forge_resources.editing.cues import CueRules
from forge_resources.editing.inspection.expectation import InspectionParameters
from forge_resources.schemas.quality import QualityFinding

if TYPE_CHECKING:
    import pysubs2

_INLINE_TIME = re.compile(r"<[\d:.]+>")


def caption_findings(files: Mapping[str, Path], spoken: bool, wanted: InspectionParameters) -> Iterator[QualityFinding]:
    """What is wrong with the captions, by format. `spoken`: whether there is anything to caption."""
    import pysubs2

    for form, path in files.items():
        try:
            # The parser takes two inline time stamps in a line for the time of a cue.
            text = _INLINE_TIME.sub("", path.read_text(encoding="utf-8"))
            parsed = pysubs2.SSAFile.from_string(text, format_=form)
        except (pysubs2.Pysubs2Error, ValueError, UnicodeDecodeError) as error:
            yield _finding(form, f"another reader cannot open it: {error}")
            continue
        events = [event for event in parsed if event.plaintext.strip()]
        if spoken and not events:
            yield _finding(form, "is empty, and somebody speaks")
        yield from _event_findings(form, events, wanted)


def _event_findings(
    form: str, events: list[pysubs2.SSAEvent], wanted: InspectionParameters
) -> Iterator[QualityFinding]:
    limits, reading = wanted.limits.captions, wanted.reading
    end_ms = 1000 * (wanted.first_frame + wanted.spot_frames) / float(wanted.fps)
    # Half a frame and the rounding of the format itself.
    slack = 500 / float(wanted.fps) + (10 if form == "ass" else 1)
    for before, after in pairwise(events):
        gap = after.start - before.end
        if gap < -slack:
            yield _finding(form, f"overlaps the caption before by {-gap} ms", after.start)
        elif gap < 1000 * limits.frames_between / float(wanted.fps) - slack:
            yield _finding(
                form, f"comes {gap} ms after the one before; {limits.frames_between} frames wanted", after.start
            )
    for event in events:
        seconds = event.duration / 1000
        if not limits.shortest_s - slack / 1000 <= seconds <= limits.longest_s + slack / 1000:
            yield _finding(form, f"is on screen for {seconds:.2f} s", event.start)
        if event.start < 1000 * wanted.first_frame / float(wanted.fps) - slack or event.end > end_ms + slack:
            yield _finding(form, "is outside of the spot", event.start)
        yield from _text_findings(form, event, seconds, reading.line_length, wanted)


def _text_findings(
    form: str, event: pysubs2.SSAEvent, seconds: float, longest: int, wanted: InspectionParameters
) -> Iterator[QualityFinding]:
    reading = wanted.reading
    rules = CueRules(reading.language, longest, reading.max_lines, Fraction(1), Fraction(1), Fraction(1), 0)
    lines = [html.unescape(line) for line in event.plaintext.splitlines() if line.strip()]
    if len(lines) > reading.max_lines:
        yield _finding(form, f"has {len(lines)} lines; {reading.max_lines} are allowed", event.start)
    for line in lines:
        if rules.width(line) > longest + 0.5:
            yield _finding(form, f"has a line of {rules.width(line):g} characters; {longest} are allowed", event.start)
    speed = rules.width("".join(lines)) / max(seconds, 0.001)
    if speed > reading.reading_speed_cps * wanted.limits.captions.reading_slack:
        told = f"asks for {speed:.1f} characters a second; {reading.reading_speed_cps:g} are comfortable"
        yield _finding(form, told, event.start, "remark")


def _finding(form: str, message: str, at_ms: int | None = None, severity: str = "fault") -> QualityFinding:
    at_s = None if at_ms is None else at_ms / 1000
    return QualityFinding.model_validate(
        {"check": "captions", "severity": severity, "place": form, "message": message, "at_s": at_s}
    )
