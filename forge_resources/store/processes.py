"""Whether a process of this machine is still there.

What belongs here: asking the system. What does not: what follows from the answer.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

_PROC = Path("/proc")
_BOOT = _PROC / "sys" / "kernel" / "random" / "boot_id"
_TO_COME = "+"
_COMES_WITHIN_S = 600
_SLACK_S = 2.0
"""The system tells when it was started to the second, and clocks are set."""


def mark_of(process: int) -> str:
    """What tells a process from every other that is given its number: the machine's start, and its own since then.

    No clock is in it that can be set. Empty where the process is gone or there is no /proc.
    """
    fields = _fields_of(process)
    if fields is None or not _BOOT.exists():
        return ""
    return f"{_BOOT.read_text(encoding='utf-8')[:8]}.{fields[19]}"


def mark_to_come() -> str:
    """A mark for a process that is about to be started here and has no number yet. Empty where there is no /proc."""
    if not _BOOT.exists():
        return ""
    ticks = int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK"))
    return f"{_BOOT.read_text(encoding='utf-8')[:8]}.{ticks}{_TO_COME}"


def is_alive(process: int, *, mark: str = "", known_at: float | None = None) -> bool:
    """Whether the process with that number is running, whoever owns it. One that was killed and not yet buried is not.

    It is another one that was given its number, as after a restart of the machine, if its `mark` is not that of then;
    by the mark of one that was to come, if it was not started within ten minutes of that.
    Where none was noted, one that began after `known_at`, a moment (seconds since 1970) at which it existed, is taken
    for another; that misleads where the clock was set meanwhile. Where there is no /proc, the number alone counts.
    """
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # It exists and is somebody else's.
    if not (_PROC / "self" / "stat").exists():
        return True
    fields = _fields_of(process)
    if fields is None or fields[0] in ("Z", "X"):
        return False
    if mark.endswith(_TO_COME):
        return _came(mark_of(process), mark.removesuffix(_TO_COME))
    if mark:
        return mark_of(process) == mark
    return known_at is None or _began(fields) <= known_at + _SLACK_S


def _came(mark: str, announced: str) -> bool:
    (boot, _, began), (boot_then, _, then) = mark.partition("."), announced.partition(".")
    limit = _COMES_WITHIN_S * os.sysconf("SC_CLK_TCK")
    return boot == boot_then and -1 <= int(began or -1) - int(then) <= limit


def _fields_of(process: int) -> list[str] | None:
    """The fields of its `stat` after its name; None where it is gone."""
    try:
        said = (_PROC / str(process) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return said.rpartition(")")[2].split()


def _began(fields: list[str]) -> float:
    """When a process began, in seconds since 1970, from the fields of its `stat` after its name."""
    lines = (_PROC / "stat").read_text(encoding="utf-8").splitlines()
    booted = next(int(line.split()[1]) for line in lines if line.startswith("btime "))
    return booted + int(fields[19]) / os.sysconf("SC_CLK_TCK")
