"""What the rest of a cell is made from once its storyboard is approved, and whether that has been asked for.

What belongs here: naming the work past the frames, so that a command and a sensor do not both start it. What does not:
recording approvals (see `approving`) or running (see `production`).
"""

from __future__ import annotations

import dagster as dg

from forge_assets.external import observed_version, storyboard_approval
from forge_assets.keys import key_of
from forge_jobs.intake import REQUEST_TAG
from forge_jobs.jobs import finish
from forge_jobs.own_runs import own_runs
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.storyboard import Frames
from forge_resources.studio import Studio

FINISH_TAG = "forge/finishes"
"""Tag of a run: which approved frames of which cell it was asked to finish."""


def is_approved(instance: dg.DagsterInstance, studio: Studio, cell: CellKey) -> bool:
    """Whether the cell's contact sheet as it is now is the one approved last."""
    frames = studio.cabinet.find("frames", cell.path, Frames)
    if frames is None:
        return False
    return observed_version(instance, storyboard_approval, cell.partition_key) == frames.contact_sheet.sha256


def finish_key(instance: dg.DagsterInstance, studio: Studio, cell: CellKey) -> str:
    """Names the sheet, the brief, and the request that the frames were made for. Raises NotFound without frames.

    The request tells a return to earlier content from that content: the rest has to be made once more then.
    """
    brief = studio.cabinet.read("brief", cell.path, CellBrief)
    sheet = studio.cabinet.read("frames", cell.path, Frames).contact_sheet.sha256
    return f"{cell.partition_key}#{sheet[:16]}-{brief.content_hash()[:16]}-{_origin_of_frames(instance, cell)}"


def was_asked_for(instance: dg.DagsterInstance, key: str) -> bool:
    """Whether somebody has started to finish exactly this."""
    return instance.get_runs_count(own_runs(job_name=finish.name, tags={FINISH_TAG: key})) > 0


def _origin_of_frames(instance: dg.DagsterInstance, cell: CellKey) -> str:
    """The request that the cell's frames were last made for; where they were made without one, the event itself."""
    latest = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=key_of("frames"), asset_partitions=[cell.partition_key]), limit=1
    ).records
    if not latest:
        return ""
    run = instance.get_run_by_id(latest[0].run_id) if latest[0].run_id else None
    request = run.tags.get(REQUEST_TAG) if run else None
    return request.partition("#")[2] if request else str(latest[0].storage_id)
