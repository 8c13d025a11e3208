"""Files on a directory or S3, written whole or not at all.

What belongs here: addresses, atomic writes, reading and hashing of bytes. What does not: what the bytes mean.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from botocore.exceptions import BotoCoreError
from upath import UPath

from forge_resources.errors import InvalidInput, Unavailable
from forge_resources.store import s3


def place_at(address: str) -> UPath:
    """The place of a directory or an `s3://` address. Raises InvalidInput for an address of another kind."""
    kind, separator, _ = address.partition("://")
    if not separator:
        return UPath(Path(address).absolute())
    if kind == "file":
        return UPath(UPath(address).path)
    if kind != "s3":
        raise InvalidInput(f"`{address}` is no place to keep things.", remedy="Name a directory or an s3:// address.")
    # Without this, a process that lists a folder once never sees what others add to it.
    return UPath(address, use_listings_cache=False, config_kwargs=_connection())


def _connection() -> dict[str, object]:
    """A service that does not answer is given up in seconds, and tried again by `s3`; listings by botocore itself.

    Links are signed by version 4 too: for some regions botocore takes version 2, which newer services refuse.
    """
    retries = {} if "AWS_MAX_ATTEMPTS" in os.environ else {"retries": {"mode": "standard", "max_attempts": 6}}
    return {"connect_timeout": 5, "read_timeout": 60, "signature_version": "s3v4", **retries}


def is_local(place: UPath) -> bool:
    """Whether a place is on a file system of this machine."""
    return place.protocol in ("", "file", "local")


def sha256_of_file(path: Path) -> str:
    """SHA-256 (hex) of a local file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_of_bytes(data: bytes) -> str:
    """SHA-256 (hex) of bytes in memory."""
    return hashlib.sha256(data).hexdigest()


@contextmanager
def disk_trouble_told(place: object) -> Iterator[None]:
    """Turns a full, read-only or forbidden disk, or a service that is away, into Unavailable with the remedy."""
    try:
        yield
    except BotoCoreError as error:
        raise Unavailable(f"Cannot write {place}: {error}", remedy=_SERVICE_REMEDY) from error
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


_SERVICE_REMEDY = (
    "Check FORGE_STORE and FORGE_INBOX, AWS_ENDPOINT_URL, the credentials and the network; then run again."
)


@contextmanager
def absent_service_told(place: object) -> Iterator[None]:
    """Turns a service that is away while something is read into Unavailable with the remedy."""
    try:
        yield
    except BotoCoreError as error:
        raise Unavailable(f"Cannot read {place}: {error}", remedy=_SERVICE_REMEDY) from error


def read_bytes(place: UPath) -> bytes:
    """All bytes of a file. Raises FileNotFoundError, and Unavailable where the service is away."""
    if not is_local(place):
        return s3.read(place)
    data: bytes = place.read_bytes()
    return data


def write_bytes(target: UPath, data: bytes) -> None:
    """Writes `data` under its final name in one step: rename on a directory, one put on S3."""
    if not is_local(target):
        s3.put_bytes(target, data)
        return
    with disk_trouble_told(target), _temporary_beside(Path(target.path)) as temporary:
        temporary.write_bytes(data)
        temporary.replace(target.path)


def write_file(target: UPath, source: Path) -> None:
    """Copies a local file to its final name in one step."""
    if not is_local(target):
        s3.put_file(target, source)
        return
    with disk_trouble_told(target), _temporary_beside(Path(target.path)) as temporary:
        shutil.copyfile(source, temporary)
        temporary.replace(target.path)


@contextmanager
def _temporary_beside(target: Path) -> Iterator[Path]:
    target.parent.mkdir(parents=True, exist_ok=True)
    # Not from `tempfile`, which lets nobody else read it: deliverables are collected by other users of the machine.
    temporary = target.parent / f".partial-{uuid.uuid4().hex}"
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)
