"""Takes: what is measured of them, how they are scored, and which one is cut in."""

from __future__ import annotations

from pathlib import Path

import font_source_sans_pro
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from forge_resources.imaging.takes.choosing import Candidate, best, score_takes, take_seed
from forge_resources.imaging.takes.measuring import likeness, measure, palette_distance
from forge_resources.imaging.takes.text_finding import find_text
from forge_resources.schemas.brand import Palette

FONT = Path(font_source_sans_pro.__file__).parent / "files" / "SourceSansPro-Regular.otf"
PALETTE = Palette(primary="#1f2a44", accent="#f2a03d")


def scene(seed: int, size: tuple[int, int] = (960, 540)) -> Image.Image:
    random = np.random.default_rng(seed)
    picture = Image.linear_gradient("L").resize(size).convert("RGB")
    draw = ImageDraw.Draw(picture)
    for _ in range(14):
        x, y = (int(random.integers(0, side)) for side in size)
        reach = int(random.integers(30, 160))
        colour = tuple(int(value) for value in random.integers(0, 256, 3))
        draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=colour)
    return picture


def saved(folder: Path, name: str, picture: Image.Image) -> Path:
    picture.save(folder / f"{name}.png")
    return folder / f"{name}.png"


def lettered(picture: Image.Image, words: str, size: int = 40) -> Image.Image:
    copy = picture.copy()
    pen = ImageDraw.Draw(copy)
    font = ImageFont.truetype(FONT, size)
    box = pen.textbbox((120, 200), words, font=font)
    pen.rectangle((box[0] - 10, box[1] - 10, box[2] + 10, box[3] + 10), fill="#f4f0e6")
    pen.text((120, 200), words, font=font, fill="#202020")
    return copy


@pytest.mark.parametrize("words", ["Wake up early", "SALE TODAY", "Aurora Lamp, 40 hours", "Guten Morgen"])
@pytest.mark.parametrize("size", [32, 48, 80])
def test_a_line_of_type_is_found(words: str, size: int) -> None:
    (line, *_) = find_text(lettered(scene(3), words, size))
    assert line.letters >= 4
    assert 0.2 < (line.box[1] + line.box[3]) / 2 < 0.65


@pytest.mark.parametrize("seed", range(6))
def test_shapes_are_no_text(seed: int) -> None:
    assert find_text(scene(seed)) == []


def test_a_fence_and_a_grid_are_no_text() -> None:
    picture = Image.new("RGB", (960, 540), "#d8e4f0")
    pen = ImageDraw.Draw(picture)
    for x in range(40, 920, 40):
        pen.rectangle((x, 100, x + 12, 180), fill="#333333")
        pen.rectangle((x, 300, x + 24, 340), outline="#333333", width=4)
    assert find_text(picture) == []


def test_focus_and_tones_are_measured(tmp_path: Path) -> None:
    sharp = saved(tmp_path, "sharp", scene(1))
    soft = saved(tmp_path, "soft", scene(1).filter(ImageFilter.GaussianBlur(6)))
    flat = saved(tmp_path, "flat", Image.new("RGB", (960, 540), "#445566"))
    figures = [measure(path, 0) for path in (sharp, soft, flat)]
    assert figures[0].sharpness > 3 * figures[1].sharpness > figures[2].sharpness == 0
    assert figures[2].contrast == figures[2].entropy == 0


def test_likeness_is_of_colours_that_stand_together(tmp_path: Path) -> None:
    product = Image.new("RGB", (200, 200), "white")
    pen = ImageDraw.Draw(product)
    pen.rectangle((60, 40, 140, 120), fill="#b02030")
    pen.rectangle((60, 120, 140, 170), fill="#e8c040")
    reference = saved(tmp_path, "reference", product)
    ground = Image.new("RGB", (960, 540), "#506878")
    shown = ground.copy()
    shown.paste(product.crop((60, 40, 140, 170)).resize((160, 260)), (400, 150))
    other = ground.copy()
    ImageDraw.Draw(other).rectangle((400, 150, 560, 410), fill="#207040")
    figures = [likeness(saved(tmp_path, name, one), [reference]) for name, one in (("a", shown), ("b", other))]
    assert figures[0] > 0.7
    assert figures[1] < 0.15


def test_the_distance_to_a_palette(tmp_path: Path) -> None:
    near = Image.new("RGB", (100, 100), PALETTE.primary)
    ImageDraw.Draw(near).rectangle((0, 0, 99, 30), fill=PALETTE.accent)
    assert palette_distance(saved(tmp_path, "near", near), PALETTE) < 1
    assert palette_distance(saved(tmp_path, "far", Image.new("RGB", (100, 100), "#20c040")), PALETTE) > 50


def test_the_better_take_wins(tmp_path: Path) -> None:
    good = saved(tmp_path, "good", scene(1))
    soft = saved(tmp_path, "soft", scene(2).filter(ImageFilter.GaussianBlur(8)))
    text = saved(tmp_path, "text", lettered(scene(4), "SALE TODAY ONLY", 60))
    flat = saved(tmp_path, "flat", Image.new("RGB", (960, 540), "#777777"))
    candidates = [Candidate(number, path) for number, path in enumerate((flat, text, soft, good), start=1)]
    scores = score_takes(candidates, [], [], PALETTE)
    assert best(scores) == 4
    assert all(0 <= value <= 1 for score in scores for value in score.qualities.values())
    assert "likeness" not in scores[0].qualities
    assert scores[1].qualities["textless"] <= 0.5


def test_a_copy_of_an_earlier_shot_loses(tmp_path: Path) -> None:
    before = saved(tmp_path, "before", scene(1))
    again, other = saved(tmp_path, "again", scene(1)), saved(tmp_path, "other", scene(2))
    scores = score_takes([Candidate(1, again), Candidate(2, other)], [before], [], PALETTE)
    assert scores[0].qualities["unlike"] == 0
    assert best(scores) == 2
    agreeing = score_takes([Candidate(1, other, 0.9), Candidate(2, other, 0.1)], [], [], PALETTE)
    assert agreeing[0].qualities["agreement"] == 0.9


def test_seeds_of_takes() -> None:
    seeds = [take_seed(7, take) for take in range(1, 9)]
    assert seeds[0] == 7
    assert len(set(seeds)) == 8
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert seeds == [take_seed(7, take) for take in range(1, 9)]
