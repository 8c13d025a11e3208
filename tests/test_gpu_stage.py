"""A cell whose plates are painted in the worker: what the run, the event log and the command tell of it."""

from __future__ import annotations

import json
from pathlib import Path

import dagster as dg
import pytest

from forge_jobs.command import forge
from forge_resources.engines.registry import ENGINES
from forge_resources.settings import Settings
from tests.heavy.workshop_floor import floor
from tests.sample_briefs import write_brief


def test_a_cell_tells_what_it_took(
    deployment: Settings,
    instance: dg.DagsterInstance,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(ENGINES, ("image", "oil"), "tests.heavy.painter:Oil")
    monkeypatch.setattr("forge_assets.stage.EVENT_EVERY_S", 0.0)
    brief = write_brief(tmp_path, markets=["en-GB"], approval="required", engines={"image": "oil"})
    with floor() as made:
        for name in ("FORGE_GPU_HOST", "FORGE_RUNTIME"):
            monkeypatch.setenv(name, made.environment[name])
        status_code = forge.main(["run", str(brief), "--json"], standalone_mode=False)
        report = json.loads(capfd.readouterr().out)
        assert status_code == 3, report["cells"][0]["error"]
        status = made.host.status()
        assert status is not None
        pictures = status["totals"]["jobs"]
        assert forge.main(["gpu", "usage", "night-tea", "--json"], standalone_mode=False) == 0
        usage = json.loads(capfd.readouterr().out)
    [cell] = report["cells"]
    assert pictures == cell["plates"]["rendered"] > 0
    assert cell["gpu"]["loads"] == 1
    assert cell["gpu"]["engine_seconds"] > 0
    assert (cell["gpu"]["seconds"], cell["gpu"]["joules"]) == (0, 0)
    assert "no GPU" in cell["gpu"]["note"]
    assert report["gpu"] == cell["gpu"] == usage["total"]

    [record] = instance.fetch_materializations(dg.AssetKey("frames"), limit=1).records
    frames = record.asset_materialization
    assert frames is not None
    metadata = {name: value.value for name, value in frames.metadata.items()}
    assert metadata["gpu_host"] == "worker cpu"
    assert metadata["host_memory_peak"] > 0
    assert metadata["model_loads"] == 1
    assert metadata["model_hits"] == pictures - 1
    said = [entry.user_message for entry in instance.all_logs(str(cell["run_id"]))]
    assert any(line.startswith("frames: ") and " step " in line for line in said), "denoising steps are in the log"
