"""Captions: cues that follow the sound and the guides, and the two formats."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import get_args

import pytest

from forge_resources.editing.caption_formats import Sheet
from forge_resources.editing.captions import SrtCaptions, VttCaptions, caption_parameters
from forge_resources.editing.cues import Cue, CueRules, SpokenText, cues_for
from forge_resources.editing.profiles import load_profiles
from forge_resources.editing.timeline import TimelineEditor
from forge_resources.engines.registry import engine
from forge_resources.errors import Blocked, InvalidInput
from forge_resources.schemas.audience import Language
from forge_resources.schemas.delivery import DeliveryProfile, FrameSize, SafeArea
from tests.test_timeline import edit_list, line

FPS = Fraction(24)
LONG = (
    "Die Aurora Lamp weckt dich mit Licht, ganz sanft, wie ein Sonnenaufgang, und zwar jeden Morgen, an dem du "
    "aufstehst, ob du willst oder nicht."
)
GERMAN = Language.model_validate(
    {
        "code": "de",
        "insights": [{"topic": "wording", "text": "Short."}],
        "speech_rate_cps": 15,
        "reading_speed_cps": 17,
        "line_length": 42,
    }
)


def rules(language: str = "de", length: int = 42, cps: int = 17) -> CueRules:
    return CueRules(language, length, 2, Fraction(cps), Fraction(5, 6), Fraction(7), 2)


def cues(*lines: tuple[str, str, str], total: str = "15", by: CueRules | None = None) -> list[Cue]:
    spoken = [SpokenText(text, Fraction(start), Fraction(end)) for text, start, end in lines]
    return cues_for(spoken, by or rules(), FPS, Fraction(total))


def check_rules(found: list[Cue], by: CueRules, total: Fraction) -> None:
    for cue in found:
        assert Fraction(5, 6) <= cue.end - cue.start <= 7
        assert (cue.start * FPS).denominator == (cue.end * FPS).denominator == 1
        assert len(cue.lines) <= by.max_lines
        assert all(by.width(text) <= by.line_length for text in cue.lines)
    for before, after in pairwise(found):
        assert after.start - before.end >= Fraction(2, 24)
    assert found[0].start >= 0
    assert found[-1].end <= total


def test_a_cue_comes_with_its_words_and_stays_to_be_read() -> None:
    (cue,) = cues(("Wach werden, bevor der Wecker klingelt.", "1", "2"))
    assert cue.start == 1
    assert cue.end >= 1 + Fraction(39, 17)
    assert cue.lines == ("Wach werden, bevor der Wecker klingelt.",)


def test_a_long_line_is_divided_where_the_speaker_breathes_and_in_proportion() -> None:
    found = cues((LONG, "0.15", "9"))
    check_rules(found, rules(), Fraction(15))
    assert len(found) == 2
    assert " ".join(text for cue in found for text in cue.lines) == LONG
    assert found[0].lines[-1].endswith(",")
    share = len(" ".join(found[0].lines)) / len(LONG)
    assert float(found[1].start) == pytest.approx(0.15 + 8.85 * share, abs=0.3)


def test_cues_of_quick_lines_keep_two_frames_apart() -> None:
    found = cues(("Früh.", "0", "0.5"), ("Zu früh.", "0.6", "1.1"), ("Viel zu früh.", "3", "3.4"))
    check_rules(found, rules(), Fraction(15))


def test_a_last_short_line_comes_early_rather_than_run_past_the_end() -> None:
    found = cues(("Jetzt.", "5.7", "6"), total="6")
    check_rules(found, rules(), Fraction(6))
    assert found[0].end == 6


def test_more_cues_than_the_spot_can_hold_are_blocked() -> None:
    with pytest.raises(Blocked, match="too short for its 9 captions"):
        cues(*((f"Wort {i}.", f"{i * 0.3:.1f}", f"{i * 0.3 + 0.2:.1f}") for i in range(9)), total="3")


def test_japanese_lines_are_thirteen_characters_and_begin_rightly() -> None:
    by = rules("ja", 13, 4)
    text = "目覚ましより先に、朝の光がやさしくあなたを起こします。毎朝、気持ちよく。"
    found = cues((text, "0", "9"), by=by)
    check_rules(found, by, Fraction(15))
    assert "".join(text for cue in found for text in cue.lines) == text
    assert all(text[0] not in "、。ょゃっ" for cue in found for text in cue.lines)


def test_a_word_longer_than_a_line_is_refused_with_what_to_do() -> None:
    with pytest.raises(InvalidInput, match="soft hyphen"):
        cues(("Rindfleischetikettierungsüberwachungsaufgaben", "0", "4"), by=rules("en"))


def test_a_word_longer_than_a_line_is_divided_where_the_language_does_that() -> None:
    (cue,) = cues(("Rindfleischetikettierungsüberwachungsaufgaben", "0", "4"))
    assert len(cue.lines) == 2
    assert cue.lines[0].endswith("-")
    assert cue.lines[0][:-1] + cue.lines[1] == "Rindfleischetikettierungsüberwachungsaufgaben"


def test_files_hold_the_cues_of_the_timeline(tmp_path: Path) -> None:
    timeline = tmp_path / "timeline"
    TimelineEditor().make(edit_list(voice=[line(1, "2"), line(5, "1.9")]), {}, timeline)
    parameters = caption_parameters(GERMAN, load_profiles()["web"])
    assert SrtCaptions().make(parameters, {"timeline": timeline}, tmp_path / "c.srt")["cues"] == 2
    VttCaptions().make(parameters, {"timeline": timeline}, tmp_path / "c.vtt")
    srt, vtt = ((tmp_path / name).read_bytes().decode() for name in ("c.srt", "c.vtt"))
    assert srt.startswith("1\n00:00:00,125 --> 00:00:02,167\nSatz 1.\n\n2\n00:00:12,125 --> ")
    assert vtt.startswith("WEBVTT\n\n00:00:00.125 --> 00:00:02.167\nSatz 1.\n\n00:00:12.125 --> ")
    assert srt.endswith("Satz 5.\n")
    assert re.sub(r"^\d+\n", "", srt, flags=re.M).replace(",", ".") == vtt.removeprefix("WEBVTT\n\n")


def test_markup_in_a_line_is_text_in_webvtt() -> None:
    cue = Cue(("Licht & <Wärme>",), Fraction(0), Fraction(3661))
    area = SafeArea(top=0.05, bottom=0.05, left=0.05, right=0.05)
    sheet = Sheet([cue], "de", "a cell", FrameSize(width=1280, height=720), area, by_word=False)
    assert "Licht &amp; &lt;Wärme&gt;" in VttCaptions.document(sheet)
    assert "00:00:00,000 --> 01:01:01,000\nLicht & <Wärme>" in SrtCaptions.document(sheet)


def test_a_silent_spot_has_empty_captions(tmp_path: Path) -> None:
    TimelineEditor().make(edit_list(), {}, tmp_path / "timeline")
    parameters = caption_parameters(GERMAN, load_profiles()["web"])
    assert VttCaptions().make(parameters, {"timeline": tmp_path / "timeline"}, tmp_path / "c.vtt") == {
        "cues": 0,
        "fastest_cps": 0.0,
    }
    assert (tmp_path / "c.vtt").read_text() == "WEBVTT\n"


def test_every_format_a_profile_may_ask_for_has_its_engine() -> None:
    (formats,) = (get_args(arg) for arg in get_args(DeliveryProfile.model_fields["captions"].annotation))
    assert {engine("edit", f"captions-{name}").suffix for name in formats} == {f".{name}" for name in formats}
