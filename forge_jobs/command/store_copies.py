"""`forge store archive`, `delete`, `backup` and `restore`: what leaves the store, and what comes back."""

from __future__ import annotations

from pathlib import Path

import click
from rich.progress import Progress

from forge_jobs.backup import OnFile, back_up
from forge_jobs.backup import restore as restore_copy
from forge_jobs.command.output import EXIT_DONE, json_option, people, print_json
from forge_jobs.instance import open_instance
from forge_jobs.removal import archive as write_archive
from forge_jobs.removal import delete as delete_brief
from forge_resources.errors import InvalidInput
from forge_resources.settings import Settings
from forge_resources.studio import Studio

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.argument("brief")
@click.option(
    "--to", "target", type=click.Path(path_type=Path, dir_okay=False), help="The file. Default: BRIEF.forge.tar"
)
@json_option
def archive(brief: str, target: Path | None, as_json: bool) -> int:
    """Writes everything of BRIEF (its slug) into one tar: documents, artefacts, deliverables, runs and approvals."""
    settings = Settings.from_environment()
    file = (target or Path(f"{brief}.forge.tar")).absolute()
    with open_instance(settings) as instance:
        sha256 = write_archive(instance, Studio(settings), brief, file)
    if as_json:
        print_json({"brief": brief, "file": str(file), "sha256": sha256, "bytes": file.stat().st_size})
    else:
        click.echo(file)
        people().print(f"{file.stat().st_size / 1e6:.1f} MB, SHA-256 {sha256}")
    return EXIT_DONE


@click.command()
@click.argument("brief")
@click.option("--by", required=True, metavar="NAME", help="Who deletes it; stays on record.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; stays on record.")
@click.option("--archive", "target", type=click.Path(path_type=Path, dir_okay=False), help="Archive it here first.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def delete(brief: str, by: str, reason: str, target: Path | None, yes: bool, as_json: bool) -> int:
    """Deletes BRIEF: its file in the inbox, partitions, documents, artefacts of its own, deliverables, runs, approvals.

    A record stays: who, when, why, and how much.
    """
    if not by.strip() or not reason.strip():
        raise InvalidInput("--by and --reason need a text.")
    settings = Settings.from_environment()
    studio = Studio(settings)
    cells = studio.filing.manifest(brief).cells
    if not yes:
        click.confirm(f"Delete {brief} with its {len(cells)} cells for good?", abort=True, err=True)
    with open_instance(settings) as instance:
        sha256 = write_archive(instance, studio, brief, target.absolute()) if target else None
        record = delete_brief(instance, studio, brief, by=by, reason=reason, archive_sha256=sha256)
    if as_json:
        print_json(record.model_dump(mode="json"))
    else:
        people().print(
            f"{brief}: {record.files} files of {record.bytes / 1e6:.1f} MB, {record.runs} runs, {record.events} events "
            f"and {record.cells} cells deleted"
        )
    return EXIT_DONE


@click.command()
@click.argument("folder", type=_FOLDER)
@json_option
def backup(folder: Path, as_json: bool) -> int:
    """Copies database, store and configuration into FOLDER. Runs may go on; a second copy there is incremental."""
    return show_backup(Settings.from_environment(), folder, as_json)


def show_backup(settings: Settings, folder: Path, as_json: bool) -> int:
    """Makes a copy in a folder, and says what is in it."""
    with Progress(console=people(), transient=True) as shown:
        copy = back_up(settings, folder.absolute(), _bar(shown, "copying"))
    size = sum(file.size for file in copy.files.values())
    if as_json:
        print_json(
            {"folder": str(folder.absolute()), "database": copy.database, "files": len(copy.files), "bytes": size}
        )
    else:
        people().print(f"{len(copy.files)} files, {size / 1e6:.1f} MB, database {copy.database}: {folder.absolute()}")
    return EXIT_DONE


@click.command()
@click.argument("folder", type=_FOLDER)
@json_option
def restore(folder: Path, as_json: bool) -> int:
    """Puts the copy in FOLDER into an empty FORGE_HOME, FORGE_STORE and database. Every file is verified first."""
    return show_restored(Settings.from_environment(), folder, as_json)


def show_restored(settings: Settings, folder: Path, as_json: bool) -> int:
    """Puts back the copy in a folder, and says what was in it."""
    with Progress(console=people(), transient=True) as shown:
        copy = restore_copy(settings, folder.absolute(), _bar(shown, "restoring"))
    if as_json:
        print_json(
            {"home": str(settings.home), "store": str(settings.store), "files": len(copy.files), "made": copy.made}
        )
    else:
        people().print(f"{len(copy.files)} files of {copy.made} restored; check them: forge store fsck")
    return EXIT_DONE


def _bar(shown: Progress, what: str) -> OnFile:
    task = shown.add_task(what, total=None)
    return lambda done, total: shown.update(task, completed=done, total=total)
