"""Delivery profiles: what an outlet accepts. Profiles are data files; this is their contract.

What belongs here: the shape of a profile and the rules between its fields. What does not: formats of picture and sound
(see `media_formats`), or making anything to them (see `editing`).
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from forge_resources.schemas.media_formats import (
    CONTAINERS,
    AudioFormat,
    Container,
    FrameSize,
    Loudness,
    SafeArea,
    VideoFormat,
)
from forge_resources.schemas.timecode import Timecode, can_drop, frame_number, rate_name
from forge_resources.schemas.types import (
    AspectRatio,
    Document,
    ExactRational,
    FrameRate,
    Line,
    ShortLine,
    Slug,
    frames_at,
)

__all__ = [
    "AudioFormat",
    "CaptionFormat",
    "DeliveryProfile",
    "FrameSize",
    "IdentifierRule",
    "Loudness",
    "SafeArea",
    "Segment",
    "SlateField",
    "VideoFormat",
]

CaptionFormat = Literal["srt", "vtt", "ass", "ttml"]
SlateField = Literal[
    "identifier", "brand", "product", "title", "market", "language", "persona", "duration", "ratio", "rate", "size",
    "sound", "loudness", "captions", "tier", "profile",
]  # fmt: skip
NAME_FIELDS = frozenset(
    {"brief", "market", "persona", "profile", "identifier", "brand", "duration", "ratio", "language"}
)
_NAME_FIELD = re.compile(r"\{([^{}]*)\}")


class Segment(Document):
    """What stands before or behind the spot: bars with tone, a slate or clock, black, or its last picture held.

    Bars carry 1 kHz at −18 dBFS (EBU R 68); everything else is silent.
    """

    show: Literal["bars", "slate", "clock", "black", "hold"]
    seconds: Annotated[ExactRational, Field(gt=0, le=120)]


class IdentifierRule(Document):
    """The number that an outlet knows a spot by. `seconds` is the group of `pattern` that must be its length."""

    name: ShortLine
    pattern: Annotated[str, Field(min_length=3, max_length=200)]
    example: ShortLine
    seconds: Annotated[int, Field(ge=1, le=9)] | None = None

    @model_validator(mode="after")
    def _pattern_matches_its_example(self) -> IdentifierRule:
        try:
            rule = re.compile(self.pattern)
        except re.error as error:
            raise ValueError(f"pattern is no regular expression: {error}") from None
        if not rule.fullmatch(self.example):
            raise ValueError(f"the example `{self.example}` does not match the pattern")
        if self.seconds and self.seconds > rule.groups:
            raise ValueError(f"the pattern has {rule.groups} groups; seconds names group {self.seconds}")
        return self


class DeliveryProfile(Document):
    """What an outlet accepts. `source` says where the figures come from.

    The spot is made at the broadcast rate of its market where `rates` lists that, else at `fps`. `start_timecode` is
    the time code of the first frame of the spot itself, whatever comes before it in the file; with `drop_frame` it
    counts in drop-frame at rates that have it. `edge_silence_frames` of the spot are silent at its head and its tail.
    """

    slug: Slug
    name: ShortLine
    source: Line
    container: Container
    fast_start: bool = False
    fps: FrameRate
    rates: list[FrameRate] = []
    sizes: Annotated[dict[AspectRatio, FrameSize], Field(min_length=1)]
    safe_areas: dict[AspectRatio, SafeArea]
    video: VideoFormat
    audio: AudioFormat
    loudness: Loudness
    captions: list[CaptionFormat]
    captions_burnt: bool = False
    caption_timing: Literal["row", "word"] = "row"
    leader: Annotated[list[Segment], Field(max_length=6)] = []
    tail: Annotated[list[Segment], Field(max_length=6)] = []
    slate: Annotated[list[SlateField], Field(max_length=14)] = []
    start_timecode: Timecode = "00:00:00:00"
    drop_frame: bool = False
    edge_silence_frames: Annotated[int, Field(ge=0, le=50)] = 0
    identifier: IdentifierRule | None = None
    file_name: Annotated[str, Field(min_length=1, max_length=200)] = "{brief}_{market}_{persona}_{profile}"
    provenance: Literal["embedded", "sidecar"] = "embedded"

    @model_validator(mode="after")
    def _every_size_has_a_safe_area(self) -> DeliveryProfile:
        if missing := sorted(set(self.sizes) - set(self.safe_areas)):
            raise ValueError(f"safe_areas lacks {', '.join(missing)}")
        return self

    @model_validator(mode="after")
    def _container_holds_its_streams(self) -> DeliveryProfile:
        holds = CONTAINERS[self.container]
        if self.video.codec not in holds.video:
            raise ValueError(f"{self.container} holds {', '.join(sorted(holds.video))}, not {self.video.codec}")
        if self.audio.codec not in holds.audio:
            raise ValueError(f"{self.container} holds {', '.join(sorted(holds.audio))}, not {self.audio.codec}")
        if self.fast_start and not holds.fast_start:
            raise ValueError(f"fast_start is for mp4 and mov; {self.container} has no index to move")
        if self.provenance == "embedded" and not holds.manifest:
            raise ValueError(f"{self.container} cannot hold a C2PA manifest; write provenance: sidecar")
        return self

    @model_validator(mode="after")
    def _captions_are_somewhere(self) -> DeliveryProfile:
        if not self.captions and not self.captions_burnt:
            raise ValueError("captions must name a format, or captions_burnt be true")
        if len(set(self.captions)) != len(self.captions):
            raise ValueError("captions names a format twice")
        return self

    @model_validator(mode="after")
    def _the_time_code_exists(self) -> DeliveryProfile:
        for rate in (self.fps, *self.rates):
            before = frame_number(self._start_at(rate), rate) - self.leader_frames(rate)
            if before < 0:
                raise ValueError(
                    f"start_timecode: the leader begins before 00:00:00:00 at {rate_name(rate)} a second; "
                    'leave room for it, such as start_timecode: "10:00:00:00"'
                )
        if self.drop_frame and not any(can_drop(rate) for rate in (self.fps, *self.rates)):
            raise ValueError("drop_frame: none of its rates has drop-frame time code (29.97 and 59.94 have)")
        return self

    @model_validator(mode="after")
    def _slate_and_name_can_be_filled(self) -> DeliveryProfile:
        shows = {segment.show for segment in [*self.leader, *self.tail]}
        if shows & {"slate", "clock"} and not self.slate:
            raise ValueError(
                f"slate must list the fields that the slate or clock shows, of {', '.join(get_args(SlateField))}"
            )
        if any(segment.show == "hold" for segment in self.leader):
            raise ValueError("leader: there is no picture yet that could be held")
        fields = set(_NAME_FIELD.findall(self.file_name))
        if unknown := sorted(fields - NAME_FIELDS):
            raise ValueError(f"file_name: unknown {', '.join(unknown)}; known: {', '.join(sorted(NAME_FIELDS))}")
        if not re.fullmatch(r"[A-Za-z0-9@._-]*", _NAME_FIELD.sub("", self.file_name)):
            raise ValueError("file_name may have letters, digits and @ . _ - beside its fields")
        if not {"market", "persona"} <= fields and "identifier" not in fields:
            raise ValueError("file_name must tell cells apart: use {market} and {persona}, or {identifier}")
        if not self.identifier and ("identifier" in fields or "identifier" in self.slate):
            raise ValueError("identifier must say what the number is that file_name or slate show")
        return self

    def at_rate(self, broadcast_fps: Fraction) -> DeliveryProfile:
        """The profile for a market that broadcasts at `broadcast_fps`: at that rate, if the outlet takes it."""
        rate = broadcast_fps if broadcast_fps in self.rates else self.fps
        return self.model_copy(update={"fps": rate, "start_timecode": self._start_at(rate)})

    def ratio_for(self, wanted: AspectRatio) -> AspectRatio:
        """The aspect ratio of the finished picture: the brief's where the outlet takes it, else the outlet's own."""
        return wanted if wanted in self.sizes else next(iter(self.sizes))

    def leader_frames(self, rate: Fraction) -> int:
        """How many frames stand before the spot."""
        return sum(frames_at(segment.seconds, rate) for segment in self.leader)

    def _start_at(self, rate: Fraction) -> str:
        drops = self.drop_frame and can_drop(rate)
        return f"{self.start_timecode[:8]}{';' if drops else self.start_timecode[8]}{self.start_timecode[9:]}"
