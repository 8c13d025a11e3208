"""Taking a brief out: into an archive that can be kept elsewhere, and out of store, partitions, events and logs.

What belongs here: everything that knows of a brief, and the record that stays of its removal. What does not: garbage
that no brief refers to (see `housekeeping`).
"""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import sqlalchemy as db
from dagster._core.definitions.selector import RepositorySelector
from dagster._core.instance.utils import RUNLESS_RUN_ID
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    AssetEventTagsTable,
    AssetKeyTable,
    SqlEventLogStorageTable,
)
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.schedules.schema import JobTickTable
from dagster._core.storage.schedules.sql_schedule_storage import SqlScheduleStorage

from forge_assets.external import EXTERNAL, storyboard_approval
from forge_assets.graph import DOCUMENTS
from forge_assets.keys import PROJECT, key_of
from forge_assets.partitions import MARKET, PERSONA
from forge_jobs.housekeeping import brief_of, forget_run, refuse_while_running
from forge_jobs.instance import NOT_OF_THE_HOME
from forge_jobs.own_runs import LOCATION_NAME, REPOSITORY_NAME, own_runs
from forge_resources.briefs.filing import Manifest
from forge_resources.errors import Unavailable
from forge_resources.schemas.types import Document
from forge_resources.store.files import disk_trouble_told, is_local, read_bytes
from forge_resources.store.inventory import Inventory, References, StoredFile, take_stock
from forge_resources.studio import Studio

DRAWER = "removal"


class Removal(Document):
    """What stays of a brief that was deleted: that it was, by whom and why. Nothing of what it said."""

    brief: str
    by: str
    reason: str
    at: str
    cells: int
    files: int
    bytes: int
    runs: int
    events: int
    partitions: list[str]
    archive_sha256: str | None = None


def archive(instance: dg.DagsterInstance, studio: Studio, slug: str, target: Path) -> str:
    """Writes a tar of all that belongs to a brief. Returns its SHA-256. Raises NotFound and Unavailable.

    In it: `documents/`, `objects/` with their recipes, `recipes/`, `deliverables/`, `runs.json` (runs, stages made,
    approvals) and `index.json` (SHA-256 and size of every member).
    """
    manifest = studio.filing.manifest(slug)
    stock = take_stock(studio.settings.store)
    index: dict[str, dict[str, Any]] = {}
    partial = target.with_name(f".partial-{target.name}")
    with disk_trouble_told(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with tarfile.open(partial, "w") as tar:
                for name, file in _belongings(stock, slug, manifest):
                    _put(tar, index, name, read_bytes(file.place))
                _put(tar, index, "runs.json", _as_json(_history(instance, manifest)))
                _put(tar, {}, "index.json", _as_json(index))
            sha256 = hashlib.sha256(partial.read_bytes()).hexdigest()
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    return sha256


def read_archive(source: Path) -> dict[str, Any]:
    """Checks every member of an archive against its index, which it returns. Raises Unavailable for a damaged one."""
    with tarfile.open(source) as tar:
        members = {member.name: tar.extractfile(member) for member in tar.getmembers()}
        read = {name: stream.read() for name, stream in members.items() if stream is not None}
    index: dict[str, Any] = json.loads(read.pop("index.json"))
    for name, about in index.items():
        if hashlib.sha256(read.get(name, b"")).hexdigest() != about["sha256"]:
            raise Unavailable(f"{source} is damaged: {name} is not what was archived.")
    return index


def _put(tar: tarfile.TarFile, index: dict[str, dict[str, Any]], name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    index[name] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    tar.addfile(member, io.BytesIO(data))


def _as_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def _belongings(stock: Inventory, slug: str, manifest: Manifest) -> Iterator[tuple[str, StoredFile]]:
    """What an archive holds, shared artefacts and personas included."""
    documents = [name for name in stock.documents if brief_of(name) == slug]
    documents += [f"persona/{persona}" for persona in manifest.brief.personas]
    yield from ((f"documents/{name}.json", stock.documents[name]) for name in documents if name in stock.documents)
    reached = References(stock).reached_from(name for name in documents if name in stock.documents)
    for folder, part in (("objects", stock.objects), ("objects", stock.records), ("recipes", stock.recipes)):
        for name in sorted(reached & set(part)):
            yield f"{folder}/{name[:2]}/{part[name].place.name}", part[name]
    for name, file in stock.deliverables.items():
        if name.startswith(f"{slug}/"):
            yield f"deliverables/{name}", file


def _history(instance: dg.DagsterInstance, manifest: Manifest) -> dict[str, Any]:
    """Runs and approvals of a brief, as a person asks for them years later."""
    records = instance.get_run_records(own_runs(tags={"forge/brief": manifest.slug}))
    approvals = [
        {
            "cell": record.partition_key,
            "at": datetime.fromtimestamp(record.timestamp, UTC).isoformat(),
            **{name: value.value for name, value in (record.asset_observation.metadata or {}).items()},
        }
        for cell in manifest.cells
        for record in instance.fetch_observations(
            dg.AssetRecordsFilter(asset_key=storyboard_approval.key, asset_partitions=[cell.partition_key]), limit=1000
        ).records
        if record.asset_observation is not None
    ]
    runs = [
        {
            "run_id": record.dagster_run.run_id,
            "job": record.dagster_run.job_name,
            "status": record.dagster_run.status.value,
            "tags": dict(record.dagster_run.tags),
            "created": record.create_timestamp.isoformat(),
            "ended": datetime.fromtimestamp(record.end_time, UTC).isoformat() if record.end_time else None,
        }
        for record in records
    ]
    return {"brief": manifest.slug, "runs": runs, "approvals": approvals}


def delete(
    instance: dg.DagsterInstance, studio: Studio, slug: str, *, by: str, reason: str, archive_sha256: str | None = None
) -> Removal:
    """Removes a brief from inbox, store, partitions, events and logs. Returns the record that stays.

    What another brief refers to stays. Raises NotFound, and Conflict while it is being made.
    """
    manifest = studio.filing.manifest(slug)
    refuse_while_running(instance, f"delete {slug}", slug)
    stock = take_stock(studio.settings.store)
    files = _only_of(instance, studio, stock, slug, manifest)
    # First what asks for it, so that nothing makes it again; the manifest last, so that a deletion cut off goes on.
    _forget_file(studio, manifest)
    runs = instance.get_runs(own_runs(tags={"forge/brief": slug}))
    for run in runs:
        forget_run(instance, run)
    partitions = _forget_partitions(instance, studio, manifest)
    events = sum(_forget_events(instance, key) for key in partitions)
    _forget_ticks(instance, slug)
    for file in sorted(files, key=lambda file: file.place == studio.cabinet.place("manifest", slug)):
        file.place.unlink(missing_ok=True)
        _forget_copy(studio, file)
    _forget_pages(studio)
    record = Removal(
        brief=slug,
        by=by,
        reason=reason,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        cells=len(manifest.cells),
        files=len(files),
        bytes=sum(file.size for file in files),
        runs=len(runs),
        events=events,
        partitions=partitions,
        archive_sha256=archive_sha256,
    )
    studio.cabinet.write(DRAWER, f"{slug}-{record.at.replace(':', '')}", record)
    return record


def _only_of(
    instance: dg.DagsterInstance, studio: Studio, stock: Inventory, slug: str, manifest: Manifest
) -> list[StoredFile]:
    """The brief's documents and deliverables, and the artefacts and recipes that nothing else refers to."""
    references = References(stock)
    own = {name for name in stock.documents if brief_of(name) == slug}
    personas = set(manifest.brief.personas) - _personas_of_others(studio, slug)
    own |= {f"persona/{persona}" for persona in personas} & set(stock.documents)
    reached = references.reached_from(own)
    reached -= references.reached_from(set(stock.documents) - own)
    parts = (stock.objects, stock.records, stock.recipes, stock.instead)
    found = [part[name] for part in parts for name in sorted(reached & set(part))]
    found += [file for name, file in stock.deliverables.items() if name.startswith(f"{slug}/")]
    return [*found, *(stock.documents[name] for name in sorted(own))]


def _personas_of_others(studio: Studio, slug: str) -> set[str]:
    others = [studio.filing.manifest(other) for other in studio.filing.briefs() if other != slug]
    return {persona for other in others for persona in other.brief.personas}


def _forget_file(studio: Studio, manifest: Manifest) -> None:
    """The file in the inbox, and what was said of its faults."""
    inbox = studio.settings.inbox
    for name in (Path(manifest.file).name, f"{Path(manifest.file).name}.errors.txt"):
        place = inbox / name
        if str(place) in (manifest.file, f"{manifest.file}.errors.txt"):
            place.unlink(missing_ok=True)


def _forget_pages(studio: Studio) -> None:
    """SQLite leaves what was deleted in the free pages of its files until they are written anew."""
    for file in studio.settings.instance.glob("*/**/*.db"):
        if file.relative_to(studio.settings.instance).parts[0] in NOT_OF_THE_HOME:
            continue
        with closing(sqlite3.connect(file, timeout=30, isolation_level=None)) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _forget_copy(studio: Studio, file: StoredFile) -> None:
    """The copy on this machine of what a remote store had."""
    if not is_local(file.place):
        for copy in studio.settings.cache.glob(f"objects/*/{file.place.name}"):
            copy.unlink(missing_ok=True)


def _forget_partitions(instance: dg.DagsterInstance, studio: Studio, manifest: Manifest) -> list[str]:
    """Takes the brief's markets, and the personas that only it names, out of Dagster. Returns all keys concerned."""
    markets = [key for key in instance.get_dynamic_partitions(_name(MARKET)) if key.startswith(f"{manifest.slug}@")]
    personas = sorted(set(manifest.brief.personas) - _personas_of_others(studio, manifest.slug))
    for key in markets:
        instance.delete_dynamic_partition(_name(MARKET), key)
    for key in personas:
        instance.delete_dynamic_partition(_name(PERSONA), key)
    every_cell = {cell.partition_key for cell in manifest.cells}
    return [*markets, *personas, *sorted(every_cell)]


def _name(partitions: dg.DynamicPartitionsDefinition) -> str:
    assert partitions.name is not None
    return partitions.name


def _forget_events(instance: dg.DagsterInstance, partition: str) -> int:
    """Removes the events of one partition that no run told: observations and approvals, with the names in them."""
    storage = instance.event_log_storage
    assert isinstance(storage, SqlEventLogStorage)
    keys = [key.to_string() for key in (*map(key_of, DOCUMENTS), *(spec.key for spec in EXTERNAL))]
    table = SqlEventLogStorageTable
    theirs = db.and_(table.c.partition == partition, table.c.asset_key.in_(keys))
    with storage.index_transaction() as connection:
        ids = [row[0] for row in connection.execute(db.select(table.c.id).where(theirs))]
        connection.execute(db.delete(AssetEventTagsTable).where(AssetEventTagsTable.c.event_id.in_(ids)))
        connection.execute(db.delete(table).where(theirs))
        # What was of runs that have gone: Dagster leaves their tags and the outcomes of their checks.
        connection.execute(
            db.delete(AssetEventTagsTable).where(AssetEventTagsTable.c.event_id.not_in(db.select(table.c.id)))
        )
        connection.execute(
            db.delete(AssetCheckExecutionsTable).where(
                AssetCheckExecutionsTable.c.partition == partition, AssetCheckExecutionsTable.c.asset_key.in_(keys)
            )
        )
        for key in keys:
            _forget_last(connection, key, partition)
    # SQLite keeps events of no run in a file of their own as well.
    with storage.run_connection(RUNLESS_RUN_ID) as connection:
        connection.execute(db.delete(table).where(theirs))
    return len(ids)


def _forget_ticks(instance: dg.DagsterInstance, slug: str) -> None:
    """Ticks of sensors that asked for its runs: they have the keys of its cells."""
    storage = instance.schedule_storage
    assert isinstance(storage, SqlScheduleStorage)
    theirs = JobTickTable.c.tick_body.contains(f'"{slug}@')
    if PROJECT:
        repository = RepositorySelector(location_name=LOCATION_NAME, repository_name=REPOSITORY_NAME)
        own = [
            state.selector_id for state in storage.all_instigator_state(repository_selector_id=repository.selector_id)
        ]
        theirs = db.and_(theirs, JobTickTable.c.selector_id.in_(own))
    with storage.connect() as connection:
        connection.execute(db.delete(JobTickTable).where(theirs))


def _forget_last(connection: db.Connection, key: str, partition: str) -> None:
    """The table of assets has a copy of the last event of each: where that is of this partition, the one before it."""
    assets, events = AssetKeyTable, SqlEventLogStorageTable
    last = connection.execute(db.select(assets.c.last_materialization).where(assets.c.asset_key == key)).scalar()
    if last is None or f'"{partition}"' not in last:
        return
    before = connection.execute(
        db.select(events.c.event, events.c.run_id)
        .where(
            events.c.asset_key == key,
            events.c.dagster_event_type == dg.DagsterEventType.ASSET_MATERIALIZATION.value,
            events.c.partition != partition,
        )
        .order_by(events.c.id.desc())
        .limit(1)
    ).first()
    values = {"last_materialization": before[0] if before else None, "last_run_id": before[1] if before else None}
    connection.execute(db.update(assets).where(assets.c.asset_key == key).values(**values))
