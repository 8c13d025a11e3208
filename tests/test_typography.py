"""Fonts, line breaking, order of letters, and type plates in every aspect ratio."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image, ImageFont, features

from forge_resources.editing import fonts
from forge_resources.editing.bidi import levels_of, visual_order
from forge_resources.editing.contrast import LEGIBLE, WHITE, brand_pair, contrast, mix, veil_for
from forge_resources.editing.end_card import card_colours
from forge_resources.editing.fonts import FontBook
from forge_resources.editing.line_breaking import balanced_lines, pieces_of
from forge_resources.editing.profiles import load_profiles
from forge_resources.editing.shaping import set_line
from forge_resources.editing.type_plates import draw_type, place_legal, place_super
from forge_resources.errors import Conflict, InvalidInput, Unavailable
from forge_resources.schemas.brand import Palette
from forge_resources.schemas.delivery import FrameSize
from forge_resources.schemas.edit import TimelineNote, TypeNote
from forge_resources.schemas.types import AspectRatio

RATIOS: tuple[AspectRatio, ...] = get_args(AspectRatio)
BARE = FontBook((), ())
NAVY = Palette(primary="#12355b", accent="#f5a623")

needs_shaping = pytest.mark.skipif(
    not (features.check("raqm") and features.check("fribidi")), reason="needs libfribidi0"
)


def note_of(ratio: AspectRatio, language: str = "de", palette: Palette = NAVY, **other: object) -> TimelineNote:
    web = load_profiles()["web"]
    fields = {"size": web.sizes[ratio], "fonts": {}, **other}
    return TimelineNote.model_validate(
        {
            "cell": "cell",
            "language": language,
            "fps": 24,
            "frames": 360,
            "aspect_ratio": ratio,
            "safe_area": web.safe_areas[ratio],
            "palette": palette,
            "tier": "draft",
            **fields,
        }
    )


def lines(text: str, language: str, width: float, count: int) -> list[str] | None:
    return balanced_lines(pieces_of(text, language), len, width, count)


# Fonts


def test_latin_is_set_in_the_packaged_family_alone() -> None:
    runs = BARE.faces_for("Größe: Żółć, Ελλάδα, Привет – «déjà» 30 €", "semibold")
    assert [run.face.name for run in runs] == ["SourceSansPro-Semibold.ttf"]


def test_a_missing_glyph_names_characters_script_and_remedy() -> None:
    with pytest.raises(Unavailable) as caught:
        BARE.faces_for("Aurora 朝の光", "bold", "ja")
    message = str(caught.value)
    for part in ("Han “朝光”", "Hiragana “の”", "fonts-noto-cjk", "FORGE_FONTS"):
        assert part in message
    with pytest.raises(Unavailable, match="😀"):
        BARE.faces_for("Wow 😀", "bold")


def test_shaped_scripts_say_what_they_need_without_fribidi(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "shaping_available", lambda: False)
    with pytest.raises(Unavailable, match=r"Arabic.*(?s:.*)libfribidi0"):
        BARE.faces_for("استيقظ", "bold", "ar")
    assert BARE.faces_for("Wach", "bold")
    arabic = next(entry for entry in BARE.coverage_report() if entry.script == "Arabic")
    assert arabic.font is None
    assert "libfribidi0" in arabic.remedy


def test_own_folders_come_before_the_system(tmp_path: Path) -> None:
    # The packaged bold face stands in for somebody's own font: it has Latin, and no Han.
    packaged = BARE.packaged("bold").path
    (tmp_path / "Own.ttf").write_bytes(packaged.read_bytes())
    own = FontBook((tmp_path,), ())
    assert own.faces_for("Aurora", "regular")[0].face.path.parent != tmp_path
    with pytest.raises(Unavailable):
        own.faces_for("朝", "regular", "ja")
    (tmp_path / "broken.ttf").write_bytes(b"not a font")
    with pytest.raises(Unavailable, match=r"broken\.ttf"):
        FontBook((tmp_path,), ()).faces_for("朝", "regular", "ja")


def test_the_fingerprint_is_that_of_the_files() -> None:
    found = BARE.font_fingerprint(["Wach werden"], weights=("bold",))
    assert set(found) == {"SourceSansPro-Bold.ttf", "typesetter"}
    assert len(found["SourceSansPro-Bold.ttf"]) == 64
    assert found == BARE.font_fingerprint(["Jetzt", "Wach"], weights=("bold",))


def test_coverage_names_a_font_or_a_remedy_for_each_script() -> None:
    report = {entry.script: entry for entry in BARE.coverage_report()}
    assert report["Latin and Greek and Cyrillic"].font
    assert "fonts-noto-cjk" in report["Hangul and Han"].remedy
    assert all(bool(entry.font) != bool(entry.remedy) for entry in report.values())


@needs_shaping
def test_plain_text_is_kerned_as_a_shaper_would() -> None:
    face = BARE.packaged("semibold")
    shaper = ImageFont.truetype(face.path, 1000, layout_engine=ImageFont.Layout.RAQM)
    for text in ("AVATAR", "To", "Wach", "y.", "“Ta”"):
        assert set_line(text, "semibold", "en").width == pytest.approx(shaper.getlength(text) / 1000, abs=0.003)


# Order of letters


def test_right_to_left_lines_keep_foreign_words_and_numbers_readable() -> None:
    text = "אבג Lamp 30% דה"
    order = "".join(visual_order(text, levels_of(text, right_to_left=True)))
    assert order == "הד Lamp 30% גבא"
    latin = "Lamp אבג!"
    assert "".join(visual_order(latin, levels_of(latin, right_to_left=False))) == "Lamp גבא!"


def test_arabic_digits_after_arabic_words_do_not_join_latin() -> None:
    text = "عرض 30 ليلة"
    levels = levels_of(text, right_to_left=True)
    assert [levels[text.index(char)] for char in "ع3ة"] == [1, 2, 1]


# Line breaking


def test_lines_are_balanced_and_leave_no_widow() -> None:
    assert lines("Wach werden, bevor der Wecker klingelt.", "de", 30, 2) == [
        "Wach werden, bevor",
        "der Wecker klingelt.",
    ]
    assert lines("We make light that is warm and so on", "en", 33, 2) != ["We make light that is warm and so", "on"]


@pytest.mark.parametrize(
    ("text", "language", "never_apart"),
    [
        ("Vous dormez bien ? Nous aussi !", "fr", ["bien\u00a0?", "aussi\u00a0!"]),
        ("Elle dit « bonjour » au soleil", "fr", ["«\u00a0bonjour\u00a0»"]),
        ("Warm light from 1800 K to 5000 K at dawn", "en", ["1800\u00a0K", "5000\u00a0K"]),
        ("Budzi w domu i z humorem", "pl", ["w\u00a0domu", "z\u00a0humorem"]),
        ("Ruhig – und leise", "de", ["Ruhig\u00a0–"]),
        ("Ein\u00a0Wort und noch eins", "de", ["Ein\u00a0Wort"]),
    ],
)
def test_what_belongs_together_is_never_broken(text: str, language: str, never_apart: list[str]) -> None:
    pieces = [piece.text.strip(" ") for piece in pieces_of(text, language)]
    for unit in never_apart:
        assert any(unit in piece for piece in pieces)


def test_kinsoku_no_line_begins_or_ends_wrongly() -> None:
    text = "「目覚まし」より、先に（光で）起きる。ラッシュも、きっと平気！"
    for width in range(4, 20):
        for count in range(2, 9):
            for line in lines(text, "ja", width, count) or []:
                assert line[0] not in "、。）」！ッューっ"
                assert line[-1] not in "「（"


def test_soft_hyphens_show_only_where_a_word_is_divided() -> None:
    text = "Schlaf\u00adzimmer\u00adleuchte kaufen"
    assert lines(text, "de", 16, 2) == ["Schlafzimmer-", "leuchte kaufen"]
    assert lines(text, "de", 60, 1) == ["Schlafzimmerleuchte kaufen"]


# Colour


@pytest.mark.parametrize("primary", ["#12355b", "#f2c14e", "#e63946", "#ffffff", "#000000", "#808080", "#00a878"])
@pytest.mark.parametrize("accent", ["#f5a623", "#12355b", "#808080"])
def test_text_reads_on_every_brand(primary: str, accent: str) -> None:
    palette = Palette(primary=primary, accent=accent)
    ground, text = brand_pair(palette)
    assert contrast(ground, text) >= LEGIBLE
    colours = card_colours(palette)
    assert contrast(colours.text, colours.ground) >= LEGIBLE
    assert contrast(colours.button_text, colours.button) >= LEGIBLE


def test_a_veil_is_as_thin_as_reading_allows() -> None:
    share = veil_for(WHITE, (0, 0, 0))
    assert contrast(WHITE, mix(WHITE, (0, 0, 0), share)) >= LEGIBLE
    assert contrast(WHITE, mix(WHITE, (0, 0, 0), share - 0.02)) < LEGIBLE


# Plates


@pytest.mark.parametrize("ratio", RATIOS)
def test_supers_and_legal_lines_stay_in_the_safe_area_and_apart(ratio: AspectRatio) -> None:
    note = note_of(ratio)
    legal = ["Unverbindliche Preisempfehlung. Nur bei teilnehmenden Händlern."]
    super_plate = draw_type(TypeNote(role="super", text=["Weckt mit Licht"], above=legal), note, None)
    legal_plate = draw_type(TypeNote(role="legal", text=legal), note, None)
    assert super_plate.top + super_plate.picture.height <= legal_plate.top
    for plate in (super_plate, legal_plate):
        assert plate.picture.mode == "RGBA"
        assert plate.left >= int(note.safe_area.left * note.size.width)
        assert plate.top >= int(note.safe_area.top * note.size.height)
        assert plate.left + plate.picture.width <= round((1 - note.safe_area.right) * note.size.width) + 1
        assert plate.top + plate.picture.height <= round((1 - note.safe_area.bottom) * note.size.height) + 1
        assert plate.picture.getchannel("A").getbbox() == (0, 0, *plate.picture.size)


@pytest.mark.parametrize("ratio", RATIOS)
def test_legal_letters_are_four_percent_of_the_picture(ratio: AspectRatio) -> None:
    note = note_of(ratio)
    block = place_legal(["lp"], note).block
    mask, _, _ = block.lines[0].mask(block.size)
    box = mask.getbbox()
    assert box is not None
    assert box[3] - box[1] >= 0.04 * note.size.height


def test_supers_of_any_length_share_a_baseline() -> None:
    note = note_of("16:9")
    texts = [
        "Licht",
        "Wach werden, bevor der Wecker klingelt.",
        "Ein Satz, der so lang ist, dass er kleiner gesetzt wird als alle.",
    ]
    assert len({place_super(TypeNote(role="super", text=[text]), note).baseline for text in texts}) == 1


@pytest.mark.parametrize("ratio", RATIOS)
def test_the_longest_super_a_script_may_hold_fits(ratio: AspectRatio) -> None:
    text = (
        "Wer morgens mit sanftem Licht erwacht, hat mehr vom Tag und abends noch Kraft für alles, "
        "was das Leben schön macht."
    )
    assert 110 <= len(text) <= 120
    placed = place_super(TypeNote(role="super", text=[text]), note_of(ratio))
    assert " ".join(placed.block.texts).replace("\u00a0", " ") == text


def test_text_that_cannot_fit_says_by_how_much() -> None:
    # Capitals are not divided by hyphens.
    word = "RINDFLEISCH" * 9
    with pytest.raises(InvalidInput, match=r"is \d+ characters too long for its place at 1280×720"):
        draw_type(TypeNote(role="super", text=[word]), note_of("16:9"), None)


@pytest.mark.parametrize(
    ("ratio", "size"), [("16:9", (1920, 1080)), ("9:16", (360, 640)), ("1:1", (600, 600)), ("4:5", (864, 1080))]
)
def test_the_end_card_covers_the_frame_at_any_size(ratio: AspectRatio, size: tuple[int, int]) -> None:
    frame = FrameSize(width=size[0], height=size[1])
    card = TypeNote(role="end-card", text=["30 Nächte ausprobieren."], brand_name="Lumen", product_name="Aurora Lamp")
    plate = draw_type(card, note_of(ratio, size=frame), None)
    assert (plate.left, plate.top, plate.picture.size) == (0, 0, size)
    assert plate.picture.getchannel("A").getextrema() == (255, 255)
    accent = np.all(np.asarray(plate.picture)[..., :3] == (0xF5, 0xA6, 0x23), axis=-1)
    assert accent.mean() > 0.01


def test_a_logo_takes_the_place_of_the_name_and_never_drowns(tmp_path: Path) -> None:
    logo = tmp_path / "logo.png"
    Image.new("RGBA", (300, 100), (0x12, 0x35, 0x5B, 255)).save(logo)
    card = TypeNote(role="end-card", text=["Los"], brand_name="Lumen", logo="a" * 64)
    with_logo = np.asarray(draw_type(card, note_of("16:9"), logo).picture)
    assert np.all(with_logo[..., :3] == 255, axis=-1).mean() > 0.01
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(InvalidInput, match="logo"):
        draw_type(card, note_of("16:9"), tmp_path / "text.png")


def test_drawing_twice_gives_equal_pixels() -> None:
    note = TypeNote(role="super", text=["Wach werden"])
    first, second = (draw_type(note, note_of("16:9"), None) for _ in range(2))
    assert first.picture.tobytes() == second.picture.tobytes()


def test_other_fonts_than_the_timeline_was_made_with_are_a_conflict() -> None:
    made_with = BARE.font_fingerprint(["Wach"])
    note = TypeNote(role="super", text=["Wach"])
    assert draw_type(note, note_of("16:9", fonts=made_with), None)
    other = {**made_with, "SourceSansPro-Semibold.ttf": "0" * 64}
    with pytest.raises(Conflict, match="SourceSansPro-Semibold"):
        draw_type(note, note_of("16:9", fonts=other), None)


@needs_shaping
@pytest.mark.parametrize(
    ("language", "text"),
    [("ja", "目覚ましより先に、朝の光で起きる。"), ("ar", "استيقظ قبل أن يرن المنبه."), ("hi", "अलार्म से पहले जागिए।")],
)
def test_other_scripts_are_set_where_their_fonts_are(language: str, text: str) -> None:
    try:
        runs = fonts.faces_for(text, "semibold", language)
    except Unavailable:
        pytest.skip("no font for this script here")
    assert "".join(run.text for run in runs) == text
    placed = place_super(TypeNote(role="super", text=[text]), note_of("16:9", language))
    assert placed.block.align == ("right" if language == "ar" else "left")
    assert draw_type(TypeNote(role="super", text=[text]), note_of("16:9", language), None).picture.width > 100
