"""Scoring the takes of a shot and choosing one.

What belongs here: from figures to scores, and which take is active. What does not: measuring.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from forge_resources.editing.data_files import read_document
from forge_resources.imaging.plate_checks import Limit, difference
from forge_resources.imaging.takes.measuring import likeness, measure, palette_distance
from forge_resources.schemas.brand import Palette
from forge_resources.schemas.types import Document, sha256_of

Quality = Literal["sharpness", "tones", "unlike", "textless", "likeness", "palette", "agreement"]

_FULL_CONTRAST, _FULL_ENTROPY = 45.0, 7.0
_FAR_PALETTE = 60.0
_UNLIKE_BITS = 80.0


class TakeLimits(Document):
    text_lines: Limit
    likeness: Limit


class TakeRules(Document):
    """The weights of scores and the limits of gates."""

    weights: dict[Quality, Annotated[float, Field(ge=0)]]
    limits: TakeLimits


@lru_cache(maxsize=1)
def take_rules() -> TakeRules:
    """The rules that come with Forge. Raises InvalidInput with every fault where the file is damaged."""
    return read_document(Path(__file__).parents[1] / "data" / "takes.yaml", TakeRules)


@dataclass(frozen=True)
class Candidate:
    """A take as it is scored: its picture, and how it agrees with its prompt where a model has said so."""

    take: int
    picture: Path
    agreement: float | None = None


@dataclass(frozen=True)
class Score:
    """What a take got: every quality between 0 and 1, and their weighted mean."""

    take: int
    qualities: Mapping[Quality, float]
    total: float


def take_seed(seed: int, take: int) -> int:
    """The 63-bit seed of a take. The first take has the shot's own."""
    return seed if take == 1 else int(sha256_of({"seed": seed, "take": take})[:16], 16) >> 1


def score_takes(
    candidates: Sequence[Candidate], before: Sequence[Path], references: Sequence[Path], palette: Palette
) -> list[Score]:
    """A score for each take, in their order.

    `before` are the active takes of earlier shots; `references` are pictures of the product, empty where the shot
    does not show it.
    """
    figures = [measure(one.picture, one.picture.stat().st_mtime_ns) for one in candidates]
    sharpest = max(figure.sharpness for figure in figures) or 1.0
    scores = []
    for index, (one, figure) in enumerate(zip(candidates, figures, strict=True)):
        # Of two takes that are alike the later is the copy.
        others = [*before, *(earlier.picture for earlier in candidates[:index])]
        nearest = min((difference(one.picture, other) for other in others), default=_UNLIKE_BITS)
        qualities: dict[Quality, float] = {
            "sharpness": figure.sharpness / sharpest,
            "tones": _part(figure.contrast, _FULL_CONTRAST) * _part(figure.entropy, _FULL_ENTROPY),
            "unlike": _part(nearest, _UNLIKE_BITS),
            "textless": 1.0 / (1 + len(figure.text)),
            "palette": 1.0 - _part(palette_distance(one.picture, palette), _FAR_PALETTE),
        }
        if references:
            qualities["likeness"] = likeness(one.picture, references)
        if one.agreement is not None:
            qualities["agreement"] = one.agreement
        scores.append(Score(one.take, qualities, _mean(qualities)))
    return scores


def best(scores: Sequence[Score]) -> int:
    """The take with the highest score; of equals the first."""
    return max(scores, key=lambda score: (score.total, -score.take)).take


def _mean(qualities: Mapping[Quality, float]) -> float:
    weights = take_rules().weights
    total = sum(weights[name] for name in qualities)
    return round(sum(weights[name] * value for name, value in qualities.items()) / total, 6) if total else 0.0


def _part(value: float, whole: float) -> float:
    return min(max(value / whole, 0.0), 1.0)
