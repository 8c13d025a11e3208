"""What sharing and writing at the same time save: a brief of 5 markets × 4 personas, by a server that takes 1 s a call.

The references of the same run: the calls that the cells make where each is written alone, in a store of its own; and
the longest chain of calls, one cell alone. The server is on this machine and speaks OpenAI's protocol; what it answers
passes every gate, so that a cell takes four calls: concept, culture, script and review.

    python bench/writing.py [--rounds N] [--seconds S] [--json]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from upath import UPath

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.measuring import median, show
from forge_resources.briefs.check import check_file
from forge_resources.schemas.cell import CellKey
from forge_resources.settings import Settings
from forge_resources.studio import Studio
from forge_resources.writing.ahead import write_ahead, write_cell
from tests import writers
from tests.chat_server import Answer, ChatServer

DEMO = Path(__file__).parents[1] / "examples" / "briefs" / "aurora-launch.yaml"
MARKETS = ["en-GB", "de-DE", "fr-FR", "es-ES", "it-IT"]
PERSONAS = ["busy-parent", "night-owl-student", "remote-professional", "city-commuter"]


@dataclass(frozen=True)
class Measured:
    """Seconds and calls of one way of writing."""

    seconds: float
    calls: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0, help="how long the server takes for a call")
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()

    together: list[Measured] = []
    chain: list[Measured] = []
    again: list[Measured] = []
    server = ChatServer(lambda said: Answer(writers.paper(said.schema, said.texts), delay_s=wanted.seconds))
    with server.running(), tempfile.TemporaryDirectory(prefix="forge-bench-") as folder:
        os.environ["OPENAI_BASE_URL"] = f"http://127.0.0.1:{server.port}/v1"
        os.environ["FORGE_TEXT_MODEL"] = "bench"
        # Not counted: loads the libraries, the language identifier and the voice.
        one_cell(server, Path(folder) / "warm", 0)
        for number in range(wanted.rounds):
            home = Path(folder) / f"home-{number}"
            together.append(all_cells(server, home))
            chain.append(one_cell(server, Path(folder) / f"alone-{number}", number))
            again.append(all_cells(server, home))
        alone = sum(
            one_cell(server, Path(folder) / f"apart-{place}", place).calls
            for place in range(len(MARKETS) * len(PERSONAS))
        )
    calls = median([one.calls for one in together])
    figures: dict[str, Any] = {
        "calls_over_unshared": round(calls / alone, 3),
        "wall_over_longest_chain": median(
            [one.seconds / other.seconds for one, other in zip(together, chain, strict=True)]
        ),
        "calls": calls,
        "calls_unshared": alone,
        "wall_s": median([one.seconds for one in together]),
        "longest_chain_s": median([one.seconds for one in chain]),
        "calls_when_written": median([one.calls for one in again]),
        "cells": len(MARKETS) * len(PERSONAS),
        "server_s_per_call": wanted.seconds,
        "rounds": wanted.rounds,
    }
    rows = [
        (
            "calls, all cells together",
            f"{calls:.0f}",
            f"{figures['calls_over_unshared']:.3f} × the {alone} of cells apart",
        ),
        (
            "seconds, all cells together",
            f"{figures['wall_s']:.2f} s",
            f"{figures['wall_over_longest_chain']:.2f} × one cell alone ({figures['longest_chain_s']:.2f} s)",
        ),
        ("calls when all is written", f"{figures['calls_when_written']:.0f}", "the same brief once more"),
    ]
    show("Writing", rows, figures, wanted.json)


def all_cells(server: ChatServer, home: Path) -> Measured:
    """The brief in a home, all cells together."""
    studio, cells = filed(home)
    before, started = len(server.requests), time.perf_counter()
    errors = write_ahead(studio, cells)
    if errors:
        raise SystemExit(f"A cell could not be written: {next(iter(errors.values()))}")
    return Measured(time.perf_counter() - started, len(server.requests) - before)


def one_cell(server: ChatServer, home: Path, place: int) -> Measured:
    """One of the brief's cells in a home of its own."""
    studio, cells = filed(home)
    before, started = len(server.requests), time.perf_counter()
    if error := write_cell(studio, cells[place % len(cells)]):
        raise SystemExit(f"The cell could not be written: {error}")
    return Measured(time.perf_counter() - started, len(server.requests) - before)


def filed(home: Path) -> tuple[Studio, list[CellKey]]:
    """A studio in `home` with the brief filed, and its cells."""
    home.mkdir(exist_ok=True)
    brief = yaml.safe_load(DEMO.read_text(encoding="utf-8"))
    brief |= {"markets": MARKETS, "personas": PERSONAS, "engines": {"text": "openai"}, "copy": {}}
    file = home / "brief.yaml"
    file.write_text(yaml.safe_dump(brief, allow_unicode=True), encoding="utf-8")
    studio = Studio(Settings.from_environment({"FORGE_HOME": str(home)}))
    checked = check_file(UPath(file), studio.library, studio.profiles)
    studio.filing.file(checked, str(file))
    return studio, checked.brief.cells()


if __name__ == "__main__":
    main()
