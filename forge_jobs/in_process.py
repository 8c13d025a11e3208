"""Running a job for one cell in this process, recorded in the instance as if Dagster had launched it.

What belongs here: the origin that lets the UI show such a run in its code location and re-execute it from failure
(`execute_in_process` leaves it out). What does not: which job a cell needs (see `production`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import dagster as dg
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.definitions.reconstruct import ReconstructableJob, ReconstructableRepository
from dagster._core.execution.api import execute_run
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from forge_jobs.own_runs import LOCATION_NAME, REPOSITORY_NAME
from forge_jobs.recovery import tags_of_this_process
from forge_resources.schemas.cell import CellKey

_MODULE = "forge_jobs.definitions"

# The event log has everything; on the console the command tells people what they need.
_QUIET: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_MAKE_AGAIN: dict[str, Any] = {"resources": {"studio": {"config": {"reuse": False}}}}


@cache
def _job(name: str) -> ReconstructableJob:
    pointer = ModuleCodePointer(_MODULE, "defs", working_directory=None)
    return ReconstructableRepository(pointer).get_reconstructable_job(name)


def origin_of(job_name: str) -> RemoteJobOrigin:
    """Where a job is loaded from, as the UI and the queue look for it."""
    target = LoadableTargetOrigin(module_name=_MODULE, attribute="defs")
    location = ManagedGrpcPythonEnvCodeLocationOrigin(target, location_name=LOCATION_NAME)
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, REPOSITORY_NAME), job_name)


def run_job(
    instance: dg.DagsterInstance, job_name: str, cell: CellKey, *, reuse: bool, tags: Mapping[str, str]
) -> tuple[str, bool]:
    """Runs a job for a cell to its end. Returns the run's id and whether it succeeded."""
    job = _job(job_name)
    definition = job.get_definition()
    key = dg.MultiPartitionKey({"market": cell.market_key, "persona": cell.persona_key})
    run = instance.create_run_for_job(
        job_def=definition,
        run_config={**_QUIET, **({} if reuse else _MAKE_AGAIN)},
        tags={
            **definition.get_tags_for_partition_key(key, selected_asset_keys=None),
            **tags_of_this_process(),
            **tags,
        },
        remote_job_origin=origin_of(job_name),
        job_code_origin=job.get_python_origin(),
    )
    return run.run_id, execute_run(job, run, instance).success
