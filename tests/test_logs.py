"""The log as JSON lines: what a line carries, where it goes, what stays out of it, what a full disk does."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import pytest

from forge_jobs.in_process import run_job
from forge_resources.errors import InvalidInput
from forge_resources.logs import log_fields, open_log
from forge_resources.secrets import BLANKED, is_secret_name, read_secret_files, redacted
from forge_resources.studio import Studio
from tests.test_metrics import CELL, file_brief

log = logging.getLogger("forge.test")


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    open_log(Path(), {"FORGE_LOG": "off"})


def lines(home: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for file in sorted((home / "logs").iterdir()) for line in file.read_text().splitlines()]


def test_a_run_says_what_it_makes_and_where(instance: dg.DagsterInstance, studio: Studio) -> None:
    open_log(studio.settings.home, {})
    file_brief(instance, studio, markets=["en-GB"])
    run_id, _ = run_job(instance, "storyboard", CELL, reuse=True, tags={})
    told = lines(studio.settings.home)
    assert {line["run"] for line in told} == {run_id}
    assert {(line["brief"], line["market"], line["persona"]) for line in told} == {
        ("night-tea", "en-GB", "busy-parent")
    }
    done = [line["step"] for line in told if line["message"] == "done"]
    assert {"brief", "script", "frames"} <= set(done)
    plates = [line for line in told if line["step"] == "frames" and "shot" in line]
    assert [line["shot"] for line in plates] == list(range(1, len(plates) + 1))
    for line in plates:
        assert line["message"] in ("made", "reused")
        assert studio.store.record_of(line["artefact"]).recipe.fingerprint == line["recipe"]
        assert line["seconds"] >= 0


def test_an_error_is_told_with_its_code(instance: dg.DagsterInstance, studio: Studio) -> None:
    open_log(studio.settings.home, {})
    run_job(instance, "finish", CELL, reuse=True, tags={})
    file_brief(instance, studio, markets=["de-DE"])
    instance.add_dynamic_partitions("market", [CELL.market_key])
    run_id, success = run_job(instance, "storyboard", CELL, reuse=True, tags={})
    assert not success
    (said,) = [line for line in lines(studio.settings.home) if line["level"] == "error" and line["run"] == run_id]
    assert (said["code"], said["step"]) == ("invalid_input", "brief")


def test_fields_are_bound_to_a_context_and_let_go(tmp_path: Path) -> None:
    open_log(tmp_path, {})
    with log_fields(run="a", shot=1):
        with log_fields(shot=2):
            log.info("inner", extra={"seconds": 1.5})
        log.info("outer")
    log.info("none")
    inner, outer, none = lines(tmp_path)
    assert (inner["run"], inner["shot"], inner["seconds"]) == ("a", 2, 1.5)
    assert (outer["run"], outer["shot"]) == ("a", 1)
    assert "run" not in none


def test_lines_of_many_writers_stay_whole(tmp_path: Path) -> None:
    open_log(tmp_path, {})
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: log.info("%s", f"{number} " + "x" * 5000), range(200)))
    assert sorted(int(line["message"].split()[0]) for line in lines(tmp_path)) == list(range(200))


def test_where_and_how_much(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    open_log(tmp_path, {"FORGE_LOG": "stderr", "FORGE_LOG_LEVEL": "warning"})
    log.info("quiet")
    log.warning("loud")
    said = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    assert [line["message"] for line in said] == ["loud"]
    assert not (tmp_path / "logs").exists()
    with pytest.raises(InvalidInput, match="FORGE_LOG is `files`"):
        open_log(tmp_path, {"FORGE_LOG": "files"})
    with pytest.raises(InvalidInput, match="FORGE_LOG_LEVEL is `all`"):
        open_log(tmp_path, {"FORGE_LOG_LEVEL": "all"})


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "logs").write_text("in the way")
    open_log(tmp_path, {})
    log.info("one")
    log.info("two")
    assert capfd.readouterr().err.count("cannot be written") == 1
    (tmp_path / "logs").unlink()
    log.info("three")
    assert [line["message"] for line in lines(tmp_path)] == ["three"]


def test_addresses_of_requests_are_not_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    open_log(tmp_path, {})
    caplog.set_level(logging.INFO)
    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200))) as client:
        client.get("http://team:a-password@models.example/v1/models")
    assert "a-password" not in caplog.text


def test_a_month_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    for name in ("forge-2020-01-01.jsonl", "forge-notes.jsonl", "else.txt"):
        (folder / name).write_text("")
    open_log(tmp_path, {})
    log.info("now")
    left = {path.name for path in folder.iterdir()}
    assert {"forge-notes.jsonl", "else.txt"} <= left
    assert "forge-2020-01-01.jsonl" not in left


def test_secrets_stay_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-planted-1")
    monkeypatch.setenv("DATABASE_URL", "postgresql://forge:p4ss/word@db/forge")
    monkeypatch.setenv("FORGE_TOKEN", 'quo"ted\\one')
    open_log(tmp_path, {})
    with log_fields(key="sk-planted-1"):
        log.warning("refused: %s", "Incorrect API key: sk-planted-1", extra={"said": 'quo"ted\\one'})
    try:
        raise ValueError("postgresql://forge:p4ss/word@db/forge and p4ss%2Fword")
    except ValueError:
        log.exception("lost")
    text = next((tmp_path / "logs").iterdir()).read_text()
    assert "planted" not in text
    assert "p4ss/word@" not in text or BLANKED in text
    assert "ted\\\\one" not in text
    assert len([json.loads(line) for line in text.splitlines()]) == 2


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("ANTHROPIC_API_KEY", True), ("AWS_SECRET_ACCESS_KEY", True), ("AWS_ACCESS_KEY_ID", True), ("HF_TOKEN", True),
        ("DAGSTER_POSTGRES_PASSWORD", True), ("FORGE_HOME", False), ("KEYBOARD", False), ("FORGE_LOG", False),
        ("MONKEY", False), ("TOKENS", False),
    ],
)  # fmt: skip
def test_which_variables_are_secret(name: str, secret: bool) -> None:
    assert is_secret_name(name) == secret


def test_short_values_are_words() -> None:
    assert redacted("a tea for two", {"X_TOKEN": "tea"}) == "a tea for two"
    assert redacted("longer-one longer", {"A_TOKEN": "longer", "B_TOKEN": "longer-one"}) == f"{BLANKED} {BLANKED}"


def test_secrets_from_mounted_files(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-the-file\n")
    environment = {"ANTHROPIC_API_KEY_FILE": str(tmp_path / "key"), "SOME_FILE": "/nowhere"}
    assert read_secret_files(environment) == ["ANTHROPIC_API_KEY"]
    assert environment["ANTHROPIC_API_KEY"] == "from-the-file"
    kept = {**environment, "ANTHROPIC_API_KEY": "set"}
    assert read_secret_files(kept) == []
    assert kept["ANTHROPIC_API_KEY"] == "set"
    with pytest.raises(InvalidInput, match="HF_TOKEN_FILE names a file that cannot be read"):
        read_secret_files({"HF_TOKEN_FILE": str(tmp_path / "none")})
