"""What a worker has done, in the text format that Prometheus and its kin collect.

What belongs here: names, kinds and help of the metrics. What does not: counting (see `totals`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_COUNTERS = {
    "jobs": ("forge_worker_jobs_total", "Jobs that ended well."),
    "processes": ("forge_worker_processes_total", "Processes started on the device."),
    "leaks": ("forge_worker_leaks_total", "Processes replaced because they held more than their models."),
    "loads": ("forge_worker_model_loads_total", "Models loaded."),
    "hits": ("forge_worker_model_hits_total", "Models found warm."),
    "restores": ("forge_worker_model_restores_total", "Models brought back from host memory."),
    "demotions": ("forge_worker_model_demotions_total", "Models moved to host memory."),
    "evictions": ("forge_worker_model_evictions_total", "Models let go of."),
    "load_seconds": ("forge_worker_model_load_seconds_total", "Seconds spent loading models."),
    "seconds": ("forge_worker_job_seconds_total", "Seconds spent on jobs."),
    "gpu_seconds": ("forge_worker_seconds_total", "Seconds spent on jobs where there is a GPU."),
    "joules": ("forge_worker_joules_total", "Energy of the GPU during jobs."),
}
_GAUGES = {
    "peak": ("forge_worker_memory_peak_bytes", "Most device memory that a job held."),
    "host_peak": ("forge_worker_host_memory_peak_bytes", "Most memory of the machine that a job held."),
}


def exposition(device: str, status: Mapping[str, Any] | None) -> str:
    """The metrics of a device as text; `status` is what its worker says, None where none is running."""
    return "\n".join(_lines(device, status)) + "\n"


def _lines(device: str, status: Mapping[str, Any] | None) -> Iterator[str]:
    label = f'{{device="{device}"}}'

    def metric(name: str, kind: str, what: str, value: float) -> Iterator[str]:
        yield f"# HELP {name} {what}"
        yield f"# TYPE {name} {kind}"
        yield f"{name}{label} {value}"

    yield from metric("forge_worker_up", "gauge", "Whether the worker is running.", int(status is not None))
    if status is None:
        return
    child, totals = status["child"] or {}, status["totals"]
    healthy = int(status["healthy"])
    yield from metric("forge_worker_healthy", "gauge", "Whether the device gave back its memory.", healthy)
    yield from metric("forge_worker_queue", "gauge", "Requests that wait.", len(status["queue"]))
    yield from metric("forge_worker_memory_bytes", "gauge", "Device memory of the child.", child.get("device_bytes", 0))
    yield from metric("forge_worker_host_memory_bytes", "gauge", "Memory of the child.", child.get("host_bytes", 0))
    held = sum(model["bytes"] for model in status["models"] if model["on_device"])
    yield from metric("forge_worker_model_bytes", "gauge", "Bytes of models that are loaded.", held)
    for key, (name, what) in _COUNTERS.items():
        yield from metric(name, "counter", what, totals[key])
    for key, (name, what) in _GAUGES.items():
        yield from metric(name, "gauge", what, totals[key])
    yield "# HELP forge_worker_failures_total Jobs that failed, by code."
    yield "# TYPE forge_worker_failures_total counter"
    for code, count in sorted(totals["failures"].items()):
        yield f'forge_worker_failures_total{{device="{device}",code="{code}"}} {count}'
