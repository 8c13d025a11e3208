"""`forge dev` itself: webserver, daemon, code server and run workers, from the inbox through the queue to the spot.

This is the slowest test by far: a minute and a half, in which four spots are made. Its steps are functions, in order.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import dagster as dg
import pytest
from dagster._core.events import DagsterEventType

from forge_jobs.recovery import MARK_TAG, PROCESS_TAG
from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.deliverables import Deliverables
from forge_resources.schemas.script import Script
from forge_resources.settings import Settings
from forge_resources.studio import Studio
from tests.running_house import FORGE, RunningHouse
from tests.sample_briefs import write_brief

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")

CELL = CellKey(brief="night-tea", market="en-GB", persona="busy-parent")
# Dagster tells of leaving the queue by RUN_STARTING; it has an event RUN_DEQUEUED and never reports it.
QUEUED = (
    DagsterEventType.RUN_ENQUEUED,
    DagsterEventType.RUN_STARTING,
    DagsterEventType.RUN_START,
    DagsterEventType.RUN_SUCCESS,
)


@pytest.fixture
def house(deployment: Settings, tmp_path: Path) -> Iterator[RunningHouse]:
    """A running `forge dev` whose home is this process's home too."""
    running = RunningHouse(os.environ, tmp_path / "forge-dev.log")
    try:
        running.wait("the code location", running.serves)
        yield running
    finally:
        running.kill()


def test_a_house_from_its_start_to_its_end(
    house: RunningHouse, instance: dg.DagsterInstance, studio: Studio, tmp_path: Path
) -> None:
    """One test, because starting a house takes as long as making a spot."""
    everything_that_watches_is_running(house)
    a_brief_in_the_inbox_becomes_a_spot_through_the_queue(house, instance, studio)
    a_queued_run_is_executed_again_from_where_it_failed(house, instance, studio)
    a_run_of_the_command_is_executed_again_from_where_it_failed(house, instance, studio, tmp_path)
    a_house_that_is_killed_goes_on_where_it_was(house, studio)
    whoever_ends_the_house_ends_all_of_it(house)


def tags_of(run: dict[str, Any]) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in run["tags"]}


def made_by(run: dict[str, Any]) -> set[str]:
    return {step["stepKey"].removeprefix("make_") for step in run["stepStats"] if step["status"] == "SUCCESS"}


def assert_queued(instance: dg.DagsterInstance, run_id: str) -> None:
    events = [entry.dagster_event_type for entry in instance.all_logs(run_id) if entry.dagster_event_type in QUEUED]
    assert events == list(QUEUED)


def assert_delivered(studio: Studio, cell: CellKey) -> None:
    document = studio.cabinet.read("deliverables", cell.path, Deliverables)
    assert studio.store.has_delivered(document)
    with av.open(document.of_role("spot")[0].address) as spot:
        assert sum(1 for _ in spot.decode(video=0)) == 144


def everything_that_watches_is_running(house: RunningHouse) -> None:
    [repository] = house.serves()["repositories"]  # type: ignore[index]
    assert {job["name"] for job in repository["jobs"]} >= {"produce", "storyboard", "finish"}
    states = {sensor["name"]: sensor["sensorState"]["status"] for sensor in repository["sensors"]}
    assert states == dict.fromkeys(("approvals", "brief_inbox", "failures", "library_changes"), "RUNNING")


def a_brief_in_the_inbox_becomes_a_spot_through_the_queue(
    house: RunningHouse, instance: dg.DagsterInstance, studio: Studio
) -> None:
    faulty = write_brief(house.inbox, "faulty.yaml", brief="faulty-tea", markets=["en-GB", "xx-YY"], duration_s=7)
    write_brief(house.inbox, markets=["en-GB"])
    errors = faulty.with_name("faulty.yaml.errors.txt")
    [asked] = house.wait("a run for the brief", lambda: house.runs(forge__brief="night-tea"))
    run = house.wait("the end of the run", lambda: house.ended(asked["runId"]))
    assert run["status"] == "SUCCESS", house.said()

    said = errors.read_text(encoding="utf-8")
    assert "markets[1]" in said
    assert "duration_s" in said
    assert not house.runs(forge__brief="faulty-tea")

    assert run["jobName"] == "produce"
    tags = tags_of(run)
    assert tags["dagster/sensor_name"] == "brief_inbox"
    assert tags["dagster/partition"] == CELL.partition_key
    assert (tags["dagster/partition/market"], tags["dagster/partition/persona"]) == ("night-tea@en-GB", "busy-parent")
    assert tags["forge/request"] == tags["dagster/run_key"]
    assert_queued(instance, run["runId"])

    assert instance.get_dynamic_partitions("market") == ["night-tea@en-GB"]
    assert instance.get_dynamic_partitions("persona") == ["busy-parent"]
    for key, partition in (("market_brief", CELL.market_key), ("persona", CELL.persona_key)):
        observed = dg.AssetRecordsFilter(asset_key=dg.AssetKey(key), asset_partitions=[partition])
        assert len(instance.fetch_observations(observed, limit=5).records) == 1
    assert_delivered(studio, CELL)


def a_queued_run_is_executed_again_from_where_it_failed(
    house: RunningHouse, instance: dg.DagsterInstance, studio: Studio
) -> None:
    """What fails passes: a document is lost, and brought back."""
    place = Path(studio.cabinet.place("script", CELL.path).path)
    script = place.read_bytes()
    place.unlink()
    partition = {
        "dagster/partition": CELL.partition_key,
        "dagster/partition/market": CELL.market_key,
        "dagster/partition/persona": CELL.persona_key,
    }
    failed_id = house.launch("finish", partition)
    failed = house.wait("the run to fail", lambda: house.ended(failed_id))
    assert failed["status"] == "FAILURE"
    assert "motion" in made_by(failed)

    place.write_bytes(script)
    assert studio.cabinet.read("script", CELL.path, Script).rows
    again = house.rerun_from_failure(failed_id)
    run = house.wait("the second run", lambda: house.ended(again))
    assert run["status"] == "SUCCESS", house.said()
    assert "motion" not in made_by(run), "what was made is not made again"
    assert {"voiceover", "timeline", "spot", "deliverables"} <= made_by(run)
    assert tags_of(run)["dagster/parent_run_id"] == failed_id
    assert_queued(instance, run["runId"])
    # The sensor that tells the code of its error has looked meanwhile.
    tagged = house.wait("the code of its error", lambda: house.runs(forge__error="not_found"))
    assert [run["runId"] for run in tagged] == [failed_id]


def a_run_of_the_command_is_executed_again_from_where_it_failed(
    house: RunningHouse, instance: dg.DagsterInstance, studio: Studio, tmp_path: Path
) -> None:
    """`forge run` in a shell whose ffmpeg is broken; the house has a sound one."""
    broken = tmp_path / "ffmpeg"
    broken.write_text("#!/bin/sh\necho 'ffmpeg: cannot load libx264' >&2\nexit 127\n", encoding="utf-8")
    broken.chmod(0o755)
    brief = write_brief(tmp_path, brief="shell-tea", markets=["en-GB"])
    command = subprocess.run(
        [FORGE, "run", str(brief)],
        env={**house.environment, "IMAGEIO_FFMPEG_EXE": str(broken)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert command.returncode == 1, command.stderr
    assert "Traceback" not in command.stderr
    [listed] = house.runs(forge__brief="shell-tea")
    failed = house.ended(listed["runId"])
    assert failed is not None
    assert failed["status"] == "FAILURE"
    assert "script" in made_by(failed)

    again = house.rerun_from_failure(listed["runId"])
    run = house.wait("the second run", lambda: house.ended(again))
    assert run["status"] == "SUCCESS", house.said()
    assert not made_by(run) & {"brief", "concept", "culture", "script", "storyboard", "frames"}
    marks = [tags_of(one)[MARK_TAG] for one in (failed, run)]
    assert marks[0] != marks[1], "it is not judged by the process of the command, which has ended"
    assert not tags_of(run)[PROCESS_TAG]
    assert_queued(instance, run["runId"])
    assert_delivered(studio, CellKey(brief="shell-tea", market="en-GB", persona="busy-parent"))


def a_house_that_is_killed_goes_on_where_it_was(house: RunningHouse, studio: Studio) -> None:
    """A power cut in the middle of a run: the run does not hold the queue, and what was begun is ended."""
    write_brief(house.inbox, "late.yaml", brief="late-tea", markets=["en-GB"])
    late = {"forge__brief": "late-tea"}
    [cut] = house.wait("a run going on", lambda: [run for run in house.runs(**late) if run["status"] == "STARTED"])
    house.kill()
    house.start()
    house.wait("the code location", house.serves)
    killed = house.wait("the end of the killed run", lambda: house.ended(cut["runId"]))
    assert killed["status"] == "FAILURE"
    [again] = house.wait("its second attempt", lambda: house.runs(dagster__parent_run_id=cut["runId"]))
    run = house.wait("the end of that", lambda: house.ended(again["runId"]))
    assert run["status"] == "SUCCESS", house.said()
    assert_delivered(studio, CellKey(brief="late-tea", market="en-GB", persona="busy-parent"))


def whoever_ends_the_house_ends_all_of_it(house: RunningHouse) -> None:
    assert len(house.processes()) > 3, "a webserver, a daemon and a code server besides the command"
    assert house.stop() == 0
    assert house.processes() == {}
