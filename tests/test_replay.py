"""Replay: bit-equal from the same recipe, what differs when it is not, and what is recorded of the environment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

from forge_jobs.command.replay import replay as command
from forge_jobs.command.takes import takes as takes_command
from forge_resources.engines.contract import Facts, Sources
from forge_resources.engines.registry import engine
from forge_resources.errors import ForgeError, InvalidInput, NotFound
from forge_resources.gpu.residence import process_cache
from forge_resources.imaging.diffusion.engine import DiffusionArtist
from forge_resources.imaging.sketch import SketchArtist, SketchParameters
from forge_resources.schemas.pictures import Direction, PictureSettings
from forge_resources.schemas.recipe import Artefact
from forge_resources.schemas.storyboard import ShotLook
from forge_resources.store.environment import environment_here
from forge_resources.store.likeness import likeness_of, ssim
from forge_resources.store.replay import replay
from forge_resources.studio import Studio
from tests import model_shelf


def look(**more: Any) -> ShotLook:
    return ShotLook.model_validate(
        {
            "description": "A parent yawns.", "camera": {"size": "medium"}, "setting": "bedroom",
            "time_of_day": "morning", "light": "soft-daylight", "product_name": "Aurora Lamp", "seed": 7,
            "figures": [{"role": "parent", "pose": "yawns"}],
            "palette": {"primary": "#1f2a44", "accent": "#f2a03d"}, **more,
        }
    )  # fmt: skip


def sketched(studio: Studio) -> Artefact:
    artist = SketchArtist()
    return studio.workshop.make(artist, artist.parameters(look(), "16:9", 0)).artefact


def test_a_sketch_comes_out_bit_equal(studio: Studio) -> None:
    artefact = sketched(studio)
    by_hash = replay(studio.workshop, artefact.sha256[:10])
    by_file = replay(studio.workshop, str(studio.store.path(artefact)))
    assert (by_hash.verdict, by_hash.changes, by_hash.seed) == ("bit-equal", [], 7)
    assert by_file.verdict == "bit-equal"
    assert by_hash.made == artefact.sha256


def test_every_artefact_records_its_environment(studio: Studio) -> None:
    record = studio.store.record_of(sketched(studio).sha256)
    assert record.environment.keys() >= {"python", "system", "pillow", "numpy", "forge-spots"}
    assert record.is_whole()
    assert not record.model_copy(update={"environment": {"python": "2.7"}}).is_whole()


def test_what_differs_is_named(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    artefact = sketched(studio)
    really = SketchArtist.make

    def softened(self: SketchArtist, parameters: SketchParameters, sources: Sources, target: Path) -> Facts:
        facts = really(self, parameters, sources, target)
        with Image.open(target) as picture:
            picture.filter(ImageFilter.GaussianBlur(0.4)).save(target)
        return {**facts, "environment": {**environment_here(heavy=False), "pillow": "99.0"}}

    monkeypatch.setattr(SketchArtist, "make", softened)
    monkeypatch.setattr(SketchArtist, "version", "99")
    found = replay(studio.workshop, artefact.sha256)
    assert found.verdict == "perceptually equal"
    assert found.figure is not None
    assert 0.98 <= found.figure < 1
    assert {(change.what, change.now) for change in found.changes} == {("pillow", "99.0"), ("engine sketch", "99")}
    monkeypatch.setattr(SketchArtist, "make", lambda *a: (Image.new("RGB", (1920, 1080)).save(a[3], "PNG"), {})[1])
    assert replay(studio.workshop, artefact.sha256).verdict == "different"


def test_a_recipe_that_is_no_longer_taken_is_said(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    artefact = sketched(studio)

    class Stricter(SketchParameters):
        brush: str

    monkeypatch.setattr(SketchArtist, "Parameters", Stricter)
    with pytest.raises(InvalidInput, match="does not take it") as refused:
        replay(studio.workshop, artefact.sha256)
    assert [fault.place for fault in refused.value.faults] == ["parameters: brush"]


@pytest.mark.parametrize("wrong", ["nothing-such.png", "abc", "zzzzzzzz", "0" * 64])
def test_what_is_no_artefact_is_said(studio: Studio, wrong: str) -> None:
    sketched(studio)
    with pytest.raises(NotFound):
        replay(studio.workshop, wrong)


def test_a_picture_of_another_store_is_replayed_from_its_own_recipe(studio: Studio, tmp_path: Path) -> None:
    artefact = sketched(studio)
    copy = tmp_path / "copy.png"
    copy.write_bytes(studio.store.path(artefact).read_bytes())
    for path in (studio.settings.home / "store").rglob(f"{artefact.sha256}.recipe.json"):
        path.unlink()
    assert replay(studio.workshop, str(copy)).verdict == "bit-equal"
    Image.new("RGB", (8, 8)).save(tmp_path / "strange.png")
    with pytest.raises(NotFound, match="has no recipe"):
        replay(studio.workshop, str(tmp_path / "strange.png"))


def test_a_painted_plate_is_replayed_with_its_device(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in model_shelf.environment(model_shelf.tiny_home()).items():
        monkeypatch.setenv(name, value)
    artist = engine("image", "diffusers")
    assert isinstance(artist, DiffusionArtist)
    direction = Direction(settings=PictureSettings(model="tiny-flux1"), product="a lamp")
    parameters = artist.parameters(look(direction=direction.model_dump()), "16:9", 0)
    artefact = studio.workshop.make(artist, parameters).artefact
    process_cache().clear()
    record = studio.store.record_of(artefact.sha256)
    assert record.environment.keys() >= {"torch", "diffusers", "transformers", "device"}
    assert "environment" not in artefact.facts
    found = replay(studio.workshop, artefact.sha256)
    assert (found.verdict, found.changes) == ("bit-equal", [])
    assert artist.models() == sorted(f"tiny-{name}" for name in model_shelf.ARCHITECTURES)
    artist.warm("tiny-flux1")
    assert process_cache().counts().hits > 0
    process_cache().clear()


def test_the_command(studio: Studio, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    artefact = sketched(studio)
    again = tmp_path / "again.png"
    assert command.main([artefact.sha256[:8], "--json", "--out", str(again)], standalone_mode=False) == 0
    assert json.loads(capfd.readouterr().out)["verdict"] == "bit-equal"
    assert again.read_bytes() == studio.store.path(artefact).read_bytes()
    assert command.main([artefact.sha256[:8]], standalone_mode=False) == 0
    assert capfd.readouterr().out.startswith("bit-equal")
    with pytest.raises(ForgeError):
        takes_command.main(["no-such-brief"], standalone_mode=False)


def test_ssim_is_one_for_equal_pictures_and_little_for_others(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    one = Image.fromarray(random.integers(0, 255, (60, 80, 3)).astype(np.uint8)).resize((320, 240))
    other = Image.fromarray(random.integers(0, 255, (60, 80, 3)).astype(np.uint8)).resize((320, 240))
    for name, picture in (("one", one), ("other", other), ("small", one.resize((160, 120)))):
        picture.save(tmp_path / f"{name}.png")
    assert ssim(tmp_path / "one.png", tmp_path / "one.png") == 1.0
    assert (ssim(tmp_path / "one.png", tmp_path / "other.png") or 0) < 0.4
    assert ssim(tmp_path / "one.png", tmp_path / "small.png") is None
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "b.txt").write_text("b")
    assert not likeness_of(tmp_path / "a.txt", tmp_path / "b.txt", "text/plain").equal
