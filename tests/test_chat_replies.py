"""Replies: whatever a model sends becomes a document of the asked form, or a fault that says what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from forge_resources.schemas.script import Culture
from forge_resources.writing.chat.replies import LONGEST_REPLY, ReplyFault, clean_text, document_of
from forge_resources.writing.chat.reply_language import check_language
from forge_resources.writing.chat.reply_schemas import concept_schema, review_schema, script_schema
from tests import writers
from tests.test_draft import a_cell

WHOLE = writers.concept()
SCHEMA = concept_schema()


def fault(text: str, **how: bool) -> ReplyFault:
    with pytest.raises(ReplyFault) as caught:
        document_of(text, SCHEMA, **how)
    return caught.value


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(WHOLE),
        "Certainly! Here is the concept you asked for:\n\n" + json.dumps(WHOLE) + "\n\nLet me know.",
        "```json\n" + json.dumps(WHOLE, indent=2) + "\n```",
        '<think>Perhaps {"core_message": "No"}?</think>' + json.dumps(WHOLE),
        'An example is {"a": 1}, and the answer: ' + json.dumps(WHOLE),
        json.dumps(WHOLE | {"mood": "an extra key"}),
        json.dumps(WHOLE).replace("Light wakes", "Light\u0007\n  wakes"),
        json.dumps(WHOLE | {"structure": ["Hook", "PRODUCT", " call "]}),
        json.dumps(WHOLE | {"brand_voice": "calm"}),
    ],
)
def test_what_can_be_repaired_is(text: str) -> None:
    assert document_of(text, SCHEMA) == WHOLE


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "empty"),
        ("  \n\t ", "empty"),
        ("I cannot help with that request.", "prose"),
        (json.dumps(WHOLE)[:-40], "truncated"),
        ('{"core_message": ' + "la " * 3000, "loop"),
        ("la " * 3000, "loop"),
        ("x" * (LONGEST_REPLY + 1), "too_long"),
        ("[1, 2, 3]", "prose"),
        ("{" * 5000, "loop"),
        (json.dumps(WHOLE | {"core_message": ""}), "form"),
        (json.dumps(WHOLE | {"core_message": "\u0000\u0001"}), "form"),
        (json.dumps(WHOLE | {"core_message": "x" * 500}), "form"),
        (json.dumps(WHOLE | {"core_message": {"text": "x"}}), "form"),
        (json.dumps(WHOLE | {"structure": ["climax"]}), "form"),
        (json.dumps(WHOLE | {"beats": []}), "form"),
        (json.dumps(WHOLE | {"must_stay": ["x"] * 50}), "form"),
        (json.dumps({key: value for key, value in WHOLE.items() if key != "beats"}), "form"),
    ],
)
def test_what_cannot_be_is_told(text: str, kind: str) -> None:
    assert fault(text).kind == kind


def test_how_a_reply_ended_is_told() -> None:
    assert fault("No.", declined=True).kind == "declined"
    assert "cut off" in fault(json.dumps(WHOLE)[:-9], cut_off=True).told


def test_every_part_of_a_form_has_a_type() -> None:
    def parts(schema: Any) -> Iterator[dict[str, Any]]:
        yield schema
        for inner in [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]:
            yield from parts(inner)

    for schema in (concept_schema(), review_schema([1]), script_schema(a_cell().market_brief)):
        assert all("type" in part for part in parts(schema))


def test_a_paper_in_another_language_is_told() -> None:
    spanish = {
        "context": ["Las mañanas son muy ajetreadas en las casas."], "tone": ["tranquilo"], "substitutions": [],
        "pitfalls": ["No hablar nunca de la siesta."], "opportunities": [], "regulations": [],
    }  # fmt: skip
    quoted = writers.culture() | {
        "context": ["Mornings are busy, and a viewer likes to be spoken to plainly."],
        "substitutions": [{"instead_of": "A pub", "use": "Ein Stehcafé in der Nachbarschaft", "reason": "It is home."}],
    }
    check_language("culture", Culture(**quoted, tier="full"))
    with pytest.raises(ReplyFault, match="is in Spanish"):
        check_language("culture", Culture(**spanish, tier="full"))


def test_a_fault_is_short_whatever_was_sent() -> None:
    assert len(fault("No, because " + "I would rather not. " * 5000 + "Never.").told) < 300


def test_a_number_is_chosen_however_it_is_written() -> None:
    schema = script_schema(a_cell().market_brief)
    row = writers.rows("en-plain", schema)[0]
    for said, meant in ((4, 4.0), ("4", 4.0), ("4.0", 4.0), (4.5, 4.5)):
        assert document_of(json.dumps({"rows": [row | {"seconds": said}]}), schema)["rows"][0]["seconds"] == meant
    for wrong in (0, -3, 4.3, 1e400, True, None, "four"):
        with pytest.raises(ReplyFault):
            document_of(json.dumps({"rows": [row | {"seconds": wrong}]}), schema)


def test_words_that_the_storyboard_does_not_have_are_left_out() -> None:
    schema = script_schema(a_cell().market_brief)
    row = writers.rows("en-plain", schema)[0]
    strange = row | {"setting": "space-station", "persons": ["parent", "astronaut"], "props": ["lamp"] * 12}
    made = document_of(json.dumps({"rows": [strange]}), schema)["rows"][0]
    assert (made["setting"], made["persons"], made["props"]) == ("", ["parent"], ["lamp"] * 8)


def test_a_place_in_a_review_is_one_of_the_script() -> None:
    schema = review_schema([1, 2])
    issue: dict[str, Any] = {"severity": "major", "place": "Row 2", "problem": "Too loud.", "suggestion": "none"}
    made = document_of(json.dumps(writers.review(culture=[issue])), schema)
    assert made["culture"] == [issue | {"place": "row 2", "suggestion": ""}]
    with pytest.raises(ReplyFault, match="row 9"):
        document_of(json.dumps(writers.review(culture=[issue | {"place": "row 9"}])), schema)


def test_text_is_cleaned() -> None:
    assert clean_text(" a\u0000b\u200b \n\t c\ud800 ") == "ab c"
    assert clean_text("e\u0301") == "é"
    assert clean_text("می\u200cروم") == "می\u200cروم"
