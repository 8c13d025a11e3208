"""`forge takes`: the takes of a brief's shots, how they were scored, and which are cut in."""

from __future__ import annotations

import click

from forge_jobs.command.output import EXIT_DONE, json_option, print_json, print_table
from forge_resources.errors import NotFound
from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.storyboard import Frames
from forge_resources.settings import Settings
from forge_resources.studio import Studio


@click.command()
@click.argument("brief")
@click.option("--market", "markets", multiple=True, help="Only this market; may be repeated.")
@click.option("--persona", "personas", multiple=True, help="Only this persona; may be repeated.")
@json_option
def takes(brief: str, markets: tuple[str, ...], personas: tuple[str, ...], as_json: bool) -> int:
    """The takes of every shot, with scores and files. BRIEF is the slug of a filed brief.

    Choose another take with a line under `pictures.choose` in the brief, and run it again: what is made is reused.
    """
    studio = Studio(Settings.from_environment())
    cells = [
        cell
        for cell in studio.filing.manifest(brief).cells
        if (not markets or cell.market in markets) and (not personas or cell.persona in personas)
    ]
    if not cells:
        raise NotFound(f"The brief {brief} has no such cell.")
    rows = [row for cell in cells for row in _rows(studio, cell)]
    if as_json:
        print_json({"brief": brief, "takes": rows})
        return EXIT_DONE
    columns = ["market", "persona", "shot", "take", "", "score", "seed", "picture"]
    print_table(
        columns,
        (
            (
                row["market"],
                row["persona"],
                row["shot"],
                row["take"],
                ("chosen" if row["chosen"] else "active") if row["active"] else "",
                f"{row['score']:.3f}",
                row["seed"],
                row["picture"],
            )
            for row in rows
        ),
    )
    if rows:
        row = next((row for row in rows if not row["active"]), rows[0])
        line = f"choose: [{{shot: {row['shot']}, take: {row['take']}}}]"
        click.echo(f"To cut another in, put it under pictures in the brief: {line}", err=True)
    else:
        click.echo("No shot has more than one take; ask for them with pictures.takes in the brief.", err=True)
    return EXIT_DONE


def _rows(studio: Studio, cell: CellKey) -> list[dict[str, object]]:
    frames = studio.cabinet.find("frames", cell.path, Frames)
    return [
        {
            "market": cell.market,
            "persona": cell.persona,
            "shot": plate.shot,
            "take": take.take,
            "active": take.take == plate.active,
            "chosen": take.take == plate.active and plate.chosen,
            "score": take.score,
            "qualities": take.qualities,
            "seed": take.seed,
            "picture": str(studio.store.object_place(take.picture.sha256, take.picture.suffix)),
        }
        for plate in (frames.plates if frames else [])
        for take in plate.takes
    ]
