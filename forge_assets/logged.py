"""The log of the graph: when a stage or gate begins and ends, with run and cell bound to every line between; its span.

What belongs here: that. What does not: the log itself (see `forge_resources.logs`, `traces`), or Dagster's own events.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg

from forge_resources.errors import ForgeError
from forge_resources.logs import log_fields
from forge_resources.schemas.cell import CellKey
from forge_resources.traces import span

log = logging.getLogger("forge.stage")


@contextmanager
def step_logged(arguments: tuple[Any, ...], named: dict[str, Any]) -> Iterator[None]:
    """Logs what an asset's or gate's body does, where Dagster gave it a context of a cell; else nothing."""
    context = next(
        (
            value
            for value in (*arguments, *named.values())
            if isinstance(value, dg.AssetExecutionContext | dg.AssetCheckExecutionContext)
        ),
        None,
    )
    if context is None or not context.has_partition_key:
        yield
        return
    cell = CellKey.parse(context.partition_key)
    fields = {"brief": cell.brief, "market": cell.market, "persona": cell.persona}
    run, name = context.run.run_id, _step(context)
    with log_fields(run=run, job=context.run.job_name, step=name, **fields), span(name, run=run):
        started = time.monotonic()
        log.info("begins")
        try:
            yield
        except ForgeError as error:
            log.error(error.message, extra={"code": error.code, "seconds": _since(started)})
            raise
        except Exception as error:
            log.error(
                "%s: %s", type(error).__name__, error, extra={"code": "engine_failed", "seconds": _since(started)}
            )
            raise
        log.info("done", extra={"seconds": _since(started)})


def _step(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> str:
    return context.op_execution_context.op_def.name.removeprefix("make_")


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)
