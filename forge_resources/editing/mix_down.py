"""Voice, music and effects as one piece of sound: placed to the sample, faded, the others ducked under the voice.

What belongs here: arithmetic on samples. What does not: bringing the mix to an outlet's loudness (see `sound`).

Music is brought to the loudness of the voice first; its `gain_db` says how much above or below that it stays. The duck
is known from where the lines lie, so it is there before a line begins and needs no detector.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from forge_resources.editing import ffmpeg
from forge_resources.editing.cut import Sounding, Spoken
from forge_resources.editing.loudness import MEASURE, levels
from forge_resources.errors import InvalidInput

Samples = npt.NDArray[np.float32]

_EDGE_S = Fraction(5, 1000)
_DUCK_AHEAD_S, _DUCK_DOWN_S, _DUCK_UP_S = 0.06, 0.18, 0.5
_DUCK_HOLD_S = 0.7
"""Pauses of the voice that are shorter than this are not filled by the music coming up."""
_MUSIC_ALONE_LUFS = -20.0


def samples_of(duration_s: Fraction, sample_rate: int) -> int:
    """Samples in `duration_s`, rounded half up."""
    return int(duration_s * sample_rate + Fraction(1, 2))


def mix_down(
    voice: Sequence[Spoken], sounds: Sequence[Sounding], media: Mapping[str, Path], length: int, rate: int, folder: Path
) -> Samples:
    """The mix as `length` stereo frames at `rate`. Raises InvalidInput for a sound that cannot be read."""
    spoken = np.zeros(length, np.float32)
    for line in voice:
        _add(spoken, _line(line, media[line.medium.sha256], rate), samples_of(line.at, rate))
    mix = np.stack([spoken, spoken], axis=1)
    loudness = _loudness(mix, rate, folder)
    for sound in sounds:
        heard = _piece(sound, media[sound.medium.sha256], rate)
        if sound.track == "music":
            own = _loudness(heard, rate, folder)
            target = _MUSIC_ALONE_LUFS if loudness is None else loudness
            heard = heard * _gain(target - own if own is not None else 0.0)
        start = samples_of(sound.at, rate)
        heard = heard * _gain(sound.note.gain_db) * _fades(sound, len(heard), rate)[:, None]
        if sound.note.duck_db:
            duck = duck_envelope(voice, length, rate, sound.note.duck_db)
            heard = heard[: max(0, length - start)]
            heard = heard * duck[start : start + len(heard), None]
        _add(mix, heard.astype(np.float32), start)
    return mix


def fold_down(mix: Samples) -> Samples:
    """A stereo mix as mono: the mean of both channels, so that what is in the middle keeps its level."""
    folded: Samples = mix.mean(axis=1, dtype=np.float32)[:, None]
    return folded


def duck_envelope(voice: Sequence[Spoken], length: int, rate: int, duck_db: float) -> Samples:
    """The factor of every sample: 1 without voice, `duck_db` lower under it, with soft ramps."""
    depth = np.zeros(length)
    for first, last in _spans(voice, rate):
        down = round(_DUCK_DOWN_S * rate)
        up = round(_DUCK_UP_S * rate)
        begin = first - round(_DUCK_AHEAD_S * rate) - down
        ramp = np.concatenate([_ramp(down), np.ones(max(0, last - begin - down)), _ramp(up)[::-1]])
        skip, at = max(0, -begin), max(0, begin)
        part = ramp[skip : skip + max(0, length - at)]
        depth[at : at + len(part)] = np.maximum(depth[at : at + len(part)], part)
    factors: Samples = np.power(10.0, -duck_db * depth / 20).astype(np.float32)
    return factors


def _spans(voice: Sequence[Spoken], rate: int) -> list[tuple[int, int]]:
    """When somebody speaks, in samples; short pauses are part of it."""
    found: list[tuple[int, int]] = []
    for line in sorted(voice, key=lambda line: line.at):
        first = samples_of(line.at, rate)
        last = first + samples_of(Fraction(line.samples, line.sample_rate), rate)
        if found and first - found[-1][1] < _DUCK_HOLD_S * rate:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    return found


def _ramp(count: int) -> npt.NDArray[np.float64]:
    """0 to 1 without a corner at either end."""
    ramp: npt.NDArray[np.float64] = 0.5 - 0.5 * np.cos(np.pi * np.arange(count) / max(1, count))
    return ramp


def _fades(sound: Sounding, count: int, rate: int) -> Samples:
    note = sound.note
    factors = np.ones(count)
    for length_s, at_head in ((note.fade_in_s, True), (note.fade_out_s, False)):
        # A few milliseconds even where no fade is asked for: a cut inside a wave clicks.
        ramp = _ramp(min(count, samples_of(max(length_s, _EDGE_S), rate)))
        if at_head:
            factors[: len(ramp)] *= ramp
        else:
            factors[count - len(ramp) :] *= ramp[::-1]
    return factors.astype(np.float32)


def _line(line: Spoken, path: Path, rate: int) -> Samples:
    """A line of voice: cut out, its edges softened, at the rate of the mix; mono."""
    edge = min(int(_EDGE_S * line.sample_rate), line.samples // 2)
    chain = (
        "aformat=sample_fmts=fltp:channel_layouts=mono,"
        f"atrim=start_sample={line.skip}:end_sample={line.skip + line.samples},asetpts=PTS-STARTPTS,"
        f"afade=t=in:ss=0:ns={edge},afade=t=out:ss={line.samples - edge}:ns={edge},aresample={rate}"
    )
    return _decoded(["-i", ffmpeg.address(path)], chain, 1, rate, path)[:, 0]


def _piece(sound: Sounding, path: Path, rate: int) -> Samples:
    """Music or an effect, stereo, at the rate of the mix. Only what is heard is decoded."""
    skip, length = Fraction(sound.skip, sound.sample_rate), Fraction(sound.samples, sound.sample_rate)
    source = ["-ss", f"{float(skip):.6f}", "-t", f"{float(length):.6f}", "-i", ffmpeg.address(path)]
    heard = _decoded(source, f"aresample={rate}", None, rate, path)
    if heard.shape[1] > 2:
        heard = _decoded(source, f"aresample={rate}", 2, rate, path)
    # Mono as loud on either side as it is: ffmpeg would take 3 dB away.
    return np.repeat(heard, 2, axis=1) if heard.shape[1] == 1 else heard


def _decoded(source: list[str], chain: str, channels: int | None, rate: int, path: Path) -> Samples:
    """The sound as 32-bit floats, one column a channel; with as many `channels` as it has where that is None."""
    wanted = [] if channels is None else ["-ac", str(channels)]
    form = [*wanted, "-ar", str(rate), "-c:a", "pcm_f32be", "-f", "au"]
    done = ffmpeg.run(["-xerror", *source, "-map", "0:a:0", "-af", chain, *form, "-"])
    # The header of an AU file: magic, offset of the samples, their length, encoding, rate, channels; big-endian.
    offset, columns = (int.from_bytes(done.output[at : at + 4], "big") for at in (4, 20))
    heard = np.frombuffer(done.output[offset:], ">f4").astype(np.float32)
    if not len(heard):
        raise InvalidInput(f"There is no sound in {path.name} where the timeline looks for it.")
    return heard.reshape(-1, columns)


def _add(mix: Samples, heard: Samples, start: int) -> None:
    part = heard[: max(0, len(mix) - start)]
    mix[start : start + len(part)] += part


def _gain(decibels: float) -> np.float32:
    return np.float32(10 ** (decibels / 20))


def _loudness(heard: npt.NDArray[Any], rate: int, folder: Path) -> float | None:
    """Integrated loudness in LUFS; None for silence and for less than one window."""
    raw = folder / "measured.f32"
    raw.write_bytes(np.ascontiguousarray(heard, np.float32).tobytes())
    source = ["-f", "f32le", "-ar", str(rate), "-ac", str(heard.shape[1]), "-i", ffmpeg.address(raw)]
    return levels(ffmpeg.run([*source, "-af", MEASURE, "-f", "null", "-"]).messages).integrated_lufs
