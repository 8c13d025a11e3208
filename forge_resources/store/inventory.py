"""What lies in a store, and what of it is reached from a document: the ground of gc, size, fsck, archive and backup.

A document, a recipe or a timeline names what it needs by SHA-256 or fingerprint. Whatever 64 hexadecimal digits stand
in one counts as named, so that a new kind of document needs no word here, and nothing that is needed is lost.

What belongs here: listing and following names. What does not: judging (see `soundness`), removing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from upath import UPath

from forge_resources.store.files import absent_service_told, is_local, read_bytes

_NAME = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_TEXT = frozenset({".json", ".otio", ".xml", ".fcpxml", ".edl"})
RECIPE_SUFFIX = ".recipe.json"
PARTIAL = ".partial-"


@dataclass(frozen=True)
class StoredFile:
    """One file: where, its size in bytes, and when it was last written (seconds since 1970)."""

    place: UPath
    size: int
    modified: float


@dataclass
class Inventory:
    """Everything below the root of a store, by what it is. `strangers` are files that no rule of the store explains."""

    objects: dict[str, StoredFile] = field(default_factory=dict)
    records: dict[str, StoredFile] = field(default_factory=dict)
    recipes: dict[str, StoredFile] = field(default_factory=dict)
    instead: dict[str, StoredFile] = field(default_factory=dict)
    documents: dict[str, StoredFile] = field(default_factory=dict)
    deliverables: dict[str, StoredFile] = field(default_factory=dict)
    partial: list[StoredFile] = field(default_factory=list)
    strangers: list[StoredFile] = field(default_factory=list)

    def all(self) -> Iterator[StoredFile]:
        for part in (self.objects, self.records, self.recipes, self.instead, self.documents, self.deliverables):
            yield from part.values()
        yield from self.partial
        yield from self.strangers


def take_stock(root: UPath) -> Inventory:
    """Lists a store once. Raises Unavailable where its service is away."""
    found = Inventory()
    for path, file in files_below(root):
        folder, _, rest = path.partition("/")
        name = rest.rpartition("/")[2]
        if PARTIAL in path:
            found.partial.append(file)
        elif folder == "objects" and name.endswith(RECIPE_SUFFIX):
            found.records[name.removesuffix(RECIPE_SUFFIX)] = file
        elif folder == "objects":
            found.objects[name.partition(".")[0]] = file
        elif folder in ("recipes", "instead"):
            (found.recipes if folder == "recipes" else found.instead)[name.removesuffix(".json")] = file
        elif folder == "documents" and name.endswith(".json"):
            found.documents[rest.removesuffix(".json")] = file
        elif folder == "deliverables":
            found.deliverables[rest] = file
        else:
            found.strangers.append(file)
    return found


def files_below(root: UPath) -> Iterator[tuple[str, StoredFile]]:
    """Every file below a folder or an `s3://` address, with its path from there."""
    with absent_service_told(root):
        listed: dict[str, dict[str, Any]] = root.fs.find(root.path, detail=True) if root.exists() else {}
    start = len(root.path.rstrip("/")) + 1
    for path, about in listed.items():
        place = UPath(path) if is_local(root) else root / path[start:]
        yield path[start:], StoredFile(place, int(about["size"]), _moment(about))


def _moment(about: dict[str, Any]) -> float:
    moment = about.get("LastModified", about.get("mtime", 0.0))
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() if isinstance(moment, datetime) else float(moment)


class References:
    """Follows names through a store."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self._named: dict[str, frozenset[str]] = {}

    def named_in(self, file: StoredFile) -> frozenset[str]:
        """The hashes and fingerprints that stand in a file; none where it is gone."""
        key = str(file.place)
        if key not in self._named:
            try:
                self._named[key] = frozenset(found.decode() for found in _NAME.findall(read_bytes(file.place)))
            except FileNotFoundError:
                self._named[key] = frozenset()
        return self._named[key]

    def reached(self, names: Iterable[str]) -> set[str]:
        """All objects and recipes reached from these names: what they name, what made that, and so on."""
        stock, reached, waiting = self.inventory, set[str](), list(names)
        while waiting:
            name = waiting.pop()
            if name in reached:
                continue
            reached.add(name)
            for part in (stock.records, stock.recipes, stock.instead):
                if name in part:
                    waiting += self.named_in(part[name])
            made = stock.objects.get(name)
            if made is not None and made.place.suffix in _TEXT:
                waiting += self.named_in(made)
        return reached

    def reached_from(self, documents: Iterable[str]) -> set[str]:
        """The same from documents, by `<drawer>/<name>`."""
        return self.reached(
            name for document in documents for name in self.named_in(self.inventory.documents[document])
        )
