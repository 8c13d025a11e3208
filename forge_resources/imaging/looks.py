"""The looks of the library: reading them, and where their reference pictures lie.

What belongs here: looks that come with Forge and those of a deployment (folder `looks` of its library). What does
not: what becomes of a look in a shot (see `direction`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from forge_resources.errors import Fault, InvalidInput
from forge_resources.library.vocabulary import load_vocabulary
from forge_resources.models.data_files import read_entries
from forge_resources.schemas.pictures import Look, LookPart

BUILT_IN = Path(__file__).parent / "data" / "looks.yaml"


@dataclass(frozen=True)
class ShelvedLook:
    """A look, and the folder that its pictures lie in."""

    look: Look
    folder: Path
    file: str


def deployment_looks(environment: Mapping[str, str] = os.environ) -> dict[str, ShelvedLook]:
    """The looks of this deployment, with those of FORGE_LIBRARY."""
    library = environment.get("FORGE_LIBRARY")
    return load_looks(Path(library) / "looks" if library else None)


def load_looks(folder: Path | None = None) -> dict[str, ShelvedLook]:
    """All looks by slug, those of `folder` in place of others. Raises InvalidInput with every fault."""
    files = [BUILT_IN]
    if folder is not None and folder.is_dir():
        files += sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])
    looks: dict[str, ShelvedLook] = {}
    faults: list[Fault] = []
    for file in files:
        try:
            entries = read_entries(file, Look)
        except InvalidInput as refused:
            faults += refused.faults or [Fault(file.name, refused.message)]
            continue
        for slug, look in entries.items():
            faults += [Fault(f"{file.name}: {slug}.{place}", message) for place, message in _faults(look, file.parent)]
            looks[slug] = ShelvedLook(look, file.parent, file.name)
    if faults:
        raise InvalidInput("The looks are faulty.", faults=faults)
    return looks


def parts_of(look: Look) -> Iterator[tuple[str, LookPart]]:
    """Everything of a look that may have reference pictures, with its place."""
    if look.product:
        yield "product", look.product
    for slug, character in look.characters.items():
        yield f"characters.{slug}", character
    for slug, location in look.locations.items():
        yield f"locations.{slug}", location


def _faults(look: Look, folder: Path) -> Iterator[tuple[str, str]]:
    words = load_vocabulary()
    for slug in look.locations:
        if slug not in words.settings:
            yield f"locations.{slug}", f"is no setting of the vocabulary; known: {', '.join(words.settings)}"
    for slug, character in look.characters.items():
        if character.role not in words.roles:
            yield f"characters.{slug}.role", f"`{character.role}` is no role; known: {', '.join(words.roles)}"
    for place, part in parts_of(look):
        for index, name in enumerate(part.references):
            if not (folder / name).is_file():
                yield f"{place}.references[{index}]", f"`{name}` does not exist beside the file"


def with_names(look: Look, names: Mapping[str, str]) -> Look:
    """The look with its reference pictures named as `names` has them."""

    def named(part: LookPart) -> LookPart:
        return part.model_copy(update={"references": [names[path] for path in part.references]})

    return look.model_copy(
        update={
            "product": named(look.product) if look.product else None,
            "characters": {slug: named(one) for slug, one in look.characters.items()},
            "locations": {slug: named(one) for slug, one in look.locations.items()},
        }
    )
