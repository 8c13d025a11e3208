"""`forge project`: one deployment per brand team."""

from __future__ import annotations

import click

from forge_jobs.command.output import EXIT_DONE, json_option, people, print_json, print_table
from forge_jobs.projects import ENVIRONMENT_FILE, Project, all_projects, new_project, projects_folder


@click.group()
def project() -> None:
    """Projects: each with an inbox, store, library, engines, secrets and Dagster instance of its own.

    They lie in FORGE_PROJECTS (default `projects`). Any command works in one: forge --project NAME COMMAND.
    """


@project.command()
@click.argument("name")
@click.option("--store", metavar="ADDRESS", help="Where it keeps what it makes: a directory or s3://bucket/prefix.")
@click.option("--inbox", metavar="ADDRESS", help="Where its briefs are dropped. Default: `briefs` in its folder.")
@json_option
def new(name: str, store: str | None, inbox: str | None, as_json: bool) -> int:
    """Makes the project NAME."""
    made = new_project(projects_folder(), name, store=store, inbox=inbox)
    if as_json:
        print_json(_as_json(made))
    else:
        click.echo(made.folder)
        people().print(f"Put its keys into {made.folder / ENVIRONMENT_FILE}; then: forge --project {name} dev")
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
        print_table(["name", "home", "inbox", "store"], [list(row.values()) for row in rows])
    return EXIT_DONE


def _as_json(made: Project) -> dict[str, str]:
    environment = made.environment()
    return {"name": made.name, **{part: environment[f"FORGE_{part.upper()}"] for part in ("home", "inbox", "store")}}
