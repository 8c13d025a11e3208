"""What the worker costs and saves: pictures through it beside a bare loop, a second run, fresh processes, a restart.

The reference is the pipeline of diffusers called in a loop of this process, with nothing around it. Models are tiny,
with random weights, so that what is measured is not the model. With a GPU, a full-size SDXL with random weights is
measured too: seconds to load, memory before, peak and after, seconds to start again after SIGKILL.

    python bench/worker.py [--pictures N] [--rounds N] [--no-queue] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.measuring import median, show
from bench.painting import BareLoop, models_on_a_shelf, recipe
from forge_resources.gpu.client import WorkerHost
from forge_resources.gpu.hosts import Answer, Host, InlineHost, Order, finish
from forge_resources.gpu.limits import has_gpu
from forge_resources.imaging.diffusion.engine import DiffusionArtist
from forge_resources.imaging.diffusion.finishing import fit_to_plate, read_rough, write_plate

ONE_RUN = "from bench.worker import one_run; one_run()"
ONE_PICTURE = "from bench.worker import one_picture; one_picture()"
ROOT = Path(__file__).parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=20, help="pictures beside each other in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-queue", action="store_true", help="leave out the brief of six cells, which takes minutes")
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()

    folder = Path(tempfile.mkdtemp(prefix="forge-bench-", dir="/tmp"))
    models, environment = models_on_a_shelf()
    os.environ |= {**environment, "FORGE_GPU_HOST": "worker", "FORGE_RUNTIME": str(folder / "run")}
    if lacks := DiffusionArtist().lacks():
        raise SystemExit("; ".join(f"lacks {lack.what}: {lack.remedy}" for lack in lacks))
    host = WorkerHost()
    try:
        figures = measured(host, models[0], folder, wanted.pictures, wanted.rounds)
        if not wanted.no_queue:
            from bench.six_cells import loads_over_models  # noqa: PLC0415 -- Dagster, which the rest does without

            figures |= loads_over_models(folder, host)
        if has_gpu():
            from bench.full_size import full_size  # noqa: PLC0415 -- needs a GPU

            figures |= full_size(folder, host)
    finally:
        host.stop(now=True)
        shutil.rmtree(folder, ignore_errors=True)
    show(f"worker, median of {wanted.rounds} × {wanted.pictures}", rows_of(figures), figures, wanted.json)


def measured(host: WorkerHost, model: str, folder: Path, pictures: int, rounds: int) -> dict[str, Any]:
    """Everything that needs neither queue nor GPU. The two of a pair take turns."""
    bare = BareLoop(model)
    equal = True
    ours, reference, encoding, drawing = [], [], [], []
    for number in range(3):
        whole(host, order_of(model, number, folder / "warm.ppm"), folder / "warm.png")
        bare.picture(number, folder / "warm.png")
    for number in range(pictures * rounds):
        here, there = folder / "here.png", folder / "there.png"
        seconds, encoded = bare.picture(number, here)
        reference.append(seconds)
        encoding.append(encoded)
        drawn = drawn_and_read(host, order_of(model, number, folder / "there.ppm"), there)
        drawing.append(drawn[0] - (seconds - encoded))
        ours.append(drawn[1])
        equal = equal and here.read_bytes() == there.read_bytes()
    steady = median(ours)
    second = [child_said(ONE_RUN, model, folder) for _ in range(rounds)]
    fresh = [timed(lambda: child_said(ONE_PICTURE, model, folder)) for _ in range(rounds)]
    again = [restart(host, model) for _ in range(rounds)]
    return {
        "overhead_ms_per_picture": round(median(drawing) * 1000, 2),
        "bit_equal": equal,
        "worker_over_bare": round(median([one / other for one, other in zip(ours, reference, strict=True)]), 3),
        "bare_s": median(reference),
        "encode_s": median(encoding),
        "picture_s": steady,
        "second_run_loads": max(run["loads"] for run in second),
        "second_run_first_over_steady": round(median([run["first_s"] / run["steady_s"] for run in second]), 3),
        "fresh_process_s": median(fresh),
        "fresh_process_over_worker": round(median(fresh) / steady, 1),
        "restart_s": median(again),
        "pictures": pictures * rounds,
    }


def whole(host: Host, order: Order, target: Path) -> Answer:
    """A plate through a host: drawn there, and finished here."""
    answer = host.make(order)
    finish(order, target)
    return answer


def drawn_and_read(host: Host, order: Order, target: Path) -> tuple[float, float]:
    """A plate through a host, as `whole` makes it. Returns the seconds until the pixels are here, and those of all."""
    started = time.perf_counter()
    host.make(order)
    picture = read_rough(order.target)
    here = time.perf_counter()
    parameters: Any = order.parameters
    write_plate(fit_to_plate(picture, (parameters.plate_width, parameters.plate_height)), target)
    ended = time.perf_counter()
    return here - started, ended - started


def order_of(model: str, seed: int, target: Path) -> Order:
    """One picture, as a run asks for it."""
    return Order(DiffusionArtist(), recipe(model, seed), {}, target)


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def child_said(code: str, model: str, folder: Path) -> dict[str, Any]:
    """What a process of its own measured, as it prints it."""
    done = subprocess.run(
        [sys.executable, "-c", code, model, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def one_run() -> None:
    """A run of its own process: its first picture beside the others, and the loads that it caused."""
    model, folder = sys.argv[1], Path(sys.argv[2])
    host = WorkerHost()
    seconds, loads = [], 0
    for order in [order_of(model, 1000 + number, folder / "run.ppm") for number in range(12)]:
        started = time.perf_counter()
        answer = whole(host, order, folder / "run.png")
        seconds.append(time.perf_counter() - started)
        loads += answer.usage.loads if answer.usage else 0
    print(json.dumps({"first_s": seconds[0], "steady_s": median(seconds[1:]), "loads": loads}))


def one_picture() -> None:
    """A picture in a process of its own, which imports and loads all that it needs."""
    model, folder = sys.argv[1], Path(sys.argv[2])
    whole(InlineHost(), order_of(model, 1, folder / "fresh.ppm"), folder / "fresh.png")
    print("{}")


def restart(host: WorkerHost, model: str) -> float:
    """Seconds from SIGKILL until a new process has loaded the model."""
    status = host.status()
    assert status is not None
    started = time.perf_counter()
    os.kill(status["child"]["pid"], signal.SIGKILL)
    host.warm(DiffusionArtist(), model)
    return time.perf_counter() - started


def rows_of(figures: dict[str, Any]) -> list[tuple[str, str, str]]:
    rows = [
        (
            "bare loop, per picture",
            f"{figures['bare_s'] * 1000:.1f} ms",
            f"{figures['encode_s'] * 1000:.1f} ms to encode",
        ),
        (
            "worker, per picture",
            f"{figures['picture_s'] * 1000:.1f} ms",
            f"{figures['overhead_ms_per_picture']:+.1f} ms, both without encoding; "
            f"bytes {'equal' if figures['bit_equal'] else 'DIFFER'}",
        ),
        (
            "second run, first picture",
            f"{figures['second_run_first_over_steady']:.2f} × steady",
            f"{figures['second_run_loads']} loads",
        ),
        (
            "fresh process per picture",
            f"{figures['fresh_process_s']:.1f} s",
            f"{figures['fresh_process_over_worker']:.0f} × the worker",
        ),
        ("after SIGKILL, until the model is warm", f"{figures['restart_s']:.2f} s", "fork, load"),
    ]
    if "loads_over_models" in figures:
        rows.append(
            ("six cells through the queue", f"{figures['queue_loads']} loads", f"{figures['queue_models']} models")
        )
    rows += [
        (name.replace("_", " "), f"{value}", "full-size SDXL") for name, value in figures.items() if "sdxl" in name
    ]
    return rows


if __name__ == "__main__":
    main()
