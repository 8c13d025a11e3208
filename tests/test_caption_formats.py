"""Every caption format says what was meant: read back by parsers that are not ours, by row and by word."""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ET
from fractions import Fraction
from itertools import pairwise

import pysubs2
import pytest
from ttconv.imsc import reader as imsc_reader
from ttconv.isd import ISD

from forge_resources.editing.caption_formats import (
    Sheet,
    ass_document,
    srt_document,
    ttml_document,
    vtt_document,
)
from forge_resources.editing.cues import CueRules, SpokenText, cues_for
from forge_resources.schemas.media_formats import FrameSize, SafeArea

SPOKEN = {
    "de": ("Wach auf, bevor der Wecker klingelt & alle schlafen.", "Die Lampe leuchtet 40 Stunden lang."),
    "ar": ("استيقظ قبل أن يرن المنبه.", "ضوء يدوم 40 ساعة."),
    "ja": ("目覚ましが鳴る前に起きよう。", "光で起きる朝。"),
    "th": ("ตื่นก่อนนาฬิกาปลุกของคุณ", "แสงที่ปลุกคุณ"),
}
DOCUMENTS = {"srt": srt_document, "vtt": vtt_document, "ass": ass_document, "ttml": ttml_document}


def sheet(language: str, *, by_word: bool = False) -> Sheet:
    rules = CueRules(language, 42 if language != "ja" else 13, 2, Fraction(17), Fraction(5, 6), Fraction(7), 2)
    one, other = SPOKEN[language]
    spoken = [SpokenText(one, Fraction(1), Fraction(4)), SpokenText(other, Fraction(5), Fraction(7))]
    cues = cues_for(spoken, rules, Fraction(24), Fraction(10))
    area = SafeArea(top=0.05, bottom=0.05, left=0.05, right=0.05)
    return Sheet(cues, language, "aurora", FrameSize(width=1280, height=720), area, by_word)


def _letters(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("language", SPOKEN)
@pytest.mark.parametrize("by_word", [False, True], ids=["row", "word"])
@pytest.mark.parametrize("name", ["srt", "vtt", "ass"])
def test_another_reader_finds_the_same_cues(name: str, by_word: bool, language: str) -> None:
    wanted = sheet(language, by_word=by_word)
    # The reader takes a line with two inline time stamps for the time of a cue.
    written = re.sub(r"<[\d:.]+>", "", DOCUMENTS[name](wanted))
    found = pysubs2.SSAFile.from_string(written, format_=name)
    assert len(found) == len(wanted.cues)
    slack = 5 if name == "ass" else 1
    for event, cue in zip(found, wanted.cues, strict=True):
        assert event.start == pytest.approx(float(cue.start) * 1000, abs=slack)
        assert event.end == pytest.approx(float(cue.end) * 1000, abs=slack)
        text = html.unescape(event.plaintext)
        assert _letters(text) == _letters("".join(cue.lines))


@pytest.mark.parametrize("language", SPOKEN)
@pytest.mark.parametrize("by_word", [False, True], ids=["row", "word"])
def test_an_imsc_reader_shows_the_same_words_at_the_same_times(language: str, by_word: bool) -> None:
    wanted = sheet(language, by_word=by_word)
    document = imsc_reader.to_model(ET.ElementTree(ET.fromstring(ttml_document(wanted))))
    assert document is not None
    assert document.get_lang() == language
    for cue in wanted.cues:
        text = _shown(ISD.from_model(document, cue.end - Fraction(1, 100)))
        assert _letters(text) == _letters("".join(cue.lines))
        assert _shown(ISD.from_model(document, cue.end + Fraction(1, 100))) == ""
    if by_word:
        cue = wanted.cues[0]
        first = cue.words[0]
        early = _shown(ISD.from_model(document, first.start + Fraction(1, 100)))
        assert _letters(early) == _letters(first.text)


def _shown(screen: ISD | None) -> str:
    """All text on screen."""
    if screen is None:
        return ""
    texts = []
    for region in screen.iter_regions():
        texts += [element.get_text() for element in region.dfs_iterator() if hasattr(element, "get_text")]
    return "".join(texts)


def test_words_follow_each_other_and_fill_what_is_heard() -> None:
    for language in SPOKEN:
        for cue in sheet(language).cues:
            assert "".join(word.text for word in cue.words) == "".join(cue.lines)
            assert cue.words[0].start == cue.start
            assert cue.words[-1].end <= cue.end
            assert all(before.end == after.start for before, after in pairwise(cue.words))


def test_inline_time_stamps_come_with_their_words() -> None:
    wanted = sheet("de", by_word=True)
    stamps = re.findall(r"<(\d\d):(\d\d):(\d\d\.\d{3})>", vtt_document(wanted))
    found = [int(hours) * 3600 + int(minutes) * 60 + float(seconds) for hours, minutes, seconds in stamps]
    assert found == pytest.approx([float(word.start) for cue in wanted.cues for word in cue.words[1:]], abs=0.001)


def test_karaoke_lengths_add_up() -> None:
    wanted = sheet("de", by_word=True)
    for event, cue in zip(pysubs2.SSAFile.from_string(ass_document(wanted)), wanted.cues, strict=True):
        lengths = [int(part.split("}")[0]) for part in event.text.split(r"{\k")[1:]]
        assert len(lengths) == len(cue.words)
        assert sum(lengths) == pytest.approx(float(cue.words[-1].end - cue.start) * 100, abs=1)


def test_arabic_runs_from_right_to_left_in_ttml() -> None:
    assert 'tts:direction="rtl"' in ttml_document(sheet("ar"))
    assert "direction" not in ttml_document(sheet("de"))


def test_the_header_names_what_it_conforms_to() -> None:
    written = ttml_document(sheet("de"))
    assert "urn:ebu:tt:distribution:2018-04" in written
    assert "http://www.w3.org/ns/ttml/profile/imsc1/text" in written
    assert 'ttp:timeBase="media"' in written
