"""`forge dev`: the Dagster UI, the daemon and the sensors on this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import click

from forge_jobs.command.output import EXIT_DONE, EXIT_FAILED, people
from forge_jobs.instance import WORKSPACE, open_instance
from forge_jobs.recovery import end_runs_of_killed_processes
from forge_resources.settings import Settings
from forge_resources.store.files import is_local

_GRACE_S = 30.0
"""How long Dagster may take to stop, and how long what it leaves behind may: its code server outlives it until a run
that is going on has ended."""
_LAST_WORD_S = 10.0
"""How long what was then told to end may take, such as a run that records that it was stopped."""


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True, help="Port of the UI.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address the UI listens on.")
def dev(port: int, host: str) -> int:
    """Starts the Dagster UI, the daemon and the sensors, with the inbox watched. Ends with Ctrl-C."""
    settings = Settings.from_environment()
    console = people()
    with open_instance(settings) as instance:
        for run in end_runs_of_killed_processes(instance):
            console.print(f"run {run} was killed with its process; it is marked as failed")
    # What was relative to this folder must mean the same in every process started from here.
    os.environ["FORGE_INBOX"] = str(settings.inbox)
    os.environ["FORGE_STORE"] = str(settings.store)
    if is_local(settings.inbox):
        settings.inbox.mkdir(parents=True, exist_ok=True)
    console.print(f"UI      http://{host}:{port}")
    console.print(f"inbox   {settings.inbox}   (drop a brief here)")
    console.print(f"home    {settings.home}")
    dagster = Path(sys.executable).parent / "dagster"
    call = [str(dagster), "dev", "-w", str(WORKSPACE), "-p", str(port), "-h", host]
    asked_to_end = threading.Event()
    # Before Dagster starts: it must not inherit that SIGINT is ignored, as the background jobs of a script have it.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: asked_to_end.set())
    process = subprocess.Popen(call, start_new_session=True)
    while process.poll() is None:
        if asked_to_end.wait(timeout=0.5):
            _end(process)
    _end_what_is_left(process.pid)
    status = process.returncode
    return EXIT_DONE if status in (0, -signal.SIGINT, 128 + signal.SIGINT) else EXIT_FAILED


def _end(process: subprocess.Popen[bytes]) -> None:
    """Dagster stops its servers and its daemon in order on SIGINT; what does not go is killed."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=_GRACE_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _end_what_is_left(group: int) -> None:
    """Waits for what Dagster started and does not wait for itself; tells it to end, and makes it, when it does not."""
    if not _is_empty(group, _GRACE_S):
        os.killpg(group, signal.SIGTERM)
        if not _is_empty(group, _LAST_WORD_S):
            os.killpg(group, signal.SIGKILL)


def _is_empty(group: int, limit_s: float) -> bool:
    """Whether nothing of a process group is left within that time."""
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False
