"""The run launcher: Dagster's default, which also knows whether the process of a run is still there.

A code server says of a run whose process died that it failed. Where both were killed, or the server has lost count of
its runs, nobody says it, and the run holds its place in the queue until its time limit. Run monitoring asks this
launcher instead.

What belongs here: the answer for runs of a code server. What does not: `forge run` (see `recovery`), or a cluster,
which has a launcher of its own.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, LaunchRunContext, WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._grpc.client import DagsterGrpcClient
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster._serdes import ConfigurableClassData, deserialize_value

from forge_jobs.recovery import MARK_TAG, PROCESS_TAG, answers, is_gone, process_of_run, socket_of_server
from forge_resources.store.processes import mark_of, mark_to_come

_SETTLED_S = 75.0
"""The daemon looks every minute at a code location that it could not reach. A run that is told to be over before then
is not started again."""
_LONGEST_ABSENCE_S = 120.0
"""How long a code server that was killed with its run is taken to be about to come back."""


class WatchedRunLauncher(DefaultRunLauncher):
    """Starts runs in processes of their code server, and tells run monitoring whether they are alive."""

    def __init__(self, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(inst_data)
        self._seen_since: dict[tuple[str, bool], float] = {}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: Mapping[str, Any]) -> WatchedRunLauncher:
        return cls(inst_data=inst_data)

    def launch_run(self, context: LaunchRunContext) -> None:
        """Starts the run, and notes its process where that is on this machine."""
        run = context.dagster_run
        # Whoever launches may be killed before the process is noted; so it is announced. A rerun has the tags of its
        # parent, whose process is another.
        noted = {MARK_TAG: mark_to_come(), PROCESS_TAG: ""}
        if changed := {tag: told for tag, told in noted.items() if told or run.tags.get(tag)}:
            self._instance.add_run_tags(run.run_id, changed)
        super().launch_run(context)
        started = self._instance.get_run_by_id(run.run_id)
        process = started and process_of_run(self._instance, started)
        if process and (mark := mark_of(process)):
            self._instance.add_run_tags(run.run_id, {MARK_TAG: mark})

    @property
    def supports_check_run_worker_health(self) -> bool:
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """RUNNING, or FAILED where the run's process is gone; UNKNOWN counts as running with a time limit."""
        known_at = self._instance.get_run_record_by_id(run.run_id)
        process = process_of_run(self._instance, run)
        if process is not None and known_at is not None:
            if is_gone(known_at, process):
                if self._its_server_comes_back(known_at):
                    said = "its code server is being started again"
                    return CheckRunHealthResult(WorkerStatus.RUNNING, said, transient=True)
                return CheckRunHealthResult(WorkerStatus.FAILED, f"process {process} of this run is gone")
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        if run.tags.get(PROCESS_TAG):
            return CheckRunHealthResult(WorkerStatus.RUNNING, "made by a command on another machine")
        return self._asked_of_its_server(run)

    def _its_server_comes_back(self, record: dg.RunRecord) -> bool:
        """Whether the code server of a run whose process is gone is away too, or has been back for so short a time that
        Dagster may not have seen it: its socket is there, and nobody listens or somebody has only begun to."""
        run = record.dagster_run
        address = socket_of_server(run)
        if address is None or not Path(address).exists():
            return False
        is_back = answers(address)
        if is_back and Path(address).stat().st_ctime <= record.create_timestamp.timestamp():
            return False  # It was never away.
        now = time.monotonic()
        seen = now - self._seen_since.setdefault((run.run_id, is_back), now)
        return seen < (_SETTLED_S if is_back else _LONGEST_ABSENCE_S)

    def _asked_of_its_server(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """What a code server on another machine, or in another container, knows of the run."""
        client: DagsterGrpcClient | None = self._get_grpc_client_for_termination(run.run_id)  # type: ignore[no-untyped-call]
        if client is None:
            return CheckRunHealthResult(WorkerStatus.RUNNING, "it has no code server to be asked")
        try:
            said = client.can_cancel_execution(CanCancelExecutionRequest(run_id=run.run_id), timeout=10)
        except DagsterUserCodeUnreachableError:
            # It may be restarting, with the run in it or not; it is asked again.
            return CheckRunHealthResult(WorkerStatus.RUNNING, "its code server does not answer", transient=True)
        if deserialize_value(said, CanCancelExecutionResult).can_cancel:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        address = json.loads(run.tags[GRPC_INFO_TAG])
        return CheckRunHealthResult(
            WorkerStatus.FAILED,
            f"the code server at {address.get('host')}:{address.get('port')} does not know this run",
        )
