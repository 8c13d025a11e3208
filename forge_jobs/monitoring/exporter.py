"""The exporter: a small web server that Prometheus asks.

What belongs here: `/metrics`, `/healthz`, `/readyz`, and looking again every few seconds beside them. What does not:
what is looked at (see `observation`).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from forge_jobs.monitoring.counts import Counts
from forge_jobs.monitoring.exposition import CONTENT_TYPE, exposition

log = logging.getLogger("forge.metrics")


class Exporter:
    """Looks with `read` every `interval_s` seconds in a thread of its own, so that an answer never waits for it."""

    def __init__(self, read: Callable[[], Counts], interval_s: float) -> None:
        self._read = read
        self._interval_s = interval_s
        self._counts = Counts()
        self._seen_at: float | None = None
        self._errors = 0
        self._trouble = ""
        self.app = Starlette(
            routes=[
                Route("/metrics", self._metrics),
                Route("/healthz", self._healthz),
                Route("/readyz", self._readyz),
            ],
            lifespan=self._lifespan,
        )

    def look(self) -> None:
        """Looks once. What goes wrong is told by `/readyz` and counted; the next look begins anew."""
        try:
            self._counts = self._read()
        except Exception as error:  # noqa: BLE001 -- database and store each raise their own when they are away
            self._errors += 1
            self._trouble = f"{type(error).__name__}: {error}".splitlines()[0]
            log.warning("metrics could not be read: %s", self._trouble)
            return
        self._seen_at, self._trouble = time.monotonic(), ""

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(self._keep_looking())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(self._interval_s)

    async def _metrics(self, _: Request) -> Response:
        counts = self._counts.model_copy(deep=True)
        counts.add("forge_read_errors_total", self._errors)
        return Response(exposition(counts), media_type=CONTENT_TYPE)

    async def _healthz(self, _: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def _readyz(self, _: Request) -> Response:
        """Ready once the deployment has been read, and as long as that goes on working."""
        stale = self._seen_at is None or time.monotonic() - self._seen_at > max(60.0, 5 * self._interval_s)
        ready = not stale and not self._trouble
        said = self._trouble or ("not read yet" if self._seen_at is None else "not read for too long" if stale else "")
        return JSONResponse({"ready": ready, "trouble": said}, status_code=200 if ready else 503)
