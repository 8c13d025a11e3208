"""What the worker's status means to a probe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from forge_jobs.monitoring.worker_health import worker_health
from forge_resources.errors import Unavailable
from forge_resources.gpu.client import WorkerHost


def client(status: Mapping[str, Any] | Exception | None) -> TestClient:
    def answer() -> Mapping[str, Any] | None:
        if isinstance(status, Exception):
            raise status
        return status

    return TestClient(worker_health(answer, "0"))


@pytest.mark.parametrize(
    ("status", "code", "answer"),
    [
        (None, 200, {"ready": True, "running": False, "trouble": ""}),
        ({"trouble": ""}, 200, {"ready": True, "running": True, "trouble": ""}),
        ({"trouble": "3 GB kept"}, 503, {"ready": False, "running": True, "trouble": "3 GB kept"}),
        (Unavailable("no answer"), 503, {"ready": False, "running": True, "trouble": "no answer"}),
    ],
)
def test_ready_or_not(status: Mapping[str, Any] | Exception | None, code: int, answer: dict[str, Any]) -> None:
    asked = client(status)
    assert asked.get("/healthz").text == "ok\n"
    said = asked.get("/readyz")
    assert (said.status_code, said.json()) == (code, answer)


def test_its_metrics_can_be_read() -> None:
    # Nothing is made there, and a path for sockets must be short.
    worker = WorkerHost({"FORGE_RUNTIME": "/tmp/forge-none-is-here"})
    said = TestClient(worker_health(worker.status, worker.device)).get("/metrics")
    assert list(text_string_to_metric_families(said.text))
