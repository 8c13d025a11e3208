"""What several tests share: a deployment of its own per test, and a short brief."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import hypothesis
import pytest

from forge_jobs.instance import POSTGRES_VARIABLES, open_instance
from forge_resources.settings import Settings
from forge_resources.studio import Studio

pytest_plugins = ["tests.postgres_server", "tests.s3_server"]

# Where the tests are a background job of a script, SIGINT is ignored. Once a run was made in this process, Dagster has
# SIGTERM ignored too, and what is started here inherits that: no service could be told to end.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples every time: what fails, fails for everybody.
hypothesis.settings.register_profile("forge", derandomize=True, deadline=None)
hypothesis.settings.load_profile("forge")

VARIABLES = (
    "FORGE_HOME", "FORGE_INBOX", "FORGE_STORE", "FORGE_LIBRARY", "FORGE_FONTS", "DAGSTER_HOME",
    "FORGE_POSTGRES_HOST", "FORGE_POSTGRES_PORT", "FORGE_POSTGRES_DB", "FORGE_POSTGRES_USER", "FORGE_POSTGRES_PASSWORD",
    "FORGE_ENGINE_TEXT", "FORGE_ENGINE_IMAGE", "FORGE_ENGINE_VOICE", "FORGE_ENGINE_MOTION",
)  # fmt: skip


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An empty deployment: home, inbox and store of its own, engines as embedded."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("FORGE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FORGE_INBOX", str(tmp_path / "inbox"))
    # Commands set it for what they start; set here first so that it is put back afterwards.
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    (tmp_path / "inbox").mkdir()
    return Settings.from_environment()


@pytest.fixture
def studio(deployment: Settings) -> Studio:
    return Studio(deployment)


@pytest.fixture(scope="session")
def embedded_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which Dagster has made its tables in SQLite: that takes longer than most tests."""
    home = tmp_path_factory.mktemp("embedded") / "home"
    with pytest.MonkeyPatch.context() as patch:
        for variable in VARIABLES:
            patch.delenv(variable, raising=False)
        with open_instance(Settings.from_environment({"FORGE_HOME": str(home)})):
            return home


@pytest.fixture
def instance(deployment: Settings, embedded_home: Path) -> Iterator[dg.DagsterInstance]:
    """A real instance with the real dagster.yaml."""
    if not deployment.home.exists() and not os.environ.get(POSTGRES_VARIABLES[0]):
        shutil.copytree(embedded_home, deployment.home)
    with open_instance(deployment) as opened:
        yield opened
