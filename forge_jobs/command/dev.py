"""`forge dev`: the Dagster UI, the daemon and the sensors on this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import click

from forge_jobs.command.output import EXIT_DONE, EXIT_FAILED, people, ui_host_option, ui_port_option
from forge_jobs.instance import WORKSPACE, open_instance
from forge_jobs.process_groups import end_groups, end_process
from forge_jobs.recovery import end_runs_of_killed_processes
from forge_resources.errors import InvalidInput
from forge_resources.settings import Settings, project_of
from forge_resources.store.files import is_local


@click.command()
@ui_port_option
@ui_host_option
def dev(port: int, host: str) -> int:
    """Starts the Dagster UI, the daemon and the sensors, with the inbox watched. Ends with Ctrl-C."""
    settings = Settings.from_environment()
    if project := project_of(os.environ):
        raise InvalidInput(
            f"{project} is one code location of a workspace.", remedy="Start the whole workspace: forge project dev"
        )
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
    return run_dagster(WORKSPACE, port, host, asked_to_end())


def asked_to_end() -> threading.Event:
    """Set once somebody asks this process to end. Made before Dagster is started: it must not inherit that SIGINT is
    ignored, as the background jobs of a script have it."""
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: asked.set())
    return asked


def run_dagster(workspace: Path, port: int, host: str, asked: threading.Event) -> int:
    """Webserver and daemon until somebody asks for their end. Returns the exit status of the command."""
    dagster = Path(sys.executable).parent / "dagster"
    call = [str(dagster), "dev", "-w", str(workspace), "-p", str(port), "-h", host]
    process = subprocess.Popen(call, start_new_session=True)
    while process.poll() is None:
        if asked.wait(timeout=0.5):
            end_process(process)
    end_groups([process.pid])
    status = process.returncode
    return EXIT_DONE if status in (0, -signal.SIGINT, 128 + signal.SIGINT) else EXIT_FAILED
