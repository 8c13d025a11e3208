"""What several tests share: a deployment of its own per test, and a short brief."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from forge_jobs.instance import open_instance
from forge_resources.settings import Settings
from forge_resources.studio import Studio

pytest_plugins = ["tests.postgres_server", "tests.s3_server"]

# Where the tests are a background job of a script, SIGINT is ignored. Once a run was made in this process, Dagster has
# SIGTERM ignored too, and what is started here inherits that: no service could be told to end.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

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


@pytest.fixture
def instance(deployment: Settings) -> Iterator[dg.DagsterInstance]:
    """A real instance with the real dagster.yaml."""
    with open_instance(deployment) as opened:
        yield opened
