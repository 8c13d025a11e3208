"""The engine `diffusers` with tiny random models of five architectures, through the real loading path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DiffusionPipeline, DPMSolverMultistepScheduler, StableDiffusionPipeline
from PIL import Image, ImageDraw

from forge_resources.engines.contract import Facts
from forge_resources.errors import InvalidInput, Unavailable
from forge_resources.gpu.residence import process_cache
from forge_resources.gpu.steps import Watch, watched
from forge_resources.imaging.diffusion.engine import DiffusionArtist
from forge_resources.imaging.diffusion.finishing import reference_picture
from forge_resources.imaging.diffusion.long_prompts import prompt_arguments
from forge_resources.imaging.diffusion.parameters import DiffusionParameters
from forge_resources.imaging.diffusion.sizes import crop_box, native_size
from forge_resources.models.catalogue import load_catalogue
from forge_resources.schemas.pictures import ControlOrder, Direction, LoraOrder, PictureSettings
from forge_resources.schemas.storyboard import ShotLook
from tests import model_shelf, tiny_models

ARCHITECTURES = model_shelf.ARCHITECTURES


@pytest.fixture(scope="module")
def home() -> Path:
    return model_shelf.tiny_home()


@pytest.fixture(autouse=True)
def small_plates(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in model_shelf.environment(home).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("forge_resources.imaging.diffusion.ordering.plate_size", lambda _: (96, 54))
    torch.set_num_threads(1)
    yield
    process_cache().clear()


def direction(model: str, **more: Any) -> Direction:
    settings = {name: more.pop(name) for name in list(more) if name in PictureSettings.model_fields}
    return Direction(settings=PictureSettings(model=model, **settings), product="a glass lamp", **more)


def look(model: str, seed: int = 7, description: str = "A parent yawns.", **more: Any) -> ShotLook:
    return ShotLook.model_validate(
        {
            "description": description, "camera": {"size": "medium"}, "setting": "bedroom", "time_of_day": "morning",
            "light": "soft-daylight", "product_name": "Aurora Lamp", "product": "placed",
            "palette": {"primary": "#1f2a44", "accent": "#f2a03d"}, "seed": seed,
            "direction": direction(model, **more).model_dump(),
        }
    )  # fmt: skip


def recipe(model: str, seed: int = 7, **more: Any) -> DiffusionParameters:
    return DiffusionArtist().parameters(look(model, seed, **more), "16:9", 0)


def drawn(parameters: DiffusionParameters, sources: dict[str, Path] | None = None) -> np.ndarray:
    return np.asarray(DiffusionArtist().draw(parameters, sources or {})).astype(int)


def painted(parameters: DiffusionParameters, target: Path) -> Facts:
    """A plate, as the workshop has it made: drawn, and then finished."""
    rough = target.with_suffix(DiffusionArtist.rough_suffix)
    facts = DiffusionArtist().make(parameters, {}, rough)
    DiffusionArtist().finish(parameters, rough, target)
    return facts


def scene(folder: Path, name: str = "scene", shift: int = 0) -> Path:
    picture = Image.new("RGB", (160, 90), "#88aacc")
    pen = ImageDraw.Draw(picture)
    pen.ellipse((30 + shift, 10, 90 + shift, 70), fill="#cc4422")
    pen.rectangle((100, 40, 150, 85), fill="#224422")
    picture.save(folder / f"{name}.png")
    return folder / f"{name}.png"


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_equal_recipes_give_equal_bytes_and_other_seeds_other_pictures(architecture: str, tmp_path: Path) -> None:
    wanted = recipe(f"tiny-{architecture}")
    one, other, another = tmp_path / "1.png", tmp_path / "2.png", tmp_path / "3.png"
    facts = painted(wanted, one)
    painted(wanted, other)
    painted(wanted.model_copy(update={"seed": 8}), another)
    assert one.read_bytes() == other.read_bytes() != another.read_bytes()
    assert Image.open(one).size == (96, 54) == (facts["width"], facts["height"])
    assert np.asarray(Image.open(one)).std() > 5


@pytest.mark.parametrize("architecture", ["sd1", "z-image", "qwen-image"])
def test_the_picture_is_that_of_a_bare_pipeline(home: Path, architecture: str) -> None:
    wanted = recipe(f"tiny-{architecture}").model_copy(update={"prompt": "a lamp", "negative_prompt": None})
    bare = DiffusionPipeline.from_pretrained(home / "models" / f"tiny-{architecture}")
    bare.set_progress_bar_config(disable=True)
    if architecture == "sd1":
        bare.scheduler = DPMSolverMultistepScheduler.from_config(
            bare.scheduler.config, algorithm_type="dpmsolver++", use_karras_sigmas=True
        )
    expected = bare(
        "a lamp", width=wanted.width, height=wanted.height, num_inference_steps=2,
        generator=torch.Generator().manual_seed(7), **{wanted.guidance_parameter: wanted.guidance},
    ).images[0]  # fmt: skip
    assert np.array_equal(drawn(wanted), np.asarray(expected))


@pytest.mark.parametrize("architecture", ["sd1", "sdxl", "sd3", "flux1", "z-image", "qwen-image"])
def test_a_picture_is_made_over(architecture: str, tmp_path: Path) -> None:
    sources = {"start": scene(tmp_path)}
    little = recipe(f"tiny-{architecture}", start="x.png", strength=0.5, steps=4)
    much = recipe(f"tiny-{architecture}", start="x.png", strength=1.0, steps=4)
    assert (little.task, little.strength) == ("image-to-image", 0.5)
    assert not np.array_equal(drawn(little, sources), drawn(much, sources))
    elsewhere = {"start": scene(tmp_path, "other", 40)}
    assert not np.array_equal(drawn(little, sources), drawn(little, elsewhere))


@pytest.mark.parametrize("architecture", ["sd1", "sdxl", "flux1", "flux2-klein"])
def test_only_the_white_of_a_mask_is_made_anew(architecture: str, tmp_path: Path) -> None:
    mask = Image.new("L", (160, 90))
    ImageDraw.Draw(mask).rectangle((0, 0, 79, 89), fill=255)
    mask.save(tmp_path / "mask.png")
    sources = {"start": scene(tmp_path), "mask": tmp_path / "mask.png"}
    wanted = recipe(f"tiny-{architecture}", start="x.png", mask="y.png", strength=1.0, steps=3)
    assert wanted.task == "inpainting"
    one = drawn(wanted, sources)
    other = drawn(wanted.model_copy(update={"seed": 99}), sources)
    changed = np.abs(one - other).mean(axis=(0, 2))
    half = changed.shape[0] // 2
    assert changed[: half - 8].mean() > 2 * changed[half + 8 :].mean()


def test_a_controlnet_steers(tmp_path: Path) -> None:
    control = [ControlOrder(control="canny", picture="x.png")]
    wanted = recipe("tiny-sd1", control=control)
    assert [(use.name, use.source) for use in wanted.controls] == [("tiny-canny", "control-1")]
    one = drawn(wanted, {"control-1": scene(tmp_path)})
    other = drawn(wanted, {"control-1": scene(tmp_path, "other", 50)})
    assert not np.array_equal(one, other)
    assert not np.array_equal(one, drawn(recipe("tiny-sd1")))
    assert np.array_equal(one, drawn(wanted, {"control-1": scene(tmp_path)}))
    start = recipe("tiny-sd1", control=control, start="x.png", strength=0.8, steps=4)
    drawn(start, {"control-1": scene(tmp_path), "start": scene(tmp_path)})


def test_two_controls_and_line_art(tmp_path: Path) -> None:
    prepared = ControlOrder(control="lineart", picture="x.png", model="tiny-lineart", strength=0.5, end=0.5)
    wanted = recipe("tiny-sd1", control=[ControlOrder(control="canny", picture="x.png"), prepared])
    picture = scene(tmp_path)
    drawn(wanted, {"control-1": picture, "control-2": picture})


def test_loras_are_put_on_and_leave_nothing_behind(home: Path, tmp_path: Path) -> None:
    bare = StableDiffusionPipeline.from_pretrained(home / "models" / "tiny-sd1")
    for number in (1, 2):
        if model_shelf.shelf_of(home).find(f"tiny-lora-{number}") is None:
            model_shelf.install(
                home, f"tiny-lora-{number}", tiny_models.build_lora(tmp_path / str(number), bare, number)
            )
    plain = drawn(recipe("tiny-sd1"))
    one = recipe("tiny-sd1", loras=[LoraOrder(name="tiny-lora-1")])
    both = recipe("tiny-sd1", loras=[LoraOrder(name="tiny-lora-1"), LoraOrder(name="tiny-lora-2", strength=0.5)])
    pictures = [drawn(one), drawn(both), drawn(recipe("tiny-sd1", loras=[LoraOrder(name="tiny-lora-1", strength=0.3)]))]
    assert len({picture.tobytes() for picture in [plain, *pictures]}) == 4
    assert np.array_equal(drawn(one), pictures[0])
    assert np.array_equal(drawn(recipe("tiny-sd1")), plain), "what was put on is taken off"
    assert np.array_equal(drawn(recipe("tiny-sd1", loras=[LoraOrder(name="tiny-lora-1", strength=0.0)])), plain)


def test_a_lora_for_another_family_is_refused(home: Path, tmp_path: Path) -> None:
    if model_shelf.shelf_of(home).find("tiny-lora-xl") is None:
        pipeline = DiffusionPipeline.from_pretrained(home / "models" / "tiny-sdxl")
        model_shelf.install(home, "tiny-lora-xl", tiny_models.build_lora(tmp_path / "xl", pipeline))
    with pytest.raises(InvalidInput, match="layers do not fit"):
        drawn(recipe("tiny-sd1", loras=[LoraOrder(name="tiny-lora-xl")]))
    drawn(recipe("tiny-sd1"))
    with pytest.raises(InvalidInput, match="is a pipeline, not a lora"):
        recipe("tiny-sd1", loras=[LoraOrder(name="tiny-flux1")])
    with pytest.raises(InvalidInput, match="is a controlnet, not a lora"):
        recipe("tiny-sd1", loras=[LoraOrder(name="tiny-canny")])
    with pytest.raises(Unavailable, match="not installed"):
        recipe("tiny-sd1", loras=[LoraOrder(name="lcm-lora-sd-1.5")])


@pytest.mark.parametrize(
    ("architecture", "names"),
    [("sd1", load_catalogue().architectures["sd1"].schedulers), ("flux1", ["flow-euler-karras"])],
)
def test_every_scheduler_draws(architecture: str, names: list[str]) -> None:
    model = f"tiny-{architecture}"
    own = drawn(recipe(model, steps=3))
    pictures = {name: drawn(recipe(model, scheduler=name, steps=3)) for name in names}
    assert len({picture.tobytes() for picture in pictures.values()}) > len(names) / 2
    assert np.array_equal(drawn(recipe(model, steps=3)), own), "the scheduler of one picture is not that of the next"


@pytest.mark.parametrize("architecture", ["sd1", "flux1"])
def test_memory_presets_that_a_processor_allows(architecture: str) -> None:
    model = f"tiny-{architecture}"
    full = drawn(recipe(model))
    tiled = drawn(recipe(model, preset="group-offload"))
    assert tiled.shape == full.shape
    eight = drawn(recipe(model, preset="8-bit"))
    assert 0 < np.abs(eight - full).mean() < 25
    for preset in ("model-offload", "4-bit"):
        with pytest.raises(InvalidInput, match=preset):
            drawn(recipe(model, preset=preset))


def test_attention_and_step_cache_are_of_the_recipe() -> None:
    plain = drawn(recipe("tiny-flux1", steps=6))
    assert np.array_equal(drawn(recipe("tiny-flux1", steps=6, attention="native")), plain)
    cached = drawn(recipe("tiny-flux1", steps=6, step_cache=1.0))
    assert not np.array_equal(cached, plain)
    assert np.array_equal(drawn(recipe("tiny-flux1", steps=6)), plain)
    with pytest.raises(InvalidInput, match="cannot be had here"):
        drawn(recipe("tiny-flux1", attention="xformers"))


@pytest.mark.parametrize(
    ("model", "settings", "place"),
    [
        ("tiny-flux1", {"guidance": 3.0}, "guidance"),
        ("tiny-flux1", {"negative_prompt": "rain"}, "negative_prompt"),
        ("tiny-flux1", {"scheduler": "euler"}, "scheduler"),
        ("tiny-flux1", {"reference_strength": 0.5}, "reference_strength"),
        ("tiny-sd1", {"guidance": 25.0}, "guidance"),
        ("tiny-sd1", {"steps": 11}, "steps"),
        ("tiny-sd1", {"step_cache": 0.1}, "step_cache"),
        ("tiny-z-image", {"control": [ControlOrder(control="pose", picture="x.png")]}, "control"),
        ("tiny-sd1", {"mask": "x.png"}, "mask"),
    ],
)
def test_what_a_model_does_not_take_is_an_error(model: str, settings: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        recipe(model, **settings)
    assert place in [fault.place for fault in refused.value.faults]


def test_long_prompts_are_read_whole_or_refused() -> None:
    words = "a very long description of everything that stands on the table " * 8
    for model in ("tiny-sd1", "tiny-sdxl"):
        long = recipe(model, description=words[:380].strip())
        tail = long.model_copy(update={"prompt": long.prompt + ", and a cat at the very end"})
        assert not np.array_equal(drawn(long), drawn(tail)), "what comes last counts"
    flux = recipe("tiny-flux1", description=words[:380].strip())
    with pytest.raises(InvalidInput, match="tokens; tiny-flux1 reads 512"):
        drawn(flux)


@pytest.mark.parametrize("architecture", ["sd3", "flux1", "flux2-klein", "z-image", "qwen-image"])
def test_the_longest_prompt_that_is_taken_is_read_to_its_last_letter(architecture: str) -> None:
    wanted = recipe(f"tiny-{architecture}", steps=1)

    def of(prompt: str) -> DiffusionParameters:
        return wanted.model_copy(update={"prompt": prompt, "clauses": ["short"]})

    # A letter is a token; what the pipeline puts around them counts too.
    with pytest.raises(InvalidInput, match="reads 512") as refused:
        drawn(of("x" * 600))
    around = int(refused.value.message.split()[3]) - 600
    longest = 512 - around
    with pytest.raises(InvalidInput, match="has 513 tokens"):
        drawn(of("x" * (longest + 1)))
    assert not np.array_equal(drawn(of("x" * longest)), drawn(of("x" * (longest - 1) + "q")))


def test_the_short_windows_of_stable_diffusion_3_get_what_they_can_read(home: Path) -> None:
    negative = ", ".join(["a very long list of what must not be seen"] * 3)
    wanted = recipe("tiny-sd3", negative_prompt=negative)
    pipeline = DiffusionPipeline.from_pretrained(home / "models" / "tiny-sd3")
    told = prompt_arguments(pipeline, wanted, load_catalogue().architectures["sd3"])
    for name in ("prompt", "prompt_2", "negative_prompt", "negative_prompt_2"):
        assert 10 < len(pipeline.tokenizer(told[name]).input_ids) <= 77, name
    assert (told["prompt_3"], told["negative_prompt_3"]) == (wanted.prompt, wanted.negative_prompt)


def test_a_package_that_a_model_needs_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = load_catalogue(home / "library" / "models")
    needy = really.architectures["flux1"].model_copy(update={"packages": ["no_such_package"]})
    changed = replace(really, architectures={**really.architectures, "flux1": needy})
    monkeypatch.setattr("forge_resources.models.places.catalogue", lambda: changed)
    with pytest.raises(Unavailable, match=r"FLUX.1 needs no_such_package") as missing:
        recipe("tiny-flux1")
    assert missing.value.remedy.startswith("pip install no_such_package")
    assert "diffusers:FluxPipeline" not in DiffusionArtist().imports()


def test_every_step_is_told_and_a_caller_who_has_gone_stops_it() -> None:
    told: list[tuple[int, int]] = []
    with watched(Watch(on_step=lambda done, total: told.append((done, total)))):
        drawn(recipe("tiny-sd1", steps=4))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    gone = Watch(is_cancelled=lambda: len(told) >= 6, on_step=lambda done, total: told.append((done, total)))
    with watched(gone), pytest.raises(Unavailable, match="stopped"):
        drawn(recipe("tiny-sd1", steps=10))
    assert len(told) == 6
    assert np.array_equal(drawn(recipe("tiny-sd1")), drawn(recipe("tiny-sd1")))


def test_other_weights_than_the_recipe_means_are_refused() -> None:
    with pytest.raises(InvalidInput, match="other weights"):
        drawn(recipe("tiny-sd1").model_copy(update={"weights": "0" * 64}))


@pytest.mark.parametrize("ratio", ["16:9", "9:16", "1:1", "4:5"])
def test_sizes_fit_the_model_and_the_ratio(ratio: Any) -> None:
    catalogue = load_catalogue()
    across, down = map(int, ratio.split(":"))
    for name, model in catalogue.models.items():
        architecture = catalogue.architecture_of(model)
        width, height = native_size(model, architecture, ratio)
        assert width % architecture.multiple == height % architecture.multiple == 0
        assert width * height <= model.max_pixels, name
        assert 0.85 < width * height / (model.native_width * model.native_height) < 1.1, name
        assert abs(width / height / (across / down) - 1) < 0.04, name


@pytest.mark.parametrize("size", [(80, 45), (3000, 20), (4, 900), (1, 1), (1200, 800)])
def test_reference_pictures_are_such_as_models_read(tmp_path: Path, size: tuple[int, int]) -> None:
    Image.new("RGB", size, "#cc4422").save(tmp_path / "reference.png")
    width, height = reference_picture(tmp_path / "reference.png").size
    assert min(width, height) >= 64
    assert max(width, height) <= 8 * min(width, height)


def test_the_middle_is_kept() -> None:
    assert crop_box((100, 100), (160, 90)) == (0, 21.875, 100, 78.125)
    assert crop_box((160, 90), (160, 90)) == (0, 0, 160, 90)
