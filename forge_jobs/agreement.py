"""Whether the event log and the store say the same, and whether anything is held by what has ended.

What belongs here: cells, runs, slots and locks. What does not: the store alone (see `forge_resources.store.soundness`).
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
from dagster._core.definitions.data_version import DATA_VERSION_TAG
from dagster._core.storage.tags import PARTITION_NAME_TAG, RETRY_NUMBER_TAG
from filelock import FileLock, Timeout

from forge_assets.graph import DOCUMENTS
from forge_assets.keys import key_of
from forge_assets.stage import version_of
from forge_jobs.own_runs import is_own, own_runs
from forge_jobs.recovery import end_runs_of_killed_processes, is_gone, process_of_run
from forge_resources.errors import NotFound
from forge_resources.schemas.cell import CellKey
from forge_resources.store.soundness import Flaw
from forge_resources.store.workbench import left_behind
from forge_resources.studio import Studio

GOING_ON = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.CANCELING]
"""A run in one of these is being made; one that waits in the queue holds nothing."""


def flaws_of_cells(instance: dg.DagsterInstance, studio: Studio) -> Iterator[Flaw]:
    """Stages whose document is not the one that was materialised last, of cells that are not being made.

    A cell whose last run failed may have documents that it never told of: it is rerun, and no flaw.
    """
    cells = [cell for slug in studio.filing.briefs() for cell in studio.filing.manifest(slug).cells]
    told = {
        stage: instance.event_log_storage.get_latest_tags_by_partition(
            key_of(stage), dg.DagsterEventType.ASSET_MATERIALIZATION, [DATA_VERSION_TAG]
        )
        for stage in DOCUMENTS
    }
    for cell in cells:
        found = [(stage, said) for stage in DOCUMENTS if (said := _disagreement(studio, cell, stage, told[stage]))]
        if found and not _is_unfinished(instance, cell):
            remedy = f"Run it again: forge run with --market {cell.market} --persona {cell.persona}."
            for stage, said in found:
                yield Flaw("disagrees", f"{stage} of {cell}", said, remedy)


def _disagreement(studio: Studio, cell: CellKey, stage: str, told: object) -> str:
    assert hasattr(told, "get")
    version = (told.get(cell.partition_key) or {}).get(DATA_VERSION_TAG)
    try:
        document = studio.cabinet.read(stage, cell.path, DOCUMENTS[stage])
    except NotFound as lost:
        return f"was materialised, and {lost.message[0].lower()}{lost.message[1:]}" if version else ""
    if version is None:
        return "has a document, and the event log does not know it"
    return "" if version == version_of(document) else "has another document than the event log says"


def _is_unfinished(instance: dg.DagsterInstance, cell: CellKey) -> bool:
    """Whether the cell's latest run has not succeeded (yet)."""
    runs = instance.get_runs(own_runs(tags={PARTITION_NAME_TAG: cell.partition_key}), limit=1)
    return bool(runs) and runs[0].status != dg.DagsterRunStatus.SUCCESS


def flaws_of_runs(instance: dg.DagsterInstance) -> Iterator[Flaw]:
    """Runs that hold the queue though their process is gone, slots of runs that have ended, cells delivered twice."""
    for record in instance.get_run_records(own_runs(statuses=GOING_ON)):
        run = record.dagster_run
        process = process_of_run(instance, run)
        if process is not None and is_gone(record, process):
            yield Flaw(
                "held",
                f"run {run.run_id}",
                f"is {run.status.value.lower()}, and its process {process} is gone",
                "Run monitoring ends it within a minute.",
                lambda: _end_runs(instance),
            )
    for key in instance.event_log_storage.get_concurrency_keys():
        info = instance.event_log_storage.get_concurrency_info(key)
        holders = {slot.run_id for slot in info.claimed_slots} | {step.run_id for step in info.pending_steps}
        for run_id in holders:
            holder = instance.get_run_by_id(run_id)
            if holder is not None and not is_own(holder):
                continue
            if holder is None or holder.is_finished:
                yield Flaw(
                    "held",
                    f"pool {key}",
                    f"has a slot of run {run_id}, which has ended",
                    "",
                    lambda run_id=run_id: instance.event_log_storage.free_concurrency_slots_for_run(run_id),  # type: ignore[misc]
                )
    yield from _delivered_twice(instance)


def _end_runs(instance: dg.DagsterInstance) -> None:
    end_runs_of_killed_processes(instance)


def _delivered_twice(instance: dg.DagsterInstance) -> Iterator[Flaw]:
    """Retries of a run that had succeeded. Reruns that a person asked for are another matter."""
    succeeded = instance.get_runs(own_runs(statuses=[dg.DagsterRunStatus.SUCCESS]))
    groups = Counter(
        run.root_run_id or run.run_id
        for run in succeeded
        if run.root_run_id is None or run.tags.get(RETRY_NUMBER_TAG) is not None
    )
    keys = Counter(key for run in succeeded if run.root_run_id is None and (key := run.tags.get("dagster/run_key")))
    for what, times in (*groups.items(), *keys.items()):
        if times > 1:
            yield Flaw("twice", what, f"was delivered {times} times for one request", "Report it; nothing is lost.")


def flaws_of_locks(instance: dg.DagsterInstance, cache: Path) -> Iterator[Flaw]:
    """Locks that somebody holds while no run is going on."""
    if instance.get_runs_count(own_runs(statuses=GOING_ON)):
        return
    for file in sorted((cache / "locks").glob("*.lock")):
        try:
            with FileLock(file, timeout=0):
                pass
        except Timeout:
            yield Flaw("held", str(file), "is locked, and no run is going on", "Find its process: fuser on the file.")


def _removal(folder: Path) -> Callable[[], None]:
    return lambda: shutil.rmtree(folder, ignore_errors=True)


def flaws_of_workbench(cache: Path) -> Iterator[Flaw]:
    """Work in progress of processes that are gone, which the next run of this machine removes."""
    for folder in left_behind(cache / "work"):
        yield Flaw(
            "half_written",
            str(folder),
            "is work of a process that is gone",
            "The next run removes it.",
            _removal(folder),
        )
