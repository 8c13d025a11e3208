"""Asks from inside of a project what there is of a cell: `python -m tests.workspace_probe` with its variables.

In a process of its own, because a process works for one project all its life.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from forge_assets.external import EXTERNAL
from forge_assets.graph import ASSETS
from forge_assets.partitions import MARKET, PERSONA
from forge_jobs.agreement import flaws_of_cells, flaws_of_runs
from forge_jobs.board.shelf import BoardShelf
from forge_jobs.definitions import build_defs
from forge_jobs.housekeeping import latest_approvals, old_runs
from forge_jobs.instance import open_instance
from forge_jobs.monitoring.observation import Observation
from forge_jobs.projects import Project
from forge_jobs.staleness import Staleness
from forge_resources.schemas.cell import CellKey
from forge_resources.settings import Settings
from forge_resources.studio import Studio

CELL = CellKey(brief="night-tea", market="en-GB", persona="busy-parent")


def probed(project: Project) -> dict[str, Any]:
    """What `python -m tests.workspace_probe` says in a project."""
    said = subprocess.run(
        [sys.executable, "-m", "tests.workspace_probe"], env=project.environment(), capture_output=True, text=True
    )
    assert said.returncode == 0, said.stderr
    answer: dict[str, Any] = json.loads(said.stdout)
    return answer


def _probe() -> dict[str, Any]:
    settings = Settings.from_environment()
    studio = Studio(settings)
    with open_instance(settings) as instance:
        counts = Observation(instance, studio).read()
        shelf = BoardShelf(instance, studio)
        shelf.read()
        staleness = Staleness(instance, build_defs(), studio)
        return {
            "assets": len(ASSETS),
            "observed": [spec.key.path for spec in EXTERNAL],
            "partitions": {str(one.name): instance.get_dynamic_partitions(str(one.name)) for one in (MARKET, PERSONA)},
            "stale": [asset.asset for asset in staleness.of_cell(CELL)],
            "approvals": latest_approvals(instance),
            "briefs": [card.slug for card in shelf.briefs()],
            "cells": {name: number for name, number in counts.values["forge_cells"].items() if number},
            "runs": counts.values.get("forge_runs_ended_total", {}),
            "plates": sum(counts.values.get("forge_plates_total", {}).values()),
            "old_runs": len(old_runs(instance, 0)),
            "flaws": [flaw.what for flaw in (*flaws_of_cells(instance, studio), *flaws_of_runs(instance))],
        }


if __name__ == "__main__":
    print(json.dumps(_probe()))
