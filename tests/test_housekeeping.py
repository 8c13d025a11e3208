"""`forge store`: a small deployment is made once, backed up, and restored into an empty one for every test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import dagster as dg
import pytest

from forge_assets.external import observed
from forge_assets.stage import GPU_POOL
from forge_jobs.instance import open_instance
from forge_jobs.recovery import PROCESS_TAG, this_process
from forge_jobs.removal import DRAWER, Removal, read_archive
from forge_resources.errors import Unavailable
from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.deliverables import Deliverables
from forge_resources.schemas.storyboard import Frames
from forge_resources.settings import Settings
from forge_resources.studio import Studio
from tests.forge_call import forge
from tests.postgres_server import PostgresServer, programs
from tests.sample_briefs import write_brief

TEA = CellKey(brief="night-tea", market="en-GB", persona="busy-parent")
BOARD = CellKey(brief="board-tea", market="en-GB", persona="busy-parent")


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The backup of a deployment with a brief that was delivered and one whose storyboard was approved."""
    folder = tmp_path_factory.mktemp("made")
    home, inbox = folder / "home", folder / "inbox"
    inbox.mkdir()
    forge("run", write_brief(inbox, markets=["en-GB"]), home=home)
    board = write_brief(inbox, "board-tea.yaml", brief="board-tea", markets=["en-GB"], approval="required", seed=11)
    forge("run", board, home=home, status=3)
    forge("approve", "board-tea", "--by", "Ada Approver", "--note", "as agreed with Ada", home=home)
    assert forge("store", "backup", folder / "copy", home=home)["database"] == "sqlite"
    return folder / "copy"


@dataclass
class House:
    """A restored deployment."""

    home: Path
    settings: Settings

    @property
    def studio(self) -> Studio:
        return Studio(self.settings)

    def forge(self, *arguments: str | Path, status: int = 0) -> Any:
        return forge(*arguments, home=self.home, status=status)

    def fsck(self, *options: str, status: int = 1) -> dict[str, str]:
        """The flaws found: kind by what."""
        said = self.forge("store", "fsck", *options, status=status)
        return {flaw["what"]: flaw["kind"] for flaw in said["flaws"]}

    def objects(self) -> set[str]:
        return {file.name for file in (self.home / "store" / "objects").rglob("*") if file.is_file()}


@pytest.fixture
def house(copied: Path, deployment: Settings) -> House:
    forge("store", "restore", copied, home=deployment.home)
    return House(deployment.home, deployment)


@pytest.fixture
def events(house: House) -> Iterator[dg.DagsterInstance]:
    with open_instance(house.settings) as instance:
        yield instance


def test_what_is_restored_into_an_empty_machine_is_whole(house: House, copied: Path, tmp_path: Path) -> None:
    assert house.fsck(status=0) == {}
    # Where it lies has changed, and what was delivered is found there.
    document = house.studio.cabinet.read("deliverables", TEA.path, Deliverables)
    assert all(Path(file.address).is_relative_to(house.home) for file in document.files)
    assert house.studio.store.has_delivered(document)
    assert house.forge("stale", "night-tea")["stale"] == []
    again = house.forge("run", write_brief(tmp_path, markets=["en-GB"]))
    assert again["cells"][0]["plates"]["rendered"] == 0
    assert again["cells"][0]["run_id"] is None, "nothing had to be made"
    # The approval came along, too: the rest is made.
    done = house.forge("approve", "board-tea", "--by", "Ada Approver", "--run")
    assert [cell["status"] for cell in done["cells"]] == ["delivered"]
    assert house.fsck(status=0) == {}
    # A second backup into the same folder copies what is new.
    assert house.forge("store", "backup", tmp_path / "second")["files"] > 50


def test_a_restore_needs_an_empty_place_and_a_whole_copy(house: House, copied: Path, tmp_path: Path) -> None:
    assert "is not empty" in house.forge("store", "restore", copied, status=1)
    assert "There is no copy" in forge("store", "restore", tmp_path, home=tmp_path / "other", status=2)
    damaged = tmp_path / "damaged"
    subprocess.run(["cp", "-r", str(copied), str(damaged)], check=True)
    victim = next((damaged / "store" / "objects").rglob("*.png"))
    victim.write_bytes(victim.read_bytes()[:-1])
    assert "is damaged" in forge("store", "restore", damaged, home=tmp_path / "other", status=1)
    assert not (tmp_path / "other").exists()


def test_fsck_finds_every_kind_of_flaw_and_repairs_what_it_can(
    house: House, events: dg.DagsterInstance, tmp_path: Path
) -> None:
    store, studio = house.home / "store", house.studio
    frames = studio.cabinet.read("frames", TEA.path, Frames)
    plate = studio.store.object_place(frames.plates[0].picture.sha256, ".png")
    plate.write_bytes(plate.read_bytes()[:-9])
    lost = studio.store.object_place(frames.plates[1].picture.sha256, ".png")
    lost.unlink()
    half = store / "objects" / "00" / ".partial-1234"
    half.parent.mkdir(exist_ok=True)
    half.write_bytes(b"half")
    script = Path(studio.cabinet.place("script", TEA.path).path)
    script.write_bytes(script.read_bytes().replace(b"draft", b"drift"))
    document = studio.cabinet.read("deliverables", TEA.path, Deliverables)
    Path(document.files[0].address).unlink()
    Path(document.of_role("captions")[0].address).write_text("altered", encoding="utf-8")
    Path(studio.cabinet.place("concept", TEA.path).path).unlink()
    # A run whose process was killed, and a slot of a run that has ended.
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    host = this_process().partition(":")[0]
    killed = dg.DagsterRun(
        job_name="produce", status=dg.DagsterRunStatus.STARTED, tags={PROCESS_TAG: f"{host}:{ended.pid}"}
    )
    events.add_run(killed)
    events.event_log_storage.initialize_concurrency_limit_to_default(GPU_POOL)
    assert events.event_log_storage.claim_concurrency_slot(GPU_POOL, "no-such-run", "make_frames").is_claimed

    recipe = next((store / "recipes").rglob(f"{frames.plates[1].picture.fingerprint}.json"))
    found = house.fsck()
    expected = {
        str(plate): "damaged",
        str(half): "half_written",
        str(recipe): "lost",
        f"documents/script/{TEA.path}": "damaged",
        f"script of {TEA}": "disagrees",
        f"concept of {TEA}": "disagrees",
        document.files[0].address: "lost",
        document.of_role("captions")[0].address: "damaged",
        f"run {killed.run_id}": "held",
        f"pool {GPU_POOL}": "held",
    }
    assert {what: kind for what, kind in found.items() if what in expected} == expected

    house.fsck("--repair")
    left = house.fsck()
    assert set(left.values()) == {"damaged", "lost", "disagrees"}
    assert not {str(plate), str(half), str(recipe), f"run {killed.run_id}", f"pool {GPU_POOL}"} & set(left)
    # What is left is made by running the brief again, and then all is well.
    house.forge("run", write_brief(tmp_path, markets=["en-GB"]))
    assert house.fsck(status=0) == {}


def test_garbage_is_what_nothing_refers_to(house: House, events: dg.DagsterInstance) -> None:
    assert house.forge("store", "gc", "--grace-hours", "0")["files"] == [], "all that was made is in use"
    stray = house.home / "store" / "objects" / "ab" / f"{'ab' * 32}.png"
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"nobody's")
    assert house.forge("store", "gc")["young"] == 1
    past = time.time() - 48 * 3600
    os.utime(stray, (past, past))
    said = house.forge("store", "gc", "--dry-run")
    assert said["files"] == [str(stray)]
    assert stray.exists()
    before = house.objects()
    assert house.forge("store", "gc")["bytes"] == len(b"nobody's")
    assert house.objects() == before - {stray.name}
    assert house.fsck(status=0) == {}

    # An approval keeps its sheet, whatever became of the cell's documents.
    sheet = house.studio.cabinet.read("frames", BOARD.path, Frames).contact_sheet
    for name in ("brief", "concept", "culture", "script", "storyboard", "frames"):
        Path(house.studio.cabinet.place(name, BOARD.path).path).unlink()
    house.forge("store", "gc", "--grace-hours", "0")
    assert house.studio.store.path(sheet).exists()
    assert house.studio.store.record_of(sheet.sha256)

    # What a cell that nobody wants any more has made goes, unless it was delivered.
    manifest = house.studio.filing.manifest("night-tea")
    house.studio.cabinet.write("manifest", "night-tea", manifest.model_copy(update={"cells": []}))
    assert house.forge("store", "gc", "--grace-hours", "0")["files"] == []
    Path(house.studio.cabinet.place("deliverables", TEA.path).path).unlink()
    gone = house.forge("store", "gc", "--grace-hours", "0")["files"]
    assert str(house.studio.cabinet.place("frames", TEA.path)) in gone
    assert any(name.endswith(".mp4") for name in gone)

    running = dg.DagsterRun(job_name="produce", status=dg.DagsterRunStatus.STARTED, tags={"forge/brief": "night-tea"})
    events.add_run(running)
    assert "while runs are going on" in house.forge("store", "gc", status=1)


def test_sizes_are_told_by_brief(house: House) -> None:
    said = house.forge("store", "size")
    by_brief = {brief["brief"]: brief for brief in said["briefs"]}
    assert by_brief.keys() == {"night-tea", "board-tea"}
    assert by_brief["night-tea"]["deliverables"] > 100_000
    assert by_brief["board-tea"]["deliverables"] == 0
    assert by_brief["board-tea"]["own"] > 10_000
    parts = sum(brief[part] for brief in said["briefs"] for part in ("own", "deliverables", "documents"))
    assert parts < said["bytes"]


def test_old_runs_go_and_those_that_made_what_is_there_stay(house: House, events: dg.DagsterInstance) -> None:
    made = {run.run_id for run in events.get_runs()}
    assert made
    failed = dg.DagsterRun(job_name="produce", status=dg.DagsterRunStatus.FAILURE)
    events.add_run(failed)
    assert house.forge("store", "prune", "--days", "1")["runs"] == []
    assert house.forge("store", "prune", "--days", "0", "--dry-run")["runs"] == [failed.run_id]
    assert house.forge("store", "prune", "--days", "0")["runs"] == [failed.run_id]
    assert {run.run_id for run in events.get_runs()} == made
    assert house.forge("stale", "night-tea")["stale"] == []


def test_an_archive_holds_all_of_a_brief(house: House, tmp_path: Path) -> None:
    file = tmp_path / "board.tar"
    said = house.forge("store", "archive", "board-tea", "--to", file)
    assert said["file"] == str(file)
    index = read_archive(file)
    assert {"documents/manifest/board-tea.json", f"documents/frames/{BOARD.path}.json", "runs.json"} <= index.keys()
    assert not [name for name in index if "night-tea" in name]
    frames = house.studio.cabinet.read("frames", BOARD.path, Frames)
    assert {f"objects/{one.picture.sha256[:2]}/{one.picture.sha256}.png" for one in frames.plates} <= index.keys()
    with tarfile.open(file) as tar:
        history = json.load(tar.extractfile("runs.json"))  # type: ignore[arg-type]
    assert [approval["approved_by"] for approval in history["approvals"]] == ["Ada Approver"]
    assert [run["status"] for run in history["runs"]] == ["SUCCESS"]
    file.write_bytes(file.read_bytes().replace(b"Let the day go", b"Let the way go"))
    with pytest.raises(Unavailable, match="is damaged"):
        read_archive(file)
    assert "There is no brief" in house.forge("store", "archive", "no-such", "--to", file, status=2)


def test_a_deleted_brief_leaves_a_record_and_nothing_else(
    house: House, events: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events.report_runless_asset_event(observed(dg.AssetSpec("persona"), "night-owl-student", "x"))
    others = {f"{name.sha256}.png" for name in (
        plate.picture for plate in house.studio.cabinet.read("frames", TEA.path, Frames).plates
    )}  # fmt: skip
    call = ("store", "delete", "board-tea", "--by", "Otto", "--reason", "contract ended")
    monkeypatch.setattr("click.confirm", lambda *_, **__: (_ for _ in ()).throw(click.Abort))
    house.forge(*call, status=130)
    assert house.studio.filing.manifest("board-tea"), "whoever does not confirm deletes nothing"
    record = house.forge(*call, "--yes", "--archive", tmp_path / "board.tar")
    assert read_archive(tmp_path / "board.tar")
    assert (record["cells"], record["runs"], record["by"]) == (1, 1, "Otto")
    kept = house.studio.cabinet
    [name] = kept.names(DRAWER)
    assert kept.read(DRAWER, name, Removal).reason == "contract ended"

    assert house.studio.filing.briefs() == ["night-tea"]
    assert events.get_dynamic_partitions("market") == ["night-tea@en-GB"]
    assert events.get_dynamic_partitions("persona") == ["busy-parent"], "the other brief has it too"
    assert {run.tags["forge/brief"] for run in events.get_runs()} == {"night-tea"}
    assert events.fetch_observations(dg.AssetKey("storyboard_approval"), limit=5).records == []
    # Not a word of it, or of who approved it, anywhere: database, store or logs.
    for file in house.home.rglob("*"):
        if file.is_file() and f"/{DRAWER}/" not in str(file):
            data = file.read_bytes()
            assert b"Ada Approver" not in data, file
            assert b"board-tea@" not in data, file
    assert others <= house.objects(), "what the other brief uses stays"
    assert house.fsck(status=0) == {}
    assert house.forge("stale", "night-tea")["stale"] == []
    assert "There is no brief" in house.forge(*call, "--yes", status=2)


def test_backup_and_restore_on_postgresql(
    copied: Path, postgres: PostgresServer, deployment: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{programs()}:{os.environ['PATH']}")
    database = {name: value for name, value in os.environ.items() if name.startswith("FORGE_POSTGRES_")}
    with open_instance(deployment) as instance:
        instance.add_dynamic_partitions("market", ["night-tea@en-GB"])
    assert "on sqlite" in forge("store", "restore", copied, home=tmp_path / "other", status=1, **database)
    assert forge("store", "backup", tmp_path / "copy", home=deployment.home, **database)["database"] == "postgresql"
    empty = postgres.new_database()
    forge("store", "restore", tmp_path / "copy", home=tmp_path / "other", **empty)
    for name, value in empty.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("FORGE_HOME", str(tmp_path / "other"))
    with open_instance(Settings.from_environment()) as restored:
        assert restored.get_dynamic_partitions("market") == ["night-tea@en-GB"]
