"""Copies of everything: Dagster's database, the store, and what FORGE_HOME has of its own; and back again.

Where projects share an instance, its database is copied with the workspace, and a project without it. A database is
copied first. What it refers to was written before, so that a copy made while runs are going on has
every document that its events name, and perhaps some that they do not name yet.

What belongs here: the two directions. What does not: archives of one brief (see `removal`).
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel
from upath import UPath

from forge_jobs.instance import NOT_OF_THE_HOME, POSTGRES_VARIABLES
from forge_jobs.projects import WORKSPACE_FILE
from forge_resources.errors import Conflict, NotFound, Unavailable
from forge_resources.schemas.deliverables import Deliverables
from forge_resources.settings import Settings
from forge_resources.store.cabinet import Cabinet
from forge_resources.store.files import disk_trouble_told, read_bytes, sha256_of_bytes, sha256_of_file, write_bytes
from forge_resources.store.inventory import PARTIAL, files_below

INDEX = "index.json"
_DUMP = "database/dagster.dump"

Database = Literal["sqlite", "postgresql", "workspace"]
OnFile = Callable[[int, int], None]


class Copied(BaseModel):
    """A file of a copy."""

    sha256: str
    size: int


class Copy(BaseModel):
    """What a copy holds. `store` is the address of the store that it was made of; the database `workspace` is that of
    a workspace, and not in the copy."""

    made: str
    database: Database
    store: str
    files: dict[str, Copied]


def back_up(settings: Settings, target: Path, on_file: OnFile) -> Copy:
    """Copies everything into a folder; artefacts that an earlier copy there has are not copied again.

    Raises Unavailable where the disk is full or `pg_dump` is missing. Until the index is written, the earlier copy
    counts.
    """
    files: dict[str, Copied] = {}
    with disk_trouble_told(target):
        target.mkdir(parents=True, exist_ok=True)
        database = _copy_database(settings, target, files)
        for file in _of_the_home(settings):
            relative = f"home/{file.relative_to(settings.home).as_posix()}"
            files[relative] = _put(target / relative, file.read_bytes())
        listed = [(path, file) for path, file in files_below(settings.store) if PARTIAL not in path]
        for done, (path, stored) in enumerate(listed):
            relative = f"store/{path}"
            there = target / relative
            if path.startswith("objects/") and there.is_file() and there.stat().st_size == stored.size:
                files[relative] = Copied(sha256=sha256_of_file(there), size=stored.size)
            else:
                try:
                    files[relative] = _put(there, read_bytes(stored.place))
                except FileNotFoundError:
                    continue  # Removed since it was listed.
            on_file(done + 1, len(listed))
        copy = Copy(
            made=datetime.now(UTC).isoformat(timespec="seconds"),
            database=database,
            store=str(settings.store),
            files=files,
        )
        write_bytes(UPath(target / INDEX), copy.model_dump_json(indent=1).encode())
    return copy


def restore(settings: Settings, source: Path, on_file: OnFile) -> Copy:
    """Puts a copy into an empty FORGE_HOME, store and database. Nothing is written unless every file is whole.

    Raises NotFound where there is no copy, Unavailable where it is damaged, Conflict where something is there already.
    """
    copy = _read_index(source)
    _require_empty(settings, copy)
    for name, about in copy.files.items():
        if not (source / name).is_file() or sha256_of_file(source / name) != about.sha256:
            raise Unavailable(f"The copy in {source} is damaged: {name} is not what was copied.")
    with disk_trouble_told(settings.home):
        settings.home.mkdir(parents=True, exist_ok=True)
        for done, name in enumerate(copy.files):
            part, _, path = name.partition("/")
            if part == "store":
                write_bytes(settings.store / path, (source / name).read_bytes())
            elif part == "home" or (part == "database" and copy.database == "sqlite"):
                _put(settings.home / path, (source / name).read_bytes())
            on_file(done + 1, len(copy.files))
        if copy.database == "postgresql":
            _postgres(
                "pg_restore", "--no-owner", "--exit-on-error", "-d", os.environ[POSTGRES_VARIABLES[2]], source / _DUMP
            )
        _move_addresses(settings, copy)
    return copy


def _read_index(source: Path) -> Copy:
    try:
        return Copy.model_validate_json((source / INDEX).read_bytes())
    except FileNotFoundError:
        raise NotFound(
            f"There is no copy in {source}.", remedy="Name the folder that forge store backup wrote."
        ) from None
    except ValueError as error:
        raise Unavailable(f"The copy in {source} is damaged: its index cannot be read.") from error


def _require_empty(settings: Settings, copy: Copy) -> None:
    here = _database_of(settings)
    if here != copy.database:
        raise Conflict(
            f"The copy is of a deployment on {copy.database}; this one is on {here}.",
            remedy="Set FORGE_POSTGRES_* and FORGE_INSTANCE as that deployment had them.",
        )
    for place in (UPath(settings.home), settings.store):
        there = next((path for path, _ in files_below(place) if path != WORKSPACE_FILE), None)
        if there is not None:
            raise Conflict(
                f"{place} is not empty: it has {there}.", remedy="Restore into an empty FORGE_HOME and FORGE_STORE."
            )


def _of_the_home(settings: Settings) -> Iterator[Path]:
    """Configuration and what the inbox remembers; not what has a copy of its own."""
    if not settings.home.exists():
        raise NotFound(f"There is no {settings.home}.", remedy="Set FORGE_HOME to the deployment that is to be copied.")
    for file in sorted(settings.home.rglob("*")):
        top = file.relative_to(settings.home).parts[0]
        database = file.name.endswith((".db", ".db-wal", ".db-shm", ".db-journal"))
        if file.is_file() and top not in NOT_OF_THE_HOME and not database and PARTIAL not in file.name:
            yield file


def _copy_database(settings: Settings, target: Path, files: dict[str, Copied]) -> Database:
    kind = _database_of(settings)
    if kind == "workspace":
        return kind
    if kind == "postgresql":
        dump = target / _DUMP
        dump.parent.mkdir(parents=True, exist_ok=True)
        _postgres("pg_dump", "--format=custom", "--no-owner", f"--file={dump}", os.environ[POSTGRES_VARIABLES[2]])
        files[_DUMP] = Copied(sha256=sha256_of_file(dump), size=dump.stat().st_size)
        return kind
    for file in sorted(settings.home.rglob("*.db")):
        relative = file.relative_to(settings.home)
        if relative.parts[0] in NOT_OF_THE_HOME:
            continue
        copied = target / "database" / relative
        copied.parent.mkdir(parents=True, exist_ok=True)
        copied.unlink(missing_ok=True)
        # SQLite's own way: whole, whoever writes meanwhile.
        with (
            closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as one,
            closing(sqlite3.connect(copied)) as other,
        ):
            one.backup(other)
        files[f"database/{relative.as_posix()}"] = Copied(sha256=sha256_of_file(copied), size=copied.stat().st_size)
    return kind


def _database_of(settings: Settings) -> Database:
    """Where the deployment keeps its runs."""
    if settings.instance != settings.home:
        return "workspace"
    return "postgresql" if os.environ.get(POSTGRES_VARIABLES[0]) else "sqlite"


def _postgres(program: str, *arguments: object) -> None:
    """Runs a program of PostgreSQL's on the database that the environment names."""
    found = shutil.which(program)
    if found is None:
        raise Unavailable(
            f"There is no {program} here.",
            remedy="Install PostgreSQL's client programs (Debian: postgresql-client), not older than the server.",
        )
    host, port, _, user, password = (os.environ[variable] for variable in POSTGRES_VARIABLES)
    called: Mapping[str, str] = {
        **os.environ, "PGHOST": host, "PGPORT": port, "PGUSER": user, "PGPASSWORD": password,
    }  # fmt: skip
    done = subprocess.run([found, *map(str, arguments)], env=called, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise Unavailable(f"{program} failed: {said}", remedy="Look at the database and at FORGE_POSTGRES_*.")


def _put(target: Path, data: bytes) -> Copied:
    write_bytes(UPath(target), data)
    return Copied(sha256=sha256_of_bytes(data), size=len(data))


def _move_addresses(settings: Settings, copy: Copy) -> None:
    """What was delivered says where it lies: where the store now lies elsewhere, it says that."""
    now = str(settings.store)
    if now == copy.store:
        return
    cabinet = Cabinet(settings.store / "documents")
    for name in list(cabinet.names("deliverables")):
        document = cabinet.read("deliverables", name, Deliverables)
        moved: list[dict[str, Any]] = [
            {**file.model_dump(mode="json"), "address": now + file.address.removeprefix(copy.store)}
            if file.address.startswith(copy.store)
            else file.model_dump(mode="json")
            for file in document.files
        ]
        content = {**json.loads(document.model_dump_json()), "files": moved}
        cabinet.write("deliverables", name, Deliverables.model_validate(content))
