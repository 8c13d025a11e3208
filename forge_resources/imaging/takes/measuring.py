"""What can be measured of a picture: focus, tones, text, colours, likeness to a reference, agreement with a prompt.

What belongs here: figures. What does not: weights and choices (see `choosing`), or limits (see the gates).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from forge_resources.imaging.takes.text_finding import TextLine, find_text
from forge_resources.schemas.brand import Palette

Pixels = npt.NDArray[np.float32]

_SIDE = 640
_BINS = 8
_WINDOWS = (0.25, 0.4, 0.65, 1.0)
"""Parts of the picture's width that a product may fill."""


@dataclass(frozen=True)
class Measured:
    """Figures of one picture: variance of the Laplacian, contrast 0-255, entropy in bits, lines of text."""

    sharpness: float
    contrast: float
    entropy: float
    text: tuple[TextLine, ...]


@lru_cache(maxsize=256)
def measure(path: Path, changed_ns: int) -> Measured:
    """The figures of a picture. Kept for as long as the file does not change."""
    import cv2

    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    small = _small(picture)
    grey = np.asarray(small.convert("L"))
    shares = np.bincount(grey.reshape(-1), minlength=256) / grey.size
    shares = shares[shares > 0]
    return Measured(
        sharpness=float(cv2.Laplacian(grey, cv2.CV_64F).var()),
        contrast=float(grey.std()),
        entropy=float(-(shares * np.log2(shares)).sum()),
        text=tuple(find_text(picture)),
    )


def palette_distance(path: Path, palette: Palette) -> float:
    """How far the brand's colours are from the picture's, in CIE76 units (0 alike, 100 black to white): the mean of
    the distances of primary and accent to the nearest tenth of the picture.
    """
    with Image.open(path) as opened:
        colours = _lab(_small(opened.convert("RGB"))).reshape(-1, 3)
    distances = []
    for named in (palette.primary, palette.accent):
        wanted = _lab(Image.new("RGB", (1, 1), named)).reshape(3)
        distances.append(float(np.quantile(np.linalg.norm(colours - wanted, axis=1), 0.1)))
    return sum(distances) / 2


def likeness(path: Path, references: Sequence[Path]) -> float:
    """How much of a reference picture's colours is found together in the picture: 0 nothing, 1 all of them.

    The best window of four sizes is taken, and the best of the references. What surrounds the product in a reference,
    its border's colour or what is transparent, does not count.
    """
    with Image.open(path) as opened:
        lab = _lab(_small(opened.convert("RGB")))
    return max(_best_window(lab, _product_histogram(reference)) for reference in references)


def _best_window(lab: Pixels, wanted: Pixels) -> float:
    """The largest intersection of the wanted histogram with that of a window, both normed by the window's share."""
    import cv2

    rows, columns = lab.shape[:2]
    bins = _bins(lab)
    used = np.flatnonzero(wanted)
    best = 0.0
    for part in _WINDOWS:
        side = max(8, min(int(columns * part), rows))
        counted = np.zeros((rows - side + 1, columns - side + 1), dtype=np.float32)
        for number in used:
            # Sums of a window at every place, from one box filter a colour.
            there = cv2.boxFilter((bins == number).astype(np.float32), -1, (side, side), normalize=True)
            top, left = side // 2, side // 2
            window = there[top : top + counted.shape[0], left : left + counted.shape[1]]
            # A product fills part of its window: half of it is enough for a colour to count in full.
            counted += np.minimum(window * 2.0, wanted[number])
        best = max(best, float(counted.max()))
    return min(best, 1.0)


def _product_histogram(path: Path) -> Pixels:
    """Shares of the colours of a reference picture, without its ground. Shape (bins,), sums to 1."""
    with Image.open(path) as opened:
        picture = opened.convert("RGBA")
    picture.thumbnail((256, 256), Image.Resampling.LANCZOS)
    alpha = np.asarray(picture.getchannel("A")) > 128
    lab = _lab(picture.convert("RGB"))
    if alpha.all():
        border = np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]])
        ground = np.median(border, axis=0)
        alpha = np.linalg.norm(lab - ground, axis=2) > 12
        if alpha.mean() < 0.02:
            alpha[:] = True
    counts = np.bincount(_bins(lab)[alpha], minlength=_BINS**3).astype(np.float32)
    shares: Pixels = counts / max(1.0, float(counts.sum()))
    return shares


def _bins(lab: Pixels) -> npt.NDArray[np.int64]:
    """The colour cell of every pixel: eight steps of lightness and of either colour axis, narrow near grey."""
    lightness = np.clip(lab[..., 0] / 100 * _BINS, 0, _BINS - 1)
    axes = [np.clip((np.tanh(lab[..., axis] / 60) + 1) / 2 * _BINS, 0, _BINS - 1) for axis in (1, 2)]
    return (lightness.astype(np.int64) * _BINS + axes[0].astype(np.int64)) * _BINS + axes[1].astype(np.int64)


def _small(picture: Image.Image) -> Image.Image:
    scale = _SIDE / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.BOX) if scale < 1 else picture


def _lab(picture: Image.Image) -> Pixels:
    """CIE L*a*b* of shape (rows, columns, 3): lightness 0-100, axes about ±100."""
    import cv2

    lab: Pixels = cv2.cvtColor(np.asarray(picture, dtype=np.float32) / 255, cv2.COLOR_RGB2LAB)
    return lab
