"""Stores in a folder, and what lies in them, for tests."""

from __future__ import annotations

from pathlib import Path

from upath import UPath

from forge_resources.store.artefacts import ArtefactStore


def open_store(folder: Path) -> ArtefactStore:
    """A store that has verified nothing yet, as a new process has it."""
    return ArtefactStore(UPath(folder / "store"), folder / "cache")


def files_below(folder: Path) -> list[str]:
    """Every file, without the lock files, which stay."""
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"
    )
