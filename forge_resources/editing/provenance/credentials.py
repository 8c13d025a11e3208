"""Who signs: the key and certificates of the deployment, or a development certificate that Forge makes itself.

What belongs here: where they are kept. What does not: what is in them (see `certificates`), and what is signed (see
`manifest`, `signing`).

A key is named in the environment, as a file or as PEM text: `FORGE_C2PA_KEY`, with its certificate chain (the signer's
first) in `FORGE_C2PA_CERTIFICATE`, and a time stamp service in `FORGE_C2PA_TIMESTAMP_URL` if there is one. Without them
a development certificate is made once and kept in `FORGE_HOME`; whoever verifies is told that nobody vouches for it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock

from forge_resources.errors import InvalidInput, Unavailable
from forge_resources.store.files import disk_trouble_told

KEY, CERTIFICATE, TIMESTAMP = "FORGE_C2PA_KEY", "FORGE_C2PA_CERTIFICATE", "FORGE_C2PA_TIMESTAMP_URL"


@dataclass(frozen=True)
class Identity:
    """A key (PEM, PKCS 8), its certificate chain (PEM) and algorithm as C2PA names it; never shown or logged."""

    key: bytes = field(repr=False)
    chain: bytes
    algorithm: str
    development: bool
    timestamp_url: str | None = None

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the chain."""
        return hashlib.sha256(self.chain).hexdigest()

    @property
    def subject(self) -> str:
        """The signer's name, as its certificate says."""
        from forge_resources.editing.provenance import certificates

        return certificates.subject_of(self.chain)


def identity(home: Path, environment: Mapping[str, str] = os.environ) -> Identity:
    """Who signs in this deployment. Raises InvalidInput for a key or certificate that cannot be used."""
    named = {name: environment.get(name, "").strip() for name in (KEY, CERTIFICATE)}
    if not any(named.values()):
        return _development(home / "credentials")
    if missing := [name for name, value in named.items() if not value]:
        raise InvalidInput(
            f"{' and '.join(missing)} is not set, and a signature needs both a key and its certificate.",
            remedy=f"Set {KEY} and {CERTIFICATE}, or neither for a development certificate.",
        )
    key, chain = _pem(KEY, named[KEY]), _pem(CERTIFICATE, named[CERTIFICATE])
    return _identity(key, chain, development=False, timestamp_url=environment.get(TIMESTAMP) or None)


def _identity(key: bytes, chain: bytes, *, development: bool, timestamp_url: str | None = None) -> Identity:
    from forge_resources.editing.provenance import certificates

    plain, algorithm = certificates.checked(key, chain)
    return Identity(plain, chain, algorithm, development, timestamp_url)


def _pem(name: str, value: str) -> bytes:
    """PEM text, from the variable itself or the file that it names."""
    if value.startswith("-----BEGIN"):
        return value.encode() + b"\n"
    try:
        return Path(value).expanduser().read_bytes()
    except OSError as error:
        raise InvalidInput(
            f"{name} names {value}, which cannot be read: {error.strerror}.", remedy="Name a PEM file, or its text."
        ) from None


def _development(folder: Path) -> Identity:
    """The development certificate of this home; made when first needed. Raises Unavailable for a full disk."""
    key_file, chain_file = folder / "development-key.pem", folder / "development-certificate.pem"
    with disk_trouble_told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            if not (key_file.is_file() and chain_file.is_file()):
                from forge_resources.editing.provenance import certificates

                key, chain = certificates.make_development()
                _write_secret(key_file, key)
                chain_file.write_bytes(chain)
    try:
        return _identity(key_file.read_bytes(), chain_file.read_bytes(), development=True)
    except InvalidInput as damaged:
        raise Unavailable(
            f"The development certificate in {folder} is damaged: {damaged.message}", remedy=f"Remove {folder}."
        ) from None


def _write_secret(path: Path, data: bytes) -> None:
    """Readable by its owner only, from the first byte on."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
