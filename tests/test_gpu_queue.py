"""The queue and the device with the real daemon: GPU steps never meet, and what is killed or stopped lets go of it.

Takes some minutes: `pytest -m long tests/test_gpu_queue.py`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from forge_jobs.instance import open_instance
from forge_resources.gpu.client import WorkerHost
from forge_resources.settings import Settings
from tests.heavy.painter import register_painters
from tests.running_house import RunningHouse
from tests.sample_briefs import write_brief

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
]

GPU_STEPS = {f"make_{stage}" for stage in ("concept", "culture", "script", "frames", "voiceover", "motion")}
COPY = {
    language: {"message": line, "call_to_action": line, "selling_points": [line, line]}
    for language, line in (("de", "Lass den Tag los."), ("fr", "Laissez filer la journée."))
}


class Floor:
    """A running house whose image engine is a painter in the worker."""

    def __init__(self, root: Path, deployment: Settings) -> None:
        self.diary = root / "diary"
        register_painters(root / "package")
        environment = {
            **os.environ,
            "FORGE_GPU_HOST": "worker",
            "FORGE_GPU_STOP_S": "1",
            "FORGE_RUNTIME": str(root / "run"),
            "FORGE_ENGINE_IMAGE": "oil",
            "FORGE_TEST_STEP_S": "0.15",
            "FORGE_TEST_DIARY": str(self.diary),
            "PYTHONPATH": f"{root / 'package'}{os.pathsep}{Path(__file__).parents[1]}",
        }
        with open_instance(deployment):
            pass  # Makes the home with its dagster.yaml.
        configuration = deployment.home / "dagster.yaml"
        settings = yaml.safe_load(configuration.read_text())
        settings["concurrency"]["runs"]["max_concurrent_runs"] = 4
        settings["run_monitoring"] |= {"poll_interval_seconds": 3, "free_slots_after_run_end_seconds": 5}
        configuration.write_text(yaml.safe_dump(settings))
        self.deployment = deployment
        self.worker = WorkerHost(environment)
        self.house = RunningHouse(environment, root / "forge-dev.log")

    def pictures(self) -> list[tuple[float, float]]:
        """When each picture was begun and finished."""
        return [tuple(json.loads(line)[:2]) for line in self.diary.read_text().splitlines()]

    def busy(self) -> dict[str, Any] | None:
        """The request that the worker sees through, once it takes steps."""
        status = self.worker.status()
        current = status["current"] if status else None
        return current if current and current["step"] else None


@pytest.fixture
def running(deployment: Settings) -> Iterator[Floor]:
    root = Path(tempfile.mkdtemp(prefix="forge-queue-", dir="/tmp"))
    made = Floor(root, deployment)
    try:
        made.house.wait("the code location", made.house.serves)
        yield made
    finally:
        made.house.kill()
        made.worker.stop(now=True)
        shutil.rmtree(root)


def test_the_device_and_the_queue(running: Floor, instance: dg.DagsterInstance) -> None:
    """One test, because a house takes long to start."""
    gpu_steps_never_meet_and_cpu_steps_do(running, instance)
    a_killed_run_frees_its_slot(running, instance)
    a_terminated_run_stops_its_request(running)
    a_run_ends_at_its_longest_time(running)
    cells_of_equal_models_are_made_together(running, instance)


def gpu_steps_never_meet_and_cpu_steps_do(running: Floor, instance: dg.DagsterInstance) -> None:
    house = running.house
    write_brief(
        house.inbox, markets=["en-GB", "de-DE", "fr-FR"], personas=["busy-parent", "night-owl-student"], copy=COPY
    )
    house.wait("six runs", lambda: len(house.runs(forge__brief="night-tea")) == 6)
    runs = house.wait("their end", lambda: _all_ended(house, forge__brief="night-tea"), limit_s=1500)
    assert {run["status"] for run in runs} == {"SUCCESS"}
    spans = [
        (run["runId"], step.step_key, step.start_time or 0.0, step.end_time or 0.0)
        for run in runs
        for step in instance.get_run_step_stats(run["runId"])
    ]
    met = [
        (one, other)
        for one, other in combinations(spans, 2)
        if one[0] != other[0] and one[2] < other[3] and other[2] < one[3]
    ]
    on_device = [pair for pair in met if {pair[0][1], pair[1][1]} <= GPU_STEPS]
    beside = [pair for pair in met if not {pair[0][1], pair[1][1]} & GPU_STEPS]
    assert not on_device, "two steps of the pool never run at once"
    assert beside, "steps for the processor do"
    pictures = running.pictures()
    assert not [pair for pair in combinations(pictures, 2) if pair[0][0] < pair[1][1] and pair[1][0] < pair[0][1]]
    status = running.worker.status()
    assert status is not None
    assert status["totals"]["loads"] == 1, "one model, loaded once for six runs"
    assert status["totals"]["jobs"] == len(pictures)


def _all_ended(house: RunningHouse, **tags: str) -> list[dict[str, Any]] | None:
    runs = [house.ended(run["runId"]) for run in house.runs(**tags)]
    return None if None in runs else [run for run in runs if run is not None]


def _launch(running: Floor, slug: str, **tags: str) -> str:
    """A run of one cell of a new brief, at its picture in the worker. Returns its id."""
    house = running.house
    write_brief(house.inbox, f"{slug}.yaml", brief=slug, markets=["en-GB"], seed=len(slug) + 100, duration_s=15)
    if not tags:
        [run] = house.wait("a run", lambda: house.runs(forge__brief=slug))
        run_id = str(run["runId"])
    else:
        house.wait("the first run", lambda: house.runs(forge__brief=slug))
        [first] = house.runs(forge__brief=slug)
        house.wait("its end", lambda: house.ended(first["runId"]))
        parts = {"dagster/partition/market": f"{slug}@en-GB", "dagster/partition/persona": "busy-parent"}
        run_id = house.launch(
            "produce",
            {"dagster/partition": f"{slug}@en-GB|busy-parent", **parts, **tags},
            {"resources": {"studio": {"config": {"reuse": False}}}},
        )
    house.wait("its steps on the device", running.busy, every_s=0.05)
    return run_id


def a_killed_run_frees_its_slot(running: Floor, instance: dg.DagsterInstance) -> None:
    house = running.house
    run_id = _launch(running, "killed-tea")
    os.kill(_process_of(instance, run_id), signal.SIGKILL)
    killed = time.monotonic()
    house.wait("the device to be free", lambda: running.busy() is None, limit_s=60)
    assert time.monotonic() - killed < 30, "the worker has noticed by itself"
    house.wait("the end of the killed run", lambda: house.ended(run_id), limit_s=300)
    [again] = house.wait("its second attempt", lambda: house.runs(dagster__parent_run_id=run_id))
    run = house.wait("the end of that", lambda: house.ended(again["runId"]))
    assert run["status"] == "SUCCESS", "it got the slot"


def _process_of(instance: dg.DagsterInstance, run_id: str) -> int:
    """The process of a run, as its launcher reported it."""
    records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT).records
    events = [record.event_log_entry.dagster_event for record in records]
    [process] = {
        int(str(event.engine_event_data.metadata["pid"].value))
        for event in events
        if event is not None and "pid" in event.engine_event_data.metadata
    }
    return process


def a_terminated_run_stops_its_request(running: Floor) -> None:
    house = running.house
    run_id = _launch(running, "ended-tea")
    house.terminate(run_id)
    told = time.monotonic()
    house.wait("the device to be free", lambda: running.busy() is None, limit_s=30)
    assert time.monotonic() - told < 30
    run = house.wait("the end of the run", lambda: house.ended(run_id))
    assert run["status"] == "CANCELED"
    status = running.worker.status()
    assert status is not None
    assert status["totals"]["failures"].get("cancelled", 0) >= 2


def a_run_ends_at_its_longest_time(running: Floor) -> None:
    house = running.house
    run_id = _launch(running, "long-tea", **{"dagster/max_runtime": "2"})
    run = house.wait("the end of the run", lambda: house.ended(run_id), limit_s=300)
    assert run["status"] == "FAILURE"
    house.wait("the device to be free", lambda: running.busy() is None, limit_s=30)


def cells_of_equal_models_are_made_together(running: Floor, instance: dg.DagsterInstance) -> None:
    """Three briefs at once, the first and the last of one model."""
    house = running.house
    before = running.worker.status()
    assert before is not None
    folder = house.inbox / "not yet"
    folder.mkdir()
    for name, engine in (("p", "chalk"), ("q", "oil"), ("r", "chalk")):
        write_brief(folder, f"{name}.yaml", brief=f"{name}-tea", markets=["en-GB"], engines={"image": engine}, seed=77)
    for path in folder.iterdir():
        path.rename(house.inbox / path.name)
    folder.rmdir()
    house.wait("three runs", lambda: all(house.runs(forge__brief=f"{name}-tea") for name in "pqr"))
    runs = {name: house.runs(forge__brief=f"{name}-tea")[0]["runId"] for name in "pqr"}
    for run_id in runs.values():
        run = house.wait("its end", lambda run_id=run_id: house.ended(run_id))  # type: ignore[misc]
        assert run["status"] == "SUCCESS"
    created = {name: instance.get_run_record_by_id(run_id) for name, run_id in runs.items()}
    order = sorted(created, key=lambda name: created[name].storage_id)  # type: ignore[union-attr]
    assert order in (["p", "r", "q"], ["q", "p", "r"])
