"""`forge gpu`: how the device's worker is, what is loaded, and telling it to load or to leave."""

from __future__ import annotations

import click

from forge_jobs.command.output import EXIT_DONE, json_option, people, print_json, print_table
from forge_jobs.command.serving import serve as serve_app
from forge_jobs.consumption import of_cells, total
from forge_jobs.instance import open_instance
from forge_jobs.monitoring.worker_health import worker_health
from forge_resources.engines.contract import Engine
from forge_resources.engines.registry import engines
from forge_resources.errors import Conflict, NotFound
from forge_resources.gpu.choice import host_of_deployment
from forge_resources.gpu.client import WorkerHost
from forge_resources.gpu.limits import chosen_host
from forge_resources.gpu.metrics import exposition
from forge_resources.gpu.ray_host import RayHost
from forge_resources.progress import Progress, listening, steps_of
from forge_resources.settings import Settings
from forge_resources.studio import Studio


@click.group()
def gpu() -> None:
    """The worker that keeps models warm on the device of this machine.

    It is started by the first run that needs it (FORGE_GPU_HOST=worker, the default where there is a GPU) and leaves
    when it is idle.
    """


@gpu.command()
@json_option
@click.option("--metrics", is_flag=True, help="Print counters in the text format of Prometheus instead.")
def status(as_json: bool, metrics: bool) -> int:
    """How the worker is: device, memory, loaded models, queue, and what it has done."""
    host = host_of_deployment()
    if isinstance(host, RayHost):
        return _status_of_actor(host, as_json)
    worker = WorkerHost()
    found = worker.status()
    if metrics:
        click.echo(exposition(worker.device, found), nl=False)
        return EXIT_DONE
    report = {"host": chosen_host(), "device": worker.device, "running": found is not None, **(found or {})}
    report.pop("say", None)
    if as_json:
        print_json(report)
        return EXIT_DONE
    if found is None:
        print_table(["what", "is"], [("host", report["host"]), ("device", worker.device), ("worker", "not running")])
        return EXIT_DONE
    totals, current, child = found["totals"], found["current"], found["child"]
    rows = [
        ("host", report["host"]),
        ("device", f"{found['device']}{', ' + found['note'] if found['note'] else ''}"),
        ("health", found["trouble"] or "good"),
        ("worker", f"process {found['pid']}, up {found['uptime_s']:.0f} s, idle {found['idle_s']:.0f} s"),
        ("child", _child(child) if child else "none"),
        ("now", f"{current['label']}, {current['phase']}, {current['seconds']:.0f} s" if current else "nothing"),
        ("waiting", ", ".join(found["queue"]) or "nobody"),
        *((f"model {model['model']}", _size(model["bytes"], model["on_device"])) for model in found["models"]),
        (
            "jobs",
            f"{totals['jobs']} done, {sum(totals['failures'].values())} failed {totals['failures'] or ''}".strip(),
        ),
        ("models", f"{totals['loads']} loads, {totals['hits']} hits, {totals['evictions']} evictions"),
        ("processes", f"{totals['processes']} started, {totals['leaks']} replaced for what they left"),
        ("energy", f"{totals['gpu_seconds']:.1f} GPU s, {totals['joules']:.0f} J"),
        ("log", found["log"]),
    ]
    print_table(["what", "is"], rows)
    return EXIT_DONE


@gpu.command()
@click.option("--now", is_flag=True, help="Stop what is going on; without it, what waits is done first.")
def stop(now: bool) -> int:
    """Has the worker leave, and waits until it has. The next run that needs it starts another one."""
    host = host_of_deployment()
    told = host.stop() if isinstance(host, RayHost) else WorkerHost().stop(now=now)
    people().print("the worker has left" if told else "no worker is running")
    return EXIT_DONE


def _status_of_actor(host: RayHost, as_json: bool) -> int:
    found = host.status()
    report = {"host": host.name, "actor": host.actor_name, "running": found is not None, **(found or {})}
    if as_json:
        print_json(report)
        return EXIT_DONE
    models = report.pop("models", [])
    rows = [*report.items(), *((f"model {one['model']}", _size(one["bytes"], one["on_device"])) for one in models)]
    print_table(["what", "is"], rows)
    return EXIT_DONE


@gpu.command()
@click.option("--port", type=click.IntRange(1, 65535), default=9465, show_default=True, help="Port to listen on.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
def serve(port: int, host: str) -> int:
    """Serves /healthz, /readyz and /metrics of the worker of this machine. Ends with Ctrl-C; the worker stays."""
    worker = WorkerHost()
    people().print(f"worker  http://{host}:{port}/readyz")
    return serve_app(worker_health(worker.status, worker.device), host, port)


@gpu.command()
@click.argument("model")
@json_option
def warm(model: str, as_json: bool) -> int:
    """Loads MODEL, so that the first picture does not wait for it."""
    engine = _engine_with(model)
    host = host_of_deployment()
    if not isinstance(host, WorkerHost):
        raise Conflict(
            f"Engines run `{host.name}` here, so no worker would use what it loads.",
            remedy="Set FORGE_GPU_HOST=worker.",
        )
    console = people()

    def show(progress: Progress) -> None:
        console.print(f"  {progress.note}")

    with listening(show):
        steps_of("", "warm")
        usage = host.warm(engine, model)
    if as_json:
        print_json({"model": model, "engine": engine.name, **usage.model_dump(mode="json")})
    else:
        said = f"loaded in {usage.load_seconds:.1f} s" if usage.loads else "was warm already"
        console.print(f"{model} {said}; models take {usage.cache_bytes / 1e9:.2f} GB")
    return EXIT_DONE


@gpu.command()
@click.argument("brief")
@json_option
def usage(brief: str, as_json: bool) -> int:
    """Time and energy of the device that each cell of BRIEF has taken so far, reruns included, and the brief in all."""
    settings = Settings.from_environment()
    cells = Studio(settings).filing.manifest(brief).cells
    with open_instance(settings) as instance:
        counts = of_cells(instance, cells)
    whole = total(counts.values())
    if as_json:
        listed = [
            {"market": cell.market, "persona": cell.persona, **count.model_dump(mode="json")}
            for cell, count in counts.items()
        ]
        print_json({"brief": brief, "cells": listed, "total": whole.model_dump(mode="json")})
        return EXIT_DONE
    rows = [(f"{cell.market} × {cell.persona}", count) for cell, count in counts.items()]
    print_table(
        ["cell", "GPU s", "J", "engine s", "loads", "note"],
        (
            (
                name,
                f"{count.seconds:.1f}",
                f"{count.joules:.0f}",
                f"{count.engine_seconds:.1f}",
                count.loads,
                count.note,
            )
            for name, count in [*rows, ("in all", whole)]
        ),
    )
    return EXIT_DONE


def _engine_with(model: str) -> Engine:
    heavy = [engine for engine in engines() if engine.device_bound]
    for engine in heavy:
        if model in engine.models():
            return engine
    known = sorted({name for engine in heavy for name in engine.models()})
    raise NotFound(
        f"No engine here has a model `{model}`.",
        remedy=f"Known: {', '.join(known)}."
        if known
        else "None is installed: forge models list, forge models download.",
    )


def _child(child: dict[str, int]) -> str:
    device, host = (child[name] / 1e9 for name in ("device_bytes", "host_bytes"))
    return f"process {child['pid']}, {device:.2f} GB of the device, {host:.2f} GB of the machine"


def _size(size: int, on_device: bool) -> str:
    return f"{size / 1e9:.2f} GB{'' if on_device else ', demoted to host memory'}"
