"""Replies: from what a model sent to a document of the asked form, cleaned and bounded, in this one place.

What belongs here: finding the document in a reply, cleaning its texts, and saying what is wrong with it. What does not:
asking again (see `asking`), or what the document means (see `papers`).
"""

from __future__ import annotations

import json
import re
import unicodedata
import zlib
from typing import Any, Literal

from forge_resources.schemas.types import control_characters
from forge_resources.writing.chat.reply_schemas import Schema

LONGEST_REPLY = 1_000_000
"""Characters. The longest paper has some 40,000."""
_SAMPLE = 2_000
_LOOP_RATIO = 0.03
_PLACES_TO_LOOK = 64
_DEEPEST = 12
_THINKING = re.compile(r"<(think|thinking|reasoning)>.*?</\1>", re.DOTALL | re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_NOTHING = frozenset({"", "-", "–", "none", "null", "n/a"})

FaultKind = Literal["empty", "too_long", "loop", "declined", "truncated", "prose", "form", "language"]


class ReplyFault(Exception):
    """A reply that is no document of the asked form; `told` is what the model is told when it is asked once more."""

    def __init__(self, kind: FaultKind, told: str) -> None:
        super().__init__(told)
        self.kind = kind
        self.told = told


def document_of(text: str, schema: Schema, *, cut_off: bool = False, declined: bool = False) -> dict[str, Any]:
    """The document in a reply. `cut_off` and `declined` are what the server says of how it ended. Raises ReplyFault."""
    if len(text) > LONGEST_REPLY:
        raise ReplyFault("too_long", f"The reply has more than {LONGEST_REPLY:,} characters.")
    bare = _THINKING.sub("", text).strip()
    if declined:
        raise ReplyFault("declined", f"The model declined: {_excerpt(bare) or 'it gave no reason'}")
    if not bare:
        raise ReplyFault("empty", "The reply is empty.")
    found = _object_in(bare)
    if found is None:
        raise _nothing_found(bare, cut_off)
    cleaned = _cleaned(found, schema, "")
    assert isinstance(cleaned, dict)  # the schema of every reply is an object
    return cleaned


def clean_text(text: str) -> str:
    """One line without control characters, lone surrogates, unassigned characters and spare space."""
    kept = "".join(" " if char.isspace() else "" if control_characters(char) else char for char in text)
    return unicodedata.normalize("NFC", _SPACE.sub(" ", kept).strip())


def loops(text: str) -> bool:
    """Whether the end of a text says the same again and again."""
    sample = text[-_SAMPLE:].encode("utf-8", "surrogatepass")
    return len(text) >= _SAMPLE and len(zlib.compress(sample)) < len(sample) * _LOOP_RATIO


def _object_in(text: str) -> dict[str, Any] | None:
    """The longest JSON object in a text: whole, in a fence, or with prose around it."""
    decoder = json.JSONDecoder(strict=False)  # A raw line break in a string is cleaned, not refused.
    best: tuple[int, dict[str, Any]] | None = None
    place, looked = text.find("{"), 0
    while place >= 0 and looked < _PLACES_TO_LOOK:
        looked += 1
        try:
            found, end = decoder.raw_decode(text, place)
        except (json.JSONDecodeError, RecursionError):
            place = text.find("{", place + 1)
            continue
        if isinstance(found, dict) and (best is None or end - place > best[0]):
            best = (end - place, found)
        place = text.find("{", end)
    return best[1] if best else None


def _nothing_found(text: str, cut_off: bool) -> ReplyFault:
    if loops(text):
        return ReplyFault("loop", f"The reply repeats itself without end: {_excerpt(text[-60:])}")
    if "{" in text:
        ended = "It was cut off" if cut_off else "It ends early or is no JSON"
        return ReplyFault("truncated", f"The reply has no whole JSON object in it. {ended}.")
    return ReplyFault("prose", f"The reply has no JSON object in it. It says: {_excerpt(text)}")


def _cleaned(value: Any, schema: Schema, place: str, depth: int = 0) -> Any:
    """The value in the form of its schema. What is beyond the schema is dropped, what is missing is a fault."""
    if depth > _DEEPEST:
        raise ReplyFault("form", f"{place or 'The reply'} is nested too deeply.")
    if "enum" in schema:
        return _chosen(value, schema, place)
    kind = schema.get("type")
    if kind == "object":
        if not isinstance(value, dict):
            raise _wrong(place, "is no object")
        return {
            name: _cleaned(value.get(name), inner, f"{place}.{name}" if place else name, depth + 1)
            for name, inner in schema["properties"].items()
        }
    if kind == "array":
        return _cleaned_list(value, schema, place, depth)
    return _cleaned_text(value, schema, place)


def _cleaned_list(value: Any, schema: Schema, place: str, depth: int) -> list[Any]:
    if value is None and not schema["minItems"]:
        return []
    listed = value if isinstance(value, list) else [value] if isinstance(value, str) else None
    if listed is None:
        raise _wrong(place, "is no list")
    inner = schema["items"]
    kept = [one for one in listed if not (isinstance(one, str) and not clean_text(one))]
    if "enum" in inner and not schema["minItems"]:
        # Words for the storyboard that it does not have are left out; the visual says them.
        kept = [one for one in kept if _choice(one, inner["enum"]) is not None][: schema["maxItems"]]
    if shots := inner.get("properties", {}).get("shot", {}).get("enum"):
        # Rows that were not to change stay as they are, whatever a model says of them.
        kept = [one for one in kept if not isinstance(one, dict) or _choice(one.get("shot"), shots) is not None]
    if len(kept) < schema["minItems"]:
        raise _wrong(place, f"has {len(kept)} entries; at least {schema['minItems']} are asked for")
    if len(kept) > schema["maxItems"]:
        raise _wrong(place, f"has {len(kept)} entries; at most {schema['maxItems']} are asked for")
    return [_cleaned(one, inner, f"{place}[{index}]", depth + 1) for index, one in enumerate(kept)]


def _cleaned_text(value: Any, schema: Schema, place: str) -> str:
    if value is None and not schema.get("minLength"):
        return ""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise _wrong(place, "is no text")
    text = clean_text(str(value))
    if not schema.get("minLength") and text.casefold() in _NOTHING:
        return ""
    if not text and schema.get("minLength"):
        raise _wrong(place, "is blank")
    if len(text) > schema["maxLength"]:
        raise _wrong(place, f"has {len(text)} characters; at most {schema['maxLength']} are allowed")
    return text


def _chosen(value: Any, schema: Schema, place: str) -> Any:
    choices = schema["enum"]
    choice = _choice(value, choices)
    if choice is None and "" in choices:
        return ""
    if choice is None:
        asked = ", ".join(str(one) for one in choices[:24])
        raise _wrong(place, f"is {_excerpt(str(value))!r}; one of {asked} is asked for")
    return choice


def _choice(value: Any, choices: list[Any]) -> Any:
    """The one of `choices` that a value means; None where it means none."""
    said = str(value).strip().casefold().replace("_", "-")
    for choice in choices:
        if str(choice).casefold() == said or _number(choice) == _number(said) is not None:
            return choice
    return None


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _wrong(place: str, how: str) -> ReplyFault:
    return ReplyFault("form", f"{place or 'The reply'} {how}.")


def _excerpt(text: str) -> str:
    line = clean_text(text[:400])
    return line if len(line) <= 160 else line[:159] + "…"
