"""Failed runs: their error code becomes a tag, so that the run list can be filtered by what went wrong."""

from __future__ import annotations

import dagster as dg

from forge_jobs.jobs import JOBS
from forge_jobs.outcomes import trouble_of_run


@dg.run_failure_sensor(
    name="failures",
    monitored_jobs=JOBS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tags failed runs with the code of their error.",
)
def failures(context: dg.RunFailureSensorContext) -> None:
    trouble = trouble_of_run(context.instance, context.dagster_run.run_id)
    if trouble is None:
        context.log.warning("the run failed outside of its steps: it was killed, or could not start")
        return
    context.instance.add_run_tags(context.dagster_run.run_id, {"forge/error": trouble.code})
    context.log.warning(f"{context.dagster_run.tags.get('dagster/partition', '?')}: {trouble.message}")
