"""The mix: music under the voice, fades, effects, fold-down, and an outlet's limits, measured by a meter of its own."""

from __future__ import annotations

import wave
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from forge_resources.editing.cut import Medium, Sounding, Spoken
from forge_resources.editing.loudness import Levels
from forge_resources.editing.mix_down import duck_envelope, fold_down, mix_down
from forge_resources.editing.neutral_bed import BedParameters, NeutralBed
from forge_resources.editing.profiles import load_profiles
from forge_resources.editing.sound import level_track, within_limits
from forge_resources.errors import InvalidInput
from forge_resources.schemas.edit import SoundNote
from forge_resources.schemas.media_formats import AudioFormat, Loudness

RATE = 48000
STEREO = AudioFormat(codec="pcm_s24le", sample_rate=48000, channels=2)
Samples = np.ndarray[Any, np.dtype[np.float32]]


def write(path: Path, samples: Samples, rate: int = RATE) -> Path:
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.rint(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def tone(hertz: float, seconds: float, level: float = 0.2, rate: int = RATE) -> Samples:
    return (level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def line(name: str, at: float, seconds: float) -> Spoken:
    return Spoken(Medium(name, ".wav"), Fraction(str(at)), 0, round(seconds * RATE), RATE)


def piece(name: str, at: float, seconds: float, track: Any = "music", skip: float = 0, **note: Any) -> Sounding:
    placed = Fraction(str(at)), round(skip * RATE), round(seconds * RATE), RATE
    return Sounding(track, SoundNote(**note), Medium(name, ".wav"), *placed)


def level_at(mix: Samples, hertz: float, start: float, end: float) -> float:
    """The level of one frequency in a stretch of the mix, in dB of full scale."""
    part = mix[round(start * RATE) : round(end * RATE), 0]
    wheel = np.exp(-2j * np.pi * hertz * np.arange(len(part)) / RATE)
    return float(20 * np.log10(2 * abs(np.mean(part * wheel)) + 1e-9))


@pytest.fixture
def media(tmp_path: Path) -> dict[str, Path]:
    return {
        "voice": write(tmp_path / "voice.wav", tone(440, 2)),
        "bed": write(tmp_path / "bed.wav", np.stack([tone(1000, 8, 0.5)] * 2, axis=1)),
        "hit": write(tmp_path / "hit.wav", tone(3000, 0.5)),
    }


def test_the_bed_goes_down_under_the_voice_and_comes_back(media: dict[str, Path], tmp_path: Path) -> None:
    bed = piece("bed", 0, 8, gain_db=-6, duck_db=12)
    mix = mix_down([line("voice", 3, 2)], [bed], media, 8 * RATE, RATE, tmp_path)
    alone, under, after = (level_at(mix, 1000, *span) for span in ((1, 2), (3.2, 4.8), (6, 7.5)))
    assert alone - under == pytest.approx(12, abs=0.2)
    assert after == pytest.approx(alone, abs=0.1)
    # It is down before the first word, and not at once up between two that are close.
    assert level_at(mix, 1000, 2.95, 3.0) < alone - 11
    two = duck_envelope([line("voice", 1, 1), line("voice", 2.5, 1)], 6 * RATE, RATE, 12)
    assert two[round(2.2 * RATE)] == pytest.approx(10 ** (-12 / 20), rel=1e-3)


def test_the_bed_is_set_against_the_loudness_of_the_voice(media: dict[str, Path], tmp_path: Path) -> None:
    loud = write(tmp_path / "loud.wav", np.stack([tone(1000, 8, 0.9)] * 2, axis=1))
    for medium in (media["bed"], loud):
        found = {**media, "bed": medium}
        mix = mix_down([line("voice", 3, 2)], [piece("bed", 0, 8, gain_db=-10)], found, 8 * RATE, RATE, tmp_path)
        voice = level_at(mix, 440, 3.1, 4.9)
        assert voice - level_at(mix, 1000, 1, 2) == pytest.approx(10, abs=1.5)  # K-weighting favours the bed


def test_fades_begin_and_end_in_silence(media: dict[str, Path], tmp_path: Path) -> None:
    bed = piece("bed", 0, 8, fade_in_s=Fraction(2), fade_out_s=Fraction(3))
    mix = mix_down([], [bed], media, 8 * RATE, RATE, tmp_path)
    envelope = [np.abs(mix[i : i + 480]).max() for i in range(0, len(mix), 480)]
    assert envelope[0] < 0.01
    assert envelope[-1] < 0.01
    assert all(now <= after + 1e-3 for now, after in pairwise(envelope[:200]))


def test_an_effect_is_heard_at_its_moment(media: dict[str, Path], tmp_path: Path) -> None:
    mix = mix_down([], [piece("hit", 2.5, 0.5, "effects", gain_db=-6)], media, 4 * RATE, RATE, tmp_path)
    heard = np.flatnonzero(np.abs(mix[:, 0]) > 1e-3)
    assert heard[0] / RATE == pytest.approx(2.5, abs=0.003)
    assert heard[-1] / RATE == pytest.approx(3.0, abs=0.006)
    assert level_at(mix, 3000, 2.6, 2.9) == pytest.approx(20 * np.log10(0.2) - 6, abs=0.1)


def test_the_middle_keeps_its_level_in_mono() -> None:
    mix = np.stack([tone(440, 1), tone(440, 1)], axis=1)
    assert np.allclose(fold_down(mix)[:, 0], mix[:, 0], atol=1e-7)


def test_a_sound_that_is_not_there_is_told(media: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="There is no sound"):
        mix_down([], [piece("bed", 0, 2, skip=60)], media, 4 * RATE, RATE, tmp_path)


def _decoded(path: Path) -> Samples:
    """The track as PyAV, another build of another library, reads it."""
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return (
        np.concatenate([part.reshape(-1, 2) for part in frames])
        if frames[0].shape[0] == 1
        else np.concatenate([part.T for part in frames])
    )


@pytest.mark.parametrize("slug", ["web", "ebu-hd", "us-hd"])
def test_a_mix_meets_loudness_and_limits_of_its_outlet(slug: str, media: dict[str, Path], tmp_path: Path) -> None:
    outlet = load_profiles()[slug]
    sounds = [piece("bed", 0, 8, gain_db=-12, duck_db=9, fade_out_s=Fraction(1))]
    track = level_track(
        [line("voice", 1, 2), line("voice", 5, 2)], media, Fraction(8), outlet.audio, outlet.loudness, tmp_path, sounds
    )
    samples = _decoded(track.path)
    assert len(samples) == 8 * RATE
    integrated, peak = measured(samples)
    assert integrated == pytest.approx(outlet.loudness.integrated_lufs, abs=outlet.loudness.tolerance_lu + 0.1)
    assert peak <= outlet.loudness.true_peak_dbtp + 0.1


def measured(samples: Samples) -> tuple[float, float]:
    """Integrated loudness by ITU-R BS.1770-4 and the sample peak, computed here from the standard's own filters."""
    shelf = ([1.53512485958697, -2.69169618940638, 1.19839281085285], [-1.69065929318241, 0.73248077421585])
    high = ([1.0, -2.0, 1.0], [-1.99004745483398, 0.99007225036621])
    # Filtered by their frequency response; a second of silence behind holds what rings on.
    count = len(samples) + RATE
    z = np.exp(-2j * np.pi * np.arange(count // 2 + 1) / count)
    response = np.prod(
        [(f[0] + f[1] * z + f[2] * z**2) / (1 + b[0] * z + b[1] * z**2) for f, b in (shelf, high)], axis=0
    )
    spectrum = np.fft.rfft(samples.astype(np.float64), count, axis=0)
    weighted = np.fft.irfft(spectrum * response[:, None], count, axis=0)[: len(samples)]
    blocks = [(weighted[i : i + 19200] ** 2).mean(axis=0).sum() for i in range(0, len(weighted) - 19199, 4800)]
    power = np.array([block for block in blocks if -0.691 + 10 * np.log10(block + 1e-12) > -70])
    gate = -0.691 + 10 * np.log10(power.mean()) - 10
    kept = power[-0.691 + 10 * np.log10(power) > gate]
    return -0.691 + 10 * np.log10(kept.mean()), float(20 * np.log10(np.abs(samples).max()))


def test_a_lonely_loud_word_is_evened_out_for_the_limits(tmp_path: Path) -> None:
    quiet = np.concatenate([tone(440, 9, 0.03), tone(440, 1.5, 0.6), tone(440, 4.5, 0.03)])
    media = {"voice": write(tmp_path / "voice.wav", quiet)}
    limits = Loudness(
        integrated_lufs=-23, tolerance_lu=0.5, true_peak_dbtp=-1, short_term_max_lufs=-18, momentary_max_lufs=-15,
        both_limits=True,
    )  # fmt: skip
    track = level_track([line("voice", 0, 15)], media, Fraction(15), STEREO, limits, tmp_path)
    assert track.gain_db is not None


def test_limits_are_either_or_both() -> None:
    one = Loudness(
        integrated_lufs=-23, tolerance_lu=1, true_peak_dbtp=-1, short_term_max_lufs=-18, momentary_max_lufs=-15
    )
    both = one.model_copy(update={"both_limits": True})
    heard = Levels(-23, -3, -14.0, -18.5)
    assert within_limits(heard, one)
    assert not within_limits(heard, both)
    assert within_limits(Levels(-23, -3, None, None), both)


def test_the_neutral_bed_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    one, other, third = (tmp_path / f"{i}.wav" for i in range(3))
    facts = NeutralBed().make(BedParameters(duration_s=Fraction(6), seed=7), {}, one)
    NeutralBed().make(BedParameters(duration_s=Fraction(6), seed=7), {}, other)
    NeutralBed().make(BedParameters(duration_s=Fraction(6), seed=8), {}, third)
    assert facts == {"sample_rate": RATE, "samples": 6 * RATE}
    assert one.read_bytes() == other.read_bytes() != third.read_bytes()
    samples = _decoded(one)
    assert 0.3 < np.abs(samples).max() / 32767 <= 0.5
    # In stereo, and nothing lost in mono.
    mono = samples.astype(np.float64).mean(axis=1)
    assert 10 * np.log10((mono**2).mean() / (samples.astype(np.float64) ** 2).mean()) > -3
