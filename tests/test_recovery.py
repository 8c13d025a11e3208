"""A killed or stopped `forge run` loses nothing, holds nothing, and leaves nothing lying about."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pytest

from forge_jobs.instance import open_instance
from forge_jobs.recovery import PROCESS_TAG, end_runs_of_killed_processes, this_process
from forge_resources.settings import Settings
from tests.sample_briefs import write_brief

FORGE = str(Path(sys.executable).parent / "forge")
STOPPED = "Stopped. What was finished is kept; the same call goes on from there.\n"


def start_and_send(brief: Path, stage: str, number: signal.Signals) -> int:
    """Starts `forge run` and sends it a signal once it has told of a stage. Returns its exit status."""
    process = subprocess.Popen([FORGE, "run", str(brief)], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if line.split()[-1:] == [stage]:
            time.sleep(0.4)  # In the midst of it.
            process.send_signal(number)
            break
    process.stderr.read()
    return process.wait(timeout=60)


@pytest.mark.parametrize(
    ("stage", "number", "status"),
    [("script", signal.SIGKILL, -signal.SIGKILL), ("spot", signal.SIGKILL, -signal.SIGKILL),
     ("spot", signal.SIGINT, 130)],
)  # fmt: skip
def test_a_rerun_goes_on_from_where_it_was_ended(
    deployment: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stage: str,
    number: signal.Signals,
    status: int,
) -> None:
    elsewhere = tmp_path / "tmp"
    elsewhere.mkdir()
    monkeypatch.setenv("TMPDIR", str(elsewhere))
    brief = write_brief(tmp_path, markets=["en-GB"])
    assert start_and_send(brief, stage, number) == status

    again = subprocess.run([FORGE, "run", str(brief)], capture_output=True, text=True, timeout=120, check=False)
    assert again.returncode == 0, again.stderr
    with open_instance(deployment) as instance:
        going_on = [run.run_id for run in instance.get_runs() if not run.is_finished]
        slots = instance.event_log_storage.get_concurrency_info("gpu")
    assert going_on == []
    assert slots.active_slot_count == 0
    assert list((deployment.cache / "work").iterdir()) == []
    assert list(elsewhere.glob("forge-*")) == [], "nothing sweeps there"
    assert list(deployment.home.rglob(".partial-*")) == []


BETWEEN_TWO_CELLS = """
import os, signal, time
import dagster as dg
import forge_jobs.command as command

@dg.op
def frames():
    return "drawn"

@dg.job
def produce():
    frames()

def call(**_):
    produce.execute_in_process(instance=dg.DagsterInstance.ephemeral())
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(5)

command.forge.main = call
command.main()
"""


def test_a_background_job_hears_sigterm_between_two_cells() -> None:
    """A script's background job is deaf to SIGINT from birth."""
    call = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-c", BETWEEN_TWO_CELLS]
    done = subprocess.run(call, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 130
    assert done.stderr.endswith(STOPPED)


def test_a_run_of_a_living_process_is_left_alone(deployment: Settings, instance: dg.DagsterInstance) -> None:
    @dg.job
    def quiet() -> None:
        pass

    alive = instance.create_run_for_job(quiet, tags={PROCESS_TAG: this_process()})
    queued = instance.create_run_for_job(quiet)
    assert end_runs_of_killed_processes(instance) == []
    assert {alive.status, queued.status} == {dg.DagsterRunStatus.NOT_STARTED}
