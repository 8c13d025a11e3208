"""Traces for OpenTelemetry, where they are asked for: a span for every stage and gate, in it one for every making.

A run's spans are in the trace whose id is the run's: `3f2c…` in Dagster is `3f2c…` without hyphens in Tempo or Jaeger.
Spans carry what the lines of the log carry (see `logs`), with `forge.` before each name.

What belongs here: opening, and the span. What does not: what is worth a span; where spans go, which the variables
`OTEL_…` of OpenTelemetry say.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any
from uuid import UUID

from forge_resources.errors import ForgeError, InvalidInput, Unavailable
from forge_resources.logs import bound_fields
from forge_resources.secrets import redacted

DESTINATIONS = ("off", "otlp")
_SEND_EVERY_MS = 1000
_LONGEST_SEND_S = 3
"""A collector that is away costs a process that much at its end, and nothing before."""

_provider: Any = None
_tracer: Any = None
_run: ContextVar[str] = ContextVar("forge_trace_run", default="")


def open_traces(environment: Mapping[str, str] = os.environ) -> None:
    """Sends spans of this process where FORGE_TRACES says: `off`, or `otlp` (OTLP over HTTP).

    Calling it again replaces what it did before. Raises InvalidInput for another word, and Unavailable where
    OpenTelemetry is not installed.
    """
    global _provider, _tracer
    wanted = environment.get("FORGE_TRACES") or "off"
    if wanted not in DESTINATIONS:
        raise InvalidInput(f"FORGE_TRACES is `{wanted}`.", remedy=f"Known: {', '.join(DESTINATIONS)}.")
    if _provider is not None:
        _provider.shutdown()
        _provider = _tracer = None
    if wanted == "off":
        return
    if find_spec("opentelemetry.sdk") is None:
        raise Unavailable(
            "FORGE_TRACES asks for traces, and OpenTelemetry is not installed.",
            remedy="pip install 'forge-spots[otel]', or unset FORGE_TRACES.",
        )
    _provider = _made_provider(environment)
    _tracer = _provider.get_tracer("forge")


def _made_provider(environment: Mapping[str, str]) -> Any:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 -- optional
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator  # noqa: PLC0415

    class OfRuns(RandomIdGenerator):  # type: ignore[misc]
        def generate_trace_id(self) -> int:
            run = _run.get()
            return UUID(run).int if run else int(super().generate_trace_id())

    about = {
        "service.name": environment.get("OTEL_SERVICE_NAME") or "forge",
        "service.version": version("forge-spots"),
    }
    provider = TracerProvider(id_generator=OfRuns(), resource=Resource.create(about))
    sending = OTLPSpanExporter(timeout=_LONGEST_SEND_S)
    provider.add_span_processor(
        BatchSpanProcessor(sending, schedule_delay_millis=_SEND_EVERY_MS, export_timeout_millis=1000 * _LONGEST_SEND_S)
    )
    return provider


class Span:
    """A span that is open; without traces, one that keeps nothing."""

    def __init__(self, span: Any = None) -> None:
        self._span = span

    def note(self, **attributes: Any) -> None:
        """Attributes that are known only by now."""
        if self._span is not None:
            for name, value in attributes.items():
                self._span.set_attribute(f"forge.{name}", value)

    def fail(self, error: Exception) -> None:
        """Marks it as failed, with the code of the error family."""
        if self._span is not None:
            from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415

            self.note(code=error.code if isinstance(error, ForgeError) else "engine_failed")
            self._span.set_status(Status(StatusCode.ERROR, redacted(str(error))))


@contextmanager
def span(name: str, *, run: str = "", **attributes: Any) -> Iterator[Span]:
    """A span until the block ends, below the one that is open; with `run`, the first one of that run's trace."""
    if _tracer is None:
        yield Span()
        return
    token = _run.set(run) if run else None
    told = {f"forge.{key}": value for key, value in {**bound_fields(), **attributes}.items()}
    try:
        with _tracer.start_as_current_span(
            name, attributes=told, record_exception=False, set_status_on_exception=False
        ) as opened:
            one = Span(opened)
            try:
                yield one
            except Exception as error:
                one.fail(error)
                raise
    finally:
        if token is not None:
            _run.reset(token)
