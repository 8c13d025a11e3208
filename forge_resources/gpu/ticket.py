"""A request that waits its turn or is being seen through, and the peer that waits for it.

What belongs here: its state, and talking to its peer. What does not: the queue (see `supervisor`) or the work (see
`floor`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any

from forge_resources.gpu.protocol import Job, say


class Ticket:
    """One request of one peer."""

    def __init__(self, job: Job, connection: Connection) -> None:
        self.job = job
        self.done = threading.Event()
        self.asked_at = time.monotonic()
        self.began_at: float | None = None
        self.why_cancelled = ""
        self.progress: tuple[int, int] | None = None
        self.phase = ""
        self._connection = connection
        self._gone = False

    @property
    def label(self) -> str:
        """What it is about, for people."""
        what = self.job.model if self.job.ask == "warm" else self.job.engine.rpartition(":")[2]
        return f"{self.job.label or self.job.ask} ({what})"

    @property
    def is_cancelled(self) -> bool:
        return bool(self.why_cancelled)

    def cancel(self, why: str) -> None:
        """Nobody waits for it any more."""
        if not self.done.is_set() and not self.why_cancelled:
            self.why_cancelled = why

    def say(self, message: Mapping[str, Any]) -> None:
        """Tells its peer. A peer that is gone or does not read cancels its request."""
        if self._gone:
            return
        try:
            say(self._connection, message)
        except OSError:
            self._gone = True
            self.cancel("whoever asked has gone")

    def reply(self, message: Mapping[str, Any]) -> None:
        """The last word."""
        self.done.set()
        self.say(message)

    def status(self) -> dict[str, Any]:
        """How it is, as JSON values."""
        return {
            "label": self.label,
            "seconds": round(time.monotonic() - (self.began_at or self.asked_at), 1),
            "phase": self.phase,
            "step": list(self.progress) if self.progress else None,
            "cancelled": self.why_cancelled,
        }
