"""The services of a deployment, each a process of its own that is started again when it dies, as a supervisor does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import yaml
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._grpc.client import DagsterGrpcClient

from forge_jobs.instance import CHECKOUT

PROGRAMS = Path(sys.executable).parent


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


class Service:
    """One command, kept running until `stop`."""

    def __init__(self, name: str, call: list[str], environment: Mapping[str, str], log: Path) -> None:
        self.name = name
        self._call, self._environment, self._log = call, dict(environment), log
        self._stopping = threading.Event()
        self.starts = 0
        self._start()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def _start(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._call,
                env=self._environment,
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.starts += 1

    def _keep(self) -> None:
        while not self._stopping.wait(0.5):
            if self.process.poll() is not None:
                self._start()

    def kill(self) -> None:
        """As a crash does: this process alone, not what it started."""
        self.process.send_signal(signal.SIGKILL)

    def stop(self) -> None:
        self._stopping.set()
        self._keeper.join()
        self.process.kill()
        self.process.wait(timeout=60)

    def said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")[-4000:]


def services(environment: Mapping[str, str], folder: Path, *, webserver: bool) -> dict[str, Service]:
    """A code server, a daemon and, if wanted, a webserver, as `docker/` has them: the code server first, because the
    others look again for one that they miss after a minute."""
    port = free_port()
    workspace = folder / "workspace.yaml"
    server = {"grpc_server": {"host": "127.0.0.1", "port": port, "location_name": "forge"}}
    workspace.write_text(yaml.safe_dump({"load_from": [server]}), encoding="utf-8")
    dagster = str(PROGRAMS / "dagster")
    calls = {
        "code": [dagster, "api", "grpc", "-h", "127.0.0.1", "-p", str(port), "-m", "forge_jobs.definitions",
                 "-a", "defs", "--location-name", "forge"],
        "daemon": [str(PROGRAMS / "dagster-daemon"), "run", "-w", str(workspace)],
    }  # fmt: skip
    if webserver:
        calls["webserver"] = [str(PROGRAMS / "dagster-webserver"), "-w", str(workspace), "-p", str(free_port())]
    running: dict[str, Service] = {}
    try:
        for name, call in calls.items():
            running[name] = Service(name, call, environment, folder / f"{name}.log")
            if name == "code":
                _wait_until_it_answers(port, running[name])
    except BaseException:
        for service in running.values():
            service.stop()
        raise
    return running


def _wait_until_it_answers(port: int, server: Service) -> None:
    client, until = DagsterGrpcClient(host="127.0.0.1", port=port), time.monotonic() + 120
    while True:
        try:
            client.ping("")
            return
        except DagsterUserCodeUnreachableError:
            assert time.monotonic() < until, server.said()
            time.sleep(0.2)


def processes_of(home: Path) -> dict[int, str]:
    """Every process started with this home, by id, with its command line."""
    marker, found = f"FORGE_HOME={home}".encode(), {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            if marker in (folder / "environ").read_bytes().split(b"\0"):
                found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return found
