"""What the library says about a market is used: its profiles where a brief names none, and its frame rate."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from forge_resources.editing.profiles import load_profiles, outlet
from forge_resources.library.loader import load_library
from tests.cells import cell_brief


def _market_brief(code: str, **market: Any) -> Any:
    found = cell_brief(code).market_brief
    resolved = found.market.model_copy(update={"market": found.market.market.model_copy(update=market)})
    return found.model_copy(update={"market": resolved})


def test_every_market_names_profiles_and_a_rate_that_exist() -> None:
    profiles = load_profiles()
    for market in load_library().markets.values():
        assert set(market.delivery) <= set(profiles)
        assert profiles["archive"].at_rate(market.broadcast_fps).fps == market.broadcast_fps


def test_the_rate_of_the_market_decides_where_the_outlet_takes_it() -> None:
    profiles = load_profiles()
    ntsc = _market_brief("de-DE", broadcast_fps=Fraction(30000, 1001))
    assert outlet(profiles, "us-hd", ntsc).fps == Fraction(30000, 1001)
    assert outlet(profiles, "web", ntsc).fps == 24
