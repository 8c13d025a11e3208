"""Whether a process of this machine is still there.

What belongs here: asking the system. What does not: what follows from the answer.
"""

from __future__ import annotations

import os
from pathlib import Path

_PROC = Path("/proc")
_SLACK_S = 2.0
"""The system tells when it was started to the second, and clocks are set."""


def is_alive(process: int, known_at: float | None = None) -> bool:
    """Whether the process with that number is running, whoever owns it. One that was killed and not yet buried is not.

    `known_at` is a moment (seconds since 1970) at which it existed: a process that began later is another one that
    was given its number, as after a restart of the machine. Where there is no /proc, the number alone counts.
    """
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # It exists and is somebody else's.
    if not (_PROC / "self" / "stat").exists():
        return True
    try:
        fields = (
            (_PROC / str(process) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        )
    except OSError:
        return False  # Gone in this moment.
    if fields[0] in ("Z", "X"):
        return False
    return known_at is None or _began(fields) <= known_at + _SLACK_S


def _began(fields: list[str]) -> float:
    """When a process began, in seconds since 1970, from the fields of its `stat` after its name."""
    lines = (_PROC / "stat").read_text(encoding="utf-8").splitlines()
    booted = next(int(line.split()[1]) for line in lines if line.startswith("btime "))
    return booted + int(fields[19]) / os.sysconf("SC_CLK_TCK")
