"""`forge run` with a model at a local server: what blocks, what is shown, what a changed prompt makes stale."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from forge_jobs.instance import open_instance
from forge_resources.settings import Settings
from forge_resources.writing.prompts import load_prompt
from tests import writers
from tests.chat_server import Answer, Said
from tests.test_chat_engines import KEY, served
from tests.test_forge_run import Forge, forge
from tests.test_writing_room import LAMP

__all__ = ["forge"]


def boastful(said: Said) -> Answer:
    """Writes what no brief lists, and does not mend it."""
    node = writers.node_of(said.schema)
    if node not in {"script", "revision"}:
        return Answer(writers.paper(said.schema, said.texts))
    rows = writers.rows("de-plain", said.schema)
    rows[0]["voice_over"] = f"Das beste Licht der Welt, Fassung {len(json.dumps(said.body)) % 7}."
    return Answer(json.dumps({"rows": rows}, ensure_ascii=False))


def write_lamp(folder: Path) -> Path:
    lamp = yaml.safe_load(LAMP.read_text(encoding="utf-8"))
    lamp |= {
        "markets": ["de-DE"], "personas": ["busy-parent"], "engines": {"text": "openai"}, "copy": {},
        "writing": {"model": "gpt-4.1", "rounds": 2, "timeout_s": 20, "patience_s": 30},
    }  # fmt: skip
    path = folder / "lamp.yaml"
    path.write_text(yaml.safe_dump(lamp, allow_unicode=True), encoding="utf-8")
    return path


def metadata_of(settings: Settings, asset: str) -> dict[str, Any]:
    with open_instance(settings) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(asset))
        assert event is not None
        assert event.asset_materialization is not None
        return {name: value.value for name, value in event.asset_materialization.metadata.items()}


def test_a_script_that_no_draft_saves_blocks_its_cell_and_is_kept_as_evidence(
    forge: Forge, deployment: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brief = write_lamp(tmp_path)
    with served(monkeypatch, boastful) as server:
        status, report = forge("run", brief)
        cell = report["cells"][0]
        assert (status, cell["status"]) == (1, "blocked")
        assert "superlative" in cell["error"]
        assert [writers.node_of(said.schema) for said in server.requests] == [
            "concept", "culture", "script", "review", "revision", "review",
        ]  # fmt: skip
        shown = metadata_of(deployment, "script")
        assert shown["drafts"] == 2
        assert "does not pass" in shown["kept"]
        assert shown["calls"] == 4
        assert shown["cost_usd"] == pytest.approx(4 * (100 * 2 + 50 * 8) / 1e6)
        first, second = shown["history"]
        assert not first["passed"]
        assert first["findings"][0]["gate"] == "script_claims"
        assert {change["shot"] for change in second["changed"]} <= {1}
        forge("run", brief)
        assert len(server.requests) == 6, "a rerun asks for nothing that was written"
        kept = b"".join(file.read_bytes() for file in deployment.home.rglob("*") if file.is_file())
        assert KEY.encode() not in kept


def test_a_changed_prompt_makes_stale_the_cells_that_it_writes(
    forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brief = write_lamp(tmp_path)
    own = tmp_path / "prompts"
    own.mkdir()
    monkeypatch.setenv("FORGE_PROMPTS", str(own))
    with served(monkeypatch, boastful) as server:
        forge("run", brief)
        asked = len(server.requests)
        text = load_prompt("culture").path.read_text(encoding="utf-8")
        (own / "culture.ja.j2").write_text(text.replace("Be particular", "Be very particular"), encoding="utf-8")
        assert not unfiled(forge)
        (own / "culture.de.j2").write_text(text.replace("Be particular", "Be very particular"), encoding="utf-8")
        assert unfiled(forge) == ["engine_versions.text"]
        forge("run", brief)
        nodes = [writers.node_of(said.schema) for said in server.requests[asked:]]
        assert nodes == ["culture"], "the culture came out the same, and so did what grows from it"


def unfiled(forge: Forge) -> list[str]:
    """What of the brief is not filed yet, as `forge stale` tells it."""
    _, report = forge("stale", "aurora-launch")
    causes = {cause for asset in report["stale"] for cause in asset["causes"]}
    return sorted(cause.rpartition(": ")[2] for cause in causes if "not filed yet" in cause)
