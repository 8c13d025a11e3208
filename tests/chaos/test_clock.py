"""The clock is set ahead and back by an hour while cells are being made: nothing fails and nothing waits for an hour.

The services and all that they start have a clock of their own here; those of the database and of files stay as they
are, as on machines whose clocks differ. The processes are the real ones, and nothing of them is restarted.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from forge_jobs.instance import open_instance
from forge_resources.settings import Settings
from tests.chaos.storm import CLOCK, judge, storming

HOUR_S = 3600

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc"),
]


def test_a_process_follows_the_file(tmp_path: Path) -> None:
    assert find_spec("time_machine") is not None, "time-machine is not installed; it is in the dev extra"
    program = (
        "import datetime, grpc._channel, sys, time\n"
        "real, began = datetime.datetime.now, time.monotonic()\n"
        "print(time.time(), flush=True); input()\n"
        "time.sleep(0.5)\n"
        "print(time.time(), real().timestamp(), time.monotonic() - began, grpc._channel.time.time(), flush=True)\n"
    )
    file = tmp_path / "clock"
    path = os.pathsep.join([str(CLOCK), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path, "FORGE_TEST_CLOCK": str(file)}
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        before = float(process.stdout.readline())
        file.write_text(str(-HOUR_S), encoding="utf-8")
        process.stdin.write("\n")
        process.stdin.flush()
        after, at, counted, deadline = (float(said) for said in process.stdout.readline().split())
    assert before - after == pytest.approx(HOUR_S, abs=30)
    assert at == pytest.approx(after, abs=5)
    assert 0 < counted < 60
    assert deadline == pytest.approx(before, abs=30)


@pytest.mark.parametrize("database", ["postgresql", "sqlite"])
def test_the_clock_is_set_by_an_hour(
    database: str, deployment: Settings, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if database == "postgresql":
        request.getfixturevalue("postgres")
    with storming(deployment, tmp_path, webserver=True, settable=True) as storm, open_instance(deployment) as instance:
        storm.drop(2)
        for ahead_s in (HOUR_S, 0, -HOUR_S, 0):
            storm.wait("a run", storm.is_making, 120)
            ended = storm.ended(instance)
            storm.set_clock(ahead_s)
            # Whoever watches the inbox goes on at once; what is being made is made, and the next cell is begun.
            storm.wait(f"a run for a new brief, {ahead_s} s ahead", storm.asked_for(storm.drop(1)), 60)
            storm.wait(f"the end of a run, {ahead_s} s ahead", lambda _, was=ended: storm.ended(instance) > was, 300)
        storm.settle(900)
        found = judge(storm)
    print(found)
    assert found["rerun"] == 0, "a step of the clock fails no cell"
    assert {found[name] for name in storm.running} == {1}, "a step of the clock ends no service"
