"""Whether a job still lives: the time since its last step, against the steps before.

What belongs here: the judgement. What does not: ending a job (see `supervisor`).
"""

from __future__ import annotations

import statistics
from collections import deque

from forge_resources.gpu.limits import Limits


class Pulse:
    """The steps of one job. Times are seconds of a monotonic clock."""

    def __init__(self, limits: Limits, now: float) -> None:
        self._limits = limits
        self._began = self._last = now
        self._done = 0
        self._beating = False
        self._steps: deque[float] = deque(maxlen=200)

    def beat(self, done: int, now: float) -> None:
        """A step was done. Steps that were told together count with their mean."""
        if self._beating and done > self._done:
            self._steps.append((now - self._last) / (done - self._done))
        self._beating, self._done, self._last = True, done, now

    def sign(self, now: float) -> None:
        """Something else was heard: it loads, or begins again. Not a step, and no hang either."""
        self._last = now
        self._beating = False

    def verdict(self, now: float) -> str:
        """What is wrong, in words; empty while nothing is."""
        limits = self._limits
        if self.is_overdue(now):
            return f"It was not done within {limits.deadline_s:g} s."
        silent = now - self._last
        if not self._beating:
            return f"No step within {limits.load_s:g} s of loading." if silent > limits.load_s else ""
        allowed = max(limits.hang_s, limits.hang_factor * self.median_s)
        if silent > allowed:
            return f"No step for {silent:.1f} s, where one took {self.median_s:.2f} s before."
        return ""

    def is_overdue(self, now: float) -> bool:
        """Whether its time is over, however much is heard of it."""
        return now - self._began > self._limits.deadline_s

    @property
    def median_s(self) -> float:
        """Seconds of a step, 0 before the second one."""
        return statistics.median(self._steps) if self._steps else 0.0
