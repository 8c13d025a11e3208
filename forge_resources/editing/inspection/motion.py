"""What moves and what does not: cuts, black, frozen pictures, flashes, in frames reduced to a thumbnail.

What belongs here: measuring. What does not: what of it was meant (see `picture_findings`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from forge_resources.editing.inspection.limits import QualityLimits

Array = npt.NDArray[np.floating[Any]]
Run = tuple[int, int]
"""First frame, and the one after the last."""


@dataclass(frozen=True)
class Flashing:
    """The most flashes within any second, general and saturated red, and the frame where that second begins."""

    most: float
    at: int
    most_red: float
    red_at: int


def differences(luma: Array) -> Array:
    """Mean absolute difference of each frame's luma to the frame before; 0 for the first."""
    changes = np.abs(np.diff(luma.astype(np.float32), axis=0)).mean(axis=(1, 2))
    found: Array = np.concatenate([[0.0], changes]) if len(luma) else np.zeros(0)
    return found


def cuts(luma: Array, limits: QualityLimits) -> list[int]:
    """The first frames of what hard cuts lead to."""
    change = differences(luma)
    found = []
    for frame in range(1, len(change)):
        around = [change[i] for i in (frame - 2, frame - 1, frame + 1, frame + 2) if 0 < i < len(change)]
        usual = float(np.median(around)) if around else 0.0
        if change[frame] >= limits.cut.difference and change[frame] >= limits.cut.over_neighbours * max(usual, 0.5):
            found.append(frame)
    return found


def black_runs(luma: Array, limits: QualityLimits) -> list[Run]:
    """Stretches of black frames."""
    dark = (luma <= limits.black.luma).mean(axis=(1, 2)) >= limits.black.share
    return list(_runs(dark))


def frozen_runs(luma: Array, fps: Fraction, limits: QualityLimits) -> list[Run]:
    """Stretches in which the picture is what it was half a second before."""
    step = max(1, round(limits.freeze.compare_s * fps))
    still = np.zeros(len(luma), bool)
    for frame in range(step, len(luma)):
        if np.abs(luma[frame] - luma[frame - step]).mean() < limits.freeze.difference:
            still[frame - step : frame + 1] = True
    return list(_runs(still))


def flashing(small: npt.NDArray[np.uint8], fps: Fraction, limits: QualityLimits) -> Flashing:
    """Flashes by ITU-R BT.1702: pairs of opposing changes of luminance, or of saturated red, over enough screen."""
    light: Array = _linear(small)
    flash = limits.flash
    luminance: Array = flash.screen * (light @ np.array([0.2126, 0.7152, 0.0722], np.float32))
    general = _transitions(luminance, flash.change, flash.darker_below, flash.area, fps)
    total = small.astype(np.float32).sum(axis=3)
    share = np.divide(small[..., 0], total, out=np.zeros_like(total), where=total > 0)
    saturated = share >= limits.red_flash.share
    red: Array = np.clip(light[..., 0] - light[..., 1] - light[..., 2], 0, None) * 320 * saturated
    reds = _transitions(red, limits.red_flash.change, np.inf, flash.area, fps)
    most, at = _most_in_a_second(general, fps)
    most_red, red_at = _most_in_a_second(reds, fps)
    return Flashing(most, at, most_red, red_at)


def _linear(small: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Light of a BT.1886 screen, 0 to 1, of R'G'B'."""
    table = np.power(np.arange(256) / 255, 2.4).astype(np.float32)
    light: npt.NDArray[np.float32] = table[small]
    return light


def _transitions(level: Array, change: float, darker_below: float, area: float, fps: Fraction) -> list[int]:
    """The frames at which enough of the screen has gone up, or down again, one after the other in turn."""
    if not len(level):
        return []
    low, high = level[0].copy(), level[0].copy()
    window = max(1, round(float(fps) / 12))
    recent = {direction: np.zeros((window, *level[0].shape), bool) for direction in ("up", "down")}
    found: list[int] = []
    last = ""
    for frame in range(1, len(level)):
        now = level[frame]
        low, high = np.minimum(low, now), np.maximum(high, now)
        moved = {
            "up": (now - low >= change) & (low < darker_below),
            "down": (high - now >= change) & (now < darker_below),
        }
        for direction, pixels in moved.items():
            recent[direction][frame % window] = pixels
            # From here the next change counts.
            low, high = np.where(pixels, now, low), np.where(pixels, now, high)
            if direction != last and recent[direction].any(axis=0).mean() > area:
                found.append(frame)
                last = direction
                for seen in recent.values():
                    seen[:] = False
    return found


def _most_in_a_second(transitions: list[int], fps: Fraction) -> tuple[float, int]:
    """Flashes (pairs of changes) in the second that has most of them, and where it begins."""
    best, at = 0.0, 0
    for first in transitions:
        count = sum(first <= frame < first + fps for frame in transitions)
        if count / 2 > best:
            best, at = count / 2, first
    return best, at


def _runs(flags: npt.NDArray[np.bool_]) -> Iterator[Run]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    for first, end in zip(edges[::2], edges[1::2], strict=True):
        yield int(first), int(end)
