"""The sound of a spot: voice placed to the sample, brought to the profile's loudness, exactly as long as the picture.

What belongs here: mixing and levelling. What does not: where a line lies (see `cut`), or how loudness is read (see
`loudness`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from forge_resources.editing import ffmpeg
from forge_resources.editing.cut import Spoken
from forge_resources.editing.encoding import sound_options
from forge_resources.editing.loudness import MEASURE, Levels, levels
from forge_resources.errors import EngineFailed
from forge_resources.schemas.delivery import AudioFormat, Loudness

_EDGE_S = Fraction(5, 1000)
_OVERSAMPLING = 4  # BS.1770-5, annex 2: the least for a true peak
_ROUNDS = 5
_AIM_LU = 0.3
_HEADROOM_DB = 0.2
_STEREO = "pan=stereo|c0=c0|c1=c0"


@dataclass(frozen=True)
class Track:
    """A finished mix as WAV, and what was done to it; no gain for a spot without voice."""

    path: Path
    gain_db: float | None
    limited: bool


def samples_of(duration_s: Fraction, sample_rate: int) -> int:
    """Samples in `duration_s`, rounded half up."""
    return int(duration_s * sample_rate + Fraction(1, 2))


def level_track(
    voice: Sequence[Spoken],
    media: Mapping[str, Path],
    duration_s: Fraction,
    audio: AudioFormat,
    wanted: Loudness,
    folder: Path,
) -> Track:
    """Mixes and levels the voice into a WAV in `folder`, measuring what comes out of the delivery codec.

    Raises EngineFailed where loudness and true peak cannot both be met.
    """
    length = samples_of(duration_s, audio.sample_rate)
    if not voice:
        silence = folder / "silence.wav"
        layout = "stereo" if audio.channels == 2 else "mono"
        source = f"anullsrc=r={audio.sample_rate}:cl={layout},atrim=end_sample={length}"
        ffmpeg.run(["-f", "lavfi", "-i", source, "-c:a", "pcm_f32le", *_wave(silence)])
        return Track(silence, None, False)
    mix = folder / "mix.wav"
    mixed = _mix(voice, media, length, audio, mix)
    if mixed.integrated_lufs is None or mixed.true_peak_dbtp is None:
        raise EngineFailed("The voice-over is too short or too quiet for its loudness to be measured.")
    return _level(mix, mixed, length, audio, wanted, folder)


def _mix(voice: Sequence[Spoken], media: Mapping[str, Path], length: int, audio: AudioFormat, target: Path) -> Levels:
    inputs: list[str] = []
    chains: list[str] = []
    for index, line in enumerate(voice):
        inputs += ["-i", ffmpeg.address(media[line.medium.sha256])]
        chains.append(f"[{index}:a]{_placed(line, audio.sample_rate)}[v{index}]")
    joined = "".join(f"[v{index}]" for index in range(len(voice)))
    spread = _STEREO if audio.channels == 2 else "pan=mono|c0=c0"
    chains.append(
        f"{joined}amix=inputs={len(voice)}:normalize=0:duration=longest,"
        f"apad=whole_len={length},atrim=end_sample={length},{spread},{MEASURE}[mix]"
    )
    graph = ["-filter_complex_threads", "1", "-filter_complex", ";".join(chains), "-map", "[mix]"]
    done = ffmpeg.run([*inputs, *graph, "-c:a", "pcm_f32le", "-ar", str(audio.sample_rate), *_wave(target)])
    return levels(done.messages)


def _placed(line: Spoken, sample_rate: int) -> str:
    """One line: cut out, its edges softened, at the rate of the track, moved to its sample."""
    edge = min(int(_EDGE_S * line.sample_rate), line.samples // 2)
    at = samples_of(line.at, sample_rate)
    return (
        f"aformat=sample_fmts=fltp:channel_layouts=mono,"
        f"atrim=start_sample={line.skip}:end_sample={line.skip + line.samples},asetpts=PTS-STARTPTS,"
        f"afade=t=in:ss=0:ns={edge},afade=t=out:ss={line.samples - edge}:ns={edge},"
        f"aresample={sample_rate},adelay={at}S:all=1"
    )


def _level(mix: Path, mixed: Levels, length: int, audio: AudioFormat, wanted: Loudness, folder: Path) -> Track:
    assert mixed.integrated_lufs is not None
    assert mixed.true_peak_dbtp is not None
    track = folder / "track.wav"
    gain = wanted.integrated_lufs - mixed.integrated_lufs
    ceiling = wanted.true_peak_dbtp - _HEADROOM_DB
    limited = mixed.true_peak_dbtp + gain > ceiling
    heard = mixed
    for _ in range(_ROUNDS):
        chain = [f"volume={gain:.4f}dB:precision=double"]
        if limited:
            chain += _limiter(ceiling, audio.sample_rate)
        chain += [f"atrim=end_sample={length}"]
        ffmpeg.run(["-i", ffmpeg.address(mix), "-af", ",".join(chain), "-c:a", "pcm_f32le", *_wave(track)])
        heard = _through_codec(track, audio, folder)
        assert heard.integrated_lufs is not None
        assert heard.true_peak_dbtp is not None
        off = wanted.integrated_lufs - heard.integrated_lufs
        over = heard.true_peak_dbtp - wanted.true_peak_dbtp
        if abs(off) <= min(_AIM_LU, wanted.tolerance_lu) and over <= 0:
            return Track(track, gain, limited)
        gain += off
        if over > 0:
            limited, ceiling = True, ceiling - over - 0.1
    raise EngineFailed(
        f"The voice-over cannot be brought to {wanted.integrated_lufs:g} LUFS (within {wanted.tolerance_lu:g} LU) "
        f"below {wanted.true_peak_dbtp:g} dBTP; it came to {heard.integrated_lufs} LUFS, {heard.true_peak_dbtp} dBTP."
    )


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
