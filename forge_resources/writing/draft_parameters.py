"""What of a cell enters the recipes of the draft writer: as little as decides the bytes, so that cells share papers.

What belongs here: the three contracts and how they are filled from a cell. What does not: writing anything.
"""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from forge_resources.errors import InvalidInput
from forge_resources.schemas.audience import SourcedInsight, Traits
from forge_resources.schemas.brief import CellBrief, Claim, Lines, MarketBrief, Origin
from forge_resources.schemas.script import Beat, Concept
from forge_resources.schemas.types import CountryCode, Document, LanguageCode, Line, Sha256, ShortLine, Slug, sha256_of
from forge_resources.writing.copy_lines import needs_phrases, require_writable, speaks_source
from forge_resources.writing.notes import load_culture_notes
from forge_resources.writing.phrases import WISHES, WORRIES, load_bank
from forge_resources.writing.scenes import load_scenes
from forge_resources.writing.staging import Campaign, Place, Portrait
from forge_resources.writing.structures import load_structures
from forge_resources.writing.tones import heard, load_tones


class ConceptParameters(Document):
    """Brief-level things only: every cell of a brief has the same."""

    data: Sha256
    brand: ShortLine
    brand_voice: list[ShortLine]
    product: ShortLine
    product_description: Line
    source_lines: Lines
    tone: list[ShortLine]
    duration_s: int
    claims: list[Claim]
    origin_rows: int | None
    seed: int


class CultureParameters(Document):
    """Market things only: every persona of a market has the same."""

    data: Sha256
    country: CountryCode
    language: LanguageCode
    insights: list[SourcedInsight]
    traits: Traits
    must_say: list[Line]
    must_not_say: list[ShortLine]


class Speech(Document):
    """The market's language as far as it decides words and seconds; rates in characters a second."""

    language: LanguageCode
    speech_cps: float
    reading_cps: float


class Hearer(Document):
    """The traits that choose words; `humour` and `address` may be open."""

    worry: Slug
    wish: Slug
    address: Slug | None
    humour: Slug | None


class ScriptParameters(Document):
    """`lines` without a value are never here: a cell that lacks one is blocked before."""

    data: Sha256
    brand: ShortLine
    campaign: Campaign
    duration_s: int
    structure: list[Beat]
    speech: Speech
    lines: Lines
    source_lines: Lines | None
    must_not_say: list[ShortLine]
    hearer: Hearer
    place: Place
    portrait: Portrait
    origin: Origin | None
    verbatim: bool


class DraftParameters(Document):
    """The parameters of one paper, under the name of its node."""

    node: Literal["concept", "culture", "script"]
    concept: ConceptParameters | None = None
    culture: CultureParameters | None = None
    script: ScriptParameters | None = None

    @model_validator(mode="after")
    def _has_its_node(self) -> DraftParameters:
        given = [name for name in ("concept", "culture", "script") if getattr(self, name) is not None]
        if given != [self.node]:
            raise ValueError(f"node {self.node} takes parameters under `{self.node}` and nothing else")
        return self


def concept_parameters(brief: CellBrief) -> DraftParameters:
    market_brief = brief.market_brief
    concept = ConceptParameters(
        data=load_structures().content_hash(),
        brand=market_brief.brand.name,
        brand_voice=market_brief.brand.voice,
        product=market_brief.product.name,
        product_description=market_brief.product.description,
        source_lines=market_brief.source_lines,
        tone=market_brief.tone,
        duration_s=market_brief.duration_s,
        claims=market_brief.claims,
        origin_rows=len(market_brief.origin.script) if market_brief.origin else None,
        seed=market_brief.seed,
    )
    return DraftParameters(node="concept", concept=concept)


def culture_parameters(brief: CellBrief) -> DraftParameters:
    market_brief = brief.market_brief
    market = market_brief.market
    culture = CultureParameters(
        data=load_culture_notes().content_hash(),
        country=market.market.country,
        language=market.language.code,
        insights=market.insights,
        traits=market.traits,
        must_say=market_brief.must_say,
        must_not_say=_forbidden(market_brief),
    )
    return DraftParameters(node="culture", culture=culture)


def script_parameters(brief: CellBrief, concept: Concept | None) -> DraftParameters:
    """Raises Blocked where lines or phrases are missing, InvalidInput for a missing concept."""
    market_brief = brief.market_brief
    require_writable(market_brief)
    if concept is None:
        raise InvalidInput("A script grows from a concept.", remedy="Make the concept first.")
    language, market = market_brief.market.language, market_brief.market
    verbatim = not needs_phrases(market_brief)
    portrait = Portrait(persona=brief.persona.persona.slug, traits=brief.persona.traits)
    script = ScriptParameters(
        data=_data_hash(language.code, with_bank=not verbatim, with_scenes=market_brief.origin is None),
        brand=market_brief.brand.name,
        campaign=Campaign(product=market_brief.product.name, tone=heard(market_brief.tone), seed=market_brief.seed),
        duration_s=market_brief.duration_s,
        structure=concept.structure,
        speech=Speech(
            language=language.code, speech_cps=language.speech_rate_cps, reading_cps=language.reading_speed_cps
        ),
        lines=market_brief.lines,
        source_lines=None if speaks_source(market_brief) else market_brief.source_lines,
        must_not_say=_forbidden(market_brief),
        hearer=_hearer(brief, portrait),
        place=Place(country=market.market.country, traits=_only(market.traits, "window")),
        portrait=Portrait(persona=portrait.persona, traits=_only(portrait.traits, *_PLAYED)),
        origin=market_brief.origin,
        verbatim=verbatim,
    )
    return DraftParameters(node="script", script=script)


_PLAYED = ("role", "companion", "home", "out", "hour", "worry", "wish", "prop")


def _only(traits: Traits, *names: str) -> Traits:
    return {name: traits[name] for name in names if name in traits}


def _hearer(brief: CellBrief, portrait: Portrait) -> Hearer:
    traits = brief.audience.traits
    worry, wish = traits.get("worry") or portrait.trait("worry"), traits.get("wish") or portrait.trait("wish")
    for name, value, known in (("worry", worry, WORRIES), ("wish", wish, WISHES)):
        if value not in known:
            raise InvalidInput(
                f"The draft writer has no phrases for the {name} `{value}`.", remedy="Add them to the banks."
            )
    return Hearer(worry=worry, wish=wish, address=traits.get("address"), humour=traits.get("humour"))


def _forbidden(market_brief: MarketBrief) -> list[str]:
    market = market_brief.market
    return sorted(
        {
            *market_brief.must_not_say,
            *market_brief.brand.must_not_say,
            *market.market.must_not_say,
            *market.language.must_not_say,
        }
    )


def _data_hash(language: str, *, with_bank: bool, with_scenes: bool) -> str:
    """The content of every data file that has a say in the script."""
    documents: list[Document] = []
    if with_bank:
        documents += [load_bank(language), load_tones()]
    if with_scenes:
        documents += [load_scenes(), load_structures(), load_tones()]
    return sha256_of([document.content_hash() for document in documents])
