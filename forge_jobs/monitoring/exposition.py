"""How Prometheus is told: the text of `/metrics`.

What belongs here: from counts to the exposition format. What does not: reading (see `observation`).
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from forge_jobs.monitoring.counts import Counts, Distribution
from forge_jobs.monitoring.families import Family, families

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class _Collected(Collector):
    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        for name, family in families().families.items():
            yield _histogram(name, family, self._counts) if family.buckets else _values(name, family, self._counts)


def exposition(counts: Counts) -> bytes:
    """Every family, those without a value with their help only."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(counts))
    return generate_latest(registry)


def _values(name: str, family: Family, counts: Counts) -> Metric:
    kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    told = kind(name, family.help, labels=family.labels)
    for key, value in sorted(counts.values.get(name, {}).items()):
        told.add_metric(_labels(family, key), value)
    return told


def _histogram(name: str, family: Family, counts: Counts) -> Metric:
    told = HistogramMetricFamily(name, family.help, labels=family.labels)
    for key, found in sorted(counts.distributions.get(name, {}).items()):
        told.add_metric(_labels(family, key), buckets=_cumulative(family.buckets, found), sum_value=found.sum)
    return told


def _cumulative(bounds: list[float], found: Distribution) -> list[tuple[str, float]]:
    total, buckets = 0, []
    for bound, count in zip([*(f"{bound:g}" for bound in bounds), "+Inf"], found.counts, strict=True):
        total += count
        buckets.append((bound, float(total)))
    return buckets


def _labels(family: Family, key: str) -> list[str]:
    return key.split("\t") if family.labels else []
