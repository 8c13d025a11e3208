"""Locale facts: names, directions, currencies and numbers as Babel knows them, for every market of the library."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from forge_resources.errors import InvalidInput
from forge_resources.library import locales
from forge_resources.library.loader import load_library

LIBRARY = load_library()


@pytest.mark.parametrize("code", sorted(LIBRARY.markets))
def test_babel_answers_for_every_market(code: str) -> None:
    language, country = code.split("-")
    assert locales.market_name(code)
    assert locales.native_market_name(code)
    assert locales.native_language_name(language)
    assert locales.country_name(country) in locales.market_name(code)
    assert locales.text_direction(code) == ("rtl" if language == "ar" else "ltr")
    assert len(locales.currency(code)) == 3
    assert 0 <= locales.first_day_of_week(code) <= 6
    assert all(locales.quote_marks(code))


def test_locale_facts_are_right_where_they_are_known() -> None:
    assert locales.market_name("de-DE") == "German (Germany)"
    assert locales.native_market_name("fr-FR") == "Français (France)"
    assert locales.native_country_name("ja-JP") == "日本"
    assert locales.language_name("pl", display="de") == "Polnisch"
    assert [locales.currency(code) for code in ("en-GB", "hi-IN", "pl-PL", "es-MX")] == ["GBP", "INR", "PLN", "MXN"]
    assert (locales.first_day_of_week("de-DE"), locales.first_day_of_week("en-US")) == (0, 6)
    assert locales.quote_marks("de-DE") == ("„", "“")
    assert locales.quote_marks("ja") == ("「", "」")
    assert locales.quote_marks("hi-IN") == ("“", "”")


def test_numbers_are_written_as_the_market_does() -> None:
    assert locales.decimal_text(1234.5, "de-DE") == "1.234,5"
    assert locales.decimal_text(1234.5, "en-US") == "1,234.5"
    assert locales.decimal_text(Decimal("1234.5"), "fr-FR") == "1\u202f234,5"
    assert locales.decimal_text(1234567, "hi-IN") == "12,34,567"
    assert locales.decimal_text(1234567, "hi-IN", places=1) == "12,34,567.0"
    assert locales.decimal_text(Fraction(1, 3), "de-DE", places=2) == "0,33"
    assert locales.decimal_text(Fraction(15), "en-GB", places=0) == "15"
    assert locales.decimal_text(Fraction(30000, 1001), "en-GB", places=2) == "29.97"


@pytest.mark.parametrize(
    "call",
    [
        lambda: locales.market_name("xx-YY"),
        lambda: locales.market_name("../../etc"),
        lambda: locales.text_direction(""),
        lambda: locales.country_name("QX"),
        lambda: locales.currency("de"),
    ],
)
def test_an_unknown_locale_is_invalid_input(call: object) -> None:
    assert callable(call)
    with pytest.raises(InvalidInput):
        call()
