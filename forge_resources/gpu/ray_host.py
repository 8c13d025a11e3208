"""The host `ray`: engines run in a named, detached actor of a Ray cluster.

What belongs here: finding or starting the actor, asking it, and judging from here whether a job lives. What does not:
what happens in the actor (see `ray_desk`). Ray's API is that of its documentation for actors: named and detached
actors, concurrency groups, restarts, `ray.kill`.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

from forge_resources.errors import EngineFailed, ForgeError, OutOfMemory, TimedOut, Unavailable
from forge_resources.gpu.client import error_of
from forge_resources.gpu.faults import ADVICE
from forge_resources.gpu.hosts import Answer, Order
from forge_resources.gpu.imports import code_stamp, location_of
from forge_resources.gpu.limits import Limits, settings_of
from forge_resources.gpu.protocol import Make
from forge_resources.gpu.pulse import Pulse
from forge_resources.gpu.ray_desk import Desk
from forge_resources.gpu.usage import Usage
from forge_resources.progress import place_label, report_within

NAMESPACE = "forge"
LOOK_S = 0.1
START_S = 60.0
_FATAL = ("oom_load", "oom_run", "host_oom", "device")


class RayHost:
    """One actor of a cluster. FORGE_RAY_ADDRESS is where the cluster is (`auto`: the one of this machine; `local`:
    one for this process alone), FORGE_RAY_ACTOR the actor's name, FORGE_RAY_GPUS how many GPUs it holds.

    The FORGE_ variables of whoever asks go along, so folders of models must be at the same place on every node.
    """

    name = "ray"

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._environment = environment
        self.actor_name = environment.get("FORGE_RAY_ACTOR") or "forge-gpu"
        self._actor: Any = None
        self._process = self._ended = 0

    def make(self, order: Order) -> Answer:
        """See `hosts.Host`. Whatever interrupts this thread stops the job too."""
        limits = Limits.from_environment(self._environment)
        threads = self._environment.get("OMP_NUM_THREADS", "").split(",")[0]
        job = Make(
            engine=location_of(order.engine),
            code=code_stamp(order.engine),
            parameters=order.parameters.model_dump(mode="json"),
            target="/nowhere",
            limits=limits,
            environment=settings_of(self._environment),
            threads=int(threads) if threads.isdigit() else 0,
            label=place_label(),
        )
        sources = {name: (path.suffix, path.read_bytes()) for name, path in order.sources.items()}
        answer = self._ask(job, sources, order.target.suffix)
        if answer["say"] == "failed":
            if answer.get("details", {}).get("fault") in _FATAL:
                # Its memory or its device cannot be trusted: Ray starts the actor anew.
                self._kill()
            raise error_of(answer)
        if answer["bytes"]:
            order.target.write_bytes(answer["bytes"])
        usage = Usage.model_validate(answer["usage"])
        return Answer(answer["facts"], usage.model_copy(update={"preset": order.preset}))

    def status(self) -> dict[str, Any] | None:
        """How the actor is; None where there is none."""
        ray = self._connected()
        try:
            actor = ray.get_actor(self.actor_name, namespace=NAMESPACE)
            found: dict[str, Any] = ray.get(actor.status.remote(), timeout=10)
        except (ValueError, ray.exceptions.RayError):
            return None
        return found

    def stop(self) -> bool:
        """Ends the actor, and with it what it holds. False where there is none."""
        ray = self._connected()
        try:
            actor = ray.get_actor(self.actor_name, namespace=NAMESPACE)
        except ValueError:
            return False
        ray.kill(actor, no_restart=True)
        self._actor = None
        return True

    def _ask(self, job: Make, sources: Mapping[str, tuple[str, bytes]], suffix: str) -> dict[str, Any]:
        ray, actor, ticket = self._connected(), self._ready(), uuid.uuid4().hex
        reply = actor.make.remote(ticket, job.model_dump(mode="json"), dict(sources), suffix)
        try:
            self._wait(ray, actor, ticket, reply, job.limits)
            answer: dict[str, Any] = ray.get(reply)
        except ray.exceptions.OutOfMemoryError as error:
            raise OutOfMemory(
                f"The node ran out of memory and Ray ended the process for the device: {_first_line(error)}",
                remedy=ADVICE["host_oom"],
                details={"fault": "host_oom"},
            ) from error
        except (ray.exceptions.RayActorError, ray.exceptions.WorkerCrashedError) as error:
            raise EngineFailed(
                f"The process for the device ended: {_first_line(error)}",
                remedy="Run it again; Ray starts a new process.",
                details={"fault": "killed"},
            ) from error
        except ray.exceptions.RayError as error:
            raise Unavailable(
                f"The cluster does not answer: {_first_line(error)}", remedy="See `ray status`."
            ) from error
        except ForgeError:
            raise
        except BaseException:
            self._give_up(ray, actor, ticket, reply, job.limits)
            raise
        return answer

    def _wait(self, ray: ModuleType, actor: Any, ticket: str, reply: Any, limits: Limits) -> None:
        """Until the reply is there: passes progress on, and ends a job that hangs. Raises TimedOut."""
        pulse: Pulse | None = None
        told: dict[str, Any] = {}
        while not ray.wait([reply], timeout=LOOK_S)[0]:
            news = ray.get(actor.progress.remote(ticket), timeout=limits.load_s)
            now = time.monotonic()
            if news and pulse is None:
                pulse = Pulse(limits, now)
            if pulse is None:
                continue
            if news.get("step") != told.get("step"):
                pulse.beat(news["step"][0], now)
                report_within(*news["step"])
            elif news.get("at") != told.get("at"):
                pulse.sign(now)
                if news.get("phase") == "load":
                    report_within(0, 1, f"loading {news['what']}")
            told = news
            if why := pulse.verdict(now):
                self._kill()
                raise TimedOut(
                    f"A job of the actor `{self.actor_name}` was ended. {why}",
                    remedy="Run it again. If it is slow by nature, raise FORGE_GPU_HANG_S, FORGE_GPU_LOAD_S or "
                    "FORGE_GPU_DEADLINE_S.",
                    details={"fault": "hang"},
                )

    def _give_up(self, ray: ModuleType, actor: Any, ticket: str, reply: Any, limits: Limits) -> None:
        """Flag, then the end of the actor, which Ray starts anew."""
        try:
            actor.cancel.remote(ticket)
            if not ray.wait([reply], timeout=limits.stop_s)[0]:
                self._kill()
        except ray.exceptions.RayError:
            pass  # It has ended.

    def _kill(self) -> None:
        """Ends the actor's process. Ray answers at once and does it later, so the process is remembered."""
        self._ended = self._process
        self._connected().kill(self._found(), no_restart=False)

    def _ready(self) -> Any:
        """The actor once it answers: one that was ended takes a second or two to be there again."""
        ray, until = self._connected(), time.monotonic() + START_S
        while True:
            actor = self._found()
            try:
                process = ray.get(actor.status.remote(), timeout=START_S)["pid"]
            except ray.exceptions.ActorDiedError:
                self._actor = None  # Somebody ended it for good; another one is started.
            except (ray.exceptions.ActorUnavailableError, ray.exceptions.GetTimeoutError):
                pass
            else:
                if process != self._ended:
                    self._process = process
                    return actor
            if time.monotonic() > until:
                raise Unavailable(
                    f"The actor `{self.actor_name}` does not start.",
                    remedy="See `ray status`: the cluster must have the GPUs that FORGE_RAY_GPUS asks for.",
                )
            time.sleep(LOOK_S)

    def _found(self) -> Any:
        """The actor, started where there is none."""
        if self._actor is None:
            ray = self._connected()
            gpus = self._environment.get("FORGE_RAY_GPUS")
            wanted = float(gpus) if gpus else min(1.0, ray.cluster_resources().get("GPU", 0.0))
            kind = ray.remote(concurrency_groups={"work": 1, "talk": 4})(_grouped(ray))
            self._actor = kind.options(
                name=self.actor_name,
                namespace=NAMESPACE,
                lifetime="detached",
                get_if_exists=True,
                max_restarts=-1,
                max_task_retries=0,
                num_cpus=1,
                num_gpus=wanted,
            ).remote()
        return self._actor

    def _connected(self) -> ModuleType:
        try:
            ray = import_module("ray")
        except ImportError:
            raise Unavailable(
                "FORGE_GPU_HOST is `ray`, and Ray is not installed.", remedy="pip install 'forge-spots[ray]'"
            ) from None
        if not ray.is_initialized():
            address = self._environment.get("FORGE_RAY_ADDRESS") or "auto"
            try:
                ray.init(
                    address=address,
                    namespace=NAMESPACE,
                    log_to_driver=False,
                    configure_logging=False,
                    logging_level="ERROR",
                )
            except (ConnectionError, RuntimeError, ValueError) as error:
                raise Unavailable(
                    f"No Ray cluster answers at `{address}`: {_first_line(error)}",
                    remedy="Start one with `ray start --head`, or set FORGE_RAY_ADDRESS.",
                ) from error
        return ray


def _grouped(ray: ModuleType) -> type:
    """The desk with its methods in concurrency groups: work waits for work, questions do not."""
    work, talk = ray.method(concurrency_group="work"), ray.method(concurrency_group="talk")
    methods = {"make": work(Desk.make)} | {name: talk(getattr(Desk, name)) for name in ("progress", "cancel", "status")}
    return type("ForgeDesk", (Desk,), methods)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
