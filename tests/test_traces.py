"""Traces: what a collector is sent over HTTP, that a run's spans are in the trace of its id, that none is needed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec
from typing import Any
from uuid import UUID, uuid4

import dagster as dg
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from forge_jobs.in_process import run_job
from forge_resources import traces
from forge_resources.errors import EngineFailed, InvalidInput, Unavailable
from forge_resources.store.workshop import Workshop
from forge_resources.studio import Studio
from forge_resources.traces import open_traces, span
from tests.sample_engines import Swatch, SwatchEngine
from tests.test_metrics import CELL, file_brief


@dataclass
class Collector:
    """Takes OTLP over HTTP, as collectors do."""

    spans: list[Any] = field(default_factory=list)
    about: dict[str, str] = field(default_factory=dict)

    def wait_for(self, number: int) -> dict[str, Any]:
        until = time.monotonic() + 30
        while len(self.spans) < number:
            assert time.monotonic() < until, [one.name for one in self.spans]
            time.sleep(0.02)
        return {one.name: one for one in self.spans}


@contextmanager
def collecting() -> Iterator[tuple[Collector, str]]:
    """A collector, and its address."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            sent = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
            for resource in sent.resource_spans:
                collector.about |= {one.key: one.value.string_value for one in resource.resource.attributes}
                collector.spans += [one for scope in resource.scope_spans for one in scope.spans]
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield collector, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collecting() as (found, address):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        monkeypatch.setattr(traces, "_SEND_EVERY_MS", 50)
        # Definitions that are loaded by a test look at it as well.
        monkeypatch.setenv("FORGE_TRACES", "otlp")
        open_traces()
        yield found
        open_traces({})


def words(one: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in one.attributes}


def test_what_is_made_is_below_its_stage_in_the_trace_of_its_run(collector: Collector, studio: Studio) -> None:
    run = str(uuid4())
    shop = Workshop(studio.store)
    with span("frames", run=run, shot=3):
        made = [shop.make(SwatchEngine(), Swatch()) for _ in range(2)]
    collector.wait_for(3)
    stage, first, again = sorted(collector.spans, key=lambda one: one.start_time_unix_nano)
    assert {one.trace_id for one in collector.spans} == {UUID(run).bytes}
    assert (stage.name, stage.parent_span_id) == ("frames", b"")
    assert first.name == "make edit swatch"
    assert first.parent_span_id == again.parent_span_id == stage.span_id
    assert words(stage)["forge.shot"] == 3
    assert words(first)["forge.artefact"] == made[0].artefact.sha256
    assert [words(one)["forge.reused"] for one in (first, again)] == [False, True]
    assert words(first)["forge.recipe"] == studio.store.record_of(made[0].artefact.sha256).recipe.fingerprint
    assert collector.about["service.name"] == "forge"


def test_a_stage_that_fails_says_so(collector: Collector, instance: dg.DagsterInstance, studio: Studio) -> None:
    file_brief(instance, studio, markets=["de-DE"])
    instance.add_dynamic_partitions("market", [CELL.market_key])
    run, success = run_job(instance, "storyboard", CELL, reuse=True, tags={})
    assert not success
    brief = collector.wait_for(1)["brief"]
    assert brief.trace_id == UUID(run).bytes
    assert brief.status.code == 2
    assert "does not ask for" in brief.status.message
    told = words(brief)
    assert (told["forge.code"], told["forge.market"], told["forge.job"]) == ("invalid_input", "en-GB", "storyboard")


def test_secrets_stay_out(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted-7")
    with pytest.raises(EngineFailed), span("script"):
        raise EngineFailed("Incorrect key: sk-planted-7")
    assert "planted" not in str(collector.wait_for(1)["script"])


def test_a_collector_that_is_away_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(traces, "_LONGEST_SEND_S", 0.5)
    open_traces({"FORGE_TRACES": "otlp"})
    try:
        started = time.monotonic()
        for _ in range(100):
            with span("frames"):
                pass
        assert time.monotonic() - started < 2
    finally:
        open_traces({})
    assert time.monotonic() - started < 10


def test_without_being_asked_for_there_are_none() -> None:
    open_traces({})
    with span("frames", run="no run at all") as one:
        one.note(reused=True)


def test_what_is_asked_for_is_there_or_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidInput, match="FORGE_TRACES is `jaeger`"):
        open_traces({"FORGE_TRACES": "jaeger"})
    monkeypatch.setattr(traces, "find_spec", lambda name: None if name == "opentelemetry.sdk" else find_spec(name))
    with pytest.raises(Unavailable, match="OpenTelemetry is not installed"):
        open_traces({"FORGE_TRACES": "otlp"})
