"""The inbox: what is new, what a change asks for, what is wrong with a file, and that no file can stop the others."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from PIL import Image

import sensors.inbox
from forge_resources.schemas.cell import CellKey
from forge_resources.settings import Settings
from forge_resources.studio import Studio
from sensors.inbox import FILES_A_TICK
from tests.sample_briefs import short_brief, write_brief
from tests.ticks import Ticker, settled

EN, DE = "night-tea@en-GB|busy-parent", "night-tea@de-DE|busy-parent"
COPY: dict[str, Any] = short_brief()["copy"]


@pytest.fixture
def inbox(deployment: Settings) -> Path:
    return Path(deployment.inbox.path)


@pytest.fixture
def ticker(instance: dg.DagsterInstance) -> Ticker:
    return Ticker(instance, "brief_inbox")


def drop(inbox: Path, name: str = "night-tea.yaml", **changes: Any) -> Path:
    return settled(write_brief(inbox, name, **changes))


def errors_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.errors.txt")


def test_a_new_brief_is_announced_whole_and_once(inbox: Path, ticker: Ticker, studio: Studio) -> None:
    drop(inbox)
    tick = ticker.tick()
    assert tick.runs == {EN: "produce", DE: "produce"}
    assert len(set(tick.keys)) == 2
    assert tick.partitions == {"market": ["night-tea@en-GB", "night-tea@de-DE"], "persona": ["busy-parent"]}
    manifest = studio.filing.manifest("night-tea")
    filed = studio.filing.refile("night-tea")
    assert manifest.cells == filed.manifest.cells
    assert tick.observed == {
        **{("market_brief", key): version for key, version in filed.markets.items()},
        ("persona", "busy-parent"): filed.personas["busy-parent"],
    }
    assert tick.tags[EN]["forge/brief"] == "night-tea"
    assert tick.tags[EN]["dagster/partition/market"] == "night-tea@en-GB"
    assert ticker.tick().nothing


def test_touching_renaming_and_removing_ask_for_nothing(inbox: Path, ticker: Ticker) -> None:
    brief = drop(inbox)
    ticker.tick()
    settled(brief, 5)
    assert ticker.tick().nothing
    brief = brief.rename(inbox / "renamed.yml")
    assert ticker.tick().nothing
    # Other words for the same document.
    brief.write_text("# A comment.\n" + brief.read_text(encoding="utf-8"), encoding="utf-8")
    settled(brief, 4)
    assert ticker.tick().nothing
    brief.unlink()
    tick = ticker.tick()
    assert tick.nothing
    assert len(ticker.instance.get_runs()) == 2, "what was asked for stays asked for"
    assert ticker.instance.get_dynamic_partitions("market") == ["night-tea@en-GB", "night-tea@de-DE"]


EN_ALONE, DE_ALONE = ("en-GB", "busy-parent"), ("de-DE", "busy-parent")
CHANGES: list[tuple[dict[str, Any], set[tuple[str, str]]]] = [
    ({"copy": {"de": COPY["de"] | {"message": "Lass los."}}}, {DE_ALONE}),
    ({"copy": COPY | {"en-GB": {"call_to_action": "Have a cup."}}}, {EN_ALONE}),
    ({"must_say": {"de-DE": ["Pflichttext."]}}, {DE_ALONE}),
    ({"message": "Let go of the day."}, {EN_ALONE, DE_ALONE}),
    ({"seed": 4}, {EN_ALONE, DE_ALONE}),
    ({"markets": ["en-GB", "de-DE", "en-US"]}, {("en-US", "busy-parent")}),
    ({"personas": ["busy-parent", "city-commuter"]}, {("en-GB", "city-commuter"), ("de-DE", "city-commuter")}),
    ({"markets": ["en-GB"]}, set()),
    ({"exclude": [{"market": "de-DE", "persona": "busy-parent"}]}, set()),
]


def test_a_change_asks_for_exactly_the_cells_it_touches(inbox: Path, ticker: Ticker) -> None:
    slugs = [f"tea-{number}" for number in range(len(CHANGES))]
    for slug in slugs:
        drop(inbox, f"{slug}.yaml", brief=slug)
    ticker.tick()
    for slug, (changes, wanted) in zip(slugs, CHANGES, strict=True):
        settled(write_brief(inbox, f"{slug}.yaml", brief=slug, **changes), 5)
        tick = ticker.tick()
        cells = {CellKey(brief=slug, market=market, persona=persona) for market, persona in wanted}
        assert set(tick.runs) == {cell.partition_key for cell in cells}, changes
        observed = {key for asset, key in tick.observed if asset == "market_brief"}
        assert observed <= {cell.market_key for cell in cells}, changes
    assert ticker.tick().nothing


def test_an_excluded_cell_is_not_asked_for(inbox: Path, ticker: Ticker) -> None:
    drop(
        inbox,
        personas=["busy-parent", "city-commuter"],
        exclude=[{"market": "de-DE", "persona": "city-commuter"}],
    )
    assert set(ticker.tick().runs) == {EN, DE, "night-tea@en-GB|city-commuter"}


def test_a_return_to_earlier_content_asks_again(inbox: Path, ticker: Ticker) -> None:
    """The cells were made from something else in between."""
    keys: list[str] = []
    for seconds, message in ((20, "Let the day go."), (15, "Let go."), (10, "Let the day go.")):
        settled(write_brief(inbox, message=message), seconds)
        tick = ticker.tick()
        assert set(tick.runs) == {EN, DE}
        keys += tick.keys
    assert len(set(keys)) == len(keys), "a key that was used before would be taken for the same request"


def test_approval_asks_for_the_storyboard_only(inbox: Path, ticker: Ticker) -> None:
    drop(inbox, approval="required")
    assert ticker.tick().runs == {EN: "storyboard", DE: "storyboard"}


def test_what_another_asked_for_is_not_asked_for_again(inbox: Path, ticker: Ticker) -> None:
    """Two sensors on one instance, as after a reset of the cursor."""
    drop(inbox)
    ticker.tick()
    assert Ticker(ticker.instance, "brief_inbox").tick().nothing


def test_a_cursor_that_says_nothing_begins_anew(inbox: Path, ticker: Ticker) -> None:
    drop(inbox)
    for cursor in ("{", '{"files": {"night-tea.yaml": {"stamp": "1:2", "sha256": "x"}}}', "f" * 64, "../../x"):
        ticker.cursor = cursor
        assert {request.partition_key for request in ticker.evaluate().run_requests or ()} == {EN, DE}


def test_a_tick_that_is_lost_loses_nothing(inbox: Path, ticker: Ticker) -> None:
    """Dagster keeps the cursor only with what the tick handed over; what was remembered must not run ahead of it."""
    drop(inbox, "first.yaml", brief="first-tea")
    ticker.tick()
    drop(inbox)
    assert len(ticker.evaluate().run_requests or ()) == 2
    assert set(ticker.tick().runs) == {EN, DE}
    assert len(ticker.cursor or "") == 64, "the cursor is kept with every tick, so it does not grow with the inbox"
    assert len(list((ticker_home(ticker) / "inbox").iterdir())) <= 2


def ticker_home(ticker: Ticker) -> Path:
    return Path(ticker.instance.root_directory)


def test_a_file_that_is_still_being_copied_is_left_for_the_next_tick(
    inbox: Path, ticker: Ticker, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As long as that, so that it holds on a machine of any speed.
    monkeypatch.setattr("sensors.inbox_news.SETTLE_SECONDS", 3600.0)
    brief = write_brief(inbox)
    whole = brief.read_text(encoding="utf-8")
    brief.write_text(whole[:100], encoding="utf-8")
    assert ticker.tick().nothing
    assert not errors_of(brief).exists()
    brief.write_text(whole, encoding="utf-8")
    settled(brief, 3700)
    assert set(ticker.tick().runs) == {EN, DE}


def test_a_faulty_file_is_reported_once_with_every_fault_and_stops_nothing(inbox: Path, ticker: Ticker) -> None:
    drop(inbox)
    faulty = drop(inbox, "faulty.yaml", brief="faulty-tea", markets=["en-GB", "xx-YY"], duration_s=7, mesage="Typo.")
    tick = ticker.tick()
    assert set(tick.runs) == {EN, DE}
    said = errors_of(faulty).read_text(encoding="utf-8")
    for place in ("markets[1]", "duration_s", "mesage"):
        assert place in said
    assert "faulty-tea" not in str(ticker.instance.get_dynamic_partitions("market")), "nothing is registered"

    # The same content is told once, even if somebody clears the report away.
    errors_of(faulty).unlink()
    settled(faulty, 5)
    assert ticker.tick().nothing
    assert not errors_of(faulty).exists()

    # Another content is told again, and a sound one clears the report.
    drop(inbox, "faulty.yaml", brief="faulty-tea", markets=["xx-YY"])
    tick = ticker.tick()
    assert tick.nothing
    assert "faulty.yaml.errors.txt" in tick.said
    assert "markets[0]" in errors_of(faulty).read_text(encoding="utf-8")
    settled(write_brief(inbox, "faulty.yaml", brief="faulty-tea", markets=["en-GB"]), 5)
    assert set(ticker.tick().runs) == {"faulty-tea@en-GB|busy-parent"}
    assert not errors_of(faulty).exists()


def test_the_report_goes_with_the_faulty_file(inbox: Path, ticker: Ticker) -> None:
    faulty = drop(inbox, "faulty.yaml", duration_s=7)
    ticker.tick()
    assert errors_of(faulty).exists()
    faulty.unlink()
    ticker.tick()
    assert list(inbox.iterdir()) == []


def test_two_files_with_one_slug(inbox: Path, ticker: Ticker, studio: Studio) -> None:
    first = drop(inbox, "a.yaml")
    second = drop(inbox, "b.yaml", message="Another tea.")
    assert set(ticker.tick().runs) == {EN, DE}
    said = errors_of(second).read_text(encoding="utf-8")
    assert "night-tea" in said
    assert "a.yaml" in said
    assert studio.filing.manifest("night-tea").brief.message == "Let the day go."
    assert ticker.tick().nothing

    # A slip of the pen in the first does not hand its slug to the second.
    first.write_text(first.read_text(encoding="utf-8").replace("duration_s: 6", "duration_s: 7"), encoding="utf-8")
    settled(first, 8)
    assert ticker.tick().nothing
    assert errors_of(first).exists()

    # The remedy works: with the first gone, the second is filed though nobody touched it.
    first.unlink()
    assert set(ticker.tick().runs) == {EN, DE}
    assert not errors_of(second).exists()
    assert not errors_of(first).exists()
    assert Studio(studio.settings).filing.manifest("night-tea").brief.message == "Another tea."


def test_a_missing_picture_mends_its_brief_when_it_arrives(inbox: Path, ticker: Ticker) -> None:
    product = short_brief()["product"] | {"images": ["tea.png"]}
    brief = drop(inbox, product=product)
    assert ticker.tick().nothing
    assert "tea.png" in errors_of(brief).read_text(encoding="utf-8")
    Image.new("RGB", (40, 40), "green").save(inbox / "tea.png")
    assert set(ticker.tick().runs) == {EN, DE}
    assert not errors_of(brief).exists()

    # Another picture under the same name is another brief.
    Image.new("RGB", (40, 40), "red").save(inbox / "tea.png")
    settled(inbox / "tea.png", 5)
    assert set(ticker.tick().runs) == {EN, DE}
    assert ticker.tick().nothing


def test_an_entry_added_to_the_library_mends_the_brief_that_names_it(
    deployment: Settings, inbox: Path, ticker: Ticker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    overlay = tmp_path / "library"
    overlay.mkdir()
    monkeypatch.setenv("FORGE_LIBRARY", str(overlay))
    brief = drop(inbox, markets=["en-GB"], personas=["tea-lover"])
    assert ticker.tick().nothing
    entry = {"name": "Tea lover", "portrait": "Drinks tea.", "segments": _segments_of_a_persona()}
    (overlay / "personas.yaml").write_text(yaml.safe_dump({"tea-lover": entry}), encoding="utf-8")
    assert set(ticker.tick().runs) == {"night-tea@en-GB|tea-lover"}
    assert not errors_of(brief).exists()


def _segments_of_a_persona() -> list[str]:
    return Studio(Settings.from_environment({})).library.personas["busy-parent"].segments


def test_a_faulty_library_faults_no_brief(
    deployment: Settings, inbox: Path, ticker: Ticker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    overlay = tmp_path / "library"
    overlay.mkdir()
    (overlay / "personas.yaml").write_text("busy-parent: {name: 7}\n", encoding="utf-8")
    monkeypatch.setenv("FORGE_LIBRARY", str(overlay))
    brief = drop(inbox)
    tick = ticker.tick()
    assert tick.nothing
    assert "library" in tick.said
    assert not errors_of(brief).exists()
    monkeypatch.delenv("FORGE_LIBRARY")
    assert set(ticker.tick().runs) == {EN, DE}


def test_a_brief_that_could_not_be_filed_waits_for_the_next_tick(
    deployment: Settings, inbox: Path, ticker: Ticker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store out of order is no fault of the brief: nothing is lost, nothing is reported beside it."""
    brief = drop(inbox)
    with monkeypatch.context() as broken:
        broken.setenv("FORGE_STORE", str(brief / "store"))
        tick = ticker.tick()
    assert tick.nothing
    assert "could not be filed" in tick.said
    assert not errors_of(brief).exists()
    assert set(ticker.tick().runs) == {EN, DE}


def test_no_file_stops_the_others(inbox: Path, ticker: Ticker, tmp_path: Path) -> None:
    (inbox / "a-empty.yaml").write_bytes(b"")
    (inbox / "a-binary.yaml").write_bytes(bytes(range(256)) * 40)
    (inbox / "a-large.yaml").write_bytes(b"# " + b"x" * (2 * 1024 * 1024))
    (inbox / "a-list.json").write_text("[1, 2]", encoding="utf-8")
    (inbox / "a-bomb.yaml").write_text("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", encoding="utf-8")
    (inbox / "a-folder.yaml").mkdir()
    os.mkfifo(inbox / "a-pipe.yaml")
    (inbox / "a-loop.yaml").symlink_to("a-loop.yaml")
    (inbox / "a-dangling.yaml").symlink_to("nowhere.yaml")
    (inbox / ("n" * 246 + ".yaml")).write_text("- 1", encoding="utf-8")
    (Path(os.fsdecode(os.fsencode(inbox) + b"/a-\xff.yaml"))).write_text("- 1", encoding="utf-8")
    (inbox / "a-\u202ename\n.yaml").write_text("- 1", encoding="utf-8")
    (inbox / ".hidden.yaml").write_text("- 1", encoding="utf-8")
    (inbox / "notes.txt").write_text("Not a brief.", encoding="utf-8")
    for path in inbox.iterdir():
        settled(path)
    drop(inbox, "z.yaml")
    tick = ticker.tick()
    assert set(tick.runs) == {EN, DE}
    reported = {path.name.removesuffix(".errors.txt") for path in inbox.glob("*.errors.txt")}
    expected = {
        "empty.yaml",
        "binary.yaml",
        "large.yaml",
        "list.json",
        "bomb.yaml",
        "folder.yaml",
        "pipe.yaml",
        "loop.yaml",
    }
    assert {f"a-{name}" for name in expected} <= reported
    assert not {"z.yaml", ".hidden.yaml", "notes.txt", "a-dangling.yaml"} & reported
    assert "no file" in (inbox / "a-folder.yaml.errors.txt").read_text(encoding="utf-8")
    before = {path: path.stat().st_mtime_ns for path in inbox.glob("*.errors.txt")}
    again = ticker.tick()
    assert again.nothing
    assert again.said.startswith("nothing new"), "told once"
    assert before == {path: path.stat().st_mtime_ns for path in inbox.glob("*.errors.txt")}


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="a file that cannot be read even by root")
def test_an_unreadable_file_is_told_once_and_tried_again(inbox: Path, ticker: Ticker) -> None:
    brief = inbox / "night-tea.yaml"
    brief.symlink_to("/proc/self/mem")
    tick = ticker.tick()
    assert "night-tea.yaml" in tick.said
    assert "cannot be read" in errors_of(brief).read_text(encoding="utf-8")
    assert ticker.tick().said.startswith("nothing new")
    # What is readable now has the time it always had.
    brief.unlink()
    drop(inbox)
    assert set(ticker.tick().runs) == {EN, DE}
    assert not errors_of(brief).exists()


def test_a_file_that_vanishes_between_listing_and_reading(
    inbox: Path, ticker: Ticker, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = drop(inbox, "a.yaml", brief="first-tea"), drop(inbox, "b.yaml")
    listed = sensors.inbox.news

    def and_then_removed(*arguments: Any) -> Any:
        found = listed(*arguments)
        first.unlink()
        return found

    monkeypatch.setattr(sensors.inbox, "news", and_then_removed)
    assert set(ticker.tick().runs) == {EN, DE}
    assert second.exists()
    assert not errors_of(first).exists()


def test_the_inbox_may_be_missing_or_no_folder(inbox: Path, ticker: Ticker) -> None:
    drop(inbox)
    ticker.tick()
    shutil.move(inbox, inbox.with_name("elsewhere"))
    assert "there is no" in ticker.tick().said
    inbox.write_text("A file.", encoding="utf-8")
    assert "cannot be listed" in ticker.tick().said
    inbox.unlink()
    shutil.move(inbox.with_name("elsewhere"), inbox)
    assert ticker.tick().nothing, "what was seen before the folder went away is still known"


def asked(ticker: Ticker) -> list[str]:
    """The keys one tick asks for; of all it hands over, only the cursor is kept."""
    data = ticker.evaluate()
    ticker.cursor = data.cursor
    return [request.run_key or "" for request in data.run_requests or ()]


def test_many_files_are_taken_in_ticks(inbox: Path, ticker: Ticker) -> None:
    for number in range(120):
        drop(inbox, f"{number:03}.yaml", brief=f"tea-{number:03}", markets=["en-GB"])
    ticks = [asked(ticker) for _ in range(4)]
    assert [len(keys) for keys in ticks] == [FILES_A_TICK, FILES_A_TICK, 20, 0]
    assert len({key for keys in ticks for key in keys}) == 120


def test_large_briefs_are_taken_whole_and_few_at_a_time(
    inbox: Path, ticker: Ticker, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sensors.inbox.CELLS_A_TICK", 8)
    personas = list(studio.library.personas)[:6]
    for name in ("one-tea", "two-tea", "three-tea"):
        drop(inbox, f"{name}.yaml", brief=name, markets=["en-GB"], personas=personas)
    assert [len(asked(ticker)) for _ in range(3)] == [12, 6, 0]
