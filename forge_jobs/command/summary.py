"""Outcomes in words for people: a line per cell, and one for the whole."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from forge_jobs.production import CellOutcome

_MARKS = {
    "delivered": "[green]✓[/]",
    "awaiting_approval": "[yellow]…[/]",
    "blocked": "[red]■[/]",
    "failed": "[red]✗[/]",
}


def show_outcome(console: Console, outcome: CellOutcome) -> None:
    """What became of a cell."""
    name = f"{outcome.market} × {outcome.persona}"
    words = outcome.status.replace("_", " ")
    console.print(f"{_MARKS[outcome.status]} {name}: {words}{escape(_detail(outcome))}")
    if outcome.error:
        for line in outcome.error.splitlines():
            console.print(f"    {escape(line)}")


def _detail(outcome: CellOutcome) -> str:
    if outcome.unchanged:
        return f" before, nothing has changed; {outcome.spot}"
    plates = f"plates: {outcome.plates.rendered} rendered, {outcome.plates.reused} reused; {outcome.seconds:.1f} s"
    if outcome.status == "delivered":
        return f", {outcome.tier} tier; {plates}; {outcome.spot}"
    if outcome.status == "awaiting_approval":
        return f"; {plates}; look at {outcome.contact_sheet}"
    return f"{'' if outcome.code == outcome.status else f' ({outcome.code})'}, run {outcome.run_id}"


def show_total(console: Console, brief: str, outcomes: Sequence[CellOutcome], seconds: float) -> None:
    """The whole call in a line or two."""
    if outcomes and all(outcome.unchanged for outcome in outcomes):
        console.print(f"{brief}: nothing has changed, nothing was made again ({seconds:.1f} s)")
        return
    counts = {status: sum(outcome.status == status for outcome in outcomes) for status in _MARKS}
    said = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in counts.items() if count)
    rendered = sum(outcome.plates.rendered for outcome in outcomes)
    reused = sum(outcome.plates.reused for outcome in outcomes)
    console.print(f"{brief}: {said}; plates: {rendered} rendered, {reused} reused; {seconds:.1f} s")
