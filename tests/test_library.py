"""The reference library: what Forge brings is complete and true to its sources, and faults are told in words."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from pathlib import Path

import espeakng_loader
import pytest

from forge_resources.briefs.strict_yaml import parse_yaml
from forge_resources.errors import InvalidInput, NotFound
from forge_resources.library.catalogue import compose_audience
from forge_resources.library.checking import PERSONA_TRAITS, SEGMENT_KINDS, contrast
from forge_resources.library.loader import load_library
from forge_resources.library.vocabulary import checked_vocabulary, load_vocabulary

LIBRARY = load_library()
REQUIRED_MARKETS = (
    "en-GB en-US de-DE fr-FR es-ES es-MX it-IT pt-BR nl-NL pl-PL ja-JP zh-CN ar-AE hi-IN".split()  # noqa: SIM905
)
DEMO_BRIEF = Path(__file__).parent.parent / "examples" / "briefs" / "aurora-launch.yaml"


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
