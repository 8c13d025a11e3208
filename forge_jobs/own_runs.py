"""The runs of this project, among those of the other code locations of its Dagster instance.

What belongs here: telling one's own runs from others, by the code location that Dagster notes of each. What does not:
the queue and the pool of the device, which all projects of an instance share (see `queue_order`, `recovery`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import dagster as dg
from dagster._core.storage.tags import REPOSITORY_LABEL_TAG

from forge_assets.keys import PROJECT

LOCATION_NAME = PROJECT or "forge"
"""The code location of this process, as workspace.yaml names it."""
REPOSITORY_NAME = "__repository__"


def own_runs(
    *,
    statuses: Sequence[dg.DagsterRunStatus] = (),
    tags: Mapping[str, str] | None = None,
    job_name: str | None = None,
    run_ids: Sequence[str] | None = None,
    created_before: datetime | None = None,
) -> dg.RunsFilter:
    """What asks an instance for runs of this project alone; for all there are where it is the only one."""
    own = {REPOSITORY_LABEL_TAG: f"{REPOSITORY_NAME}@{LOCATION_NAME}"} if PROJECT else {}
    return dg.RunsFilter(
        statuses=statuses,
        tags={**(tags or {}), **own},
        job_name=job_name,
        run_ids=run_ids,
        created_before=created_before,
    )


def is_own(run: dg.DagsterRun) -> bool:
    """Whether a run is of this project."""
    return PROJECT is None or (run.remote_job_origin is not None and run.remote_job_origin.location_name == PROJECT)
