"""The reference library: what Forge brings is complete and true to its sources, and faults are told in words."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from textwrap import dedent

import espeakng_loader
import pytest

from forge_resources.briefs.strict_yaml import parse_yaml
from forge_resources.errors import InvalidInput, NotFound
from forge_resources.library import locales
from forge_resources.library.catalogue import compose_audience
from forge_resources.library.checking import PERSONA_TRAITS, SEGMENT_KINDS, contrast
from forge_resources.library.loader import load_library
from forge_resources.library.vocabulary import checked_vocabulary, load_vocabulary

LIBRARY = load_library()
REQUIRED_MARKETS = (
    "en-GB en-US de-DE fr-FR es-ES es-MX it-IT pt-BR nl-NL pl-PL ja-JP zh-CN ar-AE hi-IN".split()  # noqa: SIM905
)
DEMO_BRIEF = Path(__file__).parent.parent / "examples" / "briefs" / "aurora-launch.yaml"


def overlay(folder: Path, **files: str) -> Path:
    """Writes `name="content"` as name.yaml into `folder`."""
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.yaml").write_text(dedent(content), encoding="utf-8")
    return folder


def faults_of(folder: Path) -> dict[str, str]:
    """The faults of the library with this overlay: place without the folder → message."""
    with pytest.raises(InvalidInput) as caught:
        load_library(folder)
    return {fault.place.replace(f"{folder}/", ""): fault.message for fault in caught.value.faults}


# What Forge brings


def test_nothing_in_the_library_is_odd() -> None:
    assert LIBRARY.warnings == ()


def test_the_library_is_as_wide_as_promised() -> None:
    assert set(REQUIRED_MARKETS) <= set(LIBRARY.markets)
    assert len(LIBRARY.markets) >= 16
    assert len(LIBRARY.languages) >= 12
    assert len(LIBRARY.personas) >= 12
    assert len(LIBRARY.segments) >= 15
    assert len(LIBRARY.brands) >= 4


def test_the_demo_brief_finds_all_it_names() -> None:
    brief = parse_yaml(DEMO_BRIEF.read_text(encoding="utf-8"), where="demo")
    assert LIBRARY.brand(brief["brand"]).slug == brief["brand"]
    for market in brief["markets"]:
        assert LIBRARY.resolve_market(market).market.code == market
    for persona in brief["personas"]:
        assert LIBRARY.resolve_persona(persona).persona.slug == persona


@pytest.mark.parametrize("code", sorted(LIBRARY.countries))
def test_a_country_tells_what_a_producer_asks_first(code: str) -> None:
    country = LIBRARY.countries[code]
    topics = [insight.topic for insight in country.insights]
    assert "law" in topics
    assert {"humour", "values", "family"} & set(topics)
    assert {"casting", "taboo", "home"} & set(topics)
    assert len(topics) >= 7
    assert set(country.traits) == {"skyline", "window", "address", "humour", "pace"}


def test_no_insight_is_said_twice() -> None:
    texts = [
        insight.text
        for shelf in (LIBRARY.regions, LIBRARY.countries, LIBRARY.languages, LIBRARY.segments)
        for entry in shelf.values()
        for insight in entry.insights
    ]
    assert sorted(texts) == sorted(set(texts))


@pytest.mark.parametrize("code", sorted(LIBRARY.languages))
def test_reading_speed_and_lines_follow_the_timed_text_guides(code: str) -> None:
    language = LIBRARY.languages[code]
    assert language.reading_speed_cps == {"en": 20, "zh": 9, "ja": 4}.get(code, 17)
    assert language.line_length == {"zh": 16, "ja": 13}.get(code, 42)
    assert language.max_lines == 2
    # A spoken line must be readable as a caption in about the time it takes to say it.
    assert 0.4 < language.speech_rate_cps / language.reading_speed_cps < 1.5


def test_every_voice_is_one_that_espeak_has() -> None:
    spoken = {
        line.split()[1]
        for file in (Path(espeakng_loader.get_data_path()) / "lang").rglob("*")
        if file.is_file()
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.startswith("language ")
    }
    assert {market.voice for market in LIBRARY.markets.values()} <= spoken


def test_frame_rates_are_those_of_the_broadcasters() -> None:
    rates = {code: market.broadcast_fps for code, market in LIBRARY.markets.items()}
    assert rates["en-GB"] == 25
    assert rates["en-US"] == Fraction(24000, 1001)
    assert rates["ja-JP"] == Fraction(30000, 1001)


@pytest.mark.parametrize("slug", sorted(LIBRARY.personas))
def test_a_persona_is_a_whole_portrait(slug: str) -> None:
    persona = LIBRARY.resolve_persona(slug)
    assert set(PERSONA_TRAITS) <= set(persona.traits)
    kinds = [LIBRARY.segments[name].kind for name in persona.persona.segments]
    assert set(kinds) == set(SEGMENT_KINDS)
    assert len(persona.insights) >= 6


def test_personas_differ_clearly() -> None:
    traits = {slug: LIBRARY.resolve_persona(slug).traits for slug in LIBRARY.personas}
    for one, other in combinations(traits, 2):
        differing = [name for name in PERSONA_TRAITS if traits[one][name] != traits[other][name]]
        assert len(differing) >= 5, f"{one} and {other} are told alike"


@pytest.mark.parametrize("slug", sorted(LIBRARY.brands))
def test_a_brand_can_be_read_and_told_apart(slug: str) -> None:
    brand = LIBRARY.brands[slug]
    assert contrast(brand.palette.ink, brand.palette.paper) >= 7
    assert contrast(brand.palette.primary, brand.palette.paper) >= 4.5
    assert brand.palette.primary.lower() != brand.palette.accent.lower()
    assert len(brand.must_not_say) >= 3
    assert len(brand.voice) >= 3


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


# Composing


def test_a_market_composes_region_then_country_then_language() -> None:
    market = LIBRARY.resolve_market("de-DE")
    sources = list(dict.fromkeys(insight.source for insight in market.insights))
    assert sources == ["region central-europe", "country DE", "language de"]
    assert market.region == "Central Europe"
    assert market.language is LIBRARY.languages["de"]


def test_an_audience_is_market_then_segments_in_their_order() -> None:
    audience = compose_audience(LIBRARY.resolve_market("fr-FR"), LIBRARY.resolve_persona("busy-parent"))
    sources = list(dict.fromkeys(insight.source for insight in audience.insights))
    segments = LIBRARY.personas["busy-parent"].segments
    assert sources == ["region western-europe", "country FR", "language fr", *(f"segment {name}" for name in segments)]
    assert audience.traits["skyline"] == "skyline-fr"
    assert audience.traits["role"] == "parent"


def test_the_later_trait_counts(tmp_path: Path) -> None:
    insights = "insights: [{topic: pace, text: Said for the test.}]"
    library = load_library(
        overlay(
            tmp_path / "own",
            regions=f"nordics: {{name: Nordics, traits: {{pace: slow, humour: dry, address: formal, "
            f"skyline: skyline-de, window: window-tilt}}, {insights}}}",
            countries=f"SE: {{region: nordics, traits: {{humour: warm, address: informal}}, {insights}}}",
            languages=f"sv: {{speech_rate_cps: 14, reading_speed_cps: 17, line_length: 42, "
            f"traits: {{address: formal}}, {insights}}}",
            markets="sv-SE: {country: SE, language: sv, voice: sv, delivery: [web]}",
            segments=f"one-more: {{name: One, kind: behavioural, traits: {{pace: brisk}}, {insights}}}\n"
            f"and-another: {{name: Two, kind: behavioural, traits: {{pace: steady}}, {insights}}}",
            personas="tester: {name: Tester, portrait: Tests., "
            "segments: [one-more, students, and-another, curious-minds]}",
        )
    )
    market = library.resolve_market("sv-SE")
    assert market.traits["pace"] == "slow"
    assert market.traits["humour"] == "warm"
    assert market.traits["address"] == "formal"
    audience = compose_audience(market, library.resolve_persona("tester"))
    assert audience.traits["pace"] == "steady"
    assert audience.traits["humour"] == "warm"


@pytest.mark.parametrize(
    ("call", "name", "meant"),
    [
        (LIBRARY.resolve_market, "de-DD", "de-DE"),
        (LIBRARY.resolve_market, "EN_gb", "en-GB"),
        (LIBRARY.resolve_persona, "bussy-parent", "busy-parent"),
        (LIBRARY.resolve_persona, "Night Owl Student", "night-owl-student"),
        (LIBRARY.brand, "lumin", "lumen"),
    ],
)
def test_an_unknown_name_brings_the_nearest_known(call: object, name: str, meant: str) -> None:
    assert callable(call)
    with pytest.raises(NotFound) as caught:
        call(name)
    assert f"`{name}`" in caught.value.message
    assert "Did you mean" in caught.value.remedy
    assert f"`{meant}`" in caught.value.remedy.split("?")[0]


def test_a_name_like_no_other_brings_the_list() -> None:
    with pytest.raises(NotFound) as caught:
        LIBRARY.resolve_market("qqqqqq")
    assert caught.value.remedy.startswith("Known: ar-AE, de-DE")


# A deployment's own entries


def test_an_overlay_adds_and_replaces(tmp_path: Path) -> None:
    folder = overlay(
        tmp_path / "own",
        brands="""
            lumen: {name: Lumen Two, palette: {primary: "#112233", accent: "#445566"}, voice: [new]}
            halde: {name: Halde, palette: {primary: "#112233", accent: "#445566"}, voice: [plain]}
        """,
    )
    library = load_library(folder)
    assert library.brands["lumen"].name == "Lumen Two"
    assert library.brands["halde"].voice == ["plain"]
    assert set(library.brands) == set(LIBRARY.brands) | {"halde"}
    assert library.personas == LIBRARY.personas
    assert LIBRARY.brands["lumen"].name == "Lumen"


def test_equal_content_is_one_library_and_changed_content_another(tmp_path: Path) -> None:
    assert load_library() is LIBRARY
    brand = 'halde: {{name: {}, palette: {{primary: "#112233", accent: "#445566"}}, voice: [plain]}}'
    folder = overlay(tmp_path / "own", brands=brand.format("Halde"))
    first = load_library(folder)
    assert load_library(folder) is first
    assert first.content_hash() != LIBRARY.content_hash()
    overlay(folder, brands=brand.format("Halda"))
    assert load_library(folder).brands["halde"].name == "Halda"
    assert load_library(folder).content_hash() != first.content_hash()


def test_the_content_hash_does_not_depend_on_order(tmp_path: Path) -> None:
    brands = [
        'halde: {name: Halde, palette: {primary: "#112233", accent: "#445566"}, voice: [plain]}',
        'agora: {name: Agora, palette: {accent: "#445566", primary: "#112233"}, voice: [plain]}',
    ]
    one = load_library(overlay(tmp_path / "one", brands="\n".join(brands)))
    other = load_library(overlay(tmp_path / "other", brands="\n".join(reversed(brands))))
    assert one.content_hash() == other.content_hash()


def test_an_empty_overlay_and_foreign_files_change_nothing(tmp_path: Path) -> None:
    folder = overlay(tmp_path / "own", personas="# nothing yet\n")
    (folder / "README.md").write_text("ours", encoding="utf-8")
    assert load_library(folder).content_hash() == LIBRARY.content_hash()


def test_a_folder_of_data_files_that_nothing_reads_is_a_fault(tmp_path: Path) -> None:
    folder = overlay(tmp_path / "own", personas="# nothing yet\n")
    (folder / "marks").mkdir()
    (folder / "marks" / "h.png").write_bytes(b"")
    load_library(folder)
    (folder / "profile").mkdir()
    (folder / "profile" / "tv.yaml").write_text("{}", encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        load_library(folder)
    (fault,) = caught.value.faults
    assert fault.place == str(folder / "profile")
    assert "known: profiles" in fault.message


def test_a_missing_overlay_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no folder"):
        load_library(tmp_path / "nowhere")


def test_a_logo_lies_beside_its_brand(tmp_path: Path) -> None:
    brand = 'halde: {name: Halde, palette: {primary: "#112233", accent: "#445566"}, voice: [plain], logo: marks/h.png}'
    folder = overlay(tmp_path / "own", brands=brand)
    assert faults_of(folder) == {"brands.yaml: halde.logo": "there is no file `marks/h.png` beside this one"}
    (folder / "marks").mkdir()
    (folder / "marks" / "h.png").write_bytes(b"\x89PNG")
    assert load_library(folder).logo_file("halde") == folder / "marks" / "h.png"
    assert load_library(folder).logo_file("lumen") is None
    for outside in ("../h.png", "/etc/h.png", "..\\\\h.png"):
        overlay(folder, brands=brand.replace("marks/h.png", f'"{outside}"'))
        assert faults_of(folder) == {"brands.yaml: halde.logo": "must be a path inside the folder of this file"}


# Faults


GOOD_SEGMENT = "{name: Good, kind: behavioural, insights: [{topic: work, text: Works.}]}"


@pytest.mark.parametrize(
    ("file", "content", "place", "message"),
    [
        ("personas", "tester: {name: T, portrait: T., segments: [students, runners, achiever]}",
         "tester.segments[2]", "there is no segment `achiever`; did you mean `achievers`"),
        ("personas", "tester: {name: T, portrait: T., segments: [students, runners, runners, achievers]}",
         "tester.segments[2]", "named twice"),
        ("personas", "tester: {name: T, portrait: T., segments: [students, teenagers, achievers]}",
         "tester.segments", "has no behavioural segment"),
        ("personas", "tester: {name: T, portrait: T., segments: [students]}", "tester.segments", "at least 3"),
        ("personas", "tester: {name: T, portrait: T., segements: [students]}",
         "tester.segements", "unknown key; did you mean `segments`?"),
        ("personas", "tester: {name: T, portrait: T.}", "tester.segments", "is missing"),
        ("personas", "tester: {slug: tester, name: T, portrait: T., segments: []}", "tester.slug", "leave this out"),
        ("personas", "tester: busy", "tester", "must be a mapping"),
        ("personas", "a|b: {name: T, portrait: T., segments: [students, runners, achievers]}",
         "a|b", "`a|b` is not written as it must be"),
        ("personas", "- tester", "", "must be a mapping from slug to entry"),
        ("segments", f"tester: {GOOD_SEGMENT[:-1]}, traits: {{role: parrot}}}}",
         "tester.traits.role", "`parrot` is not in the vocabulary; known: parent"),
        ("segments", f"tester: {GOOD_SEGMENT[:-1]}, traits: {{roll: parent}}}}",
         "tester.traits.roll", "there is no trait `roll`; known: role"),
        ("segments", "tester: {name: T, kind: geographic, insights: [{topic: work, text: Works.}]}",
         "tester.kind", "'demographic', 'behavioural' or 'psychographic'"),
        ("segments", "tester: {name: T, kind: behavioural, insights: [{topic: wurk, text: Works.}]}",
         "tester.insights[0].topic", "should be"),
        ("segments", "tester: {name: T, kind: behavioural, insights: [{topic: work, txt: Works., text: W.}]}",
         "tester.insights[0].txt", "unknown key; did you mean `text`?"),
        ("countries", "NO: {region: nordix, insights: [{topic: work, text: Works.}]}",
         "NO.region", "there is no region `nordix`"),
        ("countries", "QX: {region: british-isles, insights: [{topic: work, text: Works.}]}",
         "QX", "not a country that the Unicode locale data know"),
        ("markets", "de-AT: {country: AT, language: de, voice: de, delivery: [web]}",
         "de-AT.country", "there is no country `AT`"),
        ("markets", "de-FR: {country: FR, language: fr, voice: de, delivery: [web]}",
         "de-FR.language", "must be `de`, as the code says"),
        ("markets", "de-FR: {country: DE, language: de, voice: de, delivery: [web]}",
         "de-FR.country", "must be `FR`, as the code says"),
        ("languages", "qq: {speech_rate_cps: fast, reading_speed_cps: 17, line_length: 42,"
         " insights: [{topic: work, text: W.}]}", "qq.speech_rate_cps", "must be a number"),
        ("brands", 'halde: {name: Halde, palette: {primary: teal, accent: "#445566"}, voice: [plain]}',
         "halde.palette.primary", "`teal` is not written as it must be"),
        ("brands", "halde: {name: 1984, palette: {}, voice: [plain]}", "halde.name", "put quotes round it"),
    ],
)  # fmt: skip
def test_a_fault_names_file_entry_and_field(tmp_path: Path, file: str, content: str, place: str, message: str) -> None:
    found = faults_of(overlay(tmp_path / "own", **{file: content}))
    key = f"{file}.yaml: {place}" if place else f"{file}.yaml"
    assert key in found
    assert message in found[key]


def test_an_entry_named_twice_is_a_fault_with_its_line(tmp_path: Path) -> None:
    folder = overlay(
        tmp_path / "own", segments=f"tester: {GOOD_SEGMENT}\nother: {GOOD_SEGMENT}\ntester: {GOOD_SEGMENT}\n"
    )
    assert faults_of(folder) == {"segments.yaml: line 3, column 1": "the key `tester` is written twice"}


def test_all_faults_of_all_files_come_at_once(tmp_path: Path) -> None:
    folder = overlay(
        tmp_path / "own",
        regions="nordics: [",
        countries="SE: {region: nordics, insights: [{topic: work, text: W.}]}",
        segments="tester: {name: T, kind: behavioural}",
        personas="one: {name: O, portrait: O., segments: [tester, students, achievers]}\n"
        "two: {name: T, portrait: T., segments: [nobody, students, achievers], colour: red}\n"
        "three: {name: T, portrait: T., segments: [nobody, students, achievers]}",
        brands="halde: {name: Halde, voice: [plain]}",
    )
    (folder / "markets.yaml").write_bytes(b"de-CH: \xff\xfe")
    found = faults_of(folder)
    # SE and `one` refer to entries that are faulty themselves; that is said once, where it is wrong.
    assert {place.split(": line")[0] for place in found} == {
        "regions.yaml",
        "segments.yaml: tester.insights",
        "personas.yaml: two.colour",
        "personas.yaml: two.segments[0]",
        "personas.yaml: three.segments[0]",
        "brands.yaml: halde.palette",
        "markets.yaml",
    }
    assert found["markets.yaml"] == "not UTF-8 at byte 7"


@pytest.mark.parametrize(
    ("name", "message"),
    [("persona.yaml", "personas.yaml"), ("brands.yml", "brands.yaml"), ("vocabulary.yaml", "the vocabulary is closed")],
)
def test_a_file_that_would_be_ignored_is_a_fault(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / name).write_text("", encoding="utf-8")
    found = faults_of(tmp_path)
    assert list(found) == [name]
    assert message in found[name]


def test_what_is_odd_is_a_warning(tmp_path: Path) -> None:
    folder = overlay(
        tmp_path / "own",
        segments=f"lonely: {GOOD_SEGMENT}\ndreamers: {GOOD_SEGMENT.replace('behavioural', 'psychographic')}",
        personas="thin: {name: Thin, portrait: Thin., segments: [students, night-owls, dreamers]}",
        brands='faint: {name: Faint, palette: {primary: "#112233", accent: "#445566", ink: "#aaaaaa"}, voice: [plain]}',
    )
    assert [str(warning).replace(f"{folder}/", "") for warning in load_library(folder).warnings] == [
        "segments.yaml: lonely: nothing uses this entry",
        "personas.yaml: thin.segments: none of them sets `worry`, which is left to chance",
        "personas.yaml: thin.segments: none of them sets `wish`, which is left to chance",
        "brands.yaml: faint.palette.ink: contrast 2.3 : 1 on paper; text needs 4.5 : 1",
    ]


# The vocabulary


def test_the_vocabulary_is_whole() -> None:
    vocabulary = load_vocabulary()
    assert set(PERSONA_TRAITS) <= set(vocabulary.traits)
    used = {country.traits["skyline"] for country in LIBRARY.countries.values()}
    assert used == set(vocabulary.traits["skyline"])


def test_a_trait_without_a_drawing_is_a_fault() -> None:
    words = load_vocabulary().model_dump()
    words["traits"]["prop"].append("zeppelin")
    words["poses"].append(words["poses"][0])
    with pytest.raises(InvalidInput) as caught:
        checked_vocabulary(words)
    assert [str(fault) for fault in caught.value.faults] == [
        "vocabulary.yaml: poses: `stands` is listed twice",
        "vocabulary.yaml: traits.prop: `zeppelin` is not in props",
    ]


# Locale facts


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
