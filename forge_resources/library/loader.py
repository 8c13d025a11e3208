"""Reads the reference library from its data files, and from a folder of a deployment's own beside them.

What belongs here: files, encodings, the shape of each entry. What does not: references between entries (see
`checking`), or composing them (see `catalogue`).

Each file is a mapping from slug (or code) to entry. A file of the overlay has the name of one of these files; its
entries are added, and an entry whose slug exists already takes the place of the one that Forge brings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from forge_resources.briefs.strict_yaml import parse_yaml
from forge_resources.errors import Fault, InvalidInput, NotFound
from forge_resources.library.catalogue import Library, compose_audience
from forge_resources.library.checking import Shelves, library_faults, library_warnings
from forge_resources.library.validation import faults_of, nearest_names, place_of
from forge_resources.library.vocabulary import DATA, load_vocabulary
from forge_resources.library.vocabulary import FILE as VOCABULARY_FILE
from forge_resources.schemas.audience import Country, Language, Market, Persona, Region, Segment
from forge_resources.schemas.brand import Brand
from forge_resources.schemas.types import Document

__all__ = ["FILES", "KINDS", "Kind", "Library", "compose_audience", "load_library"]


@dataclass(frozen=True)
class Kind:
    """A kind of entry: the file it stands in, what its key is called, and its contract."""

    shelf: str
    key: str
    model: type[Document]

    @property
    def file(self) -> str:
        return f"{self.shelf}.yaml"


KINDS = (
    Kind("regions", "slug", Region),
    Kind("countries", "code", Country),
    Kind("languages", "code", Language),
    Kind("markets", "code", Market),
    Kind("segments", "slug", Segment),
    Kind("personas", "slug", Persona),
    Kind("brands", "slug", Brand),
)
FILES = tuple(kind.file for kind in KINDS)
FOLDERS = ("profiles", "looks", "models")
"""Folders of an overlay whose data files others read (see `editing.profiles`, `imaging.looks`, `models`)."""


@dataclass(frozen=True)
class _Source:
    """One data file as it was read. `name` is how faults call it."""

    kind: Kind
    name: str
    folder: Path
    content: bytes


def load_library(overlay: Path | None = None) -> Library:
    """The checked library, with the entries of the folder `overlay` added or put in place of others.

    Equal files give the same object. Raises InvalidInput with every fault of every file at places such as
    `personas.yaml: busy-parent.segments[2]`, and NotFound where `overlay` is not a folder.
    """
    sources = [_Source(kind, kind.file, DATA, (DATA / kind.file).read_bytes()) for kind in KINDS]
    if overlay is not None:
        sources += _overlay_sources(overlay)
    return _checked(tuple(sources))


def _overlay_sources(overlay: Path) -> Iterator[_Source]:
    if not overlay.is_dir():
        raise NotFound(f"There is no folder {overlay} for the library.", remedy="Name an existing folder, or none.")
    present = sorted(path.name for path in overlay.iterdir() if path.suffix.lower() in {".yaml", ".yml", ".json"})
    faults = [_stray(overlay, name) for name in present if name not in FILES]
    faults += [_stray_folder(path) for path in sorted(overlay.iterdir()) if _holds_data(path)]
    if faults:
        raise InvalidInput("The library is faulty.", faults=faults)
    for kind in KINDS:
        if kind.file in present:
            path = overlay / kind.file
            yield _Source(kind, str(path), overlay, path.read_bytes())


def _stray(overlay: Path, name: str) -> Fault:
    if name == VOCABULARY_FILE:
        return Fault(str(overlay / name), "the vocabulary is closed; a new word needs a drawing too")
    near = nearest_names(Path(name).with_suffix(".yaml").name, FILES) or FILES
    return Fault(str(overlay / name), f"no file of the library has this name; known: {', '.join(near)}")


def _holds_data(path: Path) -> bool:
    """Whether this is a folder of data files that nothing reads. Folders of logos are a brand's own business."""
    if path.name in FOLDERS or not path.is_dir():
        return False
    return any(inside.suffix.lower() in {".yaml", ".yml"} for inside in path.iterdir())


def _stray_folder(path: Path) -> Fault:
    return Fault(str(path), f"no folder of data files in the library has this name; known: {', '.join(FOLDERS)}")


@lru_cache(maxsize=4)
def _checked(sources: tuple[_Source, ...]) -> Library:
    shelves = Shelves({kind.shelf: {} for kind in KINDS})
    faults: list[Fault] = []
    for source in sources:
        faults += _shelve(source, shelves)
    vocabulary = load_vocabulary()
    faults += library_faults(shelves, vocabulary)
    if faults:
        raise InvalidInput("The library is faulty.", faults=faults)
    return Library(
        **{kind.shelf: dict(sorted(shelves.entries[kind.shelf].items())) for kind in KINDS},
        warnings=tuple(library_warnings(shelves, vocabulary)),
        folders=shelves.brand_folders,
    )


def _shelve(source: _Source, shelves: Shelves) -> list[Fault]:
    """Puts the entries of a file on their shelf; returns what is wrong with the file."""
    try:
        written = parse_yaml(source.content.decode("utf-8-sig"), where=source.name)
    except UnicodeDecodeError as error:
        shelves.unread.add(source.kind.shelf)
        return [Fault(source.name, f"not UTF-8 at byte {error.start}")]
    except InvalidInput as error:
        shelves.unread.add(source.kind.shelf)
        return [Fault(f"{source.name}: {fault.place}", fault.message) for fault in error.faults]
    if written is None:
        return []
    if not isinstance(written, dict):
        shelves.unread.add(source.kind.shelf)
        return [Fault(source.name, f"must be a mapping from {source.kind.key} to entry")]
    faults: list[Fault] = []
    for key, value in written.items():
        faults += _shelve_entry(source, key, value, shelves)
    return faults


def _shelve_entry(source: _Source, key: str, value: Any, shelves: Shelves) -> list[Fault]:
    kind = source.kind
    # Named even where it is faulty: what refers to it is not wrong for that.
    shelves.named.setdefault(kind.shelf, set()).add(key)
    if not isinstance(value, dict):
        return [Fault(place_of(source.name, key), "must be a mapping")]
    if kind.key in value:
        place = place_of(source.name, key, kind.key)
        return [Fault(place, f"leave this out: `{key}`, which the entry stands under, is its {kind.key}")]
    shelves.entries[kind.shelf].pop(key, None)
    # What is wrong with the rest of an entry is told beside its unknown keys, and so are its references.
    faults = _entry_faults(source, key, value)
    known = {name: part for name, part in value.items() if name in kind.model.model_fields}
    if not _entry_faults(source, key, known):
        shelves.put(kind.shelf, key, kind.model.model_validate({kind.key: key, **known}), source.name, source.folder)
    return faults


def _entry_faults(source: _Source, key: str, value: dict[str, Any]) -> list[Fault]:
    kind = source.kind
    try:
        kind.model.model_validate({kind.key: key, **value})
    except ValidationError as error:
        own_key = place_of(source.name, key, kind.key)
        return [
            Fault(place_of(source.name, key), fault.message) if fault.place == own_key else fault
            for fault in faults_of(error, source.name, kind.model, key)
        ]
    return []
