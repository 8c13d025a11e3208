"""Seeing one job through: start a child if there is none, watch it, end it where it must be, judge what it left behind.

What belongs here: the life of a job on the device and what follows from its end. What does not: who is next (see
`supervisor`), or what the figures mean for money (see `usage`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

from forge_resources.errors import ForgeError, TimedOut, Unavailable
from forge_resources.gpu.doing import as_message
from forge_resources.gpu.endings import HostOomCounter, ended_without_a_word
from forge_resources.gpu.faults import figures_of
from forge_resources.gpu.health import Health
from forge_resources.gpu.hosts import usage_of
from forge_resources.gpu.imports import imports_of
from forge_resources.gpu.meter import Meter, Samples, read
from forge_resources.gpu.nursery import Child, Nursery, dismiss, end, heard_or_ended
from forge_resources.gpu.protocol import hear, say
from forge_resources.gpu.pulse import Pulse
from forge_resources.gpu.residence import ResidenceCounts
from forge_resources.gpu.steps import Cancelled
from forge_resources.gpu.ticket import Ticket
from forge_resources.gpu.totals import Totals
from forge_resources.gpu.usage import Usage

log = logging.getLogger("forge.gpu")

_LOOK_S = 0.05
_FATAL = ("oom_load", "oom_run", "host_oom", "device")
"""After these the process is replaced: its memory or its device cannot be trusted."""


class Floor:
    """The device and the one child that works on it. Used by one thread; `status` may be asked by others."""

    def __init__(self, device: str, meter: Meter, tolerance: int) -> None:
        self.device = device
        self.meter = meter
        self.totals = Totals()
        self._tolerance = tolerance
        self._health = Health(meter, tolerance)
        self._nursery: Nursery | None = None
        self._child: Child | None = None
        self._base = 0
        self._level = 0
        self._unclaimed = 0
        self._models: list[Any] = []
        self._oom = HostOomCounter()

    def see_through(self, ticket: Ticket) -> None:
        """Does a job and replies to whoever asked, whatever happens."""
        ticket.began_at = time.monotonic()
        if ticket.is_cancelled:
            ticket.reply(_cancelled(ticket, {}))
            return
        ticket.say({"say": "begun"})
        try:
            self._health.check()
            child = self._hand_over(ticket)
            self._watch(ticket, child)
        except ForgeError as error:
            self.totals.failed(error.code)
            ticket.reply(as_message(error))

    def _hand_over(self, ticket: Ticket) -> Child:
        """Gives the job to a child that is alive and has the code as it is now."""
        for again in (True, False):
            child = self._ready(ticket)
            code = ticket.job.code
            if code and child.codes.setdefault(ticket.job.engine, code) != code:
                log.info("the code of %s has changed: a new process", ticket.job.engine)
                self._dismiss()
                continue
            try:
                say(child.connection, ticket.job)
                if child.connection.poll(30.0) and hear(child.connection)["say"] == "begun":
                    return child
            except (OSError, EOFError):
                pass
            # It was killed while nobody looked; nothing of this job was begun.
            log.warning("the process for the device was gone (exit code %s)", child.process.exitcode)
            self._remove(0.0)
            if not again:
                break
        raise Unavailable("The process for the device does not take the job.", remedy="Run it again.")

    def _ready(self, ticket: Ticket) -> Child:
        if self._child is not None and self._child.is_alive():
            return self._child
        if self._child is not None:
            self._remove(0.0)
        if self._nursery is None:
            self._nursery = Nursery(imports_of(ticket.job.engine))
        ticket.phase = "import"
        self._level, self._unclaimed = self.meter.used(), self.meter.unclaimed()
        self._child = self._nursery.start()
        self._base = read(self.meter, self._child.pid, self._level).host
        self.totals.started()
        log.info("child %s by %s", self._child.pid, self._nursery.method)
        return self._child

    def _watch(self, ticket: Ticket, child: Child) -> None:
        limits = ticket.job.limits
        pulse = Pulse(limits, time.monotonic())
        samples = Samples(self.meter, child.pid, self._level)
        ooms = self._oom.count()
        answer: dict[str, Any] | None = None
        with samples.going_on():
            while answer is None:
                if heard_or_ended(child, _LOOK_S):
                    try:
                        answer = self._heard(ticket, child, pulse)
                    except (EOFError, OSError):
                        answer = self._ended(ticket, child, samples, ooms)
                # Also where it talks all the time.
                if answer is None and ticket.is_cancelled:
                    answer = self._stop(ticket, child, pulse)
                elif answer is None and (why := verdict(child, pulse)):
                    answer = self._hung(ticket, child, why, samples)
        self._close(ticket, child, answer, samples)

    def _ended(self, ticket: Ticket, child: Child, samples: Samples, ooms: int) -> dict[str, Any]:
        child.process.join(5.0)
        killed_for_memory = self._oom.count() - ooms
        return as_message(
            ended_without_a_word(child.process.exitcode, ticket.phase, killed_for_memory, samples.peak.host)
        )

    def _heard(self, ticket: Ticket, child: Child, pulse: Pulse) -> dict[str, Any] | None:
        """Takes in one message. Returns it where it is the last of its job."""
        message = hear(child.connection)
        now = time.monotonic()
        if message["say"] == "step":
            pulse.beat(message["done"], now)
            ticket.progress = (message["done"], message["total"])
            ticket.phase = "make" if message["done"] < message["total"] else "encode"
            ticket.say(message)
            return None
        if message["say"] == "phase":
            pulse.sign(now)
            ticket.phase = message["phase"]
            ticket.say(message)
            return None
        return message

    def _stop(self, ticket: Ticket, child: Child, pulse: Pulse) -> dict[str, Any]:
        """Flag, then TERM, then KILL. Returns the answer, with the times of each."""
        started = time.monotonic()
        limits = ticket.job.limits
        try:
            say(child.connection, {"ask": "cancel"})
            while (left := started + limits.stop_s - time.monotonic()) > 0:
                if heard_or_ended(child, left) and (answer := self._heard(ticket, child, pulse)) is not None:
                    return answer | {"details": {"flag_s": round(time.monotonic() - started, 3)}}
        except (EOFError, OSError):
            pass  # It ended.
        times = {"flag_s": round(time.monotonic() - started, 3), **end(child, limits.term_s)}
        log.warning("%s did not stop on the flag: %s", ticket.label, times)
        return _cancelled(ticket, times)

    def _hung(self, ticket: Ticket, child: Child, why: str, samples: Samples) -> dict[str, Any]:
        times = end(child, ticket.job.limits.term_s)
        memory = {"peak": samples.peak.device, "total": self.meter.total()}
        memory["free"] = max(0, memory["total"] - self.meter.used())
        log.warning("%s was ended: %s %s", ticket.label, why, times)
        return as_message(
            TimedOut(
                f"{ticket.label} was ended while it was at `{ticket.phase}`{figures_of('', memory)}. {why}",
                remedy="Run it again. If it is slow by nature, raise FORGE_GPU_HANG_S, FORGE_GPU_LOAD_S or "
                "FORGE_GPU_DEADLINE_S.",
                details={"fault": "hang", **memory, **times},
            )
        )

    def _close(self, ticket: Ticket, child: Child, answer: dict[str, Any], samples: Samples) -> None:
        """Replies, and then puts the device in order. In this order, so that nobody waits for the second."""
        self._models = answer.pop("models", self._models)
        began = ticket.began_at or ticket.asked_at
        usage = usage_of(
            "worker",
            self.device,
            self.meter,
            samples,
            seconds=time.monotonic() - began,
            queued_s=began - ticket.asked_at,
            cache=ResidenceCounts(**answer.pop("cache", {})),
        )
        fault = answer.get("details", {}).get("fault", "")
        if ticket.is_cancelled and answer["say"] == "failed":
            answer = _cancelled(ticket, answer.get("details", {}))
        if answer["say"] == "made":
            self.totals.made(usage)
        else:
            self.totals.failed("cancelled" if ticket.is_cancelled else answer.get("code", "os_error"), usage)
        if not child.is_alive():
            self._remove(0.0)
        elif fault in _FATAL:
            log.warning("%s: %s; a new process", ticket.label, fault)
            # Before the reply: whoever asks again at once must find the memory free.
            self._remove(ticket.job.limits.term_s)
        elif (left := self._left_behind(usage)) > self._tolerance:
            log.warning("%s left %.1f MB beyond its models; a new process", ticket.label, left / 1e6)
            self.totals.leaked()
            self._remove(ticket.job.limits.term_s)
        ticket.reply({**answer, "usage": usage.model_dump(mode="json")})

    def _left_behind(self, usage: Usage) -> int:
        """Bytes that the child holds beyond its models, on the device or, where there is none, of the machine."""
        if self.meter.is_gpu:
            return usage.after - usage.cache_bytes
        return usage.host_after - self._base - usage.cache_bytes

    def _remove(self, term_s: float) -> None:
        """Ends the child and sees to it that its memory comes back."""
        if self._child is None:
            return
        child, self._child, self._models = self._child, None, []
        end(child, term_s)
        self.totals.ended()
        self._health.expect_back(child.pid, self._unclaimed)

    def _dismiss(self) -> None:
        if self._child is not None:
            child, self._child, self._models = self._child, None, []
            dismiss(child, 5.0)
            self.totals.ended()
            self._health.expect_back(child.pid, self._unclaimed)

    def abandon(self) -> None:
        """After a fault of the worker itself: nothing of the child is trusted."""
        self._remove(0.0)

    def close(self) -> None:
        """Ends the child, for good."""
        self._dismiss()

    def status(self) -> dict[str, Any]:
        """How the device is, as JSON values."""
        child = self._child
        held = read(self.meter, child.pid, self._level) if child is not None else None
        return {
            "device": self.device,
            "note": self.meter.note,
            "healthy": not self._health.trouble,
            "trouble": self._health.trouble,
            "memory": {"used": self.meter.used(), "total": self.meter.total()},
            "child": None
            if child is None or held is None
            else {"pid": child.pid, "device_bytes": held.device, "host_bytes": held.host},
            "models": [
                {"model": name, "bytes": size, "on_device": on_device} for name, size, on_device in self._models
            ],
            "totals": self.totals.figures(),
        }


def verdict(child: Child, pulse: Pulse) -> str:
    """What is wrong with a job, in words; empty while nothing is."""
    now = time.monotonic()
    why = pulse.verdict(now)
    if why and not pulse.is_overdue(now) and heard_or_ended(child, 0.0):
        # It has spoken, or ended, and it was this process that got no time to hear of it.
        return ""
    return why


def _cancelled(ticket: Ticket, times: Mapping[str, Any]) -> dict[str, Any]:
    return as_message(
        Cancelled(
            f"{ticket.label} was stopped: {ticket.why_cancelled}.",
            remedy="Run it again; what was finished is kept.",
            details={"fault": "cancelled", **times},
        )
    )
