"""The sketch engine: every word draws, equal looks give equal bytes, different looks look different."""

from __future__ import annotations

import math
import random
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from PIL import Image

from forge_resources.engines.registry import engine
from forge_resources.errors import InvalidInput
from forge_resources.imaging.drawing import beds, composition, furniture
from forge_resources.imaging.drawing.anatomy import POSES, body_for
from forge_resources.imaging.drawing.camera import Subject, frame
from forge_resources.imaging.drawing.colour import mix_paints
from forge_resources.imaging.drawing.company import add_company
from forge_resources.imaging.drawing.composition import compose
from forge_resources.imaging.drawing.grade import HOURS, LIGHTS, combine
from forge_resources.imaging.drawing.panel import Panel, Shoot
from forge_resources.imaging.drawing.placing import Placed, block_figures
from forge_resources.imaging.drawing.products import SHAPES
from forge_resources.imaging.drawing.props import PROPS
from forge_resources.imaging.drawing.reference import Reference
from forge_resources.imaging.drawing.settings import SETTINGS
from forge_resources.imaging.drawing.stage import Stage
from forge_resources.imaging.drawing.wardrobe import ROLES
from forge_resources.imaging.plate_sizes import PLATE_SIZES
from forge_resources.imaging.sketch import DETAILS, PRODUCT_STATES, SketchArtist
from forge_resources.library import data as library_data
from forge_resources.schemas.brand import Palette
from forge_resources.schemas.script import Angle, Camera, ShotSize
from forge_resources.schemas.storyboard import Figure, ShotLook

VOCABULARY: dict[str, Any] = yaml.safe_load((Path(library_data.__path__[0]) / "vocabulary.yaml").read_text("utf-8"))
SMALL = (320, 180)
"""Words are drawn small here: the drawing is the same at every size."""


def look(**changes: Any) -> ShotLook:
    values: dict[str, Any] = {
        "description": "A parent in the bedroom.",
        "camera": Camera(size="full"),
        "setting": "bedroom",
        "time_of_day": "morning",
        "light": "soft-daylight",
        "figures": [Figure(role="parent", pose="stands")],
        "product_name": "Aurora Lamp",
        "palette": Palette(primary="#1f5fa8", accent="#f2a33c"),
        "seed": 7,
    }
    return ShotLook(**(values | changes))


def panel(**changes: Any) -> Panel:
    values: dict[str, Any] = {
        "picture": SMALL, "size": "full", "angle": "eye", "setting": "bedroom", "time_of_day": "morning",
        "light": "soft-daylight", "figures": (("parent", "stands"),), "product": "absent", "product_shape": "lamp",
        "props": (), "details": (), "primary": "#1f5fa8", "accent": "#f2a33c", "seed": 7, "cast_seed": 7,
    }  # fmt: skip
    return Panel(**(values | changes))


def seen(picture: Image.Image) -> NDArray[np.float64]:
    """The picture as the eye takes it in at a glance: 64 × 36, 0-255."""
    return np.asarray(picture.convert("RGB").resize((64, 36), Image.Resampling.BOX), dtype=np.float64)


def differ(a: Image.Image, b: Image.Image) -> float:
    return float(np.abs(seen(a) - seen(b)).mean())


def make(tmp_path: Path, shot: ShotLook, ratio: Any = "16:9", name: str = "plate", **sources: Path) -> Path:
    artist, target = SketchArtist(), tmp_path / f"{name}.png"
    artist.make(
        artist.parameters(shot, ratio, len(sources)), {k.replace("_", "-"): v for k, v in sources.items()}, target
    )
    return target


def test_the_engine_knows_exactly_the_words_of_the_vocabulary() -> None:
    known = {
        "settings": SETTINGS, "times_of_day": HOURS, "lights": LIGHTS, "roles": ROLES, "poses": POSES, "props": PROPS,
        "product_states": PRODUCT_STATES, "product_shapes": SHAPES, "details": DETAILS,
    }  # fmt: skip
    for kind, words in known.items():
        assert set(words) == set(VOCABULARY[kind]), kind


@pytest.mark.parametrize("setting", VOCABULARY["settings"])
def test_a_setting_changes_with_the_size_of_the_shot(setting: str) -> None:
    drawn = [compose(panel(setting=setting, size=size), None) for size in get_args(ShotSize)]
    for nearer, wider in pairwise(drawn):
        assert differ(nearer, wider) > 6


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("time_of_day", VOCABULARY["times_of_day"]),
        ("light", VOCABULARY["lights"]),
        ("angle", list(get_args(Angle))),
        ("setting", VOCABULARY["settings"]),
    ],
)
def test_each_word_shows(field: str, words: list[str]) -> None:
    drawn = {word: compose(panel(**{"setting": "living-room", field: word}), None) for word in words}
    for index, one in enumerate(words):
        for other in words[:index]:
            assert differ(drawn[one], drawn[other]) > 1.5, f"{one} looks like {other}"


@pytest.mark.parametrize("pose", VOCABULARY["poses"])
def test_a_pose_shows_a_figure(pose: str) -> None:
    empty = compose(panel(figures=(), setting="studio"), None)
    for index, role in enumerate(VOCABULARY["roles"][:2]):
        drawn = compose(panel(figures=((role, pose),), setting="studio", seed=index), None)
        assert differ(drawn, empty) > 2


@pytest.mark.parametrize("role", VOCABULARY["roles"])
def test_every_role_is_cast_the_same_in_every_shot_of_a_cast(role: str) -> None:
    wide = compose(panel(figures=((role, "stands"),), setting="studio", cast_seed=3), None)
    other = compose(panel(figures=((role, "stands"),), setting="studio", cast_seed=4), None)
    assert wide.tobytes() != other.tobytes()


def blocked(setting: str, *figures: tuple[str, str], seed: int = 1) -> list[Placed]:
    paints = mix_paints("#1f5fa8", "#f2a33c", random.Random(seed))
    return block_figures(figures, setting, False, paints, random.Random(seed), seed)


@pytest.mark.parametrize("pose", ["sits", "reads", "drinks", "yawns"])
def test_in_a_library_one_sits(pose: str) -> None:
    assert all(blocked("library", ("student", pose), seed=seed)[0].seated for seed in range(8))


def test_whoever_sits_does_so_in_every_setting() -> None:
    assert all(blocked(setting, ("teen", "sits"))[0].seated for setting in VOCABULARY["settings"])


@pytest.mark.parametrize(
    ("poses", "chairs"),
    [(["stands"], []), (["sits"], []), (["sits", "sits"], ["armchair"]), (["lies", "sits"], ["armchair"]),
     (["types"], ["office"])],
)  # fmt: skip
def test_a_bedroom_has_one_bed_and_whoever_sits_there_alone_sits_on_it(
    poses: list[str], chairs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    chair, behind, head_end = furniture.chair, beds.bed_behind, beds._head_end
    monkeypatch.setattr(furniture, "chair", lambda *a: (drawn.append(a[5]), chair(*a)))
    monkeypatch.setattr(beds, "bed_behind", lambda *a: (drawn.append("bed"), behind(*a)))
    monkeypatch.setattr(beds, "_head_end", lambda *a: (drawn.append("bed"), head_end(*a)))
    compose(panel(figures=tuple(("parent", pose) for pose in poses)), None)
    assert sorted(drawn) == sorted(["bed", *chairs])


@pytest.mark.parametrize("setting", VOCABULARY["settings"])
def test_whoever_lies_lies_on_something(setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And where that is the ground, not above it."""
    shoots: list[Shoot] = []
    monkeypatch.setattr(composition, "add_company", lambda shoot: (shoots.append(shoot), add_company(shoot)))
    compose(panel(setting=setting, figures=(("parent", "lies"),)), None)
    [shoot] = shoots
    furnished = SETTINGS[setting].indoors and setting not in ("gym", "studio")
    lies_high = furnished or setting in ("balcony", "rooftop", "bus-stop")
    assert (shoot.scene.bed != "ground") is lies_high
    assert (shoot.placed[0].head(shoot.bed_top)[1] > 0.45) is lies_high


def test_in_a_car_everyone_has_a_seat_of_their_own_and_sees_out() -> None:
    riders = blocked("car", ("parent", "sits"), ("child", "sits"), ("friend", "sits"))
    assert len({(rider.x, rider.z) for rider in riders}) == 3
    assert min(rider.head(0.0)[1] for rider in riders) > 0.94


@pytest.mark.parametrize("seed", range(6))
def test_whoever_reaches_reaches_for_the_product(seed: int) -> None:
    figure = blocked("kitchen", ("adult", "reaches"), seed=seed)[0]
    product = (0.45, 0.95)
    before, after = (math.dist(one.palm(), product) for one in (figure, figure.reaching_for(*product)))
    assert after < min(before, 0.12)
    assert figure.reaching_for(-1.0, 0.9) == figure


def test_a_contact_shadow_has_no_rings() -> None:
    stage = Stage(frame("full", "high", (640, 360), Subject(-1, 1, 0, 1, 0, 0.5, 1), True, False, random.Random(1)),
        combine("noon", "soft-daylight", True, True), 0.0)  # fmt: skip
    stage.image.paste((240, 240, 240), (0, 0, *stage.image.size))
    stage.contact(0.0, 0.0, 0.5, 0.3, 0.42)
    tones = np.asarray(stage.image, dtype=int)[..., 1]
    row = tones[np.unravel_index(tones.argmin(), tones.shape)[0]]
    assert row.min() < 170
    assert np.abs(np.diff(row)).max() <= 3


def test_a_child_is_smaller_than_every_other_role() -> None:
    tallest_child = max(
        body_for("child", broad, random.Random(seed)).height for seed in range(9) for broad in (True, False)
    )
    for role in set(ROLES) - {"child"}:
        assert min(body_for(role, False, random.Random(seed)).height for seed in range(9)) > tallest_child * 1.1


@pytest.mark.parametrize("shape", VOCABULARY["product_shapes"])
def test_a_product_shows_in_every_state(shape: str) -> None:
    without = compose(panel(), None)
    for state in ("background", "held", "placed", "hero"):
        shown = compose(panel(product=state, product_shape=shape), None)
        assert shown.tobytes() != without.tobytes(), state
    hero = compose(panel(product="hero", product_shape=shape, figures=(), setting="studio"), None)
    bare = compose(panel(figures=(), setting="studio"), None)
    assert differ(hero, bare) > 4


@pytest.mark.parametrize("prop", VOCABULARY["props"])
def test_a_prop_shows(prop: str) -> None:
    assert compose(panel(props=(prop,)), None).tobytes() != compose(panel(), None).tobytes()


@pytest.mark.parametrize("detail", VOCABULARY["details"])
def test_a_detail_shows_where_there_is_a_window(detail: str) -> None:
    plain = compose(panel(setting="living-room", size="wide"), None)
    assert compose(panel(setting="living-room", size="wide", details=(detail,)), None).tobytes() != plain.tobytes()


@pytest.mark.parametrize("setting", ["bedroom", "street", "cafe", "forest"])
def test_looks_that_differ_only_by_seed_do_not_look_alike(setting: str) -> None:
    drawn = [compose(panel(setting=setting, seed=seed, cast_seed=seed), None) for seed in range(6)]
    for index, one in enumerate(drawn):
        for other in drawn[:index]:
            assert differ(one, other) > 5


@pytest.mark.parametrize(("ratio", "size"), PLATE_SIZES.items())
def test_sizes_and_facts(tmp_path: Path, ratio: Any, size: tuple[int, int]) -> None:
    artist, target = engine("image", "sketch"), tmp_path / "plate.png"
    assert isinstance(artist, SketchArtist)
    facts = artist.make(artist.parameters(look(), ratio, 0), {}, target)
    assert facts == {"width": size[0], "height": size[1]}
    with Image.open(target) as plate:
        assert (plate.format, plate.mode, plate.size) == ("PNG", "RGB", size)


def test_equal_looks_give_equal_bytes(tmp_path: Path) -> None:
    shot = look(setting="market-square", figures=[Figure(role="child", pose="runs")], props=["dog"], product="held")
    first, second = make(tmp_path, shot, name="one"), make(tmp_path, shot, name="two")
    assert first.read_bytes() == second.read_bytes()


def test_what_is_not_drawn_is_not_in_the_recipe() -> None:
    artist = SketchArtist()
    base = artist.parameters(look(), "16:9", 0)
    same = [
        look(description="Something else."),
        look(product_name="Borealis"),
        look(camera=Camera(size="full", move="push")),
        look(product_shape="bottle"),
        look(palette=Palette(primary="#1F5FA8", accent="#f2a33c", ink="#333333")),
    ]
    assert all(artist.parameters(shot, "16:9", 0) == base for shot in same)
    assert artist.parameters(look(), "16:9", 2) == base
    forest = [
        artist.parameters(look(setting="forest", details=details), "16:9", 0)
        for details in ([], ["skyline-fr", "window-arch"])
    ]
    assert forest[0] == forest[1]
    assert artist.parameters(look(seed=8), "16:9", 0) != base


def test_the_reference_picture_takes_the_product_s_place(tmp_path: Path) -> None:
    cut_out, photo = tmp_path / "cut.png", tmp_path / "photo.jpg"
    sprite = Image.new("RGBA", (300, 400))
    sprite.paste((0, 200, 60, 255), (50, 50, 250, 400))
    sprite.save(cut_out)
    Image.new("RGB", (400, 300), (0, 200, 60)).save(photo)
    shot = look(product="hero", figures=[], setting="studio", camera=Camera(size="close-up"))
    drawn = make(tmp_path, shot, name="drawn")
    for source in (cut_out, photo):
        with Image.open(make(tmp_path, shot, name="with", product_1=source)) as plate, Image.open(drawn) as without:
            assert _green(plate) > 0.12
            assert _green(without) < 0.01


def _green(picture: Image.Image) -> float:
    rgb = np.asarray(picture, dtype=int)
    return float(((rgb[..., 1] > rgb[..., 0] + 40) & (rgb[..., 1] > rgb[..., 2] + 40)).mean())


def test_a_reference_needs_its_source_and_has_to_be_a_picture(tmp_path: Path) -> None:
    artist, shot = SketchArtist(), look(product="hero")
    recipe = artist.parameters(shot, "1:1", 1)
    with pytest.raises(InvalidInput, match="product-1"):
        artist.make(recipe, {}, tmp_path / "plate.png")
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"not a picture")
    with pytest.raises(InvalidInput, match="cannot be read"):
        artist.make(recipe, {"product-1": broken}, tmp_path / "plate.png")


@pytest.mark.parametrize("state", ["background", "held", "placed", "hero"])
def test_a_reference_is_set_in_in_every_state(state: str) -> None:
    strange = Reference(Image.new("RGBA", (200, 260), (0, 255, 60, 255)))
    drawn = compose(panel(product=state, setting="kitchen", size="full"), strange)
    assert _green(drawn) > 0.0005


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"setting": "volcano"}, "volcano"),
        ({"time_of_day": "teatime"}, "teatime"),
        ({"light": "strobe"}, "strobe"),
        ({"figures": [Figure(role="wizard", pose="stands")]}, "wizard"),
        ({"figures": [Figure(role="adult", pose="levitates")]}, "levitates"),
        ({"product": "exploded"}, "exploded"),
        ({"product_shape": "zeppelin"}, "zeppelin"),
        ({"props": ["sword"]}, "sword"),
        ({"details": ["skyline-atlantis"]}, "skyline-atlantis"),
    ],
)
def test_an_unknown_word_is_named(changes: dict[str, Any], word: str) -> None:
    with pytest.raises(InvalidInput, match=word) as raised:
        SketchArtist().parameters(look(**changes), "16:9", 0)
    assert len(raised.value.faults) == 1
