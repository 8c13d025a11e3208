"""`forge store`: looking after what has been made."""

from __future__ import annotations

import click

from forge_jobs.agreement import flaws_of_cells, flaws_of_locks, flaws_of_runs, flaws_of_workbench
from forge_jobs.command.output import EXIT_DONE, EXIT_FAILED, json_option, people, print_json, print_table
from forge_jobs.command.store_copies import archive, backup, delete, restore
from forge_jobs.housekeeping import GRACE_HOURS, find_garbage, forget_run, old_runs, sizes
from forge_jobs.instance import open_instance
from forge_resources.settings import Settings
from forge_resources.store.inventory import take_stock
from forge_resources.store.soundness import flaws_of_store
from forge_resources.studio import Studio


@click.group()
def store() -> None:
    """Checks, measures and cleans the store; archives and deletes briefs; backup and restore."""


store.add_command(archive)
store.add_command(delete)
store.add_command(backup)
store.add_command(restore)


@store.command()
@click.option("--repair", is_flag=True, help="Put right what needs nothing made: damaged files go, slots are freed.")
@click.option("--quick", is_flag=True, help="Trust the sizes of artefacts; do not read their bytes.")
@json_option
def fsck(repair: bool, quick: bool, as_json: bool) -> int:
    """Whether the store is whole, agrees with the event log, and nothing is held by what has ended.

    Exit status 1 where something is left that is not as it should be.
    """
    settings = Settings.from_environment()
    studio = Studio(settings)
    stock = take_stock(settings.store)
    with open_instance(settings) as instance:
        found = [
            *flaws_of_store(stock, every_byte=not quick),
            *flaws_of_workbench(settings.cache),
            *flaws_of_cells(instance, studio),
            *flaws_of_runs(instance),
            *flaws_of_locks(instance, settings.cache),
        ]
        mended = [flaw for flaw in found if repair and flaw.mend is not None]
        for flaw in mended:
            assert flaw.mend is not None
            flaw.mend()
    left = len(found) - len(mended)
    checked = {"artefacts": len(stock.objects), "recipes": len(stock.recipes), "documents": len(stock.documents)}
    if as_json:
        flaws = [
            {
                "kind": flaw.kind,
                "what": flaw.what,
                "message": flaw.message,
                "remedy": flaw.remedy,
                "repaired": flaw in mended,
            }
            for flaw in found
        ]
        print_json({"ok": left == 0, "flaws": flaws, "checked": checked})
        return EXIT_FAILED if left else EXIT_DONE
    rows = [(flaw.kind, flaw.what, flaw.message, "repaired" if flaw in mended else flaw.remedy) for flaw in found]
    print_table(["", "what", "flaw", "remedy"], rows)
    seen = ", ".join(f"{number} {what}" for what, number in checked.items())
    people().print(f"{seen}: {len(found)} flaws, {len(mended)} repaired" if found else f"{seen}: all is well")
    return EXIT_FAILED if left else EXIT_DONE


@store.command()
@click.option("--dry-run", is_flag=True, help="Say what would go, and remove nothing.")
@click.option(
    "--grace-hours",
    type=click.FloatRange(min=0),
    default=GRACE_HOURS,
    show_default=True,
    help="What was written since then stays: somebody may be about to use it.",
)
@json_option
def gc(dry_run: bool, grace_hours: float, as_json: bool) -> int:
    """Removes what no live asset, approval or delivery refers to. Refuses while runs are going on."""
    settings = Settings.from_environment()
    studio = Studio(settings)
    with open_instance(settings) as instance:
        garbage = find_garbage(instance, studio, grace_hours)
    if not dry_run:
        for file in garbage.files:
            file.place.unlink(missing_ok=True)
    if as_json:
        print_json(
            {
                "removed": not dry_run,
                "files": [str(file.place) for file in garbage.files],
                "bytes": garbage.bytes,
                "artefacts_kept": garbage.kept,
                "young": garbage.young,
            }
        )
        return EXIT_DONE
    for file in garbage.files:
        click.echo(f"{file.size}\t{file.place}")
    verb = "would go" if dry_run else "removed"
    people().print(
        f"{len(garbage.files)} files of {_mb(garbage.bytes)} {verb}; {garbage.kept} artefacts are in use"
        + (f"; {garbage.young} files are younger than {grace_hours:g} h" if garbage.young else "")
    )
    return EXIT_DONE


@store.command()
@json_option
def size(as_json: bool) -> int:
    """What each brief takes. `own` artefacts go with it; `shared` ones are used by others too."""
    settings = Settings.from_environment()
    found, total = sizes(Studio(settings))
    if as_json:
        print_json({"store": str(settings.store), "bytes": total, "briefs": [brief.model_dump() for brief in found]})
        return EXIT_DONE
    print_table(
        ["brief", "cells", "delivered", "own", "shared", "documents"],
        (
            (one.brief, one.cells, *(_mb(part) for part in (one.deliverables, one.own, one.shared, one.documents)))
            for one in found
        ),
    )
    people().print(f"{settings.store}: {_mb(total)}")
    return EXIT_DONE


@store.command()
@click.option(
    "--days", type=click.FloatRange(min=0), default=90, show_default=True, help="Keep runs younger than this."
)
@click.option("--dry-run", is_flag=True, help="Say what would go, and remove nothing.")
@json_option
def prune(days: float, dry_run: bool, as_json: bool) -> int:
    """Removes old runs with their events and output; not those that made what a cell has now."""
    with open_instance(Settings.from_environment()) as instance:
        runs = old_runs(instance, days)
        if not dry_run:
            for run in runs:
                forget_run(instance, run)
    if as_json:
        print_json({"removed": not dry_run, "runs": [run.run_id for run in runs]})
    else:
        people().print(f"{len(runs)} runs {'would go' if dry_run else 'removed'}")
    return EXIT_DONE


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
