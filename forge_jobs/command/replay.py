"""`forge replay`: makes an artefact again from its recipe, and says how like it comes out."""

from __future__ import annotations

from pathlib import Path

import click

from forge_jobs.command.output import EXIT_DONE, EXIT_FAILED, json_option, print_json
from forge_resources.settings import Settings
from forge_resources.store.replay import replay as replayed
from forge_resources.studio import Studio


@click.command()
@click.argument("artefact")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Keep what is made, as this file.")
@json_option
def replay(artefact: str, out: Path | None, as_json: bool) -> int:
    """Makes an artefact again from its recipe: bit-equal, perceptually equal, or different?

    ARTEFACT is a file that Forge made, or the beginning of its SHA-256. What differs in the environment is named:
    versions, device, driver. Nothing in the store changes.
    """
    found = replayed(Studio(Settings.from_environment()).workshop, artefact, out)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        figure = "" if found.figure is None else f" ({found.measure} {found.figure:g})"
        seed = "" if found.seed is None else f", seed {found.seed}"
        click.echo(f"{found.verdict}{figure}")
        click.echo(f"{found.artefact[:12]} of the {found.engine} engine{seed}", err=True)
        for change in found.changes:
            click.echo(f"  {change.what}: {change.then or 'none'} then, {change.now or 'none'} now", err=True)
        if not found.changes:
            click.echo("  nothing of the environment has changed, or none is recorded", err=True)
    return EXIT_FAILED if found.verdict == "different" else EXIT_DONE
