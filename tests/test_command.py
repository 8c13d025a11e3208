"""The command: help, exit statuses, what goes to which stream, and what a wrong call is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from forge_jobs.command import COMMANDS, main
from forge_jobs.instance import open_instance
from forge_jobs.production import CellOutcome
from forge_resources.briefs.check import check_file
from forge_resources.settings import Settings
from forge_resources.studio import Studio
from tests.sample_briefs import write_brief


@dataclass(frozen=True)
class Said:
    """What a call said and left."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


class Forge:
    """Calls the command in this process, whose streams are no terminals."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capfd = monkeypatch, capfd

    def __call__(self, *arguments: object) -> Said:
        self._monkeypatch.setattr(sys, "argv", ["forge", *map(str, arguments)])
        self._capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        assert isinstance(left.value.code, int)
        captured = self._capfd.readouterr()
        assert "Traceback" not in captured.err
        return Said(left.value.code, captured.out, captured.err)


@pytest.fixture
def forge(deployment: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Forge:
    return Forge(monkeypatch, capfd)


def file_brief(deployment: Settings, path: Path) -> None:
    """Files a brief as the inbox does, without making anything."""
    studio = Studio(deployment)
    with open_instance(deployment):
        place = studio.settings.inbox / path.name
        studio.filing.file(check_file(place, studio.library, studio.profiles), str(place))


def test_help_names_every_subcommand_and_every_option_is_explained(forge: Forge) -> None:
    said = forge("--help")
    assert said.status == 0
    for name, words in COMMANDS.items():
        assert name in said.out
        one = forge(name, "--help")
        assert one.status == 0
        assert one.out.startswith("Usage: forge")
        assert len(one.out.splitlines()) > 4, f"{name} says what it does: {words}"
        assert one.err == ""
    assert forge("--version").out.startswith("forge, version ")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("run", ("--market", "--persona", "--out", "--jobs", "--force", "--json")),
        ("check", ("--json",)),
        ("approve", ("--market", "--persona", "--by", "--note", "--run", "--json")),
        ("dev", ("--port",)),
        ("library", ("--json",)),
        ("engines", ("--json",)),
        ("stale", ("--json",)),
        ("doctor", ("--json",)),
    ],
)
def test_the_options_of_the_interface(forge: Forge, name: str, options: tuple[str, ...]) -> None:
    said = forge(name, "--help")
    assert all(option in said.out for option in options)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("paint",),
        ("run",),
        ("run", "brief.yaml", "--jobs", "0"),
        ("run", "brief.yaml", "--jobs", "many"),
        ("check",),
        ("approve", "night-tea"),
        ("dev", "--port", "99999"),
        ("stale", "--colour"),
    ],
)
def test_a_wrong_call_is_status_2_and_says_how(forge: Forge, arguments: tuple[str, ...]) -> None:
    said = forge(*arguments)
    assert said.status == 2
    assert said.out == ""
    assert "Usage: forge" in said.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("run", "nowhere.yaml"), "invalid_input", "does not exist"),
        (("run", "."), "invalid_input", "folder"),
        (("check", "nowhere.yaml"), "invalid_input", "does not exist"),
        (("check", "."), "invalid_input", "folder"),
        (("approve", "no-such-brief", "--by", "Kim"), "not_found", "no-such-brief"),
        (("approve", "night-tea", "--by", " "), "invalid_input", "--by"),
        (("stale", "no-such-brief"), "not_found", "no-such-brief"),
        (("stale", "nowhere.yaml"), "not_found", "nowhere.yaml"),
        (("stale", "../../etc/passwd"), "not_found", "passwd"),
        (("library", "marketts"), "invalid_input", "markets"),
        (("library", "markets", "de-DD"), "not_found", "de-DE"),
        (("library", "personas", "busy-parnt"), "not_found", "busy-parent"),
    ],
)
def test_wrong_input_is_status_2_with_its_code(
    forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    said = forge(*arguments)
    assert said.status == 2
    assert said.out == ""
    assert said.err.startswith(f"{code}: ")
    assert words in said.err


def test_check_tells_every_fault_with_its_place(forge: Forge, tmp_path: Path) -> None:
    sound, faulty = write_brief(tmp_path), write_brief(tmp_path, "b.yaml", duration_s=7, markets=["xx-YY"], mesage="x")
    said = forge("check", sound)
    assert (said.status, said.out) == (0, "")
    assert "2 cells" in said.err

    said = forge("check", sound, faulty, tmp_path / "nowhere.yaml")
    assert (said.status, said.out) == (2, "")
    for words in ("night-tea is sound", "duration_s: ", "markets[0]: ", "mesage: ", "does not exist"):
        assert words in said.err

    said = forge("check", "--json", sound, faulty, tmp_path / "nowhere.yaml")
    assert (said.status, said.err) == (2, "")
    assert not said.json["ok"]
    first, second, third = said.json["briefs"]
    assert (first["ok"], first["brief"], first["cells"], first["faults"]) == (True, "night-tea", 2, [])
    assert {fault["place"] for fault in second["faults"]} == {"duration_s", "markets[0]", "mesage"}
    assert all(fault["message"] for fault in second["faults"])
    assert not third["ok"]
    assert "does not exist" in third["error"]


def test_engines(forge: Forge) -> None:
    said = forge("engines", "--json")
    assert said.status == 0
    found = {(entry["kind"], entry["name"]): entry for entry in said.json["engines"]}
    for key in (("text", "draft"), ("image", "sketch"), ("voice", "espeak"), ("motion", "still")):
        assert found[key]["default"]
        assert found[key]["tier"] == "draft"
        assert found[key]["version"]
        assert found[key]["lacks"] == []
    said = forge("engines")
    assert (said.status, said.err) == (0, "")
    rows = [line.split("\t") for line in said.out.splitlines()]
    assert {(row[0], row[1]) for row in rows} == found.keys(), "tab-separated, where it is no terminal"


def test_library(forge: Forge) -> None:
    shelves = forge("library", "--json").json
    assert len(shelves["markets"]) >= 14
    assert len(shelves["personas"]) >= 10
    assert len(shelves["brands"]) >= 3
    assert len(shelves["content"]) == 64
    for shelf in ("markets", "personas", "brands", "languages", "countries", "regions", "segments", "profiles"):
        listed = forge("library", shelf, "--json")
        assert (listed.status, listed.err) == (0, "")
        assert list(listed.json[shelf]) == shelves[shelf]
    market = forge("library", "markets", "de-DE", "--json").json
    assert market["market"]["code"] == "de-DE"
    assert market["insights"][0]["source"].startswith("region ")
    said = forge("library", "personas", "busy-parent")
    assert (said.status, said.err) == (0, "")
    assert "busy-parent" in said.out


def test_a_faulty_library_names_file_entry_and_field(
    forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    overlay = tmp_path / "library"
    overlay.mkdir()
    (overlay / "personas.yaml").write_text("tea-lover: {name: Tea lover, portrait: x, segments: [nobody]}\n")
    monkeypatch.setenv("FORGE_LIBRARY", str(overlay))
    said = forge("library")
    assert (said.status, said.out) == (2, "")
    assert "personas.yaml: tea-lover.segments" in said.err


def test_doctor_has_a_remedy_for_whatever_is_missing(forge: Forge) -> None:
    said = forge("doctor", "--json")
    findings = said.json["findings"]
    looked_at = {finding["what"] for finding in findings}
    assert {"python", "dagster", "ffmpeg", "text shaping", "library", "disk", "store", "database", "gpu"} <= looked_at
    assert any(what.startswith("font for ") for what in looked_at)
    assert any(what.startswith("image engine ") for what in looked_at)
    for finding in findings:
        assert finding.keys() == {"what", "state", "found", "remedy"}
        assert finding["state"] in ("ok", "optional", "missing")
        assert finding["found"]
        assert finding["state"] != "missing" or finding["remedy"]
    healthy = all(finding["state"] != "missing" for finding in findings)
    assert said.json["ok"] == healthy
    assert said.status == (0 if healthy else 1)


def test_doctor_misses_only_the_engines_of_the_deployment(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY_FILE"):
        monkeypatch.delenv(variable, raising=False)

    def state_of_anthropic() -> str:
        findings = forge("doctor", "--json").json["findings"]
        return next(one["state"] for one in findings if one["what"] == "text engine anthropic")

    assert state_of_anthropic() == "optional"
    monkeypatch.setenv("FORGE_ENGINE_TEXT", "anthropic")
    assert state_of_anthropic() == "missing"


def test_doctor_finds_what_is_broken(forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGE_STORE", str(tmp_path / "taken" / "store"))
    (tmp_path / "taken").write_text("A file.")
    overlay = tmp_path / "library"
    overlay.mkdir()
    (overlay / "brands.yaml").write_text("[", encoding="utf-8")
    monkeypatch.setenv("FORGE_LIBRARY", str(overlay))
    said = forge("doctor", "--json")
    assert said.status == 1
    missing = {finding["what"] for finding in said.json["findings"] if finding["state"] == "missing"}
    assert {"store", "library"} <= missing


def test_stale_of_nothing(forge: Forge) -> None:
    said = forge("stale", "--json")
    assert (said.status, said.json) == (0, {"stale": []})
    said = forge("stale")
    assert (said.status, said.out) == (0, "")
    assert "No brief has been filed yet." in said.err


def test_approve_and_stale_of_a_brief_that_nothing_was_made_of(
    forge: Forge, deployment: Settings, tmp_path: Path
) -> None:
    inbox = Path(deployment.inbox.path)
    brief = write_brief(inbox, approval="required")
    file_brief(deployment, brief)
    for name in ("night-tea", brief):
        said = forge("approve", name, "--by", "Kim", "--json")
        assert said.status == 0
        assert said.json == {"brief": "night-tea", "approved": [], "cells": []}
        assert "no storyboard yet" in said.err
    for option, value in (("--market", "fr-FR"), ("--persona", "nobody")):
        said = forge("approve", "night-tea", "--by", "Kim", option, value, "--json")
        assert (said.status, said.out) == (2, "")
        assert value in said.err
    said = forge("stale", brief, "--json")
    assert {(entry["market"], entry["missing"]) for entry in said.json["stale"]} == {("en-GB", True), ("de-DE", True)}
    assert {"brief", "market", "persona", "asset", "missing", "causes"} == said.json["stale"][0].keys()
    said = forge("stale", "night-tea")
    assert said.err == ""
    assert all(len(line.split("\t")) == 5 for line in said.out.splitlines())

    file_brief(deployment, write_brief(inbox, "b.yaml", brief="free-tea"))
    said = forge("approve", "free-tea", "--by", "Kim")
    assert said.status == 2
    assert "does not ask for approval" in said.err


def test_run_prints_the_object_of_the_interface(forge: Forge, tmp_path: Path) -> None:
    """A line that nobody supplied blocks the cell before anything is drawn."""
    brief = write_brief(tmp_path, markets=["fr-FR"])
    said = forge("run", brief, "--json")
    assert said.status == 1
    report = said.json
    assert {"brief", "version", "ok", "seconds", "cells", "plates"} <= report.keys()
    assert (report["brief"], report["ok"], report["plates"]) == ("night-tea", False, {"rendered": 0, "reused": 0})
    assert len(report["version"]) == 64
    [cell] = report["cells"]
    promised = {
        "market", "persona", "status", "error", "tier", "spot", "duration_s", "frames", "fps", "width", "height",
        "deliverables", "captions", "timeline", "contact_sheet", "plates", "seconds", "run_id",
    }  # fmt: skip
    assert promised <= cell.keys() == CellOutcome.model_fields.keys()
    assert (cell["market"], cell["persona"], cell["status"]) == ("fr-FR", "busy-parent", "blocked")
    assert "copy.fr.message" in cell["error"]
    assert "night-tea: 1 cell" in said.err
    assert "blocked" in said.err
    assert "\x1b" not in said.err, "no colours and no bars where it is no terminal"

    quiet = forge("run", brief)
    assert (quiet.status, quiet.out) == (1, "")


def test_the_installed_command_keeps_its_streams_apart(deployment: Settings, tmp_path: Path) -> None:
    """Once for real: a pipe, a closed standard input, and an exit status that a shell sees."""
    brief = write_brief(tmp_path, duration_s=7)
    called = subprocess.run(
        [str(Path(sys.executable).parent / "forge"), "check", str(brief), "--json"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C"},
        check=False,
    )
    assert called.returncode == 2
    assert called.stderr == ""
    assert not json.loads(called.stdout)["ok"]
