"""Choosing cells on the command line: `--market` and `--persona`, the same in every subcommand."""

from __future__ import annotations

from collections.abc import Sequence

import click

from forge_resources.errors import InvalidInput
from forge_resources.schemas.cell import CellKey

cells_option_market = click.option("--market", multiple=True, metavar="M", help="Only this market. May be repeated.")
cells_option_persona = click.option("--persona", multiple=True, metavar="P", help="Only this persona. May be repeated.")


def chosen(cells: Sequence[CellKey], markets: Sequence[str], personas: Sequence[str]) -> list[CellKey]:
    """The cells meant. Raises InvalidInput for a market or persona that the brief does not have, or for none left."""
    for what, names, known in (
        ("market", markets, {cell.market for cell in cells}),
        ("persona", personas, {cell.persona for cell in cells}),
    ):
        for name in names:
            if name not in known:
                raise InvalidInput(f"The brief has no {what} `{name}`.", remedy=f"It has {', '.join(sorted(known))}.")
    found = [
        cell for cell in cells if (not markets or cell.market in markets) and (not personas or cell.persona in personas)
    ]
    if not found:
        raise InvalidInput("The brief excludes every cell chosen here.")
    return found
