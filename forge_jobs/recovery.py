"""Clearing up after processes that were killed: their runs are not going on any more, and hold nothing.

The daemon's run monitoring does this for the runs it launched. `forge run` works without a daemon, and a run of a
killed `forge run` would hold its slot of the GPU pool for ever.

What belongs here: runs made in a process of this machine. What does not: runs of the queue.
"""

from __future__ import annotations

import os
import socket

import dagster as dg

from forge_resources.store.processes import is_alive

PROCESS_TAG = "forge/process"
"""Tag of a run made by `forge run`: the machine and process that it is made in."""

_GOING_ON = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.CANCELING,
]


def this_process() -> str:
    """This machine and process, as the tag has it."""
    return f"{socket.gethostname()}:{os.getpid()}"


def end_runs_of_killed_processes(instance: dg.DagsterInstance) -> list[str]:
    """Marks runs as failed whose process is gone, and frees their slots. Returns their ids."""
    ended = []
    for run in instance.get_runs(dg.RunsFilter(statuses=_GOING_ON)):
        host, _, process = run.tags.get(PROCESS_TAG, "").partition(":")
        if host == socket.gethostname() and process.isdigit() and not is_alive(int(process)):
            instance.report_run_failed(run, "The process that made this run was killed.")
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
            ended.append(run.run_id)
    return ended
