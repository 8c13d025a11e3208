"""The contact sheet: what it says, that type stays in its box, and its thumbnail."""

from __future__ import annotations

import base64
import io
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageChops

from forge_resources.editing.fonts import FontBook
from forge_resources.engines.registry import engine
from forge_resources.errors import InvalidInput, Unavailable
from forge_resources.imaging.contact_sheet import ContactSheet, contact_sheet_parameters, thumbnail_markdown
from forge_resources.imaging.plate_sizes import plate_size
from forge_resources.imaging.sheet_drawing import readable_on
from forge_resources.imaging.sheet_parameters import ContactSheetParameters, clock, plate_source, seconds
from forge_resources.imaging.sheet_style import PLATE_SHAPES, sheet_style
from forge_resources.imaging.sheet_type import ELLIPSIS, Setting, fit
from forge_resources.imaging.storyboard import compose_storyboard
from forge_resources.schemas.script import Script
from forge_resources.schemas.types import AspectRatio
from tests.cells import cell_brief, script

GERMAN = "Die Donaudampfschifffahrtsgesellschaft weckt ihren Kapitän mit Licht, jeden Morgen ein wenig früher."
PLATE_COLOUR = (200, 60, 40)


def sheet_of(
    rows: list[dict[str, Any]], market: str = "de-DE", ratio: AspectRatio = "16:9"
) -> tuple[ContactSheetParameters, Script]:
    brief = cell_brief(market, aspect_ratio=ratio)
    made = script(*rows, language=market.split("-")[0])
    return contact_sheet_parameters(brief, made, compose_storyboard(made, brief)), made


def drawn(parameters: ContactSheetParameters, folder: Path) -> tuple[Image.Image, dict[str, Any]]:
    plate = folder / "plate.png"
    width, height = plate_size(parameters.aspect_ratio)
    Image.new("RGB", (width // 8, height // 8), PLATE_COLOUR).save(plate)
    target = folder / "sheet.png"
    facts = ContactSheet().make(parameters, {plate_source(row.shot): plate for row in parameters.rows}, target)
    with Image.open(target) as image:
        return image.convert("RGB"), facts


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8))


def test_it_is_the_registered_engine() -> None:
    assert isinstance(engine("edit", "contact-sheet"), ContactSheet)


def test_parameters_say_what_the_script_says() -> None:
    rows: list[dict[str, Any]] = [
        {"visual": "Close-up of a man, slow push in.", "voice_over": "Hallo.", "duration_s": Fraction(5, 2)},
        {"visual": "A kitchen.", "super": "Neu", "super_gloss": "New", "duration_s": Fraction(7, 2)},
    ]
    parameters, made = sheet_of(rows)
    assert [row.timecode for row in parameters.rows] == ["0:00–0:02.5", "0:02.5–0:06"]
    assert parameters.rows[0].camera.startswith("Close-up")
    assert parameters.rows[0].camera.endswith("push in")
    assert [row.voice_over for row in parameters.rows] == ["Hallo.", None]
    assert parameters.duration_s == made.duration_s == 6
    assert ContactSheetParameters.model_validate_json(parameters.model_dump_json()) == parameters


def test_every_word_and_font_is_in_the_recipe() -> None:
    plain, _ = sheet_of([{"super": "Neu"}])
    other, _ = sheet_of([{"super": "Jetzt neu"}])
    assert plain.content_hash() != other.content_hash()
    assert any(name.startswith("SourceSansPro") for name in plain.fonts)
    assert plain.style == sheet_style().content_hash()


@pytest.mark.parametrize("ratio", ["16:9", "9:16", "1:1", "4:5"])
@pytest.mark.parametrize("shots", [1, 2, 7])
def test_every_ratio_and_number_of_shots_has_a_sheet(ratio: AspectRatio, shots: int, tmp_path: Path) -> None:
    parameters, _ = sheet_of([{"visual": "A kitchen."}] * shots, ratio=ratio)
    sheet, facts = drawn(parameters, tmp_path)
    assert sheet.size == (facts["width"], facts["height"])
    assert 1600 <= sheet.width <= 2000
    assert sheet.height < 3 * sheet.width
    assert sheet.getpixel((4, 4)) == (0x1F, 0x2A, 0x44)
    # Each plate is there, whole: their area is what the columns give them.
    plates = sum(count for count, colour in sheet.getcolors(2**24) or [] if colour == PLATE_COLOUR)
    width, height = plate_size(ratio)
    side = (plates / shots * width / height) ** 0.5
    rule = sheet_style().column_rule(PLATE_SHAPES[ratio], shots)
    panel = (sheet.width - 2 * sheet_style().margin - (rule.columns - 1) * sheet_style().gap) / rule.columns
    share = sheet_style().plate_share[PLATE_SHAPES[ratio]] if rule.beside else 1
    assert side == pytest.approx(panel * share, rel=0.02)


def test_sheets_are_deterministic(tmp_path: Path) -> None:
    parameters, _ = sheet_of([{"voice_over": GERMAN, "super": "Neu"}] * 3)
    files = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        drawn(parameters, folder)
        files.append((folder / "sheet.png").read_bytes())
    assert files[0] == files[1]


def test_margins_stay_free_however_long_the_texts_are(tmp_path: Path) -> None:
    long = (GERMAN * 3)[:390].strip()
    rows = [{"visual": long, "voice_over": long, "super": long[:110].strip(), "voice_over_gloss": long}] * 5
    parameters, _ = sheet_of(rows)
    sheet, facts = drawn(parameters, tmp_path)
    assert facts["cut_texts"] >= 15
    style = sheet_style()
    for left in (0, sheet.width - style.margin + 1):
        strip = sheet.crop((left, 160, left + style.margin - 1, sheet.height))
        assert ImageChops.difference(strip, Image.new("RGB", strip.size, "white")).getbbox() is None
    between = style.margin + (sheet.width - 2 * style.margin - 2 * style.gap) // 3
    gutter = sheet.crop((between + 1, 160, between + style.gap - 1, sheet.height))
    assert ImageChops.difference(gutter, Image.new("RGB", gutter.size, "white")).getbbox() is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (GERMAN, "de"),
        ("Wakes you.", "en"),
        ("Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnung", "de"),
        ("« Réveille-toi » : la lampe s’allume, enfin !", "fr"),
    ],
)
@pytest.mark.parametrize("width", [90, 200, 333, 800])
def test_fitted_text_stays_in_its_box(text: str, language: str, width: int) -> None:
    paragraph = fit(text, Setting("semibold", 19, "#000000", language), width, 3)
    assert 1 <= len(paragraph.lines) <= 3
    assert all(line.width * 19 <= width for line in paragraph.lines)
    shown = " ".join(line.text for line in paragraph.lines)
    assert paragraph.cut == shown.endswith(ELLIPSIS)
    if not paragraph.cut:
        assert shown.replace(" ", "") == text.replace(" ", "").replace("\u00a0", "")


def test_a_cut_text_ends_with_a_word() -> None:
    paragraph = fit(GERMAN, Setting("regular", 20, "#000000", "de"), 420, 2)
    assert paragraph.cut
    last = paragraph.lines[-1].text.removesuffix(ELLIPSIS).split(" ")[-1]
    assert last in re.findall(r"\w+", GERMAN)


def test_marks_and_pixels_of_a_paragraph_end_where_its_box_ends() -> None:
    paragraph = fit(GERMAN, Setting("bold", 30, "#000000", "de"), 300, 2)
    sheet = Image.new("RGB", (500, 300), "white")
    paragraph.draw(sheet, 100, 100)
    box = ImageChops.difference(sheet, Image.new("RGB", sheet.size, "white")).getbbox()
    assert box is not None
    assert box[0] >= 98
    assert box[2] <= 402
    assert box[1] >= 100
    assert box[3] <= 100 + paragraph.height


def test_right_to_left_text_ends_at_the_right(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        FontBook().faces_for("ضوء", "regular", "ar")
    except Unavailable as missing:
        pytest.skip(str(missing))
    paragraph = fit("ضوء", Setting("regular", 30, "#000000", "ar"), 300, 1)
    sheet = Image.new("RGB", (300, 60), "white")
    paragraph.draw(sheet, 0, 0)
    box = ImageChops.difference(sheet, Image.new("RGB", sheet.size, "white")).getbbox()
    assert box is not None
    assert box[0] > 200


def test_a_missing_glyph_is_an_error_that_names_the_font(monkeypatch: pytest.MonkeyPatch) -> None:
    book = FontBook(folders=())
    monkeypatch.setattr("forge_resources.editing.fonts.font_book", lambda: book)
    with pytest.raises(Unavailable) as caught:
        sheet_of([{"super": "光で目覚める"}], market="ja-JP")
    assert "光" in caught.value.message
    assert "fonts-noto-cjk" in caught.value.remedy


def test_a_missing_plate_is_named(tmp_path: Path) -> None:
    parameters, _ = sheet_of([{}, {}])
    with pytest.raises(InvalidInput, match="shots 1, 2"):
        ContactSheet().make(parameters, {}, tmp_path / "sheet.png")


def test_times_read_as_producers_write_them() -> None:
    assert [clock(Fraction(value)) for value in ("0", "7/2", "61", "179/2")] == ["0:00", "0:03.5", "1:01", "1:29.5"]
    assert [seconds(Fraction(value)) for value in ("3", "5/2", "10/3")] == ["3 s", "2.5 s", "3.3 s"]


def test_type_on_the_brand_colour_can_be_read() -> None:
    assert readable_on("#1f2a44") == "#ffffff"
    assert readable_on("#ffd400") == "#14161a"


def test_quotation_marks_are_those_of_the_language() -> None:
    style = sheet_style()
    quoted = [style.quoted("x", language) for language in ("en", "de", "fr", "ja", "hi")]
    assert quoted == ["“x”", "„x“", "«\u00a0x\u00a0»", "「x」", "“x”"]


def test_a_thumbnail_keeps_its_budget_and_is_a_picture(tmp_path: Path) -> None:
    busy = tmp_path / "busy.png"
    noise(1800, 1200).save(busy)
    calm = tmp_path / "calm.png"
    Image.linear_gradient("L").resize((1800, 1200)).save(calm)
    widths = []
    for path in (busy, calm):
        text = thumbnail_markdown(path)
        assert len(text) <= 30_000
        assert thumbnail_markdown(path) == text
        found = re.fullmatch(r"!\[[^\]]*\]\(data:image/webp;base64,([A-Za-z0-9+/=]+)\)", text)
        assert found
        with Image.open(io.BytesIO(base64.b64decode(found[1]))) as image:
            assert image.width * 2 == image.height * 3 or abs(image.width / image.height - 1.5) < 0.02
            widths.append(image.width)
    assert widths[0] < widths[1]


def test_a_thumbnail_that_cannot_keep_its_budget_says_so(tmp_path: Path) -> None:
    path = tmp_path / "noise.png"
    noise(1800, 1200).save(path)
    with pytest.raises(InvalidInput, match="100 bytes"):
        thumbnail_markdown(path, 100)
