"""The gates on a script: seconds, order, what can be spoken, and what must not be said."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from forge_resources.findings import Finding, GateReport
from forge_resources.library.loader import load_library
from forge_resources.schemas.brief import CellBrief, Origin
from forge_resources.schemas.script import Script
from forge_resources.writing.forbidden import find_word
from forge_resources.writing.gates.examination import Examination, Measured
from forge_resources.writing.gates.gate_data import load_claim_words, load_limits
from forge_resources.writing.gates.languages import other_language
from forge_resources.writing.gates.numerals import numerals
from forge_resources.writing.gates.timing import timing as timing_gate
from forge_resources.writing.gates.wording import wording as wording_gate
from tests.cells import cell_brief, script
from tests.sample_briefs import ORIGIN

SPOKEN_FASTER_AT_MOST = load_limits().spoken_faster_at_most


def timing_findings(script: Script, cell: CellBrief, measured: dict[int, Measured] | None = None) -> list[Finding]:
    return list(timing_gate(Examination(script, cell, measured or {})).findings)


def wording_findings(script: Script, cell: CellBrief) -> list[Finding]:
    return list(wording_gate(Examination(script, cell)).findings)


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
    handed_in = Origin.model_validate(
        {"script": [{"shot": n, "duration_s": 3, "visual": "A woman."} for n in range(1, 6)]}
    )
    assert timing(*turned, origin=handed_in) == []
    assert timing(*turned, origin=Origin.model_validate(ORIGIN)) == ["rows: are 5; the script to adapt has 2"]


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
        ("CO2-neutral", "CO2neutral geheizt."),
        ("guaranteed", "G U A R A N T E E D"),
        ("guaranteed", "gua\u00adran\u00adteed"),
        ("risk-free", "A riskfree trial."),
        ("cheapest", "\uff43heapest"),
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
        ("cheapest", "cheap"),
        ("cheapest", "Each ape stands there."),
        ("miracle cure", "A miracle. The cure is another."),
        ("a.b", "say acb now"),
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


@pytest.mark.parametrize(
    ("word", "text", "language"),
    [
        ("garantiert", "Eine garantierte Freude", "de"),
        ("guaranteed", "We guarantee it.", "en"),
        ("miraculeux", "Une lampe miraculeuse", "fr"),
        ("garantizado", "Resultados garantizados", "es"),
        ("najtańszy", "Najtańsza lampa", "pl"),
        ("garantito", "Risultati garantiti", "it"),
        ("milagroso", "Uma cura milagrosa", "pt"),
        ("goedkoopste", "De goedkoopsten", "nl"),
        ("مضمون", "نتائج مضمونة", "ar"),
        ("गारंटी", "गारंटीशुदा", "hi"),
    ],
)
def test_inflections_are_forms_of_a_word(word: str, text: str, language: str) -> None:
    assert find_word(word, text, language)


def test_another_degree_is_another_word() -> None:
    assert find_word("günstigste", "günstig", "de") is None
    assert find_word("günstigste", "am günstigsten", "de")


# --- measured by a voice


def test_what_the_voice_cannot_say_in_time_is_found() -> None:
    late = Measured(None, "The line takes 3.4 s and has 2.85 s")
    rows = [{**FIVE[0], "voice_over": "Ja."}, *FIVE[1:]]
    assert [str(found) for found in timing_findings(script(*rows), brief(), {1: late})] == [
        "row 1 voice-over: The line takes 3.4 s and has 2.85 s"
    ]
    assert timing_findings(script(*rows), brief(), {1: Measured(0.4)}) == []


def test_an_adaptation_keeps_the_seconds_of_its_origin() -> None:
    rows = [{"shot": n, "duration_s": seconds, "visual": "A woman."} for n, seconds in ((1, 3), (2, 5), (3, 7))]
    origin = Origin.model_validate({"script": rows})
    assert timing(*[{**FIVE[0], "duration_s": seconds} for seconds in (3, 6, 6)], origin=origin) == [
        "row 2: lasts 6 s; in the script to adapt it lasts 5 s",
        "row 3: lasts 6 s; in the script to adapt it lasts 7 s",
    ]


# --- languages and numerals


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("Some mornings begin too early.", "de", "English"),
        ("Manche Tage fangen zu früh an.", "de", None),
        ("OK", "de", None),
        ("40 %", "ja", None),
        ("目覚まし", "ja", None),
        ("Wake up with the light", "ja", "another writing"),
        ("今晚就试一试这个新的灯吧", "ja", "Chinese"),
        ("Bare ti minutter til, vær så snill.", "nl", "Norwegian"),
    ],
)
def test_a_language_is_told_where_it_is_sure(text: str, language: str, found: str | None) -> None:
    assert other_language(text, language) == found


@pytest.mark.parametrize(
    ("text", "language", "values"),
    [
        ("1,800 K", "en", [{1800.0, 1.8}]),
        ("1.800 K", "de", [{1800.0, 1.8}]),
        ("1 800 K", "fr", [{1800.0, 1.8, 1.0, 800.0}]),
        ("٤٠ ساعة", "ar", [{40.0}]),
        ("４０時間", "ja", [{40.0}]),
        ("४० घंटे", "hi", [{40.0}]),
        ("forty hours, 3.5 W", "en", [{3.5}, {40.0}]),
        ("四十小时", "zh", [{40.0}]),
        ("nothing", "en", []),
    ],
)
def test_numbers_are_read_in_any_writing(text: str, language: str, values: list[set[float]]) -> None:
    assert [set(numeral.values) for numeral in numerals(text, language)] == values


@pytest.mark.parametrize("language", sorted(language for language in load_library().languages))
def test_every_language_of_the_library_has_claim_words(language: str) -> None:
    words = load_claim_words(language)
    assert words is not None
    assert words.superlatives
    assert words.proof
    assert words.numbers


# --- what fails


def test_a_critical_finding_or_two_major_ones_fail() -> None:
    def passed(*severities: str) -> bool:
        return GateReport(tuple(Finding("rows", "are odd", severity) for severity in severities)).passed  # type: ignore[arg-type]

    assert passed()
    assert passed("major", "minor", "minor", "minor")
    assert not passed("critical")
    assert not passed("major", "major")
