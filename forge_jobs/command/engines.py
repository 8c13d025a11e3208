"""`forge engines`: what can make things here."""

from __future__ import annotations

import click

from forge_jobs.command.output import EXIT_DONE, json_option, print_json, print_table
from forge_resources.engines.registry import engines as registered
from forge_resources.settings import Settings


@click.command()
@json_option
def engines(as_json: bool) -> int:
    """Which engines exist here, of which kind, tier and version, and what each lacks to run."""
    defaults = Settings.from_environment().engines.model_dump()
    rows = [
        {
            "kind": engine.kind,
            "name": engine.name,
            "tier": engine.tier,
            "version": engine.version,
            "default": defaults.get(engine.kind) == engine.name,
            "summary": engine.summary,
            "lacks": [{"what": lack.what, "remedy": lack.remedy} for lack in engine.lacks()],
        }
        for engine in registered()
    ]
    if as_json:
        print_json({"engines": rows})
        return EXIT_DONE
    print_table(
        ["kind", "engine", "tier", "version", "", "what it does", "lacks"],
        (
            (
                row["kind"],
                row["name"],
                row["tier"],
                row["version"],
                "default" if row["default"] else "",
                row["summary"],
                "; ".join(f"{lack['what']} ({lack['remedy']})" for lack in row["lacks"]) or "nothing",
            )
            for row in rows
        ),
    )
    return EXIT_DONE
