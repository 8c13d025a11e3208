"""What cells took on the device: time, energy, loads, added up from what their stages recorded.

What belongs here: sums over materialisations. What does not: measuring (see `forge_resources.gpu`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import dagster as dg
from pydantic import BaseModel

from forge_assets.graph import AFTER_THE_FRAMES, TO_THE_FRAMES
from forge_assets.keys import key_of
from forge_resources.schemas.cell import CellKey

NOTHING_HEAVY = "no engine loaded a model"


class GpuCount(BaseModel):
    """Seconds and joules of the device, seconds of heavy engines wherever they ran, and models loaded. `note` says why
    the first two are 0 where they are."""

    seconds: float = 0.0
    joules: float = 0.0
    engine_seconds: float = 0.0
    loads: int = 0
    note: str = NOTHING_HEAVY

    def plus(self, other: GpuCount) -> GpuCount:
        """Both together."""
        notes = [count.note for count in (self, other) if count.note != NOTHING_HEAVY]
        return GpuCount(
            seconds=round(self.seconds + other.seconds, 3),
            joules=round(self.joules + other.joules, 1),
            engine_seconds=round(self.engine_seconds + other.engine_seconds, 3),
            loads=self.loads + other.loads,
            note=notes[0] if notes else NOTHING_HEAVY,
        )


def total(counts: Iterable[GpuCount]) -> GpuCount:
    """All of them together."""
    found = GpuCount()
    for count in counts:
        found = found.plus(count)
    return found


def of_materialization(event: dg.AssetMaterialization) -> GpuCount:
    """What one stage of one cell took."""
    metadata = event.metadata
    if "engine_seconds" not in metadata:
        return GpuCount()

    def number(name: str) -> float:
        return float(str(metadata[name].value))

    return GpuCount(
        seconds=number("gpu_seconds"),
        joules=number("gpu_joules"),
        engine_seconds=number("engine_seconds"),
        loads=int(number("model_loads")),
        note=str(metadata["gpu_note"].value) if "gpu_note" in metadata else "",
    )


def materializations(instance: dg.DagsterInstance, run_id: str) -> list[dg.AssetMaterialization]:
    """What a run recorded of the stages it made."""
    records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION).records
    return [event for record in records if (event := record.asset_materialization) is not None]


def of_cells(instance: dg.DagsterInstance, cells: Sequence[CellKey]) -> dict[CellKey, GpuCount]:
    """What each cell has taken so far, in all its runs and reruns."""
    counts = {cell.partition_key: GpuCount() for cell in cells}
    for stage in (*TO_THE_FRAMES, *AFTER_THE_FRAMES):
        wanted = dg.AssetRecordsFilter(asset_key=key_of(stage), asset_partitions=list(counts))
        cursor: str | None = None
        more = True
        while more:
            page = instance.fetch_materializations(wanted, limit=1000, cursor=cursor)
            cursor, more = page.cursor, page.has_more
            for record in page.records:
                event = record.asset_materialization
                if event is not None and event.partition is not None:
                    key = str(event.partition)
                    counts[key] = counts[key].plus(of_materialization(event))
    return {cell: counts[cell.partition_key] for cell in cells}
