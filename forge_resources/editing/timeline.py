"""The edit: cuts pictures, voice and type into an OpenTimelineIO timeline, laid out as `schemas.edit` says.

What belongs here: the engine `timeline`, and filling its recipe from a cell's papers. What does not: the recipe's shape
(see `edit_list`), when things happen (see `timing`), writing the tracks (see `timeline_tracks`), or rendering.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

import opentimelineio as otio

from forge_resources.editing.edit_list import BurntCaptions, CutClip, CutLine, CutShot, CutSound, TimelineParameters
from forge_resources.editing.fonts import font_book
from forge_resources.editing.timeline_tracks import build_timeline, type_note
from forge_resources.editing.transitions import transition_into
from forge_resources.editing.type_plates import check_type
from forge_resources.editing.type_styles import type_styles
from forge_resources.engines.contract import EditEngine, Facts, Lack, Sources
from forge_resources.errors import Blocked, EngineFailed, InvalidInput, Unavailable
from forge_resources.schemas.audience import Language
from forge_resources.schemas.brief import MarketBrief
from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.delivery import DeliveryProfile
from forge_resources.schemas.edit import CameraPath, TimelineNote, Voiceover
from forge_resources.schemas.recipe import Artefact
from forge_resources.schemas.script import Script
from forge_resources.schemas.storyboard import Focus, FramedPlate, Frames, Storyboard
from forge_resources.schemas.types import AspectRatio, Document, Tier


def timeline_parameters(
    *,
    cell: CellKey,
    script: Script,
    storyboard: Storyboard,
    frames: Frames,
    paths: Mapping[int, CameraPath | None],
    voiceover: Voiceover,
    market_brief: MarketBrief,
    profile: DeliveryProfile,
    clips: Mapping[int, Artefact] | None = None,
    sounds: Sequence[CutSound] = (),
) -> TimelineParameters:
    """The recipe of a cell's timeline for one delivery profile.

    `paths` has the camera move of each shot, None for shots that `clips` has a motion clip for; `sounds` are music and
    effects. The picture is of the brief's aspect ratio, or of the outlet's where that does not take the brief's.
    Raises InvalidInput where the papers do not belong together or lack the plates for that ratio, Blocked where the
    call to action has no text in the market's language, Unavailable where a font is missing.
    """
    ratio = profile.ratio_for(market_brief.aspect_ratio)
    pictures = _pictures(frames, storyboard.aspect_ratio, ratio)
    call = market_brief.lines.call_to_action
    if call is None:
        raise Blocked(
            f"There is no call to action in `{script.language}` for the end card.",
            remedy=f"Supply copy.{script.language}.call_to_action in the brief.",
        )
    shots = _shots(script, storyboard, pictures, paths, clips or {}, market_brief.tone)
    voice = _voice(voiceover)
    # The market's own lines are part of the brief's where it was resolved with them; none is shown twice.
    legal = list(dict.fromkeys([*market_brief.must_say, *market_brief.market.market.must_say]))
    brand, product = market_brief.brand.name, market_brief.product.name
    spoken = [line.text for line in voice] if profile.captions_burnt else []
    texts = [*legal, *spoken, call, brand, product, *(shot.super for shot in shots if shot.super)]
    return TimelineParameters(
        cell=cell.partition_key,
        language=script.language,
        aspect_ratio=ratio,
        fps=profile.fps,
        start_timecode=profile.start_timecode,
        size=profile.sizes[ratio],
        safe_area=profile.safe_areas[ratio],
        palette=market_brief.brand.palette,
        tier=_tier(script, pictures, clips or {}, voiceover),
        brand_name=brand,
        logo=market_brief.brand_logo,
        product_name=product,
        call_to_action=call,
        legal=legal,
        shots=shots,
        voice=voice,
        sounds=list(sounds),
        edge_silence_frames=profile.edge_silence_frames,
        captions=_burnt(market_brief.market.language) if profile.captions_burnt else None,
        fonts=font_book().font_fingerprint(texts, script.language, type_styles().weights),
    )


class TimelineEditor(EditEngine):
    """Cuts the timeline of a cell for one delivery profile.

    Facts: `frames`, `duration_s`; the number of `shots`, `supers` and `lines`.
    """

    name: ClassVar[str] = "timeline"
    tier: ClassVar[Tier] = "full"
    version: ClassVar[str] = "3"
    summary: ClassVar[str] = "Cuts plates, voice and type into an OpenTimelineIO timeline."
    media_type: ClassVar[str] = "application/x-otio+json"
    suffix: ClassVar[str] = ".otio"
    Parameters: ClassVar[type[Document]] = TimelineParameters

    def lacks(self) -> list[Lack]:
        try:
            font_book().packaged("regular")
        except Unavailable as error:
            return [Lack(error.message, error.remedy)]
        return []

    def make(self, parameters: TimelineParameters, sources: Sources, target: Path) -> Facts:
        """Writes the timeline.

        Raises Blocked where voice or legal text does not fit the spot's seconds, InvalidInput where a text does not
        fit its place in the picture.
        """
        timeline = build_timeline(parameters)
        note = TimelineNote.model_validate(timeline.metadata["forge"])
        _check_type(timeline, note)
        text = timeline.to_json_string(indent=2)
        _check(text, timeline)
        target.write_text(text + "\n", encoding="utf-8", newline="\n")
        tracks = {track.name: sum(isinstance(item, otio.schema.Clip) for item in track) for track in timeline.tracks}
        return {
            "frames": note.frames,
            "duration_s": str(Fraction(note.frames) / parameters.fps),
            "shots": tracks["picture"],
            "supers": tracks.get("super", 0),
            "lines": tracks.get("voice", 0),
        }


def _pictures(frames: Frames, drawn: AspectRatio, ratio: AspectRatio) -> list[FramedPlate]:
    """The plates for a ratio: those of the storyboard, or what was made of them."""
    if ratio == drawn:
        return [FramedPlate(shot=plate.shot, picture=plate.picture, focus=None) for plate in frames.plates]
    found = frames.in_ratio(ratio)
    if found is None:
        raise InvalidInput(f"The frames have no plates for {ratio}.", remedy="Make the frames again.")
    return found.plates


def _burnt(language: Language) -> BurntCaptions:
    return BurntCaptions(
        line_length=language.line_length,
        max_lines=language.max_lines,
        reading_speed_cps=language.reading_speed_cps,
    )


def _shots(
    script: Script,
    storyboard: Storyboard,
    pictures: Sequence[FramedPlate],
    paths: Mapping[int, CameraPath | None],
    clips: Mapping[int, Artefact],
    tones: Sequence[str],
) -> list[CutShot]:
    plates = {plate.shot: plate for plate in pictures}
    numbers = [row.shot for row in script.rows]
    if numbers != [shot.number for shot in storyboard.shots] or set(numbers) != set(plates):
        raise InvalidInput(
            "Script, storyboard and frames are not about the same shots.",
            remedy="Make the storyboard and frames again.",
        )
    shots: list[CutShot] = []
    for row in script.rows:
        plate, focus = plates[row.shot].picture, plates[row.shot].focus
        shots.append(
            CutShot(
                shot=row.shot,
                beat=row.beat,
                duration_s=row.duration_s,
                super=row.super,
                media=plate.sha256,
                suffix=plate.suffix,
                recipe=plate.fingerprint,
                path=paths.get(row.shot),
                focus=focus or Focus(),
                clip=_clip(clips[row.shot]) if row.shot in clips else None,
                transition=transition_into(row.beat, shots[-1].beat, tones) if shots else None,
            )
        )
    return shots


def _clip(clip: Artefact) -> CutClip:
    return CutClip(
        media=clip.sha256,
        suffix=clip.suffix,
        recipe=clip.fingerprint,
        duration_s=clip.facts.get("duration_s"),
    )


def _voice(voiceover: Voiceover) -> list[CutLine]:
    return [
        CutLine(
            shot=line.shot,
            text=line.text,
            media=line.sound.sha256,
            recipe=line.sound.fingerprint,
            duration_s=line.duration_s,
            sample_rate=line.sound.facts["sample_rate"],
        )
        for line in sorted(voiceover.lines, key=lambda line: line.shot)
    ]


def _tier(script: Script, pictures: Sequence[FramedPlate], clips: Mapping[int, Artefact], voiceover: Voiceover) -> Tier:
    """A spot is no better than its weakest part."""
    parts = [
        script.tier,
        *(plate.picture.tier for plate in pictures),
        *(clip.tier for clip in clips.values()),
        *(line.sound.tier for line in voiceover.lines),
    ]
    return "draft" if "draft" in parts else "full"


def _check_type(timeline: otio.schema.Timeline, note: TimelineNote) -> None:
    """Text that does not fit its place is the edit's fault, and known before anything is rendered."""
    for clip in timeline.find_clips():
        if isinstance(clip.media_reference, otio.schema.GeneratorReference):
            check_type(type_note(clip.media_reference), note)


def _check(text: str, timeline: otio.schema.Timeline) -> None:
    """Reads back what is about to be written: an edit that another program cannot open is no edit."""
    again = otio.adapters.read_from_string(text, adapter_name="otio_json")
    if not isinstance(again, otio.schema.Timeline) or not again.is_equivalent_to(timeline):
        raise EngineFailed("The timeline that was written does not read back as itself.")
