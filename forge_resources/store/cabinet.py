"""The cabinet: documents by name (filed briefs, what assets pass on), each with the hash of its content.

What belongs here: reading and writing contracts as JSON, whole and verified. What does not: artefacts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TypeVar

from pydantic import ValidationError
from upath import UPath

from forge_resources.errors import NotFound
from forge_resources.schemas.types import Document, sha256_of
from forge_resources.store.files import read_bytes, write_bytes

Kept = TypeVar("Kept", bound=Document)


class Cabinet:
    """Documents under `root` (directory or S3), one JSON file each: `<drawer>/<name>.json`."""

    def __init__(self, root: UPath) -> None:
        self.root = root

    def place(self, drawer: str, name: str) -> UPath:
        return self.root / drawer / f"{name}.json"

    def write(self, drawer: str, name: str, document: Document) -> str:
        """Files a document, replacing the one of that name. Returns the hash of its content."""
        content = document.model_dump(mode="json", by_alias=True)
        sha256 = sha256_of(content)
        wrapped = {"contract": type(document).__name__, "sha256": sha256, "document": content}
        write_bytes(self.place(drawer, name), json.dumps(wrapped, ensure_ascii=False, indent=1).encode())
        return sha256

    def read(self, drawer: str, name: str, contract: type[Kept]) -> Kept:
        """The document of that name. Raises NotFound where there is none, or it is damaged or of an older form."""
        place = self.place(drawer, name)
        try:
            wrapped = json.loads(read_bytes(place))
            if sha256_of(wrapped["document"]) != wrapped["sha256"]:
                raise NotFound(f"The {drawer} of {name} is damaged: its content does not match its hash.")
            return contract.model_validate(wrapped["document"])
        except FileNotFoundError:
            raise NotFound(f"There is no {drawer} of {name}.", remedy=_REMEDY) from None
        except (ValueError, KeyError, TypeError, ValidationError) as error:
            raise NotFound(f"The {drawer} of {name} cannot be read.", remedy=_REMEDY) from error

    def find(self, drawer: str, name: str, contract: type[Kept]) -> Kept | None:
        """The same, or None."""
        try:
            return self.read(drawer, name, contract)
        except NotFound:
            return None

    def stamps(self, drawer: str) -> Iterator[tuple[str, tuple[object, ...]]]:
        """The names in a drawer, in order, each with a stamp that changes when the document does, by one listing."""
        folder = self.root / drawer
        if folder.exists():
            below = folder.path.rstrip("/") + "/"
            for path, told in sorted(folder.fs.find(folder.path, detail=True).items()):
                name = path.removeprefix(below)
                if name.endswith(".json") and "/.partial-" not in path:
                    stamp = (told.get("size"), told.get("mtime"), told.get("ETag"), str(told.get("LastModified", "")))
                    yield name.removesuffix(".json"), stamp

    def names(self, drawer: str) -> Iterator[str]:
        """The names in a drawer, in order."""
        folder = self.root / drawer
        if folder.exists():
            found = (path.relative_to(folder).as_posix() for path in folder.rglob("*.json"))
            yield from sorted(name.removesuffix(".json") for name in found if "/.partial-" not in name)


_REMEDY = "Materialise what comes before it, or file the brief again."
