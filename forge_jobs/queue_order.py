"""Cells that use the same models run next to each other, so that a model is loaded once.

What belongs here: what a run's models are, and where its place in the queue is. What does not: the queue itself, which
is Dagster's: higher `dagster/priority` first, then first come, first served.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import dagster as dg

from forge_resources.engines.registry import engine
from forge_resources.schemas.brief import Brief, Engines

MODELS_TAG = "forge/models"
"""Tag of a run: the heavy engines that it uses, with their models."""

PRIORITY_TAG = "dagster/priority"

LONGEST_WAIT_S = 1800.0
"""A run of other models is passed by those that come later for so long at most."""


def models_of(brief: Brief, defaults: Engines) -> str:
    """A brief's heavy engines and their models, such as `image.diffusers:sdxl-base`; empty where there are no such."""
    chosen = {**defaults.model_dump(), **brief.engines.model_dump(exclude_none=True)}
    parts = []
    for kind in ("text", "image", "voice", "motion"):
        made = engine(kind, chosen[kind])
        if made.device_bound:
            parts.append(":".join([f"{kind}.{made.name}", *made.models_for(brief)]))
    return " ".join(parts)


def side_by_side(requests: Sequence[dg.RunRequest]) -> list[dg.RunRequest]:
    """The same requests with those of equal models next to each other, groups in the order of their first."""
    order = list(dict.fromkeys(request.tags.get(MODELS_TAG, "") for request in requests))
    return sorted(requests, key=lambda request: order.index(request.tags.get(MODELS_TAG, "")))


def joining(instance: dg.DagsterInstance, models: str) -> dict[str, str]:
    """The tags that bring a run to the others of its models: those whose turn it is go on before other models begin.

    Nothing where there are no such others, where a person has set priorities, or where another run has waited long. The
    queue is that of all projects of the instance, as the models are.
    """
    if not models:
        return {}
    tags = {MODELS_TAG: models}
    going_on = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING]
    queued = instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED]), ascending=True)
    others = [record for record in queued if record.dagster_run.tags.get(MODELS_TAG) != models]
    if not others or any(int(record.dagster_run.tags.get(PRIORITY_TAG, "0")) not in (0, 1) for record in queued):
        return tags
    running = instance.get_runs(dg.RunsFilter(statuses=going_on))
    turn = [run.tags.get(MODELS_TAG) for run in running] or [queued[0].dagster_run.tags.get(MODELS_TAG)]
    longest = time.time() - min(record.create_timestamp.timestamp() for record in others)
    if models in turn and longest < LONGEST_WAIT_S:
        tags[PRIORITY_TAG] = "1"
    return tags
