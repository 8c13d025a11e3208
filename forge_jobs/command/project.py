"""`forge project`: one project per brand team, and the workspace of them all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click

from forge_jobs.command.output import (
    EXIT_DONE,
    json_option,
    people,
    print_json,
    print_table,
    ui_host_option,
    ui_port_option,
)
from forge_jobs.projects import (
    ENVIRONMENT_FILE,
    Project,
    Workspace,
    all_projects,
    locations_of,
    new_project,
    projects_folder,
    workspace_of,
)
from forge_resources.errors import InvalidInput
from forge_resources.settings import Settings, project_of
from forge_resources.store.files import is_local, place_at


@click.group()
def project() -> None:
    """Projects: each with an inbox, store, library, engines, secrets and partitions of its own.

    They lie in FORGE_PROJECTS (default `projects`). Any command works in one: forge --project NAME COMMAND.
    """


@project.command()
@click.argument("name")
@click.option("--store", metavar="ADDRESS", help="Where it keeps what it makes: a directory or s3://bucket/prefix.")
@click.option("--inbox", metavar="ADDRESS", help="Where its briefs are dropped. Default: `briefs` in its folder.")
@click.option(
    "--own-instance", is_flag=True, help="Give it a Dagster instance of its own, and no place in the workspace."
)
@json_option
def new(name: str, store: str | None, inbox: str | None, own_instance: bool, as_json: bool) -> int:
    """Makes the project NAME, a code location of the workspace."""
    made = new_project(projects_folder(), name, store=store, inbox=inbox, own_instance=own_instance)
    if as_json:
        print_json(_as_json(made))
    else:
        click.echo(made.folder)
        start = f"forge --project {name} dev" if own_instance else "forge project dev"
        people().print(f"Put its keys into {made.folder / ENVIRONMENT_FILE}; then: {start}")
    return EXIT_DONE


@project.command("list")
@json_option
def list_(as_json: bool) -> int:
    """The projects there are."""
    found = all_projects(projects_folder())
    if as_json:
        print_json({"folder": str(projects_folder()), "projects": [_as_json(one) for one in found]})
    else:
        rows = [_as_json(one) for one in found]
        print_table(["name", "home", "inbox", "store", "instance"], [list(row.values()) for row in rows])
    return EXIT_DONE


@project.command()
@ui_port_option
@ui_host_option
def dev(port: int, host: str) -> int:
    """Starts the workspace: one UI, daemon and queue, and a code server for each project. Ends with Ctrl-C.

    A code server has the keys of its project; the UI and the daemon have none of any.
    """
    # Dagster takes a second to load, and the other commands need none.
    from forge_jobs.code_servers import CodeServer, end_all, wait_until_they_answer, write_workspace  # noqa: PLC0415
    from forge_jobs.command.dev import asked_to_end, run_dagster  # noqa: PLC0415
    from forge_jobs.instance import instance_in, prepare_instance  # noqa: PLC0415
    from forge_jobs.recovery import end_runs_of_killed_processes  # noqa: PLC0415

    projects = locations_of(workspace_of(projects_folder()))
    caller = dict(os.environ)
    workspace = _enter_workspace()
    prepare_instance(workspace.folder)
    console = people()
    with instance_in(workspace.folder) as instance:
        for run in end_runs_of_killed_processes(instance):
            console.print(f"run {run} was killed with its process; it is marked as failed")
    for one in projects:
        inbox = place_at(one.environment(caller)["FORGE_INBOX"])
        if is_local(inbox):
            inbox.mkdir(parents=True, exist_ok=True)
        console.print(f"inbox   {inbox}   (drop a brief of {one.name} here)")
    asked = asked_to_end()
    with tempfile.TemporaryDirectory(prefix="forge-") as sockets:
        servers = [CodeServer(one, Path(sockets) / f"{one.name}.sock", caller, console.print) for one in projects]
        try:
            for server in servers:
                server.start()
            for server in wait_until_they_answer(servers, asked):
                console.print(f"the code server of {server.project.name} does not answer yet")
            file = workspace.folder / "workspace.yaml"
            write_workspace(file, servers)
            console.print(f"UI      http://{host}:{port}")
            return EXIT_DONE if asked.is_set() else run_dagster(file, port, host, asked)
        finally:
            end_all(servers)


@project.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@json_option
def backup(folder: Path, as_json: bool) -> int:
    """Copies the database and the configuration of the workspace into FOLDER: runs, events and approvals of all
    projects. What a project made is copied by forge --project NAME store backup."""
    from forge_jobs.command.store_copies import show_backup  # noqa: PLC0415

    return show_backup(_settings_of(_enter_workspace()), folder, as_json)


@project.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@json_option
def restore(folder: Path, as_json: bool) -> int:
    """Puts the copy in FOLDER into an empty workspace, which may have a workspace.env."""
    from forge_jobs.command.store_copies import show_restored  # noqa: PLC0415

    return show_restored(_settings_of(_enter_workspace()), folder, as_json)


def _enter_workspace() -> Workspace:
    """From now on this process has the environment of the workspace, and no project's."""
    if project_of(os.environ):
        raise InvalidInput("The workspace is of all projects.", remedy="Leave out --project.")
    workspace = workspace_of(projects_folder())
    environment = workspace.environment()
    os.environ.clear()
    os.environ.update(environment)
    return workspace


def _settings_of(workspace: Workspace) -> Settings:
    """A deployment that has an instance and makes nothing."""
    return Settings.from_environment({"FORGE_HOME": str(workspace.folder)})


def _as_json(made: Project) -> dict[str, str]:
    environment = made.environment()
    places = {part: environment[f"FORGE_{part.upper()}"] for part in ("home", "inbox", "store")}
    return {"name": made.name, **places, "instance": environment["DAGSTER_HOME"]}
