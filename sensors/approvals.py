"""Approvals: once a storyboard is approved as it is, the rest of its cell is made.

What belongs here: which cells an approval, or a new storyboard that was approved already, sets free. What does not:
recording an approval (see `forge approve`), or naming what is finished (see `forge_jobs.finishing`).
"""

from __future__ import annotations

import dagster as dg
from pydantic import BaseModel, ValidationError

from forge_assets.external import storyboard_approval
from forge_assets.keys import key_of
from forge_jobs.finishing import FINISH_TAG, finish_key, is_approved, was_asked_for
from forge_jobs.jobs import finish
from forge_resources.adapters.resources import StudioResource
from forge_resources.errors import ForgeError
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.cell import CellKey
from forge_resources.studio import Studio

EVENTS_A_TICK = 200


class Position(BaseModel):
    """The sensor's cursor: how far the event log has been read."""

    approvals: int = 0
    frames: int = 0

    @classmethod
    def parse(cls, cursor: str | None) -> Position:
        """The position a cursor names; the beginning where it names none, which starts nothing twice."""
        if not cursor:
            return cls()
        try:
            return cls.model_validate_json(cursor)
        except ValidationError:
            return cls()


@dg.sensor(
    name="approvals",
    job=finish,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Makes what is left of a cell once its storyboard is approved.",
)
def approvals(context: dg.SensorEvaluationContext, studio: StudioResource) -> dg.SensorResult:
    position = Position.parse(context.cursor)
    events = context.instance.fetch_observations(
        dg.AssetRecordsFilter(asset_key=storyboard_approval.key, after_storage_id=position.approvals),
        limit=EVENTS_A_TICK,
        ascending=True,
    ).records
    boards = context.instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=key_of("frames"), after_storage_id=position.frames),
        limit=EVENTS_A_TICK,
        ascending=True,
    ).records
    # A cell's approval and its new frames may both be among them.
    partitions = dict.fromkeys(record.partition_key for record in [*events, *boards] if record.partition_key)
    found = (_request(context, studio.studio, partition) for partition in partitions)
    requests = [request for request in found if request is not None]
    moved = Position(
        approvals=events[-1].storage_id if events else position.approvals,
        frames=boards[-1].storage_id if boards else position.frames,
    )
    return dg.SensorResult(
        run_requests=requests,
        cursor=moved.model_dump_json(),
        skip_reason=None if requests else dg.SkipReason("no storyboard was set free"),
    )


def _request(context: dg.SensorEvaluationContext, house: Studio, partition: str) -> dg.RunRequest | None:
    """The run that an event sets free, if the storyboard as it is now is approved and nobody has started that run."""
    try:
        cell = CellKey.parse(partition)
        brief = house.cabinet.read("brief", cell.path, CellBrief)
        if brief.market_brief.approval != "required" or not is_approved(context.instance, house, cell):
            return None
        key = finish_key(context.instance, house, cell)
    except ForgeError as error:
        context.log.warning(f"{partition}: {error}")
        return None
    if was_asked_for(context.instance, key):
        return None
    tags = {FINISH_TAG: key, "forge/brief": cell.brief}
    return dg.RunRequest(run_key=key, partition_key=partition, tags=tags)
