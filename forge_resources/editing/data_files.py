"""Reads the data files of the edit into their contracts.

What belongs here: one way from a YAML file to a document, with every fault at its file and field. What does not: what
the files say (see `data`), or their contracts.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from forge_resources.briefs.strict_yaml import parse_yaml
from forge_resources.errors import Fault, InvalidInput
from forge_resources.library.validation import faults_of
from forge_resources.schemas.types import Document

DATA = Path(__file__).parent / "data"

AnyDocument = TypeVar("AnyDocument", bound=Document)


def read_document(path: Path, model: type[AnyDocument]) -> AnyDocument:
    """The document in the YAML file `path`. Raises InvalidInput with every fault.

    A fault's place is a file and a field, such as `web.yaml: sizes.16:9.width`.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path.name} is not UTF-8.", faults=[Fault(path.name, str(error))]) from error
    value = parse_yaml(text, where=path.name)
    try:
        return model.model_validate(value)
    except ValidationError as error:
        faults = faults_of(error, path.name, model)
        raise InvalidInput(f"{path.name} does not hold what it must.", faults=faults) from error


def read_data(name: str, model: type[AnyDocument]) -> AnyDocument:
    """The data file `name` that comes with Forge. Raises InvalidInput as `read_document` does."""
    return read_document(DATA / name, model)
