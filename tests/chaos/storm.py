"""A deployment on services with its load, what is done to it, and who judges it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.storage.tags import AUTO_RETRY_RUN_ID_TAG, WILL_RETRY_TAG

from forge_assets.stage import GPU_POOL
from forge_jobs.instance import CHECKOUT, open_instance
from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.deliverables import Deliverables
from forge_resources.settings import Settings
from forge_resources.studio import Studio
from tests.chaos.services import PROGRAMS, Service, processes_of, services
from tests.heavy.painter import register_painters
from tests.postgres_server import PostgresServer
from tests.sample_briefs import write_brief

CLOCK = Path(__file__).parent / "clock"
"""With it in PYTHONPATH, a process has a clock that can be set."""

ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


class Storm:
    """A deployment on services, its load, and what is done to it."""

    def __init__(
        self, settings: Settings, running: dict[str, Service], environment: Mapping[str, str], clock: Path
    ) -> None:
        self.settings, self.running, self.environment, self._clock = settings, running, environment, clock
        self.cells: list[CellKey] = []
        self.briefs: dict[str, Path] = {}
        self._making: set[str] = set()
        self._killed: set[str] = set()

    def drop(self, cells: int) -> list[CellKey]:
        """Briefs of two cells each into the inbox, the last one of one where that is left; each with pictures of its
        own. Returns their cells."""
        dropped = []
        while len(dropped) < cells:
            number = len(self.briefs)
            name, markets = f"storm-{number:02}", ["en-GB", "de-DE"][: cells - len(dropped)]
            changes: dict[str, Any] = {"brief": name, "seed": number + 1, "markets": markets}
            self.briefs[name] = write_brief(self.settings.inbox, f"{name}.yaml", **changes)
            dropped += [CellKey(brief=name, market=market, persona="busy-parent") for market in markets]
        self.cells += dropped
        return dropped

    def set_clock(self, ahead_s: int) -> None:
        """Sets the clock of all services, and of what they start, so far ahead of the machine's. Waits until it is."""
        self._clock.write_text(str(ahead_s), encoding="utf-8")
        time.sleep(1)

    def asked_for(self, cells: Sequence[CellKey]) -> Callable[[dg.DagsterInstance], bool]:
        """Whether there is a run for each of the cells."""
        wanted = {cell.partition_key for cell in cells}
        return lambda instance: {run.tags.get("dagster/partition") for run in instance.get_runs()} >= wanted

    def run_processes(self) -> list[int]:
        """The processes in which runs are made: children of a code server, alive or not."""
        called = processes_of(self.settings.home).items()
        return [process for process, call in called if "multiprocessing.spawn" in call]

    def is_making(self, instance: dg.DagsterInstance) -> bool:
        """Whether a run that has not been killed has got past its start: one killed before, with the daemon that waits
        for it, is only given up when its time to start is over."""
        started = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
        self._making = {run.run_id for run in started} - self._killed
        return bool(self._making)

    def kill_a_run(self) -> None:
        self._killed |= self._making
        for process in self.run_processes()[:1]:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def kill_the_worker(self, part: str = "") -> None:
        """Kills the worker of the device: its supervisor, or the process in it that paints."""
        called = processes_of(self.settings.home).items()
        for process, call in called:
            if (part or "forge_resources.gpu") in call:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)

    def wait(self, what: str, look: Callable[[dg.DagsterInstance], bool], limit_s: float) -> None:
        until = time.monotonic() + limit_s
        with open_instance(self.settings) as instance:
            while not look(instance):
                said = "\n".join(service.said() for service in self.running.values())
                runs = [(run.status.value, run.tags.get("dagster/partition")) for run in instance.get_runs()]
                assert time.monotonic() < until, f"{what}: not within {limit_s:g} s\n{runs}\n{said}"
                time.sleep(1)

    def ended(self, instance: dg.DagsterInstance) -> int:
        return int(instance.get_runs_count(dg.RunsFilter(statuses=ENDED)))

    def all_ended(self, instance: dg.DagsterInstance) -> bool:
        """Every cell has been asked for, and none is queued or going on; a retry may yet be asked for."""
        return self.asked_for(self.cells)(instance) and all(run.status in ENDED for run in instance.get_runs())

    def no_retry_to_come(self, instance: dg.DagsterInstance) -> bool:
        """Whether every failed run says that it is not started again, or has been."""
        failed = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))
        return all(run.tags.get(WILL_RETRY_TAG) == "false" or AUTO_RETRY_RUN_ID_TAG in run.tags for run in failed)

    def settle(self, limit_s: float) -> None:
        """Until nothing is going on and nothing is to come. A retry that Dagster has forgotten is not waited for."""
        calm_since: list[float] = []

        def calm(instance: dg.DagsterInstance) -> bool:
            if not self.all_ended(instance):
                calm_since.clear()
                return False
            calm_since.append(time.monotonic())
            return self.no_retry_to_come(instance) or calm_since[-1] - calm_since[0] > 15

        self.wait("the end of all runs", calm, limit_s)

    def delivered(self) -> set[CellKey]:
        studio = Studio(self.settings)
        documents = {cell: studio.cabinet.find("deliverables", cell.path, Deliverables) for cell in self.cells}
        return {cell for cell, document in documents.items() if document and studio.store.has_delivered(document)}


@contextmanager
def storming(settings: Settings, folder: Path, *, webserver: bool = False, settable: bool = False) -> Iterator[Storm]:
    """Services of a deployment whose plates are painted in the worker of the device, until the block ends.

    With `settable`, their clock can be set.
    """
    with open_instance(settings):
        pass  # The tables are made before anybody fights over them.
    register_painters(folder / "package")
    # A socket's path is short.
    runtime = Path(tempfile.mkdtemp(prefix="forge-storm-", dir="/tmp"))
    paths = [
        folder / "package",
        CHECKOUT,
        *([CLOCK] if settable else []),
        *os.environ.get("PYTHONPATH", "").split(os.pathsep),
    ]
    clock = folder / "clock"
    called = {
        **os.environ,
        "FORGE_GPU_HOST": "worker",
        "FORGE_RUNTIME": str(runtime),
        "FORGE_ENGINE_IMAGE": "oil",
        "FORGE_TEST_STEP_S": "0.05",
        "FORGE_TEST_CLOCK": str(clock),
        "PYTHONPATH": os.pathsep.join(str(path) for path in paths if path),
    }
    running = services(called, folder, webserver=webserver)
    try:
        yield Storm(settings, running, called, clock)
    finally:
        for service in running.values():
            service.stop()
        for process in processes_of(settings.home):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        shutil.rmtree(runtime, ignore_errors=True)


def away(postgres: PostgresServer, seconds: float = 2.0) -> None:
    """Kills the database, and starts it again later."""
    postgres.kill()
    time.sleep(seconds)
    postgres.start()


def call(storm: Storm, *arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit status of a `forge` command beside the services, and what it prints as JSON."""
    words = [str(PROGRAMS / "forge"), *arguments, "--json"]
    done = subprocess.run(words, env=dict(storm.environment), cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, said


def judge(storm: Storm) -> dict[str, Any]:
    """Reruns what failed honestly, and has the checker prove the rest. Returns counts for people."""
    first = storm.delivered()
    _, said = call(storm, "store", "fsck")
    # What a killed process was writing lies where nobody reads it; nothing else may be wrong.
    assert {flaw["kind"] for flaw in said["flaws"]} <= {"half_written"}, said["flaws"]
    half_written = len(said["flaws"])
    if half_written:
        call(storm, "store", "fsck", "--repair")
    for name in sorted({cell.brief for cell in set(storm.cells) - first}):
        status, done = call(storm, "run", str(storm.briefs[name]))
        assert (status, {cell["status"] for cell in done["cells"]}) == (0, {"delivered"}), done
    assert storm.delivered() == set(storm.cells)
    if half_written or first != set(storm.cells):
        status, after = call(storm, "store", "fsck")
        assert (status, after["flaws"]) == (0, []), after["flaws"]
    with open_instance(storm.settings) as instance:
        assert instance.event_log_storage.get_concurrency_info(GPU_POOL).active_slot_count == 0
        runs = instance.get_runs_count()
        succeeded = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS]))
    made = Counter(run.tags["dagster/partition"] for run in succeeded)
    assert made == {cell.partition_key: 1 for cell in storm.cells}, "each once"
    return {
        "cells": len(storm.cells),
        "delivered": len(first),
        "rerun": len(storm.cells) - len(first),
        "runs": runs,
        "half_written": half_written,
        **{name: service.starts for name, service in storm.running.items()},
    }
