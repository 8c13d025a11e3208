"""Faults that must cost nothing but time: services are killed at random while cells are being made.

At the end every cell is delivered, or failed honestly and can be rerun; none is delivered twice; nothing is half
written or held; store and event log agree. `forge store fsck` is the judge.

The form that every test run takes has two cells and kills database, daemon, run, worker and code server once. The
others are marked `long`:

    pytest -m long tests/chaos                       # three minutes of storm, and a minute of each trouble
    FORGE_CHAOS_SECONDS=1200 FORGE_CHAOS_CELLS=60 pytest -m long tests/chaos -k storm
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import s3fs

from forge_resources.settings import Settings
from tests.chaos.storm import away, judge, storming
from tests.faulty_proxy import Fault, faulty_proxy
from tests.postgres_server import PostgresServer
from tests.s3_server import BUCKET

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")

AWAY_S = float(os.environ.get("FORGE_CHAOS_AWAY", "60"))


def test_each_service_is_killed_once(deployment: Settings, postgres: PostgresServer, tmp_path: Path) -> None:
    with storming(deployment, tmp_path) as storm:
        storm.drop(2)
        storm.wait("a run", storm.is_making, 120)
        away(postgres)
        storm.running["daemon"].kill()
        storm.kill_a_run()
        storm.wait("another run", storm.is_making, 120)
        storm.kill_the_worker()
        storm.running["code"].kill()
        storm.settle(240)
        assert storm.running["daemon"].starts > 1
        assert storm.running["code"].starts > 1
        print(judge(storm))


@pytest.mark.long
def test_storm(deployment: Settings, postgres: PostgresServer, tmp_path: Path) -> None:
    """Three minutes of it, or FORGE_CHAOS_SECONDS, with FORGE_CHAOS_CELLS cells in flight."""
    seconds = float(os.environ.get("FORGE_CHAOS_SECONDS", "180"))
    cells = int(os.environ.get("FORGE_CHAOS_CELLS", "12"))
    dice = random.Random(int(os.environ.get("FORGE_CHAOS_SEED", "7")))
    with storming(deployment, tmp_path, webserver=True) as storm:
        storm.drop(cells)
        storm.wait("a run", storm.is_making, 120)
        acts: dict[str, Callable[[], None]] = {
            **{name: service.kill for name, service in storm.running.items()},
            "run": storm.kill_a_run,
            "worker": storm.kill_the_worker,
            "painter": lambda: storm.kill_the_worker("multiprocessing.forkserver"),
            "database": lambda: away(postgres),
        }
        done = dict.fromkeys([*acts, "database for long"], 0)
        until = time.monotonic() + seconds
        # A minute without database comes once in five: where each follows on the last, nothing is under way to be hit.
        long_away = time.monotonic() + min(seconds, 300) / 2
        while time.monotonic() < until:
            time.sleep(dice.uniform(4, 16))
            if time.monotonic() > long_away:
                away(postgres, min(60.0, seconds / 6))
                done["database for long"] += 1
                long_away += 300
                continue
            act = dice.choice(list(acts))
            acts[act]()
            done[act] += 1
        storm.settle(600 + 30 * cells)
        print(judge(storm), "killed:", done)


@pytest.mark.long
def test_store_and_database_are_away_for_a_minute(
    deployment: Settings,
    postgres: PostgresServer,
    bucket: Any,
    s3_server: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both come back, and no run has failed."""
    with faulty_proxy(s3_server) as proxy:
        for name, value in {"FORGE_STORE": f"s3://{BUCKET}/store", "AWS_ENDPOINT_URL": proxy.address}.items():
            monkeypatch.setenv(name, value)
        s3fs.S3FileSystem.clear_instance_cache()
        with storming(Settings.from_environment(), tmp_path) as storm:
            storm.drop(2)
            storm.wait("a run", storm.is_making, 120)
            time.sleep(5)
            proxy.faults.append(Fault("away", times=10**9))
            time.sleep(AWAY_S)
            proxy.faults.clear()
            time.sleep(5)
            away(postgres, AWAY_S)
            storm.settle(900)
            found = judge(storm)
        print(found)
        assert found["rerun"] == 0, "a minute is waited for"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, of 256 MB. Only root can have one."""
    if os.geteuid() != 0 or sys.platform != "linux":
        pytest.skip("only root can mount a disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", str(disk)], check=True)
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.mark.long
@pytest.mark.parametrize("database", ["postgresql", "sqlite"])
def test_the_disk_is_full_for_a_minute(
    database: str,
    deployment: Settings,
    small_disk: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    if database == "postgresql":
        request.getfixturevalue("postgres")
    for name in ("FORGE_HOME", "DAGSTER_HOME"):
        monkeypatch.setenv(name, str(small_disk / "home"))
    with storming(Settings.from_environment(), tmp_path) as storm:
        storm.drop(2)
        storm.wait("a run", storm.is_making, 120)
        time.sleep(2)
        until = time.monotonic() + AWAY_S
        ballast = small_disk / "ballast"
        while time.monotonic() < until:
            # What is given back meanwhile is taken too.
            with ballast.open("ab", buffering=0) as stream:
                while shutil.disk_usage(small_disk).free:
                    try:
                        stream.write(bytes(4096))
                    except OSError:
                        break
            time.sleep(0.2)
        ballast.unlink()
        storm.settle(600)
        print(judge(storm))
