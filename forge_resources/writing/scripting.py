"""Scripting: rows of a script, composed afresh or adapted from an origin script.

What belongs here: bringing words, seconds and pictures together. What does not: how each of them is found (see
`wording`, `staging`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from forge_resources.schemas.brief import Origin, OriginRow
from forge_resources.schemas.script import Beat, Script, ScriptRow
from forge_resources.writing.draft_parameters import ScriptParameters
from forge_resources.writing.phrases import Address, Voice, Wish, Worry, load_bank
from forge_resources.writing.staging import stage
from forge_resources.writing.structures import PlanRow, Saying, Showing, structure_with
from forge_resources.writing.timing import shortest_call
from forge_resources.writing.tones import REGISTERS, Register, load_tones
from forge_resources.writing.wording import Composer, Frame, OwnLines, Pace, Worded, fixed_frame, open_frame


def write_script(parameters: ScriptParameters) -> Script:
    """The script of one cell. Raises InvalidInput where the concept's structure is not one of the data file."""
    if parameters.origin is None:
        rows = _composed(parameters)
    elif parameters.verbatim:
        rows = _verbatim(parameters.origin, parameters.structure)
    else:
        rows = _adapted(parameters, parameters.origin)
    return Script(language=parameters.speech.language, tier="draft", rows=rows)


def _composed(parameters: ScriptParameters) -> list[ScriptRow]:
    plan = structure_with(parameters.duration_s, parameters.structure, parameters.campaign.seed).rows
    frame = open_frame(parameters.duration_s, len(plan), shortest_call(parameters.duration_s))
    words = _words(plan, frame, parameters)
    pictures = stage(plan, parameters.campaign, parameters.place, parameters.portrait)
    return [
        ScriptRow(
            shot=shot,
            duration_s=worded.duration_s,
            beat=row.beat,
            visual=picture.visual,
            voice_over=worded.voice_over,
            super=worded.super,
            voice_over_gloss=worded.voice_over_gloss,
            super_gloss=worded.super_gloss,
            scope=picture.scope,
            camera=picture.camera,
            setting=picture.setting,
            time_of_day=picture.time_of_day,
            persons=picture.persons,
            props=picture.props,
        )
        for shot, (row, worded, picture) in enumerate(zip(plan, words, pictures, strict=True), start=1)
    ]


def _verbatim(origin: Origin, beats: Sequence[Beat]) -> list[ScriptRow]:
    return [
        _origin_row(row, beat, Worded(row.duration_s, row.voice_over, row.super, None, None))
        for row, beat in zip(origin.script, beats, strict=True)
    ]


def _adapted(parameters: ScriptParameters, origin: Origin) -> list[ScriptRow]:
    """The same shots with words of the market's own: where the origin has words, and nowhere else."""
    plan = _plan_of(origin, parameters.structure)
    words = _words(plan, fixed_frame([row.duration_s for row in origin.script]), parameters)
    return [
        _origin_row(row, beat, worded)
        for row, beat, worded in zip(origin.script, parameters.structure, words, strict=True)
    ]


def _origin_row(row: OriginRow, beat: Beat, words: Worded) -> ScriptRow:
    return ScriptRow(
        shot=row.shot,
        duration_s=row.duration_s,
        beat=beat,
        visual=row.visual,
        voice_over=words.voice_over,
        super=words.super,
        voice_over_gloss=words.voice_over_gloss,
        super_gloss=words.super_gloss,
        scope="brief",
        camera=row.camera,
    )


def _plan_of(origin: Origin, beats: Sequence[Beat]) -> list[PlanRow]:
    """What may be said and shown in each row of an origin script: only what its beat carries, only where words were."""
    rows = list(zip(origin.script, beats, strict=True))
    voiced = [index for index, (row, _) in enumerate(rows) if row.voice_over]
    titled = [index for index, (row, _) in enumerate(rows) if row.super]
    says = _shared_out(voiced, beats, _longest(voiced, origin))
    shows = _shared_out(titled, beats, _longest(titled, origin))
    return [
        PlanRow(
            beat=beat,
            scene="hero",
            says=[cast("Saying", says[index])] if index in says else [],
            shows=cast("Showing", shows[index]) if index in shows else None,
        )
        for index, beat in enumerate(beats)
    ]


def _longest(rows: Sequence[int], origin: Origin) -> int | None:
    return max(rows, key=lambda index: (origin.script[index].duration_s, -index), default=None)


def _shared_out(rows: Sequence[int], beats: Sequence[Beat], longest: int | None) -> dict[int, str]:
    """One thing for each of `rows` by its beat; the message goes to a product row, else to the longest row."""
    by_beat = {"hook": "hook", "tension": "tension", "product": "product", "proof": "point", "call": "call"}
    shared = {index: by_beat[beats[index]] for index in rows}
    product_rows = [index for index in rows if beats[index] == "product"]
    home = product_rows[-1] if product_rows else longest
    if home is not None:
        shared[home] = "message"
    return shared


def _words(plan: Sequence[PlanRow], frame: Frame, parameters: ScriptParameters) -> list[Worded]:
    bank = load_bank(parameters.speech.language)
    voice = Voice(
        worry=cast("Worry", parameters.hearer.worry),
        wish=cast("Wish", parameters.hearer.wish),
        address=cast("Address", parameters.hearer.address or bank.default_address),
        registers=tuple(load_tones().registers(parameters.campaign.tone)),
        others=_borrowed_registers(parameters),
        product=parameters.campaign.product,
        brand=parameters.brand,
        must_not_say=tuple(parameters.must_not_say),
    )
    seed = "|".join([str(parameters.campaign.seed), parameters.portrait.persona, *parameters.campaign.tone])
    pace = Pace(parameters.speech.speech_cps, parameters.speech.reading_cps)
    return Composer(plan, frame, pace, _own_lines(parameters), bank, voice, seed).compose()


def _borrowed_registers(parameters: ScriptParameters) -> tuple[Register, ...]:
    """Registers to borrow from once those of the tone are used up; no jokes where the market has no humour for them."""
    tones = load_tones()
    own = tones.registers(parameters.campaign.tone)
    others = [register for register in tones.nearest[own[0]] if register not in own]
    if parameters.hearer.humour == "none":
        others = [register for register in others if register != "playful"]
    return tuple(register for register in others if register in REGISTERS)


def _own_lines(parameters: ScriptParameters) -> OwnLines:
    lines, source = parameters.lines, parameters.source_lines
    # Lines are complete here: `script_parameters` blocks a cell that lacks one.
    points = list(lines.selling_points or [])
    source_points = list(source.selling_points or []) if source else []
    same_points = len(source_points) == len(points)
    return OwnLines(
        message=cast("str", lines.message),
        call=cast("str", lines.call_to_action),
        points=points,
        message_gloss=source.message if source else None,
        call_gloss=source.call_to_action if source else None,
        point_glosses=list(source_points) if same_points else [],
    )
