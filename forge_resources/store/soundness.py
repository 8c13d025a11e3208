"""Whether a store is whole: bytes match hashes, records and documents are sound, what is named is there.

What belongs here: looking at a store alone. What does not: whether it agrees with the event log (see
`forge_jobs.agreement`), or mending what needs making again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from forge_resources.schemas.deliverables import Deliverables
from forge_resources.schemas.types import sha256_of
from forge_resources.store.artefacts import MadeRecord
from forge_resources.store.files import is_local, place_at, read_bytes, sha256_of_bytes, sha256_of_file
from forge_resources.store.inventory import Inventory, StoredFile

MADE_AGAIN = "Repair removes it; it is made again when it is needed."


@dataclass(frozen=True)
class Flaw:
    """Something that must not be. `mend` puts it right as far as that can be done without making anything."""

    kind: str
    what: str
    message: str
    remedy: str
    mend: Callable[[], None] | None = None


def flaws_of_store(stock: Inventory, *, every_byte: bool = True) -> Iterator[Flaw]:
    """All flaws of a store. Without `every_byte`, sizes are trusted and no artefact is read."""
    for file in stock.partial:
        yield Flaw("half_written", str(file.place), "was being written when its process ended", "", _removal(file))
    yield from _records(stock)
    if every_byte:
        for sha256, file in stock.objects.items():
            if _hash(file) != sha256:
                message = "its bytes do not match its hash"
                yield Flaw("damaged", str(file.place), message, MADE_AGAIN, _removal(file))
    yield from _documents(stock)


def _records(stock: Inventory) -> Iterator[Flaw]:
    for part, named in ((stock.records, "artefact"), (stock.recipes, "recipe")):
        for name, file in part.items():
            try:
                record = MadeRecord.model_validate_json(read_bytes(file.place))
            except FileNotFoundError:
                continue
            except ValidationError:
                yield Flaw("damaged", str(file.place), "is no record of this form", MADE_AGAIN, _removal(file))
                continue
            about = record.artefact.sha256 if named == "artefact" else record.recipe.fingerprint
            if not record.is_whole() or about != name:
                message = f"does not match what it says of its {named}"
                yield Flaw("damaged", str(file.place), message, MADE_AGAIN, _removal(file))
                continue
            made = stock.objects.get(record.artefact.sha256)
            if made is None:
                message = f"names {record.artefact.sha256[:12]}{record.artefact.suffix}, which is not in the store"
                yield Flaw("lost", str(file.place), message, MADE_AGAIN, _removal(file))
            elif made.size != record.artefact.size:
                message = f"has {made.size} bytes; {record.artefact.size} were made"
                yield Flaw("damaged", str(made.place), message, MADE_AGAIN, _removal(made))


def _documents(stock: Inventory) -> Iterator[Flaw]:
    for name, file in stock.documents.items():
        try:
            wrapped = json.loads(read_bytes(file.place))
            whole = sha256_of(wrapped["document"]) == wrapped["sha256"]
        except FileNotFoundError:
            continue
        except (ValueError, KeyError, TypeError):
            whole = False
        if not whole:
            remedy = "Materialise what comes before it, or file the brief again."
            yield Flaw("damaged", f"documents/{name}", "its content does not match its hash", remedy)
        elif name.startswith("deliverables/"):
            yield from _delivered(name, wrapped["document"])


def _delivered(name: str, content: object) -> Iterator[Flaw]:
    remedy = "Run the brief again; what is lost is put there from the store."
    try:
        document = Deliverables.model_validate(content)
    except ValidationError:
        yield Flaw("damaged", f"documents/{name}", "is of an older form", remedy)
        return
    for file in document.files:
        place = place_at(file.address)
        if not place.exists():
            yield Flaw("lost", file.address, f"was delivered for {document.cell} and is gone", remedy)
        elif place.stat().st_size != file.size or _hash_at(StoredFile(place, file.size, 0)) != file.sha256:
            yield Flaw("damaged", file.address, f"is not what was delivered for {document.cell}", remedy)


def _hash(file: StoredFile) -> str | None:
    """The hash of a file's bytes; that of one gone meanwhile counts as its own."""
    try:
        return _hash_at(file)
    except FileNotFoundError:
        return file.place.name.partition(".")[0]


def _hash_at(file: StoredFile) -> str:
    if is_local(file.place):
        return sha256_of_file(Path(file.place.path))
    return sha256_of_bytes(read_bytes(file.place))


def _removal(file: StoredFile) -> Callable[[], None]:
    return lambda: file.place.unlink(missing_ok=True)
