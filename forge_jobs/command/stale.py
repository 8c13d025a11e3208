"""`forge stale`: what no longer matches its inputs, and why."""

from __future__ import annotations

import click

from forge_jobs.command.approve import slug_of
from forge_jobs.command.output import EXIT_DONE, json_option, people, print_json, print_table
from forge_jobs.definitions import defs
from forge_jobs.instance import open_instance
from forge_jobs.staleness import StaleAsset, Staleness
from forge_jobs.unfiled import unfiled_changes
from forge_resources.settings import Settings
from forge_resources.studio import Studio


@click.command()
@click.argument("brief", required=False)
@json_option
def stale(brief: str | None, as_json: bool) -> int:
    """The cells and assets that no longer match their inputs, each with its cause.

    BRIEF is a slug or a file; without it, every filed brief is looked at. A brief's file or a library entry that has
    changed since it was filed counts, too.
    """
    settings = Settings.from_environment()
    studio = Studio(settings)
    slugs = [studio.filing.manifest(slug_of(brief)).slug] if brief else studio.filing.briefs()
    found: list[StaleAsset] = []
    console = people()
    with open_instance(settings) as instance:
        staleness = Staleness(instance, defs, studio)
        for slug in slugs:
            manifest = studio.filing.manifest(slug)
            changes = unfiled_changes(studio, manifest)
            if changes.file_fault:
                console.print(f"{slug}: {manifest.file} has changed and cannot be filed: {changes.file_fault}")
            for cell in manifest.cells:
                found += staleness.of_cell(cell, changes.of_cell(cell))
    if as_json:
        print_json({"stale": [_as_json(asset) for asset in found]})
        return EXIT_DONE
    if not found:
        console.print("Everything matches its inputs." if slugs else "No brief has been filed yet.")
        return EXIT_DONE
    print_table(
        ["brief", "market", "persona", "asset", "cause"],
        (
            (asset.cell.brief, asset.cell.market, asset.cell.persona, asset.asset, "; ".join(asset.causes))
            for asset in found
        ),
    )
    return EXIT_DONE


def _as_json(asset: StaleAsset) -> dict[str, object]:
    return {
        "brief": asset.cell.brief,
        "market": asset.cell.market,
        "persona": asset.cell.persona,
        "asset": asset.asset,
        "missing": asset.missing,
        "causes": asset.causes,
    }
