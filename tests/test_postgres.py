"""Dagster on a real PostgreSQL: the configuration for services, several writers, and a server that goes away."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as db
import yaml
from dagster._core.utils import make_new_run_id

from forge_assets.stage import GPU_POOL
from forge_jobs.instance import EMBEDDED, POSTGRES_VARIABLES, SERVICES, open_instance
from forge_jobs.launcher import WatchedRunLauncher
from forge_resources.adapters.postgres import PatientEventLogStorage, patient_engine
from forge_resources.errors import Conflict, InvalidInput
from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.deliverables import Deliverables
from forge_resources.settings import Settings
from forge_resources.studio import Studio
from tests.postgres_server import PASSWORD, PostgresServer
from tests.running_house import RunningHouse
from tests.sample_briefs import write_brief

CELL = CellKey(brief="night-tea", market="en-GB", persona="busy-parent")


def kept_apart(configuration: dict[str, object]) -> dict[str, object]:
    differs = ("storage", "event_log_storage", "run_retries", "compute_logs")
    return {key: value for key, value in configuration.items() if key not in differs}


def test_services_differ_from_the_embedded_default_in_what_they_say_they_do() -> None:
    embedded, services = (yaml.safe_load(file.read_text(encoding="utf-8")) for file in (EMBEDDED, SERVICES))
    assert kept_apart(services) == kept_apart(embedded)
    assert "storage" not in embedded
    assert "event_log_storage" not in services
    assert PASSWORD not in SERVICES.read_text(encoding="utf-8")


def test_the_environment_chooses_postgresql(postgres: PostgresServer, deployment: Settings) -> None:
    with open_instance(deployment) as instance:
        assert isinstance(instance.event_log_storage, PatientEventLogStorage)
        assert isinstance(instance.run_launcher, WatchedRunLauncher)
        assert instance.run_retries_max_retries == 3
        instance.add_dynamic_partitions("market", ["night-tea@en-GB"])
    assert (deployment.home / "dagster.yaml").read_bytes() == SERVICES.read_bytes()
    assert list(deployment.home.glob("**/*.db")) == [], "nothing is kept in SQLite beside it"
    with dg.DagsterInstance.get() as plain:
        assert plain.get_dynamic_partitions("market") == ["night-tea@en-GB"]


def test_half_a_database_is_an_error(
    postgres: PostgresServer, deployment: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(POSTGRES_VARIABLES[-1])
    with pytest.raises(InvalidInput, match="FORGE_POSTGRES_PASSWORD is not"):
        open_instance(deployment)


def test_a_home_on_sqlite_is_not_left_behind_silently(
    deployment: Settings, instance: dg.DagsterInstance, postgres: PostgresServer
) -> None:
    with pytest.raises(Conflict, match="keeps runs in SQLite"):
        open_instance(deployment)


def test_a_wrong_password_is_not_waited_for(postgres: PostgresServer) -> None:
    engine = patient_engine(f"postgresql+psycopg2://forge:guess@127.0.0.1:{postgres.port}/postgres", 60)
    started = time.monotonic()
    with pytest.raises(db.exc.OperationalError, match="authentication failed"):
        engine.connect()
    assert time.monotonic() - started < 10


WRITER = """
import sys
import time
import dagster as dg
from dagster._core.utils import make_new_run_id

name, events = sys.argv[1], int(sys.argv[2])
with dg.DagsterInstance.get() as instance:
    storage, run = instance.event_log_storage, make_new_run_id()
    for number in range(events):
        instance.add_dynamic_partitions("market", [f"shared-{number}", f"{name}-{number}"])
        instance.report_runless_asset_event(dg.AssetObservation("market_brief", partition=f"{name}-{number}"))
        while not storage.claim_concurrency_slot("gpu", run, f"step-{number}").is_claimed:
            time.sleep(0.02)  # Who asks without a pause keeps the processor from the one that has the slot.
        # Whoever has the slot is alone; the mark shows whether that is so.
        before = instance.run_storage.get_cursor_values({"inside"}).get("inside", "")
        assert before in ("", "nobody"), before
        instance.run_storage.set_cursor_values({"inside": name})
        instance.run_storage.set_cursor_values({"inside": "nobody"})
        storage.free_concurrency_slot_for_step(run, f"step-{number}")
"""


def test_four_writers_at_once_lose_nothing(postgres: PostgresServer, deployment: Settings) -> None:
    events = 10
    with open_instance(deployment) as instance:
        assert instance.event_log_storage.initialize_concurrency_limit_to_default(GPU_POOL)
        writers = [
            subprocess.Popen([sys.executable, "-c", WRITER, f"writer-{number}", str(events)], stderr=subprocess.PIPE)
            for number in range(4)
        ]
        until = time.monotonic() + 120
        while any(writer.poll() is None for writer in writers) and time.monotonic() < until:
            if any(writer.poll() for writer in writers):
                break  # It may have died with the slot, and the others wait for it.
            time.sleep(0.1)
        for writer in writers:
            writer.kill()
        said = [writer.communicate()[1].decode() for writer in writers]
        assert [writer.returncode for writer in writers] == [0] * 4, "\n".join(said)
        found = instance.fetch_observations(dg.AssetKey("market_brief"), limit=1000).records
        assert len(found) == len({record.partition_key for record in found}) == 4 * events
        assert len(instance.get_dynamic_partitions("market")) == 5 * events
        assert instance.event_log_storage.get_concurrency_info(GPU_POOL).active_slot_count == 0


def test_a_restart_loses_no_event_and_repeats_none(postgres: PostgresServer, deployment: Settings) -> None:
    """Events are told all the while the server is stopped and started again, once in order and once by kill -9."""
    told, ended = 0, threading.Event()

    def restart() -> None:
        for end in (postgres.stop, postgres.kill):
            time.sleep(0.5)
            end()
            time.sleep(0.3)
            postgres.start()
        time.sleep(0.3)
        ended.set()

    with open_instance(deployment) as instance:
        run = make_new_run_id()
        instance.add_run(dg.DagsterRun(job_name="produce", run_id=run))
        thread = threading.Thread(target=restart)
        thread.start()
        while not ended.is_set():
            event = dg.AssetMaterialization("frames", metadata={"number": told})
            instance.report_runless_asset_event(event)
            assert instance.get_runs_count() == 1
            told += 1
        thread.join()
        found = instance.fetch_materializations(dg.AssetKey("frames"), limit=10_000).records
    numbers = sorted(int(record.asset_materialization.metadata["number"].value) for record in found)  # type: ignore
    assert numbers == list(range(told))
    assert told > 10


@pytest.fixture
def house(postgres: PostgresServer, deployment: Settings, tmp_path: Path) -> Iterator[RunningHouse]:
    running = RunningHouse(os.environ, tmp_path / "forge-dev.log")
    try:
        running.wait("the code location", running.serves)
        yield running
    finally:
        running.kill()


def test_a_brief_through_the_queue_outlasts_a_restart_of_its_database(
    house: RunningHouse, postgres: PostgresServer, deployment: Settings
) -> None:
    write_brief(house.inbox, markets=["en-GB"])
    [run] = house.wait("a run going on", lambda: [run for run in house.runs() if run["status"] == "STARTED"])
    # Now it writes events all the time.
    postgres.stop()
    time.sleep(3)
    postgres.start()
    ended = house.wait("the end of the run", lambda: house.ended(run["runId"]))
    assert ended["status"] == "SUCCESS", house.said()
    assert [other["runId"] for other in house.runs()] == [run["runId"]], "it was the run itself that went on"

    studio = Studio(deployment)
    assert studio.store.has_delivered(studio.cabinet.read("deliverables", CELL.path, Deliverables))
    with open_instance(deployment) as instance:
        delivered = instance.fetch_materializations(dg.AssetKey("deliverables"), limit=10).records
        assert [record.partition_key for record in delivered] == [CELL.partition_key]
        assert instance.event_log_storage.get_concurrency_info(GPU_POOL).active_slot_count == 0
    assert list(deployment.home.glob("**/*.db")) == []
