"""Garbage collection and sizes of the store, and how long runs and their logs are kept.

What belongs here: what is live. What does not: removing a brief (see `removal`), copies of it all (see `backup`).

Live is what a document names, directly or through recipes, and what the latest approval of a storyboard names. The
documents of a cell that no brief asks for any more count only if the cell was delivered.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.definitions.data_version import DATA_VERSION_TAG
from pydantic import BaseModel

from forge_assets.external import storyboard_approval
from forge_assets.graph import DOCUMENTS
from forge_assets.keys import key_of
from forge_assets.stage import USED_DRAWER
from forge_jobs.agreement import GOING_ON
from forge_jobs.own_runs import own_runs
from forge_resources.errors import Conflict
from forge_resources.store.inventory import Inventory, References, StoredFile, take_stock
from forge_resources.studio import Studio

GRACE_HOURS = 24.0
"""What was written since is kept: a run may be about to name it."""
_EVENTS_AT_A_TIME = 1000


class BriefSize(BaseModel):
    """What a brief takes, in bytes. `shared` artefacts are counted for every brief that they are reached from."""

    brief: str
    cells: int
    deliverables: int
    own: int
    shared: int
    documents: int


@dataclass
class Garbage:
    """What a collection removes, or would."""

    files: list[StoredFile] = field(default_factory=list)
    kept: int = 0
    young: int = 0

    @property
    def bytes(self) -> int:
        return sum(file.size for file in self.files)


def refuse_while_running(instance: dg.DagsterInstance, what: str, brief: str | None = None) -> None:
    """Raises Conflict while a run (of the brief) is being made."""
    tags = {"forge/brief": brief} if brief else {}
    runs = instance.get_runs(own_runs(statuses=GOING_ON, tags=tags), limit=3)
    if runs:
        raise Conflict(
            f"Cannot {what} while runs are going on: {', '.join(run.run_id[:8] for run in runs)}.",
            remedy="Wait for them, or stop them in the UI; forge store fsck --repair ends those whose process is gone.",
        )


def find_garbage(instance: dg.DagsterInstance, studio: Studio, grace_hours: float = GRACE_HOURS) -> Garbage:
    """What no live asset, approval or delivery refers to. Raises Conflict while runs are going on."""
    refuse_while_running(instance, "collect garbage")
    stock = take_stock(studio.settings.store)
    references = References(stock)
    dropped = set(_dropped(stock, studio))
    live = references.reached_from(set(stock.documents) - dropped)
    live |= references.reached(latest_approvals(instance).values())
    garbage = Garbage()
    before = time.time() - grace_hours * 3600
    for file in _unreached(stock, references, live, dropped):
        if file.modified > before:
            garbage.young += 1
        else:
            garbage.files.append(file)
    garbage.kept = sum(1 for name in stock.objects if name in live)
    return garbage


def _unreached(stock: Inventory, references: References, live: set[str], dropped: set[str]) -> Iterator[StoredFile]:
    for part in (stock.objects, stock.records):
        yield from (file for name, file in part.items() if name not in live)
    # A recipe of an artefact that stays is kept too, under whatever recipe that was made: it saves making it again.
    kept = set(stock.objects) & live
    yield from (
        file for name, file in stock.recipes.items() if name not in live and not references.named_in(file) & kept
    )
    gone = {name for name in stock.recipes if name not in live}
    yield from (file for file in stock.instead.values() if references.named_in(file) <= gone)
    yield from (stock.documents[name] for name in sorted(dropped))
    yield from stock.partial


def _dropped(stock: Inventory, studio: Studio) -> Iterator[str]:
    """Documents of cells that no brief asks for and that were never delivered."""
    wanted = {cell.path for slug in studio.filing.briefs() for cell in studio.filing.manifest(slug).cells}
    delivered = {name.removeprefix("deliverables/") for name in stock.documents if name.startswith("deliverables/")}
    for name in stock.documents:
        drawer, _, cell = name.partition("/")
        if drawer == USED_DRAWER:
            cell = cell.rpartition("/")[0]
        elif drawer not in DOCUMENTS:
            continue
        if cell not in wanted and cell not in delivered:
            yield name


def latest_approvals(instance: dg.DagsterInstance) -> dict[str, str]:
    """The contact sheet that was approved last, by cell."""
    found: dict[str, str] = {}
    cursor: str | None = None
    while True:
        page = instance.fetch_observations(storyboard_approval.key, limit=_EVENTS_AT_A_TIME, cursor=cursor)
        for record in page.records:
            seen = record.asset_observation
            if seen is not None and record.partition_key is not None:
                found.setdefault(record.partition_key, (seen.tags or {}).get(DATA_VERSION_TAG, ""))
        if not page.has_more:
            return found
        cursor = page.cursor


def sizes(studio: Studio) -> tuple[list[BriefSize], int]:
    """What each filed brief takes, and the bytes of the whole store."""
    stock = take_stock(studio.settings.store)
    references = References(stock)
    documents = {slug: [name for name in stock.documents if brief_of(name) == slug] for slug in studio.filing.briefs()}
    reached = {slug: references.reached_from(names) & set(stock.objects) for slug, names in documents.items()}
    found = []
    for slug, objects in reached.items():
        others = set().union(*(other for name, other in reached.items() if name != slug))
        found.append(
            BriefSize(
                brief=slug,
                cells=len(studio.filing.manifest(slug).cells),
                deliverables=sum(file.size for name, file in stock.deliverables.items() if name.startswith(f"{slug}/")),
                own=sum(stock.objects[name].size for name in objects - others),
                shared=sum(stock.objects[name].size for name in objects & others),
                documents=sum(stock.documents[name].size for name in documents[slug]),
            )
        )
    return found, sum(file.size for file in stock.all())


def brief_of(document: str) -> str | None:
    """The brief that a document belongs to, by its `<drawer>/<name>`; None for personas and records."""
    drawer, _, name = document.partition("/")
    if drawer in ("manifest", "market_brief", USED_DRAWER) or drawer in DOCUMENTS:
        return name.partition("/")[0]
    return None


def old_runs(instance: dg.DagsterInstance, days: float) -> list[dg.DagsterRun]:
    """Runs that ended so long ago and that made nothing that is still the latest of its cell."""
    before = datetime.now(UTC) - timedelta(days=days)
    ended = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    latest = _runs_of_latest(instance)
    return [
        record.dagster_run
        for record in instance.get_run_records(own_runs(statuses=ended, created_before=before))
        if record.dagster_run.run_id not in latest
    ]


def _runs_of_latest(instance: dg.DagsterInstance) -> set[str]:
    """Runs whose events say what a cell is made from now."""
    found: set[str] = set()
    for stage in DOCUMENTS:
        by_partition = instance.event_log_storage.get_latest_storage_id_by_partition(
            key_of(stage), dg.DagsterEventType.ASSET_MATERIALIZATION
        )
        ids = sorted(by_partition.values())
        for start in range(0, len(ids), _EVENTS_AT_A_TIME):
            page = ids[start : start + _EVENTS_AT_A_TIME]
            chosen = dg.AssetRecordsFilter(asset_key=key_of(stage), storage_ids=page)
            records = instance.fetch_materializations(chosen, limit=len(page)).records
            found |= {record.run_id for record in records}
    return found


def forget_run(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Removes a run with its events and its output."""
    instance.compute_log_manager.delete_logs(prefix=[run.run_id])
    instance.delete_run(run.run_id)
