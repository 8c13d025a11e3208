"""Ending processes that were started here, each with all that it has started itself.

What belongs here: waiting, telling, making. What does not: which process is started (see `command.dev`).
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable

GRACE_S = 30.0
"""How long Dagster may take to stop, and how long what it leaves behind may: a code server outlives it until a run that
is going on has ended."""
_LAST_WORD_S = 10.0
"""How long what was then told to end may take, such as a run that records that it was stopped."""


def end_process(process: subprocess.Popen[bytes]) -> None:
    """Dagster stops its servers and its daemon in order on SIGINT; what does not go is killed."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=GRACE_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def end_groups(groups: Iterable[int]) -> None:
    """Waits for groups of processes to end by themselves; tells what is left to end, and makes it, when it does not."""
    left = _left_after(groups, GRACE_S)
    for group in left:
        _signal(group, signal.SIGTERM)
    for group in _left_after(left, _LAST_WORD_S):
        _signal(group, signal.SIGKILL)


def _left_after(groups: Iterable[int], limit_s: float) -> list[int]:
    """The groups that still have a process after that time."""
    until = time.monotonic() + limit_s
    left = [group for group in groups if _signal(group, 0)]
    while left and time.monotonic() < until:
        time.sleep(0.1)
        left = [group for group in left if _signal(group, 0)]
    return left


def _signal(group: int, number: int) -> bool:
    """Whether there was anybody to be told."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True
