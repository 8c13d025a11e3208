"""How the command talks: people on standard error, results on standard output, meaning in the exit status."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from forge_resources.errors import ForgeError

EXIT_DONE, EXIT_FAILED, EXIT_WRONG_INPUT, EXIT_AWAITING = 0, 1, 2, 3

ui_port_option = click.option(
    "--port", type=click.IntRange(1, 65535), default=3000, show_default=True, help="Port of the UI."
)
ui_host_option = click.option("--host", default="127.0.0.1", show_default=True, help="Address the UI listens on.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")


def people() -> Console:
    """The console for people, on standard error. Wide where it is no terminal, so that lines stay whole."""
    # A descriptor of its own: Dagster redirects standard error while a run is going on.
    stream = os.fdopen(os.dup(sys.stderr.fileno()), "w", buffering=1, encoding="utf-8")
    return Console(file=stream, highlight=False, soft_wrap=True, width=None if sys.stderr.isatty() else 200)


def print_json(value: Mapping[str, Any]) -> None:
    """The result, alone on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """The result as a table on standard output: drawn where it is a terminal, tab-separated where it is not."""
    if not sys.stdout.isatty():
        for row in rows:
            sys.stdout.write("\t".join(str(cell).replace("\n", " ") for cell in row) + "\n")
        return
    table = Table(*columns, title=title, title_justify="left", title_style="bold", header_style="bold", box=None)
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    Console(highlight=False).print(table)


def say_error(error: ForgeError) -> None:
    """An error, with its faults and its remedy, and nothing else."""
    lines = [f"{error.code}: {error.message}", *(f"  {fault}" for fault in error.faults)]
    if error.remedy:
        lines.append(error.remedy)
    click.echo("\n".join(lines), err=True)
