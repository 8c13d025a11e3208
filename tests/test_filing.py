"""Filing: a brief becomes one document per market and persona, and a change touches only what it concerns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from upath import UPath

from forge_resources.briefs.check import check_file
from forge_resources.briefs.filing import Filed, FilingRoom
from forge_resources.editing.profiles import load_profiles
from forge_resources.engines.registry import ENGINES
from forge_resources.errors import InvalidInput, NotFound
from forge_resources.library.loader import load_library
from forge_resources.schemas.brief import MarketBrief
from forge_resources.schemas.cell import CellKey
from forge_resources.settings import default_engines
from forge_resources.store.artefacts import ArtefactStore
from forge_resources.store.cabinet import Cabinet
from tests.sample_briefs import SHORT, write_brief
from tests.sample_engines import PauseVoice

PERSONAS = ["busy-parent", "city-commuter"]


class Desk:
    """A filing room in a folder, and briefs that are written, checked and filed on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.overlay: Path | None = None
        self.environment: dict[str, str] = {}

    @property
    def room(self) -> FilingRoom:
        store = UPath(self.folder / "store")
        return FilingRoom(
            Cabinet(store / "documents"),
            ArtefactStore(store, self.folder / "cache"),
            load_library(self.overlay),
            load_profiles(),
            default_engines(self.environment),
        )

    def file(self, **changes: Any) -> Filed:
        place = write_brief(self.folder, **{"personas": PERSONAS, **changes})
        return self.room.file(check_file(UPath(place), load_library(self.overlay), load_profiles()), place.name)

    def market(self, code: str = "de-DE") -> MarketBrief:
        return self.room.market_brief(CellKey(brief="night-tea", market=code, persona="busy-parent"))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


# --- what is filed


def test_a_brief_is_filed_by_market_and_persona(desk: Desk) -> None:
    filed = desk.file()
    assert sorted(filed.markets) == ["night-tea@de-DE", "night-tea@en-GB"]
    assert sorted(filed.personas) == PERSONAS
    assert filed.manifest == desk.room.manifest("night-tea")
    assert (filed.manifest.slug, filed.manifest.file) == ("night-tea", "night-tea.yaml")
    assert [cell.partition_key for cell in filed.manifest.cells] == [
        "night-tea@en-GB|busy-parent",
        "night-tea@en-GB|city-commuter",
        "night-tea@de-DE|busy-parent",
        "night-tea@de-DE|city-commuter",
    ]
    assert desk.room.briefs() == ["night-tea"]


def test_a_market_document_is_written_out(desk: Desk) -> None:
    desk.file(
        must_say={"all": ["For adults."], "de-DE": ["Nur für Erwachsene."], "en-GB": ["Ask first."]},
        must_not_say=["cheapest", "klimaneutral"],
    )
    document = desk.market()
    assert document.brand == load_library().brand("lumen")
    assert document.market == load_library().resolve_market("de-DE")
    assert document.must_say == ["For adults.", "Nur für Erwachsene."]
    assert document.must_not_say[:2] == ["cheapest", "klimaneutral"]
    assert {"umweltfreundlich", *load_library().brand("lumen").must_not_say} <= set(document.must_not_say)
    assert len(document.must_not_say) == len(set(document.must_not_say))
    assert document.source_lines.message == "Let the day go."
    assert document.lines.message == "Lass den Tag los."
    assert desk.market("en-GB").lines == desk.market("en-GB").source_lines


def test_a_cell_is_composed_of_market_and_persona(desk: Desk) -> None:
    desk.file()
    cell = CellKey(brief="night-tea", market="de-DE", persona="city-commuter")
    brief = desk.room.cell_brief(cell)
    assert (brief.cell, brief.market_brief) == (cell, desk.market())
    assert brief.persona == load_library().resolve_persona("city-commuter")
    assert brief.audience.insights == [*brief.market_brief.market.insights, *brief.persona.insights]


def test_what_is_not_filed_is_told(desk: Desk) -> None:
    cell = CellKey(brief="night-tea", market="de-DE", persona="busy-parent")
    with pytest.raises(NotFound, match="There is no brief `night-tea`") as caught:
        desk.room.cell_brief(cell)
    assert "forge run" in caught.value.remedy
    with pytest.raises(NotFound):
        desk.room.refile("night-tea")
    desk.file(exclude=[{"market": "de-DE", "persona": "busy-parent"}])
    with pytest.raises(InvalidInput, match="does not ask for de-DE × busy-parent"):
        desk.room.cell_brief(cell)


def test_pictures_and_logo_are_taken_in(desk: Desk, tmp_path: Path) -> None:
    for name, colour in (("box.png", "#ff0000"), ("logo.png", "#00ff00")):
        Image.new("RGB", (8, 8), colour).save(tmp_path / name)
    own = {"slug": "nightfall", "name": "Nightfall", "voice": ["calm"], "logo": "logo.png"}
    palette = {"primary": "#102030", "accent": "#f0e0d0"}
    desk.file(brand=own | {"palette": palette}, product={**SHORT["product"], "images": ["box.png"]})
    document = desk.market()
    store = desk.room.store
    assert document.brand_logo is not None
    assert store.path_of(document.brand_logo, ".png").read_bytes() == (tmp_path / "logo.png").read_bytes()
    (image,) = document.product_images
    assert store.path_of(image.removesuffix(".png"), ".png").read_bytes() == (tmp_path / "box.png").read_bytes()
    # Filed once, the files beside the brief are not needed again.
    (tmp_path / "box.png").unlink()
    (tmp_path / "logo.png").unlink()
    assert desk.room.refile("night-tea").markets["night-tea@de-DE"] == document.content_hash()


def test_a_library_brand_brings_its_logo(desk: Desk, tmp_path: Path) -> None:
    desk.overlay = tmp_path / "library"
    desk.overlay.mkdir()
    (desk.overlay / "brands.yaml").write_text(
        "nightfall:\n  name: Nightfall\n  voice: [calm]\n  logo: nightfall.png\n"
        "  palette: {primary: '#102030', accent: '#f0e0d0'}\n"
    )
    Image.new("RGBA", (8, 8), "#00ff0080").save(desk.overlay / "nightfall.png")
    desk.file(brand="nightfall")
    logo = desk.market().brand_logo
    assert logo is not None
    assert desk.room.store.path_of(logo, ".png").read_bytes() == (desk.overlay / "nightfall.png").read_bytes()


# --- copy


def test_copy_of_a_market_counts_before_copy_of_its_language(desk: Desk) -> None:
    desk.file(
        markets=["de-DE", "es-ES", "es-MX", "en-GB", "fr-FR"],
        copy={
            "es": {"message": "Suelta el día.", "call_to_action": "Prueba una taza."},
            "es-MX": {"message": "Deja ir el día."},
            "en-GB": {"call_to_action": "Have a cup tonight."},
        },
    )
    spain, mexico, britain, france = (desk.market(code).lines for code in ("es-ES", "es-MX", "en-GB", "fr-FR"))
    assert (spain.language, spain.message, spain.call_to_action) == ("es", "Suelta el día.", "Prueba una taza.")
    assert (mexico.message, mexico.call_to_action) == ("Deja ir el día.", "Prueba una taza.")
    assert spain.selling_points is None
    assert (britain.message, britain.call_to_action) == ("Let the day go.", "Have a cup tonight.")
    assert britain.selling_points == SHORT["product"]["selling_points"]
    assert (france.message, france.call_to_action, france.selling_points) == (None, None, None)


def test_the_source_language_need_not_be_english(desk: Desk) -> None:
    desk.file(language="de", message="Lass den Tag los.", copy={"en": {"message": "Let go."}})
    assert desk.market("de-DE").lines == desk.market("de-DE").source_lines
    assert desk.market("en-GB").lines.message == "Let go."
    assert desk.market("en-GB").lines.call_to_action is None


# --- changes


def test_filing_the_same_again_changes_nothing(desk: Desk) -> None:
    first, again = desk.file(), desk.file()
    assert (again.markets, again.personas, again.manifest) == (first.markets, first.personas, first.manifest)
    assert again.manifest.revisions == {"en-GB": 1, "de-DE": 1}


def test_adding_a_market_leaves_the_others_as_they_are(desk: Desk) -> None:
    before = desk.file()
    after = desk.file(markets=["fr-FR", *SHORT["markets"]])
    assert {key: after.markets[key] for key in before.markets} == before.markets
    assert after.personas == before.personas
    assert after.manifest.version != before.manifest.version
    assert after.manifest.revisions == {"en-GB": 1, "de-DE": 1, "fr-FR": 1}


@pytest.mark.parametrize(
    "change", [{"personas": PERSONAS[:1]}, {"exclude": [{"market": "de-DE", "persona": "busy-parent"}]}]
)
def test_leaving_cells_out_changes_no_document(desk: Desk, change: dict[str, Any]) -> None:
    before, after = desk.file(), desk.file(**change)
    assert after.markets == before.markets
    assert len(after.manifest.cells) < len(before.manifest.cells)


@pytest.mark.parametrize(
    "change",
    [
        {"message": "Let go."},
        {"call_to_action": "Try two cups."},
        {"tone": ["bold"]},
        {"duration_s": 10},
        {"aspect_ratio": "9:16"},
        {"seed": 4},
        {"approval": "required"},
        {"must_not_say": ["cheapest"]},
        {"claims": [{"text": "Twenty bags a box"}]},
        {"product": {**SHORT["product"], "description": "A tea."}},
    ],
)
def test_what_all_markets_share_changes_them_all(desk: Desk, change: dict[str, Any]) -> None:
    before, after = desk.file(), desk.file(**change)
    assert not set(after.markets.values()) & set(before.markets.values())
    assert after.personas == before.personas
    assert after.manifest.revisions == {"en-GB": 2, "de-DE": 2}


def test_what_concerns_one_market_changes_only_that(desk: Desk) -> None:
    before = desk.file()
    copy = {"de": {**SHORT["copy"]["de"], "message": "Lass los."}}
    for change in ({"copy": copy}, {"copy": copy, "must_say": {"de-DE": ["Nur für Erwachsene."]}}):
        after = desk.file(**change)
        assert after.markets["night-tea@en-GB"] == before.markets["night-tea@en-GB"]
        assert after.markets["night-tea@de-DE"] != before.markets["night-tea@de-DE"]
        before = after
    assert before.manifest.revisions == {"en-GB": 1, "de-DE": 3}


def test_a_revision_counts_each_change_and_also_the_way_back(desk: Desk) -> None:
    first = desk.file()
    desk.file(seed=4)
    back = desk.file()
    assert back.markets == first.markets
    assert back.manifest.revisions == {"en-GB": 3, "de-DE": 3}
    gone = desk.file(markets=["en-GB"])
    assert gone.manifest.revisions == {"en-GB": 3, "de-DE": 3}
    assert desk.file().manifest.revisions == {"en-GB": 3, "de-DE": 3}


def test_a_changed_persona_changes_only_that_persona(desk: Desk, tmp_path: Path) -> None:
    before = desk.file()
    desk.overlay = tmp_path / "library"
    desk.overlay.mkdir()
    segments = load_library().persona("busy-parent").segments
    (desk.overlay / "personas.yaml").write_text(
        f"busy-parent:\n  name: Busy parent\n  portrait: Has three children now.\n  segments: [{', '.join(segments)}]\n"
    )
    after = desk.room.refile("night-tea")
    assert after.personas["busy-parent"] != before.personas["busy-parent"]
    assert after.personas["city-commuter"] == before.personas["city-commuter"]
    assert after.markets == before.markets
    cell = CellKey(brief="night-tea", market="de-DE", persona="busy-parent")
    assert desk.room.cell_brief(cell).persona.persona.portrait == "Has three children now."


def test_a_changed_market_changes_only_that_market(desk: Desk, tmp_path: Path) -> None:
    before = desk.file()
    desk.overlay = tmp_path / "library"
    desk.overlay.mkdir()
    (desk.overlay / "markets.yaml").write_text(
        "de-DE:\n  country: DE\n  language: de\n  voice: de\n  delivery: [web]\n  must_say: [Mit Tee.]\n"
    )
    after = desk.room.refile("night-tea")
    assert after.markets["night-tea@de-DE"] != before.markets["night-tea@de-DE"]
    assert after.markets["night-tea@en-GB"] == before.markets["night-tea@en-GB"]
    assert desk.market().must_say == ["Mit Tee."]


def test_what_the_library_no_longer_has_is_told(desk: Desk, tmp_path: Path) -> None:
    desk.overlay = tmp_path / "library"
    desk.overlay.mkdir()
    own = desk.overlay / "personas.yaml"
    own.write_text(
        "tea-lover:\n  name: Tea lover\n  portrait: Drinks tea.\n"
        "  segments: [parents-of-young-children, early-risers, time-starved]\n"
    )
    desk.file(personas=["tea-lover"])
    own.unlink()
    with pytest.raises(NotFound, match="no persona `tea-lover`"):
        desk.room.refile("night-tea")


def test_a_damaged_document_is_filed_again(desk: Desk) -> None:
    before = desk.file()
    place = Path(desk.room.cabinet.place("market_brief", "night-tea/de-DE").path)
    place.write_bytes(place.read_bytes()[:-20])
    with pytest.raises(NotFound, match="cannot be read"):
        desk.market()
    assert desk.file().markets == before.markets
    assert desk.market().content_hash() == before.markets["night-tea@de-DE"]


# --- engines


def test_engines_come_from_the_brief_else_from_the_deployment(desk: Desk) -> None:
    desk.file(engines={"image": "sketch"})
    assert desk.market().engines.model_dump() == {
        "text": "draft",
        "image": "sketch",
        "voice": "espeak",
        "motion": "still",
    }


@pytest.fixture
def second_voice(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a voice engine beside the embedded one."""
    monkeypatch.setitem(ENGINES, ("voice", PauseVoice.name), "tests.sample_engines:PauseVoice")
    return PauseVoice.name


def test_a_default_of_the_deployment_changes_what_did_not_choose(desk: Desk, second_voice: str) -> None:
    before = desk.file()
    desk.environment = {"FORGE_ENGINE_VOICE": second_voice}
    assert set(desk.room.refile("night-tea").markets.values()).isdisjoint(before.markets.values())
    assert desk.market().engines.voice == second_voice
    chosen = desk.file(engines={"voice": "espeak"})
    desk.environment = {}
    assert desk.room.refile("night-tea").markets == chosen.markets
    assert desk.market().engines.voice == "espeak"


def test_a_new_version_of_an_engine_changes_what_chose_it(
    desk: Desk, second_voice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = desk.file(engines={"voice": second_voice})
    monkeypatch.setattr(PauseVoice, "version", "2")
    assert set(desk.room.refile("night-tea").markets.values()).isdisjoint(chosen.markets.values())
    other = desk.file()
    monkeypatch.setattr(PauseVoice, "version", "3")
    assert desk.room.refile("night-tea").markets == other.markets
