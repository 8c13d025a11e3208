"""Reading the data files of the draft writer against their contracts.

What belongs here: the way from a YAML file in `writing/data` to a checked document. What does not: any contract.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import ValidationError

from forge_resources.errors import Fault, InvalidInput
from forge_resources.own_yaml import read_yaml
from forge_resources.schemas.types import Document

DATA = Path(__file__).parent / "data"
D = TypeVar("D", bound=Document)


def read_data(contract: type[D], name: str) -> D:
    """The file `name` (relative to `writing/data`) as `contract`. Raises InvalidInput with file, entry and field."""
    path = DATA / name
    try:
        content = read_yaml(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise InvalidInput(f"{path} is not YAML.", faults=[Fault(name, str(error))]) from error
    try:
        return contract.model_validate(content)
    except ValidationError as error:
        faults = [Fault(".".join(str(step) for step in item["loc"]), item["msg"]) for item in error.errors()]
        raise InvalidInput(f"{path} does not follow its contract.", remedy="Correct the file.", faults=faults) from None
