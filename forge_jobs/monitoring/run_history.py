"""The runs of a deployment, read as they come and as they end.

What belongs here: keeping up with the run table without reading it whole again, and which run of a cell is the latest.
What does not: what a run's events say (see `ledger`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import dagster as dg
from dagster._core.storage.dagster_run import FINISHED_STATUSES, RunRecord

from forge_jobs.own_runs import own_runs

PARTITION_TAG = "dagster/partition"
ERROR_TAG = "forge/error"

_PAGE = 500


@dataclass(frozen=True)
class RunState:
    """What is worth knowing of a run. Times are seconds since the epoch; `code` is the tag of a failed run."""

    run_id: str
    number: int
    job: str
    status: dg.DagsterRunStatus
    partition: str | None
    created: float
    started: float | None
    ended: float | None
    code: str | None

    @property
    def has_ended(self) -> bool:
        return self.status in FINISHED_STATUSES

    @classmethod
    def of(cls, record: RunRecord) -> RunState:
        run = record.dagster_run
        return cls(
            run_id=run.run_id,
            number=record.storage_id,
            job=run.job_name,
            status=run.status,
            partition=run.tags.get(PARTITION_TAG),
            created=record.create_timestamp.timestamp(),
            started=record.start_time,
            ended=record.end_time,
            code=run.tags.get(ERROR_TAG),
        )


class RunHistory:
    """Keeps up with the runs. Numbers, not clocks, say what is new."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instance = instance
        self._latest: dict[str, RunState] = {}
        self._open: dict[str, RunState] = {}
        self._newest: RunState | None = None

    @property
    def going_on(self) -> list[RunState]:
        """The runs that have not ended, oldest first."""
        return list(self._open.values())

    @property
    def newest(self) -> int:
        """The number of the newest run that was seen; 0 before there is one."""
        return self._newest.number if self._newest else 0

    def latest(self, partition: str) -> RunState | None:
        """The run of a cell that was asked for last."""
        return self._latest.get(partition)

    def read(self) -> Iterator[RunState]:
        """Takes in what has happened since the last call. Yields the runs that have ended, each once, in order."""
        if self._newest is not None and not self._instance.has_run(self._newest.run_id):
            # Its row is where reading goes on from. Somebody removed it, so it begins anew; what was counted stays.
            self._newest = None
        known = list(self._open)
        for run_id in known:
            del self._open[run_id]
        for batch in _batches(known):
            for record in sorted(
                self._instance.get_run_records(own_runs(run_ids=batch)), key=lambda record: record.storage_id
            ):
                yield from self._take_in(record)
        while True:
            page = self._instance.get_run_records(
                own_runs(), limit=_PAGE, ascending=True, cursor=self._newest.run_id if self._newest else None
            )
            for record in page:
                if record.dagster_run.run_id not in self._open:
                    yield from self._take_in(record)
            if page:
                self._newest = RunState.of(page[-1])
            if len(page) < _PAGE:
                return

    def _take_in(self, record: RunRecord) -> Iterator[RunState]:
        state = RunState.of(record)
        if state.partition is not None:
            before = self._latest.get(state.partition)
            if before is None or before.number <= state.number:
                self._latest[state.partition] = state
        if state.has_ended:
            yield state
        else:
            self._open[state.run_id] = state


def _batches(run_ids: list[str]) -> Iterator[list[str]]:
    rest = iter(run_ids)
    while batch := list(islice(rest, _PAGE)):
        yield batch
