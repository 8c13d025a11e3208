"""Writes the tracks of a timeline from its parameters.

What belongs here: OpenTimelineIO objects in the layout of `schemas.edit`. What does not: when things happen (see
`timing`), or where parameters come from (see `timeline`).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import opentimelineio as otio
from opentimelineio.opentime import RationalTime, TimeRange

from forge_resources.editing.edit_list import CutLine, TimelineParameters
from forge_resources.editing.timing import (
    CARD_FADE,
    TYPE_FADE,
    Span,
    Spoken,
    dissolve_between,
    end_card_span,
    fade_of,
    legal_span,
    shot_spans,
    super_span,
    voice_starts,
)
from forge_resources.errors import InvalidInput
from forge_resources.schemas.edit import ClipNote, TimelineNote, TypeNote, VoiceNote
from forge_resources.schemas.script import Beat
from forge_resources.schemas.types import Document, frames_at

_DISSOLVES: frozenset[tuple[Beat, Beat]] = frozenset({("tension", "product")})
"""Cuts that are softened: from the problem to what solves it."""


def build_timeline(parameters: TimelineParameters) -> otio.schema.Timeline:
    """The whole timeline. Raises Blocked where voice or legal text does not fit, InvalidInput for an empty shot."""
    fps = float(parameters.fps)
    durations = [shot.duration_s for shot in parameters.shots]
    spans = shot_spans(durations, parameters.fps)
    card = end_card_span(durations, parameters.fps)
    frames = spans[-1].end
    timeline = otio.schema.Timeline(parameters.cell, global_start_time=RationalTime(0, fps))
    timeline.metadata["forge"] = _plain(_timeline_note(parameters, frames))
    # From the bottom up: legal lines stay readable over the end card.
    tracks = [
        _picture_track(parameters, spans),
        _type_track("super", _supers(parameters, spans, card), frames, fps),
        _type_track("end-card", [(card, _end_card_note(parameters, card))], frames, fps),
        _type_track("legal", _legal(parameters, card), frames, fps),
        _voice_track(parameters),
    ]
    timeline.tracks.extend([track for track in tracks if len(track)])
    timeline.tracks.markers.extend(_markers(parameters, spans))
    return timeline


def type_note(reference: otio.schema.GeneratorReference) -> TypeNote:
    """The note that a clip of type was made with."""
    return TypeNote.model_validate_json(otio.core.serialize_json_to_string(reference.parameters))


def _timeline_note(parameters: TimelineParameters, frames: int) -> TimelineNote:
    return TimelineNote(
        cell=parameters.cell,
        language=parameters.language,
        fps=parameters.fps,
        frames=frames,
        aspect_ratio=parameters.aspect_ratio,
        size=parameters.size,
        safe_area=parameters.safe_area,
        palette=parameters.palette,
        tier=parameters.tier,
        fonts=parameters.fonts,
    )


def _picture_track(parameters: TimelineParameters, spans: Sequence[Span]) -> otio.schema.Track:
    fps = float(parameters.fps)
    track = otio.schema.Track("picture", kind=otio.schema.TrackKind.Video)
    for i, (shot, span) in enumerate(zip(parameters.shots, spans, strict=True)):
        before = parameters.shots[i - 1] if i else None
        # A clip has no frames beyond its shot to dissolve with; a plate is as long as one likes.
        if before and (before.beat, shot.beat) in _DISSOLVES and not (before.is_clip or shot.is_clip):
            half = dissolve_between(spans[i - 1], span) // 2
            if half:
                kind = otio.schema.TransitionTypes.SMPTE_Dissolve
                offsets = {"in_offset": RationalTime(half, fps), "out_offset": RationalTime(half, fps)}
                track.append(otio.schema.Transition(f"dissolve to shot {shot.shot}", kind, **offsets))
        note = ClipNote(shot=shot.shot, recipe=shot.recipe, path=shot.path)
        medium = otio.schema.ExternalReference(f"media/{shot.media}{shot.suffix}")
        track.append(
            otio.schema.Clip(f"shot {shot.shot}", medium, _range(0, span.frames, fps), metadata={"forge": _plain(note)})
        )
    return track


def _supers(parameters: TimelineParameters, spans: Sequence[Span], card: Span) -> list[tuple[Span, TypeNote]]:
    found = []
    for shot, span in zip(parameters.shots, spans, strict=True):
        # What the end card is about to say is not said just before it.
        if not shot.super or (span.end > card.start and shot.super == parameters.call_to_action):
            continue
        shown = super_span(span, card.start, parameters.fps)
        if shown:
            fade = fade_of(shown, TYPE_FADE)
            note = TypeNote(role="super", text=[shot.super], above=parameters.legal, fade_in=fade, fade_out=fade)
            found.append((shown, note))
    return found


def _end_card_note(parameters: TimelineParameters, card: Span) -> TypeNote:
    over_card = bool(parameters.legal) and legal_span(parameters.legal, card, parameters.fps).end > card.start
    return TypeNote(
        role="end-card",
        text=[parameters.call_to_action],
        brand_name=parameters.brand_name,
        product_name=parameters.product_name,
        logo=parameters.logo,
        above=parameters.legal if over_card else [],
        fade_in=fade_of(card, CARD_FADE),
    )


def _legal(parameters: TimelineParameters, card: Span) -> list[tuple[Span, TypeNote]]:
    if not parameters.legal:
        return []
    span = legal_span(parameters.legal, card, parameters.fps)
    return [(span, TypeNote(role="legal", text=parameters.legal, fade_in=TYPE_FADE, fade_out=TYPE_FADE))]


def _type_track(name: str, items: Sequence[tuple[Span, TypeNote]], frames: int, fps: float) -> otio.schema.Track:
    """Clips with gaps between them, as long as the picture; without clips, an empty track."""
    track = otio.schema.Track(name, kind=otio.schema.TrackKind.Video)
    if not items:
        return track
    at = 0
    for span, note in items:
        if span.start > at:
            track.append(otio.schema.Gap(source_range=_range(0, span.start - at, fps)))
        reference = otio.schema.GeneratorReference(note.role, f"forge.{note.role}", parameters=_plain(note))
        track.append(otio.schema.Clip(note.text[0], reference, _range(0, span.frames, fps)))
        at = span.end
    if frames > at:
        track.append(otio.schema.Gap(source_range=_range(0, frames - at, fps)))
    return track


def _voice_track(parameters: TimelineParameters) -> otio.schema.Track:
    track = otio.schema.Track("voice", kind=otio.schema.TrackKind.Audio)
    if not parameters.voice:
        return track
    starts_of_shots = {
        shot.shot: sum((earlier.duration_s for earlier in parameters.shots[:i]), Fraction(0))
        for i, shot in enumerate(parameters.shots)
    }
    total = Fraction(frames_at(parameters.duration_s, parameters.fps)) / parameters.fps
    starts = voice_starts([_spoken(parameters, line, starts_of_shots) for line in parameters.voice], total)
    at = Fraction(0)
    for line, start in zip(parameters.voice, starts, strict=True):
        # Down to a whole sample, never later than placed.
        if gap := int((start - at) * line.sample_rate):
            track.append(otio.schema.Gap(source_range=_range(0, gap, line.sample_rate)))
        samples = int(line.duration_s * line.sample_rate)
        note = VoiceNote(shot=line.shot, text=line.text, recipe=line.recipe)
        medium = otio.schema.ExternalReference(f"media/{line.media}.wav", _range(0, samples, line.sample_rate))
        span = _range(0, samples, line.sample_rate)
        track.append(otio.schema.Clip(f"shot {line.shot}", medium, span, metadata={"forge": _plain(note)}))
        at += Fraction(gap + samples, line.sample_rate)
    rate = parameters.voice[-1].sample_rate
    if rest := round((total - at) * rate):
        track.append(otio.schema.Gap(source_range=_range(0, rest, rate)))
    return track


def _spoken(parameters: TimelineParameters, line: CutLine, starts_of_shots: dict[int, Fraction]) -> Spoken:
    if line.shot not in starts_of_shots:
        raise InvalidInput(f"There is a voice-over for shot {line.shot}, which the script does not have.")
    duration = next(shot.duration_s for shot in parameters.shots if shot.shot == line.shot)
    return Spoken(line.shot, starts_of_shots[line.shot], duration, line.duration_s)


def _markers(parameters: TimelineParameters, spans: Sequence[Span]) -> list[otio.schema.Marker]:
    fps = float(parameters.fps)
    return [
        otio.schema.Marker(
            f"shot {shot.shot}: {shot.beat}", _range(span.start, span.frames, fps), otio.schema.MarkerColor.GREEN
        )
        for shot, span in zip(parameters.shots, spans, strict=True)
    ]


def _range(start: int, length: int, rate: float) -> TimeRange:
    return TimeRange(RationalTime(start, rate), RationalTime(length, rate))


def _plain(note: Document) -> dict[str, Any]:
    return note.model_dump(mode="json")
