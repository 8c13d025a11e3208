"""Where a device-bound engine runs: the one question, and its simplest answer.

What belongs here: what a host is asked and answers, and the host `inline`, which is this process. What does not: the
worker (see `supervisor`), or a cluster (see `ray_host`). Equal orders give equal bytes in every host.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel

from forge_resources.engines.contract import Engine, Facts, Sources
from forge_resources.errors import ForgeError, OutOfMemory
from forge_resources.gpu.budget import device_memory, give_back_freed_memory
from forge_resources.gpu.faults import told
from forge_resources.gpu.residence import process_cache
from forge_resources.gpu.steps import Watch, watched
from forge_resources.progress import report_within


@dataclass(frozen=True)
class Order:
    """One act of making: the engine, what it shall make, what goes in, and the file to write."""

    engine: Engine
    parameters: BaseModel
    sources: Sources
    target: Path


class Host(Protocol):
    """A place where models live in memory."""

    def make(self, order: Order) -> Facts:
        """Has the engine of the order write its file. Returns its facts; raises an error of the family."""
        ...


class InlineHost:
    """This process."""

    def make(self, order: Order) -> Facts:
        watch = Watch(on_step=report_within)
        try:
            with watched(watch), process_cache().job():
                return order.engine.make(order.parameters, order.sources, order.target)
        except (ForgeError, OSError):
            raise  # The first says itself what to do; the second is told of the disk it is about.
        except Exception as error:
            raise failure_of(order, error, watch) from error


def failure_of(order: Order, error: Exception, watch: Watch) -> ForgeError:
    """What an exception of an engine means. Where memory ran out, models are let go of first."""
    memory = device_memory()
    failure = told(
        error,
        f"the {order.engine.kind} engine `{order.engine.name}`",
        loading=watch.phase == "load",
        preset=order.engine.memory_preset(order.parameters) if order.engine.device_bound else "",
        memory=memory,
    )
    if isinstance(failure, OutOfMemory):
        process_cache().clear()
        give_back_freed_memory()
    return failure
