"""The definitions that Dagster loads.

What belongs here: putting assets, checks, jobs, sensors and resources together. This is the one module of `forge_jobs`
that knows the sensors, because a code location has to name everything it offers.
"""

from __future__ import annotations

from typing import Any

import dagster as dg

from forge_jobs import collector

with collector.paused():
    from forge_assets.graph import ASSETS, CHECKS
    from forge_jobs.jobs import JOBS
    from forge_resources.adapters.documents import DocumentIOManager
    from forge_resources.adapters.resources import StudioResource
    from forge_resources.logs import open_log
    from forge_resources.secrets import read_secret_files
    from forge_resources.settings import Settings
    from forge_resources.traces import open_traces
    from sensors import SENSORS


def build_defs(**overrides: Any) -> dg.Definitions:
    """Fresh definitions. `overrides` replace parts of `dg.Definitions` by name; `resources` are merged by key.

    Assets run in the process of their run: a process per step would cost seconds each.
    """
    studio = StudioResource.of_environment()
    resources = {"studio": studio, "documents": DocumentIOManager(studio=studio), **overrides.pop("resources", {})}
    parts: dict[str, Any] = {
        "assets": ASSETS,
        "asset_checks": CHECKS,
        "jobs": JOBS,
        "sensors": SENSORS,
        "executor": dg.in_process_executor,
    }
    return dg.Definitions(**{**parts, **overrides}, resources=resources)


# Every process that makes something loads this: the code server, the processes of runs, and `forge run`.
read_secret_files()
open_log(Settings.from_environment().home)
open_traces()

defs = build_defs()
