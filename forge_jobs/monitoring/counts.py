"""Counts, kept under the names and labels of their families, as one JSON document.

What belongs here: adding. What does not: what is counted (see `ledger`), or how Prometheus is told (see `exposition`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from pydantic import BaseModel

from forge_jobs.monitoring.families import families


class Distribution(BaseModel):
    """A histogram's series: how many fell into each bucket (the last is without bound), and their sum."""

    counts: list[int]
    sum: float = 0.0


class Counts(BaseModel):
    """Values by family, then by the values of its labels joined with a tab, in the family's order."""

    values: dict[str, dict[str, float]] = {}
    distributions: dict[str, dict[str, Distribution]] = {}

    def add(self, family: str, amount: float = 1.0, **labels: str) -> None:
        """Counts `amount` more."""
        series = self.values.setdefault(family, {})
        key = _key(family, labels)
        series[key] = series.get(key, 0.0) + amount

    def put(self, family: str, value: float, **labels: str) -> None:
        """Says what a gauge stands at."""
        self.values.setdefault(family, {})[_key(family, labels)] = value

    def observe(self, family: str, value: float, **labels: str) -> None:
        """Adds one value to a histogram."""
        bounds = families().families[family].buckets
        series = self.distributions.setdefault(family, {})
        found = series.setdefault(_key(family, labels), Distribution(counts=[0] * (len(bounds) + 1)))
        if len(found.counts) != len(bounds) + 1:
            # The bounds were changed since; what was counted by the old ones cannot be told in the new ones.
            found.counts, found.sum = [0] * (len(bounds) + 1), 0.0
        found.counts[bisect_left(bounds, value)] += 1
        found.sum += value


def _key(family: str, labels: dict[str, str]) -> str:
    names: Sequence[str] = families().families[family].labels
    if set(names) != set(labels):
        raise ValueError(f"{family} has the labels {', '.join(names) or 'none'}")
    return "\t".join(labels[name] for name in names)
