"""What an act of making took: time, energy, memory, loads.

What belongs here: the document and how several of it add up. What does not: measuring (see `meter`).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from forge_resources.schemas.types import Document

Count = Annotated[int, Field(ge=0)]
Amount = Annotated[float, Field(ge=0)]


class Usage(Document):
    """Seconds, joules and bytes of one act of making, or of several.

    `seconds` is wall time on the host, `queued_s` the wait before it. `gpu_seconds` and `joules` are 0 where there is
    no GPU; `note` says so. `before`, `peak` and `after` are bytes of device memory of the process that worked, seen
    from outside (NVML); `host_before`, `host_peak` and `host_after` its bytes of the machine's memory. `cache_bytes`
    is what its models take when it is done.
    """

    host: str
    device: str
    note: str = ""
    preset: str = ""
    seconds: Amount = 0.0
    queued_s: Amount = 0.0
    gpu_seconds: Amount = 0.0
    joules: Amount = 0.0
    before: Count = 0
    peak: Count = 0
    after: Count = 0
    host_before: Count = 0
    host_peak: Count = 0
    host_after: Count = 0
    loads: Count = 0
    hits: Count = 0
    restores: Count = 0
    demotions: Count = 0
    evictions: Count = 0
    load_seconds: Amount = 0.0
    cache_bytes: Count = 0
    jobs: Count = 1

    def plus(self, later: Usage) -> Usage:
        """Both together: amounts add up, peaks are the higher one, before is of the first and after of the last."""
        added = (
            "seconds", "queued_s", "gpu_seconds", "joules", "loads", "hits", "restores", "demotions", "evictions",
            "load_seconds", "jobs",
        )  # fmt: skip
        return later.model_copy(
            update={
                **{name: getattr(self, name) + getattr(later, name) for name in added},
                "before": self.before,
                "host_before": self.host_before,
                "peak": max(self.peak, later.peak),
                "host_peak": max(self.host_peak, later.host_peak),
                "preset": later.preset or self.preset,
            }
        )

    def figures(self) -> dict[str, float | int | str]:
        """What is worth showing beside an artefact, under the names that the UI and the metrics use."""
        return {
            "gpu_host": f"{self.host} {self.device}",
            "gpu_seconds": round(self.gpu_seconds, 3),
            "gpu_joules": round(self.joules, 1),
            "gpu_memory_before": self.before,
            "gpu_memory_peak": self.peak,
            "gpu_memory_after": self.after,
            "host_memory_before": self.host_before,
            "host_memory_peak": self.host_peak,
            "host_memory_after": self.host_after,
            "model_loads": self.loads,
            "model_hits": self.hits,
            "model_evictions": self.evictions,
            "model_bytes": self.cache_bytes,
            "engine_seconds": round(self.seconds, 3),
            **({"gpu_note": self.note} if self.note else {}),
            **({"memory_preset": self.preset} if self.preset else {}),
        }
