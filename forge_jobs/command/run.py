"""`forge run`: from a brief to its spots, in this process, recorded in the Dagster instance."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import dagster as dg
from upath import UPath

from forge_jobs.command.cells import cells_option_market, cells_option_persona, chosen
from forge_jobs.command.output import (
    EXIT_AWAITING,
    EXIT_DONE,
    EXIT_FAILED,
    json_option,
    people,
    print_json,
)
from forge_jobs.command.progress_board import ProgressBoard
from forge_jobs.command.summary import show_outcome, show_total
from forge_jobs.consumption import total
from forge_jobs.definitions import defs
from forge_jobs.instance import open_instance
from forge_jobs.intake import announce, news_of, request_key
from forge_jobs.parallel import CellOrder, make_cells
from forge_jobs.production import CellOutcome, board_is_ready, delivered_before
from forge_jobs.recovery import end_runs_of_killed_processes
from forge_jobs.staleness import Staleness
from forge_resources.briefs.check import check_file
from forge_resources.briefs.filing import Filed
from forge_resources.errors import ForgeError
from forge_resources.progress import Progress
from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.deliverables import Deliverables
from forge_resources.settings import Settings
from forge_resources.store.files import write_bytes
from forge_resources.studio import Studio
from forge_resources.writing.ahead import write_ahead


@click.command()
@click.argument("brief", type=click.Path(path_type=Path))
@cells_option_market
@cells_option_persona
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Also put the deliverables here.")
@click.option("--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="Cells made at the same time.")
@click.option("--force", is_flag=True, help="Make everything again, even what the store already has.")
@json_option
def run(
    brief: Path,
    market: tuple[str, ...],
    persona: tuple[str, ...],
    out: Path | None,
    jobs: int,
    force: bool,
    as_json: bool,
) -> int:
    """Files BRIEF and makes its cells. What has not changed is not made again.

    Exit status: 0 done, 1 something failed or is blocked, 2 the brief or the call is wrong, 3 awaiting approval.
    """
    started = time.monotonic()
    settings = Settings.from_environment()
    studio = Studio(settings)
    checked = check_file(UPath(brief.absolute()), studio.library, studio.profiles, store=studio.store)
    cells = chosen(checked.brief.cells(), market, persona)
    console = people()
    outcomes: list[CellOutcome] = []
    with open_instance(settings) as instance:
        end_runs_of_killed_processes(instance)
        filed = studio.filing.file(checked, str(brief.absolute()))
        announce(instance, news_of(instance, filed))
        for remark in studio.remarks(checked.brief):
            console.print(f"note: {remark}")
        console.print(f"{filed.manifest.slug}: {len(cells)} cell{'s' if len(cells) != 1 else ''}")
        staleness = Staleness(instance, defs, studio)
        with ProgressBoard(console) as board:
            for cell, outcome in _make(instance, studio, staleness, filed, cells, jobs, force, board):
                board.end(cell)
                if out is not None and outcome.status == "delivered":
                    outcome = collect(studio, cell, outcome, out)
                outcomes.append(outcome)
                show_outcome(console, outcome)
    outcomes.sort(key=lambda outcome: [(cell.market, cell.persona) for cell in cells].index(_place(outcome)))
    seconds = time.monotonic() - started
    show_total(console, filed.manifest.slug, outcomes, seconds)
    if as_json:
        print_json(_report(filed, outcomes, seconds))
    return _status(outcomes)


def _make(
    instance: dg.DagsterInstance,
    studio: Studio,
    staleness: Staleness,
    filed: Filed,
    cells: list[CellKey],
    jobs: int,
    force: bool,
    board: ProgressBoard,
) -> Iterator[tuple[CellKey, CellOutcome]]:
    orders = []
    for cell in cells:
        before = None if force else delivered_before(studio, staleness, cell)
        if before is not None:
            yield cell, before
        else:
            approval = filed.manifest.brief.approval
            ready = not force and board_is_ready(studio, staleness, cell)
            orders.append(CellOrder(cell, request_key(filed, cell), approval, not force, ready))
    if not force and len(orders) > 1:
        _write_ahead(studio, [order.cell for order in orders], board)
    for order, outcome in make_cells(instance, studio, orders, jobs, board.show):
        yield order.cell, outcome


def _write_ahead(studio: Studio, cells: list[CellKey], board: ProgressBoard) -> None:
    """Has the papers of all cells written at the same time where a server writes them. Errors come with the runs."""

    def tell(cell: CellKey, error: ForgeError | None) -> None:
        board.show(Progress(cell.partition_key, "script", 0, 1, "to be asked for again" if error else "written"))

    write_ahead(studio, cells, tell)


def collect(studio: Studio, cell: CellKey, outcome: CellOutcome, out: Path) -> CellOutcome:
    """Puts a cell's deliverables into `<out>/<brief>/<market>/<persona>/`. Returns the outcome with those addresses."""
    folder = out.absolute() / cell.path
    document = studio.cabinet.read("deliverables", cell.path, Deliverables)
    moved: dict[str, str] = {}
    for file in document.files:
        target = folder / file.name
        # The shelf has it under its name; a record is nowhere else.
        write_bytes(UPath(target), UPath(file.address).read_bytes())
        moved[file.address] = str(target)
    sheet = outcome.contact_sheet
    return outcome.model_copy(
        update={
            "spot": moved[outcome.spot or ""],
            "deliverables": [moved[address] for address in outcome.deliverables],
            "captions": [moved[address] for address in outcome.captions],
            "timeline": moved[outcome.timeline or ""],
            "contact_sheet": moved.get(sheet, sheet) if sheet else None,
        }
    )


def _place(outcome: CellOutcome) -> tuple[str, str]:
    return outcome.market, outcome.persona


def _report(filed: Filed, outcomes: list[CellOutcome], seconds: float) -> dict[str, Any]:
    return {
        "brief": filed.manifest.slug,
        "version": filed.manifest.version,
        "ok": all(outcome.status == "delivered" for outcome in outcomes),
        "seconds": round(seconds, 2),
        "cells": [outcome.model_dump(mode="json") for outcome in outcomes],
        "plates": {
            "rendered": sum(outcome.plates.rendered for outcome in outcomes),
            "reused": sum(outcome.plates.reused for outcome in outcomes),
        },
        "gpu": total(outcome.gpu for outcome in outcomes).model_dump(mode="json"),
    }


def _status(outcomes: list[CellOutcome]) -> int:
    statuses = {outcome.status for outcome in outcomes}
    if statuses & {"blocked", "failed"}:
        return EXIT_FAILED
    return EXIT_AWAITING if "awaiting_approval" in statuses else EXIT_DONE
