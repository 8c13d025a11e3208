"""One look at a deployment: everything that the exporter tells, and whether it can be told.

What belongs here: reading in turn, and what can be measured only now. What does not: serving (see `exporter`).
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import dagster as dg

from forge_jobs.monitoring.cell_states import CELL_STATUSES, CellStates
from forge_jobs.monitoring.counts import Counts
from forge_jobs.monitoring.ledger import Ledger
from forge_jobs.monitoring.run_history import RunHistory
from forge_resources.store.files import is_local
from forge_resources.studio import Studio


class Observation:
    """A deployment, looked at again and again."""

    def __init__(self, instance: dg.DagsterInstance, studio: Studio) -> None:
        self._instance = instance
        self._studio = studio
        self._history = RunHistory(instance)
        self._ledger = Ledger(instance)
        self.cells = CellStates(instance, studio, self._history)

    def read(self) -> Counts:
        """Reads what has happened since and gives all counts as they are now. Errors of database and store pass."""
        started = time.monotonic()
        self._ledger.read(self._history)
        self.cells.read()
        counts = self._ledger.counts.model_copy(deep=True)
        now = time.time()
        self._tell_cells(counts, now)
        self._tell_queue(counts, now)
        for kind, heartbeat in self._instance.get_daemon_heartbeats().items():
            counts.put("forge_daemon_heartbeat_age_seconds", max(0.0, now - heartbeat.timestamp), daemon=kind.lower())
        for place, folder in self._places().items():
            counts.put("forge_disk_free_bytes", shutil.disk_usage(folder).free, place=place)
        counts.put("forge_read_seconds", time.monotonic() - started)
        counts.put("forge_read_timestamp_seconds", now)
        return counts

    def _tell_cells(self, counts: Counts, now: float) -> None:
        tally = dict.fromkeys(CELL_STATUSES, 0)
        waiting = []
        for state in self.cells.all():
            tally[state.status] += 1
            if state.status == "awaiting_approval" and state.since is not None:
                waiting.append(state.since)
        for status, number in tally.items():
            counts.put("forge_cells", number, status=status)
        counts.put("forge_briefs", len(self.cells.briefs))
        counts.put("forge_approvals_waiting", tally["awaiting_approval"])
        counts.put("forge_approval_oldest_wait_seconds", max(0.0, now - min(waiting)) if waiting else 0.0)

    def _tell_queue(self, counts: Counts, now: float) -> None:
        queued = [run for run in self._history.going_on if run.status == dg.DagsterRunStatus.QUEUED]
        counts.put("forge_runs", len(queued), state="queued")
        counts.put("forge_runs", len(self._history.going_on) - len(queued), state="running")
        oldest = min((run.created for run in queued), default=now)
        counts.put("forge_queue_oldest_wait_seconds", max(0.0, now - oldest))

    def _places(self) -> dict[str, Path]:
        settings = self._studio.settings
        places = {"home": settings.home}
        if is_local(settings.store) and settings.store.exists():
            places["store"] = Path(settings.store.path)
        return places
