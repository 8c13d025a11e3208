"""`forge render` and encoders in hardware: a timeline file and its media, whole files only, clear errors."""

from __future__ import annotations

import json
import shutil
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from forge_jobs.command.render import render
from forge_resources.editing import hardware
from forge_resources.editing.encoding import picture_options
from forge_resources.editing.hardware import ENCODERS, encoder_for, works
from forge_resources.editing.probe import probe
from forge_resources.editing.profiles import load_profiles
from forge_resources.editing.rerender import render_file
from forge_resources.errors import InvalidInput, NotFound, Unavailable
from forge_resources.schemas.delivery import FrameSize
from forge_resources.settings import Settings
from tests.sample_spot import LOCKED, PUSH, Spot, flat, painted

WEB = load_profiles()["web"]


def handed_over(folder: Path) -> Path:
    """A timeline of the profile `web` with its media beside it."""
    made = folder / "made"
    made.mkdir()
    spot = Spot(made, size=FrameSize(width=1280, height=720)).show(painted(made / "a.png"), 12, PUSH)
    spot.show(flat(made / "b.png", (20, 120, 60)), 12, LOCKED)
    (folder / "media").mkdir()
    for path in spot.media.values():
        shutil.copy(path, folder / "media")
    otio.adapters.write_to_file(spot.timeline(), str(folder / "spot.otio"))
    return folder / "spot.otio"


@pytest.mark.parametrize("renderer", ["ffmpeg", "moviepy"])
def test_a_timeline_is_rendered_from_the_media_beside_it(
    renderer: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    timeline, target = handed_over(tmp_path), tmp_path / "again.mp4"
    wanted = [str(timeline), "--out", str(target), "--renderer", renderer, "--json"]
    assert render.main(wanted, standalone_mode=False) == 0
    told = json.loads(capfd.readouterr().out)
    assert (told["frames"], told["width"], told["fps"]) == (24, 1280, "24")
    assert probe(target).frames == 24
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.mp4", "made", "media", "spot.otio"]


def test_an_edit_of_the_timeline_is_what_is_rendered(tmp_path: Path) -> None:
    path = handed_over(tmp_path)
    timeline = otio.adapters.read_from_file(str(path))
    timeline.tracks[0].append(timeline.tracks[0][0].deepcopy())
    timeline.metadata["forge"]["frames"] = 36
    otio.adapters.write_to_file(timeline, str(path))
    facts = render_file(path, {"web": WEB}, "web", tmp_path / "longer.mp4", "ffmpeg", "software", lambda *_: None)
    assert facts["frames"] == 36


def test_missing_and_damaged_media_are_named_all_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    timeline = handed_over(tmp_path)
    first, second = sorted((tmp_path / "media").iterdir())
    first.unlink()
    second.write_bytes(second.read_bytes()[:100])
    (tmp_path / "spot.mp4").write_bytes(b"the one before")
    with pytest.raises(InvalidInput) as told:
        render_file(timeline, {"web": WEB}, "web", tmp_path / "spot.mp4", "ffmpeg", "software", lambda *_: None)
    told_of = {fault.place: fault.message.split(":")[0] for fault in told.value.faults}
    assert told_of == {f"media/{first.name}": "is missing", f"media/{second.name}": "is damaged"}
    assert (tmp_path / "spot.mp4").read_bytes() == b"the one before"


def test_a_render_that_is_stopped_leaves_the_file_before_it(tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    def stop(done: int, total: int) -> None:
        raise Stopped

    timeline, target = handed_over(tmp_path), tmp_path / "spot.mp4"
    target.write_bytes(b"the one before")
    with pytest.raises(Stopped):
        render_file(timeline, {"web": WEB}, "web", target, "ffmpeg", "software", stop)
    assert target.read_bytes() == b"the one before"
    assert not list(tmp_path.glob(".forge-render-*"))


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    timeline = handed_over(tmp_path)
    for wrong, why in (
        ((tmp_path / "no.otio", "web", tmp_path / "x.mp4"), "no timeline"),
        ((timeline, "tv", tmp_path / "x.mp4"), "no delivery profile `tv`"),
        ((timeline, "web", tmp_path / "no folder" / "x.mp4"), "no folder"),
    ):
        path, slug, target = wrong
        with pytest.raises(NotFound, match=why):
            render_file(path, {"web": WEB}, slug, target, "ffmpeg", "software", lambda *_: None)


def test_hardware_is_chosen_by_name_and_nothing_stands_in_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    prores = load_profiles()["uk-hd"].video
    monkeypatch.setattr(hardware, "works", lambda name: name == "h264_qsv")
    assert encoder_for(WEB.video, "software") == "software"
    assert encoder_for(WEB.video, "hardware") == "h264_qsv"
    assert encoder_for(prores, "hardware") == "software"
    with pytest.raises(Unavailable, match="no `h264_nvenc` that works"):
        encoder_for(WEB.video, "h264_nvenc")
    with pytest.raises(InvalidInput, match="FORGE_ENCODER is `gpu`"):
        encoder_for(WEB.video, "gpu")
    options = picture_options(WEB.video, Fraction(24), 2, "h264_nvenc")
    assert options[options.index("-c:v") + 1] == "h264_nvenc"
    assert options[options.index("-cq") + 1] == "19"
    assert "-pix_fmt" in options


def test_an_encoder_works_when_its_frames_decode() -> None:
    assert works("libx264")
    assert not works("h264_of_nobody")


@pytest.mark.parametrize("name", ENCODERS)
def test_an_encoder_in_hardware_gives_the_same_frames(name: str, tmp_path: Path) -> None:
    if not works(name):
        pytest.skip(f"{name} does not work on this machine")
    timeline = handed_over(tmp_path)
    for encoder in ("software", name):
        render_file(timeline, {"web": WEB}, "web", tmp_path / f"{encoder}.mp4", "ffmpeg", encoder, lambda *_: None)
    assert probe(tmp_path / "software.mp4").frames == probe(tmp_path / f"{name}.mp4").frames == 24


def test_the_deployment_chooses_the_encoder(tmp_path: Path) -> None:
    assert Settings.from_environment({"FORGE_HOME": str(tmp_path)}).encoder == "software"
    chosen = {"FORGE_HOME": str(tmp_path), "FORGE_ENCODER": "h264_nvenc"}
    assert Settings.from_environment(chosen).encoder == "h264_nvenc"
