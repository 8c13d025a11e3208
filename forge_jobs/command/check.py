"""`forge check`: validates briefs and says everything that is wrong with them."""

from __future__ import annotations

import click
from upath import UPath

from forge_jobs.command.output import EXIT_DONE, EXIT_WRONG_INPUT, json_option, print_json, say_error
from forge_resources.briefs.check import check_file
from forge_resources.errors import ForgeError
from forge_resources.settings import Settings
from forge_resources.studio import Studio


@click.command()
@click.argument("briefs", nargs=-1, required=True, metavar="BRIEF...")
@json_option
def check(briefs: tuple[str, ...], as_json: bool) -> int:
    """Validates briefs. Every fault is named with its place, all faults at once; nothing is filed."""
    studio = Studio(Settings.from_environment())
    reports = []
    for path in briefs:
        try:
            brief = check_file(UPath(path), studio.library, studio.profiles, store=studio.store).brief
        except ForgeError as error:
            faults = [{"place": fault.place, "message": fault.message} for fault in error.faults]
            reports.append({"file": path, "ok": False, "error": error.message, "faults": faults})
            if not as_json:
                say_error(error)
            continue
        cells = len(brief.cells())
        remarks = studio.remarks(brief)
        reports.append(
            {"file": path, "ok": True, "brief": brief.brief, "cells": cells, "faults": [], "remarks": remarks}
        )
        if not as_json:
            click.echo(f"{path}: {brief.brief} is sound; {cells} cell{'s' if cells != 1 else ''} to make", err=True)
            for remark in remarks:
                click.echo(f"  note: {remark}", err=True)
    ok = all(report["ok"] for report in reports)
    if as_json:
        print_json({"ok": ok, "briefs": reports})
    return EXIT_DONE if ok else EXIT_WRONG_INPUT
