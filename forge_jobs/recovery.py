"""Clearing up after processes that were killed: their runs are not going on any more, and hold nothing.

`forge run` works without a daemon, and a run of a killed `forge run` would hold its slot of the GPU pool for ever. A
run of the queue is looked after by the code server that launched it; where that was killed too (a reboot, a power cut),
Dagster takes the run to be going on until its time limit, and a queue of one waits for it that long.

What belongs here: runs made in a process of this machine. What does not: runs that a cluster launched; there, run
monitoring asks the cluster.
"""

from __future__ import annotations

import json
import os
import socket

import dagster as dg
from dagster._core.storage.tags import GRPC_INFO_TAG

from forge_resources.store.processes import is_alive, mark_of

PROCESS_TAG = "forge/process"
"""Tag of a run made by `forge run`: the machine and process that it is made in."""
MARK_TAG = "forge/process-mark"
"""Tag of a run made on this machine: what tells its process from another one that is given its number later."""

_THIS_MACHINE = ("localhost", "127.0.0.1", "::1", socket.gethostname())
"""A code server that listens there shares its processes with whoever asks here."""

_GOING_ON = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.CANCELING,
]


def this_process() -> str:
    """This machine and process, as the tag has it."""
    return f"{socket.gethostname()}:{os.getpid()}"


def tags_of_this_process() -> dict[str, str]:
    """The tags of a run that is made in this process."""
    return {PROCESS_TAG: this_process(), MARK_TAG: mark_of(os.getpid())}


def is_gone(record: dg.RunRecord, process: int) -> bool:
    """Whether the process of a run on this machine has ended, or is another one by now."""
    mark = record.dagster_run.tags.get(MARK_TAG, "")
    return not is_alive(process, mark=mark, known_at=record.update_timestamp.timestamp())


def end_runs_of_killed_processes(instance: dg.DagsterInstance) -> list[str]:
    """Marks runs as failed whose process is gone, and frees their slots. Returns their ids."""
    ended = []
    for record in instance.get_run_records(dg.RunsFilter(statuses=_GOING_ON)):
        run = record.dagster_run
        process = _process_of_command(run) or (None if _its_server_answers(run) else process_of_run(instance, run))
        if process is not None and is_gone(record, process):
            instance.report_run_failed(run, "The process that made this run was killed.")
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
            ended.append(run.run_id)
    return ended


def _process_of_command(run: dg.DagsterRun) -> int | None:
    """The process of a `forge run` on this machine."""
    host, _, process = run.tags.get(PROCESS_TAG, "").partition(":")
    return int(process) if host == socket.gethostname() and process.isdigit() else None


def process_of_run(instance: dg.DagsterInstance, run: dg.DagsterRun) -> int | None:
    """The process of a run on this machine: of a `forge run`, or started by a code server here. None elsewhere."""
    if (process := _process_of_command(run)) is not None:
        return process
    address = json.loads(run.tags.get(GRPC_INFO_TAG, "{}"))
    if not address.get("socket") and address.get("host") not in _THIS_MACHINE:
        return None
    records = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT).records
    for record in reversed(records):
        event = record.event_log_entry.dagster_event
        told = event.engine_event_data.metadata.get("pid") if event is not None else None
        if told is not None:
            return int(str(told.value))
    return None


def socket_of_server(run: dg.DagsterRun) -> str | None:
    """Where the code server that started the run listens, if that is on this machine."""
    address: str | None = json.loads(run.tags.get(GRPC_INFO_TAG, "{}")).get("socket")
    return address


def _its_server_answers(run: dg.DagsterRun) -> bool:
    """Whether a code server of this machine looks after the run."""
    address = socket_of_server(run)
    return address is not None and answers(address)


def answers(address: str) -> bool:
    """Whether anybody listens at a socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(address)
        except OSError:
            return False
    return True
