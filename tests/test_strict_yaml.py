"""The strict reader: what plain YAML and JSON mean, and that what strangers may write is refused with its place."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from forge_resources.briefs import strict_yaml
from forge_resources.briefs.strict_yaml import MAX_DEPTH, MAX_FAULTS, parse_json, parse_yaml
from forge_resources.errors import Fault, InvalidInput


@pytest.fixture(params=["libyaml", "pure"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs a test on both parsers of PyYAML: which one a machine has must make no difference."""
    loader = yaml.CSafeLoader if request.param == "libyaml" else yaml.SafeLoader
    monkeypatch.setattr(strict_yaml, "LOADER", loader)


def faults(text: str, read: Any = parse_yaml) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        read(text, where="brief.yaml")
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("YES", "YES"),
        ("y", "y"),
        ("true", True),
        ("False", False),
        ("'true'", "true"),
        ("", None),
        ("~", None),
        ("null", None),
        ("'null'", "null"),
        ("15", 15),
        ("-3", -3),
        ("+0", 0),
        ("007", "007"),
        ("0x1f", "0x1f"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("16:9", "16:9"),
        ("12:30:45", "12:30:45"),
        ("2026-08-02", "2026-08-02"),
        ("2026-08-02T10:00:00Z", "2026-08-02T10:00:00Z"),
        ("2.5", 2.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("'2.5'", "2.5"),
        ("1.2.3", "1.2.3"),
        ("=", "="),
        ("日本語", "日本語"),
        ('"tab\\tand \\u00e9"', "tab\tand é"),
        ("[a, 1, null]", ["a", 1, None]),
        ("{a: {b: []}}", {"a": {"b": []}}),
    ],
)
def test_a_value_means_what_it_looks_like(written: str, value: Any) -> None:
    read = parse_yaml(f"key: {written}\n", where="brief.yaml")["key"]
    assert read == value
    assert type(read) is type(value)


@pytest.mark.usefixtures("parser")
def test_keys_are_text() -> None:
    assert parse_yaml("NO: a\n1: b\n16:9: c\ntrue: d\n'': e\n", where="x") == {
        "NO": "a",
        "1": "b",
        "16:9": "c",
        "true": "d",
        "": "e",
    }


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "\ufeff"])
def test_an_empty_document_is_none(text: str) -> None:
    assert parse_yaml(text, where="x") is None


@pytest.mark.usefixtures("parser")
def test_block_text_and_a_byte_order_mark_are_read() -> None:
    text = "\ufeffa: >-\r\n  one\r\n  two\r\nb: |\r\n  three\r\n"
    assert parse_yaml(text, where="x") == {"a": "one two", "b": "three\n"}


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n", "line 5, column 3: the key `c` is written twice"),
        ("a: 1\n'a': 2\n", "line 2, column 1: the key `a` is written twice"),
        ("1: a\n'1': b\n", "line 2, column 1: the key `1` is written twice"),
        ("a: &x 1\n", "line 1, column 4: `&x`: anchors are not allowed"),
        ("a: [*x]\n", "line 1, column 5: `*x`: aliases are not allowed"),
        ("<<: {a: 1}\n", "line 1, column 1: merge keys (`<<`) are not allowed"),
        (
            "a: !!python/object/apply:os.system [ls]\n",
            "line 1, column 4: `tag:yaml.org,2002:python/object",
        ),
        ("a: !!str 5\n", "tags are not allowed"),
        ("!thing\na: 5\n", "line 1, column 1: `!thing`: tags are not allowed"),
        ("a: 1\n---\nb: 2\n", "line 2, column 1: a second document begins here"),
        ("a: .nan\n", "line 1, column 4: `.nan` is not a number that can be used"),
        ("a: [-.inf]\n", "line 1, column 5: `-.inf` is not a number"),
        ("a: 1e999\n", "line 1, column 4: `1e999` is too large a number"),
        (f"a: {'9' * 5000}\n", "line 1, column 4: a number of more than 100 digits"),
        ("? [a, b]\n: c\n", "line 1, column 3: a key must be plain text"),
        ("{{a: 1}: b}\n", "line 1, column 2: a key must be plain text"),
        ("~: a\n", "line 1, column 1: a key is missing here"),
        ('a: "\\a"\n', "line 1, column 4: the character U+0007 is not allowed"),
        ("a: b\u0000c\n", "line 1, column 5: the character U+0000 is not allowed"),
        ("a: ok\r\nb: \ud800\r\n", "line 2, column 4: the character U+D800 is not allowed"),
        ("a: b: c\n", "line 1, column 5: mapping values are not allowed"),
        ("a:\n\tb: 1\n", "line 2, column 1"),
        ("a: [1, 2\n", "line 2, column 1"),
        ('a: "open\n', "never closed"),
        ('a: "\\UFFFFFFFF"\n', "line 1, column"),
        ("a: 1\n b: 2\n", "line 2, column 3"),
    ],
)
def test_what_is_refused_has_its_place(text: str, expected: str) -> None:
    assert expected in faults(text)[0]


@pytest.mark.usefixtures("parser")
def test_every_fault_is_told_at_once() -> None:
    found = faults("a: &one 1\na: 2\nb: !x 3\nc: .inf\nd: 1\nd: 2\n")
    assert [fault.split(":")[0] for fault in found] == [
        "line 1, column 4",
        "line 2, column 1",
        "line 3, column 4",
        "line 4, column 4",
        "line 6, column 1",
    ]


def test_very_many_faults_are_cut_short() -> None:
    assert len(faults("a: 1\n" * 10_000)) == MAX_FAULTS


@pytest.mark.usefixtures("parser")
def test_depth_has_a_limit() -> None:
    def nested(depth: int) -> str:
        return "a: " + "[" * (depth - 1) + "]" * (depth - 1)

    assert parse_yaml(nested(MAX_DEPTH), where="x")
    assert faults(nested(MAX_DEPTH + 1)) == [f"line 1, column {MAX_DEPTH + 3}: nested more than 50 levels deep"]


@pytest.mark.parametrize(
    "text",
    ["[" * 1_000_000, "{a: " * 250_000, "- " * 500_000, "[" * 500_000 + "]" * 500_000, '{"a":' * 200_000],
    ids=["list", "mapping", "block", "json list", "json object"],
)
def test_a_megabyte_of_brackets_is_a_fault_and_not_a_crash(text: str) -> None:
    assert "nested more than 50 levels deep" in faults(text)[0]


def test_a_bomb_does_not_go_off() -> None:
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 40))
    found = faults(f"l0: &l0 ha\n{levels}\n")
    assert found[0].startswith("line 1, column 5: `&l0`: anchors are not allowed")
    assert len(found) < 5


def test_a_message_does_not_repeat_a_megabyte() -> None:
    name = "k" * 1000
    assert len(faults(f"{name}: 1\n{name}: 2\n")[0]) < 200


def test_the_message_names_the_document() -> None:
    with pytest.raises(InvalidInput, match=r"aurora\.yaml cannot be read") as caught:
        parse_yaml("a: *b", where="aurora.yaml")
    assert caught.value.code == "invalid_input"


@pytest.mark.parametrize("read", [parse_yaml, parse_json])
def test_json_is_read_with_tabs_and_escapes(read: Any) -> None:
    text = '\ufeff{\n\t"a":\t[1, 2.5, -0.1e2, true, null],\n\t"b": "\\ud83c\\udf05 \\u00e9\\t",\n\t"c": {}}\n'
    assert read(text, where="x") == {"a": [1, 2.5, -10.0, True, None], "b": "🌅 é\t", "c": {}}


@pytest.mark.parametrize("read", [parse_yaml, parse_json])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1,\n "b": {"c": 1,\n  "c": 2}}', "line 3, column 3: the key `c` is written twice"),
        ('{"a": NaN}', "line 1, column 7: `NaN` is not a number"),
        ('{"a": [-Infinity]}', "line 1, column 8: `-Infinity` is not a number"),
        ('{"a": 1e999}', "line 1, column 7: `1e999` is too large a number"),
        ('{"a": ' + "9" * 5000 + "}", "line 1, column 7: a number of more than 100 digits"),
        ('{"a": "\\ud800"}', "line 1, column 7: the character U+D800 is not allowed"),
        ('{"a\\u0000": 1}', "line 1, column 2: the character U+0000 is not allowed"),
    ],
)
def test_json_is_held_to_the_same_rules(read: Any, text: str, expected: str) -> None:
    assert expected in faults(text, read)[0]


@pytest.mark.parametrize("text", ["{'a': 1}", '{"a": 1,}', "a: 1", "", '{"a": 1} {"b": 2}', '["\t"]'])
def test_what_is_not_json_is_refused_as_json(text: str) -> None:
    assert "not JSON" in faults(text, parse_json)[0]


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]), max_size=12)
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=12,
)


@given(_VALUES, st.booleans(), st.sampled_from([None, "\t", 2]))
def test_whatever_json_writes_is_read_back(value: Any, ascii_only: bool, indent: Any) -> None:
    text = json.dumps({"value": value}, ensure_ascii=ascii_only, indent=indent)
    assert parse_json(text, where="x") == {"value": value}
    assert parse_yaml(text, where="x") == {"value": value}


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    for read in (parse_yaml, parse_json):
        found: tuple[Fault, ...] | None = None
        try:
            read(text, where="x")
        except InvalidInput as error:
            found = error.faults
        assert found is None or (found and all(re.match(r"line \d+, column \d+$", fault.place) for fault in found))
