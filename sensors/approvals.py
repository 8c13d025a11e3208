"""Approvals: once a storyboard is approved as it is, the rest of its cell is made.

What belongs here: which cells an approval, or a new storyboard that was approved already, sets free. What does not:
recording an approval (see `forge approve`).
"""

from __future__ import annotations

import dagster as dg
from pydantic import BaseModel

from forge_assets.external import observed_version, storyboard_approval
from forge_jobs.jobs import finish
from forge_resources.adapters.resources import StudioResource
from forge_resources.errors import ForgeError
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.storyboard import Frames
from forge_resources.studio import Studio

EVENTS_A_TICK = 200


class Position(BaseModel):
    """The sensor's cursor: how far the event log has been read."""

    approvals: int = 0
    frames: int = 0


@dg.sensor(
    name="approvals",
    job=finish,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Makes what is left of a cell once its storyboard is approved.",
)
def approvals(context: dg.SensorEvaluationContext, studio: StudioResource) -> dg.SensorResult:
    position = Position.model_validate_json(context.cursor) if context.cursor else Position()
    events = context.instance.fetch_observations(
        dg.AssetRecordsFilter(asset_key=storyboard_approval.key, after_storage_id=position.approvals),
        limit=EVENTS_A_TICK,
        ascending=True,
    ).records
    boards = context.instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=dg.AssetKey("frames"), after_storage_id=position.frames),
        limit=EVENTS_A_TICK,
        ascending=True,
    ).records
    requests: dict[str, dg.RunRequest] = {}
    for record in [*events, *boards]:
        if record.partition_key and (request := _request(context, studio.studio, record.partition_key)):
            requests[request.run_key or ""] = request
    moved = Position(
        approvals=events[-1].storage_id if events else position.approvals,
        frames=boards[-1].storage_id if boards else position.frames,
    )
    return dg.SensorResult(
        run_requests=list(requests.values()),
        cursor=moved.model_dump_json(),
        skip_reason=None if requests else dg.SkipReason("no storyboard was set free"),
    )


def _request(context: dg.SensorEvaluationContext, house: Studio, partition: str) -> dg.RunRequest | None:
    """The run that an event sets free, if the storyboard as it is now is approved."""
    try:
        cell = CellKey.parse(partition)
        brief = house.cabinet.read("brief", cell.path, CellBrief)
        frames = house.cabinet.read("frames", cell.path, Frames)
    except ForgeError as error:
        context.log.warning(f"{partition}: {error}")
        return None
    if brief.market_brief.approval != "required":
        return None
    sheet = frames.contact_sheet.sha256
    if observed_version(context.instance, storyboard_approval, partition) != sheet:
        return None
    return dg.RunRequest(
        run_key=finish_key(cell, brief, sheet), partition_key=partition, tags={"forge/brief": cell.brief}
    )


def finish_key(cell: CellKey, brief: CellBrief, sheet: str) -> str:
    """Names the content that is finished: the approved sheet and the brief behind it."""
    return f"{cell.partition_key}#{sheet[:16]}-{brief.content_hash()[:16]}"
