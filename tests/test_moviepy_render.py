"""Two renderers that share no code for pictures: on one timeline the same frames, and nearly the same pixels."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from forge_resources.editing import ffmpeg
from forge_resources.editing.moviepy_render import MoviepyRenderer
from forge_resources.editing.probe import probe
from forge_resources.editing.render import Renderer
from forge_resources.errors import EngineFailed, InvalidInput
from forge_resources.schemas.delivery import FrameSize
from forge_resources.schemas.edit import EffectNote, InsetNote, TransitionNote, TypeNote
from tests.sample_spot import LOCKED, PAN, PUSH, Spot, flat, painted, spoken
from tests.test_render import decoded

WIPE = TransitionNote(kind="wipe", direction="left", softness=0.1)
DIP = TransitionNote(kind="dip", colour="#802020")


def likeness(one: Path, other: Path) -> list[float]:
    """SSIM of each pair of frames, by ffmpeg."""
    inputs = ["-i", ffmpeg.address(one), "-i", ffmpeg.address(other)]
    done = ffmpeg.run([*inputs, "-lavfi", "ssim=stats_file=-", "-f", "null", "-"])
    return [float(each) for each in re.findall(r"All:([\d.]+)", done.output.decode())]


def everything(folder: Path, fps: Fraction) -> Spot:
    """A wipe, a dip, a dissolve, two insets, a clip over a plate that is held, type, an end card, a line."""
    clip = folder / "clip.mp4"
    ffmpeg.run(["-f", "lavfi", "-i", f"testsrc2=s=320x180:r={fps}:d=1", "-pix_fmt", "yuv420p", ffmpeg.address(clip)])
    line, samples = spoken(folder)
    mask = folder / "mask.png"
    Image.linear_gradient("L").save(mask)
    # Of high quality: the two files are encoded apart, and what that costs must not hide what is compared.
    spot = Spot(folder, fps, FrameSize(width=480, height=270), crf=10)
    spot.show(painted(folder / "one.png", (960, 540), 1), 36, PUSH).change(WIPE, 5, 5)
    spot.show(painted(folder / "two.png", (960, 540), 2), 40, PAN).change(DIP, 6, 6)
    spot.show(painted(folder / "three.png", (960, 540), 3), 40, PUSH).dissolve(4, 5)
    spot.show(painted(folder / "four.png", (700, 700), 4), 40, LOCKED)
    spot.cover(clip, 84, 12).cover(clip, 96, 8, skip=11, frozen=True)
    corner = InsetNote(left=0.6, top=0.1, width=0.35, height=0.4, radius=0.2, opacity=0.9, fade_in=4, fade_out=4)
    spot.inset(folder / "four.png", corner, 4, 24)
    spot.inset(clip, InsetNote(left=0.05, top=0.1, width=0.3, height=0.3), 50, 20, mask)
    spot.letter(TypeNote(role="super", text=["Wakes you with light"], fade_in=6, fade_out=6), 8, 50)
    card = TypeNote(
        role="end-card", text=["Try it for 30 nights."], brand_name="Lumen", product_name="Aurora Lamp", fade_in=8
    )
    return spot.letter(card, 130, 26).say(line, 2205, samples, 22050)


@pytest.mark.parametrize("fps", [Fraction(30000, 1001), pytest.param(Fraction(24), marks=pytest.mark.long)], ids=str)
def test_both_renderers_show_the_same(fps: Fraction, tmp_path: Path) -> None:
    spot = everything(tmp_path, fps)
    ours, theirs = tmp_path / "ours.mp4", tmp_path / "theirs.mp4"
    facts = spot.render(ours), spot.render(theirs, MoviepyRenderer())
    for name in ("frames", "fps", "width", "height", "duration_s", "integrated_lufs", "true_peak_dbtp"):
        assert facts[0][name] == facts[1][name]
    found = likeness(ours, theirs)
    assert len(found) == facts[0]["frames"] == spot.length == 156
    assert min(found) >= 0.98, [(index, each) for index, each in enumerate(found) if each < 0.98]


def test_the_same_bytes_when_made_again_and_progress(tmp_path: Path) -> None:
    spot = Spot(tmp_path).show(painted(tmp_path / "plate.png"), 24, PUSH)
    seen: list[tuple[int, int]] = []
    spot.render(tmp_path / "one.mp4", MoviepyRenderer(lambda done, total: seen.append((done, total))))
    spot.render(tmp_path / "two.mp4", MoviepyRenderer())
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()
    assert seen == [(12, 24), (24, 24)]


def test_a_python_effect_is_played_by_moviepy_and_refused_by_the_other(tmp_path: Path) -> None:
    grey = EffectNote(name="BlackAndWhite")
    spot = Spot(tmp_path).show(flat(tmp_path / "red.png", (220, 30, 40)), 12, LOCKED, effects=[grey])
    spot.render(tmp_path / "grey.mp4", MoviepyRenderer())
    pixel = decoded(tmp_path / "grey.mp4")[5][90, 160].astype(int)
    assert np.ptp(pixel) <= 4
    with pytest.raises(InvalidInput, match=r"does not play: BlackAndWhite.*") as refused:
        spot.render(tmp_path / "no.mp4", Renderer())
    assert "--renderer moviepy" in str(refused.value.remedy)


def test_an_unknown_effect_and_a_wrong_parameter_are_named(tmp_path: Path) -> None:
    plate = flat(tmp_path / "red.png", (220, 30, 40))
    with pytest.raises(InvalidInput, match="no effect `Sparkle`") as unknown:
        Spot(tmp_path).show(plate, 4, LOCKED, effects=[EffectNote(name="Sparkle")]).render(
            tmp_path / "x.mp4", MoviepyRenderer()
        )
    assert "MirrorX" in str(unknown.value.remedy)
    wrong = EffectNote(name="MultiplyColor", parameters={"strength": 2})
    with pytest.raises(InvalidInput, match="`MultiplyColor` cannot be played"):
        Spot(tmp_path).show(plate, 4, LOCKED, effects=[wrong]).render(tmp_path / "x.mp4", MoviepyRenderer())


def test_a_damaged_clip_is_an_error_with_its_name(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"no video at all")
    with pytest.raises(EngineFailed, match=r"The clip [0-9a-f]{64}\.mp4 cannot be read"):
        Spot(tmp_path).show(clip, 24).render(tmp_path / "x.mp4", MoviepyRenderer())
    assert not (tmp_path / "x.mp4").exists()


def test_the_file_is_what_the_profile_asks_for(tmp_path: Path) -> None:
    Spot(tmp_path).show(flat(tmp_path / "plate.png", (200, 30, 60)), 12, LOCKED).render(
        tmp_path / "x.mp4", MoviepyRenderer()
    )
    media = probe(tmp_path / "x.mp4")
    assert media.colour.startswith("tv, bt709")
    assert decoded(tmp_path / "x.mp4")[6][90, 160].astype(int) == pytest.approx([200, 30, 60], abs=30)
