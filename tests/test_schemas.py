"""The small types under the contracts: exact seconds, canonical JSON, keys of cells, plain lines."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from forge_resources.errors import InvalidInput
from forge_resources.schemas.brief import Brief
from forge_resources.schemas.cell import CellKey, split_market_key
from forge_resources.schemas.types import (
    Document,
    Line,
    Seconds,
    canonical_json,
    control_characters,
    frames_at,
    sha256_of,
)
from tests.sample_briefs import SHORT

quickly = settings(max_examples=60)
SECONDS = TypeAdapter(Seconds)
RATES = st.sampled_from([Fraction(24), Fraction(25), Fraction(30), Fraction(24000, 1001), Fraction(30000, 1001)])
MOMENTS = st.fractions(min_value=0, max_value=90, max_denominator=48000)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
SLUGS = st.from_regex(r"[a-z0-9][a-z0-9-]{1,39}", fullmatch=True)
MARKETS = st.from_regex(r"[a-z]{2,3}-[A-Z]{2}", fullmatch=True)


# --- seconds and frames


@quickly
@given(st.fractions(min_value=Fraction(1, 48000), max_value=90, max_denominator=48000))
def test_seconds_survive_json(seconds: Fraction) -> None:
    written = json.dumps(SECONDS.dump_python(seconds, mode="json"))
    assert SECONDS.validate_python(json.loads(written)) == seconds


@quickly
@given(st.integers(1, 900_000))
def test_a_decimal_means_what_is_written(ten_thousandths: int) -> None:
    exact = Fraction(ten_thousandths, 10_000)
    assert SECONDS.validate_python(ten_thousandths / 10_000) == exact
    assert SECONDS.validate_python(f"{ten_thousandths // 10_000}.{ten_thousandths % 10_000:04}") == exact


@pytest.mark.parametrize(
    "value",
    [0, -1, 90.001, True, None, "", "abc", "1/0", "1_0", " 3", "0x3", "1e1", "1e999999999", "nan", float("nan"),
     float("inf"), 10**100, "9" * 5000, [3], {}],
)  # fmt: skip
def test_what_is_no_number_of_seconds_is_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        SECONDS.validate_python(value)


@quickly
@given(MOMENTS, RATES)
def test_a_frame_is_at_most_half_a_frame_away(seconds: Fraction, fps: Fraction) -> None:
    assert -Fraction(1, 2) < frames_at(seconds, fps) - seconds * fps <= Fraction(1, 2)


@quickly
@given(st.lists(MOMENTS, max_size=12), RATES)
def test_rounding_never_adds_up(durations: list[Fraction], fps: Fraction) -> None:
    cuts = [frames_at(sum(durations[:count], Fraction(0)), fps) for count in range(len(durations) + 1)]
    assert cuts == sorted(cuts)
    assert sum(end - start for start, end in pairwise(cuts)) == frames_at(sum(durations, Fraction(0)), fps)


@pytest.mark.parametrize(
    ("seconds", "fps", "frames"),
    [
        ("15", "24", 360),
        ("6", "25", 150),
        ("30", "30000/1001", 899),
        ("1/48", "24", 1),
        ("1/49", "24", 0),
        ("0", "25", 0),
    ],
)
def test_frames_are_rounded_half_up(seconds: str, fps: str, frames: int) -> None:
    assert frames_at(Fraction(seconds), Fraction(fps)) == frames


# --- canonical JSON and hashes


@quickly
@given(JSON_VALUES)
def test_equal_values_are_equal_text(value: Any) -> None:
    text = canonical_json(value)
    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text


@quickly
@given(st.dictionaries(st.text(), st.integers(), min_size=2), st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_count(value: dict[str, int], random: Any) -> None:
    shuffled = list(value.items())
    random.shuffle(shuffled)
    assert sha256_of(dict(shuffled)) == sha256_of(value)


@quickly
@given(JSON_VALUES, JSON_VALUES)
def test_values_of_other_text_have_another_hash(one: Any, two: Any) -> None:
    assert (sha256_of(one) == sha256_of(two)) == (canonical_json(one) == canonical_json(two))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_json_has_no_hash(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        sha256_of({"a": value})


def test_a_known_hash_stays() -> None:
    # It addresses what deployments have kept: a change of it makes everything again.
    assert sha256_of({"b": [1, "ü"], "a": None}) == "6bafd57c7869b3aca54e576a5157b40cc195c8486124cab93d52f1b59556838e"


def test_the_hash_of_a_document_is_that_of_what_is_written() -> None:
    brief = Brief.model_validate(SHORT)
    assert brief.content_hash() == Brief.model_validate_json(brief.model_dump_json(by_alias=True)).content_hash()
    assert brief.content_hash() == sha256_of(json.loads(brief.model_dump_json(by_alias=True)))
    assert brief.content_hash() != Brief.model_validate({**SHORT, "seed": 4}).content_hash()


def test_documents_do_not_change_and_have_no_stray_keys() -> None:
    class Sheet(Document):
        size: float

    sheet = Sheet(size=1)
    with pytest.raises(ValidationError, match="frozen"):
        sheet.size = 2  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Extra inputs"):
        Sheet.model_validate({"size": 1, "seize": 2})
    with pytest.raises(ValidationError, match="finite"):
        Sheet(size=float("nan"))


# --- keys of cells


@quickly
@given(SLUGS, MARKETS, SLUGS)
def test_a_cell_is_read_from_its_key(brief: str, market: str, persona: str) -> None:
    cell = CellKey(brief=brief, market=market, persona=persona)
    assert CellKey.parse(cell.partition_key) == cell
    assert split_market_key(cell.market_key) == (brief, market)
    assert cell.partition_key == f"{cell.market_key}|{cell.persona_key}"
    assert not set(",/[]") & set(cell.partition_key)
    assert cell.path.split("/") == [brief, market, persona]


GOOD_KEY = "night-tea@de-DE|busy-parent"


@pytest.mark.parametrize(
    "key",
    ["", "|", "night-tea@de-DE", "night-tea@de-DE|", "night-tea|busy-parent", "@de-DE|busy-parent",
     "n@de-DE|busy-parent", "night-tea@de-DE|busy-parent|x", "night-tea@DE-de|busy-parent",
     "night tea@de-DE|busy-parent", f"{GOOD_KEY}\n", "night-tea@de-DE\n|busy-parent", f" {GOOD_KEY}",
     "../x@de-DE|busy-parent", "night-tea@de-DE|../busy"],
)  # fmt: skip
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(InvalidInput, match="is not a cell key"):
        CellKey.parse(key)


@quickly
@given(st.text(alphabet="ab-@|DE\n/.", max_size=24))
def test_any_text_is_a_key_or_refused(text: str) -> None:
    try:
        cell = CellKey.parse(text)
    except InvalidInput:
        return
    assert cell.partition_key == text


@pytest.mark.parametrize("key", ["night-tea@de-DE\n", "night-tea", "night-tea@de", GOOD_KEY])
def test_what_is_no_market_key_is_refused(key: str) -> None:
    with pytest.raises(InvalidInput, match="is not a market key"):
        split_market_key(key)


# --- lines of text

LINE = TypeAdapter(Line)


@pytest.mark.parametrize("text", ["Größe", "می‌خواهم", "क्‍ष", "日本語", "It’s “new” — 100 %", "👩‍👧"])
def test_what_people_write_is_a_line(text: str) -> None:
    assert LINE.validate_python(text) == text


def test_a_line_is_composed() -> None:
    assert LINE.validate_python("Gro\u0308ße") == "Größe"


@pytest.mark.parametrize(
    "text", ["", " ", "\t", "a\nb", "a\x00b", "a\x1bb", "a\u202eb", "a\u2028b", "a\ufeffb", " a", "a "]
)
def test_what_would_not_show_is_no_line(text: str) -> None:
    with pytest.raises(ValidationError):
        LINE.validate_python(text)


def test_control_characters_are_named() -> None:
    assert control_characters("a\x07b\u202ec\ud800") == ["U+0007", "U+202E", "U+D800"]


def test_a_code_ends_where_the_text_ends() -> None:
    with pytest.raises(ValidationError, match="language"):
        Brief.model_validate({**SHORT, "language": "en\n"})
