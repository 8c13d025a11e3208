"""The transformers voice: a tiny VITS model through the real loading, deterministic, fitted into its time."""

from __future__ import annotations

import json
import wave
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from forge_resources.errors import Blocked, InvalidInput, Unavailable
from forge_resources.gpu.steps import Cancelled, Watch, watched
from forge_resources.voice.time_fit import fit, stretched, trimmed
from forge_resources.voice.vits import TransformersVoice, VitsParameters, voices
from tests.model_shelf import install

LETTERS = " abcdefghijklmnopqrstuvwxyz'-.,"
VOICES = """
limits: {fastest: 1.3, stretch: 1.12, slowest: 0.85}
voices:
  en: {model: tiny-vits, reference: "hf:tiny/none", licence: none}
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A deployment with a tiny, randomly initialised VITS model for English."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    home = tmp_path_factory.mktemp("home")
    folder = home / "tiny"
    torch.manual_seed(1)
    config = transformers.VitsConfig(
        vocab_size=len(LETTERS), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, ffn_dim=16, flow_size=16,
        spectrogram_bins=9, upsample_initial_channel=32, upsample_rates=[8, 8, 4], upsample_kernel_sizes=[16, 16, 8],
        resblock_kernel_sizes=[3], resblock_dilation_sizes=[[1, 3, 5]], prior_encoder_num_flows=2,
        prior_encoder_num_wavenet_layers=1, posterior_encoder_num_wavenet_layers=1, duration_predictor_num_flows=2,
        duration_predictor_filter_channels=16, depth_separable_num_layers=1, wavenet_kernel_size=3,
    )  # fmt: skip
    transformers.VitsModel(config).save_pretrained(folder)
    (folder / "vocab.json").write_text(json.dumps({letter: i for i, letter in enumerate(LETTERS)}))
    tokenizer = transformers.VitsTokenizer(
        str(folder / "vocab.json"), pad_token="-", unk_token="'", phonemize=False, normalize=True, is_uroman=False
    )
    tokenizer.save_pretrained(folder)
    (home / "library" / "voices").mkdir(parents=True)
    (home / "library" / "voices" / "vits.yaml").write_text(VOICES)
    install(home, "tiny-vits", folder)
    return home


@pytest.fixture
def engine(home: Path, monkeypatch: pytest.MonkeyPatch) -> TransformersVoice:
    monkeypatch.setenv("FORGE_MODELS", str(home / "models"))
    monkeypatch.setenv("FORGE_LIBRARY", str(home / "library"))
    return TransformersVoice()


def wish(engine: TransformersVoice, longest: str = "30", **changes: Any) -> VitsParameters:
    made = engine.parameters("wake up before your alarm does.", "en", "en-gb", 15, Fraction(longest))
    return made.model_copy(update=changes)


def test_equal_parameters_give_equal_bytes(engine: TransformersVoice, tmp_path: Path) -> None:
    one, other, third = (tmp_path / f"{i}.wav" for i in range(3))
    facts = engine.make(wish(engine), {}, one)
    engine.make(wish(engine), {}, other)
    engine.make(wish(engine, seed=5), {}, third)
    assert one.read_bytes() == other.read_bytes() != third.read_bytes()
    with wave.open(str(one)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, facts["sample_rate"])
        assert Fraction(facts["duration_s"]) == Fraction(sound.getnframes(), sound.getframerate())


def test_a_line_is_hurried_within_limits_and_refused_beyond(engine: TransformersVoice, tmp_path: Path) -> None:
    plain = Fraction(engine.make(wish(engine), {}, tmp_path / "plain.wav")["duration_s"])
    tight = plain * Fraction(9, 10)
    facts = engine.make(wish(engine, longest=str(tight.limit_denominator(1000))), {}, tmp_path / "tight.wav")
    assert Fraction(facts["duration_s"]) <= tight + Fraction(1, 1000)
    with pytest.raises(Blocked, match="even when spoken as fast as it may be") as refused:
        engine.make(wish(engine, longest=str((plain / 4).limit_denominator(1000))), {}, tmp_path / "no.wav")
    assert "Shorten the line by about" in refused.value.remedy


def test_the_model_stays_loaded_and_a_stopped_job_ends(engine: TransformersVoice, tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    with watched(Watch(on_step=lambda done, total: heard.append((done, total)))):
        engine.make(wish(engine), {}, tmp_path / "a.wav")
    assert heard == [(0, 2), (1, 2), (2, 2)]
    with watched(Watch(is_cancelled=lambda: True)), pytest.raises(Cancelled):
        engine.make(wish(engine), {}, tmp_path / "b.wav")


def test_what_is_missing_is_told_with_the_command(
    engine: TransformersVoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidInput, match="no voice for `xx`"):
        engine.parameters("hello", "xx", "xx", 15, Fraction(3))
    with pytest.raises(InvalidInput, match="nothing in"):
        engine.make(wish(engine, text="目覚まし"), {}, tmp_path / "x.wav")
    with pytest.raises(InvalidInput, match="other weights"):
        engine.make(wish(engine, weights="0" * 64), {}, tmp_path / "x.wav")
    monkeypatch.setenv("FORGE_MODELS", str(tmp_path / "none"))
    with pytest.raises(Unavailable) as missing:
        engine.parameters("hello", "en", "en-gb", 15, Fraction(3))
    assert missing.value.remedy == "forge models download hf:tiny/none --as tiny-vits"


def test_the_voices_that_come_with_forge_are_whole() -> None:
    known = voices()
    assert {"en", "de", "fr", "es", "pt", "nl", "pl", "hi", "ar"} <= set(known.voices)
    assert all(voice.licence for voice in known.voices.values())


def _tone(seconds: float, rate: int = 16000) -> np.ndarray[Any, np.dtype[np.float32]]:
    return (0.4 * np.sin(2 * np.pi * 220 * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def test_a_stretch_keeps_the_pitch() -> None:
    fitted = stretched(_tone(2), 16000, 1.1)
    assert len(fitted) / 16000 == pytest.approx(2 / 1.1, abs=0.03)
    middle = fitted[4000:-4000]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert np.argmax(spectrum) * 16000 / len(middle) == pytest.approx(220, abs=3)


def test_a_line_fits_or_is_refused() -> None:
    assert fit(_tone(1), 16000, Fraction(2), 1.2)[1] == 1.0
    shorter, tempo = fit(_tone(2), 16000, Fraction(19, 10), 1.2)
    assert len(shorter) <= 1.9 * 16000
    assert 1.05 <= tempo <= 1.2
    with pytest.raises(Blocked):
        fit(_tone(2), 16000, Fraction(1), 1.2)


def test_silence_at_the_ends_is_cut() -> None:
    line = np.concatenate([np.zeros(8000, np.float32), _tone(1), np.zeros(8000, np.float32)])
    assert len(trimmed(line, 16000)) / 16000 == pytest.approx(1.05, abs=0.01)
    assert len(trimmed(np.zeros(100, np.float32), 16000)) == 0
