"""The Dagster instance of this deployment: where it lives and how it is configured.

What belongs here: preparing FORGE_HOME. What does not: running anything.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import dagster as dg
from dagster._core.instance.ref import InstanceRef

from forge_resources.adapters.event_log import KeptEngineEventLogStorage
from forge_resources.settings import Settings
from forge_resources.store.files import disk_trouble_told

CHECKOUT = Path(__file__).parents[1]
WORKSPACE = CHECKOUT / "workspace.yaml"
LOCATION_NAME = "forge"

_KEPT_ENGINES = {
    "module": KeptEngineEventLogStorage.__module__,
    "class": KeptEngineEventLogStorage.__name__,
    "config": {},
}


def prepare_home(settings: Settings) -> None:
    """Makes FORGE_HOME a Dagster home, and tells Dagster and every process started from here where it is."""
    with disk_trouble_told(settings.home):
        settings.home.mkdir(parents=True, exist_ok=True)
        configuration = settings.home / "dagster.yaml"
        if not configuration.exists():
            shutil.copyfile(CHECKOUT / "dagster.yaml", configuration)
    os.environ["FORGE_HOME"] = str(settings.home)
    os.environ["DAGSTER_HOME"] = str(settings.home)
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "yes")


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """The instance in FORGE_HOME, prepared where it is new. On SQLite its event log keeps its engines."""
    prepare_home(settings)
    home = str(settings.home)
    ref = InstanceRef.from_dir(home)
    if ref.event_storage_data and ref.event_storage_data.class_name == "SqliteEventLogStorage":
        ref = InstanceRef.from_dir(home, overrides={"event_log_storage": _KEPT_ENGINES})
    return dg.DagsterInstance.from_ref(ref)
