"""The `sign` engines: a finished file with its C2PA manifest in it, or the manifest as a file of its own.

What belongs here: signing and verifying. What does not: what the manifest says (see `manifest`) or who signs (see
`credentials`).

A manifest has an identifier that is new each time, so equal recipes give other bytes here. What was signed is kept by
its recipe like everything else, and data versions are made of the unsigned file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import c2pa
from pydantic import BaseModel

from forge_resources.editing.provenance.credentials import Identity, identity
from forge_resources.editing.provenance.manifest import SignParameters
from forge_resources.engines.contract import EditEngine, Facts, Sources
from forge_resources.errors import Conflict, EngineFailed, InvalidInput, Unavailable
from forge_resources.schemas.types import Tier
from forge_resources.settings import Settings

_UNTRUSTED = "signingCredential.untrusted"
"""The one failure that a development certificate has to have: nobody vouches for it."""


@dataclass(frozen=True)
class Verified:
    """What a reader of manifests finds: whether file and manifest belong together, and why not."""

    valid: bool
    trusted: bool
    signer: str
    problems: tuple[str, ...]
    manifest: dict[str, Any]


class Signer(EditEngine):
    """Signs source `file`. Facts: `signer`, `development`, `manifest_bytes`."""

    name = "sign"
    tier: ClassVar[Tier] = "full"
    version = "1"
    summary = "Signs an MP4 with a C2PA manifest inside."
    media_type = "video/mp4"
    suffix = ".mp4"
    Parameters: ClassVar[type[BaseModel]] = SignParameters

    def make(self, parameters: Any, sources: Sources, target: Path) -> Facts:
        """Raises Conflict where the deployment's key is another than the recipe's, EngineFailed, InvalidInput."""
        wanted = SignParameters.model_validate(parameters)
        who = _identity_of(wanted)
        manifest = self._sign(wanted, who, sources["file"], target)
        found = self.check(target, sources["file"], wanted.media_type)
        if not found.valid:
            raise EngineFailed(f"The file that was signed does not verify: {'; '.join(found.problems)}.")
        return {"signer": who.subject, "development": who.development, "manifest_bytes": len(manifest)}

    def check(self, target: Path, file: Path, media_type: str) -> Verified:
        """Verifies what was made."""
        return verify(target, media_type)

    def _sign(self, wanted: SignParameters, who: Identity, source: Path, target: Path) -> bytes:
        with _c2pa_told(), _builder(wanted) as builder, _signer(who) as signer:
            # The library takes formats from names; in the store the suffix is right.
            signed: bytes = builder.sign_file(str(source), str(target), signer)
            return signed


class MovSigner(Signer):
    name = "sign-mov"
    summary = "Signs a QuickTime file with a C2PA manifest inside."
    media_type = "video/quicktime"
    suffix = ".mov"


class SidecarSigner(Signer):
    name = "sign-beside"
    summary = "Writes a signed C2PA manifest as a file of its own, for containers that cannot hold one."
    media_type = "application/c2pa"
    suffix = ".c2pa"

    def check(self, target: Path, file: Path, media_type: str) -> Verified:
        return verify(file, media_type, target)

    def _sign(self, wanted: SignParameters, who: Identity, source: Path, target: Path) -> bytes:
        scratch = target.with_suffix(".unused")
        with _c2pa_told(), _builder(wanted) as builder, _signer(who) as signer:
            builder.set_no_embed()
            with source.open("rb") as file, scratch.open("w+b") as copy:
                manifest: bytes = builder.sign(signer, wanted.media_type, file, copy)
        scratch.unlink()
        target.write_bytes(manifest)
        return manifest


def verify(path: Path, media_type: str, sidecar: Path | None = None) -> Verified:
    """Reads and checks the manifest of a file, or the one in `sidecar`. Raises InvalidInput where there is none."""
    try:
        with path.open("rb") as file:
            data = sidecar.read_bytes() if sidecar else None
            with c2pa.Reader(media_type, file, data) as reader:
                state = reader.get_validation_state()
                said = json.loads(reader.json())
    except c2pa.C2paError as error:
        raise InvalidInput(f"{path.name} has no C2PA manifest that can be read: {error}") from None
    active = said["manifests"][said["active_manifest"]]
    problems = [entry for entry in said.get("validation_status", []) if entry["code"] != _UNTRUSTED]
    trusted = not any(entry["code"] == _UNTRUSTED for entry in said.get("validation_status", []))
    signer = active.get("signature_info", {})
    return Verified(
        valid=state in ("Valid", "Trusted") and not problems,
        trusted=trusted,
        signer=f"{signer.get('common_name', '')}, {signer.get('issuer', '')}".strip(", "),
        problems=tuple(f"{entry['code']} ({entry.get('explanation', '')})" for entry in problems),
        manifest=active,
    )


def _identity_of(wanted: SignParameters) -> Identity:
    who = identity(Settings.from_environment().home)
    if who.fingerprint != wanted.certificate:
        raise Conflict(
            "The certificate of this deployment is another than the one that the file was to be signed with.",
            remedy="Run it again; it is then signed with the certificate as it is now.",
        )
    return who


@contextmanager
def _builder(wanted: SignParameters) -> Iterator[Any]:
    with c2pa.Builder(wanted.manifest) as builder:
        yield builder


@contextmanager
def _signer(who: Identity) -> Iterator[Any]:
    info = c2pa.C2paSignerInfo(
        alg=who.algorithm.encode(),
        sign_cert=who.chain,
        private_key=who.key,
        ta_url=who.timestamp_url.encode() if who.timestamp_url else None,
    )
    with c2pa.Signer.from_info(info) as signer:
        yield signer


@contextmanager
def _c2pa_told() -> Iterator[None]:
    """Errors of the library as errors of the family."""
    try:
        yield
    except c2pa.C2paError as error:
        said = str(error)
        if "timestamp" in said.lower() or "http" in said.lower():
            raise Unavailable(
                f"The time stamp service is away: {said}", remedy="Check FORGE_C2PA_TIMESTAMP_URL, or unset it."
            ) from error
        raise EngineFailed(f"The manifest could not be signed: {said}") from error
