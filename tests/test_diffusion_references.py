"""Pictures that a plate goes by: IP-Adapters, maps of depth, lines and poses, and how takes agree with their words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image, ImageDraw

from forge_resources.errors import InvalidInput, Unavailable
from forge_resources.gpu.residence import process_cache
from forge_resources.imaging.diffusion.controls import canny_edges, draw_poses, line_art
from forge_resources.imaging.takes.agreement import agreement_with
from forge_resources.models.catalogue import load_catalogue
from forge_resources.schemas.pictures import ControlOrder, Reference
from tests import model_shelf, tiny_models
from tests.test_diffusion import drawn, look, recipe, scene


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = model_shelf.tiny_home()
    built = tmp_path_factory.mktemp("built")
    pipeline = StableDiffusionPipeline.from_pretrained(home / "models" / "tiny-sd1")
    for name, folder in (
        ("tiny-adapter", tiny_models.build_ip_adapter(built / "adapter", pipeline)),
        ("tiny-depth-net", tiny_models.build_controlnet(built / "depth-net", 3)),
        ("depth-anything-v2-small", tiny_models.build_depth(built / "depth")),
        ("clip-vit-l-14", tiny_models.build_clip(built / "clip")),
    ):
        if model_shelf.shelf_of(home).find(name) is None:
            model_shelf.install(home, name, folder)
    return home


@pytest.fixture(autouse=True)
def models(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in model_shelf.environment(home).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("forge_resources.imaging.diffusion.ordering.plate_size", lambda _: (96, 54))
    torch.set_num_threads(1)
    yield
    process_cache().clear()


def noise(folder: Path) -> Path:
    """A picture as unlike the scene as can be: models with random weights hardly tell like ones apart."""
    values = np.random.default_rng(3).integers(0, 256, (45, 80, 3)).astype(np.uint8)
    Image.fromarray(values).save(folder / "noise.png")
    return folder / "noise.png"


def references(count: int) -> list[Reference]:
    return [Reference(role="product", name="product", picture=f"{number}.png") for number in range(count)]


def test_an_ip_adapter_goes_by_its_pictures_and_is_taken_off(tmp_path: Path) -> None:
    plain = drawn(recipe("tiny-sd1"))
    wanted = recipe("tiny-sd1", references=references(1))
    assert wanted.adapter is not None
    assert (wanted.adapter.name, wanted.adapter.sources) == ("tiny-adapter", ["reference-1"])
    one, other = scene(tmp_path), noise(tmp_path)
    by_one = drawn(wanted, {"reference-1": one})
    assert not np.array_equal(by_one, plain)
    assert not np.array_equal(by_one, drawn(wanted, {"reference-1": other}))
    assert np.array_equal(by_one, drawn(wanted, {"reference-1": one}))
    weak = recipe("tiny-sd1", references=references(1), reference_strength=0.2)
    assert not np.array_equal(by_one, drawn(weak, {"reference-1": one}))
    two = recipe("tiny-sd1", references=references(2))
    drawn(two, {"reference-1": one, "reference-2": other})
    assert np.array_equal(drawn(recipe("tiny-sd1")), plain)


def test_a_model_with_a_reference_input_of_its_own_goes_by_its_pictures(tmp_path: Path) -> None:
    plain = drawn(recipe("tiny-flux2-klein"))
    wanted = recipe("tiny-flux2-klein", references=references(2))
    assert (wanted.adapter, wanted.references) == (None, ["reference-1", "reference-2"])
    one, other = scene(tmp_path), noise(tmp_path)
    by_one = drawn(wanted, {"reference-1": one, "reference-2": one})
    by_other = drawn(wanted, {"reference-1": one, "reference-2": other})
    assert not np.array_equal(by_one, plain)
    assert not np.array_equal(by_one, by_other)
    mask = tmp_path / "mask.png"
    Image.new("L", (160, 90), 255).save(mask)
    masked = recipe("tiny-flux2-klein", start="x.png", mask="y.png", references=references(1), steps=3)
    sources = {"start": one, "mask": mask}
    anew = [drawn(masked, {**sources, "reference-1": picture}) for picture in (one, other)]
    assert not np.array_equal(*anew)


def test_references_are_left_out_where_they_are_not_wanted_or_taken() -> None:
    assert recipe("tiny-sd1", references=references(1), reference_strength=0.0).adapter is None
    assert recipe("tiny-flux1", references=references(1)).adapter is None
    with pytest.raises(Unavailable, match="forge models download ip-adapter-sdxl"):
        recipe("tiny-sdxl", references=references(1))


def test_depth_is_read_and_steers(tmp_path: Path) -> None:
    wanted = recipe("tiny-sd1", control=[ControlOrder(control="depth", picture="x.png")])
    assert list(wanted.controls[0].annotators) == ["depth-anything-v2-small"]
    one = drawn(wanted, {"control-1": scene(tmp_path)})
    other = drawn(wanted, {"control-1": noise(tmp_path)})
    assert not np.array_equal(one, other)


def test_a_net_reads_the_maps_that_it_was_made_for() -> None:
    wanted = recipe("tiny-sd1", control=[ControlOrder(control="canny", picture="x.png", strength=0.4)])
    assert [(use.name, use.strength) for use in wanted.controls] == [("tiny-canny", 0.4)]
    assert recipe("tiny-sd1", control=[ControlOrder(control="canny", picture="x.png")]).controls[0].strength == 1.0
    with pytest.raises(InvalidInput, match="tiny-canny reads canny, not depth"):
        recipe("tiny-sd1", control=[ControlOrder(control="depth", picture="x.png", model="tiny-canny")])
    union = load_catalogue().parts["controlnet-flux-1-union"]
    assert (union.control, union.strength) == (["canny", "depth", "pose"], 0.7)


def test_a_pose_needs_its_models() -> None:
    with pytest.raises((Unavailable, InvalidInput), match="pose"):
        recipe("tiny-sd1", control=[ControlOrder(control="pose", picture="x.png")])


def test_edges_and_lines_are_where_they_are_drawn() -> None:
    picture = Image.new("RGB", (200, 120), "white")
    ImageDraw.Draw(picture).rectangle((50, 30, 150, 90), fill="#336699")
    edges = np.asarray(canny_edges(picture))[..., 0] > 0
    assert edges[30:91, 48:53].any(axis=1).mean() > 0.9
    assert not edges[:20].any()
    line = Image.new("RGB", (200, 120), "white")
    ImageDraw.Draw(line).line((20, 60, 180, 60), fill="black", width=3)
    lines = np.asarray(line_art(line))[..., 0]
    assert lines[60, 40:160].min() > 200
    assert lines[:40].max() == 0


def test_a_pose_is_drawn_from_joints_that_are_certain() -> None:
    person = np.full((18, 3), 0.0)
    person[[5, 7, 9]] = [[40, 20, 0.9], [60, 40, 0.9], [80, 60, 0.9]]
    person[6] = [20, 20, 0.1]
    drawn_pose = np.asarray(draw_poses([person], (128, 128))).max(axis=2)
    assert drawn_pose[30, 50] > 0
    assert drawn_pose[50, 70] > 0
    assert drawn_pose[20, 20] == 0


def test_agreement_is_asked_where_a_scorer_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = agreement_with(scene(tmp_path), look("tiny-sd1"))
    assert figure is not None
    assert 0 <= figure <= 1
    monkeypatch.setenv("FORGE_PICTURES_SCORER", "nothing-such")
    assert agreement_with(scene(tmp_path), look("tiny-sd1")) is None
