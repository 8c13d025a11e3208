"""`forge run` from a brief to finished files: what is made, what is reused, what blocks, what an approval frees."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import dagster as dg
import pytest

from forge_jobs.command import main
from forge_jobs.instance import open_instance
from forge_resources.engines.registry import ENGINES
from forge_resources.schemas.deliverables import Deliverables
from forge_resources.schemas.storyboard import Frames
from forge_resources.settings import Settings
from forge_resources.store.picture_recipe import read_recipe
from forge_resources.studio import Studio
from tests.sample_briefs import ORIGIN, write_brief
from tests.sample_engines import BrokenVoice

Forge = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def forge(deployment: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Forge:
    """Calls the command in this process; returns its exit status and its JSON result."""

    def call(*arguments: object) -> tuple[int, dict[str, Any]]:
        monkeypatch.setattr(sys, "argv", ["forge", *map(str, arguments), "--json"])
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        out = capfd.readouterr().out
        assert isinstance(left.value.code, int)
        return left.value.code, json.loads(out) if out else {}

    return call


def by_cell(report: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(cell["market"], cell["persona"]): cell for cell in report["cells"]}


def test_a_brief_becomes_spots_and_an_unchanged_one_makes_nothing_again(forge: Forge, tmp_path: Path) -> None:
    brief = write_brief(tmp_path, delivery=None)
    status, report = forge("run", brief, "--out", tmp_path / "out")
    assert status == 0
    assert report["ok"]
    assert report["plates"] == {"rendered": 2, "reused": 2}, "both markets show the same two pictures"
    cell = by_cell(report)["de-DE", "busy-parent"]
    assert (cell["status"], cell["tier"], cell["frames"], cell["fps"]) == ("delivered", "draft", 144, 24)
    folder = tmp_path / "out" / "night-tea" / "de-DE" / "busy-parent"
    files = [cell["spot"], cell["timeline"], cell["contact_sheet"], *cell["captions"], *cell["deliverables"]]
    assert all(Path(file).parent == folder and Path(file).stat().st_size for file in files)
    with av.open(cell["spot"]) as spot:
        assert sum(1 for _ in spot.decode(video=0)) == 144
        assert (spot.streams.video[0].width, spot.streams.video[0].height) == (1280, 720)

    status, again = forge("run", brief)
    assert status == 0
    assert all(cell["unchanged"] and cell["run_id"] is None for cell in again["cells"])
    assert again["plates"] == {"rendered": 0, "reused": 4}
    assert again["version"] == report["version"]


def test_what_changes_is_made_again_and_nothing_else(forge: Forge, tmp_path: Path, deployment: Settings) -> None:
    copy = {"de": {"message": "Lass los.", "call_to_action": "Probieren.", "selling_points": ["Für den Abend"]}}
    forge("run", write_brief(tmp_path, copy=copy))

    copy["de"]["call_to_action"] = "Jetzt probieren."
    status, report = forge("run", write_brief(tmp_path, copy=copy))
    cells = by_cell(report)
    assert status == 0
    assert cells["en-GB", "busy-parent"]["unchanged"]
    assert not cells["de-DE", "busy-parent"]["unchanged"]
    assert report["plates"]["rendered"] == 0, "a changed super needs no new picture"

    status, report = forge("run", write_brief(tmp_path, copy=copy, markets=["en-GB", "de-DE", "en-US"]))
    cells = by_cell(report)
    assert [key for key, cell in cells.items() if not cell["unchanged"]] == [("en-US", "busy-parent")]

    # A damaged plate is noticed and made again, though nothing is stale.
    studio = Studio(deployment)
    frames = studio.cabinet.read("frames", "night-tea/de-DE/busy-parent", Frames)
    plate = Path(studio.store.object_place(frames.plates[0].picture.sha256, ".png").path)
    recipe = read_recipe(plate)
    assert recipe is not None
    assert recipe.engine == "sketch"
    plate.write_bytes(plate.read_bytes()[:-100])
    status, report = forge("run", tmp_path / "night-tea.yaml", "--market", "de-DE")
    assert status == 0
    assert report["plates"]["rendered"] == 1
    assert read_recipe(plate) == recipe


def test_a_line_that_nobody_supplied_blocks_its_cell_and_only_that(forge: Forge, tmp_path: Path) -> None:
    status, report = forge("run", write_brief(tmp_path, markets=["fr-FR", "en-GB"]))
    cells = by_cell(report)
    assert status == 1
    assert not report["ok"]
    blocked = cells["fr-FR", "busy-parent"]
    assert blocked["status"] == "blocked"
    for entry in ("copy.fr.message", "copy.fr.call_to_action", "copy.fr.selling_points"):
        assert entry in blocked["error"]
    assert cells["en-GB", "busy-parent"]["status"] == "delivered"


def test_nothing_past_the_frames_is_made_before_a_person_approves(
    forge: Forge, tmp_path: Path, deployment: Settings
) -> None:
    brief = write_brief(tmp_path, approval="required", markets=["en-GB"])
    status, report = forge("run", brief)
    assert status == 3
    cell = report["cells"][0]
    assert (cell["status"], cell["error"]) == ("awaiting_approval", None)
    assert Path(cell["contact_sheet"]).is_file()
    with open_instance(deployment) as instance:
        for asset in ("motion", "timeline", "spot"):
            key = dg.AssetKey(asset)
            assert not instance.fetch_materializations(dg.AssetRecordsFilter(asset_key=key), limit=1).records

    status, approval = forge("approve", "night-tea", "--by", "Kim", "--run")
    assert status == 0
    assert [entry["market"] for entry in approval["approved"]] == ["en-GB"]
    assert approval["cells"][0]["status"] == "delivered"

    # The words are on the sheet, so a changed one makes the approval void.
    brief = write_brief(tmp_path, approval="required", markets=["en-GB"], call_to_action="Try two cups tonight.")
    status, report = forge("run", brief)
    assert status == 3
    assert report["plates"]["rendered"] == 0


def test_the_timeline_refuses_to_be_made_without_an_approval(
    forge: Forge, tmp_path: Path, deployment: Settings
) -> None:
    forge("run", write_brief(tmp_path, approval="required", markets=["en-GB"]))
    from_command = subprocess.run(
        [
            str(Path(sys.executable).parent / "dagster"), "asset", "materialize", "-m", "forge_jobs.definitions",
            "--select", "motion,timeline", "--partition", "night-tea@en-GB|busy-parent",
        ],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert from_command.returncode != 0
    assert "has not been approved" in from_command.stdout + from_command.stderr


def test_an_origin_script_keeps_its_shots_and_seconds(forge: Forge, tmp_path: Path, deployment: Settings) -> None:
    status, report = forge(
        "run",
        write_brief(tmp_path, origin=ORIGIN, markets=["en-GB"], aspect_ratio="9:16", must_say={"all": ["Enjoy."]}),
    )
    assert status == 0, report
    cell = report["cells"][0]
    assert (cell["width"], cell["height"], cell["frames"]) == (360, 640, 144)
    assert cell["plates"] == {"rendered": 2, "reused": 0}


def test_force_makes_everything_again_with_the_same_bytes(forge: Forge, tmp_path: Path, deployment: Settings) -> None:
    brief = write_brief(tmp_path, markets=["en-GB"])
    forge("run", brief)
    studio = Studio(deployment)
    before = studio.cabinet.read("deliverables", "night-tea/en-GB/busy-parent", Deliverables)
    status, report = forge("run", brief, "--force")
    assert status == 0
    assert report["plates"] == {"rendered": 2, "reused": 0}
    after = studio.cabinet.read("deliverables", "night-tea/en-GB/busy-parent", Deliverables)
    # A signature is new each time; what it is a signature of is not.
    assert before.version() == after.version()
    assert [(file.name, file.content) for file in before.files] == [(file.name, file.content) for file in after.files]


def test_cells_are_made_at_the_same_time_and_each_picture_once(forge: Forge, tmp_path: Path) -> None:
    status, report = forge("run", write_brief(tmp_path), "--jobs", 2)
    assert status == 0
    assert report["plates"] == {"rendered": 2, "reused": 2}
    assert [cell["market"] for cell in report["cells"]] == ["en-GB", "de-DE"], "in the order of the brief"


def test_a_mistake_of_an_engine_is_told_in_a_sentence_and_kept_whole_in_the_event_log(
    forge: Forge, tmp_path: Path, deployment: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENGINES, ("voice", BrokenVoice.name), "tests.sample_engines:BrokenVoice")
    brief = write_brief(tmp_path, markets=["en-GB"], engines={"voice": "broken"})
    status, report = forge("run", brief)
    assert status == 1
    (cell,) = report["cells"]
    assert cell["status"] == "failed"
    assert "voice engine `broken` failed: IndexError" in cell["error"]
    assert "Traceback" not in cell["error"]
    with open_instance(deployment) as instance:
        records = instance.get_records_for_run(cell["run_id"], of_type=dg.DagsterEventType.STEP_FAILURE).records
    (event,) = [record.event_log_entry.dagster_event for record in records]
    assert event is not None
    cause = event.step_failure_data.error
    while cause.cause is not None:
        cause = cause.cause
    assert cause.cls_name == "IndexError"
    assert any("sample_engines.py" in line for line in cause.stack), "the place of the mistake"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--market", "xx-YY"], "no market `xx-YY`"),
        (["--persona", "nobody"], "no persona `nobody`"),
    ],
)
def test_a_wrong_call_files_nothing(
    forge: Forge, tmp_path: Path, deployment: Settings, arguments: list[str], said: str
) -> None:
    status, _ = forge("run", write_brief(tmp_path), *arguments)
    assert status == 2
    assert Studio(deployment).filing.briefs() == []
