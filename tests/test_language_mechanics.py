"""Mechanics in twelve languages: sentences, numbers, quotation marks, reading speed, lines."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from forge_resources.editing.cues import CueRules
from forge_resources.editing.line_breaking import balanced_lines, pieces_of
from forge_resources.library.loader import load_library
from forge_resources.library.locales import decimal_text
from forge_resources.writing.gates.numerals import numerals
from forge_resources.writing.mechanics import foreign_decimal_mark, foreign_quotes, sentences

TABLE: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parent / "scripts" / "mechanics.yaml").read_text(encoding="utf-8")
)
UNSPACED = {"ja", "zh"}


def rules_for(language: str) -> CueRules:
    entry = load_library().languages[language]
    return CueRules(
        language=language,
        line_length=entry.line_length,
        max_lines=entry.max_lines,
        reading_speed_cps=Fraction(str(entry.reading_speed_cps)),
        shortest=Fraction(5, 6),
        longest=Fraction(7),
        frames_between=2,
    )


def test_there_are_twelve_languages() -> None:
    assert len(TABLE) == 12
    assert TABLE.keys() == load_library().languages.keys()


@pytest.mark.parametrize("language", TABLE)
def test_sentences_are_told_apart(language: str) -> None:
    wanted = TABLE[language]["text"].split(" | ")
    text = ("" if language in UNSPACED else " ").join(wanted)
    assert sentences(text, language) == wanted


@pytest.mark.parametrize("language", TABLE)
def test_numbers_are_written_and_read(language: str) -> None:
    written = TABLE[language]["number"]
    assert decimal_text(1234.5, language) == written
    assert any(1234.5 in numeral.values for numeral in numerals(written, language))
    assert foreign_decimal_mark(decimal_text(1.5, language), language) is None
    foreign = "1.5" if "," in decimal_text(1.5, language) else "1,5"
    assert foreign_decimal_mark(f"x {foreign} y", language) == foreign


@pytest.mark.parametrize("language", TABLE)
def test_quotation_marks_are_those_of_the_language(language: str) -> None:
    assert foreign_quotes(TABLE[language]["quoted"], language) is None
    assert foreign_quotes(TABLE[language]["foreign"], language)


@pytest.mark.parametrize("language", TABLE)
def test_a_super_is_measured_and_set_in_the_lines_of_its_language(language: str) -> None:
    rules, text = rules_for(language), TABLE[language]["super"]
    assert rules.width(text) == TABLE[language]["width"]
    lines = balanced_lines(pieces_of(text, language), rules.width, rules.line_length, 2)
    assert lines
    joint = "" if language in UNSPACED else " "
    assert joint.join(lines).replace("\u00a0", " ") == text.replace("\u00a0", " ")
    widths = [rules.width(line) for line in lines]
    assert max(widths) <= rules.line_length
    assert max(widths) <= 2 * min(widths)
    assert not lines[1].startswith(("、", "。", "，", "！", "，"))
