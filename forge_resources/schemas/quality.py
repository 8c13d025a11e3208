"""The report of quality control: what was looked at in a finished file, what was measured, what was found.

What belongs here: its shape. What does not: measuring or judging (see `editing.inspection`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator

from forge_resources.schemas.types import Document, ExactRational, Line, Sha256, ShortLine, Slug

QualityCheck = Literal["file", "sound", "picture", "flashing", "captions", "type", "provenance"]
QUALITY_CHECKS: tuple[QualityCheck, ...] = get_args(QualityCheck)


def _printable(value: Any) -> Any:
    """What another program said, as one line: its words may hold bytes of the file that it could not read."""
    if not isinstance(value, str):
        return value
    return " ".join("".join(char if char.isprintable() else " " for char in value).split())[:400] or "no words"


Told = Annotated[Line, BeforeValidator(_printable)]


class QualityFinding(Document):
    """Something that is not as it should be; a `fault` stops the delivery, a `remark` does not.

    `place` names what it is about; `at_s` is where in the file, in seconds.
    """

    check: QualityCheck
    severity: Literal["fault", "remark"]
    place: ShortLine
    message: Told
    at_s: float | None = None

    def __str__(self) -> str:
        where = f" at {self.at_s:.2f} s" if self.at_s is not None else ""
        return f"{self.place}{where}: {self.message}"


class SoundFigures(Document):
    """The sound of the spot alone, in LUFS and dBTP; None where nothing is above the gate. `mono_lufs`: folded down."""

    codec: ShortLine
    sample_rate: int
    channels: int
    integrated_lufs: float | None
    true_peak_dbtp: float | None
    momentary_max_lufs: float | None
    short_term_max_lufs: float | None
    mono_lufs: float | None


class PictureFigures(Document):
    """What was counted in the decoded frames; times in seconds of the file."""

    frames: int
    fps: ExactRational
    width: int
    height: int
    codec: ShortLine
    pixel_format: ShortLine
    colour: ShortLine
    timecode: ShortLine | None
    cuts_s: list[float]
    black_s: list[tuple[float, float]]
    frozen_s: list[tuple[float, float]]
    flashes_per_second: float
    red_flashes_per_second: float


class LoudnessPoint(Document):
    """Loudness at a moment of the spot: momentary (0.4 s) and short-term (3 s), in LUFS."""

    at_s: float
    momentary: float
    short_term: float


class TypeFigures(Document):
    """A piece of type as it was found in the picture: its contrast with what is under it, and its height."""

    role: ShortLine
    text: Line
    at_s: float
    contrast: float | None
    height: float | None
    """Share of the picture's height, of the letters of a line."""


class QualityReport(Document):
    """Quality control of one deliverable. `content`: hash of the unsigned file; the spot begins at `first_frame`."""

    file: ShortLine
    profile: Slug
    cell: ShortLine
    content: Sha256
    first_frame: int
    spot_frames: int
    picture: PictureFigures
    sound: SoundFigures | None
    loudness: list[LoudnessPoint]
    type: list[TypeFigures]
    captions: list[ShortLine]
    readers: list[ShortLine]
    """The programs that opened the file."""
    signer: ShortLine | None
    findings: list[QualityFinding]

    @property
    def passed(self) -> bool:
        return not any(finding.severity == "fault" for finding in self.findings)

    def of(self, check: QualityCheck) -> list[QualityFinding]:
        return [finding for finding in self.findings if finding.check == check]
