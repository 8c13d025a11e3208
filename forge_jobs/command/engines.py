"""`forge engines`: what can make things here."""

from __future__ import annotations

from collections.abc import Mapping

import click

from forge_jobs.command.output import EXIT_DONE, EXIT_FAILED, json_option, print_json, print_table, say_error
from forge_resources.engines.contract import Engine
from forge_resources.engines.registry import engines as registered
from forge_resources.engines.registry import unloadable
from forge_resources.errors import ForgeError
from forge_resources.settings import Settings


@click.command()
@json_option
def engines(as_json: bool) -> int:
    """Which engines exist here, of which kind, tier and version, and what each lacks to run."""
    defaults = Settings.from_environment().engines.model_dump()
    found = list(registered())
    broken = unloadable()
    for _, _, error in broken:
        say_error(error)
    if as_json:
        listed = [_as_json(engine, defaults) for engine in found]
        print_json({"engines": listed, "unloadable": [_broken_as_json(*one) for one in broken]})
        return EXIT_FAILED if broken else EXIT_DONE
    print_table(
        ["kind", "engine", "tier", "version", "", "what it does", "lacks"],
        (
            (
                engine.kind,
                engine.name,
                engine.tier,
                engine.version,
                "default" if defaults.get(engine.kind) == engine.name else "",
                engine.summary,
                "; ".join(f"{lack.what} ({lack.remedy})" for lack in engine.lacks()) or "nothing",
            )
            for engine in found
        ),
    )
    return EXIT_FAILED if broken else EXIT_DONE


def _broken_as_json(kind: str, name: str, error: ForgeError) -> dict[str, str]:
    return {"kind": kind, "name": name, "error": error.message, "remedy": error.remedy}


def _as_json(engine: Engine, defaults: Mapping[str, str]) -> dict[str, object]:
    return {
        "kind": engine.kind,
        "name": engine.name,
        "tier": engine.tier,
        "version": engine.version,
        "default": defaults.get(engine.kind) == engine.name,
        "summary": engine.summary,
        "lacks": [{"what": lack.what, "remedy": lack.remedy} for lack in engine.lacks()],
    }
