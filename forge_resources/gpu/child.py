"""The process of the worker in which engines run and models live. The only one that touches the device.

What belongs here: doing one job after the other and telling how it goes. What does not: judging whether it hangs,
what it leaves behind, or who is next (see `supervisor`). It ends when the supervisor does, whatever it is at.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from forge_resources.engines.contract import Engine, Facts
from forge_resources.errors import EngineFailed, Fault, ForgeError, InvalidInput, Unavailable
from forge_resources.gpu.budget import device_memory, settle
from forge_resources.gpu.hosts import Order, failure_of
from forge_resources.gpu.protocol import Job, Make, Warm, parse_request, say
from forge_resources.gpu.residence import process_cache
from forge_resources.gpu.steps import Cancelled, Phase, Watch, watched
from forge_resources.schemas.types import Document

STEP_S = 0.05
"""Steps that follow each other faster are told together."""
_PR_SET_PDEATHSIG = 1


def work(connection: Connection) -> None:
    """The life of a child: jobs come over `connection`, one at a time."""
    _end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    child = _Child(connection)
    preload = sys.modules.get("forge_resources.gpu.preload")
    child.say({"say": "ready", "unsafe": bool(getattr(preload, "TOUCHES_DEVICE", False))})
    threading.Thread(target=child.listen, daemon=True).start()
    child.serve()


def _end_with_parent() -> None:
    """Where the system can: the death of the parent kills this process, even one that does not let go of the lock of
    the interpreter. Elsewhere the thread that listens notices."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class _Child:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._told = 0.0

    def say(self, message: Mapping[str, Any]) -> None:
        with self._lock:
            say(self._connection, message)

    def listen(self) -> None:
        """Takes in what the supervisor says; ends the process when it is gone."""
        while True:
            try:
                request = parse_request(self._connection.recv_bytes())
            except (EOFError, OSError):
                os._exit(0)
            if request.ask == "cancel":
                self._stop.set()
            elif request.ask in ("make", "warm"):
                # Here, and not when its turn comes: a stop that follows must not be cleared.
                self._stop.clear()
                self._jobs.put(request)

    def serve(self) -> None:
        while True:
            job = self._jobs.get()
            self.say({"say": "begun"})
            self.say(self._answer(job))

    def _answer(self, job: Job) -> dict[str, Any]:
        """Does a job. Whatever goes wrong in it becomes an answer."""
        watch = Watch(on_step=self._on_step, on_phase=self._on_phase, is_cancelled=self._stop.is_set)
        cache = process_cache()
        before = cache.counts()
        try:
            with _environment(job.environment), _threads(job.threads), watched(watch), cache.job():
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

    def _on_step(self, done: int, total: int) -> None:
        now = time.monotonic()
        if done in (1, total) or now - self._told >= STEP_S:
            self._told = now
            self.say({"say": "step", "done": done, "total": total})

    def _on_phase(self, name: Phase, what: str) -> None:
        self.say({"say": "phase", "phase": name, "what": what})


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
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """Within the block, the FORGE_ variables are those of whoever asked."""
    kept = {name: value for name, value in os.environ.items() if name.startswith("FORGE_")}
    _set_environment(wanted, kept)
    try:
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
