"""Filing a brief: one resolved document per market, one per persona, and a manifest of the wanted cells.

Drawers of the cabinet: `market_brief/<brief>/<market>`, `persona/<slug>`, `manifest/<brief>`.

What belongs here: resolving against the library and keeping the result. What does not: telling Dagster (see
`forge_jobs.intake`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from forge_resources.briefs.check import CheckedBrief, brand_of
from forge_resources.engines.contract import Engine, TextEngine
from forge_resources.engines.registry import engine
from forge_resources.errors import InvalidInput, NotFound
from forge_resources.imaging.looks import ShelvedLook
from forge_resources.imaging.orders import image_engine, resolve_order
from forge_resources.library.catalogue import Library, compose_audience
from forge_resources.schemas.audience import ResolvedMarket, ResolvedPersona
from forge_resources.schemas.brief import Brief, CellBrief, Copy, Engines, KeptSound, Lines, MarketBrief
from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.delivery import DeliveryProfile
from forge_resources.schemas.types import Document, EngineKind, Sha256, Slug
from forge_resources.schemas.writing import WritingChoice
from forge_resources.store.artefacts import ArtefactStore
from forge_resources.store.cabinet import Cabinet
from forge_resources.writing.chat.settings import load_settings

NO_SOUNDS: Mapping[str, KeptSound] = {}


class Manifest(Document):
    """What is filed of a brief. `revisions` counts the changes of each market's document, by market code."""

    brief: Brief
    version: Sha256
    file: str
    folder_pictures: dict[str, str] = {}
    folder_sounds: dict[str, KeptSound] = {}
    cells: list[CellKey]
    revisions: dict[str, int]

    @property
    def slug(self) -> str:
        return self.brief.brief


@dataclass(frozen=True)
class Resolved:
    """A brief's documents by market code and persona slug."""

    markets: dict[str, MarketBrief]
    personas: dict[str, ResolvedPersona]


@dataclass(frozen=True)
class Filed:
    """A filed brief with the data version (content hash) of each market's and persona's document, by key."""

    manifest: Manifest
    markets: dict[str, str]
    personas: dict[str, str]


class FilingRoom:
    """Files checked briefs and composes cells from what is filed."""

    def __init__(
        self,
        cabinet: Cabinet,
        store: ArtefactStore,
        library: Library,
        profiles: Mapping[str, DeliveryProfile],
        engines: Engines,
        looks: Mapping[str, ShelvedLook] | None = None,
    ) -> None:
        self.cabinet = cabinet
        self.store = store
        self.library = library
        self.profiles = profiles
        self.engines = engines
        self.looks = looks or {}

    def file(self, checked: CheckedBrief, file: str) -> Filed:
        """Files a brief, replacing what was filed under its slug. `file` is where it came from, for people."""
        pictures = {
            path: self.store.take_in(picture.data, picture.suffix) + picture.suffix
            for path, picture in checked.pictures.items()
        }
        sounds = {
            path: KeptSound(
                name=self.store.take_in(sound.data, sound.suffix) + sound.suffix,
                sample_rate=sound.sample_rate,
                samples=sound.samples,
            )
            for path, sound in checked.sounds.items()
        }
        return self._file(checked.brief, file, pictures, sounds)

    def refile(self, slug: str) -> Filed:
        """Resolves a filed brief again, after the library or the deployment's defaults changed. Raises NotFound."""
        manifest = self.manifest(slug)
        return self._file(manifest.brief, manifest.file, manifest.folder_pictures, manifest.folder_sounds)

    def manifest(self, slug: str) -> Manifest:
        """The manifest of a filed brief. Raises NotFound."""
        found = self.cabinet.find("manifest", slug, Manifest)
        if found is None:
            raise NotFound(f"There is no brief `{slug}`.", remedy="File it first: forge run FILE.")
        return found

    def briefs(self) -> list[str]:
        """The slugs of all filed briefs."""
        return list(self.cabinet.names("manifest"))

    def market_brief(self, cell: CellKey) -> MarketBrief:
        """The filed document of a cell's market. Raises NotFound."""
        return self.cabinet.read("market_brief", f"{cell.brief}/{cell.market}", MarketBrief)

    def cell_brief(self, cell: CellKey) -> CellBrief:
        """Everything a cell starts from. Raises NotFound, or InvalidInput for a cell the brief does not want."""
        manifest = self.manifest(cell.brief)
        if cell not in manifest.cells:
            raise InvalidInput(
                f"The brief {cell.brief} does not ask for {cell.market} × {cell.persona}.",
                remedy="Add the market and persona to the brief, or choose one of its cells.",
            )
        market_brief = self.market_brief(cell)
        persona = self.cabinet.read("persona", cell.persona, ResolvedPersona)
        audience = compose_audience(market_brief.market, persona)
        return CellBrief(cell=cell, market_brief=market_brief, persona=persona, audience=audience)

    def resolve(self, brief: Brief, pictures: dict[str, str], sounds: Mapping[str, KeptSound] = NO_SOUNDS) -> Resolved:
        """A brief's documents as they would be filed now. Raises NotFound for what the library no longer has."""
        return Resolved(
            markets={
                market: self._resolve(brief, self.library.resolve_market(market), pictures, sounds)
                for market in brief.markets
            },
            personas={slug: self.library.resolve_persona(slug) for slug in brief.personas},
        )

    def _file(self, brief: Brief, file: str, pictures: dict[str, str], sounds: dict[str, KeptSound]) -> Filed:
        before = self.cabinet.find("manifest", brief.brief, Manifest)
        revisions = dict(before.revisions) if before else {}
        resolved = self.resolve(brief, pictures, sounds)
        for market, document in resolved.markets.items():
            if self._put("market_brief", f"{brief.brief}/{market}", document):
                revisions[market] = revisions.get(market, 0) + 1
        for slug, persona in resolved.personas.items():
            self._put("persona", slug, persona)
        manifest = Manifest(
            brief=brief,
            version=brief.content_hash(),
            file=file,
            folder_pictures=pictures,
            folder_sounds=sounds,
            cells=brief.cells(),
            revisions=revisions,
        )
        # Last, because a cell can be made as soon as the manifest names it.
        self.cabinet.write("manifest", brief.brief, manifest)
        return Filed(
            manifest,
            {f"{brief.brief}@{market}": document.content_hash() for market, document in resolved.markets.items()},
            {slug: persona.content_hash() for slug, persona in resolved.personas.items()},
        )

    def _put(self, drawer: str, name: str, document: Document) -> bool:
        """Files a document if it differs from what is there. Returns whether it did."""
        before = self.cabinet.find(drawer, name, type(document))
        if before is not None and before.content_hash() == document.content_hash():
            return False
        self.cabinet.write(drawer, name, document)
        return True

    def _resolve(
        self, brief: Brief, market: ResolvedMarket, pictures: dict[str, str], sounds: Mapping[str, KeptSound]
    ) -> MarketBrief:
        brand = brand_of(brief, self.library)
        engines = self._engines(brief)
        code, language = market.market.code, market.language.code
        delivery = brief.delivery or market.market.delivery
        source = Lines(
            language=brief.language,
            message=brief.message,
            call_to_action=brief.call_to_action,
            selling_points=brief.product.selling_points,
        )
        return MarketBrief(
            brief=brief.brief,
            source_language=brief.language,
            brand=brand,
            brand_logo=self._logo(brief, pictures),
            product=brief.product,
            product_images=[pictures[path] for path in brief.product.images],
            source_lines=source,
            lines=_lines_for(brief, source, code, language),
            tone=brief.tone,
            duration_s=brief.duration_s,
            aspect_ratio=brief.aspect_ratio,
            market=market,
            claims=brief.claims,
            must_say=[*market.market.must_say, *brief.must_say.get("all", []), *brief.must_say.get(code, [])],
            must_not_say=_unique(
                [*brief.must_not_say, *brand.must_not_say, *market.market.must_not_say, *market.language.must_not_say]
            ),
            origin=brief.origin,
            approval=brief.approval,
            engines=engines,
            engine_versions={
                kind: _edition(engine(kind, name), language, brief.language) for kind, name in _by_kind(engines)
            },
            writing=_writing(brief.writing),
            seed=brief.seed,
            delivery=delivery,
            pictures=resolve_order(brief, code, image_engine(brief, engines.image), pictures, self.looks, self.store),
            identifiers=[entry for entry in brief.identifiers if entry.market == code],
            music=brief.music,
            effects=brief.effects,
            sounds=dict(sounds),
            profile_versions={slug: self._profile(slug).content_hash() for slug in delivery},
        )

    def _profile(self, slug: str) -> DeliveryProfile:
        profile = self.profiles.get(slug)
        if profile is None:
            raise NotFound(
                f"There is no delivery profile `{slug}` any more.", remedy="Put it back, or take it out of the brief."
            )
        return profile

    def _logo(self, brief: Brief, pictures: dict[str, str]) -> str | None:
        """The hash of the brand's logo: beside the brief for a brand of its own, beside the library for one of that."""
        if isinstance(brief.brand, str):
            file = self.library.logo_file(brief.brand)
            return self.store.take_in(file.read_bytes(), file.suffix) if file else None
        return PurePosixPath(pictures[brief.brand.logo]).stem if brief.brand.logo else None

    def _engines(self, brief: Brief) -> Engines:
        chosen = brief.engines.model_dump(exclude_none=True)
        return Engines(**{**self.engines.model_dump(), **chosen})


def _lines_for(brief: Brief, source: Lines, market: str, language: str) -> Lines:
    """The brief's copy in the market's language: the market's own lines, else the language's, else the source's."""
    nothing = Copy()
    by_market, by_language = brief.copy_.get(market, nothing), brief.copy_.get(language, nothing)
    same = language == brief.language
    return Lines(
        language=language,
        message=by_market.message or by_language.message or (source.message if same else None),
        call_to_action=by_market.call_to_action
        or by_language.call_to_action
        or (source.call_to_action if same else None),
        selling_points=by_market.selling_points
        or by_language.selling_points
        or (source.selling_points if same else None),
    )


def _by_kind(engines: Engines) -> list[tuple[EngineKind, str]]:
    return [("text", engines.text), ("image", engines.image), ("voice", engines.voice), ("motion", engines.motion)]


def _writing(wanted: WritingChoice | None) -> WritingChoice | None:
    """What the brief names, with the deployment's enhancement where it names none and there is one."""
    enhancement = load_settings().enhancement
    if enhancement == "none" or (wanted and wanted.enhancement):
        return wanted
    own = wanted.model_dump() if wanted else {}
    return WritingChoice.model_validate({**own, "enhancement": enhancement})


def _edition(chosen: Engine, language: str, source_language: str) -> str:
    """What of an engine makes a market's cells stale when it changes."""
    return chosen.edition(language, source_language) if isinstance(chosen, TextEngine) else chosen.version


def _unique(values: list[Slug]) -> list[Slug]:
    return list(dict.fromkeys(values))
