"""The render: exact frames, smooth moves, type on its frames, levelled sound, equal bytes; decoded by PyAV."""

from __future__ import annotations

import os
import signal
import sys
import threading
import wave
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import opentimelineio as otio
import pytest
from PIL import Image, ImageDraw

from forge_resources.editing import ffmpeg
from forge_resources.editing.camera import box_at, eased
from forge_resources.editing.cut import Lettering
from forge_resources.editing.frames import frames, plans
from forge_resources.editing.mixing import Mixer, mix_parameters
from forge_resources.editing.planes import Layout, planes_of
from forge_resources.editing.probe import probe
from forge_resources.editing.render import Renderer, RenderParameters, render_parameters
from forge_resources.editing.stamps import stamp_of
from forge_resources.editing.timeline_reading import read_cut
from forge_resources.errors import EngineFailed, InvalidInput, Unavailable
from forge_resources.schemas.delivery import FrameSize
from forge_resources.schemas.edit import CameraPath, TypeNote, Window
from forge_resources.schemas.timecode import RATES
from forge_resources.schemas.types import frames_at
from tests.sample_spot import LOCKED, PAN, PUSH, Spot, flat, painted, profile, spoken

LENGTHS = [(fps, 6) for fps in RATES.values()] + [(RATES["24"], 15), (RATES["29.97"], 10), (RATES["29.97"], 15)]


def decoded(path: Path) -> list[npt.NDArray[np.uint8]]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def decoded_luma(path: Path) -> Iterator[npt.NDArray[np.uint8]]:
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="gray")


def heard(path: Path) -> npt.NDArray[np.float32]:
    """The left channel, as a player gives it: what precedes the start of the track is dropped."""
    with av.open(str(path)) as container:
        pieces = [frame.to_ndarray()[0] for frame in container.decode(audio=0) if frame.pts >= 0]
    return np.concatenate(pieces)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], Spot]:
    """Ten seconds with everything: two moves, a dissolve, a super, an end card, two lines; in an awkward folder."""
    folder = tmp_path_factory.mktemp("a 'quoted' ü%d [x]; folder")
    line, samples = spoken(folder)
    spot = Spot(folder, size=FrameSize(width=640, height=360))
    spot.show(painted(folder / "one.png", (960, 540), 1), 96, PUSH).dissolve(6, 6)
    spot.show(painted(folder / "two.png", (960, 540), 2), 84, PAN)
    spot.show(flat(folder / "three.png", (30, 40, 50)), 60, LOCKED)
    spot.letter(TypeNote(role="super", text=["Wakes you with light"], fade_in=4, fade_out=4), 24, 48)
    card = TypeNote(role="end-card", text=["Try it for 30 nights."], brand_name="Lumen", product_name="Aurora Lamp")
    spot.letter(card, 200, 40)
    spot.say(line, 22050, samples, 22050).say(line, 22050 * 5 + 7, samples, 22050)
    target = folder / "a spot.mp4"
    return target, spot.render(target), spot


@pytest.mark.parametrize(("fps", "seconds"), LENGTHS, ids=str)
def test_frames_and_sound_are_exactly_as_long_as_asked(fps: Fraction, seconds: int, tmp_path: Path) -> None:
    count = frames_at(Fraction(seconds), fps)
    spot = Spot(tmp_path, fps, FrameSize(width=128, height=72))
    spot.show(flat(tmp_path / "plate.png", (200, 60, 30)), count, LOCKED)
    facts = spot.render(tmp_path / "spot.mp4")
    assert (facts["frames"], facts["fps"]) == (count, str(fps))
    with av.open(str(tmp_path / "spot.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.frames, stream.average_rate) == (count, fps)
        assert sum(1 for _ in container.decode(video=0)) == count
    sound = probe(tmp_path / "spot.mp4").sound
    assert sound is not None
    assert sound.samples == int(count / fps * 48000 + Fraction(1, 2))


@pytest.mark.long
@pytest.mark.parametrize("fps", RATES.values(), ids=str)
@pytest.mark.parametrize("seconds", [6, 10, 15, 20, 30, 45, 60, 90])
def test_frames_at_every_rate_and_length(fps: Fraction, seconds: int, tmp_path: Path) -> None:
    test_frames_and_sound_are_exactly_as_long_as_asked(fps, seconds, tmp_path)


def test_silence_is_silent_and_says_so(tmp_path: Path) -> None:
    spot = Spot(tmp_path).show(flat(tmp_path / "plate.png", (0, 0, 0)), 24, LOCKED)
    facts = spot.render(tmp_path / "spot.mp4")
    assert (facts["voice_lines"], facts["integrated_lufs"], facts["true_peak_dbtp"]) == (0, None, None)
    assert not heard(tmp_path / "spot.mp4").any()


def test_sound_meets_the_profile_and_lies_where_it_was_placed(film: tuple[Path, dict[str, Any], Spot]) -> None:
    path, facts, _ = film
    assert facts["integrated_lufs"] == pytest.approx(-16, abs=1)
    assert facts["true_peak_dbtp"] <= -1
    samples = np.abs(heard(path)[: 48000 * 10])
    assert len(samples) == 480_000
    loud = np.flatnonzero(samples > 0.01)
    assert loud[0] == pytest.approx(48000, abs=48000 * 0.03)
    second = loud[loud > 48000 * 4.5][0]
    # The same line twice: the distance between the two is what the timeline says, to the sample of the codec's blur.
    assert second - loud[0] == pytest.approx(48000 * (4 + 7 / 22050), abs=24)


def test_peaks_are_limited_and_loudness_still_met(tmp_path: Path) -> None:
    time = np.arange(22050 * 4) / 22050
    sound = 0.05 * np.sin(2 * np.pi * 300 * time) * (1 + np.sin(2 * np.pi * 3 * time))
    sound[::2205] = 0.95
    peaky = tmp_path / "peaky.wav"
    with wave.open(str(peaky), "wb") as file:
        file.setparams((1, 2, 22050, len(sound), "NONE", ""))
        file.writeframes((sound * 32767).astype("<i2").tobytes())
    spot = Spot(tmp_path, size=FrameSize(width=128, height=72)).show(flat(tmp_path / "a.png", (9, 9, 9)), 144, LOCKED)
    facts = spot.say(peaky, 22050, len(sound), 22050).render(tmp_path / "spot.mp4")
    sources = {"timeline": spot.folder / "spot.otio", **spot.media}
    mix = Mixer().make(mix_parameters(profile(spot.fps, spot.size)), sources, tmp_path / "mix.wav")
    assert mix["limited"] is True
    assert facts["true_peak_dbtp"] <= -1
    assert facts["integrated_lufs"] == pytest.approx(-16, abs=1)


def test_bytes_are_equal_when_made_again(film: tuple[Path, dict[str, Any], Spot], tmp_path: Path) -> None:
    path, facts, spot = film
    seen: list[tuple[int, int]] = []
    again = spot.render(tmp_path / "again.mp4", Renderer(lambda done, total: seen.append((done, total))))
    assert (tmp_path / "again.mp4").read_bytes() == path.read_bytes()
    assert again == facts
    assert seen[-1] == (240, 240)
    assert seen == sorted(set(seen))


def test_type_is_seen_in_its_frames_only(film: tuple[Path, dict[str, Any], Spot], tmp_path: Path) -> None:
    path, _, spot = film
    bare = Spot(tmp_path, spot.fps, spot.size, spot.media, spot.pictures, {}, [], spot.length)
    without = frames(read_cut(bare.timeline()), spot.media, [])
    change = []
    for picture, plain in zip(decoded_luma(path), without, strict=True):
        before = np.frombuffer(plain[: 640 * 360], np.uint8).reshape(360, 640)
        # Type is crisp and large; what the codec does is small or scattered.
        change.append(int(np.sum(np.abs(picture.astype(int) - before.astype(int)) > 48)))
    assert max(change[:24] + change[72:200]) < 40
    assert min(change[28:68]) > 400
    assert change[24] < change[26] < change[28]
    assert change[71] < change[69] < change[67]
    assert min(change[200:]) > 10_000


def test_dissolve_blends_over_its_frames(tmp_path: Path) -> None:
    spot = Spot(tmp_path).show(flat(tmp_path / "a.png", (0, 0, 0)), 24, LOCKED).dissolve(4, 4)
    spot.show(flat(tmp_path / "b.png", (255, 255, 255)), 24, LOCKED)
    cut = read_cut(spot.timeline())
    luma = [data[0] for data in frames(cut, spot.media, [])]
    assert luma[:20] == [16] * 20
    assert luma[28:] == [235] * 20
    assert np.all(np.diff(luma[19:29]) > 20)


def shift(before: npt.NDArray[np.float64], after: npt.NDArray[np.float64]) -> float:
    """How far the picture moved to the left, in pixels, by the phase of its low horizontal frequencies."""
    window = np.hanning(before.shape[1])
    one, two = (np.fft.rfft(each * window, axis=1)[:, 2:40] for each in (before - before.mean(), after - after.mean()))
    turn = np.angle((one.conj() * two).sum(axis=0))
    frequency = 2 * np.pi * np.arange(2, 40) / before.shape[1]
    weight = np.abs((one.conj() * two).sum(axis=0))
    return float((turn * frequency * weight).sum() / (frequency**2 * weight).sum())


def test_pan_moves_by_fractions_of_a_pixel_without_steps(tmp_path: Path) -> None:
    start, end = (Window(x=Fraction(x, 100), size=Fraction(9, 10)) for x in (45, 47))
    slow = CameraPath(move="pan-right", start=start, end=end, ease="linear")
    spot = Spot(tmp_path, size=FrameSize(width=1280, height=720))
    spot.show(painted(tmp_path / "plate.png", (1920, 1080)), 30, slow)
    made = list(frames(read_cut(spot.timeline()), spot.media, []))
    luma = [np.frombuffer(data[: 1280 * 720], np.uint8).reshape(720, 1280)[200:520].astype(float) for data in made]
    moved = np.array([shift(one, two) for one, two in pairwise(luma)])
    # Even, and as much as the path says: 2 % of a plate that is seen at 1280 / 0.9 pixels, in 29 steps.
    assert np.std(moved) < 0.02
    assert np.mean(moved) == pytest.approx(1280 / 0.9 * 0.02 / 29, rel=0.02)


def test_moves_are_eased_and_stay_on_the_plate() -> None:
    progress = np.array([eased(t) for t in np.linspace(0, 1, 201)])
    assert (progress[0], progress[-1]) == (0, 1)
    speed = np.diff(progress)
    assert np.all(speed > 0)
    assert np.max(np.abs(np.diff(speed))) < 0.0004
    for path in (PUSH, PAN):
        for frame in range(48):
            box = box_at(path, frame, 48)
            assert 0 <= box.left < box.right <= 1 + 1e-9
            assert 0 <= box.top < box.bottom <= 1 + 1e-9


@pytest.mark.parametrize("colour", [(255, 255, 255), (0, 0, 0), (200, 30, 60), (20, 90, 230), (40, 200, 90)])
def test_colours_come_back_as_they_were(colour: tuple[int, int, int], tmp_path: Path) -> None:
    spot = Spot(tmp_path).show(flat(tmp_path / "plate.png", colour), 6, LOCKED)
    facts = spot.render(tmp_path / "spot.mp4")
    assert facts["colour"].startswith("tv, bt709")
    with av.open(str(tmp_path / "spot.mp4")) as container:
        frame = next(container.decode(video=0))
        assert (frame.colorspace, frame.color_range) == (1, 1)
        y, u, v = (int(np.asarray(frame.planes[index])[0]) for index in range(3))
    red = (y - 16) / 219 + 1.5748 * (v - 128) / 224
    blue = (y - 16) / 219 + 1.8556 * (u - 128) / 224
    green = ((y - 16) / 219 - 0.2126 * red - 0.0722 * blue) / 0.7152
    assert (red * 255, green * 255, blue * 255) == pytest.approx(colour, abs=4)


def test_chroma_is_sited_left_as_h264_has_it() -> None:
    picture = Image.new("RGB", (64, 32), (128, 128, 128))
    ImageDraw.Draw(picture).rectangle((32, 0, 63, 31), fill=(220, 40, 40))
    row = planes_of(picture, Layout(64, 32)).parts[2][8].astype(int)
    assert (row[:16] == 128).all()
    assert (row[17:] == row[31]).all()
    # Sample 16 lies on pixel 32, the first red one: a quarter of it comes from the grey before.
    assert (row[16] - 128) / (row[31] - 128) == pytest.approx(0.75, abs=0.02)


def test_clip_is_conformed_and_its_last_frame_held(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    ffmpeg.run(["-f", "lavfi", "-i", "testsrc=s=400x300:r=12:d=1", "-pix_fmt", "yuv420p", ffmpeg.address(clip)])
    spot = Spot(tmp_path).show(clip, 36).show(flat(tmp_path / "b.png", (9, 9, 9)), 12, LOCKED)
    facts = spot.render(tmp_path / "spot.mp4")
    assert (facts["frames"], facts["width"], facts["height"]) == (48, 320, 180)
    pictures = [picture.astype(int) for picture in decoded(tmp_path / "spot.mp4")]
    assert np.abs(pictures[2] - pictures[20]).mean() > 1
    assert np.abs(pictures[26] - pictures[35]).mean() < 1
    assert pictures[36].mean() < 20


def test_clip_is_trimmed_from_where_the_cut_says(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    ffmpeg.run(["-f", "lavfi", "-i", "testsrc=s=320x180:r=24:d=2", "-pix_fmt", "yuv420p", ffmpeg.address(clip)])
    whole, late = (list(frames(read_cut(spot.timeline()), spot.media, [])) for spot in (
        Spot(tmp_path).show(clip, 48), Spot(tmp_path).show(clip, 12, skip=24),
    ))  # fmt: skip
    assert late == whole[24:36]


def test_clip_that_breaks_off_is_an_error(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    ffmpeg.run(["-f", "lavfi", "-i", "testsrc=s=320x180:r=24:d=2", "-movflags", "+faststart", ffmpeg.address(clip)])
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    with pytest.raises(EngineFailed):
        Spot(tmp_path).show(clip, 48).render(tmp_path / "spot.mp4")


def test_fades_of_type_are_on_exact_frames() -> None:
    cut_note = TypeNote(role="super", text=["Now"], fade_in=2, fade_out=0)
    item = Lettering(cut_note, 10, 5)
    assert [item.opacity(frame) for frame in (9, 10, 11, 12, 14, 15)] == pytest.approx([0, 1 / 3, 2 / 3, 1, 1, 0])


def test_ffmpeg_that_dies_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    spot = Spot(tmp_path).show(painted(tmp_path / "plate.png"), 48, PUSH)
    target = tmp_path / "spot.mp4"
    target.mkdir()
    with pytest.raises(EngineFailed, match="Is a directory"):
        spot.render(target)


@pytest.mark.skipif(sys.platform != "linux", reason="finds its children in /proc")
def test_ffmpeg_that_is_killed_is_an_error_and_nothing_hangs(tmp_path: Path) -> None:
    def kill_children(done: int, total: int) -> None:
        children = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)

    spot = Spot(tmp_path).show(painted(tmp_path / "plate.png"), 240, PUSH)
    with pytest.raises(EngineFailed, match="SIGKILL"):
        spot.render(tmp_path / "spot.mp4", Renderer(kill_children))


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")
def test_full_disk_is_recognised(tmp_path: Path) -> None:
    (tmp_path / "spot.mp4").symlink_to("/dev/full")
    spot = Spot(tmp_path).show(painted(tmp_path / "plate.png"), 48, PUSH)
    with pytest.raises(Unavailable, match="disk is full"):
        spot.render(tmp_path / "spot.mp4")


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    spot = Spot(tmp_path).show(painted(tmp_path / "plate.png"), 24, PUSH)
    spot.render(tmp_path / "spot.mp4")
    (tmp_path / "spot.mp4").unlink()
    broken = tmp_path / "broken.png"
    broken.write_bytes((tmp_path / "plate.png").read_bytes()[:2000])
    with pytest.raises(EngineFailed, match="cannot be read"):
        Spot(tmp_path).show(broken, 24, PUSH).render(tmp_path / "other.mp4")
    assert list(scratch.iterdir()) == []


def test_faults_of_a_timeline_are_named(tmp_path: Path) -> None:
    spot = Spot(tmp_path).show(flat(tmp_path / "plate.png", (1, 2, 3)), 24, LOCKED)
    with pytest.raises(InvalidInput, match="wants something else"):
        render_parameters(profile(Fraction(25), spot.size), spot.timeline())
    parameters = render_parameters(profile(spot.fps, spot.size), spot.timeline())
    written = tmp_path / "spot.otio"
    otio.adapters.write_to_file(spot.timeline(), str(written))
    with pytest.raises(InvalidInput, match=next(iter(spot.media))):
        Renderer().make(parameters, {"timeline": written}, tmp_path / "spot.mp4")
    written.write_text("{}")
    with pytest.raises(InvalidInput, match="not a timeline"):
        Renderer().make(parameters, {"timeline": written}, tmp_path / "spot.mp4")
    spot.length = 30
    with pytest.raises(InvalidInput, match="lasts 24 frames, the timeline 30"):
        read_cut(spot.timeline())


def test_what_an_opaque_card_hides_is_not_drawn(tmp_path: Path) -> None:
    moving = Spot(tmp_path).show(painted(tmp_path / "plate.png"), 24, PUSH)
    card = stamp_of(Image.new("RGBA", (320, 180), (10, 20, 200, 255)), 0, 0, Layout(320, 180))
    veil = stamp_of(Image.new("RGBA", (320, 180), (10, 20, 200, 250)), 0, 0, Layout(320, 180))
    moving.letter(TypeNote(role="end-card", text=["Now."], fade_in=2), 12, 12)
    cut = read_cut(moving.timeline())
    opaque, translucent = (list(frames(cut, moving.media, [stamp])) for stamp in (card, veil))
    assert len(set(opaque[14:])) == 1
    assert opaque[14] == card.planes.tobytes()
    assert len(set(translucent[14:])) > 1
    assert len(set(opaque[:14])) == 14


def test_facts_agree_with_the_file(film: tuple[Path, dict[str, Any], Spot]) -> None:
    path, facts, _ = film
    media = probe(path)
    assert facts["size"] == path.stat().st_size == media.size
    assert (facts["width"], facts["height"], facts["duration_s"]) == (640, 360, 10)
    assert (media.video_codec, media.video_profile, media.pixel_format) == ("h264", "High", "yuv420p")
    assert media.fast_start
    assert media.sound is not None
    assert (media.sound.codec, media.sound.channels) == ("aac", "stereo")
    with pytest.raises(EngineFailed):
        probe(path.parent / "one.png.missing")


def test_parameters_survive_json(film: tuple[Path, dict[str, Any], Spot]) -> None:
    _, _, spot = film
    parameters = render_parameters(profile(spot.fps, spot.size), spot.timeline())
    assert RenderParameters.model_validate(parameters.model_dump(mode="json")) == parameters
    assert len(list(plans(read_cut(spot.timeline())))) == 240
