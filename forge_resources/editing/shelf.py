"""The folder of one cell's deliverables, under `<store>/deliverables/<brief>/<market>/<persona>/`.

What belongs here: names, and putting a file there whole. What does not: what is put there (see `hand_over`).
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from upath import UPath

from forge_resources.errors import Conflict
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.deliverables import DeliveredFile
from forge_resources.store.files import is_local, sha256_of_file, write_file
from forge_resources.studio import Studio


class Shelf:
    """Where a producer collects the files of a cell. `files` are those put there so far."""

    def __init__(self, studio: Studio, brief: CellBrief) -> None:
        cell = brief.cell
        self.stem = f"{cell.brief}_{cell.market}_{cell.persona}"
        self.folder = studio.settings.store / "deliverables" / cell.path
        self.files: list[DeliveredFile] = []

    def put(self, role: str, profile: str | None, name: str, source: Path, content: str | None = None) -> DeliveredFile:
        """Puts a copy of `source` there as `name`, unless it is there already.

        `content` is the hash that counts for the data version where that is not the file's own: signing changes the
        bytes and says nothing new. Raises Conflict for a name that is taken, Unavailable where it cannot be written.
        """
        if any(file.name == name for file in self.files):
            raise Conflict(
                f"Two files would both be called {name}.",
                remedy="Change `file_name` of one of the delivery profiles, so that it tells them apart.",
            )
        sha256 = sha256_of_file(source)
        place = self.folder / name
        if not _holds(place, sha256):
            write_file(place, source)
        delivered = {
            "role": role,
            "profile": profile,
            "name": name,
            "address": str(place.path if is_local(place) else place),
            "sha256": sha256,
            "content": content or sha256,
            "size": source.stat().st_size,
        }
        self.files.append(DeliveredFile.model_validate(delivered))
        return self.files[-1]

    def put_text(self, role: str, profile: str | None, name: str, text: str, content: str | None = None) -> None:
        """Puts a text there as `name`."""
        # Written through a local file so that everything on the shelf is put there in the same way.
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "text"
            source.write_text(text, encoding="utf-8", newline="\n")
            self.put(role, profile, name, source, content)


def _holds(place: UPath, sha256: str) -> bool:
    if not is_local(place):
        return False
    local = Path(place.path)
    return local.is_file() and sha256_of_file(local) == sha256
