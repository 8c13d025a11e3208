"""The `neutral-bed` engine: a quiet pad of chords to lie under a voice where no music is handed in.

What belongs here: the synthesis. What does not: how loud it is or how it ducks (see `mix_down`).

Chords change every few seconds and fade into each other. No melody and no beat: nothing that competes with a voice or
sounds like somebody's tune.
"""

from __future__ import annotations

import wave
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, Field

from forge_resources.engines.contract import EditEngine, Facts, Sources
from forge_resources.schemas.types import Document, ExactRational, Tier

RATE = 48000
_CHORD_S = 4.0
_OVERLAP_S = 1.6
_ROOT_HZ = 110.0
# Semitones above the root; each progression comes back to where it began.
_PROGRESSIONS: Sequence[Sequence[Sequence[int]]] = (
    ((0, 7, 12, 16), (5, 9, 12, 17), (7, 11, 14, 19), (0, 7, 12, 16)),
    ((0, 7, 12, 15), (8, 12, 15, 20), (3, 10, 15, 19), (10, 14, 17, 22)),
    ((0, 7, 14, 16), (9, 12, 16, 21), (5, 12, 16, 21), (7, 14, 17, 19)),
)
_PARTIALS = (1.0, 0.42, 0.2, 0.09, 0.04)
_PEAK = 0.4

Sound = npt.NDArray[np.float64]


class BedParameters(Document):
    """Seconds, and the seed that picks key and progression."""

    duration_s: Annotated[ExactRational, Field(gt=0, le=120)]
    seed: Annotated[int, Field(ge=0, lt=2**63)]


class NeutralBed(EditEngine):
    """Writes stereo WAV, 16 bit, 48 kHz. Facts: `sample_rate`, `samples`."""

    name = "neutral-bed"
    tier: ClassVar[Tier] = "full"
    version = "1"
    summary = "A synthesised pad of chords, for a brief that asks for a neutral music bed."
    media_type = "audio/wav"
    suffix = ".wav"
    Parameters: ClassVar[type[BaseModel]] = BedParameters

    def make(self, parameters: Any, sources: Sources, target: Path) -> Facts:
        wanted = BedParameters.model_validate(parameters)
        count = int(wanted.duration_s * RATE)
        chance = Random(wanted.seed)
        root = _ROOT_HZ * 2 ** (chance.randrange(-3, 5) / 12)
        progression = chance.choice(_PROGRESSIONS)
        bed = np.zeros((count, 2))
        chord_length = round((_CHORD_S + _OVERLAP_S) * RATE)
        for index in range(int(count / RATE / _CHORD_S) + 1):
            start = round(index * _CHORD_S * RATE)
            chord = _chord(root, progression[index % len(progression)], chord_length, index)
            part = chord[: max(0, count - start)]
            bed[start : start + len(part)] += part
        # Wide, but with enough in the middle that mono loses little.
        bed = 0.7 * bed + 0.3 * bed[:, ::-1]
        bed *= _PEAK / max(np.abs(bed).max(), 1e-9)
        with wave.open(str(target), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(np.rint(bed * 32767).astype("<i2").tobytes())
        return {"sample_rate": RATE, "samples": count}


def _chord(root: float, notes: Sequence[int], length: int, index: int) -> Sound:
    """One chord, swelling and fading; every note a little detuned to one side and the other."""
    time = np.arange(length) / RATE
    swell = round(_OVERLAP_S * RATE)
    envelope = np.ones(length)
    envelope[:swell] = np.sin(np.linspace(0, np.pi / 2, swell)) ** 2
    envelope[-swell:] = envelope[:swell][::-1]
    chord = np.zeros((length, 2))
    for voice, semitones in enumerate(notes):
        frequency = root * 2 ** (semitones / 12)
        for side, detune in enumerate((0.9992, 1.0008)):
            phase = 0.7 * voice + 0.5 * side + 0.4 * index
            for partial, strength in enumerate(_PARTIALS, start=1):
                wave_ = np.sin(2 * np.pi * frequency * detune * partial * time + phase * partial)
                chord[:, side] += strength / (1 + 0.35 * voice) * wave_
    breath = 1 + 0.08 * np.sin(2 * np.pi * 0.13 * time + index)
    shaped: Sound = chord * (envelope * breath)[:, None]
    return shaped
