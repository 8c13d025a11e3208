"""`forge dev` as a person starts it, for tests: its own session, a free port, what it says kept in a file."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

FORGE = str(Path(sys.executable).parent / "forge")


def wait_for(
    what: str, look: Callable[[], T | None], limit_s: float, alive: Callable[[], str], every_s: float = 0.5
) -> T:
    """Looks until there is something. Fails with what the house said last when the limit is over or it has ended."""
    until = time.monotonic() + limit_s
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < until, f"{what}: not within {limit_s:g} s\n{alive()}"
        alive()
        time.sleep(every_s)


class RunningHouse:
    """The UI, the daemon and the sensors of one deployment, in processes of their own."""

    call = ("dev",)
    mark = "FORGE_HOME"
    """The variable that every process of it has, and no other."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self.inbox = Path(environment["FORGE_INBOX"])
        self.environment = dict(environment)
        self._log = log
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start()

    def start(self) -> None:
        """Starts it, on the port it had if it ran before."""
        with self._log.open("ab") as said:
            self.process = subprocess.Popen(
                [FORGE, *self.call, "--port", str(self.port)],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        """The end of what it said. Fails where it has ended by itself."""
        tail = self._log.read_text(encoding="utf-8", errors="replace")[-6000:]
        assert self.process.poll() is None, f"forge {' '.join(self.call)} ended with {self.process.returncode}\n{tail}"
        return tail

    def has_said(self, words: str) -> bool:
        """Whether that is anywhere in what it said."""
        return words in self._log.read_text(encoding="utf-8", errors="replace")

    def wait(self, what: str, look: Callable[[], T | None], limit_s: float = 300.0, every_s: float = 0.5) -> T:
        return wait_for(what, look, limit_s, self.said, every_s)

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Asks the webserver by GraphQL, as the UI does."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql",
            data=json.dumps({"query": query, "variables": variables}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def serves(self) -> dict[str, Any] | None:
        """The code location once it is loaded; None while nobody answers."""
        return next(iter(self.locations().values()), None)

    def locations(self) -> dict[str, dict[str, Any]]:
        """The code locations that are loaded, by name; none while nobody answers."""
        try:
            workspace = self.ask(_WORKSPACE)["workspaceOrError"]
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return {}
        found: dict[str, dict[str, Any]] = {}
        for entry in workspace["locationEntries"]:
            loaded = entry["locationOrLoadError"] or {}
            assert loaded.get("__typename") != "PythonError", loaded
            if entry["loadStatus"] == "LOADED" and loaded:
                found[entry["name"]] = loaded
        return found

    def runs(self, **tags: str) -> list[dict[str, Any]]:
        """The runs with these tags, newest first. `__` stands for the `/` of a tag's name."""
        wanted = [{"key": name.replace("__", "/"), "value": value} for name, value in tags.items()]
        found: list[dict[str, Any]] = self.ask(_RUNS, filter={"tags": wanted})["runsOrError"]["results"]
        return found

    def ended(self, run_id: str) -> dict[str, Any] | None:
        """A run once it has ended."""
        # Its steps are put together from all of its events, and so are not asked for twice a second.
        if self.ask(_STATUS, run=run_id)["runOrError"]["status"] not in ("SUCCESS", "FAILURE", "CANCELED"):
            return None
        run: dict[str, Any] = self.ask(_RUN, run=run_id)["runOrError"]
        return run

    def launch(
        self, job: str, tags: Mapping[str, str], config: Mapping[str, Any] | None = None, location: str = "forge"
    ) -> str:
        """Puts a job for one cell into the queue. Returns the run's id."""
        selector = {
            "repositoryLocationName": location,
            "repositoryName": "__repository__",
            "jobName": job,
        }
        parameters = {
            "selector": selector,
            "runConfigData": dict(config or {}),
            "mode": "default",
            "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in tags.items()]},
        }
        launched = self.ask(_LAUNCH, parameters=parameters)["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return str(launched["run"]["runId"])

    def rerun_from_failure(self, run_id: str) -> str:
        """What the button `Re-execute from failure` does. Returns the new run's id."""
        parameters = {"parentRunId": run_id, "strategy": "FROM_FAILURE"}
        launched = self.ask(_RERUN, parameters=parameters)["launchRunReexecution"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return str(launched["run"]["runId"])

    def terminate(self, run_id: str) -> None:
        """What the button `Terminate` does."""
        ended = self.ask(_TERMINATE, run=run_id)["terminateRun"]
        assert ended["__typename"] == "TerminateRunSuccess", ended

    def processes(self) -> dict[int, str]:
        """Every process of this machine that was started for this deployment: id and command line."""
        marker = f"{self.mark}={self.environment[self.mark]}".encode()
        found = {}
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit() or int(folder.name) == os.getpid():
                continue
            try:
                if marker in (folder / "environ").read_bytes().split(b"\0"):
                    found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue  # It has ended, or belongs to somebody else.
        return found

    def stop(self) -> int:
        """Sends SIGTERM, as a service manager does. Returns the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def kill(self) -> None:
        """Kills all of it at once, as a power cut does."""
        while left := self.processes():
            for process in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            self.process.wait(timeout=60)


_WORKSPACE = """
{ workspaceOrError { __typename ... on Workspace { locationEntries { name loadStatus locationOrLoadError {
  __typename
  ... on PythonError { message }
  ... on RepositoryLocation { name repositories { name jobs { name } sensors { name sensorState { status } } } }
} } } ... on PythonError { message } } }
"""
_RUNS = """
query ($filter: RunsFilter!) { runsOrError(filter: $filter) { ... on Runs { results {
  runId status jobName tags { key value } } } } }
"""
_STATUS = """
query ($run: ID!) { runOrError(runId: $run) { __typename ... on Run { status } } }
"""
_RUN = """
query ($run: ID!) { runOrError(runId: $run) { __typename ... on Run {
  runId status jobName stepStats { stepKey status } tags { key value } } } }
"""
_LAUNCH = """
mutation ($parameters: ExecutionParams!) { launchRun(executionParams: $parameters) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
  ... on InvalidSubsetError { message } ... on RunConfigValidationInvalid { errors { message } } } }
"""
_RERUN = """
mutation ($parameters: ReexecutionParams!) { launchRunReexecution(reexecutionParams: $parameters) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message stack }
  ... on RunConfigValidationInvalid { errors { message } } } }
"""
_TERMINATE = """
mutation ($run: String!) { terminateRun(runId: $run) { __typename ... on TerminateRunFailure { message }
  ... on PythonError { message } } }
"""
