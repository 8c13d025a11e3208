"""Cells for tests of the picture side: briefs with a market and a persona, made without the library's data."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from forge_resources.schemas.audience import (
    Audience,
    Insight,
    Language,
    Market,
    Persona,
    ResolvedMarket,
    ResolvedPersona,
)
from forge_resources.schemas.brand import Brand, Palette, Product
from forge_resources.schemas.brief import CellBrief, Engines, Lines, MarketBrief
from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.script import Script, ScriptRow
from forge_resources.schemas.types import AspectRatio

LAMP = Product(
    name="Aurora Lamp",
    description="A bedside lamp that wakes you with a sunrise.",
    selling_points=["Wakes you with light"],
)
BRAND = Brand(slug="lumen", name="Lumen", palette=Palette(primary="#1f2a44", accent="#f2a03d"), voice=["warm"])
MARKET_TRAITS = {
    "en-GB": {"skyline": "skyline-uk", "window": "window-sash"},
    "de-DE": {"skyline": "skyline-de", "window": "window-tilt"},
    "ja-JP": {"skyline": "skyline-jp", "window": "window-shoji"},
    "ar-AE": {"skyline": "skyline-ae", "window": "window-arch"},
}
PERSONA_TRAITS = {
    "busy-parent": {"role": "parent", "home": "kitchen", "hour": "morning"},
    "night-owl-student": {"role": "student", "home": "bedroom", "hour": "night"},
}


def cell_brief(
    market: str = "de-DE",
    persona: str = "busy-parent",
    *,
    product: Product = LAMP,
    seed: int = 7,
    aspect_ratio: AspectRatio = "16:9",
) -> CellBrief:
    language = market.split("-")[0]
    lines = Lines(language=language, message=f"Message in {market}", call_to_action=None, selling_points=None)
    resolved = ResolvedMarket(
        market=Market(code=market, country=market.split("-")[1], language=language, voice=language, delivery=["web"]),
        region="Region",
        language=Language(
            insights=[Insight(topic="pace", text="Some.")],
            code=language,
            speech_rate_cps=14,
            reading_speed_cps=17,
            line_length=42,
        ),
        insights=[],
        traits=MARKET_TRAITS[market],
    )
    market_brief = MarketBrief(
        brief="aurora-launch",
        source_language="en",
        brand=BRAND,
        product=product,
        source_lines=lines,
        lines=lines,
        tone=["warm"],
        duration_s=15,
        aspect_ratio=aspect_ratio,
        market=resolved,
        claims=[],
        must_say=[],
        must_not_say=[],
        origin=None,
        approval="auto",
        engines=Engines(text="draft", image="sketch", voice="espeak", motion="still"),
        engine_versions={"text": "1", "image": "1", "voice": "1", "motion": "1"},
        profile_versions={},
        seed=seed,
        delivery=["web"],
    )
    return CellBrief(
        cell=CellKey(brief="aurora-launch", market=market, persona=persona),
        market_brief=market_brief,
        persona=ResolvedPersona(
            persona=Persona(
                slug=persona, name=persona.replace("-", " ").title(), portrait="Somebody.", segments=["aa", "bb", "cc"]
            ),
            insights=[],
            traits=PERSONA_TRAITS[persona],
        ),
        audience=Audience(insights=[], traits={}),
    )


def script(*rows: dict[str, Any], language: str = "de") -> Script:
    """A draft script of rows given by what differs from a row of three seconds of beat `hook`, scope `cell`."""
    beats = {"duration_s": Fraction(3), "beat": "hook", "visual": "A woman."}
    return Script(
        language=language,
        tier="draft",
        rows=[ScriptRow.model_validate({"shot": n, **beats, **row}) for n, row in enumerate(rows, start=1)],
    )
