"""Having a voice engine speak the lines of a script.

What belongs here: one recipe per spoken row. What does not: where a line lies in the edit (see the timeline).
"""

from __future__ import annotations

from fractions import Fraction
from typing import cast

from pydantic import BaseModel

from forge_resources.engines.contract import VoiceEngine
from forge_resources.logs import log_fields
from forge_resources.progress import OnStep
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.edit import SpokenLine, Voiceover
from forge_resources.schemas.script import Script, ScriptRow
from forge_resources.store.tally import Tally
from forge_resources.store.workshop import Workshop

LEAD_IN = Fraction(3, 20)
"""Seconds of picture before a shot's line begins, as the timeline places it."""


def speak(workshop: Workshop, brief: CellBrief, script: Script, on_step: OnStep) -> tuple[Voiceover, Tally]:
    """The script's lines as sound. Raises Blocked where a line cannot be spoken within its shot."""
    engine = cast("VoiceEngine", workshop.engine("voice", brief.market_brief.engines.voice))
    spoken = [(row, row.voice_over) for row in script.rows if row.voice_over]
    lines: list[SpokenLine] = []
    tally = Tally()
    for done, (row, text) in enumerate(spoken, start=1):
        with log_fields(shot=row.shot):
            made = workshop.make(engine, line_parameters(engine, brief, script, row, text))
        sound = tally.add(made)
        duration = Fraction(str(sound.facts["duration_s"]))
        lines.append(SpokenLine(shot=row.shot, text=text, sound=sound, duration_s=duration))
        on_step(done, len(spoken), f"shot {row.shot} {'reused' if made.reused else 'spoken'}")
    return Voiceover(lines=lines), tally


def line_parameters(engine: VoiceEngine, brief: CellBrief, script: Script, row: ScriptRow, text: str) -> BaseModel:
    """The recipe of one line of a row: what is said, by whom, and how long there is for it."""
    market = brief.market_brief.market
    return engine.parameters(
        text, script.language, market.market.voice, market.language.speech_rate_cps, row.duration_s - LEAD_IN
    )
