"""Whether a run is alive, as run monitoring asks it: of this machine's processes, or of a code server elsewhere."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events import EngineEventData
from dagster._core.launcher import WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG

import forge_jobs.launcher
from forge_jobs.launcher import WatchedRunLauncher
from forge_jobs.recovery import MARK_TAG, PROCESS_TAG, this_process
from forge_resources.store import processes
from forge_resources.store.processes import mark_of, mark_to_come


@dg.job
def quiet() -> None:
    pass


def started(instance: dg.DagsterInstance, process: int, **tags: str) -> dg.DagsterRun:
    """A run that a code server has started in a process."""
    run = instance.create_run_for_job(quiet, tags={name.replace("__", "/"): value for name, value in tags.items()})
    instance.report_engine_event(
        "Started process for run", run, EngineEventData({"pid": dg.MetadataValue.text(str(process))})
    )
    return run


@pytest.fixture
def ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def launcher(instance: dg.DagsterInstance) -> WatchedRunLauncher:
    found = instance.run_launcher
    assert isinstance(found, WatchedRunLauncher), "dagster.yaml names it"
    assert found.supports_check_run_worker_health
    return found


def health(instance: dg.DagsterInstance, run: dg.DagsterRun) -> WorkerStatus:
    fresh = instance.get_run_by_id(run.run_id)
    assert fresh is not None
    return launcher(instance).check_run_worker_health(fresh).status


def test_a_run_of_this_machine_is_as_alive_as_its_process(
    instance: dg.DagsterInstance, ended_process: int, tmp_path: Path
) -> None:
    place = json.dumps({"host": "localhost", "socket": str(tmp_path / "gone.sock")})
    assert health(instance, started(instance, os.getpid(), **{GRPC_INFO_TAG: place})) == WorkerStatus.RUNNING
    assert health(instance, started(instance, ended_process, **{GRPC_INFO_TAG: place})) == WorkerStatus.FAILED


def test_a_run_of_the_command_is_as_alive_as_the_command(instance: dg.DagsterInstance, ended_process: int) -> None:
    host = this_process().partition(":")[0]
    assert health(instance, started(instance, 1, **{PROCESS_TAG: this_process()})) == WorkerStatus.RUNNING
    assert health(instance, started(instance, 1, **{PROCESS_TAG: f"{host}:{ended_process}"})) == WorkerStatus.FAILED
    assert health(instance, started(instance, 1, **{PROCESS_TAG: f"elsewhere:{ended_process}"})) == WorkerStatus.RUNNING


def test_the_mark_of_a_process_counts_whatever_the_clock_says(
    instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock is set ahead by a year: to it, this process began a year after the run was told of."""
    place = json.dumps({"host": "localhost", "socket": str(tmp_path / "gone.sock")})
    began = processes._began
    monkeypatch.setattr(processes, "_began", lambda fields: began(fields) + 3600 * 24 * 365)
    noted = started(instance, os.getpid(), **{GRPC_INFO_TAG: place, MARK_TAG: mark_of(os.getpid())})
    assert health(instance, noted) == WorkerStatus.RUNNING
    assert health(instance, started(instance, os.getpid(), **{GRPC_INFO_TAG: place})) == WorkerStatus.FAILED
    announced = {GRPC_INFO_TAG: place, MARK_TAG: mark_to_come()}
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        # Whoever launched it was killed before noting its process.
        assert health(instance, started(instance, process.pid, **announced)) == WorkerStatus.RUNNING
        process.communicate(b"\n")
    other = {GRPC_INFO_TAG: place, MARK_TAG: "1a2b3c4d.77"}
    assert health(instance, started(instance, os.getpid(), **other)) == WorkerStatus.FAILED


def test_a_code_server_elsewhere_that_does_not_answer_is_waited_for(instance: dg.DagsterInstance) -> None:
    address = json.dumps({"host": "code.invalid", "port": 1})
    assert health(instance, started(instance, 1, **{GRPC_INFO_TAG: address})) == WorkerStatus.RUNNING


def test_a_server_killed_with_its_run_is_waited_for(
    instance: dg.DagsterInstance, ended_process: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dagster starts a run again only where it can reach the code location at the moment that the run is over."""
    place = tmp_path / "code.sock"
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(place))
    run = started(instance, ended_process, **{GRPC_INFO_TAG: json.dumps({"host": "localhost", "socket": str(place)})})
    assert health(instance, run) == WorkerStatus.RUNNING, "nobody listens"
    place.unlink()
    with socket.socket(socket.AF_UNIX) as back:
        back.bind(str(place))
        back.listen()
        assert health(instance, run) == WorkerStatus.RUNNING, "it has only begun to"
        monkeypatch.setattr(forge_jobs.launcher, "_SETTLED_S", 0.0)
        assert health(instance, run) == WorkerStatus.FAILED
    monkeypatch.setattr(forge_jobs.launcher, "_LONGEST_ABSENCE_S", 0.0)
    assert health(instance, run) == WorkerStatus.FAILED, "it does not come back"
