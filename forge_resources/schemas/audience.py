"""Who a spot speaks to: region, country, language and market; segments and personas; and their composed insights.

What belongs here: the contracts of the reference library. What does not: reading it (see `library`).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field

from forge_resources.schemas.types import (
    TRAIT_PATTERN,
    VOICE_PATTERN,
    CountryCode,
    Document,
    FrameRate,
    LanguageCode,
    Line,
    MarketCode,
    ShortLine,
    Slug,
)

Topic = Literal[
    "address", "humour", "pace", "values", "family", "home", "city", "nature", "food", "work", "money",
    "time", "light", "colour", "gesture", "casting", "taboo", "law", "media", "wording", "season", "motivation",
]  # fmt: skip
Traits = dict[Annotated[str, Field(pattern=TRAIT_PATTERN)], Slug]


class Insight(Document):
    """One thing worth knowing about an audience, in English."""

    topic: Topic
    text: Line


class SourcedInsight(Insight):
    """An insight and the library entry it comes from, such as `country DE` or `segment parents`."""

    source: ShortLine


class AudienceEntry(Document):
    """What region, country, language and segment have in common.

    `traits` are the same knowledge in a form that engines read: where two entries set one trait, the later in the
    order region → country → language → segments wins.
    """

    insights: Annotated[list[Insight], Field(min_length=1, max_length=20)]
    traits: Traits = {}


class Region(AudienceEntry):
    slug: Slug
    name: ShortLine


class Country(AudienceEntry):
    code: CountryCode
    region: Slug


class Language(AudienceEntry):
    """`speech_rate_cps`: comfortable commercial voice-over, characters a second, spaces included.

    `reading_speed_cps`, `line_length` and `max_lines` limit supers and captions (source: the timed-text guides named
    in the data file).
    """

    code: LanguageCode
    speech_rate_cps: Annotated[float, Field(gt=2, lt=30)]
    reading_speed_cps: Annotated[float, Field(gt=2, lt=30)]
    line_length: Annotated[int, Field(ge=8, le=60)]
    max_lines: Annotated[int, Field(ge=1, le=3)] = 2
    must_not_say: list[ShortLine] = []


class Market(Document):
    """A locale with its delivery habits and legal rules; its insights are those of its country and language."""

    code: MarketCode
    country: CountryCode
    language: LanguageCode
    voice: Annotated[str, Field(pattern=VOICE_PATTERN)] = Field(description="Voice name for the espeak engine.")
    delivery: Annotated[list[Slug], Field(min_length=1)]
    broadcast_fps: FrameRate = Fraction(25)
    must_say: list[Line] = []
    must_not_say: list[ShortLine] = []


class Segment(AudienceEntry):
    slug: Slug
    name: ShortLine
    kind: Literal["demographic", "behavioural", "psychographic"]


class Persona(Document):
    """An audience portrait, composed of at least one segment of each kind."""

    slug: Slug
    name: ShortLine
    portrait: Line
    segments: Annotated[list[Slug], Field(min_length=3, max_length=8)]


class ResolvedMarket(Document):
    """A market with everything the library knows about it; `insights` in the order region → country → language."""

    market: Market
    region: ShortLine
    language: Language
    insights: list[SourcedInsight]
    traits: Traits


class ResolvedPersona(Document):
    """A persona with the insights and traits of its segments, in the order they are named."""

    persona: Persona
    insights: list[SourcedInsight]
    traits: Traits


class Audience(Document):
    """The composed view of a cell: market first, then persona; later traits win."""

    insights: list[SourcedInsight]
    traits: Traits
