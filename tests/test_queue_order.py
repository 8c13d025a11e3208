"""Cells of the same models run next to each other: in one tick of the inbox, and with what waits already."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from forge_jobs.consumption import GpuCount, of_cells, total
from forge_jobs.in_process import origin_of
from forge_jobs.queue_order import MODELS_TAG, PRIORITY_TAG, joining, models_of, side_by_side
from forge_resources.engines.registry import ENGINES
from forge_resources.schemas.brief import Brief, Engines
from forge_resources.schemas.cell import CellKey
from forge_resources.settings import DEFAULT_ENGINES, Settings
from tests.heavy.painter import Painter
from tests.sample_briefs import short_brief, write_brief
from tests.ticks import Ticker, settled


@pytest.fixture
def painters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two image engines that load models, registered as a package of one's own would."""
    registered = {("image", name): f"tests.heavy.painter:{kind}" for name, kind in (("oil", "Oil"), ("chalk", "Chalk"))}
    for key, location in registered.items():
        monkeypatch.setitem(ENGINES, key, location)  # type: ignore[misc]


def request(name: str, models: str) -> dg.RunRequest:
    return dg.RunRequest(run_key=name, tags={MODELS_TAG: models} if models else {})


def test_requests_of_equal_models_are_side_by_side() -> None:
    asked = [request(name, name[0]) for name in ("a1", "b1", "a2", "c1", "b2")]
    assert [one.run_key for one in side_by_side(asked)] == ["a1", "a2", "b1", "b2", "c1"]


def test_a_tick_brings_cells_of_equal_models_together(
    painters: None, deployment: Settings, instance: dg.DagsterInstance
) -> None:
    folder = Path(deployment.inbox.path)
    for name, engine in (("a", "oil"), ("b", "chalk"), ("c", "oil"), ("d", "sketch")):
        settled(write_brief(folder, f"{name}.yaml", brief=f"{name}-tea", markets=["en-GB"], engines={"image": engine}))
    tick = Ticker(instance, "brief_inbox").tick()
    assert [key.split("@")[0] for key in tick.keys] == ["a-tea", "c-tea", "b-tea", "d-tea"]
    [of_oil] = {tags.get(MODELS_TAG) for key, tags in tick.tags.items() if key.startswith(("a-", "c-"))}
    assert of_oil == "image.oil:oil"


def queue(instance: dg.DagsterInstance, name: str, status: dg.DagsterRunStatus, **tags: str) -> None:
    instance.create_run_for_job(
        dg.GraphDefinition(name=name).to_job(),
        status=status,
        tags={MODELS_TAG: name[0], **tags},
        remote_job_origin=origin_of("produce"),
    )


QUEUED, STARTED = dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTED


def test_a_run_joins_those_of_its_models_whose_turn_it_is(instance: dg.DagsterInstance) -> None:
    queue(instance, "a1", STARTED)
    queue(instance, "b1", QUEUED)
    assert joining(instance, "a") == {MODELS_TAG: "a", PRIORITY_TAG: "1"}
    assert joining(instance, "b") == {MODELS_TAG: "b"}
    assert joining(instance, "c") == {MODELS_TAG: "c"}
    assert joining(instance, "") == {}


def test_nobody_is_passed_for_ever(instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    queue(instance, "a1", STARTED)
    queue(instance, "b1", QUEUED)
    monkeypatch.setattr("forge_jobs.queue_order.LONGEST_WAIT_S", -1.0)
    assert PRIORITY_TAG not in joining(instance, "a")


def test_what_a_person_has_ordered_stays(instance: dg.DagsterInstance) -> None:
    queue(instance, "a1", STARTED)
    queue(instance, "b1", QUEUED, **{PRIORITY_TAG: "7"})
    assert PRIORITY_TAG not in joining(instance, "a")


def test_what_cells_took_adds_up(instance: dg.DagsterInstance) -> None:
    cell, other = (CellKey(brief="night-tea", market=market, persona="busy-parent") for market in ("en-GB", "de-DE"))

    def made(stage: str, **metadata: Any) -> None:
        instance.report_runless_asset_event(
            dg.AssetMaterialization(asset_key=stage, partition=cell.partition_key, metadata=metadata)
        )

    heavy = {"engine_seconds": 2.0, "gpu_seconds": 2.0, "gpu_joules": 300.0, "model_loads": 1}
    made("script")
    made("frames", **heavy)
    made("frames", **{**heavy, "model_loads": 0})
    made("voiceover", engine_seconds=1.0, gpu_seconds=0.0, gpu_joules=0.0, model_loads=1, gpu_note="no GPU")
    counts = of_cells(instance, [cell, other])
    assert counts[cell] == GpuCount(seconds=4, joules=600, engine_seconds=5, loads=2, note="")
    assert counts[other].note == "no engine loaded a model"
    assert total(counts.values()).joules == 600


def test_engines_that_load_nothing_have_no_models(painters: None) -> None:
    brief = Brief.model_validate({**short_brief(), "engines": {"image": "sketch"}})
    assert models_of(brief, Engines(**DEFAULT_ENGINES)) == ""
    brief = Brief.model_validate({**short_brief(), "engines": {"image": "oil"}})
    assert models_of(brief, Engines(**DEFAULT_ENGINES)) == f"image.oil:{Painter.model or 'oil'}"
