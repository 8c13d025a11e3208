"""Projects: a deployment per brand team, with inbox, store, library, engines, secrets and Dagster instance of its own.

A project is a folder `<FORGE_PROJECTS>/<name>` with the file `project.env`. `forge --project NAME …` works in it: with
its variables, and without those of whoever calls that name a place, an engine or a secret. So no project sees another's
partitions, runs, artefacts or keys.

What belongs here: making projects and their environments. What does not: what a command does in one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from forge_resources.errors import Conflict, InvalidInput, NotFound
from forge_resources.schemas.types import SLUG_PATTERN
from forge_resources.secrets import is_secret_name
from forge_resources.store.files import disk_trouble_told, place_at

ENVIRONMENT_FILE = "project.env"
_OWN = ("FORGE_", "DAGSTER_", "AWS_")
_OF_THE_MACHINE = ("FORGE_FONTS", "FORGE_MODELS", "FORGE_PROJECTS")
"""Fonts and weights belong to the machine and may be shared."""

_TEMPLATE = """\
# The project {name}: what `forge --project {name}` works with. Only its owner may read this file.
# Relative paths are so to this folder.
FORGE_HOME=home
FORGE_INBOX={inbox}
FORGE_STORE={store}
FORGE_LIBRARY=library

# Engines where a brief names none.
#FORGE_ENGINE_TEXT=draft
#FORGE_ENGINE_IMAGE=sketch
#FORGE_ENGINE_VOICE=espeak
#FORGE_ENGINE_MOTION=still

# A database of its own; all five or none.
#FORGE_POSTGRES_HOST=
#FORGE_POSTGRES_PORT=5432
#FORGE_POSTGRES_DB=
#FORGE_POSTGRES_USER=
#FORGE_POSTGRES_PASSWORD=

# Keys of its own: for its bucket or prefix, and for its engines.
#AWS_ENDPOINT_URL=
#AWS_ACCESS_KEY_ID=
#AWS_SECRET_ACCESS_KEY=
#ANTHROPIC_API_KEY=
"""


@dataclass(frozen=True)
class Project:
    """A project by its folder."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    def environment(self, caller: Mapping[str, str] = os.environ) -> dict[str, str]:
        """What a process of this project runs with. Nothing of another project, or secret of the caller, is in it."""
        said = {name: value for name, value in dotenv_values(self.folder / ENVIRONMENT_FILE).items() if value}
        for name in ("FORGE_HOME", "FORGE_INBOX", "FORGE_STORE", "FORGE_LIBRARY"):
            if name in said and "://" not in said[name]:
                said[name] = str(self.folder / said[name])
        if "FORGE_HOME" not in said:
            raise InvalidInput(f"{self.folder / ENVIRONMENT_FILE} names no FORGE_HOME.")
        passed = {
            name: value
            for name, value in caller.items()
            if name in _OF_THE_MACHINE or not (name.startswith(_OWN) or is_secret_name(name))
        }
        return {**passed, **said, "DAGSTER_HOME": said["FORGE_HOME"]}


def projects_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where projects are: FORGE_PROJECTS, else `projects`."""
    return Path(environment.get("FORGE_PROJECTS") or "projects").absolute()


def all_projects(folder: Path) -> list[Project]:
    """The projects in a folder, by name."""
    return [Project(found.parent) for found in sorted(folder.glob(f"*/{ENVIRONMENT_FILE}"))]


def find_project(folder: Path, name: str) -> Project:
    """The project of that name. Raises NotFound."""
    _require_slug(name)
    if not (folder / name / ENVIRONMENT_FILE).is_file():
        known = ", ".join(project.name for project in all_projects(folder)) or "none yet"
        raise NotFound(f"There is no project `{name}` in {folder}.", remedy=f"Known: {known}. forge project new NAME")
    return Project(folder / name)


def new_project(folder: Path, name: str, *, store: str | None = None, inbox: str | None = None) -> Project:
    """Makes a project. Raises Conflict where there is one, or where its store would lie in another's or around it."""
    _require_slug(name)
    project = Project(folder / name)
    if project.folder.exists():
        raise Conflict(f"There already is {project.folder}.", remedy="Choose another name.")
    if store:
        _require_apart(folder, str(place_at(store)))
    with disk_trouble_told(project.folder):
        for part in ("home", "briefs", "library"):
            (project.folder / part).mkdir(parents=True)
        file = project.folder / ENVIRONMENT_FILE
        file.touch(mode=0o600)
        text = _TEMPLATE.format(name=name, inbox=inbox or "briefs", store=store or "home/store")
        file.write_text(text, encoding="utf-8")
        # Where keys of all projects are, nobody else looks.
        project.folder.chmod(0o700)
    return project


def _require_slug(name: str) -> None:
    if not re.fullmatch(SLUG_PATTERN, name) or not 2 <= len(name) <= 40:
        raise InvalidInput(f"`{name}` is no name for a project.", remedy="2 to 40 of a-z, 0-9 and -, such as `lumen`.")


def _require_apart(folder: Path, store: str) -> None:
    wanted = store.rstrip("/") + "/"
    for other in all_projects(folder):
        theirs = str(place_at(other.environment().get("FORGE_STORE", ""))).rstrip("/") + "/"
        if wanted.startswith(theirs) or theirs.startswith(wanted):
            raise Conflict(
                f"{store} is not apart from the store of {other.name}, {theirs}.", remedy="Name another prefix."
            )
