"""Turns what a contract refuses into faults that the writer of a data file understands.

What belongs here: wording and places. What does not: the contracts (see `schemas`), or references between entries
(see `checking`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from forge_resources.errors import Fault
from forge_resources.schemas.types import SPELLINGS

_WORDING = {
    "missing": "is missing",
    "string_type": "must be text; put quotes round it if it looks like a number",
    "list_type": "must be a list",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
}


def nearest_names(name: str, known: Iterable[str]) -> list[str]:
    """Up to three of `known` that `name` may have meant, best first. Case, `_` and spaces do not count."""
    plain = {_plain(candidate): candidate for candidate in known}
    return [plain[match] for match in get_close_matches(_plain(name), plain, n=3, cutoff=0.55)]


def faults_of(error: ValidationError, file: str, model: type[BaseModel], entry: str = "") -> list[Fault]:
    """Every fault of a refused document, at places such as `personas.yaml: busy-parent.segments[2]`."""
    return [
        Fault(place_of(file, entry, *_written(details["loc"])), _message(details, model)) for details in error.errors()
    ]


def place_of(file: str, *steps: str | int) -> str:
    """`file: entry.field[2]`; empty steps are left out."""
    path = ""
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        elif step:
            path += f".{step}" if path else step
    return f"{file}: {path}" if path else file


def _written(location: tuple[str | int, ...]) -> tuple[str | int, ...]:
    # Pydantic marks a refused key of a mapping with a step of its own.
    return tuple(step for step in location if step != "[key]")


def _message(details: Any, model: type[BaseModel]) -> str:
    kind = details["type"]
    if kind == "extra_forbidden":
        near = nearest_names(str(details["loc"][-1]), _field_names(model))
        return "unknown key" + (f"; did you mean {' or '.join(f'`{name}`' for name in near)}?" if near else "")
    if kind in _WORDING:
        return _WORDING[kind]
    if kind == "string_pattern_mismatch":
        pattern = details["ctx"]["pattern"]
        return f"`{details['input']}` is not written as it must be: {SPELLINGS.get(pattern, f'as {pattern}')}"
    message = str(details["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    return message[:1].lower() + message[1:]


def _field_names(model: type[BaseModel]) -> set[str]:
    names: set[str] = set()
    for nested in _models(model):
        names |= {field.alias or name for name, field in nested.model_fields.items()}
    return names


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from _models(field.annotation)
    else:
        for argument in get_args(annotation):
            yield from _models(argument)


def _plain(name: str) -> str:
    return name.casefold().replace("_", "-").replace(" ", "-")
