"""The sound of a spot: brought to the profile's loudness and its limits, exactly as long as the picture.

What belongs here: levelling. What does not: mixing (see `mix_down`), where a sound lies (see `cut`), or how loudness is
read (see `loudness`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from forge_resources.editing import ffmpeg
from forge_resources.editing.cut import Sounding, Spoken
from forge_resources.editing.encoding import sound_options
from forge_resources.editing.loudness import MEASURE, Levels, levels
from forge_resources.editing.mix_down import Samples, fold_down, mix_down, samples_of
from forge_resources.errors import EngineFailed
from forge_resources.schemas.delivery import AudioFormat, Loudness

_OVERSAMPLING = 4  # BS.1770-5, annex 2: the least for a true peak
_ROUNDS = 16
_AIM_LU = 0.3
_HEADROOM_DB = 0.2
_RATIOS = (2, 3, 5, 9)


@dataclass(frozen=True)
class Track:
    """A finished mix as WAV, and what was done to it; no gain for a spot without sound."""

    path: Path
    gain_db: float | None
    limited: bool


def level_track(
    voice: Sequence[Spoken],
    media: Mapping[str, Path],
    duration_s: Fraction,
    audio: AudioFormat,
    wanted: Loudness,
    folder: Path,
    sounds: Sequence[Sounding] = (),
) -> Track:
    """Mixes and levels voice, music and effects into a WAV in `folder`, measuring what comes out of the codec.

    Raises EngineFailed where loudness, its limits and the true peak cannot all be met.
    """
    length = samples_of(duration_s, audio.sample_rate)
    if not voice and not sounds:
        silence = folder / "silence.wav"
        layout = "stereo" if audio.channels == 2 else "mono"
        source = f"anullsrc=r={audio.sample_rate}:cl={layout},atrim=end_sample={length}"
        ffmpeg.run(["-f", "lavfi", "-i", source, "-c:a", "pcm_f32le", *_wave(silence)])
        return Track(silence, None, False)
    mix = folder / "mix.wav"
    mixed = _mix(mix_down(voice, sounds, media, length, audio.sample_rate, folder), audio, mix)
    if mixed.integrated_lufs is None or mixed.true_peak_dbtp is None:
        raise EngineFailed("The sound is too short or too quiet for its loudness to be measured.")
    return _level(mix, mixed, length, audio, wanted, folder)


def _mix(heard: Samples, audio: AudioFormat, target: Path) -> Levels:
    """Writes the mix as WAV, and measures it."""
    folded = heard if audio.channels == 2 else fold_down(heard)
    raw = target.with_suffix(".f32")
    raw.write_bytes(folded.tobytes())
    form = ["-f", "f32le", "-ar", str(audio.sample_rate), "-ac", str(audio.channels)]
    done = ffmpeg.run([*form, "-i", ffmpeg.address(raw), "-af", MEASURE, "-c:a", "pcm_f32le", *_wave(target)])
    raw.unlink()
    return levels(done.messages)


def _level(mix: Path, mixed: Levels, length: int, audio: AudioFormat, wanted: Loudness, folder: Path) -> Track:
    assert mixed.integrated_lufs is not None
    assert mixed.true_peak_dbtp is not None
    track = folder / "track.wav"
    gain = wanted.integrated_lufs - mixed.integrated_lufs
    ceiling = wanted.true_peak_dbtp - _HEADROOM_DB
    limited = mixed.true_peak_dbtp + gain > ceiling
    squeeze = 0
    heard = mixed
    codec = _Shift()
    for _ in range(_ROUNDS):
        chain = _compressor(mixed.integrated_lufs, squeeze)
        chain += [f"volume={gain:.4f}dB:precision=double"]
        if limited:
            chain += _limiter(ceiling, audio.sample_rate)
        chain = [*chain, f"atrim=end_sample={length}", MEASURE]
        done = ffmpeg.run(["-i", ffmpeg.address(mix), "-af", ",".join(chain), "-c:a", "pcm_f32le", *_wave(track)])
        levelled = levels(done.messages)
        heard = codec.applied_to(levelled)
        # The codec takes longer than all else here: what it is given is right by its last result first.
        if not any(_errors(heard, wanted)):
            heard = _through_codec(track, audio, folder)
            codec = _Shift.between(levelled, heard)
        off, over = _errors(heard, wanted)
        if not off and not over:
            if within_limits(heard, wanted):
                return Track(track, gain, limited)
            if squeeze == len(_RATIOS):
                break
            squeeze += 1
        gain += _distance(heard, wanted)
        if over:
            limited, ceiling = True, ceiling - over - 0.1
    raise EngineFailed(
        f"The sound cannot be brought to {wanted.integrated_lufs:g} LUFS (within {wanted.tolerance_lu:g} LU) below "
        f"{wanted.true_peak_dbtp:g} dBTP and within the limits of the outlet; it came to {heard.integrated_lufs} LUFS, "
        f"{heard.true_peak_dbtp} dBTP, at most {heard.short_term_max_lufs} LUFS over 3 s, "
        f"{heard.momentary_max_lufs} LUFS over 0.4 s.",
        remedy="Even out the voice-over: a single loud line between long pauses is what such limits are about.",
    )


@dataclass(frozen=True)
class _Shift:
    """How much a codec moves loudness and true peak, in LU and dB."""

    loudness: float = 0.0
    peak: float = 0.0

    @classmethod
    def between(cls, given: Levels, heard: Levels) -> _Shift:
        return cls(_told(heard.integrated_lufs) - _told(given.integrated_lufs),
                   _told(heard.true_peak_dbtp) - _told(given.true_peak_dbtp))  # fmt: skip

    def applied_to(self, given: Levels) -> Levels:
        return replace(
            given,
            integrated_lufs=_told(given.integrated_lufs) + self.loudness,
            true_peak_dbtp=_told(given.true_peak_dbtp) + self.peak,
        )


def _distance(heard: Levels, wanted: Loudness) -> float:
    """The decibels that are missing, or too many. Measured in tenths: 0.3 is no more than that by a rounding error."""
    return round(wanted.integrated_lufs - _told(heard.integrated_lufs), 4)


def _errors(heard: Levels, wanted: Loudness) -> tuple[float, float]:
    """How far loudness is off, and true peak over, what is good enough; 0 where it is."""
    off = _distance(heard, wanted)
    over = round(_told(heard.true_peak_dbtp) - wanted.true_peak_dbtp, 4)
    return off if abs(off) > min(_AIM_LU, wanted.tolerance_lu) else 0.0, max(0.0, over)


def _told(level: float | None) -> float:
    """A level that is there: a mix that is measured at all keeps being so."""
    assert level is not None
    return level


def within_limits(heard: Levels, wanted: Loudness) -> bool:
    """Whether short-term and momentary loudness keep to the outlet's limits: to one of them, or to both."""
    limits = [
        (heard.short_term_max_lufs, wanted.short_term_max_lufs),
        (heard.momentary_max_lufs, wanted.momentary_max_lufs),
    ]
    kept = [level is None or level <= limit for level, limit in limits if limit is not None]
    return (all(kept) if wanted.both_limits else any(kept)) if kept else True


def _compressor(integrated_lufs: float, squeeze: int) -> list[str]:
    """Evens out what is louder than the whole, more with every step of `squeeze`; 0 leaves the mix alone."""
    if not squeeze:
        return []
    threshold = 10 ** ((integrated_lufs + 2) / 20)
    return [f"acompressor=threshold={threshold:.6f}:ratio={_RATIOS[squeeze - 1]}:attack=15:release=250:knee=4:makeup=1"]


def _limiter(ceiling_dbtp: float, sample_rate: int) -> list[str]:
    """Limits peaks between samples too, by working on an oversampled signal; keeps the timing."""
    return [
        f"aresample={sample_rate * _OVERSAMPLING}",
        f"alimiter=limit={10 ** (ceiling_dbtp / 20):.6f}:attack=3:release=60:level=0:latency=1",
        f"aresample={sample_rate}",
    ]


def _through_codec(track: Path, audio: AudioFormat, folder: Path) -> Levels:
    """What the track measures once it has been through the delivery codec."""
    coded = folder / "coded.mka"
    ffmpeg.run(["-i", ffmpeg.address(track), *sound_options(audio), "-f", "matroska", ffmpeg.address(coded)])
    done = ffmpeg.run(["-i", ffmpeg.address(coded), "-af", MEASURE, "-f", "null", "-"])
    return levels(done.messages)


def _wave(target: Path) -> list[str]:
    return ["-fflags", "+bitexact", "-map_metadata", "-1", "-f", "wav", ffmpeg.address(target)]
