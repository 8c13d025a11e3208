"""Making several cells at the same time, each in a process of its own.

What belongs here: handing cells to processes and bringing progress and outcomes back. What does not: making a cell.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.queues import Queue
from typing import Any

import dagster as dg

from forge_jobs.instance import open_instance
from forge_jobs.production import CellOutcome, make_cell
from forge_resources.progress import Listener, Progress, listening
from forge_resources.schemas.cell import CellKey
from forge_resources.settings import Settings
from forge_resources.studio import Studio


@dataclass(frozen=True)
class CellOrder:
    """A cell to be made and how."""

    cell: CellKey
    request: str
    approval: str
    reuse: bool
    board_ready: bool


def make_cells(
    instance: dg.DagsterInstance, studio: Studio, orders: Sequence[CellOrder], jobs: int, listener: Listener
) -> Iterator[tuple[CellOrder, CellOutcome]]:
    """Makes the cells, `jobs` at a time, and yields each as it is finished. One at a time stays in this process."""
    if jobs <= 1 or len(orders) <= 1:
        for order in orders:
            with listening(listener):
                outcome = _make(instance, studio, order)
            yield order, outcome
        return
    # A fork server: started before any thread, with Dagster and the graph already loaded.
    context = get_context("forkserver")
    context.set_forkserver_preload(["forge_jobs.definitions", "forge_jobs.parallel"])
    news: Queue[Progress | None] = context.Queue()
    reader = threading.Thread(target=_pass_on, args=(news, listener), daemon=True)
    reader.start()
    pool = ProcessPoolExecutor(min(jobs, len(orders)), mp_context=context, initializer=_listen, initargs=(news,))
    try:
        pending: dict[Future[CellOutcome], CellOrder] = {pool.submit(_make_apart, order): order for order in orders}
        for finished in as_completed(pending):
            yield pending[finished], finished.result()
    finally:
        pool.shutdown(cancel_futures=True)
        news.put(None)
        reader.join()


def _make(instance: dg.DagsterInstance, studio: Studio, order: CellOrder) -> CellOutcome:
    return make_cell(
        instance,
        studio,
        order.cell,
        request=order.request,
        approval=order.approval,
        reuse=order.reuse,
        board_ready=order.board_ready,
    )


def _make_apart(order: CellOrder) -> CellOutcome:
    """In a process of the pool, which has an instance of its own."""
    settings = Settings.from_environment()
    with open_instance(settings) as instance:
        return _make(instance, Studio(settings), order)


_open: list[Any] = []


def _listen(news: Queue[Progress | None]) -> None:
    """In a process of the pool: from now on progress goes to the one that started it."""
    listener = listening(news.put)
    listener.__enter__()
    _open.append(listener)


def _pass_on(news: Queue[Progress | None], listener: Listener) -> None:
    while (progress := news.get()) is not None:
        listener(progress)
