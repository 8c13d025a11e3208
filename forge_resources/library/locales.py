"""Facts about a market that the Unicode locale data know: names, direction, money, week, numbers, quotation marks.

What belongs here: small questions to Babel. What does not: what advertising people know about a market (see the data
files). A code is a market (`de-DE`) or a language (`de`); every function raises InvalidInput for one that is unknown.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from babel import Locale, UnknownLocaleError
from babel.numbers import format_decimal, get_territory_currencies, parse_pattern

from forge_resources.briefs.strict_yaml import parse_yaml
from forge_resources.errors import InvalidInput
from forge_resources.library.vocabulary import DATA

QUOTATION_FILE = "quotation.yaml"
_ROOT_QUOTES = ("“", "”")


@lru_cache(maxsize=256)
def locale_of(code: str) -> Locale:
    """Babel's locale for `de-DE`, `de` or `zh-CN` (which it knows as zh_Hans_CN)."""
    try:
        return Locale.parse(code, sep="-")
    except (UnknownLocaleError, ValueError):
        raise InvalidInput(
            f"`{code}` is not a locale that the Unicode locale data know.",
            remedy="Write language and country as in de-DE.",
        ) from None


def market_name(code: str, display: str = "en") -> str:
    """The name of a market in the language `display`: `German (Germany)`."""
    return _capitalised(locale_of(code).get_display_name(locale_of(display)), code)


def native_market_name(code: str) -> str:
    """The name of a market in its own language: `Deutsch (Deutschland)`."""
    return market_name(code, code)


def language_name(code: str, display: str = "en") -> str:
    """The name of a language (or of a market's language) in the language `display`: `German`."""
    return _capitalised(locale_of(code).get_language_name(locale_of(display)), code)


def native_language_name(code: str) -> str:
    """The name of a language in itself: `Deutsch`."""
    return language_name(code, code)


def country_name(country: str, display: str = "en") -> str:
    """The name of the country `DE` in the language (or market's language) `display`: `Germany`, `Deutschland`."""
    name = locale_of(display).territories.get(country)
    if name is None or len(country) != 2:
        raise InvalidInput(f"`{country}` is not a country that the Unicode locale data know.")
    return str(name)


def native_country_name(code: str) -> str:
    """The name of a market's country in the market's language: `Deutschland` for de-DE."""
    return country_name(_territory(code), code)


def text_direction(code: str) -> Literal["ltr", "rtl"]:
    """In which direction the language is written."""
    return "rtl" if locale_of(code).text_direction == "rtl" else "ltr"


def currency(code: str) -> str:
    """The ISO 4217 code of the money that is tender in a market today: `EUR`."""
    return str(get_territory_currencies(_territory(code))[0])


def first_day_of_week(code: str) -> int:
    """The day on which a market's calendar begins; 0 is Monday, 6 Sunday."""
    return int(locale_of(code).first_week_day)


def decimal_text(value: Decimal | Fraction | float, code: str, places: int | None = None) -> str:
    """A number as a market writes it: `1.234,5` in de-DE. `places` fixes the digits after the decimal mark."""
    number = value.numerator / Decimal(value.denominator) if isinstance(value, Fraction) else Decimal(str(value))
    locale = locale_of(code)
    if places is None:
        return str(format_decimal(number, locale=locale, decimal_quantization=False))
    # The locale's own pattern, because digits are not grouped by threes everywhere.
    pattern = parse_pattern(locale.decimal_formats[None].pattern)
    pattern.frac_prec = (places, places)
    return str(pattern.apply(number, locale))


def quote_marks(code: str) -> tuple[str, str]:
    """Opening and closing quotation marks: „ and “ in German, “ and ” where the locale data say nothing else."""
    locale = locale_of(code)
    table = _quotation()
    return table.get(code) or table.get(locale.language) or _ROOT_QUOTES


@lru_cache(maxsize=1)
def _quotation() -> dict[str, tuple[str, str]]:
    written = parse_yaml((DATA / QUOTATION_FILE).read_text(encoding="utf-8"), where=QUOTATION_FILE)
    return {code: (opening, closing) for code, (opening, closing) in written.items()}


def _territory(code: str) -> str:
    territory = locale_of(code).territory
    if territory is None:
        raise InvalidInput(f"`{code}` names no country.", remedy="Write language and country as in de-DE.")
    return str(territory)


def _capitalised(name: str | None, code: str) -> str:
    if not name:
        raise InvalidInput(f"The Unicode locale data have no name for `{code}`.")
    return name[:1].upper() + name[1:]
