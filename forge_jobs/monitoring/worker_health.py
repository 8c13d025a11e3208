"""The health of the device's worker over HTTP, for probes and for Prometheus. The worker itself has no network socket.

What belongs here: what its status means to a probe. What does not: the status (see `forge_resources.gpu`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from forge_jobs.monitoring.exposition import CONTENT_TYPE
from forge_resources.errors import ForgeError
from forge_resources.gpu.metrics import exposition


def worker_health(status: Callable[[], Mapping[str, Any] | None], device: str) -> Starlette:
    """`/healthz`: this server runs. `/readyz`: a job would be taken now or once asked for; 503 while the device keeps
    memory that nobody holds, or the worker does not answer. `/metrics`: what the worker has done."""

    def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    def readyz(_: Request) -> Response:
        try:
            found = status()
        except (ForgeError, OSError) as error:
            return JSONResponse({"ready": False, "running": True, "trouble": str(error)}, status_code=503)
        trouble = str(found["trouble"]) if found else ""
        # One that has left because it was idle is started by the next job.
        answer = {"ready": not trouble, "running": found is not None, "trouble": trouble}
        return JSONResponse(answer, status_code=503 if trouble else 200)

    def metrics(_: Request) -> Response:
        return Response(exposition(device, status()), media_type=CONTENT_TYPE)

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)])
