"""The reference library in memory: its entries, and how they compose into the audience of a cell.

What belongs here: looking up, resolving, composing. What does not: reading files (see `loader`), or deciding what is
wrong with them (see `checking`).

Insights and traits compose in one order: region → country → language → the persona's segments. Insights add up; of a
trait that two entries set, the later counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from forge_resources.errors import Fault, NotFound
from forge_resources.library.validation import nearest_names
from forge_resources.schemas.audience import (
    Audience,
    AudienceEntry,
    Country,
    Language,
    Market,
    Persona,
    Region,
    ResolvedMarket,
    ResolvedPersona,
    Segment,
    SourcedInsight,
    Traits,
)
from forge_resources.schemas.brand import Brand
from forge_resources.schemas.types import Document, sha256_of

Entry = TypeVar("Entry", bound=Document)


@dataclass(frozen=True)
class Library:
    """All reference data, checked, by slug or code. Read it; do not change it: callers share one.

    `warnings` are what is odd and not wrong; `folders` are where brands were read from, because logos lie beside them.
    """

    regions: dict[str, Region]
    countries: dict[str, Country]
    languages: dict[str, Language]
    markets: dict[str, Market]
    segments: dict[str, Segment]
    personas: dict[str, Persona]
    brands: dict[str, Brand]
    warnings: tuple[Fault, ...] = ()
    folders: dict[str, Path] = field(default_factory=dict)

    def market(self, code: str) -> Market:
        """Raises NotFound with the nearest known codes."""
        return _found("market", code, self.markets)

    def persona(self, slug: str) -> Persona:
        """Raises NotFound with the nearest known slugs."""
        return _found("persona", slug, self.personas)

    def brand(self, slug: str) -> Brand:
        """Raises NotFound with the nearest known slugs."""
        return _found("brand", slug, self.brands)

    def logo_file(self, slug: str) -> Path | None:
        """Where the logo of a brand lies, or None where it has none. Raises NotFound for an unknown brand."""
        logo = self.brand(slug).logo
        return self.folders[slug] / logo if logo else None

    def resolve_market(self, code: str) -> ResolvedMarket:
        """A market with the insights and traits of its region, country and language. Raises NotFound."""
        market = self.market(code)
        country = self.countries[market.country]
        region = self.regions[country.region]
        language = self.languages[market.language]
        layers: list[tuple[str, AudienceEntry]] = [
            (f"region {region.slug}", region),
            (f"country {country.code}", country),
            (f"language {language.code}", language),
        ]
        return ResolvedMarket(
            market=market,
            region=region.name,
            language=language,
            insights=_insights(layers),
            traits=_traits(entry.traits for _, entry in layers),
        )

    def resolve_persona(self, slug: str) -> ResolvedPersona:
        """A persona with the insights and traits of its segments, in the order it names them. Raises NotFound."""
        persona = self.persona(slug)
        layers = [(f"segment {name}", self.segments[name]) for name in persona.segments]
        return ResolvedPersona(
            persona=persona, insights=_insights(layers), traits=_traits(entry.traits for _, entry in layers)
        )

    def content_hash(self) -> str:
        """SHA-256 (hex) of every entry; the order of files and entries does not matter."""
        shelves = (
            self.regions,
            self.countries,
            self.languages,
            self.markets,
            self.segments,
            self.personas,
            self.brands,
        )
        return sha256_of([{key: entry.model_dump(mode="json") for key, entry in shelf.items()} for shelf in shelves])


def compose_audience(market: ResolvedMarket, persona: ResolvedPersona) -> Audience:
    """The audience of a cell: what is known of the market, then of the persona; the persona's traits win."""
    return Audience(insights=[*market.insights, *persona.insights], traits=_traits((market.traits, persona.traits)))


def _found(kind: str, name: str, shelf: Mapping[str, Entry]) -> Entry:
    entry = shelf.get(name)
    if entry is None:
        near = nearest_names(name, shelf)
        hint = f"Did you mean {' or '.join(f'`{known}`' for known in near)}?" if near else ""
        remedy = f"{hint} Known: {', '.join(sorted(shelf))}.".strip()
        raise NotFound(f"The library has no {kind} `{name}`.", remedy=remedy)
    return entry


def _insights(layers: Iterable[tuple[str, AudienceEntry]]) -> list[SourcedInsight]:
    return [
        SourcedInsight(topic=insight.topic, text=insight.text, source=source)
        for source, entry in layers
        for insight in entry.insights
    ]


def _traits(layers: Iterable[Traits]) -> Traits:
    merged: Traits = {}
    for traits in layers:
        merged |= traits
    return merged
