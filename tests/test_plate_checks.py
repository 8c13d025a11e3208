"""Computed checks of plates: each fault is found with its figure, and honest plates pass."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from forge_resources.imaging.plate_checks import PlateFinding, check_plates, plate_limits
from forge_resources.imaging.plate_sizes import PLATE_SIZES, plate_size

SIZE = (320, 180)


def scene(seed: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """A picture of soft shapes, unlike that of any other seed."""
    random = np.random.default_rng(seed)
    picture = Image.linear_gradient("L").resize(size).convert("RGB")
    draw = ImageDraw.Draw(picture)
    for _ in range(12):
        x, y = (int(random.integers(0, side)) for side in size)
        reach = int(random.integers(15, 70))
        colour = tuple(int(value) for value in random.integers(0, 256, 3))
        draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=colour)
    return picture.filter(ImageFilter.GaussianBlur(2))


def checked(folder: Path, *pictures: Image.Image, size: tuple[int, int] = SIZE) -> list[PlateFinding]:
    frames = []
    for shot, picture in enumerate(pictures, start=1):
        path = folder / f"{shot}.png"
        picture.save(path)
        frames.append((shot, path))
    return check_plates(frames, size)


def test_unlike_plates_pass(tmp_path: Path) -> None:
    assert checked(tmp_path, *(scene(seed) for seed in range(6))) == []


def test_a_wrong_size_is_named(tmp_path: Path) -> None:
    (finding,) = checked(tmp_path, scene(1), scene(2, (180, 320)))
    assert (finding.shot, finding.check) == (2, "size")
    assert "180×320, not 320×180" in finding.message


@pytest.mark.parametrize("colour", ["#000000", "#ffffff", "#3b6ea5"])
def test_one_tone_is_blank(tmp_path: Path, colour: str) -> None:
    (finding,) = checked(tmp_path, Image.new("RGB", SIZE, colour))
    assert (finding.check, finding.figure) == ("blank", 0.0)
    assert finding.limit == plate_limits().contrast.limit


def test_a_blank_picture_with_a_border_is_blank(tmp_path: Path) -> None:
    picture = Image.new("RGB", SIZE, "white")
    ImageDraw.Draw(picture).rectangle((0, 0, 319, 179), outline="black", width=20)
    (finding,) = checked(tmp_path, picture)
    assert finding.check == "blank"
    assert "bits of tones" in finding.message


def test_sensor_noise_alone_is_blank(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(128, 2, (*SIZE[::-1], 3)).clip(0, 255).astype(np.uint8)
    (finding,) = checked(tmp_path, Image.fromarray(noise))
    assert finding.check == "blank"


def test_the_same_picture_again_is_found_at_the_later_shot(tmp_path: Path) -> None:
    softened = scene(1).filter(ImageFilter.GaussianBlur(1)).resize((160, 90)).resize(SIZE)
    (finding,) = checked(tmp_path, scene(1), scene(2), softened)
    assert (finding.shot, finding.check, finding.other_shot) == (3, "near-duplicate", 1)
    assert finding.figure is not None
    assert finding.figure <= plate_limits().hash_distance.limit


def test_one_composition_in_another_light_is_no_duplicate(tmp_path: Path) -> None:
    assert checked(tmp_path, scene(1), ImageEnhance.Brightness(scene(1)).enhance(0.45)) == []


def test_what_is_no_picture_is_a_finding_and_stops_nothing(tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 40)
    good = tmp_path / "good.png"
    scene(1).save(good)
    cut = tmp_path / "cut.png"
    cut.write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    findings = check_plates([(1, broken), (2, good), (3, cut)], SIZE)
    assert [(finding.shot, finding.check) for finding in findings] == [(1, "unreadable"), (3, "unreadable")]


def test_plate_sizes_have_their_ratio_and_even_sides() -> None:
    for ratio in PLATE_SIZES:
        width, height = plate_size(ratio)
        across, down = map(int, ratio.split(":"))
        assert width * down == height * across
        assert width % 2 == height % 2 == 0
    assert plate_size("16:9") == (1920, 1080)
