"""What the benches share: the machine in words, medians, and the table or JSON object that they print."""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


def machine() -> dict[str, Any]:
    """The machine a figure was measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(memory, 1),
    }


def median(values: Sequence[float]) -> float:
    return round(statistics.median(values), 3)


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock, and of processors, children included."""

    wall: float
    cpu: float


def timed(work: Callable[[], object]) -> Spent:
    """What a piece of work takes, its child processes included."""
    before, started = _cpu(), time.perf_counter()
    work()
    return Spent(time.perf_counter() - started, _cpu() - before)


def _cpu() -> float:
    used = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def show(title: str, rows: Sequence[tuple[str, str, str]], figures: Mapping[str, Any], as_json: bool) -> None:
    """Prints either a table of (what, figure, beside what) or the figures as one JSON object."""
    if as_json:
        json.dump({**figures, "machine": machine()}, sys.stdout, indent=2)
        sys.stdout.write("\n")
        return
    about = machine()
    print(f"{title}\n{about['cores']} cores, {about['memory_gb']} GB, {about['processor']}, Python {about['python']}\n")
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as listing:  # noqa: PTH123 -- not a file of ours
            names = [line.split(":", 1)[1].strip() for line in listing if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()
