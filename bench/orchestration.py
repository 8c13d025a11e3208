"""What orchestration costs: `forge run` beside the bare engine calls, and the queue beside the runs in it.

The reference is every act of making that the brief needs, called on the engines one after the other, with nothing
around them: no Dagster, no store, no lookup. `forge run` starts from an empty home each time, as a command of its own.

    python bench/orchestration.py [--brief FILE] [--rounds N] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import dagster as dg
from upath import UPath

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.measuring import median, show
from forge_jobs.instance import open_instance
from forge_resources.engines.registry import engine
from forge_resources.settings import Settings
from forge_resources.store.artefacts import MadeRecord

FORGE = str(Path(sys.executable).parent / "forge")
DEMO = Path(__file__).parents[1] / "examples" / "briefs" / "aurora-launch.yaml"
DEADLINE_S = 900.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brief", type=Path, default=DEMO)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()

    bare: list[float] = []
    run: list[float] = []
    unchanged: list[float] = []
    acts = cells = 0
    with tempfile.TemporaryDirectory(prefix="forge-bench-") as folder:
        model = Path(folder) / "model"
        forge_run(wanted.brief, model)  # Not counted: it tells which acts of making the brief needs.
        records = acts_of(model)
        acts = len(records)
        for number in range(wanted.rounds):
            bare.append(bare_calls(records, model))
            home = Path(folder) / f"home-{number}"
            seconds, cells = forge_run(wanted.brief, home)
            run.append(seconds)
            unchanged.append(forge_run(wanted.brief, home)[0])
            shutil.rmtree(home)
        queue = [queue_overhead(wanted.brief, Path(folder) / f"queue-{number}") for number in range(wanted.rounds)]

    figures = {
        "run_over_bare": round(median([one / other for one, other in zip(run, bare, strict=True)]), 3),
        "queue_overhead_s_per_cell": median(queue),
        "unchanged_run_s": median(unchanged),
        "bare_s": median(bare),
        "run_s": median(run),
        "acts_of_making": acts,
        "cells": cells,
        "rounds": wanted.rounds,
    }
    rows = [
        ("bare calls of engines and renderer", f"{figures['bare_s']:.1f} s", f"{acts} acts of making, {cells} cells"),
        ("forge run, empty home", f"{figures['run_s']:.1f} s", f"{figures['run_over_bare']:.2f} × the bare calls"),
        ("forge run, nothing changed", f"{figures['unchanged_run_s']:.1f} s", "in all, start of Python included"),
        (
            "queue, per cell",
            f"{figures['queue_overhead_s_per_cell']:.1f} s",
            "from enqueued to done, less the time in its steps",
        ),
    ]
    show(f"orchestration of {wanted.brief.name}, median of {wanted.rounds}", rows, figures, wanted.json)


def forge_run(brief: Path, home: Path) -> tuple[float, int]:
    """Wall seconds of `forge run` as a command of its own, and the cells it delivered."""
    started = time.perf_counter()
    done = subprocess.run(
        [FORGE, "run", str(brief), "--json"], env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    seconds = time.perf_counter() - started
    report = json.loads(done.stdout)
    if not report["ok"]:
        raise SystemExit(f"{brief} was not delivered: {report}")
    return seconds, len(report["cells"])


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FORGE_", "DAGSTER_"))}
    return {**kept, "FORGE_HOME": str(home), "FORGE_INBOX": str(home / "inbox")}


def acts_of(home: Path) -> list[MadeRecord]:
    """Every act of making that filled a store."""
    return [
        MadeRecord.model_validate_json(path.read_bytes()) for path in sorted((home / "store/recipes").rglob("*.json"))
    ]


def bare_calls(records: list[MadeRecord], home: Path) -> float:
    """Wall seconds of making everything again by calling the engines and nothing else."""
    objects = {path.name.split(".")[0]: path for path in (home / "store/objects").rglob("*") if path.suffix != ".json"}
    objects |= {
        path.name.split(".")[0]: path
        for path in (home / "store/objects").rglob("*.json")
        if not path.name.endswith(".recipe.json")
    }
    calls = []
    for record in records:
        recipe = record.recipe
        maker = engine(recipe.kind, recipe.engine)
        sources = {name: objects[sha256] for name, sha256 in recipe.sources.items()}
        calls.append((maker, maker.Parameters.model_validate(recipe.parameters), sources))
    # A signature is made with the certificate of its deployment.
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, environment(home)):
        started = time.perf_counter()
        for maker, parameters, sources in calls:
            maker.make(parameters, sources, Path(folder) / f"made{maker.suffix}")
        return time.perf_counter() - started


def queue_overhead(brief: Path, home: Path) -> float:
    """Seconds a cell costs in the queue beyond the work of its steps, by inbox, daemon and run launcher."""
    inbox = home / "inbox"
    inbox.mkdir(parents=True)
    with serving(home):
        shutil.copy(brief, inbox / brief.name)
        settings = Settings.from_environment(environment(home))
        with open_instance(settings) as instance:
            runs = wait_for_runs(instance, home)
            first = min(stats.enqueued_time or stats.launch_time or 0.0 for stats in runs.values())
            last = max(stats.end_time or 0.0 for stats in runs.values())
            worked = sum(time_in_steps(instance, run_id) for run_id in runs)
    return (last - first - worked) / len(runs)


def wait_for_runs(instance: dg.DagsterInstance, home: Path) -> dict[str, dg.DagsterRunStatsSnapshot]:
    """The statistics of all runs, once every one that the inbox asked for has ended."""
    deadline = time.monotonic() + DEADLINE_S
    manifests = UPath(home / "store" / "documents" / "manifest")
    while time.monotonic() < deadline:
        runs = instance.get_runs()
        if runs and manifests.exists() and all(run.is_finished for run in runs):
            failed = [run.run_id for run in runs if not run.is_success]
            if failed:
                raise SystemExit(f"runs failed: {failed}")
            return {run.run_id: instance.get_run_stats(run.run_id) for run in runs}
        time.sleep(0.5)
    raise SystemExit("the queue did not finish in time")


def time_in_steps(instance: dg.DagsterInstance, run_id: str) -> float:
    """Seconds between the first step's start and the last step's end of one run."""
    steps = instance.get_run_step_stats(run_id)
    return max(step.end_time or 0.0 for step in steps) - min(step.start_time or 0.0 for step in steps)


@contextmanager
def serving(home: Path, more: Mapping[str, str] | None = None) -> Iterator[None]:
    """`forge dev` in a home of its own, until the block ends. `more` are variables beside those of every bench."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (home / "dev.log").open("wb")
    process = subprocess.Popen(
        [FORGE, "dev", "--port", str(port)],
        env=environment(home) | dict(more or {}),
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        log.close()


if __name__ == "__main__":
    main()
