"""How Forge bears many briefs and cells: ticks, definitions, the asset page, `forge stale`, the queue, the daemon.

The reference of each figure is the same act in small, in the same run: a tick with nothing to do, a deployment with a
hundred cells, the first runs of the queue beside the last.

    python bench/scale.py [--briefs N] [--cells N] [--stale-cells N] [--runs N] [--parts inbox cells queue]
                          [--database both] [--json]

All of it takes an hour and more: `--parts` measures some of it. `--runs 500` is the long form; the seconds a cell are
those of its first 200. PostgreSQL is a server of its own from the wheel of the dev extra.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import dagster as dg
import psutil
import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.measuring import median, show
from forge_jobs.definitions import build_defs
from forge_jobs.instance import CHECKOUT, WORKSPACE, open_instance
from forge_resources.settings import Settings
from forge_resources.studio import Studio

PROGRAMS = Path(sys.executable).parent
DEMO = CHECKOUT / "examples" / "briefs" / "aurora-launch.yaml"
PERSONAS = 10
TIMES = 3
DEADLINE_S = 5400.0
PARTS = ("inbox", "cells", "queue")
FLAT_OVER = 200  # The runs over which the key says that the queue is judged.
MEMORY_EVERY = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--briefs", type=int, default=1000)
    parser.add_argument("--cells", type=int, default=100_000)
    parser.add_argument("--stale-cells", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()

    databases = ["sqlite", "postgresql"] if wanted.database == "both" else [wanted.database]
    found: dict[str, dict[str, Any]] = {}
    for database in databases:
        with tempfile.TemporaryDirectory(prefix="forge-bench-") as folder, served(database) as environment:
            figures = found[database] = {}
            if "inbox" in wanted.parts:
                figures |= inbox(Path(folder) / "inbox-home", environment(), wanted.briefs)
                so_far(database, figures)
            if "cells" in wanted.parts:
                figures |= registered(Path(folder) / "cells-home", environment(), wanted.cells, wanted.stale_cells)
                so_far(database, figures)
            if "queue" in wanted.parts:
                figures |= queue(Path(folder) / "queue-home", environment(), wanted.runs)
                so_far(database, figures)
    figures = {**found[databases[0]], "database": databases[0]}
    figures |= {database: found[database] for database in databases[1:]}
    show(
        f"scale: {wanted.briefs} briefs, {wanted.cells} cells, {wanted.runs} runs",
        [row for database in databases for row in rows(database, found[database], wanted)],
        figures,
        wanted.json,
    )


def so_far(database: str, figures: dict[str, Any]) -> None:
    """The whole takes many minutes: what is known is told."""
    print(f"{database}: {json.dumps(figures)}", file=sys.stderr, flush=True)


def rows(database: str, figures: dict[str, Any], wanted: argparse.Namespace) -> list[tuple[str, str, str]]:
    told = defaultdict(lambda: "not measured", figures)
    table = [
        ("briefs_1000_tick_s", "s a tick", f"idle {told['idle_tick_s']} s; longest {told['longest_tick_s']} s"),
        ("cursor_bytes", "bytes of cursor", f"{told['ticks']} ticks for {wanted.briefs} briefs"),
        ("tick_mb", "MB more after them", "memory of the process that ticks"),
        ("definitions_load_s_100k", "s to load", f"{told['definitions_load_s_100']} s with 100 cells"),
        ("asset_page_s_100k", "s an asset page", f"{told['asset_page_s_100']} s with 100 cells"),
        ("stale_s_20k", "s of forge stale", f"{told['stale_cells']} cells; {told['stale_s_100']} s for 100"),
        ("queue_overhead_s_per_cell_200", "s a queued cell", f"first quarter {told['queue_first_s']} s, "
         f"last {told['queue_last_s']} s"),
        ("daemon_mb_end", "MB of daemon", f"{told['daemon_mb_start']} MB at the start"),
    ]  # fmt: skip
    return [
        (f"{database}: {name}", f"{figures[name]} {unit}", beside) for name, unit, beside in table if name in figures
    ]


@contextmanager
def served(database: str) -> Iterator[Callable[[], dict[str, str]]]:
    """Gives an environment that names an empty database, as often as one is asked for."""
    if database == "sqlite":
        yield dict
        return
    from tests.postgres_server import PostgresServer  # noqa: PLC0415 -- only where the dev extra is installed

    server = PostgresServer()
    try:
        yield server.new_database
    finally:
        server.remove()


@contextmanager
def deployment(home: Path, database: dict[str, str]) -> Iterator[Settings]:
    """A deployment of its own, with this process's environment naming it until the block ends."""
    before = dict(os.environ)
    kept = {name: value for name, value in before.items() if not name.startswith(("FORGE_", "DAGSTER_"))}
    os.environ.clear()
    os.environ.update({**kept, **database, "FORGE_HOME": str(home), "FORGE_INBOX": str(home / "briefs")})
    try:
        settings = Settings.from_environment()
        settings.inbox.mkdir(parents=True)
        yield settings
    finally:
        os.environ.clear()
        os.environ.update(before)


def inbox(home: Path, database: dict[str, str], briefs: int) -> dict[str, Any]:
    """Briefs dropped at once: seconds a tick, memory, size of the cursor. A tick is applied as by the daemon."""
    repository = build_defs().get_repository_def()
    sensor = repository.get_sensor_def("brief_inbox")
    seconds: list[float] = []
    with deployment(home, database) as settings, open_instance(settings) as instance:
        cursor: str | None = None

        def tick() -> tuple[float, int]:
            nonlocal cursor
            started = time.perf_counter()
            with dg.build_sensor_context(
                instance=instance,
                instance_ref=instance.get_ref(),
                cursor=cursor,
                repository_def=repository,
                sensor_name="brief_inbox",
                resources=repository.get_top_level_resources(),
            ) as context:
                data = sensor.evaluate_tick(context)
            for event in data.asset_events:
                instance.report_runless_asset_event(event)
            for request in data.dynamic_partitions_requests or ():
                instance.add_dynamic_partitions(request.partitions_def_name, list(request.partition_keys))
            cursor = data.cursor
            return time.perf_counter() - started, len(data.run_requests or ())

        tick()
        idle = median([tick()[0] for _ in range(TIMES)])
        document = yaml.safe_load(DEMO.read_text(encoding="utf-8"))
        for number in range(briefs):
            (home / "briefs" / f"brief-{number:05}.yaml").write_text(
                yaml.safe_dump({**document, "brief": f"brief-{number:05}"}, allow_unicode=True), encoding="utf-8"
            )
        time.sleep(1.5)  # A file that is younger may still be being copied.
        memory = psutil.Process().memory_info().rss
        while True:
            took, asked = tick()
            if not asked:
                break
            seconds.append(took)
        return {
            "briefs_1000_tick_s": median(seconds),
            "longest_tick_s": round(max(seconds), 3),
            "idle_tick_s": idle,
            "idle_tick_after_s": median([tick()[0] for _ in range(TIMES)]),
            "ticks": len(seconds),
            "cursor_bytes": len(cursor or ""),
            "tick_mb": round((psutil.Process().memory_info().rss - memory) / 2**20, 1),
        }


def registered(home: Path, database: dict[str, str], cells: int, stale_cells: int) -> dict[str, Any]:
    """Cells registered: load of definitions, asset page and `forge stale`, beside the same with a hundred."""
    figures: dict[str, Any] = {}
    with deployment(home, database) as settings, open_instance(settings) as instance:
        register(instance, 100)
        load, page = webserver(home)
        figures |= {"definitions_load_s_100": load, "asset_page_s_100": page}
        register(instance, cells)
        load, page = webserver(home)
        figures |= {"definitions_load_s_100k": load, "asset_page_s_100k": page}
        studio = Studio(settings)
        file_cells(studio, instance, 100)
        figures["stale_s_100"] = stale()
        figures["stale_cells"] = file_cells(studio, instance, stale_cells)
        figures["stale_s_20k"] = stale()
    return figures


def register(instance: dg.DagsterInstance, cells: int) -> None:
    instance.add_dynamic_partitions("persona", [f"persona-{number:02}" for number in range(PERSONAS)])
    markets = [
        f"brief-{number // 5:05}@{('en-GB', 'de-DE', 'fr-FR', 'es-ES', 'it-IT')[number % 5]}"
        for number in range(cells // PERSONAS)
    ]
    for start in range(0, len(markets), 5000):
        instance.add_dynamic_partitions("market", markets[start : start + 5000])


def file_cells(studio: Studio, instance: dg.DagsterInstance, cells: int) -> int:
    """Files briefs of the library's markets and personas until they have so many cells. Returns how many they have."""
    from upath import UPath  # noqa: PLC0415

    from forge_jobs.intake import announce, news_of  # noqa: PLC0415 -- beside its use
    from forge_resources.briefs.check import check_file  # noqa: PLC0415

    library = studio.library
    document = yaml.safe_load(DEMO.read_text(encoding="utf-8"))
    markets, personas = sorted(library.markets)[:50], sorted(library.personas)[:50]
    filed = sum(len(studio.filing.manifest(slug).cells) for slug in studio.filing.briefs())
    number = len(studio.filing.briefs())
    while filed < cells:
        some = markets[: max(1, min(len(markets), (cells - filed) // len(personas)))]
        lines = {"message": "Wake up.", "call_to_action": "Try it.", "selling_points": ["Light", "Warm", "Long"]}
        brief = {**document, "brief": f"many-{number:04}", "markets": some, "personas": personas, "exclude": [],
                 "copy": dict.fromkeys(some, lines)}  # fmt: skip
        place = studio.settings.home / f"{brief['brief']}.json"
        place.write_text(json.dumps(brief), encoding="utf-8")
        done = studio.filing.file(check_file(UPath(place), library, studio.profiles, store=studio.store), str(place))
        announce(instance, news_of(instance, done))
        filed += len(done.manifest.cells)
        number += 1
    return filed


def stale() -> float:
    """Seconds of `forge stale --json` as a command."""
    started = time.perf_counter()
    done = subprocess.run([str(PROGRAMS / "forge"), "stale", "--json"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return round(time.perf_counter() - started, 2)


def webserver(home: Path) -> tuple[float, float]:
    """Seconds until a webserver has the definitions, and of what the page of one asset asks of it (median)."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = time.perf_counter()
    with (home / "webserver.log").open("ab") as log:
        call = [str(PROGRAMS / "dagster-webserver"), "-w", str(WORKSPACE), "-p", str(port)]
        process = subprocess.Popen(call, stdout=log, stderr=log)
    try:
        while (
            not (answer := ask(port, _LOADED))
            or answer["workspaceOrError"]["locationEntries"][0]["loadStatus"] != "LOADED"
        ):
            time.sleep(0.2)
            if time.perf_counter() - started > 600 or process.poll() is not None:
                raise SystemExit((home / "webserver.log").read_text(encoding="utf-8")[-3000:])
        load = round(time.perf_counter() - started, 2)
        pages = []
        for _ in range(TIMES):
            started = time.perf_counter()
            answer = ask(port, _PAGE)
            if not answer or "partitionStats" not in answer["assetNodeOrError"]:
                raise SystemExit(f"the asset page was not answered: {answer}")
            pages.append(time.perf_counter() - started)
        return load, median(pages)
    finally:
        process.terminate()
        process.wait(timeout=60)


def ask(port: int, query: str) -> dict[str, Any] | None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        data=json.dumps({"query": query}).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=600) as response:
            answer: dict[str, Any] = json.load(response)
    except OSError:
        return None
    if "errors" in answer:
        raise SystemExit(str(answer["errors"])[:2000])
    data: dict[str, Any] = answer["data"]
    return data


_LOADED = "{ workspaceOrError { ... on Workspace { locationEntries { loadStatus } } } }"
_PAGE = """
{ assetNodeOrError(assetKey: {path: ["frames"]}) { ... on AssetNode {
  id partitionStats { numMaterialized numPartitions numFailed }
  partitionKeysByDimension { name partitionKeys }
  assetPartitionStatuses { ... on MultiPartitionStatuses { ranges { primaryDimStartKey primaryDimEndKey } } }
  assetMaterializations(limit: 5) { partition timestamp }
  dependencyKeys { path } dependedByKeys { path }
  assetChecksOrError { ... on AssetChecks { checks { name } } } } } }
"""


def megabytes(process: int) -> float:
    return round(psutil.Process(process).memory_info().rss / 2**20, 1)


def queue(home: Path, database: dict[str, str], runs: int) -> dict[str, Any]:
    """Cells that make nothing through queue, daemon and launcher: seconds from one end to the next, and memory."""
    with deployment(home, database) as settings, open_instance(settings) as instance:
        workspace = home / "workspace.yaml"
        location = {"module_name": "bench.queued_cells", "working_directory": str(CHECKOUT), "location_name": "bench"}
        workspace.write_text(yaml.safe_dump({"load_from": [{"python_module": location}]}), encoding="utf-8")
        register(instance, 10 * max(PERSONAS, runs))
        os.environ["FORGE_BENCH_RUNS"] = str(runs)
        with (home / "dev.log").open("ab") as log:
            daemon = subprocess.Popen(
                [str(PROGRAMS / "dagster-daemon"), "run", "-w", str(workspace)], stdout=log, stderr=log
            )
        try:
            memory: dict[int, float] = {}
            until = time.monotonic() + DEADLINE_S
            done = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
            while (ended := instance.get_runs_count(dg.RunsFilter(statuses=done))) < runs:
                if ended:
                    memory[ended] = megabytes(daemon.pid)
                if time.monotonic() > until or daemon.poll() is not None:
                    raise SystemExit((home / "dev.log").read_text(encoding="utf-8")[-3000:])
                time.sleep(1)
            memory[ended] = megabytes(daemon.pid)
            stats = sorted(
                (instance.get_run_stats(run.run_id) for run in instance.get_runs()), key=lambda one: one.end_time or 0.0
            )
            failed = instance.get_runs_count(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))
            if failed:
                raise SystemExit(f"{failed} runs failed: {(home / 'dev.log').read_text(encoding='utf-8')[-3000:]}")
            ends = [one.end_time or 0.0 for one in stats]
            each = [later - earlier for earlier, later in pairwise(ends)]
            quarter = max(1, len(each) // 4)
            seen = list(memory)
            return {
                "queue_overhead_s_per_cell_200": round(statistics.median(each[: FLAT_OVER - 1]), 3),
                "queue_first_s": round(statistics.median(each[:quarter]), 3),
                "queue_last_s": round(statistics.median(each[-quarter:]), 3),
                "queued_runs": runs,
                "daemon_mb_start": memory[seen[0]],
                "daemon_mb_end": memory[seen[-1]],
                "daemon_mb_longest": max(memory.values()),
                "daemon_mb_by_runs": {
                    number: memory[next(count for count in seen if count >= number)]
                    for number in range(MEMORY_EVERY, runs + 1, MEMORY_EVERY)
                },
            }
        finally:
            daemon.terminate()
            daemon.wait(timeout=60)
            shutil.rmtree(home / "history", ignore_errors=True)


if __name__ == "__main__":
    main()
