"""The artefact store: bytes addressed by their content, with their recipe beside them.

Layout below the root:
    objects/<2>/<sha256><suffix>         the bytes
    objects/<2>/<sha256>.recipe.json     the recipe that made them last, and the artefact
    recipes/<2>/<fingerprint>.json       what each recipe made
    usage/<2>/<fingerprint>.json         what making it took, where a heavy engine did; never part of an artefact
    instead/<2>/<fingerprint>.json       which smaller recipe was made where this one did not fit into memory

What belongs here: finding, keeping and verifying. What does not: making (see `workshop`).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError
from upath import UPath

from forge_resources.errors import InvalidInput, NotFound
from forge_resources.gpu.usage import Usage
from forge_resources.schemas.deliverables import Deliverables
from forge_resources.schemas.recipe import Artefact, Recipe
from forge_resources.schemas.types import Document, Sha256, canonical_json, sha256_of
from forge_resources.store.files import is_local, place_at, read_bytes, sha256_of_file, write_bytes, write_file

log = logging.getLogger("forge.store")


class MadeRecord(Document):
    """A recipe, what it made and where, as kept in the store. `sha256` is the hash of all, so that damage shows.

    `environment`: versions and the device, see `environment`; records of before there were any have none.
    """

    recipe: Recipe
    artefact: Artefact
    environment: dict[str, str] = {}
    sha256: Sha256

    @classmethod
    def of(cls, recipe: Recipe, artefact: Artefact, environment: Mapping[str, str]) -> MadeRecord:
        where = dict(environment)
        return cls(recipe=recipe, artefact=artefact, environment=where, sha256=_hash_of_all(recipe, artefact, where))

    def is_whole(self) -> bool:
        return self.sha256 == _hash_of_all(self.recipe, self.artefact, self.environment)


class Instead(Document):
    """The recipe that was made in place of another."""

    fingerprint: Sha256


def _hash_of_all(recipe: Recipe, artefact: Artefact, environment: Mapping[str, str]) -> str:
    where = [dict(environment)] if environment else []
    return sha256_of([recipe.model_dump(mode="json"), artefact.model_dump(mode="json"), *where])


class ArtefactStore:
    """Artefacts under `root` (directory or S3). `cache` is a local folder for copies of remote bytes.

    Every artefact handed out has been verified against its hash; within one process a file that has not changed since
    is not read again.
    """

    def __init__(self, root: UPath, cache: Path) -> None:
        self.root = root
        self.cache = cache
        self._verified: dict[Path, tuple[int, int]] = {}

    def object_place(self, sha256: str, suffix: str) -> UPath:
        return self.root / "objects" / sha256[:2] / f"{sha256}{suffix}"

    def find(self, fingerprint: str) -> Artefact | None:
        """What a recipe made before, if its bytes are there and whole; None otherwise, so that it is made again."""
        record = self._read_record(self.root / "recipes" / fingerprint[:2] / f"{fingerprint}.json")
        if record is None or record.recipe.fingerprint != fingerprint:
            return None
        try:
            self.path(record.artefact)
        except NotFound as lost:
            log.warning("made again: %s", lost.message)
            return None
        return record.artefact

    def record_of(self, sha256: str) -> MadeRecord:
        """The recipe behind an artefact. Raises NotFound."""
        record = self._read_record(self.root / "objects" / sha256[:2] / f"{sha256}.recipe.json")
        if record is None:
            raise NotFound(f"No recipe is kept for {sha256[:12]}.")
        return record

    def keep(
        self,
        recipe: Recipe,
        made: Path,
        suffix: str,
        facts: dict[str, object],
        environment: Mapping[str, str] | None = None,
    ) -> Artefact:
        """Takes the finished file `made` in under its content's address and files its recipe. Returns the artefact.

        `environment` is where it was made.
        """
        sha256 = sha256_of_file(made)
        artefact = Artefact(
            sha256=sha256,
            size=made.stat().st_size,
            suffix=suffix,
            media_type=recipe.media_type,
            fingerprint=recipe.fingerprint,
            tier=recipe.tier,
            facts=facts,
        )
        place = self.object_place(sha256, suffix)
        if not self._is_whole(place, sha256):
            write_file(place, made)
        if not is_local(place):
            # What comes next reads it, most likely here.
            write_file(UPath(self._local_copy(sha256, suffix)), made)
        record = canonical_json(MadeRecord.of(recipe, artefact, environment or {}).model_dump(mode="json")).encode()
        write_bytes(self.root / "objects" / sha256[:2] / f"{sha256}.recipe.json", record)
        # Last, because from here on the recipe counts as made.
        write_bytes(self.root / "recipes" / recipe.fingerprint[:2] / f"{recipe.fingerprint}.json", record)
        return artefact

    def hash_beginning(self, beginning: str, shortest: int) -> str:
        """The one SHA-256 of the store that begins so. Raises NotFound or InvalidInput."""
        if len(beginning) < shortest or not set(beginning) <= set("0123456789abcdef"):
            raise NotFound(
                f"`{beginning[:70]}` is neither a file nor the beginning of a SHA-256.",
                remedy=f"Name a file, or at least {shortest} characters of a hash.",
            )
        folder = self.root / "objects" / beginning[:2]
        names = {path.name.split(".")[0] for path in folder.iterdir()} if folder.exists() else set()
        found = sorted(name for name in names if name.startswith(beginning))
        if not found:
            raise NotFound(f"The store has no artefact {beginning}.")
        if len(found) > 1:
            raise InvalidInput(f"{len(found)} artefacts begin with {beginning}.", remedy="Give more of the hash.")
        return found[0]

    def suffix_of(self, sha256: str) -> str:
        """The suffix of an object that is in the store. Raises NotFound."""
        folder = self.root / "objects" / sha256[:2]
        names = [path.name for path in folder.iterdir()] if folder.exists() else []
        for name in names:
            if name.startswith(f"{sha256}.") and not name.endswith(".recipe.json"):
                return name.removeprefix(sha256)
        raise NotFound(f"The artefact {sha256[:12]} is not in the store.")

    def keep_usage(self, fingerprint: str, usage: Usage) -> None:
        """Files what a recipe took when it was made last. Beside the artefact: equal bytes take different times."""
        write_bytes(self._usage(fingerprint), canonical_json(usage.model_dump(mode="json")).encode())

    def usage(self, fingerprint: str) -> Usage | None:
        """What a recipe took when it was made last; None where no heavy engine made it."""
        try:
            return Usage.model_validate_json(read_bytes(self._usage(fingerprint)))
        except (FileNotFoundError, ValidationError):
            return None

    def _usage(self, fingerprint: str) -> UPath:
        return self.root / "usage" / fingerprint[:2] / f"{fingerprint}.json"

    def note_instead(self, asked: str, made: str) -> None:
        """Remembers that the recipe `made` was made because `asked` did not fit into the device's memory."""
        note = canonical_json(Instead(fingerprint=made).model_dump(mode="json")).encode()
        write_bytes(self._instead(asked), note)

    def made_instead(self, asked: str) -> str | None:
        """The fingerprint of the recipe that was made in place of `asked`, if one was."""
        try:
            return Instead.model_validate_json(read_bytes(self._instead(asked))).fingerprint
        except (FileNotFoundError, ValidationError):
            return None

    def _instead(self, asked: str) -> UPath:
        return self.root / "instead" / asked[:2] / f"{asked}.json"

    def take_in(self, data: bytes, suffix: str) -> str:
        """Keeps bytes that nobody here made (a logo, a reference picture). Returns their SHA-256."""
        sha256 = hashlib.sha256(data).hexdigest()
        place = self.object_place(sha256, suffix)
        if not self._is_whole(place, sha256):
            write_bytes(place, data)
        return sha256

    def path(self, artefact: Artefact) -> Path:
        """A local file with the artefact's verified bytes. Raises NotFound where they are gone or damaged."""
        return self.path_of(artefact.sha256, artefact.suffix)

    def path_of(self, sha256: str, suffix: str) -> Path:
        """The same by hash and suffix."""
        place = self.object_place(sha256, suffix)
        if is_local(place):
            local = Path(place.path)
        else:
            local = self._local_copy(sha256, suffix)
            if not self._is_whole(UPath(local), sha256):
                self._fetch(place, sha256, local)
        if not local.exists():
            raise NotFound(f"The artefact {sha256[:12]}{suffix} is not in the store.")
        if not self._is_whole(UPath(local), sha256):
            raise NotFound(f"The artefact {sha256[:12]}{suffix} is damaged: its bytes do not match its hash.")
        return local

    def _local_copy(self, sha256: str, suffix: str) -> Path:
        """Where the copy of an artefact of a remote store lies on this machine."""
        return self.cache / "objects" / sha256[:2] / f"{sha256}{suffix}"

    def _fetch(self, place: UPath, sha256: str, local: Path) -> None:
        """Copies a remote artefact to `local`; damaged bytes never get there."""
        try:
            data = read_bytes(place)
        except FileNotFoundError:
            raise NotFound(f"The artefact {local.name} is not in the store.") from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise NotFound(f"The artefact {local.name} is damaged: its bytes do not match its hash.")
        write_bytes(UPath(local), data)

    def has_delivered(self, document: Deliverables) -> bool:
        """Whether every delivered file is there and whole; a remote one is trusted by its size."""
        for file in document.files:
            place = place_at(file.address)
            if is_local(place):
                if not self._is_whole(place, file.sha256):
                    return False
            elif not place.exists() or place.stat().st_size != file.size:
                return False
        return True

    def _is_whole(self, place: UPath, sha256: str) -> bool:
        if not is_local(place):
            return False
        local = Path(place.path)
        try:
            status = local.stat()
        except FileNotFoundError:
            return False
        stamp = (status.st_mtime_ns, status.st_size)
        if self._verified.get(local) == stamp:
            return True
        if sha256_of_file(local) != sha256:
            self._verified.pop(local, None)
            return False
        self._verified[local] = stamp
        return True

    def _read_record(self, place: UPath) -> MadeRecord | None:
        try:
            record = MadeRecord.model_validate_json(read_bytes(place))
        except FileNotFoundError:
            return None
        except ValidationError:
            record = None
        if record is None or not record.is_whole():
            log.warning("made again: the record %s is damaged or of an older form", place.name)
            return None
        return record
