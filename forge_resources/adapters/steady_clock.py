"""Dagster's pauses, measured by a clock that nobody can set.

Dagster measures many of its pauses by the clock on the wall. Where that is set back by an hour, its daemon starts no
run and looks at no sensor until it has caught up; where it is set ahead, code servers take their callers for dead.
Nothing is lost by that but an hour. Here those pauses are measured by the clock that counts on, and a sensor whose last
tick lies in the future is due.

What belongs here: that, for the modules of Dagster that a process has loaded. What does not: times that are told to
people or kept; those are the wall clock's.
"""

from __future__ import annotations

import functools
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from dagster._core.scheduler import DagsterDaemonScheduler
from dagster._serdes import ConfigurableClassData

_MEASURING = (
    "dagster._core.execution.plan.instance_concurrency_context",
    "dagster._daemon.daemon",
    "dagster._daemon.run_coordinator.queued_run_coordinator_daemon",
    "dagster._grpc.proxy_server",
    "dagster._grpc.server",
)
"""Modules that ask `time.time()` for nothing but how long something has taken, and keep no answer of it."""
_LONGEST_PAUSE_S = 5.0
"""How long Dagster's loop over its sensors rests at most."""


class _Counting(ModuleType):
    """The module `time`, except that `time()` counts from some moment on and never jumps."""

    def __init__(self) -> None:
        super().__init__("time", "Dagster's pauses are measured by time.monotonic(); see forge.")
        self.__dict__.update({name: value for name, value in vars(time).items() if not name.startswith("__")})
        self.time = time.monotonic


_COUNTING = _Counting()


def measure_steadily() -> None:
    """Has the modules that are loaded measure by the counting clock; doing it again does nothing."""
    for name in _MEASURING:
        module = sys.modules.get(name)
        if module is not None:
            vars(module)["time"] = _COUNTING
    for name, attribute, wrapped in (
        ("dagster._daemon.sensor", "get_elapsed", _due_after_a_jump),
        ("dagster._daemon.daemon", "execute_sensor_iteration_loop", _with_short_rests),
    ):
        module = sys.modules.get(name)
        if module is not None:
            _wrap_once(module, attribute, wrapped)
    controller = sys.modules.get("dagster._daemon.controller")
    if controller is not None:
        _wrap_once(controller.DagsterDaemonController, "check_workspace_freshness", _fresh_after_a_jump)


class SteadyScheduler(DagsterDaemonScheduler):
    """Dagster's own scheduler. `dagster.yaml` names it because every process that opens the instance makes it first."""

    def __init__(
        self, max_catchup_runs: int = 5, max_tick_retries: int = 0, inst_data: ConfigurableClassData | None = None
    ) -> None:
        super().__init__(max_catchup_runs, max_tick_retries, inst_data)
        measure_steadily()


def _wrap_once(owner: Any, attribute: str, wrap: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    inner = getattr(owner, attribute)
    if not hasattr(inner, "measured_by_wall"):
        outer = functools.wraps(inner)(wrap(inner))
        vars(outer)["measured_by_wall"] = inner
        setattr(owner, attribute, outer)


def _due_after_a_jump(inner: Callable[..., float | None]) -> Callable[..., float | None]:
    """Seconds since a sensor's last tick. None, which means that it is due, where that tick lies in the future."""

    def outer(state: Any) -> float | None:
        elapsed = inner(state)
        return None if elapsed is not None and elapsed < 0 else elapsed

    return outer


def _with_short_rests(inner: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    """The loop over all sensors, whose rest is a pause less what the last round took by the wall clock."""

    def outer(context: Any, logger: Any, shutdown: threading.Event, *args: Any, **kwargs: Any) -> Iterator[Any]:
        return inner(context, logger, _ShortRests(shutdown), *args, **kwargs)

    return outer


class _ShortRests:
    """An event that is waited for, but not for long."""

    def __init__(self, event: threading.Event) -> None:
        self._event = event

    def wait(self, timeout: float | None = None) -> bool:
        return self._event.wait(_LONGEST_PAUSE_S if timeout is None else min(timeout, _LONGEST_PAUSE_S))

    def is_set(self) -> bool:
        return self._event.is_set()


def _fresh_after_a_jump(inner: Callable[..., float]) -> Callable[..., float]:
    """The daemon's look at its code servers, each minute after the last one by the wall clock."""

    def outer(controller: Any, last_looked: float) -> float:
        return inner(controller, min(last_looked, time.time()))

    return outer
