"""The brief as a user writes it, and as it is filed for one market and for one cell.

What belongs here: shape and the rules that need no other document. What does not: whether a market, persona, brand,
engine or profile exists (see `briefs.check`), or how a file is read (see `briefs.document`).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from forge_resources.schemas.audience import Audience, ResolvedMarket, ResolvedPersona
from forge_resources.schemas.brand import Brand, Product
from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.pictures import PictureOrder, ResolvedPictures
from forge_resources.schemas.script import Camera
from forge_resources.schemas.types import (
    AspectRatio,
    Document,
    ExactRational,
    LanguageCode,
    Line,
    MarketCode,
    Seconds,
    Sha256,
    ShortLine,
    Slug,
)
from forge_resources.schemas.writing import WritingChoice

Approval = Literal["auto", "required"]
Duration = Literal[6, 10, 15, 20, 30, 45, 60, 90]


class CellChoice(Document):
    """A cell by its market and persona, as `exclude` lists them."""

    market: MarketCode
    persona: Slug


class Copy(Document):
    """Lines already transcreated for one language or market."""

    message: ShortLine | None = None
    call_to_action: ShortLine | None = None
    selling_points: Annotated[list[ShortLine], Field(min_length=1, max_length=8)] | None = None


class Claim(Document):
    """A product claim the copy may make, and what proves it."""

    text: ShortLine
    evidence: Line | None = None


class Music(Document):
    """A music bed from a file. `gain_db` is against the loudness of the voice; under it the bed goes down by `duck_db`.

    Seconds: from `from_s` of the file on, with fades at both ends.
    """

    file: ShortLine
    from_s: Annotated[ExactRational, Field(ge=0, le=1800)] = Fraction(0)
    gain_db: Annotated[float, Field(ge=-40, le=12)] = -6
    duck_db: Annotated[float, Field(ge=0, le=40)] = 9
    fade_in_s: Annotated[ExactRational, Field(ge=0, le=10)] = Fraction(1, 2)
    fade_out_s: Annotated[ExactRational, Field(ge=0, le=10)] = Fraction(3, 2)


class SoundEffect(Document):
    """A sound at a moment of the spot, `at_s` seconds from its start, as loud as its file and `gain_db`."""

    file: ShortLine
    at_s: Annotated[ExactRational, Field(ge=0, lt=90)]
    gain_db: Annotated[float, Field(ge=-40, le=12)] = 0
    duck_db: Annotated[float, Field(ge=0, le=40)] = 0
    fade_in_s: Annotated[ExactRational, Field(ge=0, le=10)] = Fraction(0)
    fade_out_s: Annotated[ExactRational, Field(ge=0, le=10)] = Fraction(1, 20)


class KeptSound(Document):
    """A sound file in the store: `<SHA-256><suffix>`, and its exact length."""

    name: str
    sample_rate: Annotated[int, Field(ge=8000, le=192000)]
    samples: Annotated[int, Field(ge=1)]


class OutletNumber(Document):
    """The number that an outlet knows a spot by: of one cell, or of a market with one persona."""

    market: MarketCode
    persona: Slug | None = None
    profile: Slug
    id: ShortLine


class OriginRow(Document):
    """One row of a script to adapt. The visual is English; the words are in the brief's language."""

    shot: Annotated[int, Field(ge=1, le=40)]
    duration_s: Seconds
    visual: Line
    voice_over: Line | None = None
    super: ShortLine | None = None
    camera: Camera | None = None


class Origin(Document):
    """What already exists and is to be adapted."""

    script: Annotated[list[OriginRow], Field(min_length=1, max_length=40)]

    @field_validator("script")
    @classmethod
    def _shots_are_numbered_from_one(cls, rows: list[OriginRow]) -> list[OriginRow]:
        numbers = [row.shot for row in rows]
        if numbers != list(range(1, len(rows) + 1)):
            raise ValueError(f"shots must be numbered 1, 2, 3 … in order, not {numbers}")
        return rows


class EngineChoice(Document):
    """Engines by kind; None leaves the choice to the deployment."""

    text: Slug | None = None
    image: Slug | None = None
    voice: Slug | None = None
    motion: Slug | None = None


class Engines(Document):
    """Engines by kind, all decided."""

    text: Slug
    image: Slug
    voice: Slug
    motion: Slug


class BrokenRule(NamedTuple):
    """A fault between `fields`, the top-level keys that it says something about."""

    place: str
    message: str
    fields: frozenset[str]


def _broken(rules: list[BrokenRule]) -> PydanticCustomError:
    """Several faults in one error; they travel in its context because Pydantic has no locations for them."""
    message = "; ".join(f"{rule.place}: {rule.message}" for rule in rules)
    return PydanticCustomError("forge_rule", "{message}", {"message": message, "rules": rules})


class Brief(Document):
    """One document that asks for spots."""

    brief: Slug
    language: LanguageCode = "en"
    brand: Slug | Brand
    product: Product
    message: ShortLine
    call_to_action: ShortLine
    tone: Annotated[list[ShortLine], Field(min_length=1, max_length=5)]
    duration_s: Duration
    aspect_ratio: AspectRatio = "16:9"
    markets: Annotated[list[MarketCode], Field(min_length=1, max_length=50)]
    personas: Annotated[list[Slug], Field(min_length=1, max_length=50)]
    exclude: Annotated[list[CellChoice], Field(max_length=2500)] = []
    copy_: Annotated[dict[str, Copy], Field(alias="copy")] = {}
    claims: Annotated[list[Claim], Field(max_length=40)] = []
    must_say: dict[str, Annotated[list[Line], Field(min_length=1, max_length=6)]] = {}
    must_not_say: Annotated[list[ShortLine], Field(max_length=200)] = []
    origin: Origin | None = None
    approval: Approval = "auto"
    engines: EngineChoice = EngineChoice()
    writing: WritingChoice | None = Field(None, exclude_if=lambda choice: choice is None)
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    delivery: Annotated[list[Slug], Field(min_length=1, max_length=8)] | None = Field(
        None, description="Delivery profiles; left out, those that each market's library entry names."
    )

    identifiers: Annotated[list[OutletNumber], Field(max_length=2500)] = []
    music: Literal["neutral"] | Music | None = None
    effects: Annotated[list[SoundEffect], Field(max_length=20)] = []
    pictures: PictureOrder | None = None

    @field_validator("markets", "personas", "delivery", "tone")
    @classmethod
    def _no_repeats(cls, values: list[str] | None) -> list[str] | None:
        if values is None:
            return None
        repeated = sorted({value for value in values if values.count(value) > 1})
        if repeated:
            raise ValueError(f"named more than once: {', '.join(repeated)}")
        return values

    @model_validator(mode="after")
    def _rows_add_up(self) -> Brief:
        if self.origin:
            total = sum((row.duration_s for row in self.origin.script), Fraction(0))
            if total != self.duration_s:
                message = f"the rows last {float(total):g} s in all, but duration_s is {self.duration_s}"
                raise _broken([BrokenRule("origin.script", message, frozenset({"origin", "duration_s"}))])
        return self

    @model_validator(mode="after")
    def _effects_are_in_the_spot(self) -> Brief:
        late = [(index, effect.at_s) for index, effect in enumerate(self.effects) if effect.at_s >= self.duration_s]
        if late:
            fields = frozenset({"effects", "duration_s"})
            told = f"is not within the {self.duration_s} s of the spot"
            raise _broken([BrokenRule(f"effects[{index}].at_s", f"{float(at):g} {told}", fields) for index, at in late])
        moments = [effect.at_s for effect in self.effects]
        if twice := [index for index, at in enumerate(moments) if at in moments[:index]]:
            told = "another effect begins at the same moment; mix the two into one file"
            raise _broken([BrokenRule(f"effects[{index}].at_s", told, frozenset({"effects"})) for index in twice])
        return self

    def sound_paths(self) -> list[str]:
        """The sound files that the brief names."""
        music = [self.music.file] if isinstance(self.music, Music) else []
        return list(dict.fromkeys([*music, *(effect.file for effect in self.effects)]))

    @model_validator(mode="after")
    def _some_cell_is_left(self) -> Brief:
        broken = []
        for index, choice in enumerate(self.exclude):
            if choice.market not in self.markets:
                message = f"{choice.market} is not among the brief's markets"
                broken.append(BrokenRule(f"exclude[{index}].market", message, frozenset({"exclude", "markets"})))
            if choice.persona not in self.personas:
                message = f"{choice.persona} is not among the brief's personas"
                broken.append(BrokenRule(f"exclude[{index}].persona", message, frozenset({"exclude", "personas"})))
        if not self.cells():
            fields = frozenset({"exclude", "markets", "personas"})
            broken.append(BrokenRule("exclude", "leaves no cell to make", fields))
        if broken:
            raise _broken(broken)
        return self

    def cells(self) -> list[CellKey]:
        """The cells the brief wants, market by market in the order written."""
        excluded = {(choice.market, choice.persona) for choice in self.exclude}
        return [
            CellKey(brief=self.brief, market=market, persona=persona)
            for market in self.markets
            for persona in self.personas
            if (market, persona) not in excluded
        ]


class Lines(Document):
    """The copy of a brief in one language; None is a line that nobody has supplied in it."""

    language: LanguageCode
    message: ShortLine | None
    call_to_action: ShortLine | None
    selling_points: list[ShortLine] | None


class MarketBrief(Document):
    """A brief resolved for one market: what the world hands in, with brand and market written out.

    It holds nothing about the other markets, so that adding one leaves the rest untouched. `engine_versions` (by kind)
    are those of the engines chosen, so that a new version of one makes stale what it made and nothing else;
    `profile_versions` are the content hashes of the delivery profiles, for the same reason.
    """

    brief: Slug
    source_language: LanguageCode
    brand: Brand
    brand_logo: str | None = Field(None, description="SHA-256 of the logo (PNG) in the store.")
    product: Product
    product_images: list[str] = Field([], description="`<SHA-256><suffix>` of each reference picture in the store.")
    source_lines: Lines
    lines: Lines
    tone: list[ShortLine]
    duration_s: int
    aspect_ratio: AspectRatio
    market: ResolvedMarket
    claims: list[Claim]
    must_say: list[Line]
    must_not_say: list[ShortLine]
    origin: Origin | None
    approval: Approval
    engines: Engines
    engine_versions: dict[str, str]
    writing: WritingChoice | None = Field(None, exclude_if=lambda choice: choice is None)
    seed: int
    delivery: list[Slug]
    profile_versions: dict[Slug, Sha256]
    identifiers: list[OutletNumber] = []
    music: Literal["neutral"] | Music | None = None
    effects: list[SoundEffect] = []
    sounds: dict[str, KeptSound] = Field({}, description="What lies behind each sound file that the brief names.")
    pictures: ResolvedPictures | None = Field(None, description="For image engines that are directed.")


class CellBrief(Document):
    """All that the making of one cell starts from."""

    cell: CellKey
    market_brief: MarketBrief
    persona: ResolvedPersona
    audience: Audience
