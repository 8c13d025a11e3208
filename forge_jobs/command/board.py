"""`forge board`: the pages on which producers approve storyboards and collect deliverables."""

from __future__ import annotations

import os

import click

from forge_jobs.board.app import BoardApp, BoardSettings
from forge_jobs.board.shelf import BoardShelf
from forge_jobs.command.output import people
from forge_jobs.command.serving import serve
from forge_jobs.instance import open_instance
from forge_resources.logs import open_log
from forge_resources.settings import Settings
from forge_resources.studio import Studio


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=3100, show_default=True, help="Port to listen on.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
def board(port: int, host: str) -> int:
    """Serves the board: briefs, cells, contact sheets, approval, deliverables. Ends with Ctrl-C.

    It has no login of its own: put a reverse proxy with one in front of it. FORGE_BOARD_HOSTS are the names that it
    answers to (default localhost), FORGE_BOARD_ORIGINS the addresses that the proxy shows it under, such as
    https://forge.example.com, and FORGE_BOARD_USER_HEADER the header in which the proxy names the person.
    """
    settings = Settings.from_environment()
    open_log(settings.home)
    with open_instance(settings) as instance:
        shelf = BoardShelf(instance, Studio(settings))
        people().print(f"board   http://{host}:{port}")
        return serve(BoardApp(shelf, _settings()).app, host, port)


def _settings() -> BoardSettings:
    given = {
        "hosts": _listed("FORGE_BOARD_HOSTS"),
        "origins": _listed("FORGE_BOARD_ORIGINS"),
        "user_header": os.environ.get("FORGE_BOARD_USER_HEADER", ""),
        "links": os.environ.get("FORGE_BOARD_LINKS", "") not in ("", "off"),
    }
    return BoardSettings(**{name: value for name, value in given.items() if value})  # type: ignore[arg-type]


def _listed(variable: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in os.environ.get(variable, "").split(",") if part.strip())
