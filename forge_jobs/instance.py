"""The Dagster instance of this deployment: where it lives and how it is configured.

What belongs here: preparing FORGE_HOME, and FORGE_INSTANCE where several projects share an instance. What does not:
running anything.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import dagster as dg
from filelock import FileLock

from forge_assets.keys import PROJECT
from forge_jobs.projects import WORKSPACE_FILE
from forge_resources.errors import Conflict, InvalidInput
from forge_resources.settings import Settings, project_of
from forge_resources.store.files import disk_trouble_told

CHECKOUT = Path(__file__).parents[1]
WORKSPACE = CHECKOUT / "workspace.yaml"
NOT_OF_THE_HOME = ("store", "cache", "models", WORKSPACE_FILE)
"""What lies in FORGE_HOME and is not Dagster's: what was made, copies and work in progress, weights; keys."""
EMBEDDED = CHECKOUT / "dagster.yaml"
SERVICES = CHECKOUT / "docker" / "dagster.yaml"
POSTGRES_VARIABLES = tuple(f"FORGE_POSTGRES_{part}" for part in ("HOST", "PORT", "DB", "USER", "PASSWORD"))
"""With the first of them, runs, events and schedules are kept in PostgreSQL; then all of them are needed."""


def prepare_home(settings: Settings) -> None:
    """Makes FORGE_HOME, and a Dagster home where that is, and tells every process started from here where they are.

    Raises Conflict where the graph of another project is loaded in this process.
    """
    if project_of(os.environ) != PROJECT:
        raise Conflict(
            f"This process works for {PROJECT or 'no project'}.", remedy="Start another for another project."
        )
    with disk_trouble_told(settings.home):
        settings.home.mkdir(parents=True, exist_ok=True)
    os.environ["FORGE_HOME"] = str(settings.home)
    if settings.instance != settings.home:
        os.environ["FORGE_INSTANCE"] = str(settings.instance)
    prepare_instance(settings.instance)


def prepare_instance(folder: Path) -> None:
    """Makes a folder a Dagster home, and tells Dagster and every process started from here that it is theirs."""
    with disk_trouble_told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        configuration = folder / "dagster.yaml"
        if not configuration.exists():
            shutil.copyfile(_template(), configuration)
    _same_database_meant(configuration)
    os.environ["DAGSTER_HOME"] = str(folder)
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "yes")


def _template() -> Path:
    """The configuration that the environment asks for. Raises InvalidInput where it names half a database."""
    if not os.environ.get(POSTGRES_VARIABLES[0]):
        return EMBEDDED
    missing = [variable for variable in POSTGRES_VARIABLES if not os.environ.get(variable)]
    if missing:
        raise InvalidInput(
            f"{POSTGRES_VARIABLES[0]} is set and {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not.",
            remedy="Set all of them, or none for the embedded SQLite.",
        )
    return SERVICES


def _same_database_meant(configuration: Path) -> None:
    """Raises Conflict where the environment names PostgreSQL and the home goes on keeping its runs in SQLite."""
    if _template() == SERVICES and configuration.read_bytes() == EMBEDDED.read_bytes():
        raise Conflict(
            f"{POSTGRES_VARIABLES[0]} is set, but {configuration} keeps runs in SQLite.",
            remedy=f"Remove {configuration} to change over to PostgreSQL (what SQLite has stays behind), "
            f"or unset {POSTGRES_VARIABLES[0]}.",
        )


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """The instance of a deployment, prepared where it is new."""
    prepare_home(settings)
    return instance_in(settings.instance)


def instance_in(folder: Path) -> dg.DagsterInstance:
    """The instance in a Dagster home that is prepared."""
    # Dagster makes the tables of SQLite without regard for another process that does so: both would then be unusable.
    with disk_trouble_told(folder), FileLock(folder / ".opening.lock"):
        return dg.DagsterInstance.from_config(str(folder))
