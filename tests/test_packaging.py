"""Packages: what is joined to a spot is there to the frame, its sound to the sample, and nothing is encoded twice."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from forge_resources.editing import ffmpeg
from forge_resources.editing.encoding import picture_options
from forge_resources.editing.leader import SlateLine, clock_frames
from forge_resources.editing.mix_down import samples_of
from forge_resources.editing.mixing import Mixer, mix_parameters
from forge_resources.editing.packaging import MkvPackager, MovPackager, MxfPackager, PackageParameters, Packager
from forge_resources.editing.probe import probe
from forge_resources.editing.profiles import load_profiles
from forge_resources.errors import InvalidInput
from forge_resources.schemas.delivery import FrameSize, Segment
from tests.sample_spot import PUSH, SMALL, Spot, painted, profile, spoken

SLATE = [SlateLine(label="Number", value="ABC/LUMN001/002"), SlateLine(label="Advertiser", value="Lumen")]


@pytest.fixture(scope="module")
def spot(tmp_path_factory: pytest.TempPathFactory) -> Spot:
    folder = tmp_path_factory.mktemp("spot")
    made = Spot(folder, Fraction(25)).show(painted(folder / "plate.png"), 50, PUSH)
    line, samples = spoken(folder, "Wake up early.")
    made.say(line, 8820, min(samples, 33000), 22050)
    made.render(folder / "master.mp4")
    Mixer().make(mix_parameters(profile(made.fps, SMALL)), {"timeline": folder / "spot.otio", **made.media}, _mix(made))
    return made


def _mix(spot: Spot) -> Path:
    return spot.folder / "mix.wav"


def _parameters(spot: Spot, slug: str = "web", **changes: Any) -> PackageParameters:
    outlet = load_profiles()[slug]
    small = profile(spot.fps, SMALL)
    fields: dict[str, Any] = {
        "container": outlet.container,
        "fast_start": outlet.fast_start,
        "size": SMALL,
        "fps": spot.fps,
        "frames": spot.length,
        "video": small.video if slug == "web" else outlet.video,
        "audio": outlet.audio,
        "leader": [],
        "tail": [],
        "slate": SLATE,
        "timecode": None,
        "edge_silence_frames": 0,
        "tags": {"title": "Aurora Lamp"},
        "threads": 2,
        "ffmpeg": ffmpeg.version(),
        "fonts": {},
    }
    return PackageParameters.model_validate({**fields, **changes})


def _sound(path: Path) -> np.ndarray[Any, np.dtype[np.float32]]:
    raw = ffmpeg.run(["-i", ffmpeg.address(path), "-map", "0:a", "-ac", "1", "-f", "f32le", "pipe:1"]).output
    return np.frombuffer(raw, np.float32)


def _luma(path: Path, frame: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    choose = ["-vf", f"select=eq(n\\,{frame})", "-frames:v", "1", "-pix_fmt", "gray", "-f", "rawvideo", "pipe:1"]
    raw = ffmpeg.run(["-i", ffmpeg.address(path), "-map", "0:v", *choose]).output
    return np.frombuffer(raw, np.uint8).reshape(SMALL.height, SMALL.width)


def _master(spot: Spot, parameters: PackageParameters, folder: Path) -> Path:
    """The spot's picture in the codec of a profile."""
    target = folder / f"master.{parameters.container}"
    source = ["-i", ffmpeg.address(spot.folder / "master.mp4"), "-map", "0:v"]
    ffmpeg.run([*source, *picture_options(parameters.video, spot.fps, 2), ffmpeg.address(target)])
    return target


PACKAGERS = [(Packager(), "web"), (MovPackager(), "uk-hd"), (MxfPackager(), "ebu-hd"), (MkvPackager(), "archive")]


@pytest.mark.parametrize(("packager", "slug"), PACKAGERS, ids=[slug for _, slug in PACKAGERS])
def test_leader_and_tail_are_there_to_the_frame(spot: Spot, tmp_path: Path, packager: Packager, slug: str) -> None:
    leader = [Segment(show="clock", seconds=Fraction(2, 5)), Segment(show="black", seconds=Fraction(1, 5))]
    wanted = _parameters(
        spot, slug, leader=leader, tail=[Segment(show="hold", seconds=Fraction(1, 5))], timecode="09:59:59:10"
    )
    master, target = _master(spot, wanted, tmp_path), tmp_path / f"packed{packager.suffix}"
    facts = packager.make(wanted, {"master": master, "sound": _mix(spot)}, target)
    assert (facts["frames"], facts["first_frame"]) == (70, 15)
    media = probe(target)
    assert (media.frames, media.fps, media.sound.samples if media.sound else 0) == (70, 25, 70 * 1920)
    assert "bt709" in media.colour
    assert _luma(target, 12).max() <= 20
    # The picture is the master's own, not encoded again, and its last frame is held.
    assert np.array_equal(_luma(target, 15), _luma(master, 0))
    assert np.array_equal(_luma(target, 64), _luma(master, 49))
    assert abs(_luma(target, 69).astype(int) - _luma(master, 49)).mean() < 1.5
    said = ffmpeg.run(["-i", ffmpeg.address(target), "-map", "0:v", "-t", "0.1", "-f", "null", "-"]).messages
    assert "09:59:59:10" in said
    assert np.abs(_sound(target)[: 15 * 1920]).max() < 1e-3


def test_a_frame_that_stands_is_encoded_once_and_seen_as_often_as_asked(spot: Spot, tmp_path: Path) -> None:
    fps = Fraction(24000, 1001)
    slate = [Segment(show="slate", seconds=Fraction(5)), Segment(show="black", seconds=Fraction(2))]
    wanted = _parameters(spot, "us-hd", fps=fps, leader=slate)
    master, target = tmp_path / "master.mov", tmp_path / "packed.mov"
    source = ["-i", ffmpeg.address(spot.folder / "master.mp4"), "-map", "0:v", "-r", "24000/1001", "-frames:v", "50"]
    ffmpeg.run(["-r", "24000/1001", *source, *picture_options(wanted.video, fps, 2), ffmpeg.address(master)])
    MovPackager().make(wanted, {"master": master, "sound": _mix(spot)}, target)
    media = probe(target)
    assert (media.frames, media.fps) == (120 + 48 + 50, fps)
    assert media.sound
    assert media.sound.samples == samples_of(218 / fps, 48000)
    assert np.array_equal(_luma(target, 0), _luma(target, 119))
    assert _luma(target, 167).max() <= 20
    assert np.array_equal(_luma(target, 168), _luma(master, 0))


def test_a_clock_counts_down_to_the_spot_and_not_to_the_black_before_it() -> None:
    size = FrameSize(width=640, height=360)
    to_black, to_spot = (list(clock_frames(size, SLATE, 50, Fraction(25), to_go))[-1] for to_go in (50, 125))
    (two_ahead,) = clock_frames(size, SLATE, 1, Fraction(25), 76)
    assert to_spot == two_ahead != to_black


def test_the_edges_of_the_spot_are_silent(spot: Spot, tmp_path: Path) -> None:
    wanted = _parameters(spot, "uk-hd", edge_silence_frames=6)
    target = tmp_path / "quiet.mov"
    MovPackager().make(wanted, {"master": _master(spot, wanted, tmp_path), "sound": _mix(spot)}, target)
    heard = _sound(target)
    assert len(heard) == 50 * 1920
    assert not heard[: 6 * 1920].any()
    assert not heard[-6 * 1920 :].any()
    assert np.abs(heard).max() > 0.05


def test_bars_carry_tone_at_the_level_of_alignment(spot: Spot, tmp_path: Path) -> None:
    wanted = _parameters(spot, "uk-hd", leader=[Segment(show="bars", seconds=Fraction(1))])
    target = tmp_path / "bars.mov"
    MovPackager().make(wanted, {"master": _master(spot, wanted, tmp_path), "sound": _mix(spot)}, target)
    tone = _sound(target)[4800:43200]
    assert 20 * np.log10(np.abs(tone).max()) == pytest.approx(-18, abs=0.05)
    crossings = np.count_nonzero(np.diff(np.signbit(tone)))
    assert crossings == pytest.approx(2 * 1000 * len(tone) / 48000, abs=3)


def test_equal_recipes_give_equal_bytes(spot: Spot, tmp_path: Path) -> None:
    wanted = _parameters(spot, "uk-hd", leader=[Segment(show="slate", seconds=Fraction(1, 5))])
    sources = {"master": _master(spot, wanted, tmp_path), "sound": _mix(spot)}
    one, other = tmp_path / "one.mov", tmp_path / "other.mov"
    MovPackager().make(wanted, sources, one)
    MovPackager().make(wanted, sources, other)
    assert one.read_bytes() == other.read_bytes()


def test_a_package_needs_picture_and_sound(spot: Spot, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="source `sound`"):
        Packager().make(_parameters(spot), {"master": spot.folder / "master.mp4"}, tmp_path / "x.mp4")
