"""From bytes that somebody wrote to a `Brief`, with every fault and its place.

What belongs here: size, encoding, syntax, shape. What does not: whether what it names exists (see `check`), or keeping
it (see `filing`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from forge_resources.briefs.strict_yaml import parse_json, parse_yaml
from forge_resources.errors import Fault, InvalidInput
from forge_resources.schemas.brief import Brief
from forge_resources.schemas.types import (
    COLOUR_PATTERN,
    LANGUAGE_PATTERN,
    MARKET_PATTERN,
    SLUG_PATTERN,
    control_characters,
)

LARGEST_BYTES = 1024 * 1024
SUFFIXES = (".yaml", ".yml", ".json")

_FORMS = {
    SLUG_PATTERN: "lower-case letters, digits and hyphens, beginning with a letter or digit",
    MARKET_PATTERN: "a market such as de-DE",
    LANGUAGE_PATTERN: "a language such as de",
    COLOUR_PATTERN: "a colour such as #ff8800",
}

# Stands in for a field that is wrong, so that the rules between the other fields can still be checked.
_STAND_IN: dict[str, Any] = {
    "brief": "stand-in",
    "brand": "stand-in",
    "product": {"name": "-", "description": "-", "selling_points": ["-"]},
    "message": "-",
    "call_to_action": "-",
    "tone": ["calm"],
    "duration_s": 15,
    "markets": ["en-GB"],
    "personas": ["stand-in"],
}


@dataclass(frozen=True)
class ReadBrief:
    """A brief as far as it could be understood; where there are faults, parts of it are stand-ins."""

    brief: Brief
    faults: tuple[Fault, ...]


def parse_document(data: bytes, name: str) -> dict[str, Any]:
    """The mapping in a brief's bytes; `name` decides between YAML and JSON. Raises InvalidInput with every fault."""
    if len(data) > LARGEST_BYTES:
        raise _refused(name, f"is too large; a brief has at most {LARGEST_BYTES:,} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(name, f"is not UTF-8 (byte {error.start + 1})") from None
    if not text.strip():
        raise _refused(name, "is empty")
    parse = parse_json if name.lower().endswith(".json") else parse_yaml
    raw = parse(text, where=name)
    if not isinstance(raw, dict):
        raise _refused(name, f"is {_in_words(raw)}; a brief is a mapping of keys to values")
    return raw


def read_brief(raw: Mapping[str, Any]) -> ReadBrief:
    """Checks the shape of a brief. Every fault is found at once; a wrong field never hides another."""
    faults: list[Fault] = list(_control_character_faults(raw, ""))
    told = {fault.place for fault in faults}
    wrong: set[str] = set()
    patched = dict(raw)
    while True:
        for key in wrong:
            patched.pop(key, None)
            if key in _STAND_IN:
                patched[key] = _STAND_IN[key]
        try:
            brief = Brief.model_validate(patched)
        except ValidationError as error:
            found = [(fault, keys) for detail in error.errors() for fault, keys in _faults_of(detail, raw)]
            # A rule between fields says nothing where one of them is a stand-in.
            faults += [
                fault for fault, keys in found if fault is not None and fault.place not in told and not keys & wrong
            ]
            newly = {str(detail["loc"][0]) for detail in error.errors() if detail["loc"]}
            newly |= {top_level_key(fault.place) for fault, keys in found if fault is not None and len(keys) > 1}
            if newly <= wrong:
                raise  # Stand-ins are valid by construction; anything else is a fault of this module.
            wrong |= newly
            continue
        return ReadBrief(brief, tuple(faults))


def top_level_key(place: str) -> str:
    """`product` of `product.selling_points[2]`."""
    return place.split(".")[0].split("[")[0]


def _control_character_faults(value: Any, place: str) -> Iterator[Fault]:
    if isinstance(value, str):
        if found := control_characters(value):
            yield Fault(place, f"control characters are not allowed ({', '.join(found[:3])})")
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if found := control_characters(str(key)):
                yield Fault(place or "(top level)", f"a key has control characters ({', '.join(found[:3])})")
            else:
                yield from _control_character_faults(inner, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _control_character_faults(inner, f"{place}[{index}]")


def _place(detail: ErrorDetails) -> str:
    if "place" in detail.get("ctx", {}):
        return str(detail["ctx"]["place"])
    location = list(detail["loc"])
    if location[:1] == ["brand"] and len(location) > 1:
        del location[1]  # which member of `slug or mapping` Pydantic tried
    if location[-1:] == ["[key]"]:
        del location[-1]
    place = ""
    for part in location:
        place += f"[{part}]" if isinstance(part, int) else f".{part}" if place else str(part)
    return place


def _message(detail: ErrorDetails) -> str:
    kind, context, given = detail["type"], detail.get("ctx", {}), detail.get("input")
    if kind == "extra_forbidden":
        known = sorted(field.alias or name for name, field in Brief.model_fields.items())
        close = get_close_matches(str(detail["loc"][-1]), known, n=1) if len(detail["loc"]) == 1 else []
        return "unknown key" + (f"; did you mean `{close[0]}`?" if close else "")
    if kind == "missing":
        return "is required"
    if kind == "literal_error":
        return f"must be {context['expected']}, not {_shown(given)}"
    if kind == "string_pattern_mismatch":
        form = _FORMS.get(context["pattern"], f"of the form {context['pattern']}")
        return f"{_shown(given)} must be {form}"
    if kind == "string_too_long":
        return f"has {len(str(given))} characters, at most {context['max_length']} are allowed"
    return detail["msg"].removeprefix("Value error, ")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _in_words(value: Any) -> str:
    return {list: "a list", str: "a text", type(None): "empty"}.get(type(value), f"a {type(value).__name__}")


def _refused(name: str, what: str) -> InvalidInput:
    return InvalidInput(f"{name} cannot be read as a brief.", faults=[Fault("", f"the file {what}")])
