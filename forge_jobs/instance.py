"""The Dagster instance of this deployment: where it lives and how it is configured.

What belongs here: preparing FORGE_HOME. What does not: running anything.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import dagster as dg
from filelock import FileLock

from forge_resources.errors import Conflict, InvalidInput
from forge_resources.settings import Settings
from forge_resources.store.files import disk_trouble_told

CHECKOUT = Path(__file__).parents[1]
WORKSPACE = CHECKOUT / "workspace.yaml"
LOCATION_NAME = "forge"
NOT_OF_THE_HOME = ("store", "cache", "models")
"""Folders in FORGE_HOME that are not Dagster's: what was made, copies and work in progress, weights."""
EMBEDDED = CHECKOUT / "dagster.yaml"
SERVICES = CHECKOUT / "docker" / "dagster.yaml"
POSTGRES_VARIABLES = tuple(f"FORGE_POSTGRES_{part}" for part in ("HOST", "PORT", "DB", "USER", "PASSWORD"))
"""With the first of them, runs, events and schedules are kept in PostgreSQL; then all of them are needed."""


def prepare_home(settings: Settings) -> None:
    """Makes FORGE_HOME a Dagster home, and tells Dagster and every process started from here where it is."""
    with disk_trouble_told(settings.home):
        settings.home.mkdir(parents=True, exist_ok=True)
        configuration = settings.home / "dagster.yaml"
        if not configuration.exists():
            shutil.copyfile(_template(), configuration)
    _same_database_meant(configuration)
    os.environ["FORGE_HOME"] = str(settings.home)
    os.environ["DAGSTER_HOME"] = str(settings.home)
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
    """The instance in FORGE_HOME, prepared where it is new."""
    prepare_home(settings)
    # Dagster makes the tables of SQLite without regard for another process that does so: both would then be unusable.
    with disk_trouble_told(settings.home), FileLock(settings.home / ".opening.lock"):
        return dg.DagsterInstance.from_config(str(settings.home))
