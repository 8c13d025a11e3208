"""How like two files are that should be the same: pictures by SSIM, sound by the ratio of signal to difference.

What belongs here: the figures and when they count as equal to the eye and ear. What does not: making (see `replay`).
"""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

EQUAL_SSIM = 0.98
"""Above it, two pictures side by side are not told apart (Wang et al. 2004: 1 is equal)."""
EQUAL_SNR_DB = 40.0
"""Below the difference of two good copies of one sound."""

_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


@dataclass(frozen=True)
class Likeness:
    """`figure` is SSIM (-1 to 1) or a ratio in dB, as `measure` says; None where there is none."""

    measure: str
    figure: float | None
    equal: bool


def likeness_of(one: Path, other: Path, media_type: str) -> Likeness:
    """How like two files of one media type are. Other kinds than pictures and sound are equal in bytes or not."""
    if media_type.startswith("image/"):
        figure = ssim(one, other)
        return Likeness("SSIM", figure, figure is not None and figure >= EQUAL_SSIM)
    if media_type == "audio/wav":
        figure = signal_to_difference(one, other)
        return Likeness("signal to difference, dB", figure, figure is not None and figure >= EQUAL_SNR_DB)
    return Likeness("bytes", None, one.read_bytes() == other.read_bytes())


def ssim(one: Path, other: Path) -> float | None:
    """The mean structural similarity of luma, in windows of 11 pixels; None for pictures of unlike sizes."""
    import cv2

    try:
        with Image.open(one) as first, Image.open(other) as second:
            if first.size != second.size:
                return None
            x, y = (np.asarray(picture.convert("L"), dtype=np.float64) for picture in (first, second))
    except (UnidentifiedImageError, OSError):
        return None

    def blurred(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        smooth: npt.NDArray[np.float64] = cv2.GaussianBlur(values, (11, 11), 1.5)
        return smooth

    mean_x, mean_y = blurred(x), blurred(y)
    var_x, var_y = blurred(x * x) - mean_x**2, blurred(y * y) - mean_y**2
    covariance = blurred(x * y) - mean_x * mean_y
    upper = (2 * mean_x * mean_y + _C1) * (2 * covariance + _C2)
    lower = (mean_x**2 + mean_y**2 + _C1) * (var_x + var_y + _C2)
    return round(float((upper / lower).mean()), 6)


def signal_to_difference(one: Path, other: Path) -> float | None:
    """Energy of a sound over that of the difference, in dB; None for sounds of unlike lengths or forms."""
    try:
        with wave.open(str(one)) as first, wave.open(str(other)) as second:
            if first.getparams() != second.getparams() or first.getsampwidth() != 2:
                return None
            x, y = (np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2") for sound in (first, second))
    except (wave.Error, EOFError):
        return None
    signal, difference = (float((values.astype(np.float64) ** 2).sum()) for values in (x, x.astype(np.int32) - y))
    if difference == 0:
        return 120.0
    return round(10 * float(np.log10(max(signal, 1e-9) / difference)), 2)
