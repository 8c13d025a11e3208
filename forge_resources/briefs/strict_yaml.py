"""Reads YAML and JSON that anybody may have written, into plain values, without surprises.

What belongs here: syntax, and what the syntax of a document may not contain. What does not: files, encodings and sizes
(see `briefs.document`), or what a document means (see `schemas`).

The YAML is the part of YAML 1.2 that means what it looks like. Only `true` and `false` are truth values, so `no`,
`on` and `NO` are text; only decimal numbers are numbers, so `16:9`, `2026-08-02`, `007` and `1_000` are text. Anchors,
aliases, tags, merge keys, repeated keys, keys that are not plain text, non-finite numbers and a second document are
faults. Values are built from the parser's events without recursion, so neither depth nor expansion exhausts memory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import yaml

from forge_resources.errors import Fault, InvalidInput
from forge_resources.own_yaml import LOADER

MAX_DEPTH = 50
MAX_FAULTS = 50
MAX_DIGITS = 100

_NOT_ALLOWED = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_NULL = {"", "~", "null", "Null", "NULL"}
_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
_NON_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+', re.DOTALL)

# The parsers' words for what people do most often, and what to do about it.
_ADVICE = (
    ("cannot start any token", "indent with spaces, not tabs, and put quotes round text that begins with @, ` or %"),
    ("mapping values are not allowed", "put quotes round text that contains `: `, and check the indentation"),
    ("could not find expected ':'", "each line of a mapping is written `key: value`"),
    ("did not find expected", "check indentation, quotes and brackets above this line"),
    ("expected <block end>", "check indentation, quotes and brackets above this line"),
    ("unexpected end of stream", "a quote or bracket is opened and never closed"),
    ("not found end of", "a quote or bracket is opened and never closed"),
)


class _TooMuch(Exception):
    """Stops the reading of a document with so much wrong that more would not help."""


class _Builder:
    """Builds plain values from a stream of scalars and opening and closing brackets, and keeps what is wrong."""

    def __init__(self) -> None:
        self.value: Any = None
        self.faults: list[Fault] = []
        self._open: list[dict[str, Any] | list[Any]] = []
        self._keys: list[str | None] = []

    def fault(self, line: int, column: int, message: str) -> None:
        """Keeps a fault; `line` and `column` count from 0."""
        self.faults.append(Fault(f"line {line + 1}, column {column + 1}", message))
        if len(self.faults) >= MAX_FAULTS:
            raise _TooMuch

    def stop(self, line: int, column: int, message: str) -> NoReturn:
        self.fault(line, column, message)
        raise _TooMuch

    @property
    def wants_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1], dict) and self._keys[-1] is None

    def key(self, name: str, line: int, column: int) -> None:
        mapping = self._open[-1]
        if name in mapping:
            self.fault(line, column, f"the key `{_shortened(name)}` is written twice")
        self._keys[-1] = name

    def add(self, value: Any) -> None:
        if not self._open:
            self.value = value
        elif isinstance(parent := self._open[-1], list):
            parent.append(value)
        else:
            name = self._keys[-1]
            if name is not None:
                parent[name] = value
            self._keys[-1] = None

    def opens(self, value: dict[str, Any] | list[Any], line: int, column: int) -> None:
        if len(self._open) >= MAX_DEPTH:
            self.stop(line, column, f"nested more than {MAX_DEPTH} levels deep")
        if self.wants_key:
            self.stop(line, column, "a key must be plain text, not a list or a mapping")
        self.add_open(value)

    def add_open(self, value: dict[str, Any] | list[Any]) -> None:
        self.add(value)
        self._open.append(value)
        self._keys.append(None)

    def closes(self) -> None:
        self._open.pop()
        self._keys.pop()

    def result(self, where: str) -> Any:
        if self.faults:
            raise _refused(where, self.faults)
        return self.value


def parse_yaml(text: str, *, where: str) -> Any:
    """The value of one YAML document: dict with text keys, list, str, int, float, bool or None.

    JSON is read as well, tabs and escapes included. An empty document is None. `where` names the document in the
    message. Raises InvalidInput with every fault found, each at `line N, column M`.
    """
    if _is_json(text):
        return parse_json(text, where=where)
    builder = _Builder()
    try:
        _check_characters(text, builder)
        _build_yaml(text, builder)
    except _TooMuch:
        pass
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        builder.faults.append(Fault(f"line {line + 1}, column {column + 1}", _in_words(error)))
    return builder.result(where)


def parse_json(text: str, *, where: str) -> Any:
    """The value of one JSON document, under the same rules as `parse_yaml`. Raises InvalidInput likewise."""
    builder = _Builder()
    text = text.removeprefix("\ufeff")
    try:
        _check_characters(text, builder)
        _check_depth(text, builder)
        json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
        _build_json(text, builder)
    except _TooMuch:
        pass
    except json.JSONDecodeError as error:
        builder.faults.append(Fault(f"line {error.lineno}, column {error.colno}", f"not JSON: {error.msg.lower()}"))
    return builder.result(where)


def _build_yaml(text: str, builder: _Builder) -> None:
    documents = 0
    for event in _events(text, builder):
        line, column = event.start_mark.line, event.start_mark.column
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                builder.stop(line, column, "a second document begins here; a file holds one")
        elif isinstance(event, yaml.AliasEvent):
            name = _shortened(event.anchor or "")
            builder.stop(line, column, f"`*{name}`: aliases are not allowed; write the value out")
        elif isinstance(event, yaml.NodeEvent):
            _check_marks(event, builder)
            if isinstance(event, yaml.ScalarEvent):
                _add_scalar(event, builder)
            else:
                builder.opens({} if isinstance(event, yaml.MappingStartEvent) else [], line, column)
        elif isinstance(event, yaml.CollectionEndEvent):
            builder.closes()


def _events(text: str, builder: _Builder) -> Iterator[Any]:
    line, column = 0, 0
    events: Iterator[Any] = yaml.parse(text, Loader=LOADER)
    while True:
        try:
            event = next(events, None)
        except (ValueError, OverflowError):
            # The pure parser on an escape such as `\UFFFFFFFF`; libyaml says so itself.
            builder.stop(line, column, "after this, an escape names a character that does not exist")
        if event is None:
            return
        line, column = event.start_mark.line, event.start_mark.column
        yield event


def _check_marks(event: Any, builder: _Builder) -> None:
    line, column = event.start_mark.line, event.start_mark.column
    if event.anchor is not None:
        builder.fault(line, column, f"`&{_shortened(event.anchor)}`: anchors are not allowed; write the value out")
    if event.tag is not None:
        builder.fault(line, column, f"`{_shortened(event.tag)}`: tags are not allowed")


def _add_scalar(event: Any, builder: _Builder) -> None:
    line, column = event.start_mark.line, event.start_mark.column
    text: str = event.value
    if found := _NOT_ALLOWED.search(text):
        builder.fault(line, column, f"the character U+{ord(found[0]):04X} is not allowed")
    plain = event.implicit[0]
    if builder.wants_key:
        if plain and text == "<<":
            builder.fault(line, column, "merge keys (`<<`) are not allowed; write the entries out")
        elif plain and text in _NULL:
            builder.fault(line, column, "a key is missing here")
        builder.key(text, line, column)
    else:
        builder.add(_plain_value(text, line, column, builder) if plain else text)


def _plain_value(text: str, line: int, column: int, builder: _Builder) -> Any:
    if text in _NULL:
        return None
    if text in _TRUTH:
        return _TRUTH[text]
    if _NON_FINITE.fullmatch(text):
        builder.fault(line, column, f"`{text}` is not a number that can be used; put quotes round it if it is text")
        return None
    if _LEADING_ZERO.fullmatch(text):
        return text
    return _number(text, line, column, builder)


def _number(text: str, line: int, column: int, builder: _Builder) -> Any:
    """`text` as int or float where it is written as one, else unchanged."""
    is_integer = _INTEGER.fullmatch(text)
    if not is_integer and not _DECIMAL.fullmatch(text):
        return text
    if len(text) > MAX_DIGITS:
        builder.fault(line, column, f"a number of more than {MAX_DIGITS} digits; put quotes round it if it is text")
        return None
    value = int(text) if is_integer else float(text)
    if value in (float("inf"), float("-inf")):
        builder.fault(line, column, f"`{text}` is too large a number")
        return None
    return value


def _build_json(text: str, builder: _Builder) -> None:
    """Walks over text that is known to be JSON; done by hand because `json` tells no places."""
    for token, line, column in _json_tokens(text):
        if token in "{[":
            builder.opens({} if token == "{" else [], line, column)
        elif token in "}]":
            builder.closes()
        elif token in ":,":
            continue
        elif token.startswith('"'):
            string = json.loads(token)
            if found := _NOT_ALLOWED.search(string):
                builder.fault(line, column, f"the character U+{ord(found[0]):04X} is not allowed")
            if builder.wants_key:
                builder.key(string, line, column)
            else:
                builder.add(string)
        elif token in {"NaN", "Infinity", "-Infinity"}:
            builder.fault(line, column, f"`{token}` is not a number that can be used")
            builder.add(None)
        elif token in {"true", "false", "null"}:
            builder.add(json.loads(token))
        else:
            builder.add(_number(token, line, column, builder))


def _json_tokens(text: str) -> Iterator[tuple[str, int, int]]:
    line, line_start, seen = 0, 0, 0
    for match in _JSON_TOKEN.finditer(text):
        if breaks := text.count("\n", seen, match.start()):
            line += breaks
            line_start = text.rindex("\n", seen, match.start()) + 1
        seen = match.start()
        yield match[0], line, match.start() - line_start


def _check_depth(text: str, builder: _Builder) -> None:
    # Before json.loads, which recurses.
    depth = 0
    for token, line, column in _json_tokens(text):
        if token in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                builder.stop(line, column, f"nested more than {MAX_DEPTH} levels deep")
        elif token in "]}":
            depth -= 1


def _is_json(text: str) -> bool:
    """Whether to read `text` as JSON: it looks like it from outside, and its brackets hold JSON or break its rules."""
    bare = text.removeprefix("\ufeff").strip()
    if not (bare.startswith("{") and bare.endswith("}")) and not (bare.startswith("[") and bare.endswith("]")):
        return False
    try:
        _check_depth(bare, _Builder())
        json.loads(bare, parse_int=str, parse_float=str, parse_constant=str)
    except _TooMuch:
        return True
    except json.JSONDecodeError:
        return False
    return True


def _check_characters(text: str, builder: _Builder) -> None:
    # The parsers would stop at the first of them, with a place counted in bytes.
    line, line_start, seen = 0, 0, 0
    body = text.removeprefix("\ufeff")
    for match in _NOT_ALLOWED.finditer(body):
        for line_break in _LINE_BREAK.finditer(body, seen, match.start()):
            line, line_start = line + 1, line_break.end()
        seen = match.start()
        builder.fault(line, match.start() - line_start, f"the character U+{ord(match[0]):04X} is not allowed")
    if builder.faults:
        raise _TooMuch


def _in_words(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "not YAML"
    said = " ".join(part for part in (error.context, problem) if part)
    for sign, advice in _ADVICE:
        if sign in problem:
            return f"{said}: {advice}"
    return said


def _refused(where: str, faults: list[Fault]) -> InvalidInput:
    more = f", the first {MAX_FAULTS} of them" if len(faults) >= MAX_FAULTS else ""
    return InvalidInput(f"{where} cannot be read{more}.", faults=faults)


def _shortened(text: str) -> str:
    # A name of a million characters does not belong in a message, and neither does one that redraws the terminal.
    shown = "".join(char if char.isprintable() else "\ufffd" for char in text)
    return shown if len(shown) <= 60 else f"{shown[:59]}…"
