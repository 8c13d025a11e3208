"""What goes stale and why: exactly the cells of a changed brief, exactly the cells with a changed persona."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from forge_jobs.command import main
from forge_resources.library.loader import load_library
from forge_resources.settings import Settings
from tests.sample_briefs import write_brief


def call(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    monkeypatch.setattr(sys, "argv", ["forge", *map(str, arguments), "--json"])
    capfd.readouterr()
    with pytest.raises(SystemExit):
        main()
    result: dict[str, Any] = json.loads(capfd.readouterr().out)
    return result


def cells_of(report: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(entry["brief"], entry["market"], entry["persona"]) for entry in report["stale"]}


def first_causes(report: dict[str, Any]) -> set[str]:
    return {cause for entry in report["stale"] if entry["asset"] == "brief" for cause in entry["causes"]}


def test_exactly_what_changed_goes_stale_with_its_cause(
    deployment: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    overlay = tmp_path / "library"
    overlay.mkdir()
    monkeypatch.setenv("FORGE_LIBRARY", str(overlay))
    personas = ["busy-parent", "city-commuter"]
    one = write_brief(tmp_path, personas=personas, markets=["en-GB"])
    two = write_brief(tmp_path, "other.yaml", brief="other-tea", personas=personas, markets=["en-GB"])
    call(monkeypatch, capfd, "run", one)
    call(monkeypatch, capfd, "run", two)
    assert call(monkeypatch, capfd, "stale")["stale"] == []

    # The file has changed and nobody has filed it yet.
    write_brief(tmp_path, personas=personas, markets=["en-GB"], message="Let go of the day.")
    report = call(monkeypatch, capfd, "stale")
    assert cells_of(report) == {("night-tea", "en-GB", persona) for persona in personas}
    assert any("lines.message" in cause for cause in first_causes(report))
    stages = [entry["asset"] for entry in report["stale"] if entry["persona"] == "busy-parent"]
    assert stages[0] == "brief"
    assert "deliverables" in stages, "what lies below the first stale stage is named too"

    # One cell is made anew; the other stays stale, now by what Dagster knows.
    call(monkeypatch, capfd, "run", one, "--persona", "busy-parent")
    report = call(monkeypatch, capfd, "stale")
    assert cells_of(report) == {("night-tea", "en-GB", "city-commuter")}
    assert any(cause.startswith("the brief changed: ") for cause in first_causes(report))
    call(monkeypatch, capfd, "run", one)

    # A persona of the library changes: its cells in every brief, and no other.
    entry = load_library().personas["city-commuter"].model_dump(mode="json")
    del entry["slug"]
    entry["portrait"] = "Rides the same train every day and reads standing up."
    (overlay / "personas.yaml").write_text(yaml.safe_dump({"city-commuter": entry}), encoding="utf-8")
    report = call(monkeypatch, capfd, "stale")
    assert cells_of(report) == {(brief, "en-GB", "city-commuter") for brief in ("night-tea", "other-tea")}
    assert any("persona city-commuter changed" in cause for cause in first_causes(report))
