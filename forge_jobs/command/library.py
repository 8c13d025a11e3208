"""`forge library`: the reference data, in lists and entry by entry, checked as it is read."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

import click
import yaml
from pydantic import BaseModel

from forge_jobs.command.output import EXIT_DONE, json_option, print_json, print_table
from forge_resources.errors import InvalidInput, NotFound
from forge_resources.library.catalogue import Library
from forge_resources.library.locales import market_name
from forge_resources.settings import Settings
from forge_resources.studio import Studio


@click.command()
@click.argument("shelf", required=False)
@click.argument("slug", required=False)
@json_option
def library(shelf: str | None, slug: str | None, as_json: bool) -> int:
    """Shows the reference data and checks it.

    SHELF is markets, personas, brands, languages, countries, regions, segments or profiles; SLUG one of its entries.
    """
    studio = Studio(Settings.from_environment())
    shelves = _shelves(studio)
    if shelf is None:
        _show_shelves(studio, shelves, as_json)
        return EXIT_DONE
    if shelf not in shelves:
        close = get_close_matches(shelf, shelves, n=1)
        hint = f"Did you mean {close[0]}?" if close else f"There are {', '.join(shelves)}."
        raise InvalidInput(f"The library has no `{shelf}`.", remedy=hint)
    entries = shelves[shelf]
    if slug is None:
        rows = [(name, _in_a_line(entry)) for name, entry in entries.items()]
        if as_json:
            print_json({shelf: {name: entry.model_dump(mode="json") for name, entry in entries.items()}})
        else:
            print_table([shelf, ""], rows)
        return EXIT_DONE
    if slug not in entries:
        close = get_close_matches(slug, entries, n=3)
        raise NotFound(f"There is no `{slug}` among the {shelf}.", remedy=f"Near: {', '.join(close)}." if close else "")
    document = _resolved(studio.library, shelf, slug, entries[slug]).model_dump(mode="json")
    if as_json:
        print_json(document)
    else:
        click.echo(yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=120), nl=False)
    return EXIT_DONE


def _shelves(studio: Studio) -> dict[str, Mapping[str, BaseModel]]:
    library = studio.library
    return {
        "markets": library.markets,
        "personas": library.personas,
        "brands": library.brands,
        "languages": library.languages,
        "countries": library.countries,
        "regions": library.regions,
        "segments": library.segments,
        "profiles": studio.profiles,
    }


def _show_shelves(studio: Studio, shelves: Mapping[str, Mapping[str, BaseModel]], as_json: bool) -> None:
    overlay = studio.settings.library
    if as_json:
        listed = {name: list(entries) for name, entries in shelves.items()}
        print_json({"content": studio.library.content_hash(), "overlay": str(overlay) if overlay else None, **listed})
        return
    print_table(["shelf", "entries", ""], ((name, len(all_), ", ".join(all_)) for name, all_ in shelves.items()))
    where = f"with the entries of {overlay}" if overlay else "the packaged entries alone, as FORGE_LIBRARY is not set"
    click.echo(f"The library is sound: {where}.", err=True)


def _resolved(library: Library, shelf: str, slug: str, entry: BaseModel) -> BaseModel:
    """Markets and personas with all that composes them."""
    if shelf == "markets":
        return library.resolve_market(slug)
    if shelf == "personas":
        return library.resolve_persona(slug)
    return entry


def _in_a_line(entry: BaseModel) -> str:
    values = entry.model_dump(mode="json")
    if "country" in values and "language" in values:
        return f"{market_name(values['code'])}; voice {values['voice']}, delivery {', '.join(values['delivery'])}"
    for name in ("portrait", "description", "name"):
        if values.get(name):
            return str(values[name])
    return "; ".join(insight["text"] for insight in values.get("insights", [])[:1])
