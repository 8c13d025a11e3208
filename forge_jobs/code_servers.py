"""The code servers of a workspace: for each project a process that loads its code and starts its runs.

A code server has the environment of its project and of no other, and so have the runs, which are processes of it. It
listens on a socket of the file system that its user alone can reach.

What belongs here: starting them, and starting them again. What does not: the environment of a project (see `projects`),
webserver and daemon (see `command.dev`).
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import yaml
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._grpc.client import DagsterGrpcClient

from forge_jobs.process_groups import end_groups
from forge_jobs.projects import Project
from forge_resources.errors import ForgeError

START_S = 120.0
"""How long code servers may take to answer before the others go on without them."""
_ORPHANED_S = 180
"""A code server that has not heard from here for so long ends, once its runs have: long for a busy machine."""
_BEAT_S = 5.0
_LOOK_S = 0.5
_SOUND_S = 20.0
"""One that lived so long is started again at once; others wait, twice as long each time, up to `_LONGEST_WAIT_S`."""
_LONGEST_WAIT_S = 60.0


class CodeServer:
    """The code server of one project. From `start` to `end` there is one; one that dies is started again."""

    def __init__(self, project: Project, socket: Path, caller: Mapping[str, str], say: Callable[[str], object]) -> None:
        self.project = project
        self.socket = socket
        self._caller = caller
        self._say = say
        self._client = DagsterGrpcClient(socket=str(socket))
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"code server of {project.name}", daemon=True)
        self._process: subprocess.Popen[bytes] | None = None
        self._groups: list[int] = []

    def start(self) -> None:
        """Starts it and watches it from now on. Raises what `Project.environment` does."""
        self._launch()
        self._thread.start()

    def answers(self) -> bool:
        """Whether it can be asked; that tells it, too, that somebody is there."""
        try:
            self._client.heartbeat("")
        except DagsterUserCodeUnreachableError:
            return False
        return True

    def leave(self) -> list[int]:
        """Tells it to end once its runs have ended. Returns the groups of processes that it, or one before, began."""
        self._ending.set()
        self._thread.join()
        try:
            self._client.shutdown_server()
        except DagsterUserCodeUnreachableError:
            if self._process is not None and self._process.poll() is None:
                self._process.terminate()
        if self._process is not None:
            # A process that has ended is still there until somebody takes note.
            threading.Thread(target=self._process.wait, daemon=True).start()
        return self._groups

    def _launch(self) -> None:
        # As its file says now: a key that was changed counts from here on.
        environment = self.project.environment(self._caller)
        call = [sys.executable, "-m", "dagster", "api", "grpc", "--socket", str(self.socket)]
        call += ["--module-name", "forge_jobs.definitions", "--attribute", "defs", "--empty-working-directory"]
        # What is wrong with one project is told where its code location is shown.
        call += ["--location-name", self.project.name, "--lazy-load-user-code", "--log-level", "warning"]
        call += ["--heartbeat", "--heartbeat-timeout", str(_ORPHANED_S)]
        self._process = subprocess.Popen(call, env=environment, stdin=subprocess.DEVNULL, start_new_session=True)
        self._groups.append(self._process.pid)

    def _keep(self) -> None:
        began, wait_s, heard = time.monotonic(), _LOOK_S, time.monotonic()
        while not self._ending.wait(_LOOK_S):
            now = time.monotonic()
            ended = self._process.poll() if self._process is not None else None
            if ended is None:
                if now - heard > _BEAT_S:
                    self.answers()
                    heard = now
                continue
            wait_s = _LOOK_S if now - began > _SOUND_S else min(2 * wait_s, _LONGEST_WAIT_S)
            self._say(f"the code server of {self.project.name} ended with {ended}; it is started again")
            if self._ending.wait(wait_s):
                return
            began = time.monotonic()
            try:
                self._launch()
            except ForgeError as error:
                self._say(f"{self.project.name}: {error}")


def write_workspace(file: Path, servers: Sequence[CodeServer]) -> None:
    """Writes where Dagster finds the projects: a code location of its name for each."""
    located = [
        {"grpc_server": {"location_name": server.project.name, "host": "localhost", "socket": str(server.socket)}}
        for server in servers
    ]
    text = "# Written by `forge project dev` whenever it starts.\n" + yaml.safe_dump({"load_from": located})
    file.write_text(text, encoding="utf-8")


def wait_until_they_answer(servers: Sequence[CodeServer], asked_to_end: threading.Event) -> list[CodeServer]:
    """Waits until all answer, or for `START_S`, or until this is to end. Returns those that do not."""
    until = time.monotonic() + START_S
    silent = [server for server in servers if not server.answers()]
    while silent and time.monotonic() < until and not asked_to_end.wait(_LOOK_S):
        silent = [server for server in silent if not server.answers()]
    return silent


def end_all(servers: Sequence[CodeServer]) -> None:
    """Ends them and their runs: those going on have a while to come to their end."""
    end_groups([group for server in servers for group in server.leave()])
