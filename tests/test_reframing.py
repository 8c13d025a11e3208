"""One storyboard in four aspect ratios: where the subject is, which plates are cut off, which are made again."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFilter

from forge_resources.editing.profiles import load_profiles, other_ratios
from forge_resources.editing.timeline import timeline_parameters
from forge_resources.errors import EngineFailed
from forge_resources.imaging.plate_sizes import PLATE_SIZES
from forge_resources.imaging.plates import make_plates
from forge_resources.imaging.reframing import crop_of, focus_of, reframe, reframing_rules, safe_crop
from forge_resources.imaging.storyboard import compose_storyboard
from forge_resources.imaging.subject import SubjectBox, subject_box
from forge_resources.motion.moves import move_shots
from forge_resources.schemas.delivery import FrameSize
from forge_resources.schemas.edit import Motion, ShotMotion
from forge_resources.schemas.recipe import Artefact
from forge_resources.schemas.storyboard import Focus, FramedPlate, Frames, RatioPlates
from forge_resources.studio import Studio
from tests.cells import cell_brief, script
from tests.test_timeline import artefact, papers

SQUARE, UPRIGHT = FrameSize(width=1080, height=1080), FrameSize(width=1080, height=1920)


def scene(path: Path, x: int, y: int, size: tuple[int, int] = (960, 540)) -> Path:
    """A soft wall with a sharp figure at (`x`, `y`)."""
    picture = Image.linear_gradient("L").resize(size).convert("RGB").filter(ImageFilter.GaussianBlur(8))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((x - 60, y - 60, x + 60, y + 60), fill=(200, 60, 40))
    draw.rectangle((x - 30, y - 20, x + 30, y + 90), fill=(240, 230, 200))
    picture.save(path)
    return path


@pytest.mark.parametrize(("x", "y"), [(240, 270), (480, 270), (700, 240)])
def test_the_subject_is_what_stands_out(x: int, y: int, tmp_path: Path) -> None:
    found = subject_box(scene(tmp_path / "plate.png", x, y), reframing_rules().subject)
    assert found.left < x / 960 < found.right
    assert found.top < y / 540 < found.bottom
    assert found.width < 0.35
    focus = focus_of(found)
    assert float(focus.x) == pytest.approx(x / 960, abs=0.06)


def test_an_empty_picture_has_no_subject_but_itself(tmp_path: Path) -> None:
    Image.new("RGB", (96, 54), (90, 90, 90)).save(tmp_path / "grey.png")
    assert subject_box(tmp_path / "grey.png", reframing_rules().subject) == SubjectBox(0, 0, 1, 1)
    (tmp_path / "broken.png").write_bytes(b"\x89PNG")
    with pytest.raises(EngineFailed, match=r"broken\.png cannot be read"):
        subject_box(tmp_path / "broken.png", reframing_rules().subject)


def test_a_crop_keeps_half_of_the_plate_its_subject_and_lines_enough() -> None:
    rules, small, wide = reframing_rules(), SubjectBox(0.3, 0.2, 0.6, 0.9), SubjectBox(0.1, 0.2, 0.8, 0.9)
    plate = PLATE_SIZES["16:9"]
    assert safe_crop(plate, SQUARE, small, rules)
    assert not safe_crop(plate, SQUARE, wide, rules)  # the subject is wider than the square
    assert not safe_crop(plate, UPRIGHT, small, rules)  # less than half of it would be kept
    assert not safe_crop(plate, FrameSize(width=2160, height=2160), small, rules)  # it would be scaled up by two
    assert safe_crop(PLATE_SIZES["1:1"], FrameSize(width=1080, height=1350), small, rules)
    crop = crop_of(plate, SQUARE)
    assert (crop.width, crop.height) == (pytest.approx(0.5625), 1)


def test_outlets_of_other_ratios_are_known_with_their_largest_size() -> None:
    profiles = load_profiles()
    market = papers()["market_brief"].model_copy(update={"delivery": ["web", "social-vertical", "social-square"]})
    assert other_ratios(profiles, market) == {"9:16": UPRIGHT, "1:1": SQUARE}
    assert other_ratios(profiles, market.model_copy(update={"aspect_ratio": "9:16"})) == {"1:1": SQUARE}


def test_plates_are_cut_off_or_made_again_and_only_those_are_set_in_motion(studio: Studio) -> None:
    brief = cell_brief()
    storyboard = compose_storyboard(
        script({"visual": "A woman at a table with a cup."}, {"visual": "A man walks along a street at night."}), brief
    )
    plates, _ = make_plates(studio.workshop, brief, storyboard, lambda *_: None)
    outlets = {"1:1": SQUARE, "9:16": UPRIGHT, "4:5": FrameSize(width=1080, height=1350)}
    steps: list[str] = []
    found, tally = reframe(
        studio.workshop, brief, storyboard, plates, outlets, lambda done, total, note: steps.append(note)
    )
    assert [each.aspect_ratio for each in found] == list(outlets)
    square, upright, _ = found
    for plate, framed in zip(plates, square.plates, strict=True):
        assert (framed.focus is not None) == (framed.picture == plate.picture)
    assert all(framed.focus is None for framed in upright.plates)
    for framed in upright.plates:
        with Image.open(studio.store.path(framed.picture)) as picture:
            assert picture.size == PLATE_SIZES["9:16"]
    assert tally.made == sum(framed.focus is None for each in found for framed in each.plates)
    assert len(steps) == 3 * len(plates)
    frames = Frames(plates=plates, contact_sheet=plates[0].picture, other_ratios=found)
    motion, _ = move_shots(studio.workshop, brief, storyboard, frames, lambda *_: None)
    again = {each.aspect_ratio: len(each.shots) for each in motion.other_ratios}
    assert again["9:16"] == len(plates)
    assert again["1:1"] == sum(framed.focus is None for framed in square.plates)
    assert set(motion.in_ratio("9:16")) == {shot.number for shot in storyboard.shots}
    more, tally = reframe(studio.workshop, brief, storyboard, plates, outlets, lambda *_: None)
    assert more == found
    assert tally.made == 0


def test_a_timeline_is_cut_from_the_plates_of_its_ratio_with_type_for_its_size() -> None:
    whole = papers()
    focus = Focus(x=Fraction(3, 10), y=Fraction(1, 2))
    others = [
        FramedPlate(
            shot=i, picture=artefact("abcde"[i - 1]) if i == 2 else artefact("6"), focus=focus if i == 2 else None
        )
        for i in range(1, 6)
    ]
    frames = whole["frames"].model_copy(update={"other_ratios": [RatioPlates(aspect_ratio="9:16", plates=others)]})
    made = timeline_parameters(**{**whole, "frames": frames, "profile": load_profiles()["social-vertical"]})
    assert (made.aspect_ratio, made.size) == ("9:16", UPRIGHT)
    assert made.safe_area.bottom == 0.35
    assert [shot.media[0] for shot in made.shots] == ["6", "b", "6", "6", "6"]
    assert [shot.focus for shot in made.shots][:2] == [Focus(), focus]


def test_motion_of_a_ratio_stands_in_for_that_of_the_brief() -> None:
    def shot(number: int, letter: str) -> ShotMotion:
        return ShotMotion(shot=number, motion=artefact(letter, ".json"))

    motion = Motion.model_validate(
        {
            "shots": [shot(1, "1").model_dump(), shot(2, "2").model_dump()],
            "other_ratios": [{"aspect_ratio": "9:16", "shots": [shot(2, "3").model_dump()]}],
        }
    )

    def letters(found: dict[int, Artefact]) -> list[str]:
        return [made.sha256[0] for made in found.values()]

    assert letters(motion.in_ratio("16:9")) == ["1", "2"]
    assert letters(motion.in_ratio("9:16")) == ["1", "3"]
