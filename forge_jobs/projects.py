"""Projects: one per brand team, with inbox, store, library, engines, secrets and partitions of its own.

A project is a folder `<FORGE_PROJECTS>/<name>` with the file `project.env`. `forge --project NAME …` works in it: with
its variables, and without those of whoever calls that name a place, an engine or a secret. So no project sees another's
partitions, runs, artefacts or keys.

Projects with FORGE_INSTANCE are code locations of one workspace: they share that Dagster instance, its queue, and the
pool of the device. The others have an instance of their own.

What belongs here: making projects and their environments. What does not: what a command does in one, or the processes
of a workspace (see `code_servers`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from forge_resources.errors import Conflict, InvalidInput, NotFound
from forge_resources.schemas.types import SLUG_PATTERN
from forge_resources.secrets import is_secret_name
from forge_resources.store.files import disk_trouble_told, place_at

ENVIRONMENT_FILE = "project.env"
WORKSPACE_FOLDER = ".workspace"
"""Where the projects of a folder have their common instance. No project can be called so."""
WORKSPACE_FILE = "workspace.env"
_OWN = ("FORGE_", "DAGSTER_", "AWS_")
_OF_THE_MACHINE = ("FORGE_FONTS", "FORGE_MODELS", "FORGE_PROJECTS")
"""Fonts and weights belong to the machine and may be shared."""
_PLACES = ("FORGE_HOME", "FORGE_INSTANCE", "FORGE_INBOX", "FORGE_STORE", "FORGE_LIBRARY")
_DATABASE = "FORGE_POSTGRES_"

_DATABASE_LINES = """\
#FORGE_POSTGRES_HOST=
#FORGE_POSTGRES_PORT=5432
#FORGE_POSTGRES_DB=
#FORGE_POSTGRES_USER=
#FORGE_POSTGRES_PASSWORD=
"""

_OWN_INSTANCE = f"""
# A database of its own; all five or none.
{_DATABASE_LINES}"""

_SHARED_INSTANCE = f"""\
# The Dagster instance, with the queue and the pool of the device, is that of the workspace: `forge project dev`.
FORGE_INSTANCE=../{WORKSPACE_FOLDER}
"""

_TEMPLATE = """\
# The project {name}: what `forge --project {name}` works with. Only its owner may read this file.
# Relative paths are so to this folder.
FORGE_HOME=home
FORGE_INBOX={inbox}
FORGE_STORE={store}
FORGE_LIBRARY=library
{instance}
# Engines where a brief names none.
#FORGE_ENGINE_TEXT=draft
#FORGE_ENGINE_IMAGE=sketch
#FORGE_ENGINE_VOICE=espeak
#FORGE_ENGINE_MOTION=still

# Keys of its own: for its bucket or prefix, and for its engines.
#AWS_ENDPOINT_URL=
#AWS_ACCESS_KEY_ID=
#AWS_SECRET_ACCESS_KEY=
#ANTHROPIC_API_KEY=
"""

_WORKSPACE_TEMPLATE = f"""\
# What all projects of this workspace have in common. Every process of each of them has these variables, the webserver
# and the daemon too: no project's key belongs here.

# The database of the instance; all five or none.
{_DATABASE_LINES}"""


@dataclass(frozen=True)
class Workspace:
    """What projects share: a Dagster instance, by its folder."""

    folder: Path

    def variables(self) -> dict[str, str]:
        """What its file says."""
        return _said_in(self.folder / WORKSPACE_FILE)

    def environment(self, caller: Mapping[str, str] = os.environ) -> dict[str, str]:
        """What the webserver and the daemon run with: nothing of a project, and no secret of the caller."""
        return {**_passed(caller), **self.variables(), "DAGSTER_HOME": str(self.folder)}


@dataclass(frozen=True)
class Project:
    """A project by its folder."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def workspace(self) -> Workspace | None:
        """The workspace that it is a code location of; None where it has an instance of its own."""
        instance = self._said().get("FORGE_INSTANCE")
        return Workspace(Path(instance)) if instance else None

    def environment(self, caller: Mapping[str, str] = os.environ) -> dict[str, str]:
        """What a process of this project runs with. Nothing of another project, or secret of the caller, is in it."""
        said = self._said()
        for name in ("FORGE_HOME", "FORGE_INBOX", "FORGE_STORE"):
            if name not in said:
                raise InvalidInput(f"{self.folder / ENVIRONMENT_FILE} names no {name}.")
        if self.workspace is None:
            return {**_passed(caller), **said, "DAGSTER_HOME": said["FORGE_HOME"]}
        if database := sorted(name for name in said if name.startswith(_DATABASE)):
            raise InvalidInput(
                f"{self.folder / ENVIRONMENT_FILE} names a database ({database[0]}); that is its workspace's.",
                remedy=f"Move it to {self.workspace.folder / WORKSPACE_FILE}, or remove FORGE_INSTANCE.",
            )
        shared = {"FORGE_PROJECT": self.name, "DAGSTER_HOME": said["FORGE_INSTANCE"]}
        return {**_passed(caller), **self.workspace.variables(), **said, **shared}

    def _said(self) -> dict[str, str]:
        said = _said_in(self.folder / ENVIRONMENT_FILE)
        for name in _PLACES:
            if name in said and "://" not in said[name]:
                said[name] = os.path.normpath(self.folder / said[name])
        return said


def _said_in(file: Path) -> dict[str, str]:
    return {name: value for name, value in dotenv_values(file).items() if value}


def _passed(caller: Mapping[str, str]) -> dict[str, str]:
    """What of the caller's environment names no place, engine or secret, nor a file that has a secret in it."""
    return {
        name: value
        for name, value in caller.items()
        if name in _OF_THE_MACHINE or not (name.startswith(_OWN) or is_secret_name(name.removesuffix("_FILE")))
    }


def projects_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where projects are: FORGE_PROJECTS, else `projects`."""
    return Path(environment.get("FORGE_PROJECTS") or "projects").absolute()


def workspace_of(folder: Path) -> Workspace:
    """The workspace of the projects in a folder."""
    return Workspace(folder / WORKSPACE_FOLDER)


def all_projects(folder: Path) -> list[Project]:
    """The projects in a folder, by name."""
    return [Project(found.parent) for found in sorted(folder.glob(f"*/{ENVIRONMENT_FILE}"))]


def locations_of(workspace: Workspace) -> list[Project]:
    """The projects that are code locations of a workspace, by name.

    Raises NotFound where there are none, and Conflict where two have stores or inboxes that are not apart.
    """
    folder = workspace.folder.parent
    found = [project for project in all_projects(folder) if project.workspace == workspace]
    if not found:
        raise NotFound(f"No project in {folder} is of its workspace.", remedy="Make one: forge project new NAME")
    for number, project in enumerate(found):
        for variable in ("FORGE_STORE", "FORGE_INBOX"):
            _require_apart(found[:number], variable, str(place_at(project.environment()[variable])))
    return found


def find_project(folder: Path, name: str) -> Project:
    """The project of that name. Raises NotFound."""
    _require_slug(name)
    if not (folder / name / ENVIRONMENT_FILE).is_file():
        known = ", ".join(project.name for project in all_projects(folder)) or "none yet"
        raise NotFound(f"There is no project `{name}` in {folder}.", remedy=f"Known: {known}. forge project new NAME")
    return Project(folder / name)


def new_project(
    folder: Path, name: str, *, store: str | None = None, inbox: str | None = None, own_instance: bool = False
) -> Project:
    """Makes a project: a code location of the folder's workspace, or one with an instance of its own.

    Raises Conflict where there is one of that name, or where its store would lie in another's or around it.
    """
    _require_slug(name)
    project = Project(folder / name)
    if project.folder.exists():
        raise Conflict(f"There already is {project.folder}.", remedy="Choose another name.")
    for variable, address in (("FORGE_STORE", store), ("FORGE_INBOX", inbox)):
        if address:
            _require_apart(all_projects(folder), variable, str(place_at(address)))
    text = _TEMPLATE.format(
        name=name,
        inbox=inbox or "briefs",
        store=store or "home/store",
        instance=_OWN_INSTANCE if own_instance else _SHARED_INSTANCE,
    )
    with disk_trouble_told(project.folder):
        for part in ("home", "briefs", "library"):
            (project.folder / part).mkdir(parents=True)
        _write_private(project.folder / ENVIRONMENT_FILE, text)
        shared = workspace_of(folder).folder / WORKSPACE_FILE
        if not own_instance and not shared.exists():
            shared.parent.mkdir(exist_ok=True)
            _write_private(shared, _WORKSPACE_TEMPLATE)
    return project


def _write_private(file: Path, text: str) -> None:
    """Where keys are, nobody but the owner looks."""
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")
    file.parent.chmod(0o700)


def _require_slug(name: str) -> None:
    if not re.fullmatch(SLUG_PATTERN, name) or not 2 <= len(name) <= 40:
        raise InvalidInput(f"`{name}` is no name for a project.", remedy="2 to 40 of a-z, 0-9 and -, such as `lumen`.")


def _require_apart(others: Sequence[Project], variable: str, place: str) -> None:
    wanted = place.rstrip("/") + "/"
    what = variable.removeprefix("FORGE_").lower()
    for other in others:
        theirs = str(place_at(other.environment()[variable])).rstrip("/") + "/"
        if wanted.startswith(theirs) or theirs.startswith(wanted):
            raise Conflict(
                f"{place} is not apart from the {what} of {other.name}, {theirs}.", remedy="Name another place."
            )
