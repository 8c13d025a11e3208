"""Where a device-bound engine runs: the one question, and its simplest answer.

What belongs here: what a host is asked and answers, and the host `inline`, which is this process. What does not: the
worker (see `supervisor`), or a cluster (see `ray_host`). Equal orders give equal bytes in every host.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel

from forge_resources.engines.contract import Engine, Facts, Sources
from forge_resources.errors import ForgeError, OutOfMemory
from forge_resources.gpu.budget import device_memory, give_back_freed_memory, settle
from forge_resources.gpu.faults import told
from forge_resources.gpu.limits import device_name
from forge_resources.gpu.meter import Meter, Samples, meter_of
from forge_resources.gpu.residence import ResidenceCounts, process_cache
from forge_resources.gpu.steps import Phase, Watch, watched
from forge_resources.gpu.usage import Usage
from forge_resources.progress import report_within


@dataclass(frozen=True)
class Order:
    """One act of making: the engine, what it shall make, what goes in, and the file to write."""

    engine: Engine
    parameters: BaseModel
    sources: Sources
    target: Path

    @property
    def preset(self) -> str:
        """The memory preset that it is asked for with."""
        return self.engine.memory_preset(self.parameters) if self.engine.device_bound else ""


@dataclass(frozen=True)
class Answer:
    """What the engine measured, and what it took; `usage` is None for engines that load nothing."""

    facts: Facts
    usage: Usage | None = None


class Host(Protocol):
    """A place where models live in memory."""

    name: str

    def make(self, order: Order) -> Answer:
        """Has the engine of the order write its file. Raises an error of the family, or OSError for one of a disk."""
        ...


class InlineHost:
    """This process."""

    name = "inline"

    def make(self, order: Order) -> Answer:
        watch = Watch(on_step=report_within, on_phase=_tell_loading)
        try:
            if not order.engine.device_bound:
                return Answer(order.engine.make(order.parameters, order.sources, order.target))
            return self._measured(order, watch)
        except (ForgeError, OSError):
            raise  # The first says itself what to do; the second is told of the disk it is about.
        except Exception as error:
            raise failure_of(order, error, watch) from error

    def _measured(self, order: Order, watch: Watch) -> Answer:
        cache, device = process_cache(), device_name()
        meter, before, started = meter_of(device), cache.counts(), time.monotonic()
        samples = Samples(meter, os.getpid())
        with samples.going_on(), watched(watch), cache.job():
            facts = order.engine.make(order.parameters, order.sources, order.target)
        settle()
        samples.take()
        seconds = time.monotonic() - started
        return Answer(
            facts,
            usage_of(
                "inline",
                device,
                meter,
                samples,
                seconds=seconds,
                cache=cache.counts().since(before),
                preset=order.preset,
            ),
        )


def _tell_loading(name: Phase, what: str) -> None:
    if name == "load":
        report_within(0, 1, f"loading {what}")


def usage_of(
    host: str,
    device: str,
    meter: Meter,
    samples: Samples,
    *,
    seconds: float,
    cache: ResidenceCounts,
    preset: str = "",
    queued_s: float = 0.0,
) -> Usage:
    """What a job took. `cache` has what it did there, and the bytes that are held after it."""
    return Usage(
        host=host,
        device=device,
        note=meter.note,
        preset=preset,
        seconds=round(seconds, 4),
        queued_s=round(queued_s, 4),
        gpu_seconds=round(seconds, 4) if meter.is_gpu else 0.0,
        joules=round(samples.joules, 3),
        before=samples.before.device,
        peak=samples.peak.device,
        after=samples.last.device,
        host_before=samples.before.host,
        host_peak=samples.peak.host,
        host_after=samples.last.host,
        loads=cache.loads,
        hits=cache.hits,
        restores=cache.restores,
        demotions=cache.demotions,
        evictions=cache.evictions,
        load_seconds=round(cache.load_seconds, 4),
        # Where there is no GPU, the machine's memory is the device.
        cache_bytes=cache.bytes + (0 if meter.is_gpu else cache.host_bytes),
    )


def finish(order: Order, target: Path) -> None:
    """Makes `target` out of what `make` of the order left, where its engine leaves something rough. Needs no device.

    Raises an error of the family, or OSError for one of a disk.
    """
    if not order.engine.rough_suffix or not order.target.is_file() or order.target.stat().st_size == 0:
        return  # There is nothing to do it with; whoever asked sees that nothing was made.
    try:
        order.engine.finish(order.parameters, order.target, target)
    except (ForgeError, OSError):
        raise
    except Exception as error:
        raise failure_of(order, error, Watch()) from error
    order.target.unlink()


def failure_of(order: Order, error: Exception, watch: Watch) -> ForgeError:
    """What an exception of an engine means. Where memory ran out, models are let go of first."""
    memory = device_memory()
    failure = told(
        error,
        f"the {order.engine.kind} engine `{order.engine.name}`",
        loading=watch.phase == "load",
        preset=order.preset,
        memory=memory,
    )
    if isinstance(failure, OutOfMemory):
        process_cache().clear()
        give_back_freed_memory()
    return failure
