"""How long the lines of a script really take to say, by the voice that will say them.

What belongs here: asking the brief's voice engine before anything is drawn. What does not: speech rates (see the gate
on timing), or the sound itself (the voice-over stage finds it in the store).
"""

from __future__ import annotations

from typing import cast

from forge_resources.engines.contract import VoiceEngine
from forge_resources.errors import Blocked
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.script import Script
from forge_resources.store.workshop import Workshop
from forge_resources.voice.voiceover import line_parameters
from forge_resources.writing.gates.examination import Measured


def measure(workshop: Workshop, brief: CellBrief, script: Script) -> dict[int, Measured]:
    """The spoken length of every line, by shot; empty where the voice cannot be asked here.

    A voice that loads a model onto the device is not asked: its lines are measured where they are spoken.
    """
    engine = cast("VoiceEngine", workshop.engine("voice", brief.market_brief.engines.voice))
    if engine.device_bound or engine.lacks():
        return {}
    measured = {}
    for row in script.rows:
        if not row.voice_over:
            continue
        try:
            sound = workshop.make(engine, line_parameters(engine, brief, script, row, row.voice_over)).artefact
        except Blocked as refused:
            measured[row.shot] = Measured(None, refused.message.rstrip("."))
        else:
            numerator, _, denominator = str(sound.facts["duration_s"]).partition("/")
            measured[row.shot] = Measured(float(numerator) / float(denominator or 1))
    return measured
