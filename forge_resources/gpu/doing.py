"""Doing a job in this process: loading its engine, having it make, and putting what comes of it into words.

What belongs here: from a request to its answer, both as JSON values; whatever goes wrong becomes an answer. What does
not: processes and connections (see `child`, `ray_desk`).
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from forge_resources.engines.contract import Engine, Facts
from forge_resources.errors import EngineFailed, Fault, ForgeError, InvalidInput, Unavailable
from forge_resources.gpu.budget import device_memory, settle
from forge_resources.gpu.hosts import Order, failure_of
from forge_resources.gpu.protocol import Job, Make, Warm
from forge_resources.gpu.residence import process_cache
from forge_resources.gpu.steps import Cancelled, Watch, watched
from forge_resources.schemas.types import Document


def do(job: Job, watch: Watch) -> dict[str, Any]:
    """Does a job and says what came of it: `made` with facts, or `failed`; and what the cache did and holds."""
    watch.phase = "import"
    cache = process_cache()
    before = cache.counts()
    try:
        with _environment(job.environment, job.folder), _threads(job.threads), watched(watch), cache.job():
            facts = _warm(job, watch) if job.ask == "warm" else _make(job, watch)
        # Here, because a value that is no JSON is the engine's fault and must not end this process.
        answer = {"say": "made", "facts": json.loads(json.dumps(facts))}
    except OSError as error:
        answer = {"say": "failed", "os_error": [error.errno, error.strerror, error.filename]}
    except ForgeError as error:
        answer = as_message(error)
    except (TypeError, ValueError) as error:
        answer = as_message(EngineFailed(f"The engine's facts are no JSON: {error}."))
    settle()
    return {
        **answer,
        "phase": watch.phase,
        "memory": device_memory(),
        "cache": asdict(cache.counts().since(before)),
        "models": [[str(key), size, on_device] for key, size, on_device in cache.models()],
    }


def _make(job: Make, watch: Watch) -> Facts:
    engine = engine_at(job.engine)
    try:
        parameters = engine.Parameters.model_validate(job.parameters)
    except ValidationError as error:
        raise InvalidInput(
            f"These are no parameters of the {engine.kind} engine `{engine.name}`.",
            faults=[Fault(".".join(map(str, one["loc"])), one["msg"]) for one in error.errors()],
        ) from None
    sources = {name: Path(place) for name, place in job.sources.items()}
    if lost := [str(place) for place in sources.values() if not place.is_file()]:
        raise InvalidInput(f"There is no source {', '.join(lost)}.")
    order = Order(engine, parameters, sources, Path(job.target))
    try:
        return engine.make(parameters, sources, order.target)
    except (ForgeError, OSError):
        raise
    except Exception as error:
        raise failure_of(order, error, watch) from error


def _warm(job: Warm, watch: Watch) -> Facts:
    engine = engine_at(job.engine)
    try:
        engine.warm(job.model)
    except (ForgeError, OSError):
        raise
    except Exception as error:
        raise failure_of(Order(engine, Document(), {}, Path()), error, watch) from error
    return {}


def engine_at(location: str) -> Engine:
    """The engine at `module:Class`. Raises Unavailable where it cannot be loaded, InvalidInput where it is none."""
    module, _, name = location.partition(":")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError, SyntaxError, NameError) as error:
        raise Unavailable(f"{location} cannot be loaded in the worker: {type(error).__name__}: {error}.") from error
    if not (isinstance(found, type) and issubclass(found, Engine)):
        raise InvalidInput(f"{location} is no engine.")
    return found()


def as_message(error: ForgeError) -> dict[str, Any]:
    """An error as it goes over the wire."""
    cause = error.__cause__
    return {
        "say": "failed",
        "code": error.code,
        "cancelled": isinstance(error, Cancelled),
        "message": error.message,
        "remedy": error.remedy,
        "faults": [[fault.place, fault.message] for fault in error.faults],
        "details": error.details,
        "traceback": "".join(traceback.format_exception(cause)) if cause is not None else "",
    }


@contextlib.contextmanager
def _environment(wanted: Mapping[str, str], folder: str) -> Iterator[None]:
    """Within the block, the FORGE_ variables and the working folder are those of whoever asked."""
    kept = {name: value for name, value in os.environ.items() if name.startswith("FORGE_")}
    _set_environment(wanted, kept)
    try:
        with contextlib.chdir(folder) if folder else contextlib.nullcontext():
            yield
    finally:
        _set_environment(kept, wanted)


def _set_environment(wanted: Mapping[str, str], others: Mapping[str, str]) -> None:
    for name in others.keys() - wanted.keys():
        os.environ.pop(name, None)
    os.environ.update({name: value for name, value in wanted.items() if name.startswith("FORGE_")})


@contextlib.contextmanager
def _threads(wanted: int) -> Iterator[None]:
    """Within the block, torch uses so many threads of the processor: sums in another order give other bytes."""
    torch = sys.modules.get("torch")
    if torch is None or not wanted or torch.get_num_threads() == wanted:
        yield
        return
    kept = torch.get_num_threads()
    torch.set_num_threads(wanted)
    try:
        yield
    finally:
        torch.set_num_threads(kept)
