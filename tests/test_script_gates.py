"""The gates on a script: seconds, order, what can be spoken, and what must not be said."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from forge_resources.schemas.brief import CellBrief, Origin
from forge_resources.writing.script_gates import SPOKEN_FASTER_AT_MOST, timing_findings, wording_findings
from tests.cells import cell_brief, script
from tests.sample_briefs import ORIGIN

FIVE = [{"beat": beat} for beat in ("hook", "tension", "product", "proof", "call")]


def brief(**changes: Any) -> CellBrief:
    """A cell of 15 seconds whose language is spoken at 14 characters a second, with parts of its market changed."""
    cell = cell_brief()
    return cell.model_copy(update={"market_brief": cell.market_brief.model_copy(update=changes)})


def timing(*rows: dict[str, Any], **changes: Any) -> list[str]:
    return [str(finding) for finding in timing_findings(script(*rows), brief(**changes))]


def wording(forbidden: str, text: str, place: str = "voice_over") -> list[str]:
    findings = wording_findings(script({place: text}), brief(must_not_say=[forbidden]))
    return [str(finding) for finding in findings]


# --- timing


def test_a_script_that_fits_has_no_findings() -> None:
    assert timing(*FIVE) == []


def test_beats_may_be_left_out_and_repeated() -> None:
    assert timing(*[{"beat": beat} for beat in ("hook", "hook", "product", "product", "call")]) == []


@pytest.mark.parametrize(("rows", "total"), [(FIVE[:4], "12"), ([*FIVE, {"beat": "call"}], "18")])
def test_seconds_that_do_not_add_up_are_found(rows: list[dict[str, Any]], total: str) -> None:
    assert timing(*rows) == [f"rows: last {total} s in all, 15 s wanted"]


def test_seconds_are_added_exactly() -> None:
    tenths = [{"duration_s": Fraction(1, 10), "beat": "hook"} for _ in range(30)]
    assert timing(*tenths, duration_s=3) == []
    assert timing(*tenths[:-1], {"duration_s": Fraction(11, 100), "beat": "hook"}, duration_s=3) == [
        "rows: last 3.01 s in all, 3 s wanted"
    ]


def test_rows_out_of_number_are_found() -> None:
    assert timing(*FIVE[:4], {"beat": "call", "shot": 6}) == ["rows: are not numbered 1, 2, 3 … in order"]


def test_beats_out_of_order_are_found_unless_the_script_was_handed_in() -> None:
    turned = [FIVE[4], *FIVE[:4]]
    assert timing(*turned) == ["rows: leave the order hook → tension → product → proof → call"]
    assert timing(*turned, origin=Origin.model_validate(ORIGIN)) == []


def test_a_line_too_long_for_its_shot_is_found_with_what_would_fit() -> None:
    # 3 s at 14 characters a second, spoken 1.35 times as fast
    longest = int(3 * 14 * SPOKEN_FASTER_AT_MOST)
    assert longest == 56
    rows = [{**FIVE[0], "voice_over": "x" * longest}, {**FIVE[1], "voice_over": "x" * (longest + 1)}, *FIVE[2:]]
    assert timing(*rows) == ["row 2 voice-over: 57 characters cannot be spoken in 3 s; shorten it to 56"]


def test_every_finding_is_told_at_once() -> None:
    assert len(timing(FIVE[4], {**FIVE[0], "voice_over": "x" * 100, "shot": 3})) == 4


# --- wording


@pytest.mark.parametrize(
    ("forbidden", "text"),
    [
        ("cheapest", "The cheapest lamp."),
        ("cheapest", "CHEAPEST!"),
        ("guarantee", "It is guaranteed."),
        ("best in the world", "The best\u00a0in the world."),
        ("carbon neutral", "A carbon-neutral lamp."),
        ("CO2-neutral", "CO2-neutral geheizt."),
        ("CO2-neutral", "Ganz CO2 neutral."),
        ("CO2-neutral", "Ganz CO2\u2011neutral."),
        ("world's best", "The world\u2019s best lamp."),
        ("n\u2019importe qui", "N'importe qui."),
        ("klimaneutral", "Die klimaneutrale Lampe."),
        ("élite", "Une lampe d'élite."),
        ("Österreichs beste", "österreichs beste Lampe"),
        ("最高", "世界最高の光"),
        ("الأفضل", "والأفضل في العالم"),
        ("najlepszy", "Najlepszy."),
        ("100 %", "100 % sicher"),
        ("#1", "The #1 lamp."),
        ("-", "a - b"),
        ("a.b", "say a.b now"),
    ],
)
def test_a_forbidden_word_is_found(forbidden: str, text: str) -> None:
    assert wording(forbidden, text) == [f"row 1 voice-over: says “{forbidden}”, which must not be said"]
    assert wording(forbidden, text, "super") == [f"row 1 super: says “{forbidden}”, which must not be said"]


@pytest.mark.parametrize(
    ("forbidden", "text"),
    [
        ("best", "The asbestos is gone."),
        ("élite", "Un satélite."),
        ("état", "Le secrététat."),
        ("ärger", "Das wärger."),
        ("best in the world", "Best of the world."),
        ("a.b", "say acb now"),
        ("CO2-neutral", "CO2neutral"),
        ("最高", "最も高い"),
    ],
)
def test_a_word_that_only_contains_it_is_not_found(forbidden: str, text: str) -> None:
    assert wording(forbidden, text) == []


def test_each_word_in_each_place_is_a_finding() -> None:
    spoken = script(
        {"voice_over": "The best and cheapest.", "super": "Best."}, {"visual": "The cheapest lamp."}, {"super": "Good."}
    )
    findings = wording_findings(spoken, brief(must_not_say=["best", "cheapest"]))
    assert [(finding.place, finding.message.split("”")[0]) for finding in findings] == [
        ("row 1 voice-over", "says “best"),
        ("row 1 voice-over", "says “cheapest"),
        ("row 1 super", "says “best"),
    ]


def test_with_nothing_forbidden_anything_may_be_said() -> None:
    assert wording_findings(script({"voice_over": "The cheapest."}), brief()) == []
