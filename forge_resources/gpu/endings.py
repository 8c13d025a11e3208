"""What it means that a process ended without a word.

What belongs here: reading exit codes and the system's count of processes it killed for want of memory. What does not:
errors that a process could still tell of (see `faults`).
"""

from __future__ import annotations

import signal
from pathlib import Path

from forge_resources.errors import EngineFailed, ForgeError, OutOfMemory
from forge_resources.gpu.faults import ADVICE

_COUNTERS = (Path("/sys/fs/cgroup/memory.events"), Path("/proc/vmstat"))


class HostOomCounter:
    """How many processes the system has killed because its memory ran out, as far as it tells."""

    def count(self) -> int:
        """The count now; 0 where the system does not tell. The group of this process is asked before the machine."""
        for place in _COUNTERS:
            try:
                lines = place.read_text(encoding="utf-8").splitlines()
            except OSError:
                continue
            for line in lines:
                name, _, value = line.partition(" ")
                if name == "oom_kill" and value.strip().isdigit():
                    return int(value)
        return 0


def ended_without_a_word(exit_code: int | None, phase: str, killed_for_memory: int, host_peak: int) -> ForgeError:
    """The error that says why a child ended in the middle of a job.

    `exit_code` is as `multiprocessing` has it: negative for a signal. `killed_for_memory`: by how much the system's
    count rose meanwhile. `host_peak` are the bytes that it held at most.
    """
    while_at = f" while it was at `{phase}`" if phase else ""
    details = {"exit_code": exit_code, "phase": phase, "host_peak": host_peak}
    if exit_code == -signal.SIGKILL and killed_for_memory > 0:
        return OutOfMemory(
            f"The machine ran out of memory and ended the process for the device{while_at} "
            f"(it held {host_peak / 1e9:.1f} GB).",
            remedy=ADVICE["host_oom"],
            details={"fault": "host_oom", **details},
        )
    if exit_code is not None and exit_code < 0:
        name = signal.Signals(-exit_code).name
        crashed = -exit_code in (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL)
        return EngineFailed(
            f"The process for the device {'crashed' if crashed else 'was ended'} by {name}{while_at}.",
            remedy="Run it again; a new process is there. "
            + (ADVICE["device"] if crashed else "Whoever or whatever sent the signal should not."),
            details={"fault": "crash" if crashed else "killed", **details},
        )
    return EngineFailed(
        f"The process for the device ended by itself with exit code {exit_code}{while_at}.",
        remedy="Run it again; a new process is there. The worker's log, which `forge gpu status` names, has more.",
        details={"fault": "crash", **details},
    )
