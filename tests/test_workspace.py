"""Two projects in one workspace: one instance, daemon and queue, and nothing else in common."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from forge_jobs.instance import instance_in, prepare_instance
from forge_jobs.projects import (
    ENVIRONMENT_FILE,
    WORKSPACE_FILE,
    Project,
    Workspace,
    locations_of,
    new_project,
    workspace_of,
)
from forge_resources.errors import Conflict, InvalidInput, NotFound
from forge_resources.settings import Settings, project_of
from tests.forge_call import forge
from tests.running_house import FORGE, RunningHouse
from tests.sample_briefs import write_brief
from tests.test_graph import SNAPSHOT
from tests.test_secrets import texts_of_database
from tests.workspace_probe import CELL, probed

needs_proc = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")

SECRETS = {name: (f"planted-key-of-{name}", f"planted/secret+of-{name}") for name in ("lumen", "verdant")}
OF_THE_CALLER = "planted-key-of-the-caller"
OF_THE_DATABASE = "planted-password-of-the-workspace"
TO_THE_FRAMES = ["brief", "concept", "culture", "script", "storyboard", "frames"]


@pytest.fixture
def pair(tmp_path: Path, deployment: Settings, monkeypatch: pytest.MonkeyPatch) -> tuple[Project, Project]:
    """Two teams with keys of their own, and whoever calls with one, too."""
    folder = tmp_path / "projects"
    monkeypatch.setenv("FORGE_PROJECTS", str(folder))
    monkeypatch.setenv("OPENAI_API_KEY", OF_THE_CALLER)
    made = []
    for name, (key, secret) in SECRETS.items():
        project = new_project(folder, name)
        with (project.folder / ENVIRONMENT_FILE).open("a", encoding="utf-8") as file:
            file.write(f"ANTHROPIC_API_KEY={key}\nAWS_SECRET_ACCESS_KEY={secret}\n")
        made.append(project)
    return made[0], made[1]


def workspace(project: Project) -> Workspace:
    found = project.workspace
    assert found is not None
    return found


def secrets_besides(project: Project | None) -> list[str]:
    """What nothing of a project may have in it."""
    name = project.name if project else ""
    return [OF_THE_CALLER, *(secret for owner, known in SECRETS.items() if owner != name for secret in known)]


def test_the_graph_of_a_project_is_the_one_reviewed_under_its_name(pair: tuple[Project, Project]) -> None:
    program = "from tests.test_graph import graph_as_text; print(graph_as_text(), end='')"
    program += "; from forge_assets.partitions import MARKET, PERSONA; print(MARKET.name, PERSONA.name)"
    said = subprocess.run(
        [sys.executable, "-c", program], env=pair[0].environment(), capture_output=True, text=True, check=True
    ).stdout
    *graph, partitions = said.splitlines()
    assert partitions == "lumen/market lumen/persona"
    keys = [line.partition(" ")[0] for line in graph if not line.startswith(" ")]
    assert keys
    assert all(key.startswith("lumen/") for key in keys)
    assert [line.replace("lumen/", "") for line in graph] == SNAPSHOT.read_text(encoding="utf-8").splitlines()


def test_a_project_has_its_places_and_the_instance_of_the_workspace(pair: tuple[Project, Project]) -> None:
    lumen, verdant = pair
    shared = workspace_of(lumen.folder.parent)
    assert workspace(lumen) == workspace(verdant) == shared
    assert locations_of(shared) == [lumen, verdant]
    database = f"FORGE_POSTGRES_PASSWORD={OF_THE_DATABASE}\n"
    (shared.folder / WORKSPACE_FILE).write_text(database, encoding="utf-8")
    for project in pair:
        environment = project.environment()
        settings = Settings.from_environment(environment)
        assert environment["FORGE_PROJECT"] == project_of(environment) == project.name
        assert environment["DAGSTER_HOME"] == environment["FORGE_INSTANCE"] == str(shared.folder)
        assert (settings.home, settings.instance) == (project.folder / "home", shared.folder)
        assert environment["FORGE_POSTGRES_PASSWORD"] == OF_THE_DATABASE
        assert not set(secrets_besides(project)) & set(environment.values())
    alone = shared.environment()
    assert alone["DAGSTER_HOME"] == str(shared.folder)
    assert alone["FORGE_POSTGRES_PASSWORD"] == OF_THE_DATABASE
    assert not set(secrets_besides(None)) & set(alone.values())
    assert not {"FORGE_HOME", "FORGE_PROJECT", "FORGE_INBOX"} & alone.keys()


def test_what_does_not_fit_a_workspace_is_refused(pair: tuple[Project, Project], tmp_path: Path) -> None:
    lumen, verdant = pair
    folder, shared = lumen.folder.parent, workspace(lumen)
    with pytest.raises(InvalidInput, match="no name"):
        new_project(folder, ".workspace")
    file = verdant.folder / ENVIRONMENT_FILE
    before = file.read_text(encoding="utf-8")
    for more, error, said in (
        ("FORGE_POSTGRES_HOST=db\n", InvalidInput, "workspace's"),
        (f"FORGE_STORE={lumen.folder}/home/store\n", Conflict, "not apart from the store of lumen"),
        ("FORGE_INBOX=../lumen/briefs\n", Conflict, "not apart from the inbox of lumen"),
    ):
        file.write_text(before + more, encoding="utf-8")
        with pytest.raises(error, match=said):
            locations_of(shared)
    file.write_text(before, encoding="utf-8")
    alone = new_project(folder, "alone", own_instance=True)
    assert alone.workspace is None
    assert "FORGE_PROJECT" not in alone.environment()
    assert locations_of(shared) == [lumen, verdant]
    with pytest.raises(NotFound, match="No project"):
        locations_of(workspace_of(tmp_path))
    with pytest.raises(InvalidInput, match="FORGE_PROJECT"):
        project_of({"FORGE_PROJECT": "a/b"})


def test_a_process_works_for_one_project(pair: tuple[Project, Project], tmp_path: Path) -> None:
    where = {"FORGE_PROJECTS": str(pair[0].folder.parent)}
    said = forge("--project", "lumen", "store", "prune", home=tmp_path / "home", status=1, **where)
    assert "works for no project" in said, "this process has loaded the graph without one"
    said = subprocess.run([FORGE, "--project", "lumen", "dev"], capture_output=True, text=True)
    assert said.returncode == 2
    assert "forge project dev" in said.stderr


def test_a_library_is_of_one_project(pair: tuple[Project, Project], tmp_path: Path) -> None:
    folder = pair[0].folder
    (folder / "library" / "personas.yaml").write_text(
        "tea-drinker:\n  name: Of lumen\n  portrait: Somebody only this team knows.\n"
        "  segments: [retirees, gym-goers, wellness-seekers]\n",
        encoding="utf-8",
    )
    known = {
        name: forge("--project", name, "library", "personas", home=tmp_path / "home", FORGE_PROJECTS=str(folder.parent))
        for name in SECRETS
    }
    assert "tea-drinker" in known["lumen"]["personas"]
    assert "tea-drinker" not in known["verdant"]["personas"]


def test_a_project_and_the_workspace_are_copied_apart(
    pair: tuple[Project, Project], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lumen, where = pair[0], {"FORGE_PROJECTS": str(pair[0].folder.parent), "home": tmp_path / "home"}
    shared = workspace(lumen).folder
    monkeypatch.setenv("DAGSTER_HOME", str(shared))
    prepare_instance(shared)
    with instance_in(shared) as instance:
        instance.add_dynamic_partitions("lumen/market", [CELL.market_key])
    (lumen.folder / "home" / "store").mkdir()
    (lumen.folder / "home" / "store" / "made.txt").write_text("by lumen", encoding="utf-8")

    of_project, of_workspace = tmp_path / "of-project", tmp_path / "of-workspace"
    assert forge("--project", "lumen", "store", "backup", of_project, **where)["database"] == "workspace"
    assert (of_project / "store" / "made.txt").exists()
    assert not list(of_project.rglob("*.db"))
    assert forge("project", "backup", of_workspace, **where)["database"] == "sqlite"
    assert not list(of_workspace.rglob(WORKSPACE_FILE))
    assert "on workspace" in forge("project", "restore", of_project, status=1, **where)
    assert "not empty" in forge("project", "restore", of_workspace, status=1, **where)

    kept = (shared / WORKSPACE_FILE).read_bytes()
    for lost in (shared, lumen.folder / "home"):
        shutil.rmtree(lost)
        lost.mkdir()
    (shared / WORKSPACE_FILE).write_bytes(kept)
    forge("project", "restore", of_workspace, **where)
    forge("--project", "lumen", "store", "restore", of_project, **where)
    assert (lumen.folder / "home" / "store" / "made.txt").read_text(encoding="utf-8") == "by lumen"
    with instance_in(shared) as instance:
        assert instance.get_dynamic_partitions("lumen/market") == [CELL.market_key]


class RunningWorkspace(RunningHouse):
    """`forge project dev`."""

    call = ("project", "dev")
    mark = "FORGE_PROJECTS"

    def code_server(self, project: str) -> int | None:
        """The process of a project's code server."""
        found = [pid for pid, line in self.processes().items() if f"/{project}.sock" in line and "grpc" in line]
        return found[0] if found else None


@pytest.fixture
def house(pair: tuple[Project, Project], tmp_path: Path) -> Iterator[RunningWorkspace]:
    running = RunningWorkspace(os.environ, tmp_path / "forge-project-dev.log")
    try:
        running.wait("both code locations", lambda: len(running.locations()) == 2)
        yield running
    finally:
        running.kill()


@needs_proc
def test_two_projects_in_one_workspace(
    house: RunningWorkspace, pair: tuple[Project, Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One test, because starting a workspace takes as long as all that follows."""
    monkeypatch.setenv("DAGSTER_HOME", str(workspace(pair[0]).folder))
    seen = a_brief_of_one_name_becomes_a_storyboard_in_each(house, pair)
    no_process_has_a_key_that_is_not_its_own(seen, pair)
    a_code_server_that_dies_is_started_again(house)
    assert house.stop() == 0
    assert house.processes() == {}
    partitions_and_events_are_apart(pair)
    what_is_done_in_one_is_not_done_in_the_other(pair)
    no_secret_is_anywhere_else(pair)


Seen = dict[tuple[str, str], dict[str, str]]


def environments(house: RunningWorkspace) -> Seen:
    """The variables of every process of the workspace, by what it is and by its project."""
    found: Seen = {}
    for pid, line in house.processes().items():
        try:
            said = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
        except OSError:
            continue  # It has ended.
        variables = dict(entry.partition("=")[::2] for entry in said if entry)
        kinds = ("api grpc", "multiprocessing", "dagster_webserver", "dagster._daemon", "dagster dev", "project dev")
        kind = next((kind for kind in kinds if kind in line), "other")
        found[kind, variables.get("FORGE_PROJECT", "")] = variables
    return found


def a_brief_of_one_name_becomes_a_storyboard_in_each(house: RunningWorkspace, pair: tuple[Project, Project]) -> Seen:
    for seed, project in enumerate(pair):
        write_brief(project.folder / "briefs", markets=["en-GB"], approval="required", seed=seed)
    seen: Seen = {}

    def both_ended() -> list[dict[str, Any]] | None:
        seen.update(environments(house))
        runs = house.runs(forge__brief=CELL.brief)
        ended = [found for run in runs if (found := house.ended(run["runId"]))]
        return ended if len(ended) == 2 else None

    runs = house.wait("a storyboard in each", both_ended, every_s=0.2)
    assert {(run["jobName"], run["status"]) for run in runs} == {("storyboard", "SUCCESS")}, house.said()
    for project in pair:
        located = {".dagster/repository": f"__repository__@{project.name}", "dagster/partition": CELL.partition_key}
        assert len(house.runs(**located)) == 1
    return seen


def no_process_has_a_key_that_is_not_its_own(seen: Seen, pair: tuple[Project, Project]) -> None:
    kinds = {kind for kind, _ in seen}
    assert {"api grpc", "multiprocessing", "dagster_webserver", "dagster._daemon"} <= kinds, "all were looked at"
    for (kind, name), variables in seen.items():
        if kind == "project dev":
            continue  # It was called with what its caller has.
        project = next((one for one in pair if one.name == name), None)
        assert not set(secrets_besides(project)) & set(variables.values()), f"{kind} of {name or 'the workspace'}"
        assert (project is None) == (kind in ("dagster_webserver", "dagster._daemon", "dagster dev")), kind
        if project is not None:
            assert set(SECRETS[project.name]) <= set(variables.values()), "and it has its own"


def a_code_server_that_dies_is_started_again(house: RunningWorkspace) -> None:
    first = house.code_server("lumen")
    assert first is not None
    os.kill(first, signal.SIGKILL)
    house.wait("another code server", lambda: house.code_server("lumen") not in (None, first))
    house.wait("its code location", lambda: "lumen" in house.locations())
    assert house.has_said("the code server of lumen ended with -9")


def partitions_and_events_are_apart(pair: tuple[Project, Project]) -> None:
    with instance_in(workspace(pair[0]).folder) as instance:
        assert instance.get_dynamic_partitions("market") == []
        for project in pair:
            assert instance.get_dynamic_partitions(f"{project.name}/market") == [CELL.market_key]
            assert instance.get_dynamic_partitions(f"{project.name}/persona") == [CELL.persona_key]
            key = dg.AssetKey([project.name, "frames"])
            assert len(instance.fetch_materializations(key, limit=5).records) == 1
        assert all(key.path[0] in SECRETS for key in instance.all_asset_keys())


def what_is_done_in_one_is_not_done_in_the_other(pair: tuple[Project, Project]) -> None:
    lumen, verdant = pair
    approved = [FORGE, "--project", "lumen", "approve", CELL.brief, "--by", "Kim"]
    subprocess.run(approved, check=True, capture_output=True)
    before = probed(verdant)
    assert before["partitions"] == {"verdant/market": [CELL.market_key], "verdant/persona": [CELL.persona_key]}
    assert before["approvals"] == {}
    assert before["cells"] == {"awaiting_approval": 1}
    assert before["briefs"] == [CELL.brief]
    assert before["runs"] == {"storyboard\tsuccess": 1}
    assert not set(before["stale"]) & set(TO_THE_FRAMES)
    assert before["flaws"] == []
    of_lumen = probed(lumen)
    assert list(of_lumen["approvals"]) == [CELL.partition_key]
    assert of_lumen["cells"] == {"approved": 1}
    assert of_lumen["runs"] == {"storyboard\tsuccess": 1}

    deleted = ["store", "delete", CELL.brief, "--by", "Kim", "--reason", "over", "--yes"]
    subprocess.run([FORGE, "--project", "lumen", *deleted], check=True, capture_output=True)
    gone = probed(lumen)
    assert gone["partitions"] == {"lumen/market": [], "lumen/persona": []}
    assert gone["briefs"] == []
    assert gone["approvals"] == {}
    assert probed(verdant) == before
    with instance_in(workspace(lumen).folder) as instance:
        assert instance.get_runs_count() == 1
        left = {tick.instigator_name for tick in ticks_that_asked(instance)}
        assert left == {"brief_inbox"}, "the tick of the other's inbox is still there"
        checks = dg.AssetCheckKey(dg.AssetKey(["verdant", "frames"]), "plates_usable")
        assert instance.event_log_storage.get_asset_check_execution_history(checks, limit=5)


def ticks_that_asked(instance: dg.DagsterInstance) -> list[Any]:
    storage = instance.schedule_storage
    assert storage is not None
    states = instance.all_instigator_state()
    ticks = [tick for state in states for tick in storage.get_ticks(state.instigator_origin_id, state.selector_id)]
    return [tick for tick in ticks if tick.run_keys]


def no_secret_is_anywhere_else(pair: tuple[Project, Project]) -> None:
    """Store, home and logs of a project, and all that the workspace keeps: events, output of steps, configuration."""
    places: list[tuple[Path, Project | None]] = [(project.folder, project) for project in pair]
    looked = 0
    for folder, owner in [*places, (workspace(pair[0]).folder, None)]:
        for file in folder.rglob("*"):
            if not file.is_file() or file.name == ENVIRONMENT_FILE:
                continue
            texts = [file.read_bytes().decode("utf-8", errors="replace")]
            texts += texts_of_database(file) if file.suffix == ".db" else []
            everybody = [secret for known in SECRETS.values() for secret in known]
            for secret in {*secrets_besides(owner), *everybody}:
                assert not any(secret in text for text in texts), f"{secret} is in {file}"
            looked += len(texts)
    assert looked > 500


@needs_proc
@pytest.mark.long
def test_what_is_killed_in_a_workspace_is_made_again(house: RunningWorkspace, pair: tuple[Project, Project]) -> None:
    """A run alone, a code server together with its run, and all of it: each time the cell is made in a second run."""

    def one_run_killed() -> None:
        [run] = [pid for pid, line in house.processes().items() if "spawn_main" in line]
        os.kill(run, signal.SIGKILL)

    def code_server_killed() -> None:
        server = house.code_server("lumen")
        assert server is not None
        os.killpg(server, signal.SIGKILL)

    def all_killed() -> None:
        house.kill()
        house.start()
        house.wait("both code locations", lambda: len(house.locations()) == 2)

    write_brief(pair[1].folder / "briefs", markets=["en-GB"])
    for number, kill in enumerate((one_run_killed, code_server_killed, all_killed)):
        brief = f"night-tea-{number}"
        write_brief(pair[0].folder / "briefs", f"{brief}.yaml", brief=brief, markets=["en-GB"], seed=number)
        [cut] = house.wait("a run going on", lambda brief=brief: going_on(house, brief))
        kill()
        killed = house.wait("its end", lambda cut=cut: house.ended(cut["runId"]))
        assert killed["status"] == "FAILURE"
        [again] = house.wait("a second run", lambda cut=cut: house.runs(dagster__parent_run_id=cut["runId"]))
        ended = house.wait("the end of that", lambda again=again: house.ended(again["runId"]))
        assert ended["status"] == "SUCCESS", house.said()
    house.wait("the other's cell", lambda: house.runs(**{".dagster/repository": "__repository__@verdant"}))
    [others] = house.runs(**{".dagster/repository": "__repository__@verdant"})
    assert house.wait("its end", lambda: house.ended(others["runId"]))["status"] == "SUCCESS"
    assert house.stop() == 0
    for project, delivered in zip(pair, (3, 1), strict=True):
        assert len(list((project.folder / "home" / "store" / "deliverables").rglob("*_preview.mp4"))) == delivered
        assert probed(project)["flaws"] == []


def going_on(house: RunningWorkspace, brief: str) -> list[dict[str, Any]]:
    """The runs of a brief that have begun to make something."""
    return [run for run in house.runs(forge__brief=brief) if run["status"] == "STARTED"]
