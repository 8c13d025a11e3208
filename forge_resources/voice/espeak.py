"""The `espeak` engine: a scratch-quality voice in some 120 languages, offline.

What belongs here: pace, fit into the shot, trimming, the WAV file. What does not: the C library (see
`espeak_process`) or loudness, which the render sets for the whole spot.
"""

from __future__ import annotations

import difflib
import importlib.util
import json
import subprocess
import sys
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from importlib.resources import files
from math import ceil
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, Field

from forge_resources.engines.contract import Facts, Lack, Sources, VoiceEngine
from forge_resources.errors import Blocked, EngineFailed, InvalidInput, TimedOut, Unavailable
from forge_resources.own_yaml import read_yaml
from forge_resources.schemas.types import VOICE_PATTERN, Document, ExactRational, LanguageCode, Line, Tier
from forge_resources.voice import espeak_process

_FIRST_WPM = 165
_LIMIT_S = 60
_SILENCE = 90  # of 32767, some -51 dBFS: below eSpeak's quietest fricative, above its rounding noise
_LEAD_S, _TAIL_S, _FADE_S = 0.010, 0.040, 0.004
_WHEEL = Lack("the eSpeak NG library", "Install the package espeakng-loader.")

Samples = npt.NDArray[np.int16]


class Manner(Document):
    """The contract of `espeak.yaml`."""

    pitch: Annotated[int, Field(ge=0, le=100)]
    pitch_range: Annotated[int, Field(ge=0, le=100)]
    slowest_wpm: Annotated[int, Field(ge=80, le=450)]
    fastest_wpm: Annotated[int, Field(ge=80, le=330)]
    stretch_limit: Annotated[ExactRational, Field(ge=1, le=2)]
    scratch_languages: list[LanguageCode]
    scratch_stretch_limit: Annotated[ExactRational, Field(ge=1, le=3)]


@cache
def manner() -> Manner:
    """The figures of `espeak.yaml`."""
    return Manner.model_validate(read_yaml(files(__package__).joinpath("espeak.yaml").read_text("utf-8")))


class EspeakParameters(Document):
    """`rate_cps` is the comfortable pace in characters a second, `longest_s` the time there is."""

    text: Line
    language: LanguageCode
    voice: Annotated[str, Field(pattern=VOICE_PATTERN)]
    rate_cps: Annotated[float, Field(gt=2, lt=30)]
    longest_s: Annotated[ExactRational, Field(gt=0)]
    pitch: int
    pitch_range: int
    slowest_wpm: int
    fastest_wpm: int
    stretch_limit: ExactRational
    scratch: bool


@dataclass(frozen=True)
class _Take:
    """One reading of a line, trimmed."""

    samples: Samples
    sample_rate: int
    rate_wpm: int

    @property
    def duration_s(self) -> Fraction:
        return Fraction(len(self.samples), self.sample_rate)


def _wheel() -> tuple[str, str] | None:
    """(library, data) of the installed wheel, or None where it is missing or incomplete."""
    if importlib.util.find_spec("espeakng_loader") is None:
        return None
    loader = import_module("espeakng_loader")
    library, data = Path(loader.get_library_path()), Path(str(loader.__file__)).parent / "espeak-ng-data"
    # The path compiled into the library is that of whoever built it; the data has to be named.
    return (str(library), str(data)) if library.exists() and (data / "phontab").exists() else None


def _wheel_version() -> str:
    """The version of the wheel that carries library and voices; the library itself is loaded in a child only."""
    try:
        return version_of("espeakng-loader")
    except PackageNotFoundError:
        return "missing"


class EspeakVoice(VoiceEngine):
    """Speaks with eSpeak NG: 22,050 Hz, 16-bit, mono."""

    name = "espeak"
    tier: ClassVar[Tier] = "draft"
    version = f"1+espeakng-loader-{_wheel_version()}"
    summary = "eSpeak NG: a synthetic voice for timing and layout, offline, in over 100 languages."
    Parameters: ClassVar[type[BaseModel]] = EspeakParameters

    def lacks(self) -> list[Lack]:
        return [] if _wheel() else [_WHEEL]

    def parameters(
        self, text: str, language: str, voice: str, rate_cps: float, longest_s: Fraction
    ) -> EspeakParameters:
        """Raises pydantic's ValidationError for a voice or a figure that no line can be spoken with."""
        how = manner()
        scratch = language in how.scratch_languages
        return EspeakParameters(
            text=text,
            language=language,
            voice=voice,
            rate_cps=rate_cps,
            longest_s=longest_s,
            pitch=how.pitch,
            pitch_range=how.pitch_range,
            slowest_wpm=how.slowest_wpm,
            fastest_wpm=how.fastest_wpm,
            stretch_limit=how.scratch_stretch_limit if scratch else how.stretch_limit,
            scratch=scratch,
        )

    def make(self, parameters: Any, sources: Sources, target: Path) -> Facts:
        """Raises InvalidInput for an unknown voice, Blocked for a line that cannot be said in the time it has."""
        wish = EspeakParameters.model_validate(parameters)
        comfortable_wpm = _comfortable_wpm(wish)
        take = _fit(wish, comfortable_wpm)
        _write(take, target)
        duration = take.duration_s
        facts: Facts = {
            "duration_s": f"{duration.numerator}/{duration.denominator}",
            "sample_rate": take.sample_rate,
            "rate_wpm": take.rate_wpm,
            "stretch": round(take.rate_wpm / comfortable_wpm, 3),
        }
        return facts | ({"scratch": True} if wish.scratch else {})


def _comfortable_wpm(wish: EspeakParameters) -> int:
    """eSpeak's words a minute at which this line runs at `rate_cps`, found by speaking it once."""
    seconds = _read(wish, _FIRST_WPM).duration_s
    wanted_s = len(wish.text) / wish.rate_cps
    return min(max(round(_FIRST_WPM * float(seconds) / wanted_s), wish.slowest_wpm), wish.fastest_wpm)


def _fit(wish: EspeakParameters, comfortable_wpm: int) -> _Take:
    """The line at the comfortable pace, or as much faster as it takes. Raises Blocked."""
    limit_wpm = int(comfortable_wpm * wish.stretch_limit)
    take = _read(wish, comfortable_wpm)
    while take.duration_s > wish.longest_s and take.rate_wpm < limit_wpm:
        # Pauses shrink less than words do, so the first guess may fall short; each round adds at least 2 %.
        needed = take.rate_wpm * max(take.duration_s / wish.longest_s, Fraction(102, 100))
        take = _read(wish, min(ceil(needed), limit_wpm))
    if take.duration_s > wish.longest_s:
        spare = max(1, ceil(len(wish.text) * (1 - wish.longest_s / take.duration_s)))
        raise Blocked(
            f"“{wish.text}” takes {float(take.duration_s):.2f} s even when spoken {float(wish.stretch_limit):g} times "
            f"as fast as is comfortable; the shot has {float(wish.longest_s):.2f} s for it.",
            remedy=f"Shorten the line by about {_counted(spare, 'character')}, or give the shot more time.",
        )
    return take


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _read(wish: EspeakParameters, rate_wpm: int) -> _Take:
    answer, pcm = _utter(
        {"text": wish.text, "voice": wish.voice, "rate": rate_wpm, "pitch": wish.pitch, "pitch_range": wish.pitch_range}
    )
    if answer.get("error") == "unknown_voice":
        near = difflib.get_close_matches(wish.voice, answer["known"], n=5, cutoff=0.4)
        raise InvalidInput(
            f"eSpeak NG has no voice `{wish.voice}`.",
            remedy=f"Did you mean {', '.join(near)}?" if near else "Its voices are named by language, such as de.",
        )
    if "error" in answer:
        raise EngineFailed(f"eSpeak NG could not speak “{wish.text}”: {answer['error']}.")
    sample_rate = int(answer["sample_rate"])
    spoken = _trimmed(np.frombuffer(pcm, np.int16), sample_rate)
    if not len(spoken):
        raise InvalidInput(f"There is nothing to speak in “{wish.text}” for the voice `{wish.voice}`.")
    return _Take(spoken, sample_rate, rate_wpm)


def _utter(wish: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Runs `espeak_process` once. Returns its answer and the samples."""
    wheel = _wheel()
    if wheel is None:
        raise Unavailable(f"This machine lacks {_WHEEL.what}.", remedy=_WHEEL.remedy)
    wanted = json.dumps({"library": wheel[0], "data": wheel[1], **wish}).encode()
    command = [sys.executable, "-I", "-S", espeak_process.__file__]
    try:
        done = subprocess.run(command, input=wanted, capture_output=True, timeout=_LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        raise TimedOut(f"eSpeak NG did not finish “{wish['text']}” within {_LIMIT_S} s.") from None
    head, newline, pcm = done.stdout.partition(b"\n")
    if done.returncode != 0 or not newline:
        tail = done.stderr.decode(errors="replace").strip().splitlines()[-3:]
        raise EngineFailed(f"eSpeak NG ended with status {done.returncode}: {' '.join(tail) or 'no message'}")
    return json.loads(head), pcm


def _trimmed(samples: Samples, sample_rate: int) -> Samples:
    """Without silence at both ends, and with its ends faded so that a cut makes no click."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > _SILENCE)
    if not len(loud):
        return samples[:0]
    start = max(0, int(loud[0]) - round(_LEAD_S * sample_rate))
    end = min(len(samples), int(loud[-1]) + 1 + round(_TAIL_S * sample_rate))
    kept = samples[start:end].astype(np.float64)
    slope = np.linspace(0, 1, min(round(_FADE_S * sample_rate), len(kept) // 2), endpoint=False)
    kept[: len(slope)] *= slope
    kept[len(kept) - len(slope) :] *= slope[::-1]
    return np.rint(kept).astype(np.int16)


def _write(take: _Take, target: Path) -> None:
    with wave.open(str(target), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(take.sample_rate)
        sound.writeframes(take.samples.astype("<i2").tobytes())
