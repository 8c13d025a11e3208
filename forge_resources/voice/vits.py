"""The `vits` engine: spoken lines from VITS and MMS text-to-speech models of transformers.

What belongs here: from text and recipe to speech. What does not: which model speaks which language (see `vits.yaml`),
installing it (see `models`), or fitting it into its time (see `time_fit`).
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import BaseModel, Field

from forge_resources.editing.data_files import read_document
from forge_resources.engines.contract import Facts, Lack, Sources, VoiceEngine
from forge_resources.errors import InvalidInput, Unavailable
from forge_resources.gpu.residence import ModelKey, Resident, resident
from forge_resources.gpu.steps import step
from forge_resources.models import first_use
from forge_resources.models.places import shelf
from forge_resources.models.shelf import Installed
from forge_resources.schemas.types import Document, ExactRational, LanguageCode, Line, Sha256, ShortLine, Slug, Tier
from forge_resources.voice.time_fit import Samples, fit, too_long, trimmed, write_wave

_DATA = Path(__file__).with_name("vits.yaml")
_LIBRARIES = (("torch", "torch"), ("transformers", "transformers"))


class VitsVoice(Document):
    """One voice: an installed model and how it speaks."""

    model: Slug
    reference: ShortLine
    licence: ShortLine
    speaker: Annotated[int, Field(ge=0)] | None = None
    speaking_rate: Annotated[float, Field(gt=0.4, lt=2)] = 1.0
    noise_scale: Annotated[float, Field(ge=0, le=1)] = 0.667
    noise_duration: Annotated[float, Field(ge=0, le=1)] = 0.8
    romanise: bool = False


class VitsLimits(Document):
    fastest: Annotated[float, Field(ge=1, le=2)]
    stretch: Annotated[float, Field(ge=1, le=1.5)]
    slowest: Annotated[float, Field(ge=0.5, le=1)]


class VitsVoices(Document):
    """The contract of `vits.yaml`."""

    limits: VitsLimits
    voices: dict[LanguageCode, VitsVoice]


class VitsParameters(Document):
    """Everything that decides the sound. `weights` is the hash of the model's files."""

    text: Line
    model: Slug
    weights: Sha256
    speaker: int | None
    speaking_rate: float
    noise_scale: float
    noise_duration: float
    romanise: bool
    seed: int
    longest_s: Annotated[ExactRational, Field(gt=0)]
    rate_cps: float
    limits: VitsLimits
    licence: ShortLine


@dataclass(frozen=True)
class _Speaker:
    """A loaded model with its tokenizer."""

    model: Any
    tokenizer: Any


def voices(library: Path | None = None) -> VitsVoices:
    """The voices that come with Forge, with those of a deployment's library added or in their place."""
    own = library / "voices" / "vits.yaml" if library else None
    return _voices(own if own and own.is_file() else None)


@lru_cache(maxsize=4)
def _voices(own: Path | None) -> VitsVoices:
    packaged = read_document(_DATA, VitsVoices)
    if own is None:
        return packaged
    more = read_document(own, VitsVoices)
    return VitsVoices(limits=more.limits, voices={**packaged.voices, **more.voices})


class TransformersVoice(VoiceEngine):
    """Speaks with a VITS model: the model's own sample rate, 16-bit, mono."""

    name = "vits"
    tier: ClassVar[Tier] = "full"
    version = "1"
    summary = "VITS and MMS models of transformers: a trained voice per language."
    device_bound: ClassVar[bool] = True
    Parameters: ClassVar[type[BaseModel]] = VitsParameters

    def lacks(self) -> list[Lack]:
        return [
            Lack(name, "Install the extra: pip install 'forge-spots[gpu]'.")
            for name, module in _LIBRARIES
            if importlib.util.find_spec(module) is None
        ]

    def imports(self) -> Sequence[str]:
        return ("torch", "transformers:VitsModel", "transformers:AutoTokenizer", first_use.TRANSFORMERS)

    def parameters(self, text: str, language: str, voice: str, rate_cps: float, longest_s: Fraction) -> VitsParameters:
        """The market's voice name is eSpeak's; here the language chooses. Raises Unavailable, InvalidInput."""
        library = os.environ.get("FORGE_LIBRARY")
        known = voices(Path(library) if library else None)
        chosen = known.voices.get(language)
        if chosen is None:
            raise InvalidInput(
                f"The vits engine has no voice for `{language}`.",
                remedy=f"It has {', '.join(sorted(known.voices))}; add one in `voices/vits.yaml` of your library, or "
                "choose another voice engine.",
            )
        return VitsParameters(
            text=text,
            model=chosen.model,
            weights=_installed(chosen.model, chosen.reference).descriptor.weights,
            speaker=chosen.speaker,
            speaking_rate=chosen.speaking_rate,
            noise_scale=chosen.noise_scale,
            noise_duration=chosen.noise_duration,
            romanise=chosen.romanise,
            seed=0,
            longest_s=longest_s,
            rate_cps=rate_cps,
            limits=known.limits,
            licence=chosen.licence,
        )

    def make(self, parameters: Any, sources: Sources, target: Path) -> Facts:
        """Raises Blocked for a line that cannot be said in its time, InvalidInput for one the model cannot read."""
        wish = VitsParameters.model_validate(parameters)
        step(0, 2)
        speaker = _loaded(wish)
        rate = int(speaker.model.config.sampling_rate)
        samples, pace = _spoken(speaker, wish, rate)
        step(1, 2)
        tempo = 1.0
        if Fraction(len(samples), rate) > wish.longest_s:
            if len(samples) / rate / float(wish.longest_s) > wish.limits.stretch:
                raise too_long(wish.text, len(samples) / rate, wish.longest_s)
            samples, tempo = fit(samples, rate, wish.longest_s, wish.limits.stretch * 1.02)
        write_wave(samples, rate, target)
        step(2, 2)
        duration = Fraction(len(samples), rate)
        return {
            "duration_s": f"{duration.numerator}/{duration.denominator}",
            "sample_rate": rate,
            "speaking_rate": round(pace, 3),
            "stretch": tempo,
            "licence": wish.licence,
        }


def _installed(model: str, reference: str = "") -> Installed:
    try:
        return shelf().get(model)
    except Unavailable as missing:
        if not reference or "not installed" not in missing.message:
            raise
        raise Unavailable(missing.message, remedy=f"forge models download {reference} --as {model}") from None


def _loaded(wish: VitsParameters) -> _Speaker:
    installed = _installed(wish.model)
    if installed.descriptor.weights != wish.weights:
        raise InvalidInput(
            f"The recipe was written for other weights of {wish.model} than those installed.",
            remedy="Make the voice-over again, or install the weights that it means.",
        )
    key = ModelKey(model=wish.model, revision=wish.weights, dtype="float32")
    value: _Speaker = resident(key, lambda: _load(installed), installed.descriptor.size).value
    return value


def _load(installed: Installed) -> Resident:
    import torch
    from transformers import AutoTokenizer, VitsModel

    model = VitsModel.from_pretrained(installed.folder, local_files_only=True, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(installed.folder, local_files_only=True)
    model.eval()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model.to(device)
    size = sum(weight.numel() * weight.element_size() for weight in model.parameters())
    speaker = _Speaker(model, tokenizer)
    if device == "cpu":
        return Resident(speaker, size)
    return Resident(speaker, size, demote=lambda: model.to("cpu"), restore=lambda: model.to(device))


def _spoken(speaker: _Speaker, wish: VitsParameters, rate: int) -> tuple[Samples, float]:
    """The line at the pace of its market, faster where it has to be and the model may; and the pace it got."""
    pace = wish.speaking_rate
    samples = _utter(speaker, wish, pace)
    comfortable_s = len(wish.text) / wish.rate_cps
    wanted_s = min(comfortable_s, float(wish.longest_s))
    slowest, fastest = wish.speaking_rate * wish.limits.slowest, wish.speaking_rate * wish.limits.fastest
    # Durations are drawn anew at every pace, so the first guess may miss; twice is near enough.
    for _ in range(2):
        better = min(max(pace * len(samples) / rate / wanted_s, slowest), fastest)
        late = len(samples) / rate > float(wish.longest_s)
        if abs(better / pace - 1) < 0.04 and not (late and better > pace):
            break
        pace = better
        samples = _utter(speaker, wish, pace)
    return samples, pace


def _utter(speaker: _Speaker, wish: VitsParameters, pace: float) -> Samples:
    import torch

    text = _romanised(wish.text) if wish.romanise else wish.text
    tokens = speaker.tokenizer(text, return_tensors="pt")
    if not tokens["input_ids"].numel():
        raise InvalidInput(
            f"There is nothing in “{wish.text}” that the model {wish.model} can read.",
            remedy="Check the language of the line, and `romanise` of the voice in vits.yaml.",
        )
    model = speaker.model
    model.speaking_rate, model.noise_scale, model.noise_scale_duration = pace, wish.noise_scale, wish.noise_duration
    tokens = {name: value.to(model.device) for name, value in tokens.items()}
    with torch.random.fork_rng(), torch.inference_mode():
        torch.manual_seed(wish.seed)
        waveform = model(**tokens, speaker_id=wish.speaker).waveform[0]
    samples = trimmed(np.asarray(waveform.float().cpu(), np.float32), int(model.config.sampling_rate))
    if not len(samples):
        raise InvalidInput(f"The model {wish.model} says nothing for “{wish.text}”.")
    peak = float(np.abs(samples).max())
    return samples * np.float32(0.9 / peak) if peak > 1 else samples


def _romanised(text: str) -> str:
    if importlib.util.find_spec("uroman") is None:
        raise Unavailable(
            "This voice reads Latin letters, and the package that writes the text in them is not installed.",
            remedy="Install it: pip install uroman",
        )
    package: Any = import_module("uroman")
    return str(package.Uroman().romanize_string(text))
