"""`forge models`: the catalogue, and what is installed of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import click
import httpx
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from forge_jobs.command.output import (
    EXIT_DONE,
    EXIT_FAILED,
    json_option,
    people,
    print_json,
    print_table,
)
from forge_resources.errors import InvalidInput, NotFound
from forge_resources.models import places
from forge_resources.models.catalogue import PRESETS, Catalogue, ModelEntry, PartEntry, memory_gb
from forge_resources.models.data_files import LONGEST_NAME, MODEL_NAME
from forge_resources.models.installation import Installer, Order, Watch
from forge_resources.models.references import is_reference, parse_reference
from forge_resources.models.shelf import Installed, folder_size
from forge_resources.models.transfer import Manners

TIMEOUT = httpx.Timeout(60.0, connect=20.0)
USER_AGENT = "forge-spots"


@click.group()
def models() -> None:
    """The picture models: which there are, and what is installed.

    Weights lie in FORGE_MODELS (default: `models` in FORGE_HOME). Tokens: HF_TOKEN, CIVITAI_API_TOKEN.
    """


@models.command("list")
@click.option("--installed", "only_installed", is_flag=True, help="Only what is installed here.")
@json_option
def list_(only_installed: bool, as_json: bool) -> int:
    """The models and parts of the catalogue, and what is installed, with the disk it takes."""
    catalogue, shelf = places.catalogue(), places.shelf()
    there = {one.name: one for one in shelf.installed()}
    listed = [_listed(name, catalogue, there) for name in _names(catalogue, there)]
    if only_installed:
        listed = [row for row in listed if row["installed"]]
    used = sum(one.descriptor.size for one in there.values())
    if as_json:
        print_json({"folder": str(shelf.root), "used_bytes": used, "models": listed})
        return EXIT_DONE
    columns = ["name", "kind", "architecture", "installed", "download", "memory, full", "memory, 4-bit", "commercial"]
    print_table(
        columns,
        (
            (
                row["name"],
                row["kind"],
                row["architecture"] or "",
                _there(row),
                f"{row['download_gb']:g} GB" if row["download_gb"] else "",
                _memory(row, "full"),
                _memory(row, "4-bit"),
                row["commercial"] or "",
            )
            for row in listed
        ),
    )
    click.echo(f"{len(there)} installed in {shelf.root}, {used / 1e9:.1f} GB", err=True)
    return EXIT_DONE


@models.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> int:
    """All that is known of a model or part: parameters, memory, licence, and what is installed of it."""
    catalogue, shelf = places.catalogue(), places.shelf()
    installed = shelf.find(name)
    if installed is None or name in {**catalogue.models, **catalogue.parts}:
        entry = catalogue.entry(name)
        about = entry.model_dump(mode="json", exclude_defaults=True)
    else:
        about, entry = {}, None
    if isinstance(entry, ModelEntry):
        about["memory_gb"] = _presets(entry)
    about["installed"] = _installed(installed) if installed else None
    if as_json:
        print_json({"model": name, **about})
        return EXIT_DONE
    for key, value in _flat(about):
        click.echo(f"{key}: {value}")
    if installed is None and not (isinstance(entry, ModelEntry) and entry.weights_of):
        click.echo(f"Not installed: forge models download {name}", err=True)
    return EXIT_DONE


@models.command()
@click.argument("wanted", metavar="NAME|REFERENCE")
@click.option("--as", "name", help="The name to install a reference under; made from the reference otherwise.")
@click.option("--connections", default=4, show_default=True, type=click.IntRange(1, 32), help="Parts fetched at once.")
@json_option
def download(wanted: str, name: str | None, connections: int, as_json: bool) -> int:
    """Installs a model of the catalogue, or what a reference names.

    References are hf:repo@revision#file, civitai:version (or its AIR name) and file:path. An interrupted download goes
    on where it was. Every file is compared with the SHA-256 that its source and the catalogue say.
    """
    catalogue, shelf = places.catalogue(), places.shelf()
    orders = _orders(wanted, name, catalogue)
    made = []
    with httpx.Client(timeout=TIMEOUT, headers={"User-Agent": USER_AGENT}) as client:
        installer = Installer(shelf, catalogue, client, Manners(connections=connections))
        for order in orders:
            before = shelf.find(order.name)
            with _watched(order.name) as watch:
                found = installer.install(order, watch)
            made.append(found)
            told = "is installed already" if before else "is installed"
            click.echo(f"{order.name} {told}: {found.folder} ({_gb(found.descriptor.size)})", err=True)
            if order.entry and order.entry.licence.commercial != "yes" and not before:
                click.echo(f"  licence: {order.entry.licence.name}. {order.entry.licence.limits}", err=True)
    if as_json:
        print_json({"installed": [_installed(one) for one in made]})
    return EXIT_DONE


@models.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@json_option
def verify(names: tuple[str, ...], as_json: bool) -> int:
    """Compares every file of what is installed (or of NAMEs) with its SHA-256."""
    shelf = places.shelf()
    there = {one.name: one for one in shelf.installed()}
    for name in names:
        if name not in there:
            raise NotFound(f"No model {name} is installed.", remedy=f"forge models download {name}")
    reports = []
    for one in [there[name] for name in names] or list(there.values()):
        faults = shelf.faults(one)
        reports.append({"model": one.name, "ok": not faults, "faults": [vars(fault) for fault in faults]})
        if not as_json:
            click.echo(f"{one.name}: {len(one.descriptor.files)} files, {'damaged' if faults else 'whole'}", err=True)
            for fault in faults:
                click.echo(f"  {fault}", err=True)
    ok = all(report["ok"] for report in reports)
    if as_json:
        print_json({"ok": ok, "models": reports})
    elif not ok:
        click.echo("Install a damaged model again: forge models remove NAME, forge models download NAME.", err=True)
    return EXIT_DONE if ok else EXIT_FAILED


@models.command()
@click.argument("name")
@json_option
def remove(name: str, as_json: bool) -> int:
    """Removes a model that is installed, and what was fetched of one that is not yet."""
    freed = places.shelf().remove(name)
    if as_json:
        print_json({"model": name, "freed_bytes": freed})
    else:
        click.echo(f"{name} is removed, {_gb(freed)} freed", err=True)
    return EXIT_DONE


def _orders(wanted: str, name: str | None, catalogue: Catalogue) -> list[Order]:
    """What to install: a model with the part that it needs, or what a reference names."""
    if not is_reference(wanted):
        if name:
            raise InvalidInput("--as names what a reference is installed as; a model of the catalogue has its name.")
        entry = catalogue.entry(wanted)
        if not isinstance(entry, ModelEntry):
            return [Order(wanted, parse_reference(entry.source), entry)]
        weights = entry.weights_of or wanted
        orders = [Order(weights, parse_reference(entry.source), catalogue.model(weights))]
        if entry.lora:
            part = catalogue.part(entry.lora)
            orders.append(Order(entry.lora, parse_reference(part.source), part))
        return orders
    reference = parse_reference(wanted)
    chosen = name or reference.short_name.lower().replace("_", "-").replace(" ", "-").strip("-.")
    known: ModelEntry | PartEntry | None = catalogue.models.get(chosen) or catalogue.parts.get(chosen)
    if not re.fullmatch(MODEL_NAME, chosen) or len(chosen) > LONGEST_NAME:
        raise InvalidInput(f"`{chosen[:80]}` is no name for a model.", remedy="Give one with --as: a-z, 0-9, `.`, `-`.")
    # A file under the name of an entry is that entry, from another place: its pins and patterns still count.
    return [Order(chosen, reference, known)]


def _names(catalogue: Catalogue, there: dict[str, Installed]) -> list[str]:
    known = [*catalogue.models, *catalogue.parts]
    return [*known, *(name for name in there if name not in known)]


def _is_there(entry: ModelEntry | PartEntry | None, there: dict[str, Installed]) -> bool:
    """Whether all of a model is installed that is made of another's weights and a LoRA."""
    return isinstance(entry, ModelEntry) and entry.weights_of in there and (entry.lora is None or entry.lora in there)


def _there(row: dict[str, object]) -> str:
    """What of a model is on the disk, in words."""
    if not row["installed"]:
        return ""
    return f"with {row['weights_of']}" if row["weights_of"] else _gb(row["installed_bytes"])


def _listed(name: str, catalogue: Catalogue, there: dict[str, Installed]) -> dict[str, object]:
    installed = there.get(name)
    entry: ModelEntry | PartEntry | None = catalogue.models.get(name) or catalogue.parts.get(name)
    about = installed.descriptor if installed else None
    return {
        "name": name,
        "kind": entry.kind if isinstance(entry, PartEntry) else "model" if entry else about.kind if about else "",
        "architecture": entry.architecture if entry else about.architecture if about else None,
        "installed": installed is not None or _is_there(entry, there),
        "installed_bytes": about.size if about else 0,
        "weights_of": entry.weights_of if isinstance(entry, ModelEntry) else None,
        "download_gb": entry.download_gb if entry else None,
        "memory_gb": {preset: memory_gb(entry, preset) for preset in PRESETS}
        if isinstance(entry, ModelEntry)
        else None,
        "commercial": entry.licence.commercial if entry else None,
        "licence": entry.licence.name if entry else about.licence if about else None,
    }


def _presets(entry: ModelEntry) -> dict[str, float]:
    return {preset: memory_gb(entry, preset) for preset in PRESETS}


def _memory(row: dict[str, object], preset: str) -> str:
    memory = row["memory_gb"]
    return f"{memory[preset]:g} GB" if isinstance(memory, dict) else ""


def _installed(found: Installed) -> dict[str, object]:
    return {
        **found.descriptor.model_dump(mode="json"),
        "weights": found.descriptor.weights,
        "folder": str(found.folder),
        "bytes": folder_size(found.folder),
    }


def _flat(value: dict[str, object], before: str = "") -> Iterator[tuple[str, object]]:
    for key, part in value.items():
        if isinstance(part, dict):
            yield from _flat(part, f"{before}{key}.")
        elif isinstance(part, list) and part and isinstance(part[0], dict):
            for number, entry in enumerate(part):
                yield from _flat(entry, f"{before}{key}[{number}].")
        elif part is not None:
            yield f"{before}{key}", ", ".join(map(str, part)) if isinstance(part, list) else part


def _gb(size: object) -> str:
    return f"{float(str(size)) / 1e9:.2f} GB"


@contextmanager
def _watched(name: str) -> Iterator[Watch]:
    """Shows how far a download is: a bar on a terminal, a line per tenth elsewhere."""
    console = people()
    if console.is_terminal:
        columns = (TextColumn(name), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task(name, total=None)
            yield Watch(
                total=lambda total: bar.update(task, total=total),
                came=lambda count: bar.advance(task, count),
                says=lambda words: console.print(f"{name}: {words}"),
            )
        return
    yield _Lines(name).watch


class _Lines:
    """Progress in plain lines, one per tenth."""

    def __init__(self, name: str) -> None:
        self._name, self._total, self._came, self._told = name, 0, 0, 0
        self.watch = Watch(
            total=self._all, came=self._some, says=lambda words: click.echo(f"{name}: {words}", err=True)
        )

    def _all(self, total: int) -> None:
        self._total = total

    def _some(self, count: int) -> None:
        self._came += count
        tenth = self._came * 10 // self._total if self._total else 0
        if tenth > self._told:
            self._told = tenth
            click.echo(f"{self._name}: {tenth * 10} % of {_gb(self._total)}", err=True)
