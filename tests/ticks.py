"""Ticks of a sensor against a real instance, applied to it in the order in which Dagster's daemon applies them."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.definitions.data_version import DATA_VERSION_TAG
from dagster._core.definitions.sensor_definition import SensorExecutionData
from dagster._core.storage.tags import PARTITION_NAME_TAG, RUN_KEY_TAG
from dagster._core.utils import make_new_run_id

from forge_jobs.definitions import build_defs


@dataclass(frozen=True)
class Tick:
    """What a tick handed over: cells asked for, by job; versions observed, by (asset, partition); partitions added."""

    runs: dict[str, str]
    keys: list[str]
    tags: dict[str, dict[str, str]]
    observed: dict[tuple[str, str], str]
    partitions: dict[str, list[str]]
    said: str

    @property
    def nothing(self) -> bool:
        return not (self.runs or self.observed or self.partitions)


@dataclass
class Ticker:
    """A sensor with its cursor. Its runs are recorded as asked for, and not run."""

    instance: dg.DagsterInstance
    sensor: str
    cursor: str | None = None
    definitions: dg.Definitions = field(default_factory=build_defs)

    def evaluate(self) -> SensorExecutionData:
        """One evaluation, with its requests checked by Dagster and nothing applied."""
        repository = self.definitions.get_repository_def()
        with dg.build_sensor_context(
            instance=self.instance,
            instance_ref=self.instance.get_ref(),
            cursor=self.cursor,
            repository_def=repository,
            sensor_name=self.sensor,
            resources=repository.get_top_level_resources(),
        ) as context:
            return repository.get_sensor_def(self.sensor).evaluate_tick(context)

    def tick(self) -> Tick:
        """One evaluation, applied to the instance."""
        data = self.evaluate()
        self.cursor = data.cursor
        for event in data.asset_events:
            self.instance.report_runless_asset_event(event)
        requests = data.dynamic_partitions_requests or ()
        added = {request.partitions_def_name: list(request.partition_keys) for request in requests}
        for name, keys in added.items():
            self.instance.add_dynamic_partitions(name, keys)
        for request in data.run_requests or ():
            self._record(request)
        return Tick(
            runs={request.partition_key or "": request.job_name or "" for request in data.run_requests or ()},
            keys=[request.run_key or "" for request in data.run_requests or ()],
            tags={request.partition_key or "": dict(request.tags) for request in data.run_requests or ()},
            observed={
                (event.asset_key.to_user_string(), event.partition or ""): (event.tags or {})[DATA_VERSION_TAG]
                for event in data.asset_events
            },
            partitions=added,
            said=data.skip_message or "",
        )

    def _record(self, request: dg.RunRequest) -> None:
        tags: dict[str, Any] = {**request.tags, RUN_KEY_TAG: request.run_key}
        run = dg.DagsterRun(
            job_name=request.job_name or "finish",
            run_id=make_new_run_id(),
            tags={**tags, PARTITION_NAME_TAG: request.partition_key or ""},
        )
        self.instance.add_run(run)


def settled(path: Path, seconds: float = 10.0) -> Path:
    """Makes a file look as if its copying ended a while ago. Links are not followed."""
    past = time.time() - seconds
    os.utime(path, (past, past), follow_symlinks=False)
    return path
