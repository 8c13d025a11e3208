"""Computed checks of plates before they are cut in: size, blank pictures, and shots that show the same picture.

What belongs here: what can be measured. What does not: whether a picture is good (a person looks at the sheet), what a
gate does with findings (see the checks of the assets), or the limits (see `data/plate_checks.yaml`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError
from pydantic import Field

from forge_resources.editing.data_files import read_document
from forge_resources.schemas.types import Document, Line

Check = Literal["unreadable", "size", "blank", "near-duplicate"]

_HASH_SIDE = 16
_MEAN_SIDE = 64
_BLANK_WIDTH = 480


class Limit(Document):
    limit: Annotated[float, Field(gt=0)]
    reason: Line


class PlateLimits(Document):
    """The limits that the checks hold plates to, each with its reason."""

    contrast: Limit
    entropy: Limit
    hash_distance: Limit
    mean_difference: Limit


@dataclass(frozen=True)
class PlateFinding:
    """One thing wrong with a plate: `figure` is what was measured, `limit` what it was held to.

    Of two plates that look alike the later shot is found fault with; `other_shot` is the earlier one.
    """

    shot: int
    check: Check
    message: str
    figure: float | None = None
    limit: float | None = None
    other_shot: int | None = None


@dataclass(frozen=True)
class _Measured:
    """What is measured of one plate: width and height in pixels, luma 0-255, entropy in bits, RGB means 0-255."""

    shot: int
    size: tuple[int, int]
    contrast: float
    entropy: float
    difference_hash: npt.NDArray[np.bool_]
    means: npt.NDArray[np.float32]


@lru_cache(maxsize=1)
def plate_limits() -> PlateLimits:
    """The limits that come with Forge. Raises InvalidInput with every fault where the file is damaged."""
    return read_document(Path(__file__).parent / "data" / "plate_checks.yaml", PlateLimits)


def check_plates(frames: Sequence[tuple[int, Path]], size: tuple[int, int]) -> list[PlateFinding]:
    """Everything found wrong with plates given as (shot number, file), by shot; an empty list lets them pass.

    `size` is the width and height in pixels that every plate must have.
    """
    findings: list[PlateFinding] = []
    measured: list[_Measured] = []
    for shot, path in frames:
        try:
            plate = replace(_measure(path, path.stat().st_mtime_ns), shot=shot)
        except (UnidentifiedImageError, OSError) as error:
            findings.append(PlateFinding(shot, "unreadable", f"The plate of shot {shot} cannot be read: {error}"))
            continue
        findings += [*_size_findings(plate, size), *_blank_findings(plate)]
        measured.append(plate)
    findings += _duplicate_findings(measured)
    return sorted(findings, key=lambda finding: (finding.shot, finding.check, finding.other_shot or 0))


def difference(one: Path, other: Path) -> float:
    """Bits of 256 in which the difference hashes of two pictures differ; chance gives about 128."""
    first, second = (_measure(path, path.stat().st_mtime_ns) for path in (one, other))
    return float((first.difference_hash != second.difference_hash).sum())


@lru_cache(maxsize=256)
def _measure(path: Path, changed_ns: int) -> _Measured:
    """The figures of a plate, which several cells may share. Kept for as long as the file does not change."""
    with Image.open(path) as image:
        picture = image.convert("RGB")
    small = picture.reduce(max(1, picture.width // _BLANK_WIDTH)).convert("L")
    luma = np.asarray(small, dtype=np.float32)
    shares = np.asarray(small.histogram(), dtype=np.float64) / luma.size
    shares = shares[shares > 0]
    grey = picture.convert("L").resize((_HASH_SIDE + 1, _HASH_SIDE), Image.Resampling.BOX)
    steps = np.asarray(grey, dtype=np.int16)
    means = np.asarray(picture.resize((_MEAN_SIDE, _MEAN_SIDE), Image.Resampling.BOX), dtype=np.float32)
    return _Measured(
        shot=0,
        size=picture.size,
        contrast=float(luma.std()),
        entropy=float(-(shares * np.log2(shares)).sum()),
        difference_hash=steps[:, 1:] > steps[:, :-1],
        means=means,
    )


def _size_findings(plate: _Measured, size: tuple[int, int]) -> Iterator[PlateFinding]:
    if plate.size != size:
        found, wanted = ("×".join(map(str, each)) for each in (plate.size, size))
        yield PlateFinding(plate.shot, "size", f"The plate of shot {plate.shot} is {found}, not {wanted}.")


def _blank_findings(plate: _Measured) -> Iterator[PlateFinding]:
    limits = plate_limits()
    for figure, limit, what in (
        (plate.contrast, limits.contrast.limit, "a contrast of {:.1f}, below {:g}"),
        (plate.entropy, limits.entropy.limit, "{:.1f} bits of tones, below {:g}"),
    ):
        if figure < limit:
            message = f"The plate of shot {plate.shot} is blank: it has {what.format(figure, limit)}."
            yield PlateFinding(plate.shot, "blank", message, figure, limit)
            return


def _duplicate_findings(plates: Sequence[_Measured]) -> Iterator[PlateFinding]:
    limits = plate_limits()
    for later, plate in enumerate(plates):
        for earlier in plates[:later]:
            bits = int((plate.difference_hash != earlier.difference_hash).sum())
            mean = float(np.abs(plate.means - earlier.means).mean())
            if bits <= limits.hash_distance.limit and mean <= limits.mean_difference.limit:
                message = (
                    f"The plates of shots {earlier.shot} and {plate.shot} look the same: {bits} of "
                    f"{_HASH_SIDE * _HASH_SIDE} bits of their hashes and {mean:.1f} of 255 in colour differ."
                )
                limit = limits.hash_distance.limit
                yield PlateFinding(plate.shot, "near-duplicate", message, float(bits), limit, earlier.shot)
                break
