"""The shape of a brief: what is read, and every fault with its exact place, all at once."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from forge_resources.briefs.document import LARGEST_BYTES, parse_document, read_brief
from forge_resources.errors import InvalidInput
from forge_resources.schemas.brief import Brief
from forge_resources.schemas.types import control_characters
from tests.sample_briefs import ORIGIN, SHORT, short_brief


def refused(data: bytes, name: str = "night-tea.yaml") -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        parse_document(data, name)
    assert name in str(caught.value)
    return [str(fault) for fault in caught.value.faults]


def faults(**changes: Any) -> list[str]:
    """The faults of the short brief with some keys changed."""
    return [str(fault) for fault in read_brief(short_brief(**changes)).faults]


# --- files that are no brief


@pytest.mark.parametrize("data", [b"", b"  \n\n", b"\xef\xbb\xbf", b"\n\t\n"])
def test_an_empty_file_is_refused(data: bytes) -> None:
    assert refused(data) == ["the file is empty"]


def test_a_file_of_comments_is_empty() -> None:
    assert refused(b"# nothing yet\n") == ["the file is empty; a brief is a mapping of keys to values"]


def test_what_is_not_utf8_is_refused_with_its_byte() -> None:
    assert refused("brief: Nächte".encode("latin-1")) == ["the file is not UTF-8 (byte 9)"]
    assert refused("brief: tea".encode("utf-16")) == ["the file is not UTF-8 (byte 1)"]


def test_a_mebibyte_is_the_most() -> None:
    text = b"brief: tea\n# "
    assert parse_document(text + b"x" * (LARGEST_BYTES - len(text)), "a.yaml") == {"brief": "tea"}
    assert refused(text + b"x" * (LARGEST_BYTES - len(text) + 1)) == [
        "the file is too large; a brief has at most 1,048,576 bytes"
    ]


@pytest.mark.parametrize(
    ("data", "what"), [(b"- brief: tea\n", "a list"), (b"tea\n", "a text"), (b"15\n", "a int"), (b"true\n", "a bool")]
)
def test_what_is_no_mapping_is_refused(data: bytes, what: str) -> None:
    assert refused(data) == [f"the file is {what}; a brief is a mapping of keys to values"]


def test_a_bomb_does_not_go_off() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for name, before in zip("bcdefghi", "abcdefgh", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]")
    told = refused("\n".join(lines).encode())
    assert told == [
        "line 1, column 4: `&a`: anchors are not allowed; write the value out",
        "line 2, column 4: `&b`: anchors are not allowed; write the value out",
        "line 2, column 8: `*a`: aliases are not allowed; write the value out",
    ]


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"brief: tea\nbrief: coffee\n", "line 2, column 1: the key `brief` is written twice"),
        (b"product:\n  name: a\n  name: b\n", "line 3, column 3: the key `name` is written twice"),
        (
            b"seed: .nan\n",
            "line 1, column 7: `.nan` is not a number that can be used; put quotes round it if it is text",
        ),
        (b"message: a\x07b\n", "line 1, column 11: the character U+0007 is not allowed"),
        (b'message: "a\\u0007b"\n', "line 1, column 10: the character U+0007 is not allowed"),
        (b"brief: tea\n---\nbrief: coffee\n", "line 2, column 1: a second document begins here; a file holds one"),
        (b"brief: !!python/object:os.system x\n", "line 1, column 8: `tag:yaml.org,2002:python/object:os.system`"),
    ],
)
def test_what_yaml_may_not_hold_has_its_place(data: bytes, fault: str) -> None:
    (told,) = refused(data)
    assert told.startswith(fault)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b'{"brief": "tea",\n "brief": "x"}', "line 2, column 2: the key `brief` is written twice"),
        (b'{"seed": NaN}', "line 1, column 10: `NaN` is not a number that can be used"),
        (b'{"message": "a\\u0000b"}', "line 1, column 13: the character U+0000 is not allowed"),
        (b'{"brief": tea}', "line 1, column 11: not JSON: expecting value"),
    ],
)
def test_json_is_held_to_the_same(data: bytes, fault: str) -> None:
    assert refused(data, "night-tea.JSON") == [fault]


def test_yaml_and_json_read_the_same() -> None:
    written = yaml.safe_dump(SHORT, allow_unicode=True).encode()
    assert parse_document(written, "a.yaml") == parse_document(json.dumps(SHORT).encode(), "a.json") == SHORT
    assert parse_document(b"\xef\xbb\xbf" + written, "a.yml") == SHORT


# --- a brief without faults


def test_a_brief_without_faults_is_read() -> None:
    said = short_brief(delivery=None)
    read = read_brief(said)
    assert read.faults == ()
    assert read.brief == Brief.model_validate(said)
    assert (read.brief.aspect_ratio, read.brief.approval, read.brief.delivery) == ("16:9", "auto", None)


def test_the_cells_are_those_of_every_market_and_persona_but_the_excluded() -> None:
    brief = read_brief(
        short_brief(
            personas=["busy-parent", "city-commuter"], exclude=[{"market": "en-GB", "persona": "city-commuter"}]
        )
    ).brief
    assert [str(cell) for cell in brief.cells()] == [
        "night-tea en-GB × busy-parent",
        "night-tea de-DE × busy-parent",
        "night-tea de-DE × city-commuter",
    ]


# --- faults of single fields


PRODUCT = SHORT["product"]
BRAND = {"slug": "lumen", "name": "Lumen", "palette": {"primary": "#1f2a44", "accent": "#f2a03d"}, "voice": ["warm"]}
DURATIONS = "6, 10, 15, 20, 30, 45, 60 or 90"
SLUG_FORM = "lower-case letters, digits and hyphens, beginning with a letter or digit"


def product(**changes: Any) -> dict[str, Any]:
    return {**PRODUCT, **changes}


def origin(*rows: dict[str, Any]) -> dict[str, Any]:
    script = [{"shot": number, "duration_s": 3, "visual": "Tea.", **row} for number, row in enumerate(rows, start=1)]
    return {"script": script}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"brief": None}, "brief: is required"),
        ({"brief": "night|tea"}, f"brief: 'night|tea' must be {SLUG_FORM}"),
        ({"brief": "night,tea"}, f"brief: 'night,tea' must be {SLUG_FORM}"),
        ({"brief": "-tea"}, f"brief: '-tea' must be {SLUG_FORM}"),
        ({"brief": "Tea"}, f"brief: 'Tea' must be {SLUG_FORM}"),
        ({"brief": "t"}, "brief: has 1 characters, at least 2 needed"),
        ({"brief": "t" * 41}, "brief: has 41 characters, at most 40 allowed"),
        ({"brief": 15}, "brief: must be text, not 15"),
        ({"brand": None}, "brand: is required"),
        ({"brand": "Lumen!"}, f"brand: 'Lumen!' must be {SLUG_FORM}"),
        ({"brand": 3}, "brand: must be text, not 3"),
        ({"brand": {**BRAND, "name": " "}}, "brand.name: must not be blank"),
        ({"brand": {**BRAND, "palette": {"primary": "red", "accent": "#f2a03d"}}},
         "brand.palette.primary: 'red' must be a colour such as #ff8800"),
        ({"brand": {**BRAND, "colour": "red"}}, "brand.colour: unknown key"),
        ({"product": product(selling_points=["a", "b", ""])},
         "product.selling_points[2]: must not be blank"),
        ({"product": product(selling_points=[])}, "product.selling_points: has 0 entries, at least 1 needed"),
        ({"product": product(selling_points=["a"] * 9)}, "product.selling_points: has 9 entries, at most 8 allowed"),
        ({"product": product(nmae="x")}, "product.nmae: unknown key"),
        ({"product": "Tea"}, "product: must be a mapping, not 'Tea'"),
        ({"message": "x" * 121}, "message: has 121 characters, at most 120 allowed"),
        ({"message": "x" * 500_000}, "message: has 500000 characters, at most 120 allowed"),
        ({"message": ""}, "message: must not be blank"),
        ({"message": "a\nb"}, "message: control characters are not allowed (U+000A)"),
        ({"message": "a\u202eb"}, "message: control characters are not allowed (U+202E)"),
        ({"message": "a "}, "message: must not begin or end with a space"),
        ({"mesage": "x"}, "mesage: unknown key; did you mean `message`?"),
        ({"x" * 100_000: 1}, f"{'x' * 59}…: unknown key"),
        ({"product.name": "x"}, "product.name: unknown key; did you mean `product`?"),
        ({"markets[0]": "x"}, "markets[0]: unknown key; did you mean `markets`?"),
        ({"": "x"}, '"": unknown key'),
        ({"tone": []}, "tone: has 0 entries, at least 1 needed"),
        ({"tone": ["calm", "calm"]}, "tone: named more than once: calm"),
        ({"duration_s": -15}, f"duration_s: must be {DURATIONS}, not -15"),
        ({"duration_s": 0}, f"duration_s: must be {DURATIONS}, not 0"),
        ({"duration_s": 7}, f"duration_s: must be {DURATIONS}, not 7"),
        ({"duration_s": 46800}, f"duration_s: must be {DURATIONS}, not 46800"),
        ({"duration_s": "15"}, f"duration_s: must be {DURATIONS}, not '15'"),
        ({"duration_s": float("nan")}, f"duration_s: must be {DURATIONS}, not nan"),
        ({"aspect_ratio": "4:3"}, "aspect_ratio: must be '16:9', '9:16', '1:1' or '4:5', not '4:3'"),
        ({"markets": ["en-GB", "de-DE", "en-GB"]}, "markets: named more than once: en-GB"),
        ({"markets": []}, "markets: has 0 entries, at least 1 needed"),
        ({"markets": ["en-GB", "german"]}, "markets[1]: 'german' must be a market such as de-DE"),
        ({"markets": ["en-GB", "de-DE|x"]}, "markets[1]: 'de-DE|x' must be a market such as de-DE"),
        ({"markets": "en-GB"}, "markets: must be a list, not 'en-GB'"),
        ({"personas": ["busy-parent"] * 2}, "personas: named more than once: busy-parent"),
        ({"personas": ["busy|parent"]}, f"personas[0]: 'busy|parent' must be {SLUG_FORM}"),
        ({"exclude": [{"market": "en-GB"}]}, "exclude[0].persona: is required"),
        ({"copy": {"de": {"slogan": "x"}}}, "copy.de.slogan: unknown key"),
        ({"copy": {"de": {"message": "x" * 121}}}, "copy.de.message: has 121 characters, at most 120 allowed"),
        ({"claims": [{"evidence": "x"}]}, "claims[0].text: is required"),
        ({"must_say": {"all": []}}, "must_say.all: has 0 entries, at least 1 needed"),
        ({"must_say": {"de-DE": ["ok", "\u200b"]}},
         "must_say.de-DE[1]: control characters are not allowed (U+200B)"),
        ({"origin": {"script": []}}, "origin.script: has 0 entries, at least 1 needed"),
        ({"origin": origin({}, {"shot": 3})},
         "origin.script: shots must be numbered 1, 2, 3 … in order, not [1, 3]"),
        ({"origin": origin({}, {"duration_s": "1/0"})},
         "origin.script[1].duration_s: must be a number of seconds"),
        ({"origin": origin({}, {"duration_s": "1e999999999"})},
         "origin.script[1].duration_s: must be a number of seconds"),
        ({"origin": origin({}, {"duration_s": -3})}, "origin.script[1].duration_s: must be more than 0"),
        ({"origin": origin({}, {"duration_s": float("nan")})},
         "origin.script[1].duration_s: must be a number of seconds"),
        ({"origin": origin({})}, "origin.script: the rows last 3 s in all, but duration_s is 6"),
        ({"origin": origin({}, {}, {})}, "origin.script: the rows last 9 s in all, but duration_s is 6"),
        ({"origin": origin({}, {"duration_s": 2.99})},
         "origin.script: the rows last 5.99 s in all, but duration_s is 6"),
        ({"approval": "maybe"}, "approval: must be 'auto' or 'required', not 'maybe'"),
        ({"engines": {"picture": "sketch"}}, "engines.picture: unknown key"),
        ({"engines": {"image": "Sketch"}}, f"engines.image: 'Sketch' must be {SLUG_FORM}"),
        ({"seed": -1}, "seed: must be at least 0"),
        ({"seed": 2**63}, f"seed: must be less than {2**63}"),
        ({"seed": 1.5}, "seed: must be a whole number, not 1.5"),
        ({"delivery": []}, "delivery: has 0 entries, at least 1 needed"),
        ({"language": "english"}, "language: 'english' must be a language such as de"),
    ],
)  # fmt: skip
def test_a_fault_has_its_place_and_is_told_once(changes: dict[str, Any], fault: str) -> None:
    assert faults(**changes) == [fault]


def test_a_key_without_a_value_is_told() -> None:
    assert [str(fault) for fault in read_brief({**SHORT, "message": None}).faults] == ["message: has no value"]


def test_a_key_with_control_characters_is_told_and_not_shown() -> None:
    told = faults(**{"mess\u202eage": "x", "product": product(**{"na\u0007me": "x"})})
    assert told == [
        "product: a key has control characters (U+0007)",
        "(top level): a key has control characters (U+202E)",
    ]


# --- rules between fields


def test_an_exclude_that_leaves_no_cell_is_a_fault() -> None:
    excluded = [{"market": market, "persona": "busy-parent"} for market in SHORT["markets"]]
    assert faults(exclude=excluded) == ["exclude: leaves no cell to make"]
    assert faults(exclude=excluded[:1]) == []


def test_an_exclude_of_what_the_brief_does_not_have_is_told_for_each() -> None:
    excluded = [{"market": "fr-FR", "persona": "busy-parent"}, {"market": "en-GB", "persona": "city-commuter"}]
    assert faults(exclude=excluded) == [
        "exclude[0].market: fr-FR is not among the brief's markets",
        "exclude[1].persona: city-commuter is not among the brief's personas",
    ]


def test_a_rule_says_nothing_about_a_field_that_is_wrong_itself() -> None:
    assert faults(duration_s=7, origin=ORIGIN) == [f"duration_s: must be {DURATIONS}, not 7"]
    assert faults(
        markets=["german"],
        exclude=[{"market": "en-GB", "persona": "busy-parent"}, {"market": "de-DE", "persona": "nobody"}],
    ) == [
        "markets[0]: 'german' must be a market such as de-DE",
        "exclude[1].persona: nobody is not among the brief's personas",
    ]


def test_every_fault_is_told_at_once() -> None:
    told = faults(
        brief="night|tea",
        mesage="x",
        product=product(name="a\u0007b", selling_points=["ok", ""], price=3),
        duration_s=-6,
        markets=["en-GB", "en-GB"],
        exclude=[{"market": "fr-FR", "persona": "busy-parent"}],
        origin=origin({}),
        seed=-1,
    )
    assert sorted(told) == sorted(
        [
            f"brief: 'night|tea' must be {SLUG_FORM}",
            "mesage: unknown key; did you mean `message`?",
            "product.name: control characters are not allowed (U+0007)",
            "product.selling_points[1]: must not be blank",
            "product.price: unknown key",
            f"duration_s: must be {DURATIONS}, not -6",
            "markets: named more than once: en-GB",
            "seed: must be at least 0",
        ]
    )


def test_rules_are_told_together() -> None:
    assert faults(
        origin=origin({}), exclude=[{"market": market, "persona": "busy-parent"} for market in SHORT["markets"]]
    ) == ["origin.script: the rows last 3 s in all, but duration_s is 6", "exclude: leaves no cell to make"]


def test_an_empty_mapping_lacks_everything_that_is_required() -> None:
    assert [str(fault) for fault in read_brief({}).faults] == [
        f"{key}: is required"
        for key in (
            "brief",
            "brand",
            "product",
            "message",
            "call_to_action",
            "tone",
            "duration_s",
            "markets",
            "personas",
        )
    ]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from([*Brief.model_fields, "copy", "x.y"]) | st.text(max_size=8), VALUES, max_size=5))
def test_whatever_is_written_is_read_or_refused_in_words(changes: dict[str, Any]) -> None:
    written = {**SHORT, **changes}
    read = read_brief(written)
    if read.faults:
        assert not [fault for fault in read.faults if control_characters(str(fault))]
    else:
        assert read.brief == Brief.model_validate(written)
