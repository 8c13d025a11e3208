"""The models folder: what is installed, whether it is whole, and taking it away.

What belongs here: descriptors, paths, verifying, removing. What does not: installing (see `installation`).

    <models>/<name>/                  the files as their source has them
    <models>/<name>/forge-model.json  the descriptor
    <models>/.incoming/<name>/        what is being fetched
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from forge_resources.errors import Fault, NotFound, Unavailable
from forge_resources.models.manifest import Descriptor
from forge_resources.store.files import sha256_of_file

DESCRIPTOR = "forge-model.json"
INCOMING = ".incoming"


@dataclass(frozen=True)
class Installed:
    """A model on the shelf."""

    descriptor: Descriptor
    folder: Path

    @property
    def name(self) -> str:
        return self.descriptor.name

    def file(self, path: str) -> Path:
        return self.folder / path


class Shelf:
    """The models installed under `root`. The folder need not exist."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def installed(self) -> Iterator[Installed]:
        """Everything installed, by name. What has no readable descriptor is not counted."""
        if not self.root.is_dir():
            return
        for folder in sorted(self.root.iterdir()):
            if folder.is_dir() and not folder.name.startswith(".") and (found := self.find(folder.name)):
                yield found

    def find(self, name: str) -> Installed | None:
        """The model of that name, or None."""
        try:
            descriptor = Descriptor.model_validate_json((self.root / name / DESCRIPTOR).read_bytes())
        except (FileNotFoundError, NotADirectoryError, ValidationError):
            return None
        return Installed(descriptor, self.root / name)

    def get(self, name: str) -> Installed:
        """The model of that name, its files present with their sizes. Raises Unavailable with what fetches it."""
        found = self.find(name)
        if found is None:
            raise Unavailable(f"The model {name} is not installed.", remedy=f"forge models download {name}")
        for file in found.descriptor.files:
            path = found.file(file.path)
            if not path.is_file() or path.stat().st_size != file.size:
                raise Unavailable(
                    f"The model {name} is damaged: {file.path} is not as it was installed.",
                    remedy=f"forge models remove {name}, then forge models download {name}",
                )
        return found

    def faults(self, model: Installed) -> list[Fault]:
        """What is not as it was installed, by SHA-256 of every file."""
        faults = []
        for file in model.descriptor.files:
            path = model.file(file.path)
            if not path.is_file():
                faults.append(Fault(file.path, "is gone"))
            elif path.stat().st_size != file.size:
                faults.append(Fault(file.path, f"has {path.stat().st_size:,} bytes, not {file.size:,}"))
            elif (found := sha256_of_file(path)) != file.sha256:
                faults.append(Fault(file.path, f"has the SHA-256 {found}, not {file.sha256}"))
        return faults

    def remove(self, name: str) -> int:
        """Takes a model and what was fetched of it away. Returns the bytes freed. Raises NotFound."""
        places = [self.root / name, self.root / INCOMING / name]
        there = [place for place in places if place.is_dir() and place.parent in (self.root, self.root / INCOMING)]
        if not there or name in ("", ".", "..", INCOMING) or "/" in name:
            raise NotFound(f"No model {name} is installed.", remedy="See `forge models list --installed`.")
        freed = 0
        for place in there:
            freed += folder_size(place)
            # Out of the way in one step, so that a half-removed model is never found.
            going = self.root / f".removed-{uuid.uuid4().hex}"
            place.rename(going)
            shutil.rmtree(going)
        return freed


def folder_size(folder: Path) -> int:
    """Bytes of the files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
