"""The host `worker`, seen from a run: starts the worker where there is none, asks it, passes progress on, stops it.

What belongs here: one request and what its answers mean. What does not: the worker itself (see `supervisor`).
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from filelock import FileLock

from forge_resources.engines.contract import Engine
from forge_resources.errors import FAMILY, EngineFailed, Fault, ForgeError, InvalidInput, Unavailable
from forge_resources.gpu.hosts import Answer, Order
from forge_resources.gpu.imports import code_stamp, location_of
from forge_resources.gpu.limits import Limits, device_name, settings_of
from forge_resources.gpu.protocol import Job, Make, Status, Stop, Warm, connect, hear, say
from forge_resources.gpu.runtime_folder import RuntimeFolder
from forge_resources.gpu.steps import Cancelled
from forge_resources.gpu.usage import Usage
from forge_resources.progress import place_label, report_within
from forge_resources.schemas.types import Document
from forge_resources.secrets import is_secret_name

START_S = 60.0
_LOOK_S = 0.01
_AGAIN_S = 1.0
_ATTEMPTS = 5


class EngineTraceback(Exception):
    """Where in another process an engine failed."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f"\n{self.text}"


class WorkerHost:
    """The worker of a device of this machine. One connection, opened when it is first needed and kept."""

    name = "worker"

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._environment = environment
        self.device = device_name(environment)
        self.folder = RuntimeFolder.of(self.device, environment)
        self._connection: Connection | None = None
        self._owner = 0
        self._lock = threading.Lock()

    def make(self, order: Order) -> Answer:
        """See `hosts.Host`. While it waits, whatever interrupts this thread stops the request too."""
        job = Make(
            engine=location_of(order.engine),
            code=code_stamp(order.engine),
            parameters=order.parameters.model_dump(mode="json"),
            sources={name: str(path.absolute()) for name, path in order.sources.items()},
            target=str(order.target.absolute()),
            **self._about(),
        )
        message = self._ask(job)
        usage = Usage.model_validate(message["usage"])
        return Answer(message["facts"], usage.model_copy(update={"preset": order.preset}))

    def warm(self, engine: Engine, model: str) -> Usage:
        """Has the worker load a model of an engine."""
        job = Warm(engine=location_of(engine), code=code_stamp(engine), model=model, **self._about())
        return Usage.model_validate(self._ask(job)["usage"])

    def status(self) -> dict[str, Any] | None:
        """How the worker is; None where none is running."""
        return self._ask_if_running(Status())

    def stop(self, *, now: bool) -> bool:
        """Tells the worker to leave, and waits until it has. False where none is running."""
        if self._ask_if_running(Stop(now=now)) is None:
            return False
        with FileLock(self.folder.lock, mode=0o600):
            return True

    def _about(self) -> dict[str, Any]:
        threads = self._environment.get("OMP_NUM_THREADS", "").split(",")[0]
        return {
            "limits": Limits.from_environment(self._environment),
            "environment": settings_of(self._environment),
            "folder": str(Path.cwd()),
            "threads": int(threads) if threads.isdigit() else 0,
            "label": place_label(),
        }

    def _ask(self, job: Job) -> dict[str, Any]:
        with self._lock:
            for _ in range(_ATTEMPTS):
                begun = False
                try:
                    connection = self._connected()
                    say(connection, job)
                    while True:
                        message = hear(connection)
                        if message["say"] in ("made", "failed"):
                            break
                        begun = begun or message["say"] == "begun"
                        _pass_on(message)
                except (EOFError, OSError):
                    self._close()
                    if begun:
                        raise Unavailable(
                            "The worker of the device ended in the middle of this.",
                            remedy="Run it again: another worker is started, and what was finished is kept.",
                        ) from None
                    continue  # It left before it began, as one that is idle does; the next one is asked.
                except InvalidInput:
                    raise  # It is too large to be asked for.
                except BaseException:
                    self._give_up(job.limits)
                    raise
                if message["say"] == "failed":
                    if _is_leaving(message):
                        self._close()
                        continue
                    raise error_of(message)
                return message
        raise Unavailable("The worker of the device cannot be kept running.", remedy=f"See {self.folder.log}.")

    def _give_up(self, limits: Limits) -> None:
        """Stops the request and waits until the worker says that it has: only then may its file be removed."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            say(connection, {"ask": "cancel"})
            until = time.monotonic() + limits.stop_s + limits.term_s + 5.0
            while (left := until - time.monotonic()) > 0 and connection.poll(left):
                if hear(connection)["say"] in ("made", "failed"):
                    break
        except (EOFError, OSError):
            pass  # The worker has ended, and the request with it.
        finally:
            connection.close()

    def _connected(self) -> Connection:
        if self._connection is not None and self._owner == os.getpid():
            return self._connection
        self._connection = self._find() or self._start()
        self._owner = os.getpid()
        return self._connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _find(self) -> Connection | None:
        """A connection to the worker that is running; None where none answers."""
        try:
            return connect(self.folder.socket, self.folder.read_key())
        except (OSError, EOFError, AuthenticationError, ValueError, AssertionError):
            return None

    def _start(self) -> Connection:
        """Starts the worker, or finds the one that another process has started meanwhile."""
        self.folder.prepare()
        until = time.monotonic() + START_S
        with FileLock(self.folder.start_lock, mode=0o600):
            while time.monotonic() < until:
                if found := self._find():
                    return found
                self._launch()
                # It answers now, unless one that is just leaving still had the lock.
                soon = time.monotonic() + _AGAIN_S
                while time.monotonic() < soon:
                    if found := self._find():
                        return found
                    time.sleep(_LOOK_S)
        raise Unavailable(
            f"The worker of the device did not answer within {START_S:g} s.", remedy=f"See {self.folder.log}."
        )

    def _launch(self) -> None:
        """Starts the worker and waits until it answers. Raises Unavailable with the reason where it does not."""
        try:
            started = subprocess.run(
                [sys.executable, "-m", "forge_resources.gpu", self.device],
                env=self._environment_of_worker(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=START_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return  # The caller says so.
        if started.returncode:
            raise Unavailable(
                f"The worker of the device cannot be started: {started.stderr.strip()[-600:]}",
                remedy=f"See to {self.folder.root}: its disk, and whose it is.",
            )

    def _environment_of_worker(self) -> dict[str, str]:
        """The environment of this process, without what each request brings along itself, and without secrets: it has
        none to use, and outlives this process to work for others."""
        kept = {
            name: value
            for name, value in self._environment.items()
            if name != "OMP_NUM_THREADS" and not is_secret_name(name)
        }
        paths = [str(Path(place).absolute()) for place in sys.path if place]
        kept |= {"PYTHONPATH": os.pathsep.join(paths), "FORGE_RUNTIME": str(self.folder.root)}
        if self.device != "cpu":
            # As NVML counts them, so that what is measured is what is used.
            kept |= {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": self.device}
        return kept

    def _ask_if_running(self, request: Document) -> dict[str, Any] | None:
        connection = self._find()
        if connection is None:
            return None
        try:
            say(connection, request)
            return hear(connection)
        except (EOFError, OSError):
            return None
        finally:
            connection.close()


def _pass_on(message: Mapping[str, Any]) -> None:
    if message["say"] == "step":
        report_within(message["done"], message["total"])
    elif message["say"] == "phase" and message["phase"] == "load":
        report_within(0, 1, f"loading {message['what']}")
    elif message["say"] == "queued":
        report_within(0, 1, f"waiting for the device, {message['ahead']} ahead")


def _is_leaving(message: Mapping[str, Any]) -> bool:
    return message.get("code") == Unavailable.code and message.get("details", {}).get("fault") == "leaving"


def error_of(message: Mapping[str, Any]) -> Exception:
    """The error that a `failed` message tells of, as if it had been raised here."""
    if system := message.get("os_error"):
        return OSError(*system)
    kind: type[ForgeError] = Cancelled if message["cancelled"] else FAMILY.get(message["code"], EngineFailed)
    details = dict(message["details"])
    if usage := message.get("usage"):
        details |= {"peak": usage["peak"], "host_peak": usage["host_peak"]}
    error = kind(
        message["message"],
        remedy=message["remedy"],
        faults=[Fault(place, said) for place, said in message["faults"]],
        details=details,
    )
    if message.get("traceback"):
        error.__cause__ = EngineTraceback(message["traceback"])
    return error
