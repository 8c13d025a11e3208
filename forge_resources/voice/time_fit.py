"""Making a spoken line fit its time without changing its pitch, and tidying its ends.

What belongs here: what every voice engine may do with samples it has. What does not: speaking (see the engines).
"""

from __future__ import annotations

import tempfile
import wave
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from forge_resources.editing import ffmpeg
from forge_resources.errors import Blocked

Samples = npt.NDArray[np.float32]

_SILENCE = 0.003
_LEAD_S, _TAIL_S, _FADE_S = 0.010, 0.040, 0.004


def trimmed(samples: Samples, rate: int) -> Samples:
    """Without silence at both ends, which are faded so that a cut makes no click; empty for silence."""
    loud = np.flatnonzero(np.abs(samples) > _SILENCE)
    if not len(loud):
        return samples[:0]
    start = max(0, int(loud[0]) - round(_LEAD_S * rate))
    end = min(len(samples), int(loud[-1]) + 1 + round(_TAIL_S * rate))
    kept = samples[start:end].copy()
    slope = np.linspace(0, 1, min(round(_FADE_S * rate), len(kept) // 2), endpoint=False, dtype=np.float32)
    kept[: len(slope)] *= slope
    kept[len(kept) - len(slope) :] *= slope[::-1]
    return kept


def stretched(samples: Samples, rate: int, tempo: float) -> Samples:
    """The same `tempo` times as fast, at the same pitch (Rubber Band through ffmpeg)."""
    with tempfile.TemporaryDirectory(prefix="forge-voice-") as folder:
        raw = Path(folder) / "line.f32"
        raw.write_bytes(samples.astype("<f4").tobytes())
        source = ["-f", "f32le", "-ar", str(rate), "-ac", "1", "-i", ffmpeg.address(raw)]
        chain = f"rubberband=tempo={tempo:.6f}:pitch=1:transients=smooth:formant=preserved"
        done = ffmpeg.run([*source, "-af", chain, "-f", "f32le", "pipe:1"])
    fitted: Samples = np.frombuffer(done.output, "<f4").astype(np.float32)
    return fitted


def fit(samples: Samples, rate: int, longest_s: Fraction, limit: float) -> tuple[Samples, float]:
    """The line within `longest_s`, at most `limit` times as fast, and how much faster it is. Raises Blocked."""
    tempo = float(Fraction(len(samples), rate) / longest_s)
    if tempo <= 1:
        return samples, 1.0
    # The stretch is good to a few milliseconds.
    for more in (1.0, 1.01, 1.02):
        if tempo * more > limit:
            break
        fitted = trimmed(stretched(samples, rate, tempo * more), rate)
        if Fraction(len(fitted), rate) <= longest_s:
            return fitted, round(tempo * more, 3)
    raise Blocked(f"It takes {len(samples) / rate:.2f} s, and there are {float(longest_s):.2f} s for it.")


def too_long(text: str, seconds: float, longest_s: Fraction) -> Blocked:
    """Says by how many characters a line is too long for its time."""
    spare = max(1, ceil(len(text) * (1 - float(longest_s) / seconds)))
    counted = "1 character" if spare == 1 else f"{spare} characters"
    return Blocked(
        f"“{text}” takes {seconds:.2f} s even when spoken as fast as it may be; the shot has {float(longest_s):.2f} s "
        "for it.",
        remedy=f"Shorten the line by about {counted}, or give the shot more time.",
    )


def write_wave(samples: Any, rate: int, target: Path) -> None:
    """Mono WAV of 16 bits."""
    with wave.open(str(target), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.rint(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
