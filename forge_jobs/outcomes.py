"""What became of a run, read from the event log: which gate said no, or which error ended it.

What belongs here: from events to codes and sentences. What does not: running (see `production`).
"""

from __future__ import annotations

from dataclasses import dataclass

import dagster as dg


@dataclass(frozen=True)
class Trouble:
    """Why a run did not get to its end: a code of the error family, and a sentence with the remedy."""

    code: str
    message: str


def trouble_of_run(instance: dg.DagsterInstance, run_id: str) -> Trouble | None:
    """The first failed gate, else the first failed step, else None."""
    gate = _failed_gate(instance, run_id)
    if gate is not None:
        return gate
    records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.STEP_FAILURE).records
    for record in records:
        event = record.event_log_entry.dagster_event
        if event is not None and event.is_step_failure:
            return _failed_step(event)
    return None


def was_interrupted(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether a person stopped the run (Ctrl-C) rather than something in it failing."""
    records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.STEP_FAILURE).records
    for record in records:
        event = record.event_log_entry.dagster_event
        error = event.step_failure_data.error if event is not None else None
        while error is not None:
            if error.cls_name == "DagsterExecutionInterruptedError":
                return True
            error = error.cause
    return False


def _failed_gate(instance: dg.DagsterInstance, run_id: str) -> Trouble | None:
    records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION).records
    for record in records:
        event = record.event_log_entry.dagster_event
        if event is None:
            continue
        evaluation = event.asset_check_evaluation_data
        if not evaluation.passed and evaluation.blocking:
            remedy = evaluation.metadata.get("remedy")
            said = f"{evaluation.check_name}: {evaluation.description}"
            return Trouble("blocked", f"{said}\n{remedy.value}" if remedy else said)
    return None


def _failed_step(event: dg.DagsterEvent) -> Trouble:
    data = event.step_failure_data
    told = data.user_failure_data
    if told is not None and "code" in told.metadata:
        return Trouble(str(told.metadata["code"].value), told.description or data.error_display_string)
    error = data.error
    said = error.message.strip() if error else "no error was recorded"
    while error is not None and error.cause is not None:
        error = error.cause
        said = error.message.strip()
    return Trouble("engine_failed", f"{event.step_key}: {said}")
