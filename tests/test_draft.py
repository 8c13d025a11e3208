"""The draft writer: its phrase banks, its seconds, what its words and pictures depend on, and what it refuses."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from forge_resources.engines.registry import engine
from forge_resources.errors import Blocked
from forge_resources.imaging.visual_reading import read_visual
from forge_resources.library.loader import compose_audience, load_library
from forge_resources.schemas.audience import ResolvedMarket
from forge_resources.schemas.brand import Brand, Palette, Product
from forge_resources.schemas.brief import CellBrief, Engines, Lines, MarketBrief, Origin, OriginRow
from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.script import BEATS, Camera, Concept, Culture, Script, ScriptRow
from forge_resources.writing.copy_lines import has_phrases, missing_copy
from forge_resources.writing.draft import DraftWriter
from forge_resources.writing.phrases import load_bank
from forge_resources.writing.scenes import load_scenes
from forge_resources.writing.structures import beats_by_position, load_structures
from forge_resources.writing.timing import AIR, STEP, divide
from forge_resources.writing.tones import heard, known_tones, unheard

ROWS = {6: {2}, 10: {3}, 15: {5, 6}, 20: {6}, 30: {8}, 45: {11}, 60: {14}, 90: {18}}
MARKETS = {
    "ar": "ar-AE", "de": "de-DE", "en": "en-GB", "es": "es-ES", "fr": "fr-FR", "hi": "hi-IN", "it": "it-IT",
    "ja": "ja-JP", "nl": "nl-NL", "pl": "pl-PL", "pt": "pt-BR", "zh": "zh-CN",
}  # fmt: skip
SOURCE = ("Wake up before your alarm does.", "Try it for 30 nights.", ("Wakes you with light", "Runs for 40 hours"))
COPY: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "en": SOURCE,
    "de": (
        "Wach werden, bevor der Wecker klingelt.",
        "30 Nächte ausprobieren.",
        ("Weckt mit Licht", "Läuft 40 Stunden"),
    ),
    "ja": ("目覚ましより先に、目が覚める。", "30夜、お試しください。", ("光で起こす", "40時間つづく")),
    "zh": ("比闹钟先醒来。", "试用30晚。", ("用光唤醒", "续航40小时")),
}


def lines_in(language: str) -> Lines:
    message, call, points = COPY.get(language, ("Nur ein Satz.", "Mehr dazu hier.", ("Ein Grund", "Noch ein Grund")))
    return Lines(language=language, message=message, call_to_action=call, selling_points=list(points))


def a_cell(market: str = "en-GB", persona: str = "busy-parent", **changes: Any) -> CellBrief:
    library = load_library()
    who = library.resolve_persona(persona)
    where: ResolvedMarket = changes.pop("resolved", None) or library.resolve_market(market)
    filed: dict[str, Any] = {
        "brief": "aurora-launch",
        "source_language": "en",
        "brand": Brand(
            slug="lumen", name="Lumen", palette=Palette(primary="#f2a33a", accent="#22304a"), voice=["clear"]
        ),
        "product": Product(name="Aurora Lamp", description="A bedside lamp.", selling_points=list(SOURCE[2])),
        "source_lines": lines_in("en"),
        "lines": lines_in(where.language.code),
        "tone": ["warm", "calm"],
        "duration_s": 15,
        "aspect_ratio": "16:9",
        "market": where,
        "claims": [],
        "must_say": [],
        "must_not_say": [],
        "origin": None,
        "approval": "auto",
        "engines": Engines(text="draft", image="sketch", voice="espeak", motion="still"),
        "engine_versions": {"text": "1", "image": "1", "voice": "1", "motion": "1"},
        "profile_versions": {},
        "seed": 7,
        "delivery": ["web"],
    }
    return CellBrief(
        cell=CellKey(brief="aurora-launch", market=where.market.code, persona=persona),
        market_brief=MarketBrief(**(filed | changes)),
        persona=who,
        audience=compose_audience(where, who),
    )


def concept_of(cell: CellBrief, folder: Path) -> Concept:
    writer = DraftWriter()
    writer.make(writer.parameters("concept", cell), {}, folder / "concept.json")
    return Concept.model_validate_json((folder / "concept.json").read_bytes())


def script_of(cell: CellBrief, folder: Path) -> Script:
    writer = DraftWriter()
    writer.make(writer.parameters("script", cell, concept_of(cell, folder)), {}, folder / "script.json")
    return Script.model_validate_json((folder / "script.json").read_bytes())


def spoken(script: Script) -> str:
    return " / ".join(row.voice_over or "-" for row in script.rows)


def picture(row: ScriptRow) -> tuple[object, ...]:
    return (row.visual, row.camera, row.setting, row.time_of_day, row.persons, row.props)


# Seconds


@pytest.mark.parametrize("language", sorted(MARKETS))
def test_rows_add_up_and_hold_what_is_said(language: str, tmp_path: Path) -> None:
    for duration, seed in [(duration, seed) for duration in ROWS for seed in (0, 1)]:
        cell = a_cell(MARKETS[language], duration_s=duration, seed=seed)
        script = script_of(cell, tmp_path)
        assert script.duration_s == duration
        assert len(script.rows) in ROWS[duration]
        beats = [BEATS.index(row.beat) for row in script.rows]
        assert beats == sorted(beats)
        assert script.rows[-1].beat == "call"
        assert script.rows[-1].duration_s >= (Fraction(5, 2) if duration >= 15 else 2)
        rate = Fraction(str(cell.market_brief.market.language.speech_rate_cps))
        for row in script.rows:
            assert row.duration_s >= 1
            assert (row.duration_s / STEP).denominator == 1
            assert len(row.voice_over or "") / rate + (AIR if row.voice_over else 0) <= row.duration_s, row
        everything = " ".join(f"{row.voice_over} {row.super}" for row in script.rows)
        lines = cell.market_brief.lines
        assert lines.message
        assert lines.message in everything
        assert lines.call_to_action
        assert lines.call_to_action in everything


def test_every_second_is_shared_out_exactly() -> None:
    shares = divide(Fraction(10), [Fraction(1), Fraction(2), Fraction(5, 2)], [Fraction(1), Fraction(1), Fraction(1)])
    assert sum(shares) == 10
    assert shares == [Fraction(5, 2), Fraction(7, 2), Fraction(4)]
    with pytest.raises(ValueError, match="cannot hold"):
        divide(Fraction(2), [Fraction(3)], [Fraction(1)])


def test_a_line_too_long_to_say_is_shown_whole(tmp_path: Path) -> None:
    message = ("One line that nobody on earth could ever say in the few seconds that this spot has for it, whole " * 2)[
        :119
    ]
    call = ("Another line that is far too long for a call to action in a spot as short as this one is, try it " * 2)[
        :117
    ]
    lines = Lines(language="en", message=message.strip(), call_to_action=call.strip(), selling_points=["Light"])
    for seed in range(4):
        rows = script_of(a_cell(duration_s=6, lines=lines, seed=seed), tmp_path).rows
        supers = [row.super for row in rows]
        assert lines.message in supers
        assert lines.call_to_action in supers
        assert {row.voice_over for row in rows} & {message.strip(), call.strip()} == set()


def test_the_message_is_said_before_anything_else(tmp_path: Path) -> None:
    # 75 characters take 5.3 s: the call then has no time left, and is shown.
    lines = Lines(
        language="en",
        message="This is the one thing that has to be said, and it takes all of the time.",
        call_to_action="And this would be said after it if only there were time.",
        selling_points=["Light"],
    )
    rows = script_of(a_cell(duration_s=10, lines=lines, seed=1), tmp_path).rows
    assert lines.message in [row.voice_over for row in rows]
    assert lines.call_to_action not in [row.voice_over for row in rows]
    assert rows[-1].super == lines.call_to_action


def test_a_point_lasts_long_enough_to_be_read(tmp_path: Path) -> None:
    cell = a_cell("ja-JP", duration_s=30)
    for row in script_of(cell, tmp_path).rows:
        assert len(row.super or "") <= float(row.duration_s) * cell.market_brief.market.language.reading_speed_cps


# What words and pictures depend on


def test_cells_share_the_pictures_that_their_scope_says(tmp_path: Path) -> None:
    for duration in ROWS:
        by_cell = {
            (market, persona): script_of(a_cell(market, persona, duration_s=duration), tmp_path).rows
            for market in ("en-GB", "de-DE", "ja-JP")
            for persona in ("busy-parent", "night-owl-student")
        }
        first = by_cell["en-GB", "busy-parent"]
        for (market, persona), rows in by_cell.items():
            assert [(row.beat, row.scope, row.camera) for row in rows] == [(r.beat, r.scope, r.camera) for r in first]
            for index, row in enumerate(rows):
                same = {
                    "brief": first,
                    "persona": by_cell["en-GB", persona],
                    "market": by_cell[market, "busy-parent"],
                }
                assert picture(row) == picture(same[row.scope][index])
        others = by_cell["de-DE", "night-owl-student"]
        for index, row in enumerate(first):
            assert (picture(row) == picture(others[index])) == (row.scope == "brief")


def test_scopes_are_spread_as_a_producer_would_pay_for_them() -> None:
    for duration, structures in load_structures().structures.items():
        for structure in structures:
            scenes = [row.scene for row in structure.rows]
            assert abs(scenes.count("establishing") - duration / 15) <= 1.25, structure.name
            assert scenes.count("hero") >= 1 or duration == 6


def test_no_two_shots_of_a_spot_look_alike(tmp_path: Path) -> None:
    for duration in ROWS:
        for seed in range(6):
            for tone in (["warm", "calm"], ["bold"]):
                rows = script_of(a_cell("de-DE", duration_s=duration, seed=seed, tone=tone), tmp_path).rows
                cameras = [row.camera for row in rows if row.camera]
                assert all(one.size != two.size for one, two in pairwise(cameras))
                assert all(one.move != two.move for one, two in pairwise(cameras))
                products = [(row.camera.size, row.camera.angle) for row in rows if row.camera and row.scope == "brief"]
                assert len(set(products)) == len(products)
                looks = [(row.visual, row.camera.size) for row in rows if row.camera]
                assert len(set(looks)) == len(looks)


def test_tone_persona_seed_and_market_change_the_words(tmp_path: Path) -> None:
    base = spoken(script_of(a_cell(), tmp_path))
    others = {
        spoken(script_of(a_cell(tone=["bold"]), tmp_path)),
        spoken(script_of(a_cell(tone=["playful"]), tmp_path)),
        spoken(script_of(a_cell(tone=["elegant"]), tmp_path)),
        spoken(script_of(a_cell(persona="night-owl-student"), tmp_path)),
        spoken(script_of(a_cell("de-DE"), tmp_path)),
    }
    assert len(others | {base}) == 6
    assert len({spoken(script_of(a_cell(seed=seed), tmp_path)) for seed in range(10)}) >= 4


def test_tone_and_persona_change_the_pictures(tmp_path: Path) -> None:
    base = [picture(row) for row in script_of(a_cell(), tmp_path).rows]
    bold = [picture(row) for row in script_of(a_cell(tone=["bold"]), tmp_path).rows]
    assert not {row[0] for row in base} & {row[0] for row in bold}
    student = script_of(a_cell(persona="night-owl-student"), tmp_path)
    assert ["student"] in [row.persons for row in student.rows]


def test_the_address_of_the_market_is_used(tmp_path: Path) -> None:
    library = load_library()
    informal = library.resolve_market("de-DE")
    formal = informal.model_copy(update={"traits": informal.traits | {"address": "formal"}})
    tone: dict[str, Any] = {"persona": "night-owl-student", "duration_s": 30}
    assert "Nur du nicht." in " ".join(
        spoken(script_of(a_cell(resolved=informal, seed=s, **tone), tmp_path)) for s in range(9)
    )
    said = " ".join(spoken(script_of(a_cell(resolved=formal, seed=seed, **tone), tmp_path)) for seed in range(9))
    assert "Nur Sie nicht." in said
    assert not re.search(r"\b(du|dir|dich|dein)\b", said)


def test_a_forbidden_word_is_not_chosen(tmp_path: Path) -> None:
    said = {seed: spoken(script_of(a_cell(seed=seed), tmp_path)).casefold() for seed in range(8)}
    assert any("day" in words for words in said.values())
    for seed in said:
        rows = script_of(a_cell(seed=seed, must_not_say=["Day", "hour"]), tmp_path).rows
        assert not re.search(r"\b(day|hour)", " ".join(row.voice_over or "" for row in rows).casefold())


def test_a_fuller_line_comes_after_the_brief_one_it_goes_on_from(tmp_path: Path) -> None:
    brief, fuller = (phrase.say for phrase in load_bank("en").tension["no-time"]["playful"])
    told = [spoken(script_of(a_cell(duration_s=45, tone=["playful"], seed=seed), tmp_path)) for seed in range(8)]
    both = [words for words in told if brief in words and fuller in words]
    assert both
    assert all(words.index(brief) < words.index(fuller) for words in both)


def test_rows_have_an_english_gloss_where_the_market_speaks_another_language(tmp_path: Path) -> None:
    german = script_of(a_cell("de-DE", duration_s=30), tmp_path).rows
    for row in german:
        assert (row.voice_over_gloss is None) == (row.voice_over is None)
        assert row.super is None or row.super_gloss or row.super == "Aurora Lamp"
    assert german[-1].super_gloss == SOURCE[1]
    assert all(row.voice_over_gloss is None for row in script_of(a_cell(), tmp_path).rows)


def test_sentences_say_what_the_fields_say(tmp_path: Path) -> None:
    for persona in load_library().personas:
        for row in script_of(a_cell("de-DE", persona, duration_s=60, tone=["honest"]), tmp_path).rows:
            said = read_visual(row.visual, ("Aurora Lamp",))
            assert said.setting == row.setting or row.setting == "studio", row.visual
            assert said.time_of_day in (row.time_of_day, None), row.visual
            assert said.light, row.visual
            assert [person.role for person in said.people or ()] == row.persons, row.visual
            assert set(said.props) <= {*(row.props or ())}, row.visual


def test_there_are_enough_pictures_of_the_product() -> None:
    scenes = load_scenes()
    for structures in load_structures().structures.values():
        for structure in structures:
            assert sum(row.scene == "hero" for row in structure.rows) < len(scenes.heroes)
            assert sum(row.scene == "establishing" for row in structure.rows) <= len(scenes.establishing)


# Papers and recipes


def test_a_concept_is_one_for_the_brief_and_a_culture_one_for_the_market() -> None:
    writer = DraftWriter()
    british, german = a_cell(), a_cell("de-DE", "night-owl-student")
    assert writer.parameters("concept", british) == writer.parameters("concept", german)
    assert writer.parameters("culture", german) == writer.parameters("culture", a_cell("de-DE"))
    assert writer.parameters("culture", german) != writer.parameters("culture", british)
    assert writer.parameters("concept", british) != writer.parameters("concept", a_cell(seed=8))


def test_papers_keep_their_contracts(tmp_path: Path) -> None:
    writer = DraftWriter()
    cell = a_cell("de-DE", must_say=["Gilt bis Ende Mai."], must_not_say=["Wunder"])
    concept = concept_of(cell, tmp_path)
    assert concept.core_message == SOURCE[0]
    assert concept.structure == [row.beat for row in script_of(cell, tmp_path).rows]
    writer.make(writer.parameters("culture", cell), {}, tmp_path / "culture.json")
    culture = Culture.model_validate_json((tmp_path / "culture.json").read_bytes())
    assert any("Gilt bis Ende Mai." in line for line in culture.regulations)
    assert any("Wunder" in line for line in culture.pitfalls)
    assert any("skyline-de" in swap.use for swap in culture.substitutions)


def test_equal_recipes_give_equal_bytes_and_survive_json(tmp_path: Path) -> None:
    writer = engine("text", "draft")
    assert isinstance(writer, DraftWriter)
    parameters = writer.parameters("script", a_cell("ja-JP"), concept_of(a_cell("ja-JP"), tmp_path))
    facts = writer.make(parameters, {}, tmp_path / "one.json")
    again = DraftWriter.Parameters.model_validate_json(json.dumps(parameters.model_dump(mode="json")))
    assert writer.make(again, {}, tmp_path / "two.json") == facts
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    assert facts["rows"] in ROWS[15]


def test_a_script_recipe_holds_nothing_that_does_not_matter(tmp_path: Path) -> None:
    writer, concept = DraftWriter(), concept_of(a_cell(), tmp_path)
    base = writer.parameters("script", a_cell(), concept)
    same: list[dict[str, Any]] = [
        {"aspect_ratio": "9:16"},
        {"must_say": ["Terms apply."]},
        {"approval": "required"},
        {"delivery": ["web", "uk"]},
    ]
    assert all(writer.parameters("script", a_cell(**change), concept) == base for change in same)
    different: list[dict[str, Any]] = [
        {"tone": ["bold"]},
        {"seed": 8},
        {"must_not_say": ["day"]},
        {"lines": lines_in("en").model_copy(update={"message": "Hi."})},
    ]
    assert all(writer.parameters("script", a_cell(**change), concept) != base for change in different)


def test_the_content_of_the_data_files_is_in_the_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer, concept = DraftWriter(), concept_of(a_cell(), tmp_path)
    before = writer.parameters("script", a_cell(), concept)
    bank = load_bank("en")
    changed = bank.model_copy(update={"stop": "!"})
    monkeypatch.setattr("forge_resources.writing.draft_parameters.load_bank", lambda language: changed)
    assert writer.parameters("script", a_cell(), concept) != before


# What it refuses


def test_missing_copy_is_named_and_blocks(tmp_path: Path) -> None:
    cell = a_cell("de-DE", lines=Lines(language="de", message=None, call_to_action="Los.", selling_points=None))
    assert missing_copy(cell.market_brief) == ["copy.de.message", "copy.de.selling_points"]
    with pytest.raises(Blocked, match=r"copy\.de\.message, copy\.de\.selling_points"):
        script_of(cell, tmp_path)
    assert missing_copy(a_cell("de-DE").market_brief) == []


def without_a_bank(**changes: Any) -> CellBrief:
    german = load_library().resolve_market("de-DE")
    swedish = german.model_copy(
        update={
            "market": german.market.model_copy(update={"code": "sv-SE", "language": "sv"}),
            "language": german.language.model_copy(update={"code": "sv"}),
        }
    )
    return a_cell(resolved=swedish, **changes)


def test_a_language_without_phrases_blocks_unless_a_script_is_there(tmp_path: Path) -> None:
    assert has_phrases("de")
    assert not has_phrases("sv")
    with pytest.raises(Blocked, match="no phrases in `sv`"):
        script_of(without_a_bank(), tmp_path)
    with pytest.raises(Blocked, match="no phrases in `sv`"):
        script_of(without_a_bank(origin=AN_ORIGIN), tmp_path)
    script = script_of(without_a_bank(origin=AN_ORIGIN, source_language="sv"), tmp_path)
    assert script.rows[0].voice_over == AN_ORIGIN.script[0].voice_over


def test_an_unknown_tone_is_written_plainly_and_said_so(tmp_path: Path) -> None:
    assert {"warm", "calm", "bold", "playful", "elegant", "energetic", "honest", "urgent"} <= known_tones()
    assert unheard(["grumpy", "calm"]) == ["grumpy"]
    assert heard(["grumpy", "calm"]) == ["calm"]
    plain = script_of(a_cell(tone=["honest"]), tmp_path)
    assert script_of(a_cell(tone=["grumpy"]), tmp_path) == plain
    assert script_of(a_cell(tone=["grumpy", "bold"]), tmp_path) == script_of(a_cell(tone=["bold"]), tmp_path)


# Scripts to adapt

AN_ORIGIN = Origin(
    script=[
        OriginRow(shot=1, duration_s=Fraction(3), visual="A dark bedroom.", voice_over="It is five in the morning."),
        OriginRow(
            shot=2, duration_s=Fraction(4), visual="A hand finds the alarm clock.", camera=Camera(size="close-up")
        ),
        OriginRow(shot=3, duration_s=Fraction(5), visual="The lamp glows.", voice_over="Wake up.", super="Light."),
        OriginRow(shot=4, duration_s=Fraction(3), visual="The logo.", voice_over="Try it.", super="Try it."),
    ]
)


def test_an_origin_script_in_the_markets_language_is_taken_as_it_is(tmp_path: Path) -> None:
    script = script_of(a_cell(origin=AN_ORIGIN), tmp_path)
    for row, given in zip(script.rows, AN_ORIGIN.script, strict=True):
        assert (row.shot, row.duration_s, row.visual) == (given.shot, given.duration_s, given.visual)
        assert (row.voice_over, row.super, row.camera) == (given.voice_over, given.super, given.camera)
        assert (row.scope, row.persons, row.props, row.setting) == ("brief", None, None, None)
    assert [row.beat for row in script.rows] == ["hook", "tension", "product", "call"]


def test_an_origin_script_in_another_language_gets_the_markets_words(tmp_path: Path) -> None:
    script = script_of(a_cell("de-DE", origin=AN_ORIGIN), tmp_path)
    assert [row.duration_s for row in script.rows] == [3, 4, 5, 3]
    assert [row.visual for row in script.rows] == [row.visual for row in AN_ORIGIN.script]
    assert [bool(row.voice_over) for row in script.rows] == [True, False, True, True]
    assert [row.super for row in script.rows] == [None, None, COPY["de"][0], COPY["de"][1]]
    assert script.rows[2].voice_over == COPY["de"][0]
    english = {row.voice_over for row in AN_ORIGIN.script}
    assert not {row.voice_over for row in script.rows if row.voice_over} & english


@pytest.mark.parametrize("rows", range(1, 41))
def test_beats_by_position_keep_the_dramatic_order(rows: int) -> None:
    beats = beats_by_position(rows)
    places = [BEATS.index(beat) for beat in beats]
    assert len(beats) == rows
    assert places == sorted(places)
    assert rows == 1 or beats[-1] == "call"
    assert rows < 5 or set(beats) == set(BEATS)
