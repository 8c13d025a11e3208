"""Making cells in this process: which job each needs, and what came of it.

What belongs here: from a filed cell to its outcome. What does not: how outcomes are shown (see `command`).
"""

from __future__ import annotations

import time
from fractions import Fraction
from typing import Any, Literal

import dagster as dg
from pydantic import BaseModel

from forge_assets.external import awaiting
from forge_assets.graph import TO_THE_FRAMES
from forge_assets.keys import key_of
from forge_jobs.consumption import GpuCount, materializations, of_materialization, total
from forge_jobs.finishing import FINISH_TAG, finish_key, is_approved
from forge_jobs.in_process import run_job
from forge_jobs.intake import REQUEST_TAG
from forge_jobs.outcomes import Trouble, trouble_of_run, was_interrupted
from forge_jobs.staleness import Staleness
from forge_resources.errors import AwaitingApproval, NotFound
from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.deliverables import Deliverables
from forge_resources.schemas.storyboard import Frames
from forge_resources.schemas.types import Tier
from forge_resources.studio import Studio

Status = Literal["delivered", "awaiting_approval", "blocked", "failed"]


class PlateCount(BaseModel):
    """Plates that an engine rendered, and plates that were there before."""

    rendered: int = 0
    reused: int = 0


class CellOutcome(BaseModel):
    """What became of a cell, as `forge run --json` prints it."""

    market: str
    persona: str
    status: Status
    error: str | None = None
    code: str | None = None
    tier: Tier | None = None
    spot: str | None = None
    duration_s: float | None = None
    frames: int | None = None
    fps: int | float | None = None
    width: int | None = None
    height: int | None = None
    deliverables: list[str] = []
    captions: list[str] = []
    timeline: str | None = None
    contact_sheet: str | None = None
    plates: PlateCount = PlateCount()
    gpu: GpuCount = GpuCount()
    unchanged: bool = False
    seconds: float = 0.0
    run_id: str | None = None


def delivered_before(studio: Studio, staleness: Staleness, cell: CellKey) -> CellOutcome | None:
    """The outcome of a cell that is as it should be: nothing stale, every delivered file whole. None otherwise."""
    if staleness.of_cell(cell):
        return None
    try:
        document = studio.cabinet.read("deliverables", cell.path, Deliverables)
        frames = studio.cabinet.read("frames", cell.path, Frames)
        for plate in frames.plates:
            studio.store.path(plate.picture)
    except NotFound:
        return None
    if not studio.store.has_delivered(document):
        return None
    outcome = _delivered(document, cell)
    return outcome.model_copy(update={"plates": PlateCount(reused=document.plates), "unchanged": True})


def board_is_ready(studio: Studio, staleness: Staleness, cell: CellKey) -> bool:
    """Whether nothing up to the frames is stale and every plate and the contact sheet are whole."""
    if {asset.asset for asset in staleness.of_cell(cell)} & set(TO_THE_FRAMES):
        return False
    try:
        frames = studio.cabinet.read("frames", cell.path, Frames)
        for picture in (frames.contact_sheet, *(plate.picture for plate in frames.plates)):
            studio.store.path(picture)
    except NotFound:
        return False
    return True


def make_cell(
    instance: dg.DagsterInstance,
    studio: Studio,
    cell: CellKey,
    *,
    request: str,
    approval: str,
    reuse: bool,
    board_ready: bool = False,
) -> CellOutcome:
    """Makes a cell, up to its storyboard where a person has to approve that first. Never raises for what a run does.

    `board_ready`: the storyboard is as it should be and need not be made again to see whether it is approved.
    """
    started = time.monotonic()
    tags = {REQUEST_TAG: request, "forge/brief": cell.brief}
    jobs = ["storyboard", "finish"] if approval == "required" else ["produce"]
    run_id = ""
    plates = PlateCount()
    gpu = GpuCount()
    if approval == "required" and board_ready:
        jobs = ["finish"]
        plates = PlateCount(reused=len(studio.cabinet.read("frames", cell.path, Frames).plates))
    for job in jobs:
        if job == "finish" and not is_approved(instance, studio, cell):
            return _awaiting(studio, cell, plates, run_id, started).model_copy(update={"gpu": gpu})
        if job == "finish":
            tags[FINISH_TAG] = finish_key(instance, studio, cell)
        run_id, success = run_job(instance, job, cell, reuse=reuse, tags=tags)
        made = materializations(instance, run_id)
        plates = _plates_of(made) or plates
        gpu = total([gpu, *(of_materialization(event) for event in made)])
        if not success:
            trouble = _trouble(instance, run_id)
            return _not_delivered(studio, cell, trouble, plates, run_id, started).model_copy(update={"gpu": gpu})
    return _finished(studio, cell, plates, run_id, started).model_copy(update={"gpu": gpu})


def finish_cell(instance: dg.DagsterInstance, studio: Studio, cell: CellKey, *, request: str) -> CellOutcome:
    """Makes what is left of an approved cell."""
    started = time.monotonic()
    tags = {
        REQUEST_TAG: request,
        FINISH_TAG: finish_key(instance, studio, cell),
        "forge/brief": cell.brief,
    }
    run_id, success = run_job(instance, "finish", cell, reuse=True, tags=tags)
    if not success:
        return _not_delivered(studio, cell, _trouble(instance, run_id), PlateCount(), run_id, started)
    plates = PlateCount(reused=len(studio.cabinet.read("frames", cell.path, Frames).plates))
    return _finished(studio, cell, plates, run_id, started)


def _trouble(instance: dg.DagsterInstance, run_id: str) -> Trouble:
    """Why a run failed. Raises KeyboardInterrupt where it did because a person stopped it."""
    if was_interrupted(instance, run_id):
        raise KeyboardInterrupt
    return trouble_of_run(instance, run_id) or Trouble("engine_failed", "The run ended outside of its steps.")


def _finished(studio: Studio, cell: CellKey, plates: PlateCount, run_id: str, started: float) -> CellOutcome:
    document = studio.cabinet.read("deliverables", cell.path, Deliverables)
    return _delivered(document, cell).model_copy(
        update={"plates": plates, "run_id": run_id, "seconds": _seconds_since(started)}
    )


def _delivered(document: Deliverables, cell: CellKey) -> CellOutcome:
    figures = document.figures
    return CellOutcome(
        market=cell.market,
        persona=cell.persona,
        status="delivered",
        tier=document.tier,
        spot=document.of_role("spot")[0].address,
        duration_s=float(figures.duration_s),
        frames=figures.frames,
        fps=_plain(figures.fps),
        width=figures.width,
        height=figures.height,
        deliverables=[file.address for file in document.of_role("spot")],
        captions=[file.address for file in document.of_role("captions")],
        timeline=document.of_role("timeline")[0].address,
        contact_sheet=document.of_role("contact_sheet")[0].address,
    )


def _awaiting(studio: Studio, cell: CellKey, plates: PlateCount, run_id: str, started: float) -> CellOutcome:
    error = awaiting(cell)
    return _not_delivered(studio, cell, Trouble(error.code, str(error)), plates, run_id, started)


def _not_delivered(
    studio: Studio, cell: CellKey, trouble: Trouble, plates: PlateCount, run_id: str, started: float
) -> CellOutcome:
    statuses: dict[str, Status] = {"blocked": "blocked", AwaitingApproval.code: "awaiting_approval"}
    status = statuses.get(trouble.code, "failed")
    frames = studio.cabinet.find("frames", cell.path, Frames) if status == "awaiting_approval" else None
    return CellOutcome(
        market=cell.market,
        persona=cell.persona,
        status=status,
        error=None if status == "awaiting_approval" else trouble.message,
        code=trouble.code,
        contact_sheet=str(studio.store.path(frames.contact_sheet)) if frames else None,
        plates=plates,
        run_id=run_id,
        seconds=_seconds_since(started),
    )


def _plates_of(made: list[dg.AssetMaterialization]) -> PlateCount | None:
    """What a run's frames step made and reused; None where it did not get there."""
    for event in made:
        if event.asset_key == key_of("frames"):
            rendered, reused = (_number(event.metadata[name]) for name in ("made", "reused"))
            return PlateCount(rendered=rendered, reused=reused)
    return None


def _number(metadata: dg.MetadataValue[Any]) -> int:
    return int(metadata.value)


def _plain(rate: Fraction) -> float:
    return int(rate) if rate.denominator == 1 else float(rate)


def _seconds_since(started: float) -> float:
    return round(time.monotonic() - started, 2)
