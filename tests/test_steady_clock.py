"""A clock that is set back or ahead stops nothing of Dagster's: its pauses are measured by a clock that counts on."""

from __future__ import annotations

import inspect
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest
from dagster._core.execution.plan import instance_concurrency_context
from dagster._core.execution.plan.instance_concurrency_context import InstanceConcurrencyContext
from dagster._core.scheduler.instigation import SensorInstigatorData
from dagster._core.utils import make_new_run_id
from dagster._daemon import controller, daemon, sensor
from dagster._daemon.daemon import IntervalDaemon, SpanMarker
from dagster._daemon.run_coordinator import queued_run_coordinator_daemon as queue
from dagster._grpc import proxy_server, server

from forge_assets.stage import GPU_POOL
from forge_jobs.instance import CHECKOUT, open_instance
from forge_resources.adapters.steady_clock import SteadyScheduler, measure_steadily
from forge_resources.settings import Settings

HOUR_S = 3600.0


class Clock:
    """The clock on the wall of this process, which can be set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead_s = 0.0
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + self.ahead_s)


@pytest.fixture
def clock(instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Dagster as an opened instance has made it, and a clock."""
    assert isinstance(instance.scheduler, SteadyScheduler), "dagster.yaml names it"
    return Clock(monkeypatch)


class Sweeper(IntervalDaemon):  # type: ignore[type-arg]
    """Does something every tenth of a second."""

    @classmethod
    def daemon_type(cls) -> str:
        return "SWEEPER"

    def run_iteration(self, workspace_process_context: Any) -> Iterator[Any]:
        yield None


class Quick(threading.Event):
    """Is not waited for; tells how long it would have been."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        time.sleep(0.01)
        return False


def test_a_daemon_goes_on_when_the_clock_is_set_back(clock: Clock) -> None:
    steps = Sweeper(interval_seconds=0.1).core_loop(None, Quick())
    assert next(steps) == SpanMarker.START_SPAN
    clock.ahead_s = -HOUR_S
    until = time.monotonic() + 10
    while next(steps) != SpanMarker.START_SPAN:
        assert time.monotonic() < until, "the next round waits until the clock has caught up"


def test_a_step_that_waits_for_the_device_asks_again_when_the_clock_is_set_back(
    clock: Clock, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = instance.event_log_storage
    other = make_new_run_id()
    storage.initialize_concurrency_limit_to_default(GPU_POOL)
    assert storage.claim_concurrency_slot(GPU_POOL, other, "make_frames").is_claimed
    monkeypatch.setenv("DAGSTER_OP_CONCURRENCY_DEFAULT_INITIAL_INTERVAL", "0.1")
    with InstanceConcurrencyContext(instance, instance.create_run_for_job(quiet)) as waiting:
        assert not waiting.claim(GPU_POOL, "make_frames")
        storage.free_concurrency_slots_for_run(other)
        clock.ahead_s = -HOUR_S
        until = time.monotonic() + 10
        while not waiting.claim(GPU_POOL, "make_frames"):
            assert time.monotonic() < until, "it waits until the clock has caught up"
            time.sleep(0.05)


@dg.job
def quiet() -> None:
    pass


@pytest.mark.parametrize(("seconds_ago", "due"), [(-HOUR_S, True), (1.0, False), (7.0, True)])
def test_a_sensor_whose_last_tick_lies_in_the_future_is_due(clock: Clock, seconds_ago: float, due: bool) -> None:
    told = SensorInstigatorData(last_tick_start_timestamp=time.time() - seconds_ago, min_interval=5)
    state: Any = SimpleNamespace(instigator_data=told)
    remote: Any = SimpleNamespace(min_interval_seconds=5)
    assert sensor.is_under_min_interval(state, remote) is not due


def test_the_sensors_do_not_rest_for_an_hour(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock is set back while they are looked at: the rest is what is left of some seconds, by the clock."""

    def look(*_: Any, **__: Any) -> Iterator[None]:
        clock.ahead_s -= HOUR_S
        yield None

    monkeypatch.setattr(sensor, "execute_sensor_iteration", look)
    resting = Quick()
    steps = daemon.execute_sensor_iteration_loop(None, None, resting)  # type: ignore[arg-type]
    while not resting.waits:
        next(steps)
    assert resting.waits[0] is not None
    assert resting.waits[0] <= 5


def test_the_daemon_looks_at_its_code_servers_when_the_clock_is_set_back(clock: Clock) -> None:
    looked: list[float] = []
    watching: Any = SimpleNamespace(
        _grpc_server_registry=None,
        _workspace_process_context=SimpleNamespace(refresh_workspace=lambda: looked.append(time.time())),
    )
    check = controller.DagsterDaemonController.check_workspace_freshness
    last = check(watching, time.time())
    clock.ahead_s = -HOUR_S
    last = check(watching, last)
    clock.ahead_s += 61
    assert check(watching, last) > last
    assert len(looked) == 1


def test_no_module_that_measures_asks_the_clock_on_the_wall(clock: Clock) -> None:
    before = [module.time.time() for module in (daemon, queue, server, proxy_server)]  # type: ignore[attr-defined]
    clock.ahead_s = HOUR_S
    after = [module.time.time() for module in (daemon, queue, server, proxy_server)]  # type: ignore[attr-defined]
    assert max(later - earlier for earlier, later in zip(before, after, strict=True)) < HOUR_S / 2
    # Whoever asks for the time of day is told it.
    assert abs(sensor.get_current_timestamp() - time.time()) < 60


def test_what_those_modules_ask_the_time_for_has_been_read() -> None:
    """Each of these measures how long something takes. Another version of Dagster may ask for other reasons."""
    modules = (instance_concurrency_context, daemon, queue, proxy_server, server)
    assert [inspect.getsource(module).count("time.time()") for module in modules] == [3, 2, 2, 3, 6]


def test_doing_it_again_does_nothing(clock: Clock, deployment: Settings) -> None:
    wrapped = sensor.get_elapsed, daemon.execute_sensor_iteration_loop
    measure_steadily()
    with open_instance(deployment):
        assert (sensor.get_elapsed, daemon.execute_sensor_iteration_loop) == wrapped


@pytest.mark.parametrize("file", ["dagster.yaml", "docker/dagster.yaml"])
def test_every_deployment_measures_so(file: str) -> None:
    text = (CHECKOUT / file).read_text(encoding="utf-8")
    assert "class: SteadyScheduler" in text


def test_a_process_that_opens_an_instance_measures_so_before_its_first_run(deployment: Settings) -> None:
    program = (
        "import dagster as dg, dagster._daemon.cli, dagster._daemon.daemon as daemon, time\n"
        "with dg.DagsterInstance.get():\n"
        "    print(daemon.time.time is time.monotonic)\n"
    )
    with open_instance(deployment):
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"]
