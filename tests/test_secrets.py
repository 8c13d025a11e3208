"""Planted secrets: after full runs, good and bad ones, they are in no log, event, recipe, document or page."""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import dagster as dg
import pytest
from dagster._core.remote_representation.external_data import RepositorySnap, ResourceConfigEnvVarSnap
from dagster._serdes import serialize_value

from forge_jobs.approving import record_approval
from forge_jobs.board.app import BoardApp, BoardSettings
from forge_jobs.board.shelf import BoardShelf
from forge_jobs.definitions import build_defs
from forge_jobs.in_process import run_job
from forge_jobs.instance import open_instance
from forge_jobs.monitoring.exposition import exposition
from forge_jobs.monitoring.observation import Observation
from forge_resources.adapters.resources import StudioResource
from forge_resources.engines.contract import Facts, Lack, Sources
from forge_resources.engines.registry import ENGINES
from forge_resources.errors import EngineFailed
from forge_resources.logs import open_log
from forge_resources.secrets import BLANKED, OF_RUNS, Blanked, is_secret_name, read_secret_files, without_secrets
from forge_resources.settings import Settings
from forge_resources.studio import Studio
from forge_resources.voice.espeak import EspeakVoice
from tests.s3_server import BUCKET
from tests.test_board import PLACE, Producer
from tests.test_metrics import CELL, file_brief

PLANTED = {
    "ANTHROPIC_API_KEY": "sk-ant-planted-0123456789",
    "OPENAI_API_KEY": "sk-planted-9876543210",
    "HF_TOKEN": "hf_planted_AbCdEfGh",
    "AWS_SECRET_ACCESS_KEY": "planted/Secret+Key==",
    "AWS_SESSION_TOKEN": "planted-session-token",
    "SOME_DATABASE_URL": "postgresql://forge:planted%2Fpassword@db.example/forge",
}
SECRETS = [*(value for name, value in PLANTED.items() if not name.endswith("URL")), "planted%2Fpassword"]


class TalkativeVoice(EspeakVoice):
    """Fails like the client of a paid service that echoes the key: in its words, its cause, and its details."""

    name = "talkative"
    how: ClassVar[str] = "family"

    def lacks(self) -> list[Lack]:
        return []

    def make(self, parameters: Any, sources: Sources, target: Path) -> Facts:
        said = f"401 Incorrect API key provided: {PLANTED['OPENAI_API_KEY']}"
        try:
            raise RuntimeError(f"{said} (token {PLANTED['HF_TOKEN']})")
        except RuntimeError as refused:
            if self.how == "family":
                told = {"request": {"headers": [f"Bearer {PLANTED['ANTHROPIC_API_KEY']}"]}}
                raise EngineFailed(said, remedy=f"Check {PLANTED['HF_TOKEN']}.", details=told) from refused
            raise ValueError(f"{said} at {PLANTED['SOME_DATABASE_URL']}") from refused


@pytest.fixture
def planted(
    bucket: Any, deployment: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[dg.DagsterInstance, Studio]]:
    for name, value in PLANTED.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("FORGE_STORE", f"s3://{BUCKET}/store")
    monkeypatch.setitem(ENGINES, ("voice", "talkative"), f"{__name__}:TalkativeVoice")
    studio = Studio(Settings.from_environment())
    open_log(studio.settings.home, {})
    with open_instance(studio.settings) as instance:
        yield instance, studio
    open_log(studio.settings.home, {"FORGE_LOG": "off"})


def texts_of_database(file: Path) -> Iterator[str]:
    """Every value of every table; what Dagster keeps compressed is unpacked."""
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in database.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    if isinstance(value, bytes):
                        try:
                            yield zlib.decompress(value).decode(errors="replace")
                        except zlib.error:
                            yield value.decode(errors="replace")
                    else:
                        yield str(value)


def everything(instance: dg.DagsterInstance, studio: Studio, bucket: Any) -> Iterator[tuple[str, str]]:
    """Every file, database value, object of the store and page: where, and its text."""
    for file in studio.settings.home.rglob("*"):
        if file.is_file():
            yield str(file), file.read_bytes().decode("utf-8", errors="replace")
            if file.suffix == ".db":
                for text in texts_of_database(file):
                    yield f"{file} (value)", text
    for item in bucket.objects.all():
        yield item.key, item.get()["Body"].read().decode("utf-8", errors="replace")
    producer = Producer(instance, studio)
    for place in ("/", "/briefs/night-tea", PLACE, "/readyz"):
        yield f"board {place}", producer.get(place).text
    yield "metrics", exposition(Observation(instance, studio).read()).decode()
    for run in instance.get_runs():
        yield f"run {run.run_id}", repr(run)
        for record in instance.get_records_for_run(run.run_id).records:
            yield f"event of {run.run_id}", repr(record)


def assert_clean(instance: dg.DagsterInstance, studio: Studio, bucket: Any, *, more: str = "") -> int:
    looked = 0
    for where, text in [*everything(instance, studio, bucket), ("console", more)]:
        looked += 1
        for secret in SECRETS:
            assert secret not in text, f"{secret} is in {where}"
    return looked


def test_a_spot_without_a_secret_in_anything_of_it(
    planted: tuple[dg.DagsterInstance, Studio], bucket: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    instance, studio = planted
    file_brief(instance, studio, markets=["en-GB"], approval="required")
    assert run_job(instance, "storyboard", CELL, reuse=True, tags={})[1]
    record_approval(instance, studio, CELL, by="Kim", note="Good.")
    assert run_job(instance, "finish", CELL, reuse=True, tags={})[1]
    said = capfd.readouterr()
    looked = assert_clean(instance, studio, bucket, more=said.out + said.err)
    # The search is of the real thing: recipes, events and the database are in what was looked at.
    assert looked > 500
    assert any("recipes/" in item.key for item in bucket.objects.all())


@pytest.mark.parametrize("how", ["family", "other"])
def test_an_engine_that_says_its_key_is_not_quoted(
    planted: tuple[dg.DagsterInstance, Studio],
    bucket: Any,
    how: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    instance, studio = planted
    monkeypatch.setattr(TalkativeVoice, "how", how)
    file_brief(instance, studio, markets=["en-GB"], engines={"voice": "talkative"})
    run_id, success = run_job(instance, "produce", CELL, reuse=True, tags={})
    assert not success
    said = capfd.readouterr()
    assert_clean(instance, studio, bucket, more=said.out + said.err)
    # What went wrong can still be read.
    failures = [
        repr(record)
        for record in instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.STEP_FAILURE).records
    ]
    assert any(f"Incorrect API key provided: {BLANKED}" in failure for failure in failures)
    page = Producer(instance, studio).get(PLACE).text
    assert "Incorrect API key provided" in page
    lines = [
        json.loads(line)
        for file in (studio.settings.home / "logs").iterdir()
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    assert any(BLANKED in line["message"] for line in lines)


def test_the_search_finds_what_is_there(planted: tuple[dg.DagsterInstance, Studio], bucket: Any) -> None:
    instance, studio = planted
    (studio.settings.home / "leak.txt").write_text(f"key={PLANTED['HF_TOKEN']}")
    with pytest.raises(AssertionError, match=r"leak\.txt"):
        assert_clean(instance, studio, bucket)
    (studio.settings.home / "leak.txt").unlink()
    run = instance.create_run_for_job(_trivial, tags={"a": PLANTED["HF_TOKEN"]})
    with pytest.raises(AssertionError, match="planted"):
        assert_clean(instance, studio, bucket)
    instance.delete_run(run.run_id)


@dg.job
def _trivial() -> None:
    pass


def test_an_exception_without_secrets_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X_TOKEN", "planted-here")
    clean = ValueError("nothing")
    assert without_secrets(clean) is clean
    assert without_secrets(None) is None
    dirty = ValueError("outer")
    dirty.__cause__ = OSError("planted-here")
    stand_in = without_secrets(dirty)
    assert isinstance(stand_in, Blanked)
    assert "planted" not in str(stand_in)
    assert "OSError" in str(stand_in)


def test_the_board_shows_no_secret_of_its_own_trouble(
    planted: tuple[dg.DagsterInstance, Studio], monkeypatch: pytest.MonkeyPatch
) -> None:
    instance, studio = planted
    shelf = BoardShelf(instance, studio)
    app = BoardApp(shelf, BoardSettings()).app

    def broken(**_: object) -> None:
        raise OSError(f"no route to {PLANTED['SOME_DATABASE_URL']}")

    monkeypatch.setattr(shelf, "read", broken)
    producer = Producer(instance, studio)
    producer.app = app
    for place in ("/", "/readyz"):
        assert "planted" not in producer.get(place).text


def snapshot_of(defs: dg.Definitions) -> RepositorySnap:
    """What a code server tells webserver and daemon of its definitions."""
    return RepositorySnap.from_def(defs.get_repository_def())


def configured(defs: dg.Definitions) -> dict[str, Any]:
    [studio] = [resource for resource in snapshot_of(defs).resources or [] if resource.name == "studio"]
    return dict(studio.configured_values)


@pytest.fixture
def of_runs(deployment: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """Every secret of runs planted, the first one as a mounted file. Returns them."""
    values = {variable: f"planted-{variable.lower()[::-1]}" for variable in OF_RUNS}
    for variable, value in values.items():
        monkeypatch.setenv(variable, value)
    (tmp_path / "mounted").write_text(f"{values[OF_RUNS[0]]}\n", encoding="utf-8")
    monkeypatch.delenv(OF_RUNS[0])
    monkeypatch.setenv(f"{OF_RUNS[0]}_FILE", str(tmp_path / "mounted"))
    assert read_secret_files() == [OF_RUNS[0]]
    return values


def test_definitions_name_the_variable_and_hold_no_value(of_runs: dict[str, str]) -> None:
    defs = build_defs()
    shown = configured(defs)
    assert {name: shown[name.lower()] for name in OF_RUNS} == {
        name: ResourceConfigEnvVarSnap(name=name) for name in OF_RUNS
    }
    snapshot = snapshot_of(defs)
    assert set(snapshot.utilized_env_vars or {}) == set(OF_RUNS)
    told = serialize_value(snapshot) + repr(defs.resources)
    assert "OPENAI_API_KEY" in told
    assert not [value for value in of_runs.values() if value in told]


def test_what_is_not_set_is_not_asked_for(deployment: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in OF_RUNS:
        assert is_secret_name(variable)
        monkeypatch.delenv(variable, raising=False)
    defs = build_defs()
    assert {value for name, value in configured(defs).items() if name.upper() in OF_RUNS} <= {"null"}
    assert not snapshot_of(defs).utilized_env_vars


def test_a_run_makes_with_the_secret_of_the_variable_it_is_told_of(
    of_runs: dict[str, str], instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_API_KEY", "planted-of-acme")
    found: dict[str, str | None] = {}

    @dg.op
    def look(studio: StudioResource) -> None:
        assert studio.studio
        found.update({variable: os.environ.get(variable) for variable in OF_RUNS})

    @dg.job
    def looking() -> None:
        look()

    job = build_defs(assets=[], asset_checks=[], sensors=[], jobs=[looking]).resolve_job_def("looking")
    assert job.execute_in_process(instance=instance).success
    assert found == of_runs
    other = {"resources": {"studio": {"config": {"openai_api_key": {"env": "ACME_API_KEY"}}}}}
    done = job.execute_in_process(instance=instance, run_config=other)
    assert found == {**of_runs, "OPENAI_API_KEY": "planted-of-acme"}
    told = repr(instance.get_run_by_id(done.run_id)) + repr(instance.get_records_for_run(done.run_id).records)
    assert "ACME_API_KEY" in told
    assert not [value for value in (*of_runs.values(), "planted-of-acme") if value in told]
