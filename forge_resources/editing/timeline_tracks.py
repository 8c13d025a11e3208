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

from forge_resources.editing.cues import CueRules, SpokenText, cues_for
from forge_resources.editing.edit_list import CutClip, CutLine, CutShot, TimelineParameters
from forge_resources.editing.timing import (
    CARD_FADE_S,
    HANDLE_S,
    TYPE_FADE_S,
    Span,
    Spoken,
    end_card_span,
    fade_of,
    legal_span,
    shot_spans,
    super_span,
    transition_between,
    voice_starts,
)
from forge_resources.errors import InvalidInput
from forge_resources.schemas.edit import ClipNote, MarkerNote, TimelineNote, TypeNote, VoiceNote
from forge_resources.schemas.timecode import frame_number
from forge_resources.schemas.types import Document, frames_at


def build_timeline(parameters: TimelineParameters) -> otio.schema.Timeline:
    """The whole timeline. Raises Blocked where voice or legal text does not fit, InvalidInput for an empty shot."""
    fps = float(parameters.fps)
    durations = [shot.duration_s for shot in parameters.shots]
    spans = shot_spans(durations, parameters.fps)
    card = end_card_span(durations, parameters.fps)
    frames = spans[-1].end
    start = frame_number(parameters.start_timecode, parameters.fps)
    timeline = otio.schema.Timeline(parameters.cell, global_start_time=RationalTime(start, fps))
    timeline.metadata["forge"] = _plain(_timeline_note(parameters, frames))
    # From the bottom up: legal lines stay readable over the end card.
    tracks = [
        _picture_track(parameters, spans),
        _motion_track(parameters, spans),
        _type_track("super", _supers(parameters, spans, card), frames, fps),
        _type_track("end-card", [(card, _end_card_note(parameters, card))], frames, fps),
        _type_track("legal", _legal(parameters, card), frames, fps),
        _type_track("caption", _captions(parameters), frames, fps),
        _voice_track(parameters),
        *(_sound_track(parameters, name) for name in ("music", "effects")),
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
        start_timecode=parameters.start_timecode,
        aspect_ratio=parameters.aspect_ratio,
        size=parameters.size,
        safe_area=parameters.safe_area,
        palette=parameters.palette,
        tier=parameters.tier,
        fonts=parameters.fonts,
    )


def _picture_track(parameters: TimelineParameters, spans: Sequence[Span]) -> otio.schema.Track:
    fps = float(parameters.fps)
    handle = frames_at(HANDLE_S, parameters.fps)
    track = otio.schema.Track("picture", kind=otio.schema.TrackKind.Video)
    for i, (shot, span) in enumerate(zip(parameters.shots, spans, strict=True)):
        if i:
            track.extend(_transition(parameters, parameters.shots[i - 1], shot, spans[i - 1], span))
        note = ClipNote(shot=shot.shot, recipe=shot.recipe, path=shot.path, focus=shot.focus)
        # A plate is as long as one likes; an editor finds a second of it on either side.
        medium = _external(shot.media, shot.suffix, _range(0, span.frames + 2 * handle, fps))
        track.append(_clip(f"shot {shot.shot}", medium, _range(handle, span.frames, fps), note))
    return track


def _transition(
    parameters: TimelineParameters, before: CutShot, shot: CutShot, leaving: Span, entering: Span
) -> list[otio.schema.Transition]:
    # A motion clip has no frames beyond its shot to share with another.
    if not shot.transition or before.clip or shot.clip:
        return []
    half = transition_between(leaving, entering, shot.transition.seconds, parameters.fps) // 2
    if not half:
        return []
    note, fps = shot.transition.note, float(parameters.fps)
    types = otio.schema.TransitionTypes
    kind = types.SMPTE_Dissolve if note.kind == "dissolve" else types.Custom
    return [
        otio.schema.Transition(
            f"{note.kind} to shot {shot.shot}",
            kind,
            in_offset=RationalTime(half, fps),
            out_offset=RationalTime(half, fps),
            metadata={"forge": _plain(note)},
        )
    ]


def _motion_track(parameters: TimelineParameters, spans: Sequence[Span]) -> otio.schema.Track:
    """Motion clips over the plates of their shots; where one is too short, its last frame is held."""
    fps = float(parameters.fps)
    track = otio.schema.Track("motion", kind=otio.schema.TrackKind.Video)
    if not any(shot.clip for shot in parameters.shots):
        return track
    for shot, span in zip(parameters.shots, spans, strict=True):
        if shot.clip is None:
            track.append(otio.schema.Gap(source_range=_range(0, span.frames, fps)))
            continue
        note = ClipNote(shot=shot.shot, recipe=shot.clip.recipe, path=None, focus=shot.focus)
        has = _frames_of(shot.clip, parameters.fps, span.frames)
        medium = _external(shot.clip.media, shot.clip.suffix, _range(0, has, fps))
        shown = min(has, span.frames)
        track.append(_clip(f"shot {shot.shot} motion", medium, _range(0, shown, fps), note))
        if held := span.frames - shown:
            clip = _clip(f"shot {shot.shot} motion, held", medium.clone(), _range(has - 1, held, fps), note)
            clip.effects.append(otio.schema.FreezeFrame())
            track.append(clip)
    return track


def _frames_of(clip: CutClip, fps: Fraction, wanted: int) -> int:
    """Whole frames that a clip has at the timeline's rate; one that does not tell is taken to be long enough."""
    return wanted if clip.duration_s is None else max(1, int(clip.duration_s * fps))


def _supers(parameters: TimelineParameters, spans: Sequence[Span], card: Span) -> list[tuple[Span, TypeNote]]:
    found = []
    for shot, span in zip(parameters.shots, spans, strict=True):
        # What the end card is about to say is not said just before it.
        if not shot.super or (span.end > card.start and shot.super == parameters.call_to_action):
            continue
        shown = super_span(span, card.start, parameters.fps)
        if shown:
            fade = fade_of(shown, TYPE_FADE_S, parameters.fps)
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
        fade_in=fade_of(card, CARD_FADE_S, parameters.fps),
    )


def _legal(parameters: TimelineParameters, card: Span) -> list[tuple[Span, TypeNote]]:
    if not parameters.legal:
        return []
    span, fade = legal_span(parameters.legal, card, parameters.fps), frames_at(TYPE_FADE_S, parameters.fps)
    return [(span, TypeNote(role="legal", text=parameters.legal, fade_in=fade, fade_out=fade))]


def _captions(parameters: TimelineParameters) -> list[tuple[Span, TypeNote]]:
    """What is said as part of the picture, where the outlet wants that. Raises Blocked as `cues_for` does."""
    style = parameters.captions
    if style is None or not parameters.voice:
        return []
    rules = CueRules(
        language=parameters.language,
        line_length=style.line_length,
        max_lines=style.max_lines,
        reading_speed_cps=Fraction(str(style.reading_speed_cps)),
    )
    spoken = [
        SpokenText(line.text, start, start + line.duration_s)
        for line, start in zip(parameters.voice, _voice_starts(parameters), strict=True)
    ]
    cues = cues_for(spoken, rules, parameters.fps, _total_s(parameters))
    return [
        (
            Span(frames_at(cue.start, parameters.fps), frames_at(cue.end, parameters.fps)),
            TypeNote(role="caption", text=list(cue.lines)),
        )
        for cue in cues
    ]


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
    if not parameters.voice:
        return otio.schema.Track("voice", kind=otio.schema.TrackKind.Audio)
    starts, total = _voice_starts(parameters), _total_s(parameters)
    placed = []
    for line, start in zip(parameters.voice, starts, strict=True):
        samples = int(line.duration_s * line.sample_rate)
        note = VoiceNote(shot=line.shot, text=line.text, recipe=line.recipe)
        medium = _external(line.media, ".wav", _range(0, samples, line.sample_rate))
        clip = _clip(f"shot {line.shot}", medium, _range(0, samples, line.sample_rate), note)
        placed.append((start, clip))
    return _audio_track("voice", placed, total)


def _voice_starts(parameters: TimelineParameters) -> list[Fraction]:
    starts_of_shots = {
        shot.shot: sum((earlier.duration_s for earlier in parameters.shots[:i]), Fraction(0))
        for i, shot in enumerate(parameters.shots)
    }
    lines = [_spoken(parameters, line, starts_of_shots) for line in parameters.voice]
    return voice_starts(lines, _total_s(parameters), Fraction(parameters.edge_silence_frames) / parameters.fps)


def _sound_track(parameters: TimelineParameters, name: str) -> otio.schema.Track:
    """Music or effects, ended with the picture at the latest. Raises InvalidInput where two of one track overlap."""
    placed, total = [], _total_s(parameters)
    for sound in sorted((each for each in parameters.sounds if each.track == name), key=lambda each: each.at_s):
        rate = sound.sample_rate
        skip, samples = int(sound.skip_s * rate), int(min(sound.duration_s, total - sound.at_s) * rate)
        if samples < 1:
            raise InvalidInput(f"A clip of the {name} track begins at {float(sound.at_s):.2f} s, after the spot's end.")
        medium = _external(sound.media, sound.suffix, _range(0, skip + samples, rate))
        placed.append((sound.at_s, _clip(name, medium, _range(skip, samples, rate), sound.note)))
    return _audio_track(name, placed, total)


def _audio_track(name: str, placed: Sequence[tuple[Fraction, otio.schema.Clip]], total: Fraction) -> otio.schema.Track:
    """Clips at their seconds with gaps between, each gap at the rate of the clip after it, as long as the picture."""
    track = otio.schema.Track(name, kind=otio.schema.TrackKind.Audio)
    at, rate = Fraction(0), 1
    for start, clip in placed:
        span = clip.source_range.duration
        rate, samples = int(span.rate), int(span.value)
        # Down to a whole sample, never later than placed.
        gap = int((start - at) * rate)
        if gap < 0:
            raise InvalidInput(f"Two clips of the {name} track overlap at {float(start):.2f} s.")
        if gap:
            track.append(otio.schema.Gap(source_range=_range(0, gap, rate)))
        track.append(clip)
        at += Fraction(gap + samples, rate)
    if placed and (rest := round((total - at) * rate)) > 0:
        track.append(otio.schema.Gap(source_range=_range(0, rest, rate)))
    return track


def _total_s(parameters: TimelineParameters) -> Fraction:
    return Fraction(frames_at(parameters.duration_s, parameters.fps)) / parameters.fps


def _spoken(parameters: TimelineParameters, line: CutLine, starts_of_shots: dict[int, Fraction]) -> Spoken:
    if line.shot not in starts_of_shots:
        raise InvalidInput(f"There is a voice-over for shot {line.shot}, which the script does not have.")
    duration = next(shot.duration_s for shot in parameters.shots if shot.shot == line.shot)
    return Spoken(line.shot, starts_of_shots[line.shot], duration, line.duration_s)


def _markers(parameters: TimelineParameters, spans: Sequence[Span]) -> list[otio.schema.Marker]:
    fps = float(parameters.fps)
    markers = []
    for shot, span in zip(parameters.shots, spans, strict=True):
        recipe = shot.clip.recipe if shot.clip else shot.recipe
        marker = otio.schema.Marker(
            f"shot {shot.shot}: {shot.beat}",
            _range(span.start, span.frames, fps),
            otio.schema.MarkerColor.GREEN,
            metadata={"forge": _plain(MarkerNote(shot=shot.shot, beat=shot.beat, recipe=recipe))},
        )
        marker.comment = f"recipe {recipe}"
        markers.append(marker)
    return markers


def _external(sha256: str, suffix: str, available: TimeRange) -> otio.schema.ExternalReference:
    return otio.schema.ExternalReference(f"media/{sha256}{suffix}", available)


def _clip(name: str, medium: otio.schema.ExternalReference, span: TimeRange, note: Document) -> otio.schema.Clip:
    return otio.schema.Clip(name, medium, span, metadata={"forge": _plain(note)})


def _range(start: int, length: int, rate: float) -> TimeRange:
    return TimeRange(RationalTime(start, rate), RationalTime(length, rate))


def _plain(note: Document) -> dict[str, Any]:
    return note.model_dump(mode="json")
