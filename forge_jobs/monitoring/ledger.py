"""The ledger: what ended runs did, counted once each, and kept in the instance's own database.

So counts survive restarts of the exporter and go on where the event log is purged. Two exporters of one instance count
the same.

What belongs here: from the events of an ended run to counts. What does not: the state of cells (see `cell_states`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg
from pydantic import BaseModel, ValidationError

from forge_assets.gates import GATES
from forge_assets.graph import AFTER_THE_FRAMES, TO_THE_FRAMES
from forge_assets.keys import PROJECT, name_of
from forge_jobs.monitoring.counts import Counts
from forge_jobs.monitoring.families import Measured, families
from forge_jobs.monitoring.run_history import RunHistory, RunState
from forge_jobs.outcomes import trouble_of_run
from forge_resources.errors import FAMILY
from forge_resources.writing.gates.script_gates import COMPUTED

OUTSIDE = "outside"
"""The code of a run that ended outside of its steps: it was killed, or could not start."""

_KEPT_AS = f"forge/metrics/1/{PROJECT}" if PROJECT else "forge/metrics/1"
_SAVE_EVERY = 200
_RECENT = 500
_STAGES = {*TO_THE_FRAMES, *AFTER_THE_FRAMES}
_EVENTS = {
    dg.DagsterEventType.PIPELINE_ENQUEUED,
    dg.DagsterEventType.PIPELINE_START,
    dg.DagsterEventType.STEP_SUCCESS,
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
}


class _Page(BaseModel):
    """What is kept: the counts, up to which run they go, and which runs before that had not ended.

    `recent` are the last runs by number: SQLite gives the number of a newest run that was removed to the next one.
    """

    through: int = 0
    missing: set[str] = set()
    recent: dict[int, str] = {}
    counts: Counts = Counts()


class Ledger:
    """Counts of the runs of one deployment."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instance = instance
        self._page = self._kept()

    @property
    def counts(self) -> Counts:
        return self._page.counts

    def read(self, history: RunHistory) -> None:
        """Counts the runs that have ended since. A long first reading is saved as it goes."""
        page, counted = self._page, 0
        for state in history.read():
            if self._is_new(state):
                self._count(state)
                page.through = max(page.through, state.number)
                page.missing.discard(state.run_id)
                page.recent[state.number] = state.run_id
                counted += 1
                if counted % _SAVE_EVERY == 0:
                    page.missing |= {open_run.run_id for open_run in history.going_on}
                    self._save()
        open_now = {state.run_id for state in history.going_on}
        if counted or history.newest != page.through or open_now != page.missing:
            page.through, page.missing = history.newest, open_now
            page.recent |= {state.number: state.run_id for state in history.going_on}
            page.recent = dict(sorted(page.recent.items())[-_RECENT:])
            self._save()

    def _is_new(self, state: RunState) -> bool:
        page = self._page
        known = page.recent.get(state.number, state.run_id) == state.run_id
        return state.number > page.through or state.run_id in page.missing or not known

    def _kept(self) -> _Page:
        kept = self._instance.run_storage.get_cursor_values({_KEPT_AS}).get(_KEPT_AS)
        try:
            page = _Page.model_validate_json(kept) if kept else _Page()
        except ValidationError:
            # Of another version of Forge: what the event log still has is counted anew.
            page = _Page()
        # From nothing to one is no increase to Prometheus; from 0 to 1 is.
        for code in (*FAMILY, OUTSIDE):
            page.counts.add("forge_errors_total", 0, code=code)
        for gate in [*(gate.name for gate in GATES), *(gate.name for gate in COMPUTED)]:
            page.counts.add("forge_gate_failures_total", 0, gate=gate)
            page.counts.add("forge_gate_passes_total", 0, gate=gate)
        return page

    def _save(self) -> None:
        self._instance.run_storage.set_cursor_values({_KEPT_AS: self._page.model_dump_json()})

    def _count(self, state: RunState) -> None:
        counts = self._page.counts
        records = self._instance.get_records_for_run(state.run_id, of_type=_EVENTS).records
        events = [record.event_log_entry for record in records]
        enqueued = started = None
        for entry in events:
            event = entry.dagster_event
            if event is None:
                continue
            if event.event_type == dg.DagsterEventType.PIPELINE_ENQUEUED:
                enqueued = entry.timestamp
            elif event.event_type == dg.DagsterEventType.PIPELINE_START:
                started = entry.timestamp
            else:
                _count_step(counts, event)
        if enqueued is not None and started is not None:
            counts.observe("forge_queue_wait_seconds", max(0.0, started - enqueued))
        if state.started is not None and state.ended is not None:
            counts.observe("forge_run_seconds", max(0.0, state.ended - state.started), job=job_label(state.job))
        counts.add("forge_runs_ended_total", job=job_label(state.job), outcome=state.status.value.lower())
        if state.status == dg.DagsterRunStatus.FAILURE:
            counts.add("forge_errors_total", code=code_of(self._instance, state))


def code_of(instance: dg.DagsterInstance, state: RunState) -> str:
    """Why a failed run failed: a code of the error family, or `outside`."""
    if state.code is not None:
        return state.code
    trouble = trouble_of_run(instance, state.run_id)
    return trouble.code if trouble else OUTSIDE


def job_label(job: str) -> str:
    """A job's name; runs that were started from the asset page share one."""
    return "assets" if job.startswith("__") else job


def _count_step(counts: Counts, event: dg.DagsterEvent) -> None:
    if event.event_type == dg.DagsterEventType.STEP_SUCCESS:
        stage = (event.step_key or "").removeprefix("make_").partition("[")[0]
        if stage in _STAGES:
            counts.observe("forge_stage_seconds", event.step_success_data.duration_ms / 1000, stage=stage)
    elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        evaluation = event.asset_check_evaluation_data
        family = "forge_gate_passes_total" if evaluation.passed else "forge_gate_failures_total"
        counts.add(family, gate=evaluation.check_name)
    elif event.event_type == dg.DagsterEventType.ASSET_MATERIALIZATION:
        made = event.step_materialization_data.materialization
        _count_figures(counts, name_of(made.asset_key), made.metadata, families().measured)


def _count_figures(
    counts: Counts, stage: str, metadata: Mapping[str, dg.MetadataValue[Any]], measured: Iterable[Measured]
) -> None:
    for entry in measured:
        figure = metadata.get(entry.metadata)
        if figure is None or entry.only not in (None, stage):
            continue
        value = figure.value
        if not isinstance(value, int | float):
            continue
        family = families().families[entry.family]
        labels = {**entry.labels, **({"stage": stage} if "stage" in family.labels else {})}
        if family.kind == "gauge":
            counts.put(entry.family, float(value), **labels)
        else:
            counts.add(entry.family, float(value), **labels)
