"""Approvals, library changes and failed runs: what each tells Dagster, against a real instance."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.events import DagsterEvent, DagsterEventType, StepMaterializationData

from forge_assets.external import approved
from forge_jobs.command import main
from forge_jobs.finishing import FINISH_TAG
from forge_jobs.in_process import run_job
from forge_resources.engines.registry import ENGINES
from forge_resources.library.loader import load_library
from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.recipe import Artefact
from forge_resources.schemas.storyboard import Frames
from forge_resources.settings import Settings
from forge_resources.studio import Studio
from forge_resources.voice.espeak import EspeakVoice
from sensors.failures import failures
from tests.sample_briefs import write_brief
from tests.ticks import Ticker, settled

CELL = CellKey(brief="night-tea", market="en-GB", persona="busy-parent")


class Desk:
    """A cell that asks for approval, with the events that producers and runs would cause."""

    def __init__(self, instance: dg.DagsterInstance, studio: Studio, approval: str = "required") -> None:
        self.instance, self.studio, self.approval = instance, studio, approval
        self.inbox = Ticker(instance, "brief_inbox")
        self.approvals = Ticker(instance, "approvals")

    def file(self, **changes: Any) -> None:
        """Files the brief; its new content becomes the document that frames are made from."""
        folder = Path(self.studio.settings.inbox.path)
        settled(write_brief(folder, markets=["en-GB"], approval=self.approval, **changes))
        self.inbox.tick()
        self.studio.cabinet.write("brief", CELL.path, self.studio.filing.cell_brief(CELL))

    def draw(self, sheet: str) -> None:
        """Frames whose sheet has this hash, made by the run asked for last."""
        self.studio.cabinet.write("frames", CELL.path, Frames(plates=[], contact_sheet=picture(sheet)))
        frames = dg.AssetMaterialization(asset_key="frames", partition=CELL.partition_key)
        event = DagsterEvent(
            DagsterEventType.ASSET_MATERIALIZATION.value,
            "storyboard",
            event_specific_data=StepMaterializationData(frames),
        )
        self.instance.report_dagster_event(event, self.instance.get_runs(limit=1)[0].run_id)

    def approve(self, sheet: str) -> None:
        self.instance.report_runless_asset_event(approved(CELL, sheet * 64, "Kim", ""))

    def asked(self) -> list[str]:
        """The keys of the runs that the approvals ask for now."""
        tick = self.approvals.tick()
        assert set(tick.runs) <= {CELL.partition_key}
        return tick.keys


def picture(sheet: str) -> Artefact:
    return Artefact(
        sha256=sheet * 64, size=1, suffix=".png", media_type="image/png", fingerprint=sheet * 64, tier="draft"
    )


@pytest.fixture
def desk(instance: dg.DagsterInstance, studio: Studio) -> Desk:
    return Desk(instance, studio)


def test_an_approval_of_the_sheet_as_it_is_frees_the_rest_once(desk: Desk) -> None:
    desk.file()
    desk.draw("a")
    assert desk.asked() == [], "nobody has approved it"
    desk.approve("b")
    assert desk.asked() == [], "another sheet was approved"
    desk.approve("a")
    assert len(desk.asked()) == 1
    desk.approve("a")
    assert desk.asked() == [], "approved again, made already"
    assert desk.asked() == []


def test_new_frames_whose_sheet_was_approved_already_are_finished(desk: Desk) -> None:
    desk.file()
    desk.draw("a")
    desk.approve("a")
    [first] = desk.asked()
    # Something that the sheet does not show: the pictures come out the same, the spot does not.
    desk.file(seed=9)
    desk.draw("a")
    [second] = desk.asked()
    assert first != second
    desk.file(message="Other words.")
    desk.draw("b")
    assert desk.asked() == [], "an approval is void once the sheet changes"


def test_a_return_to_earlier_content_is_finished_again(desk: Desk) -> None:
    """In between, the cell was finished from something else."""
    keys: list[str] = []
    for message, sheet in (("One.", "a"), ("Two.", "b"), ("One.", "a")):
        desk.file(message=message)
        desk.draw(sheet)
        desk.approve(sheet)
        keys += desk.asked()
    assert len(keys) == len(set(keys)) == 3


def test_a_brief_that_asks_for_no_approval_is_left_alone(instance: dg.DagsterInstance, studio: Studio) -> None:
    desk = Desk(instance, studio, approval="auto")
    desk.file()
    desk.draw("a")
    desk.approve("a")
    assert desk.asked() == []


def test_events_that_belong_to_no_document_are_passed_over(desk: Desk) -> None:
    desk.approve("a")
    for partition in ("no cell", "night-tea@en-GB", "other-tea@en-GB|busy-parent"):
        for event in (dg.AssetObservation, dg.AssetMaterialization):
            key = "storyboard_approval" if event is dg.AssetObservation else "frames"
            desk.instance.report_runless_asset_event(event(asset_key=key, partition=partition))
    assert desk.asked() == []
    desk.file()
    desk.draw("a")
    assert len(desk.asked()) == 1, "the approval that came first still counts"


def test_a_lost_cursor_of_the_approvals_starts_nothing_twice(desk: Desk) -> None:
    desk.file()
    desk.draw("a")
    desk.approve("a")
    assert len(desk.asked()) == 1
    for cursor in (None, "{", '{"approvals": "x"}'):
        desk.approvals.cursor = cursor
        assert desk.asked() == []


def test_more_events_than_one_tick_reads(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("sensors.approvals"), "EVENTS_A_TICK", 3)
    desk.file()
    desk.draw("a")
    for sheet in "bcdefa":
        desk.approve(sheet)
    # What counts is the sheet that is approved now, whichever event tells of it.
    assert len([key for _ in range(4) for key in desk.asked()]) == 1


Forge = Callable[..., int]


@pytest.fixture
def forge(monkeypatch: pytest.MonkeyPatch) -> Forge:
    """Calls the command in this process; returns its exit status."""

    def call(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["forge", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        assert isinstance(left.value.code, int)
        return left.value.code

    return call


def test_what_a_command_finishes_the_sensor_does_not(
    forge: Forge, deployment: Settings, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    """The real way: frames that were drawn, a person's word, the rest made by the command."""
    approvals = Ticker(instance, "approvals")
    assert forge("run", write_brief(tmp_path, markets=["en-GB"], approval="required")) == 3
    assert approvals.tick().nothing
    assert forge("approve", "night-tea", "--by", "Kim") == 0
    [request] = approvals.evaluate().run_requests or ()
    assert request.partition_key == CELL.partition_key
    assert forge("approve", "night-tea", "--by", "Kim", "--run") == 0
    assert approvals.tick().nothing
    [finished] = instance.get_runs(dg.RunsFilter(job_name="finish"))
    assert finished.tags[FINISH_TAG] == request.run_key


class Overlay:
    """A library of the deployment's own, over the one that Forge brings."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.library = load_library()

    def change(self, shelf: str, slug: str, **changes: Any) -> None:
        entry = getattr(self.library, shelf)[slug].model_dump(mode="json", exclude_defaults=True) | changes
        entry.pop("slug", None)
        entry.pop("code", None)
        (self.folder / f"{shelf}.yaml").write_text(yaml.safe_dump({slug: entry}, allow_unicode=True), encoding="utf-8")


@pytest.fixture
def overlay(deployment: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Overlay:
    made = Overlay(tmp_path / "library")
    monkeypatch.setenv("FORGE_LIBRARY", str(made.folder))
    return made


INSIGHTS = [{"topic": "time", "text": "They have never enough of it."}]


def test_a_changed_entry_is_told_for_exactly_what_draws_on_it(
    overlay: Overlay, instance: dg.DagsterInstance, deployment: Settings
) -> None:
    inbox = Path(deployment.inbox.path)
    personas = ["busy-parent", "city-commuter"]
    settled(write_brief(inbox, personas=personas))
    settled(write_brief(inbox, "b.yaml", brief="other-tea", personas=["busy-parent"], brand="norte"))
    Ticker(instance, "brief_inbox").tick()
    changes = Ticker(instance, "library_changes")
    assert changes.tick().nothing, "what the inbox filed is as the library is"
    assert changes.tick().said == "the library has not changed"

    segments = overlay.library.personas["busy-parent"].segments
    own = next(slug for slug in segments if slug not in overlay.library.personas["city-commuter"].segments)
    overlay.change("segments", own, insights=INSIGHTS)
    tick = changes.tick()
    assert set(tick.observed) == {("persona", "busy-parent")}
    assert tick.runs == {}, "an editor of the library decides when to rerun"
    assert changes.tick().nothing

    overlay.change("countries", "DE", insights=INSIGHTS)
    assert set(changes.tick().observed) == {("market_brief", "night-tea@de-DE"), ("market_brief", "other-tea@de-DE")}

    overlay.change("brands", "lumen", voice=["plain"])
    assert set(changes.tick().observed) == {("market_brief", f"night-tea@{code}") for code in ("en-GB", "de-DE")}


class OtherVoice(EspeakVoice):
    """An engine that a deployment may choose."""

    name = "other"


def test_a_changed_default_engine_is_told(
    overlay: Overlay, instance: dg.DagsterInstance, deployment: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(write_brief(Path(deployment.inbox.path), markets=["en-GB"]))
    Ticker(instance, "brief_inbox").tick()
    changes = Ticker(instance, "library_changes")
    changes.tick()
    monkeypatch.setenv("FORGE_ENGINE_VOICE", "other")
    monkeypatch.setitem(ENGINES, ("voice", "other"), f"{__name__}:OtherVoice")
    assert set(changes.tick().observed) == {("market_brief", "night-tea@en-GB")}


def test_a_faulty_library_is_told_and_raises_nothing(
    overlay: Overlay, instance: dg.DagsterInstance, deployment: Settings
) -> None:
    settled(write_brief(Path(deployment.inbox.path)))
    Ticker(instance, "brief_inbox").tick()
    changes = Ticker(instance, "library_changes")
    changes.tick()
    cursor = changes.cursor
    for content in (b"busy-parent: {name: 7}", b"[", b"\xff", b"busy-parent: {segments: [nobody]}"):
        (overlay.folder / "personas.yaml").write_bytes(content)
        tick = changes.tick()
        assert tick.nothing
        assert "the library is faulty" in tick.said
        assert changes.cursor == cursor
    (overlay.folder / "personas.yaml").unlink()
    assert changes.tick().said == "the library has not changed"


def test_an_entry_that_is_gone_stops_only_the_briefs_that_name_it(
    overlay: Overlay, instance: dg.DagsterInstance, deployment: Settings
) -> None:
    inbox = Path(deployment.inbox.path)
    portrait = overlay.library.personas["busy-parent"].model_dump(mode="json")
    del portrait["slug"]
    (overlay.folder / "personas.yaml").write_text(yaml.safe_dump({"tea-lover": portrait}), encoding="utf-8")
    settled(write_brief(inbox, personas=["tea-lover"]))
    settled(write_brief(inbox, "b.yaml", brief="other-tea", personas=["busy-parent"]))
    assert len(Ticker(instance, "brief_inbox").tick().runs) == 4
    changes = Ticker(instance, "library_changes")
    changes.tick()
    (overlay.folder / "personas.yaml").unlink()
    overlay.change("countries", "DE", insights=INSIGHTS)
    assert set(changes.tick().observed) == {("market_brief", "other-tea@de-DE")}


def test_a_failed_run_is_tagged_with_the_code_of_its_error(deployment: Settings, instance: dg.DagsterInstance) -> None:
    instance.add_dynamic_partitions("market", [CELL.market_key])
    instance.add_dynamic_partitions("persona", [CELL.persona_key])
    run_id, success = run_job(instance, "finish", CELL, reuse=True, tags={})
    assert not success
    run = instance.get_run_by_id(run_id)
    failed = instance.get_records_for_run(run_id, of_type=DagsterEventType.RUN_FAILURE).records[0]
    assert run is not None
    event = failed.event_log_entry.dagster_event
    assert event is not None
    context = dg.build_run_status_sensor_context("failures", event, instance, run)
    failures(context.for_run_failure())
    tagged = instance.get_run_by_id(run_id)
    assert tagged is not None
    assert tagged.tags["forge/error"] == "not_found"
