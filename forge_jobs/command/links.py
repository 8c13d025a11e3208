"""`forge links`: what was delivered, as addresses that a browser opens."""

from __future__ import annotations

from pathlib import Path

import click

from forge_jobs.command.approve import slug_of
from forge_jobs.command.cells import cells_option_market, cells_option_persona, chosen
from forge_jobs.command.output import EXIT_DONE, EXIT_FAILED, json_option, people, print_json, print_table
from forge_resources.schemas.deliverables import Deliverables, DeliveredFile
from forge_resources.settings import Settings
from forge_resources.store.files import is_local, place_at
from forge_resources.store.s3 import LINK_MINUTES, link_minutes, link_to
from forge_resources.studio import Studio


@click.command()
@click.argument("brief")
@cells_option_market
@cells_option_persona
@click.option("--role", default="spot", show_default=True, metavar="ROLE", help="spot, captions, timeline … or all.")
@click.option(
    "--minutes",
    type=click.IntRange(min=1),
    help=f"Life of the links. Default: FORGE_LINK_MINUTES or {LINK_MINUTES}.",
)
@json_option
def links(
    brief: str, market: tuple[str, ...], persona: tuple[str, ...], role: str, minutes: int | None, as_json: bool
) -> int:
    """Addresses of what was delivered of BRIEF: presigned links on S3, file addresses on a directory.

    Whoever has a link can open it until its time is over.
    """
    studio = Studio(Settings.from_environment())
    cells = chosen(studio.filing.manifest(slug_of(brief)).cells, market, persona)
    found = []
    for cell in cells:
        document = studio.cabinet.find("deliverables", cell.path, Deliverables)
        for file in document.files if document else []:
            if role in ("all", file.role):
                link = _link(file, minutes or link_minutes())
                found.append(
                    {"market": cell.market, "persona": cell.persona, "role": file.role, "name": file.name, "link": link}
                )
    if as_json:
        print_json({"brief": slug_of(brief), "links": found})
    else:
        print_table(["market", "persona", "role", "name", "link"], (list(row.values()) for row in found))
        if not found:
            people().print("Nothing of that kind has been delivered yet.")
    return EXIT_DONE if found else EXIT_FAILED


def _link(file: DeliveredFile, minutes: int) -> str:
    place = place_at(file.address)
    return Path(place.path).as_uri() if is_local(place) else link_to(place, minutes)
