"""The Dagster instance of a deployment: what dagster.yaml means to Dagster's own loader, and who owns the copy."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import yaml
from dagster._core.run_coordinator import QueuedRunCoordinator
from dagster._core.scheduler.instigation import InstigatorType, TickStatus
from dagster._core.utils import make_new_run_id

from forge_assets.stage import GPU_POOL
from forge_jobs.definitions import build_defs
from forge_jobs.instance import CHECKOUT, open_instance, prepare_home
from forge_resources.settings import Settings


def test_the_queue_takes_one_run_at_a_time_and_every_second(instance: dg.DagsterInstance) -> None:
    assert isinstance(instance.run_coordinator, QueuedRunCoordinator)
    assert instance.run_coordinator.dequeue_interval_seconds == 1
    queue = instance.get_concurrency_config().run_queue_config
    assert queue is not None
    assert queue.max_concurrent_runs == 1
    assert queue.tag_concurrency_limits == []
    # A code server that is being started again fails no run that waits for it.
    assert (queue.max_user_code_failure_retries, queue.user_code_failure_retry_delay) == (20, 10)


def test_a_pool_lets_one_step_in_at_a_time(instance: dg.DagsterInstance) -> None:
    pools = instance.get_concurrency_config().pool_config
    assert pools.default_pool_limit == 1
    assert pools.pool_granularity is not None
    assert pools.pool_granularity.value == "op"

    # Two runs, one device: the second step waits until the first has left.
    storage = instance.event_log_storage
    first, second = make_new_run_id(), make_new_run_id()
    assert storage.initialize_concurrency_limit_to_default(GPU_POOL)
    assert storage.claim_concurrency_slot(GPU_POOL, first, "make_frames").is_claimed
    assert not storage.claim_concurrency_slot(GPU_POOL, second, "make_frames").is_claimed
    storage.free_concurrency_slots_for_run(first)
    assert storage.claim_concurrency_slot(GPU_POOL, second, "make_frames").is_claimed


def test_every_stage_that_may_meet_a_model_is_in_the_pool() -> None:
    graph = build_defs().resolve_asset_graph()
    pooled = {key.to_user_string() for key in graph.get_all_asset_keys() if GPU_POOL in (graph.get(key).pools or ())}
    assert {"frames", "motion"} <= pooled
    assert not {"brief", "timeline", "spot", "deliverables"} & pooled


def test_runs_are_watched_and_only_crashes_are_retried(instance: dg.DagsterInstance) -> None:
    assert instance.run_monitoring_enabled
    assert instance.run_monitoring_settings == {
        "enabled": True,
        "start_timeout_seconds": 180,
        "cancel_timeout_seconds": 60,
        "max_runtime_seconds": 14400,
        "poll_interval_seconds": 20,
        "free_slots_after_run_end_seconds": 60,
    }
    assert instance.run_retries_enabled
    assert instance.run_retries_max_retries == 1
    assert not instance.run_retries_retry_on_asset_or_op_failure


def test_nothing_is_kept_for_ever_nothing_is_sent_nothing_pops_up(instance: dg.DagsterInstance) -> None:
    for kind in (InstigatorType.SENSOR, InstigatorType.SCHEDULE):
        assert all(days > 0 for days in instance.get_tick_retention_settings(kind).values())
    # A sensor that has nothing to do says so every five seconds.
    assert instance.get_tick_retention_settings(InstigatorType.SENSOR)[TickStatus.SKIPPED] == 2
    assert not instance.telemetry_enabled
    assert not instance.nux_enabled


def test_the_home_gets_a_copy_and_an_edited_copy_is_kept(deployment: Settings) -> None:
    configuration = deployment.home / "dagster.yaml"
    prepare_home(deployment)
    assert configuration.read_bytes() == (CHECKOUT / "dagster.yaml").read_bytes()
    assert os.environ["DAGSTER_HOME"] == str(deployment.home)

    edited = yaml.safe_load(configuration.read_text(encoding="utf-8"))
    edited["concurrency"]["runs"]["max_concurrent_runs"] = 3
    configuration.write_text(yaml.safe_dump(edited), encoding="utf-8")
    with open_instance(deployment) as instance:
        queue = instance.get_concurrency_config().run_queue_config
        assert queue is not None
        assert queue.max_concurrent_runs == 3
        pools = instance.get_concurrency_config().pool_config
        assert pools.default_pool_limit == 1, "whatever runs go on at once, one device has one user"


def test_plain_dagster_meets_the_same_instance(deployment: Settings, instance: dg.DagsterInstance) -> None:
    """`dagster` and `dg` open what DAGSTER_HOME names, by Dagster's own loader."""
    instance.add_dynamic_partitions("market", ["night-tea@en-GB"])
    instance.add_run(dg.DagsterRun(job_name="produce", run_id=make_new_run_id()))
    with dg.DagsterInstance.get() as plain:
        assert Path(plain.root_directory) == deployment.home
        assert plain.get_dynamic_partitions("market") == ["night-tea@en-GB"]
        assert plain.get_runs_count() == 1


OPENS_AT = """
import sys, time
from forge_jobs.instance import open_instance
from forge_resources.settings import Settings

time.sleep(max(0.0, float(sys.argv[1]) - time.time()))
with open_instance(Settings.from_environment()) as instance:
    print(len(instance.get_runs()), instance.get_dynamic_partitions("market"))
"""


def test_a_new_home_may_be_opened_by_several_at_once(deployment: Settings) -> None:
    at = str(time.time() + 4.0)
    processes = [
        subprocess.Popen([sys.executable, "-c", OPENS_AT, at], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    assert [process.communicate()[0] for process in processes] == ["0 []\n"] * 3
