"""`forge approve`: a person's word on a storyboard, bound to what was seen."""

from __future__ import annotations

from pathlib import Path

import click

from forge_jobs.approving import record_approval
from forge_jobs.command.cells import cells_option_market, cells_option_persona, chosen
from forge_jobs.command.output import EXIT_DONE, EXIT_FAILED, json_option, people, print_json
from forge_jobs.command.summary import show_outcome
from forge_jobs.instance import open_instance
from forge_jobs.production import finish_cell
from forge_jobs.recovery import end_runs_of_killed_processes
from forge_resources.briefs.document import SUFFIXES, parse_document
from forge_resources.errors import InvalidInput
from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.storyboard import Frames
from forge_resources.settings import Settings
from forge_resources.studio import Studio


@click.command()
@click.argument("brief")
@cells_option_market
@cells_option_persona
@click.option("--by", required=True, metavar="NAME", help="Who approves.")
@click.option("--note", default="", metavar="TEXT", help="A word on it, kept with the approval.")
@click.option("--run", "and_run", is_flag=True, help="Make what is left here, instead of leaving it to the sensor.")
@json_option
def approve(
    brief: str, market: tuple[str, ...], persona: tuple[str, ...], by: str, note: str, and_run: bool, as_json: bool
) -> int:
    """Approves the storyboards of BRIEF (its slug or file) that await it, by the content of their contact sheets.

    An approval is void once the sheet changes. What is left of the cells is then made by the sensor, or here (--run).
    """
    if not by.strip():
        raise InvalidInput("--by needs a name.")
    settings = Settings.from_environment()
    studio = Studio(settings)
    manifest = studio.filing.manifest(slug_of(brief))
    if manifest.brief.approval != "required":
        raise InvalidInput(f"The brief {manifest.slug} does not ask for approval.")
    cells = chosen(manifest.cells, market, persona)
    console = people()
    outcomes, approvals = [], []
    with open_instance(settings) as instance:
        end_runs_of_killed_processes(instance)
        for cell in cells:
            frames = studio.cabinet.find("frames", cell.path, Frames)
            if frames is None:
                console.print(f"{cell}: has no storyboard yet")
                continue
            if record_approval(instance, studio, cell, by=by, note=note):
                approvals.append(_approval(cell, frames, studio))
                console.print(f"{cell}: approved by {by}")
            else:
                console.print(f"{cell}: was approved already")
            if and_run:
                outcome = finish_cell(
                    instance, studio, cell, request=f"approved {cell.partition_key}#{frames.contact_sheet.sha256[:16]}"
                )
                outcomes.append(outcome)
                show_outcome(console, outcome)
    if not approvals and not outcomes:
        console.print("Nothing awaits approval.")
    if as_json:
        cells_made = [outcome.model_dump(mode="json") for outcome in outcomes]
        print_json({"brief": manifest.slug, "approved": approvals, "cells": cells_made})
    return EXIT_DONE if all(outcome.status == "delivered" for outcome in outcomes) else EXIT_FAILED


def slug_of(brief: str) -> str:
    """The slug a person means: given as such, or by the file it stands in."""
    path = Path(brief)
    if path.suffix.lower() in SUFFIXES and path.is_file():
        return str(parse_document(path.read_bytes(), path.name).get("brief", ""))
    return brief


def _approval(cell: CellKey, frames: Frames, studio: Studio) -> dict[str, str]:
    return {
        "market": cell.market,
        "persona": cell.persona,
        "contact_sheet": str(studio.store.path(frames.contact_sheet)),
        "content": frames.contact_sheet.sha256,
    }
