"""Faults that must cost nothing but time: services are killed at random while cells are being made.

At the end every cell is delivered, or failed honestly and can be rerun; none is delivered twice; nothing is half
written or held; store and event log agree. `forge store fsck` is the judge.

The form that every test run takes has two cells and kills each service once. The others are marked `long`:

    pytest -m long tests/chaos                       # three minutes
    FORGE_CHAOS_SECONDS=1200 FORGE_CHAOS_CELLS=60 pytest -m long tests/chaos -k storm
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import s3fs

from forge_assets.stage import GPU_POOL
from forge_jobs.instance import open_instance
from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.deliverables import Deliverables
from forge_resources.settings import Settings
from forge_resources.studio import Studio
from tests.chaos.services import Service, processes_of, services
from tests.faulty_proxy import Fault, FaultyProxy, faulty_proxy
from tests.forge_call import ANY, forge
from tests.postgres_server import PostgresServer
from tests.s3_server import BUCKET
from tests.sample_briefs import write_brief

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")

ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


class Storm:
    """A deployment on services, its load, and what is done to it."""

    def __init__(self, settings: Settings, postgres: PostgresServer, running: dict[str, Service]) -> None:
        self.settings, self.postgres, self.running = settings, postgres, running
        self.cells: list[CellKey] = []
        self.briefs: dict[str, Path] = {}

    def drop(self, cells: int) -> None:
        """Briefs of two cells each into the inbox; each with pictures of its own."""
        for number in range((cells + 1) // 2):
            name = f"storm-{number:02}"
            self.briefs[name] = write_brief(self.settings.inbox, f"{name}.yaml", brief=name, seed=number + 1)  # type: ignore[arg-type]
            self.cells += [CellKey(brief=name, market=market, persona="busy-parent") for market in ("en-GB", "de-DE")]

    def run_processes(self) -> list[int]:
        """The processes in which runs are made: children of a code server, alive or not."""
        called = processes_of(self.settings.home).items()
        return [process for process, call in called if "multiprocessing.spawn" in call]

    def is_making(self, instance: dg.DagsterInstance) -> bool:
        """Whether a run has got past its start: one killed before, with the daemon that waits for it, is only given up
        when its time to start is over."""
        return instance.get_runs_count(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])) > 0

    def kill_a_run(self) -> None:
        for process in self.run_processes()[:1]:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def kill_the_database(self, away_s: float = 2.0) -> None:
        self.postgres.kill()
        time.sleep(away_s)
        self.postgres.start()

    def wait(self, what: str, look: Callable[[dg.DagsterInstance], bool], limit_s: float) -> None:
        until = time.monotonic() + limit_s
        with open_instance(self.settings) as instance:
            while not look(instance):
                said = "\n".join(service.said() for service in self.running.values())
                runs = [(run.status.value, run.tags.get("dagster/partition")) for run in instance.get_runs()]
                assert time.monotonic() < until, f"{what}: not within {limit_s:g} s\n{runs}\n{said}"
                time.sleep(1)

    def all_ended(self, instance: dg.DagsterInstance) -> bool:
        """Every cell has been asked for, and none is queued or going on; a retry may yet be asked for."""
        runs = instance.get_runs()
        asked = {run.tags.get("dagster/partition") for run in runs}
        return asked >= {cell.partition_key for cell in self.cells} and all(run.status in ENDED for run in runs)

    def settle(self, limit_s: float) -> None:
        """Until nothing has been going on for a while: what crashed is retried some seconds later."""
        calm_since: list[float] = []

        def calm(instance: dg.DagsterInstance) -> bool:
            if not self.all_ended(instance):
                calm_since.clear()
                return False
            calm_since.append(time.monotonic())
            return calm_since[-1] - calm_since[0] > 15

        self.wait("the end of all runs", calm, limit_s)

    def delivered(self) -> set[CellKey]:
        studio = Studio(self.settings)
        documents = {cell: studio.cabinet.find("deliverables", cell.path, Deliverables) for cell in self.cells}
        return {cell for cell, document in documents.items() if document and studio.store.has_delivered(document)}


@contextmanager
def storming(settings: Settings, postgres: PostgresServer, folder: Path, *, webserver: bool) -> Iterator[Storm]:
    with open_instance(settings):
        pass  # The tables are made before anybody fights over them.
    running = services(os.environ, folder, webserver=webserver)
    try:
        yield Storm(settings, postgres, running)
    finally:
        for service in running.values():
            service.stop()
        for process in processes_of(settings.home):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


def judge(storm: Storm, **environment: str) -> dict[str, Any]:
    """Reruns what failed honestly, and has the checker prove the rest. Returns counts for people."""
    settings = storm.settings
    first = storm.delivered()
    said = forge("store", "fsck", home=settings.home, status=ANY, **environment)
    # What a killed process was writing lies where nobody reads it; nothing else may be wrong.
    assert {flaw["kind"] for flaw in said["flaws"]} <= {"half_written"}, said["flaws"]
    forge("store", "fsck", "--repair", home=settings.home, **environment)
    for name in {cell.brief for cell in set(storm.cells) - first}:
        done = forge("run", storm.briefs[name], home=settings.home, **environment)
        assert {cell["status"] for cell in done["cells"]} == {"delivered"}
    assert storm.delivered() == set(storm.cells)
    assert forge("store", "fsck", home=settings.home, **environment)["flaws"] == []
    with open_instance(settings) as instance:
        assert instance.event_log_storage.get_concurrency_info(GPU_POOL).active_slot_count == 0
        runs = instance.get_runs_count()
    starts = {name: service.starts for name, service in storm.running.items()}
    return {
        "cells": len(storm.cells),
        "delivered": len(first),
        "rerun": len(storm.cells) - len(first),
        "runs": runs,
        **starts,
    }


def test_each_service_is_killed_once(deployment: Settings, postgres: PostgresServer, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name.startswith("FORGE_POSTGRES_")}
    with storming(deployment, postgres, tmp_path, webserver=False) as storm:
        storm.drop(2)
        storm.wait("a run", storm.is_making, 120)
        storm.kill_the_database()
        storm.running["daemon"].kill()
        storm.kill_a_run()
        storm.wait("another run", storm.is_making, 120)
        storm.running["code"].kill()
        storm.settle(240)
        assert storm.running["daemon"].starts > 1
        assert storm.running["code"].starts > 1
    print(judge(storm, **environment))


@pytest.mark.long
def test_storm(deployment: Settings, postgres: PostgresServer, tmp_path: Path) -> None:
    """Three minutes of it, or FORGE_CHAOS_SECONDS, with FORGE_CHAOS_CELLS cells in flight."""
    seconds = float(os.environ.get("FORGE_CHAOS_SECONDS", "180"))
    cells = int(os.environ.get("FORGE_CHAOS_CELLS", "12"))
    dice = random.Random(int(os.environ.get("FORGE_CHAOS_SEED", "7")))
    environment = {name: value for name, value in os.environ.items() if name.startswith("FORGE_POSTGRES_")}
    with storming(deployment, postgres, tmp_path, webserver=True) as storm:
        storm.drop(cells)
        storm.wait("a run", storm.is_making, 120)
        acts: list[Callable[[], None]] = [
            *(service.kill for service in storm.running.values()),
            storm.kill_a_run,
            storm.kill_a_run,
            storm.kill_the_database,
            lambda: storm.kill_the_database(min(60.0, seconds / 6)),
        ]
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(dice.uniform(4, 16))
            dice.choice(acts)()
        storm.settle(600 + 30 * cells)
    print(judge(storm, **environment))


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
    away_s = float(os.environ.get("FORGE_CHAOS_AWAY", "60"))
    environment = {name: value for name, value in os.environ.items() if name.startswith("FORGE_POSTGRES_")}
    with faulty_proxy(s3_server) as proxy:
        store = {"FORGE_STORE": f"s3://{BUCKET}/store", "AWS_ENDPOINT_URL": proxy.address}
        for name, value in store.items():
            monkeypatch.setenv(name, value)
        s3fs.S3FileSystem.clear_instance_cache()
        settings = Settings.from_environment()
        with storming(settings, postgres, tmp_path, webserver=False) as storm:
            storm.drop(2)
            storm.wait("a run", storm.is_making, 120)
            time.sleep(5)
            _away(proxy, away_s)
            time.sleep(5)
            storm.kill_the_database(away_s)
            storm.settle(900)
        found = judge(storm, **environment, **store)
        print(found)
        assert found["rerun"] == 0, "a minute is waited for"


def _away(proxy: FaultyProxy, seconds: float) -> None:
    proxy.faults.append(Fault("away", times=10**9))
    time.sleep(seconds)
    proxy.faults.clear()
