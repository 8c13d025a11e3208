"""Files on a directory or S3, written whole or not at all.

What belongs here: atomic writes and hashing of bytes. What does not: what the bytes mean.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from upath import UPath

from forge_resources.errors import Unavailable


def is_local(place: UPath) -> bool:
    """Whether a place is on a file system of this machine."""
    return place.protocol in ("", "file", "local")


def sha256_of_file(path: Path) -> str:
    """SHA-256 (hex) of a local file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def disk_trouble_told(place: object) -> Iterator[None]:
    """Turns a full, read-only or forbidden disk into Unavailable with the remedy."""
    try:
        yield
    except OSError as error:
        remedies = {
            errno.ENOSPC: "Free some space; what was finished is kept, and a rerun goes on from there.",
            errno.EDQUOT: "Raise the quota; what was finished is kept, and a rerun goes on from there.",
            errno.EROFS: "Choose a writable FORGE_HOME or FORGE_STORE.",
            errno.EACCES: "Give this user the right to write there, or choose another FORGE_HOME or FORGE_STORE.",
        }
        if error.errno not in remedies:
            raise
        raise Unavailable(f"Cannot write {place}: {error.strerror}.", remedy=remedies[error.errno]) from error


def write_bytes(target: UPath, data: bytes) -> None:
    """Writes `data` under its final name in one step: rename on a directory, one put on S3."""
    with disk_trouble_told(target):
        if not is_local(target):
            target.write_bytes(data)
            return
        with _temporary_beside(Path(target.path)) as temporary:
            temporary.write_bytes(data)
            temporary.replace(target.path)


def write_file(target: UPath, source: Path) -> None:
    """Copies a local file to its final name in one step."""
    with disk_trouble_told(target):
        if not is_local(target):
            target.fs.put_file(str(source), target.path)
            return
        with _temporary_beside(Path(target.path)) as temporary:
            shutil.copyfile(source, temporary)
            temporary.replace(target.path)


@contextmanager
def _temporary_beside(target: Path) -> Iterator[Path]:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".partial-")
    os.close(handle)
    temporary = Path(name)
    # mkstemp gives 0600; deliverables are collected by other users of the same machine.
    temporary.chmod(0o666 & ~_umask())
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
