"""What a deliverable has to be: the recipe of its inspection.

What belongs here: the parameters, filled from profile and timeline. What does not: comparing (see the `…_findings`).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import Field

from forge_resources.editing import ffmpeg
from forge_resources.editing.captions import caption_parameters
from forge_resources.editing.inspection.limits import QualityLimits, quality_limits
from forge_resources.editing.inspection.reader import reader_version
from forge_resources.editing.outlet import first_timecode
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.delivery import CaptionFormat, DeliveryProfile, SafeArea, Segment
from forge_resources.schemas.edit import TimelineNote
from forge_resources.schemas.media_formats import AudioFormat, Container, FrameSize, Loudness, VideoFormat
from forge_resources.schemas.timecode import Timecode
from forge_resources.schemas.types import Document, FrameRate, LanguageCode, Sha256, ShortLine, Slug, frames_at


class ReadingRules(Document):
    """What a language's timed-text guide asks for."""

    language: LanguageCode
    line_length: int
    max_lines: int
    reading_speed_cps: float


class InspectionParameters(Document):
    """All that a file is compared with, besides its timeline and captions, which are sources."""

    file: ShortLine
    profile: Slug
    cell: ShortLine
    content: Sha256
    media_type: ShortLine
    container: Container
    size: FrameSize
    fps: FrameRate
    spot_frames: Annotated[int, Field(ge=1)]
    leader: list[Segment]
    tail: list[Segment]
    timecode: Timecode | None
    edge_silence_frames: int
    video: VideoFormat
    audio: AudioFormat
    loudness: Loudness
    captions: list[CaptionFormat]
    reading: ReadingRules
    safe_area: SafeArea
    limits: QualityLimits
    ffmpeg: str
    reader: str

    @property
    def first_frame(self) -> int:
        """The frame of the file at which the spot begins."""
        return sum(frames_at(segment.seconds, self.fps) for segment in self.leader)

    @property
    def frames(self) -> int:
        """Frames of the whole file."""
        return self.first_frame + self.spot_frames + sum(frames_at(part.seconds, self.fps) for part in self.tail)

    def seconds(self, frame: int) -> float:
        """Where a frame of the file is, in seconds."""
        return round(float(Fraction(frame) / self.fps), 3)


def inspection_parameters(
    brief: CellBrief, profile: DeliveryProfile, note: TimelineNote, file: str, content: str, media_type: str
) -> InspectionParameters:
    """The recipe of the inspection of one deliverable. `content` is the hash of the unsigned file."""
    captions = caption_parameters(brief.market_brief.market.language, profile)
    return InspectionParameters(
        file=file,
        profile=profile.slug,
        cell=str(brief.cell),
        content=content,
        media_type=media_type,
        container=profile.container,
        size=profile.sizes[note.aspect_ratio],
        fps=profile.fps,
        spot_frames=frames_at(Fraction(brief.market_brief.duration_s), profile.fps),
        leader=profile.leader,
        tail=profile.tail,
        timecode=first_timecode(profile),
        edge_silence_frames=profile.edge_silence_frames,
        video=profile.video,
        audio=profile.audio,
        loudness=profile.loudness,
        captions=profile.captions,
        reading=ReadingRules(
            language=captions.language,
            line_length=captions.line_length,
            max_lines=captions.max_lines,
            reading_speed_cps=captions.reading_speed_cps,
        ),
        safe_area=profile.safe_areas[note.aspect_ratio],
        limits=quality_limits(),
        ffmpeg=ffmpeg.version(),
        reader=reader_version(),
    )
