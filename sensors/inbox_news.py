"""Which files of the inbox are news, and what was seen of them before.

What belongs here: stamps, what is remembered from tick to tick, reading a file that may be anything. What does not:
what a brief is (see `forge_resources.briefs`), or what follows from one (see `inbox`).
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from pydantic import ValidationError
from upath import UPath

from forge_resources.briefs.document import LARGEST_BYTES, SUFFIXES, parse_document
from forge_resources.briefs.reference_pictures import STORE_ADDRESS
from forge_resources.errors import InvalidInput
from forge_resources.imaging.orders import picture_paths
from forge_resources.schemas.pictures import PictureOrder
from forge_resources.schemas.types import Document
from forge_resources.settings import Settings
from forge_resources.store.cabinet import Cabinet

SETTLE_SECONDS = 1.0
"""A file younger than this may still be being copied."""

_DRAWER = "inbox"
_CURSOR = re.compile(r"[0-9a-f]{64}")


class SeenFile(Document):
    """A file as it was last seen.

    `stamp` is its time and size, empty where it could not be read; `brief` the slug it filed last; `fault` the hash of
    what was last reported of it, None where it is sound; `wants` the slug that another file has taken; `library` the
    content of the library that a fault was found with; `pictures` the stamps of the pictures it names.
    """

    stamp: str
    sha256: str = ""
    brief: str | None = None
    fault: str | None = None
    wants: str | None = None
    library: str | None = None
    pictures: dict[str, str] = {}


class Seen(Document):
    """The files seen, by name."""

    files: dict[str, SeenFile] = {}

    def holder(self, slug: str, besides: str) -> str | None:
        """The file, other than `besides`, that filed the brief of this slug."""
        return next((name for name, file in self.files.items() if file.brief == slug and name != besides), None)


class Memory:
    """Keeps what was seen in FORGE_HOME, under the hash of its content, which is the sensor's cursor.

    Dagster keeps the cursor of every tick for days, so the cursor must not grow with the inbox. Because it names the
    content, a tick that was not taken over leaves nothing behind: the next one starts from what the cursor says.
    """

    def __init__(self, settings: Settings) -> None:
        self._cabinet = Cabinet(UPath(settings.home))

    def recall(self, cursor: str | None) -> Seen:
        """What the cursor names; nothing where it names nothing, which makes every file news but files none twice."""
        if not cursor or not _CURSOR.fullmatch(cursor):
            return Seen()
        return self._cabinet.find(_DRAWER, cursor, Seen) or Seen()

    def keep(self, seen: Seen, cursor: str | None) -> str:
        """Keeps what was seen and returns its cursor. What `cursor` names stays, in case this tick is lost."""
        kept = seen.content_hash()
        if kept != cursor:
            self._cabinet.write(_DRAWER, kept, seen)
            for name in list(self._cabinet.names(_DRAWER)):
                if name not in (kept, cursor):
                    self._cabinet.place(_DRAWER, name).unlink(missing_ok=True)
        return kept


@dataclass(frozen=True)
class Candidate:
    """A file of the inbox that may be a brief. `name` can be shown and kept, whatever bytes the file is called by."""

    place: UPath
    name: str
    stamp: str


def candidates(inbox: UPath) -> list[Candidate]:
    """Everything in the inbox that is called like a brief. Raises OSError where it cannot be listed."""
    return [
        Candidate(place, place.name.encode(errors="backslashreplace").decode(), stamp)
        for place in inbox.iterdir()
        if not place.name.startswith(".") and place.name.lower().endswith(SUFFIXES)
        if (stamp := stamp_of(place)) is not None
    ]


def news(present: Iterable[Candidate], seen: Seen, inbox: UPath, library: str) -> list[Candidate]:
    """What has to be read: files never seen first, then what changed or may be mended; those out of reach last."""
    found = [candidate for candidate in present if _is_news(candidate, seen, inbox, library)]
    return sorted(found, key=lambda candidate: (_rank(seen.files.get(candidate.name)), candidate.name))


def _rank(known: SeenFile | None) -> int:
    return 0 if known is None else 1 if known.stamp else 2


def _is_news(candidate: Candidate, seen: Seen, inbox: UPath, library: str) -> bool:
    known = seen.files.get(candidate.name)
    if known is None or known.stamp != candidate.stamp:
        return not _is_young(candidate.stamp)
    if known.wants is not None and seen.holder(known.wants, candidate.name) is None:
        return True
    return (known.fault is not None and known.library != library) or known.pictures != stamps(known.pictures, inbox)


def _is_young(stamp: str) -> bool:
    changed = float(stamp.partition(":")[0] or 0)
    return 0 <= time.time() - changed < SETTLE_SECONDS


def stamp_of(place: UPath) -> str | None:
    """Time and size of a file; empty where it is out of reach, None where it is gone."""
    try:
        status = place.stat()
    except FileNotFoundError:
        return None
    except OSError:
        # A link that leads to itself, a folder on the way that may not be entered: reading it says which.
        return ""
    return f"{status.st_mtime}:{status.st_size}"


def stamps(names: Iterable[str], folder: UPath) -> dict[str, str]:
    """The stamps of those pictures that are, or should be, beside a brief; empty for one that is not there."""
    return {name: stamp_of(folder / name) or "" for name in names if _stays_beside(name)}


def read(candidate: Candidate) -> bytes | None:
    """A file's bytes, at most one more than a brief may have; None where it is gone.

    Raises InvalidInput for what is no file, cannot be read, or has a name that nothing else can name.
    """
    place, name = candidate.place, candidate.name
    if place.name != name:
        raise InvalidInput(f"The name of {name} is not UTF-8.", remedy="Rename the file.")
    try:
        if not place.is_file():
            place.stat()  # Says why, where it is a link to nothing or to itself.
            raise InvalidInput(f"{name} is no file.", remedy="A brief is one file; move this elsewhere.")
        with place.open("rb") as stream:
            data: bytes = stream.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InvalidInput(
            f"{name} cannot be read: {error.strerror or error}.", remedy="It is tried again at every look."
        ) from None
    return data


def pictures_named(data: bytes, name: str) -> list[str]:
    """The pictures beside a faulty brief that it names, as far as that can be told: mending one mends the brief."""
    try:
        raw = parse_document(data, name)
    except InvalidInput:
        return []
    return list(_written(raw))


def _written(raw: Mapping[str, object]) -> Iterator[str]:
    product, brand = raw.get("product"), raw.get("brand")
    images = product.get("images") if isinstance(product, dict) else None
    logo = brand.get("logo") if isinstance(brand, dict) else None
    yield from (path for path in [*(images if isinstance(images, list) else []), logo] if isinstance(path, str))
    try:
        order = PictureOrder.model_validate(raw.get("pictures") or {})
    except ValidationError:
        return
    yield from (path for _, path in picture_paths(order))


def _stays_beside(path: str) -> bool:
    pure = PurePosixPath(path)
    elsewhere = pure.is_absolute() or ".." in pure.parts or path.startswith(STORE_ADDRESS)
    return bool(pure.parts) and path.isprintable() and "\\" not in path and "://" not in path and not elsewhere
