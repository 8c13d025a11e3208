"""What a worker has done since it began, for `forge gpu status` and for whoever collects metrics.

What belongs here: counting. What does not: what one job took (see `usage`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from forge_resources.gpu.usage import Usage


@dataclass
class Totals:
    """Counts since the worker began."""

    jobs: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    processes: int = 0
    processes_ended: int = 0
    leaks: int = 0
    sums: Usage | None = None

    def made(self, usage: Usage) -> None:
        """A job ended well."""
        self.jobs += 1
        self._add(usage)

    def failed(self, code: str, usage: Usage | None = None) -> None:
        """A job ended with an error of that code."""
        self.failures[code] += 1
        if usage is not None:
            self._add(usage)

    def started(self) -> None:
        """A process was started."""
        self.processes += 1

    def ended(self) -> None:
        """A process was ended, or had ended."""
        self.processes_ended += 1

    def leaked(self) -> None:
        """A process was replaced because it held more than its models."""
        self.leaks += 1

    def _add(self, usage: Usage) -> None:
        self.sums = usage if self.sums is None else self.sums.plus(usage)

    def figures(self) -> dict[str, Any]:
        """All of it, as JSON values."""
        sums = self.sums or Usage(host="worker", device="")
        return {
            "jobs": self.jobs,
            "failures": dict(self.failures),
            "processes": self.processes,
            "processes_ended": self.processes_ended,
            "leaks": self.leaks,
            "loads": sums.loads,
            "hits": sums.hits,
            "restores": sums.restores,
            "demotions": sums.demotions,
            "evictions": sums.evictions,
            "load_seconds": round(sums.load_seconds, 3),
            "seconds": round(sums.seconds, 3),
            "gpu_seconds": round(sums.gpu_seconds, 3),
            "joules": round(sums.joules, 1),
            "peak": sums.peak,
            "host_peak": sums.host_peak,
        }
