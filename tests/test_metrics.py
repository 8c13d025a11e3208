"""The metrics: real runs are counted, and counted once; alerts and dashboard name what exists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.events import DagsterEvent
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from forge_assets.external import approved
from forge_jobs.in_process import origin_of, run_job
from forge_jobs.intake import announce, news_of
from forge_jobs.monitoring.counts import Counts
from forge_jobs.monitoring.dashboard import as_grafana, dashboard
from forge_jobs.monitoring.exporter import Exporter
from forge_jobs.monitoring.exposition import exposition
from forge_jobs.monitoring.families import families
from forge_jobs.monitoring.observation import Observation
from forge_resources.briefs.check import check_file
from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.storyboard import Frames
from forge_resources.settings import Settings
from forge_resources.studio import Studio
from forge_resources.writing.spending import spending
from tests.s3_server import BUCKET
from tests.sample_briefs import write_brief

CHECKOUT = Path(__file__).parents[1]
CELL = CellKey(brief="night-tea", market="en-GB", persona="busy-parent")

Samples = dict[tuple[str, tuple[str, ...]], float]


def samples(counts: Counts) -> Samples:
    """The exposition as Prometheus' own parser reads it: values by name and label values."""
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(exposition(counts).decode())
        for sample in family.samples
    }


def file_brief(instance: dg.DagsterInstance, studio: Studio, **changes: object) -> None:
    path = write_brief(Path(studio.settings.inbox.path), **changes)
    filed = studio.filing.file(check_file(path, studio.library, studio.profiles, store=studio.store), path.name)
    announce(instance, news_of(instance, filed))


def status_of(told: Samples) -> dict[str, float]:
    """How many cells are of each status that any is of."""
    return {labels[0]: value for (name, labels), value in told.items() if name == "forge_cells" and value}


def test_a_cell_from_brief_to_approval(instance: dg.DagsterInstance, studio: Studio) -> None:
    observation = Observation(instance, studio)
    file_brief(instance, studio, markets=["en-GB"], approval="required")
    told = samples(observation.read())
    assert status_of(told) == {"to_make": 1}
    assert told["forge_briefs", ()] == 1

    run_job(instance, "storyboard", CELL, reuse=True, tags={})
    told = samples(observation.read())
    assert status_of(told) == {"awaiting_approval": 1}
    assert told["forge_approvals_waiting", ()] == 1
    assert told["forge_approval_oldest_wait_seconds", ()] > 0
    assert told["forge_runs_ended_total", ("storyboard", "success")] == 1
    assert told["forge_plates_total", ("rendered",)] >= 1
    assert told["forge_gate_passes_total", ("plates_usable",)] == 1
    assert told["forge_gate_failures_total", ("plates_usable",)] == 0
    assert told["forge_stage_seconds_count", ("frames",)] == 1
    took = told["forge_stage_seconds_sum", ("frames",)]
    assert told["forge_stage_seconds_bucket", ("3600", "frames")] == 1
    assert 0 < took < told["forge_run_seconds_sum", ("storyboard",)]
    # In this process there is no queue to wait in.
    assert ("forge_queue_wait_seconds_count", ()) not in told

    sheet = studio.cabinet.read("frames", CELL.path, Frames).contact_sheet.sha256
    instance.report_runless_asset_event(approved(CELL, sheet, "Kim", "Good."))
    assert status_of(samples(observation.read())) == {"approved": 1}
    (state,) = observation.cells.all()
    assert state.approval is not None
    assert (state.approval.by, state.approval.note) == ("Kim", "Good.")

    # A second exporter, or the same one after a restart, counts the same, and nothing twice.
    assert (
        counted(samples(Observation(instance, studio).read())) == counted(samples(observation.read())) == counted(told)
    )


def counted(told: Samples) -> Samples:
    """Counts and histograms, without what stands at something else every moment."""
    return {key: value for key, value in told.items() if key[0].endswith(("_total", "_sum", "_count", "_bucket"))}


def test_counts_outlive_the_events_they_were_counted_from(instance: dg.DagsterInstance, studio: Studio) -> None:
    observation = Observation(instance, studio)
    file_brief(instance, studio, markets=["en-GB"], copy=None, language="fr")
    run_id, success = run_job(instance, "storyboard", CELL, reuse=True, tags={})
    assert not success
    told = samples(observation.read())
    assert status_of(told) == {"blocked": 1}
    assert told["forge_gate_failures_total", ("copy_in_language",)] == 1
    assert told["forge_errors_total", ("blocked",)] == 1
    assert told["forge_errors_total", ("oom",)] == 0

    instance.delete_run(run_id)
    second, _ = run_job(instance, "storyboard", CELL, reuse=True, tags={})
    assert second != run_id
    for reader in (observation, Observation(instance, studio)):
        told = samples(reader.read())
        assert told["forge_errors_total", ("blocked",)] == 2
        assert told["forge_runs_ended_total", ("storyboard", "failure")] == 2


def test_runs_that_have_not_ended(instance: dg.DagsterInstance, studio: Studio) -> None:
    file_brief(instance, studio, markets=["en-GB", "de-DE"])
    queued, running = (
        instance.create_run_for_job(
            _trivial,
            tags={"dagster/partition": CELL.model_copy(update={"market": market}).partition_key},
            remote_job_origin=origin_of("produce"),
        )
        for market in ("en-GB", "de-DE")
    )
    for run in (queued, running):
        report(instance, run, dg.DagsterEventType.PIPELINE_ENQUEUED)
    report(instance, running, dg.DagsterEventType.PIPELINE_START)
    observation = Observation(instance, studio)
    told = samples(observation.read())
    assert status_of(told) == {"queued": 1, "running": 1}
    assert (told["forge_runs", ("queued",)], told["forge_runs", ("running",)]) == (1, 1)
    assert told["forge_queue_oldest_wait_seconds", ()] > 0

    # What ends between two exporters is counted by the next one, though it began before runs that were counted.
    instance.report_run_failed(running, "killed")
    told = samples(Observation(instance, studio).read())
    assert status_of(told) == {"queued": 1, "failed": 1}
    assert told["forge_errors_total", ("outside",)] == 1
    assert told["forge_queue_wait_seconds_count", ()] == 1
    instance.delete_run(queued.run_id)
    told = samples(observation.read())
    assert told["forge_runs", ("queued",)] == 0
    assert told["forge_errors_total", ("outside",)] == 1


@dg.job
def _trivial() -> None:
    pass


def report(instance: dg.DagsterInstance, run: dg.DagsterRun, kind: dg.DagsterEventType) -> None:
    instance.report_dagster_event(DagsterEvent(kind.value, run.job_name), run.run_id)


def test_briefs_in_a_bucket(
    bucket: Any, deployment: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORGE_STORE", f"s3://{BUCKET}/store")
    studio = Studio(Settings.from_environment())
    observation = Observation(instance, studio)
    assert list(observation.cells.briefs) == []
    file_brief(instance, studio, markets=["en-GB", "de-DE"])
    assert status_of(samples(observation.read())) == {"to_make": 2}
    # A brief that changes is read again, one that does not is not.
    before = dict(studio.cabinet.stamps("manifest"))
    file_brief(instance, studio, markets=["en-GB"])
    assert dict(studio.cabinet.stamps("manifest")) != before
    assert status_of(samples(observation.read())) == {"to_make": 1}


def test_what_stages_measure_is_counted(instance: dg.DagsterInstance, studio: Studio) -> None:
    # The names are those under which the writing stages show what their calls took.
    facts = {"calls": 2, "input_tokens": 900, "output_tokens": 120, "cost_usd": 0.25}

    @dg.asset(name="script")
    def script() -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(metadata={**spending([facts]), "made": 1})

    @dg.asset(name="frames")
    def frames() -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(
            metadata={"gpu_joules": 310.5, "gpu_memory_peak": 8_000_000_000, "model_loads": 2, "made": 4, "reused": 1}
        )

    observation = Observation(instance, studio)
    for _ in range(2):
        assert dg.materialize([script, frames], instance=instance).success
    told = samples(observation.read())
    assert told["forge_tokens_total", ("in", "script")] == 1800
    assert told["forge_money_usd_total", ("script",)] == 0.5
    assert told["forge_energy_joules_total", ("frames",)] == 621
    assert told["forge_gpu_memory_bytes", ("peak", "frames")] == 8e9
    assert told["forge_model_loads_total", ("frames",)] == 4
    assert (told["forge_plates_total", ("rendered",)], told["forge_plates_total", ("reused",)]) == (8, 2)


def test_the_exporter_says_when_it_cannot_read(instance: dg.DagsterInstance, studio: Studio) -> None:
    trouble: list[Exception] = [OSError("the database is away")]
    observation = Observation(instance, studio)

    def read() -> Counts:
        if trouble:
            raise trouble.pop()
        return observation.read()

    exporter = Exporter(read, interval_s=3600)
    client = TestClient(exporter.app)
    assert client.get("/healthz").text == "ok\n"
    assert client.get("/readyz").status_code == 503
    exporter.look()
    assert client.get("/readyz").json() == {"ready": False, "trouble": "OSError: the database is away"}
    assert "forge_read_errors_total 1.0" in client.get("/metrics").text
    exporter.look()
    assert client.get("/readyz").json() == {"ready": True, "trouble": ""}
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "forge_briefs 0.0" in answer.text


def names_in(expression: str) -> Iterator[tuple[str, set[str]]]:
    """The metrics of a PromQL expression, each with the labels that it is asked by."""
    for found in re.finditer(r"\b(forge_[a-z0-9_]+)(?:\{([^}]*)\})?", expression):
        labels = set(re.findall(r"([a-z_]+)\s*(?:=~|!~|!=|=)", found[2] or ""))
        yield found[1], labels
    for grouped in re.findall(r"by \(([^)]*)\)", expression):
        known = {label for family in families().families.values() for label in family.labels} | {"le"}
        assert {label.strip() for label in grouped.split(",")} <= known, expression


def assert_known(expression: str) -> set[str]:
    used = set()
    for name, labels in names_in(expression):
        base = re.sub(r"_(bucket|sum|count)$", "", name)
        name = base if base in families().families else name
        assert name in families().families, f"{name} in {expression}"
        assert labels <= set(families().families[name].labels), expression
        used.add(name)
    return used


def test_alerts_and_dashboard_name_metrics_that_exist() -> None:
    rules = yaml.safe_load((CHECKOUT / "docker/prometheus/alerts.yml").read_text(encoding="utf-8"))
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in alerts}) == len(alerts)
    for rule in alerts:
        assert assert_known(rule["expr"]) or "up{" in rule["expr"]
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["remedy"]
    shown = set()
    for row in dashboard().rows:
        for panel in row.panels:
            for legend, expression in panel.queries.items():
                shown |= assert_known(expression)
                for label in re.findall(r"\{\{(\w+)\}\}", legend):
                    assert label in expression or all(
                        label in families().families[name].labels for name in assert_known(expression)
                    )
    # Whatever is told is shown.
    assert shown == set(families().families)


def test_the_dashboard_of_the_containers_is_the_one_made_from_its_source() -> None:
    kept = json.loads((CHECKOUT / "docker/grafana/dashboards/forge.json").read_text(encoding="utf-8"))
    assert kept == as_grafana(dashboard()), "forge metrics --dashboard > docker/grafana/dashboards/forge.json"
    places = [panel["gridPos"] for panel in kept["panels"]]
    for number, one in enumerate(places):
        for other in places[number + 1 :]:
            apart = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
            assert apart or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]


@pytest.mark.parametrize("fault", ["forge_nothing{status='a'}", "forge_cells{colour='a'}"])
def test_a_name_that_does_not_exist_is_found(fault: str) -> None:
    with pytest.raises(AssertionError):
        assert_known(fault)


def test_every_metric_is_documented() -> None:
    page = (CHECKOUT / "docs/observability.md").read_text(encoding="utf-8")
    for name, family in families().families.items():
        labels = ", ".join(f"`{label}`" for label in family.labels)
        assert f"| `{name}` | {family.kind} | {labels} | {family.help} |" in page
