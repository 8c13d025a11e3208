"""Reads the YAML files of this package into their contracts, with every fault at its file, entry and field.

What belongs here: one way from a file of entries to documents. What does not: what the entries say.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from forge_resources.briefs.strict_yaml import parse_yaml
from forge_resources.errors import Fault, InvalidInput
from forge_resources.library.validation import faults_of, place_of
from forge_resources.schemas.types import PICTURE_MODEL_PATTERN, Document

DATA = Path(__file__).parent / "data"
MODEL_NAME = PICTURE_MODEL_PATTERN
"""How models and parts are named; also the name of a folder."""
LONGEST_NAME = 64

Entry = TypeVar("Entry", bound=Document)


def read_entries(path: Path, model: type[Entry]) -> dict[str, Entry]:
    """The entries of a file that is a mapping from slug to entry. Raises InvalidInput with every fault."""
    try:
        written = parse_yaml(path.read_text(encoding="utf-8"), where=path.name)
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path.name} is not UTF-8.", faults=[Fault(path.name, str(error))]) from error
    if not isinstance(written, dict):
        raise InvalidInput(f"{path.name} must be a mapping from slug to entry.")
    entries: dict[str, Entry] = {}
    faults: list[Fault] = []
    for slug, value in written.items():
        if not re.fullmatch(MODEL_NAME, slug) or len(slug) > LONGEST_NAME:
            faults.append(Fault(place_of(path.name, slug), "is no name: lower-case letters, digits, `.`, `-` and `_`"))
            continue
        try:
            entries[slug] = model.model_validate(value)
        except ValidationError as error:
            faults += faults_of(error, path.name, model, slug)
    if not written:
        faults.append(Fault(place_of(path.name), "has no entries"))
    if faults:
        raise InvalidInput(f"{path.name} does not hold what it must.", faults=faults)
    return entries
