"""Whether the device gives back what a process that ended held.

What belongs here: the judgement, and how long to wait for it. What does not: ending processes (see `nursery`).
"""

from __future__ import annotations

import logging
import time

from forge_resources.errors import Unavailable
from forge_resources.gpu.meter import Meter

log = logging.getLogger("forge.gpu")

BACK_S = 10.0
"""A driver takes a second or two to free the memory of a process that was killed."""


class Health:
    """The device, after processes have ended. It is healthy until it keeps memory that nobody holds."""

    def __init__(self, meter: Meter, tolerance: int, back_s: float = BACK_S) -> None:
        self._meter = meter
        self._tolerance = tolerance
        self._back_s = back_s
        self._level = 0
        self._process = 0
        self.trouble = ""

    def expect_back(self, process: int, level: int) -> None:
        """Waits until no more is in use for nobody than `level`, which it was before `process` began.

        What other programs take meanwhile is theirs, and no trouble.
        """
        self._process, self._level = process, level
        until = time.monotonic() + self._back_s
        while (kept := self._kept()) > self._tolerance:
            if time.monotonic() > until:
                self.trouble = f"{kept / 1e9:.1f} GB of the device did not come back after process {process} had ended."
                log.error("unhealthy: %s", self.trouble)
                return
            time.sleep(0.05)
        # One that has fallen off the bus has no figures at all, so none that are too high.
        self.trouble = "" if self._meter.answers() else "Its driver no longer answers for it."

    def _kept(self) -> int:
        """Bytes that are still in use for the process, or for nobody who is known."""
        held = self._meter.used_by(self._process)
        if held:
            return held
        return self._meter.unclaimed() - self._level

    def check(self) -> None:
        """Raises Unavailable while the device is unhealthy. Looks again first: memory may have come back since."""
        if not self.trouble:
            return
        if self._meter.answers() and self._kept() <= self._tolerance:
            log.info("healthy again")
            self.trouble = ""
            return
        raise Unavailable(
            f"The device is unhealthy: {self.trouble} No other process is started on it.",
            remedy="Look with `nvidia-smi` who holds it, and end that; else reset the device or restart the machine.",
            details={"fault": "unhealthy"},
        )
