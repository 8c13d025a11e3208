"""Type in fourteen scripts: compared with stored pictures by tolerance, and broken into lines as each language does.

`python -m tests.test_scripts` draws the stored pictures again; look at them before keeping them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

from forge_resources.editing.fonts import font_book, shaping_available
from forge_resources.editing.line_breaking import balanced_lines, pieces_of, words_of
from forge_resources.editing.type_styles import type_styles
from forge_resources.editing.typography import set_block
from forge_resources.editing.word_division import hyphenated
from forge_resources.errors import Unavailable
from forge_resources.schemas.media_formats import FrameSize

GOLDENS = Path(__file__).parent / "goldens" / "scripts"
FRAME = FrameSize(width=640, height=360)
WIDTH = 300
TEXTS = {
    "latin": ("de", "Wach auf, bevor dein Wecker klingelt: 40 Stunden Licht für Frühaufsteher."),
    "greek": ("el", "Ξύπνα πριν χτυπήσει το ξυπνητήρι σου, με 40 ώρες φως."),
    "cyrillic": ("uk", "Прокинься раніше за будильник: 40 годин світла й тиші."),
    "arabic": ("ar", "استيقظ قبل أن يرن منبهك مع 40 ساعة من الضوء."),
    "hebrew": ("he", "להתעורר לפני השעון המעורר, עם 40 שעות של אור."),
    "devanagari": ("hi", "अलार्म बजने से पहले जागिए, 40 घंटे की रोशनी के साथ।"),
    "bengali": ("bn", "অ্যালার্ম বাজার আগে জেগে উঠুন, ৪০ ঘণ্টার আলো।"),
    "tamil": ("ta", "அலாரத்துக்கு முன் எழுங்கள், 40 மணிநேர ஒளி."),
    "thai": ("th", "ตื่นก่อนนาฬิกาปลุกของคุณด้วยแสงสว่างยาวนาน 40 ชั่วโมง"),
    "japanese": ("ja", "目覚ましが鳴る前に起きよう。朝の光が、40時間あなたのそばに。"),
    "chinese": ("zh", "在闹钟响起之前醒来,用四十小时的光唤醒每一个早晨。"),
    "korean": ("ko", "알람이 울리기 전에 일어나세요. 40시간 동안 빛나는 아침."),
    "georgian": ("ka", "გაიღვიძე მაღვიძარამდე: 40 საათი სინათლე ყოველ დილას."),
    "armenian": ("hy", "Արթնացիր զարթուցիչից առաջ՝ 40 ժամ լույսով։"),
}
Mask = np.ndarray[Any, np.dtype[np.float32]]


def drawn(script: str) -> Image.Image:
    """The text as a super sets it, as a mask of white letters on black."""
    language, text = TEXTS[script]
    block = set_block([text], type_styles().super, "16:9", FRAME, language, "The super", WIDTH)
    mask = block.mask(FRAME, 10, FRAME.height - 60)
    return mask.crop((0, FRAME.height // 2, WIDTH + 30, FRAME.height))


def close(one: Image.Image, other: Image.Image) -> float:
    """How alike two masks are, 0 to 1: the correlation of both after a slight blur, so that hinting does not count."""
    a, b = (np.asarray(each.filter(ImageFilter.GaussianBlur(1.2)), np.float32) for each in (one, other))
    if a.shape != b.shape or not a.std() or not b.std():
        return 0.0
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def unless_missing(script: str) -> Image.Image:
    if not shaping_available() and script in {"arabic", "hebrew", "devanagari", "bengali", "tamil", "thai"}:
        pytest.skip("needs libfribidi0")
    try:
        return drawn(script)
    except Unavailable as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize("script", TEXTS)
def test_a_script_looks_as_it_did(script: str) -> None:
    picture = unless_missing(script)
    language, text = TEXTS[script]
    faces = set(font_book().font_fingerprint([text], language, ("semibold",))) - {"typesetter"}
    stored = Image.open(GOLDENS / f"{script}.png")
    if not faces <= set(str(stored.info["faces"]).split(",")):
        pytest.skip(f"drawn with {faces}, stored with {stored.info['faces']}")
    assert close(picture, stored) > 0.97


def test_stored_pictures_tell_scripts_apart() -> None:
    pictures = {script: Image.open(GOLDENS / f"{script}.png") for script in TEXTS}
    for one in TEXTS:
        assert all(close(pictures[one], pictures[other]) < 0.8 for other in TEXTS if other != one)


def test_letters_that_are_not_shaped_are_told_apart() -> None:
    picture = unless_missing("arabic")
    # The same letters from left to right, as a program without shaping sets them.
    assert close(picture, picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)) < 0.8


def fitted(text: str, language: str, width: float) -> list[str]:
    pieces = pieces_of(text, language)
    found = (balanced_lines(pieces, len, width, count) for count in range(1, len(pieces) + 1))
    return next(lines for lines in found if lines)


@pytest.mark.parametrize(
    ("language", "text", "width", "expected"),
    [
        ("ja", "目覚ましが鳴る前に起きよう。", 8, ["目覚ましが鳴る", "前に起きよう。"]),
        ("ja", "アラームが鳴る前に目覚める朝を。", 13, ["アラームが鳴る", "前に目覚める朝を。"]),
        ("ja", "光でやさしく起こす", 8, ["光でやさしく", "起こす"]),
        ("th", "ตื่นก่อนนาฬิกาปลุกของคุณ", 18, ["ตื่นก่อนนาฬิกาปลุก", "ของคุณ"]),
        ("zh", "在闹钟响起之前醒来，用光唤醒你的早晨。", 11, ["在闹钟响起之前醒来，", "用光唤醒你的早晨。"]),
        ("en", "It costs $4.50 (or less), honestly.", 20, ["It costs $4.50 (or", "less), honestly."]),
        ("en", "best/worst-case", 11, ["best/", "worst-case"]),
    ],
)
def test_lines_break_where_a_reader_expects_it(language: str, text: str, width: int, expected: list[str]) -> None:
    assert fitted(text, language, width) == expected


def test_thai_and_japanese_words_are_phrases() -> None:
    assert words_of("ตื่นก่อนนาฬิกาปลุกของคุณ", "th") == ["ตื่น", "ก่อนนาฬิกาปลุก", "ของ", "คุณ"]
    assert words_of("朝の光で目を覚ます。", "ja") == ["朝の", "光で", "目を", "覚ます。"]
    assert words_of("Wake up now.", "en") == ["Wake ", "up ", "now."]


def test_the_script_decides_where_a_text_was_filed_under_another_language() -> None:
    assert [piece.text for piece in pieces_of("ตื่นก่อนนาฬิกาปลุก", "en")] == ["ตื่น", "ก่อนนาฬิกาปลุก"]


def test_a_phrase_is_divided_only_where_that_is_asked_for() -> None:
    text = "アラームが鳴る前に目覚める朝を。"
    assert [piece.text for piece in pieces_of(text, "ja")] == words_of(text, "ja")
    divided = [piece.text for piece in pieces_of(text, "ja", divide=True)]
    # No line begins with the mark of a long vowel, and none ends after it as if a clause did.
    assert divided[:4] == ["ア", "ラー", "ム", "が"]
    assert pieces_of(text, "ja", divide=True)[1].cost > 0


def test_long_words_are_hyphenated_where_the_language_does_that() -> None:
    divided = hyphenated("Nachttischlampe an", "de")
    assert divided.replace("\u00ad", "") == "Nachttischlampe an"
    assert divided.startswith("Nacht\u00adtisch")
    assert hyphenated("Nachttischlampe", "en") == "Nachttischlampe"
    assert hyphenated("LUMENWERKE und kurz", "de") == "LUMENWERKE und kurz"
    assert hyphenated("Nacht\u00adtischlampe", "de") == "Nacht\u00adtischlampe"


def test_a_word_is_divided_rather_than_refused() -> None:
    language, text = "de", "Rindfleischetikettierungsüberwachungsaufgabenübertragung"
    block = set_block([text], type_styles().super, "16:9", FRAME, language, "The super", 280)
    assert len(block.texts) > 1
    assert all(line.endswith("-") for line in block.texts[:-1])
    assert "".join(line.removesuffix("-") for line in block.texts) == text


if __name__ == "__main__":
    from PIL.PngImagePlugin import PngInfo

    GOLDENS.mkdir(parents=True, exist_ok=True)
    for name, (code, sample) in TEXTS.items():
        info = PngInfo()
        fingerprint = font_book().font_fingerprint([sample], code, ("semibold",))
        info.add_text("faces", ",".join(sorted(set(fingerprint) - {"typesetter"})))
        drawn(name).save(GOLDENS / f"{name}.png", pnginfo=info, optimize=True)
