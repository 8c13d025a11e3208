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
from forge_resources.schemas.brief import Brief, BrokenRule
from forge_resources.schemas.types import (
    COLOUR_PATTERN,
    LANGUAGE_PATTERN,
    MARKET_PATTERN,
    SLUG_PATTERN,
    control_characters,
)

LARGEST_BYTES = 1024 * 1024
SUFFIXES = (".yaml", ".yml", ".json")
LONGEST_KEY_SHOWN = 60

_FORMS = {
    SLUG_PATTERN: "lower-case letters, digits and hyphens, beginning with a letter or digit",
    MARKET_PATTERN: "a market such as de-DE",
    LANGUAGE_PATTERN: "a language such as de",
    COLOUR_PATTERN: "a colour such as #ff8800",
}

_KINDS = {
    "string_type": "text",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
}
_LIMITS = {
    "missing": "is required",
    "string_too_short": "has {actual_length} characters, at least {min_length} needed",
    "string_too_long": "has {actual_length} characters, at most {max_length} allowed",
    "too_short": "has {actual_length} {unit}, at least {min_length} needed",
    "too_long": "has {actual_length} {unit}, at most {max_length} allowed",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
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
            found = error.errors()
            faults += [fault for detail in found for fault in _faults(detail, raw, wrong) if fault.place not in told]
            newly = {key for detail in found for key in _wrong_keys(detail)}
            if newly <= wrong:
                raise  # Stand-ins are valid by construction; anything else is a fault of this module.
            wrong |= newly
            continue
        return ReadBrief(brief, tuple(faults))


def _faults(detail: ErrorDetails, raw: Mapping[str, Any], wrong: set[str]) -> Iterator[Fault]:
    """What Pydantic found, for the person who wrote it; nothing about what was never written."""
    rules: list[BrokenRule] = detail.get("ctx", {}).get("rules", [])
    location = detail["loc"]
    if rules:
        # A rule between fields says nothing where one of them is a stand-in.
        yield from (Fault(rule.place, rule.message) for rule in rules if not rule.fields & wrong)
    elif any(control_characters(str(part)) for part in location):
        return  # The key has been told, and is not shown: it could redraw the terminal.
    elif location[0] != "brand" or len(location) == 1:
        yield Fault(_place(location), _message(detail))
    elif (location[1] == "Brand") == isinstance(raw["brand"], Mapping):
        # Pydantic tells what is wrong with it as a slug, and with it as a mapping: only one was meant.
        yield Fault(_place(("brand", *location[2:])), _message(detail))


def _wrong_keys(detail: ErrorDetails) -> Iterator[str]:
    rules: list[BrokenRule] = detail.get("ctx", {}).get("rules", [])
    if rules:
        yield from (rule.place.split(".")[0].split("[")[0] for rule in rules)
    else:
        yield str(detail["loc"][0])


def _control_character_faults(value: Any, place: str) -> Iterator[Fault]:
    if isinstance(value, str):
        if found := control_characters(value):
            yield Fault(place, f"control characters are not allowed ({', '.join(found[:3])})")
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if found := control_characters(str(key)):
                yield Fault(place or "(top level)", f"a key has control characters ({', '.join(found[:3])})")
            else:
                yield from _control_character_faults(inner, step_to(place, str(key)))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _control_character_faults(inner, step_to(place, index))


def step_to(place: str, step: str | int) -> str:
    """The place one step below `place`: an entry of a list, or a key, cut short where it is very long."""
    if isinstance(step, int):
        return f"{place}[{step}]"
    step = step or '""'
    shown = step if len(step) <= LONGEST_KEY_SHOWN else f"{step[: LONGEST_KEY_SHOWN - 1]}…"
    return f"{place}.{shown}" if place else shown


def _place(location: tuple[int | str, ...]) -> str:
    place = ""
    for part in location:
        # Pydantic marks a refused key of a mapping with a step of its own.
        place = place if part == "[key]" else step_to(place, part)
    return place


def _message(detail: ErrorDetails) -> str:
    kind, context, given = detail["type"], detail.get("ctx", {}), detail.get("input")
    if kind == "extra_forbidden":
        known = sorted(field.alias or name for name, field in Brief.model_fields.items())
        close = get_close_matches(str(detail["loc"][-1]), known, n=1) if len(detail["loc"]) == 1 else []
        return "unknown key" + (f"; did you mean `{close[0]}`?" if close else "")
    if kind in _KINDS:
        if given is None:
            return "has no value"
        return f"must be {_KINDS[kind]}, not {_shown(given)}"
    if kind == "literal_error":
        return f"must be {context['expected']}, not {_shown(given)}"
    if kind == "string_pattern_mismatch":
        form = _FORMS.get(context["pattern"], f"of the form {context['pattern']}")
        return f"{_shown(given)} must be {form}"
    if kind in _LIMITS:
        unit = "characters" if isinstance(given, str) else "entries"
        return _LIMITS[kind].format(**{"actual_length": len(str(given)), "unit": unit, **context})
    return detail["msg"].removeprefix("Value error, ")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _in_words(value: Any) -> str:
    return {list: "a list", str: "a text", type(None): "empty"}.get(type(value), f"a {type(value).__name__}")


def _refused(name: str, what: str) -> InvalidInput:
    return InvalidInput(f"{name} cannot be read as a brief.", faults=[Fault("", f"the file {what}")])
