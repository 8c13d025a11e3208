"""Wipes, dips, insets, motion clips over plates, holds, crops around a subject: what each frame shows."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import opentimelineio as otio
import pytest
from PIL import Image, ImageDraw

from forge_resources.editing import ffmpeg
from forge_resources.editing.camera import Box
from forge_resources.editing.cut import Picture
from forge_resources.editing.frames import frames
from forge_resources.editing.planes import Layout, Planes, layout_for, planes_of, wipe_weights
from forge_resources.editing.plates import Still
from forge_resources.editing.timeline_reading import open_timeline, read_cut
from forge_resources.errors import EngineFailed, InvalidInput
from forge_resources.schemas.delivery import FrameSize
from forge_resources.schemas.edit import InsetNote, TransitionNote
from forge_resources.schemas.storyboard import Focus
from tests.sample_spot import LOCKED, PUSH, Spot, flat, painted

Luma = npt.NDArray[np.int_]
WIDE, HIGH = 320, 180


def luma(spot: Spot) -> list[Luma]:
    """The brightness of every frame."""
    made = frames(read_cut(spot.timeline()), spot.media, [])
    return [np.frombuffer(data[: WIDE * HIGH], np.uint8).reshape(HIGH, WIDE).astype(int) for data in made]


def black_to_white(folder: Path, note: TransitionNote) -> list[Luma]:
    spot = Spot(folder).show(flat(folder / "a.png", (0, 0, 0)), 24, LOCKED).change(note, 5, 5)
    return luma(spot.show(flat(folder / "b.png", (255, 255, 255)), 24, LOCKED))


def counting(folder: Path, frames: int = 24) -> Path:
    """A clip whose frame n has the brightness 20 + 8 n."""
    clip = folder / "count.mp4"
    source = f"color=c=black:s={WIDE}x{HIGH}:r=24,format=yuv420p,geq=lum='20+8*N':cb=128:cr=128"
    ffmpeg.run(["-f", "lavfi", "-i", source, "-frames:v", str(frames), "-crf", "1", ffmpeg.address(clip)])
    return clip


@pytest.mark.parametrize(
    ("direction", "first", "last"),
    [
        ("right", (90, 10), (90, 310)),
        ("left", (90, 310), (90, 10)),
        ("down", (10, 160), (170, 160)),
        ("up", (170, 160), (10, 160)),
    ],
)
def test_a_wipe_moves_an_edge_across_the_frame(
    direction: str, first: tuple[int, int], last: tuple[int, int], tmp_path: Path
) -> None:
    note = TransitionNote.model_validate({"kind": "wipe", "direction": direction, "softness": 0.05})
    made = black_to_white(tmp_path, note)
    assert {int(frame.max()) for frame in made[:19]} == {16}
    assert {int(frame.min()) for frame in made[29:]} == {235}
    shares = [float((frame > 120).mean()) for frame in made[19:29]]
    assert shares == pytest.approx([(k + 1) / 11 for k in range(10)], abs=0.03)
    middle = made[24]
    assert (middle[first], middle[last]) == (235, 16)


def test_a_wipe_begins_with_nothing_and_ends_with_all_of_it() -> None:
    for softness in (0.0, 0.3):
        assert wipe_weights(100, 0.0, "right", softness).max() == 0
        assert wipe_weights(100, 1.0, "left", softness).min() == 1


def test_a_dip_goes_through_its_colour(tmp_path: Path) -> None:
    note = TransitionNote(kind="dip", colour="#ff0000")
    spot = Spot(tmp_path).show(flat(tmp_path / "a.png", (0, 0, 0)), 24, LOCKED).change(note, 6, 5)
    spot.show(flat(tmp_path / "b.png", (255, 255, 255)), 24, LOCKED)
    made = [int(frame[90, 160]) for frame in luma(spot)]
    assert made[17] == 16
    # Half way, at the sixth of eleven frames, it is red and nothing else: 16 + 219 x 0.2126.
    assert made[23] == 63
    assert made[29:] == [235] * 19
    assert made[17:30] == sorted(made[17:30])


def test_a_transition_that_otio_does_not_name_needs_its_note(tmp_path: Path) -> None:
    spot = Spot(tmp_path).show(flat(tmp_path / "a.png", (0, 0, 0)), 24, LOCKED)
    spot.change(TransitionNote(kind="dip"), 2, 2).show(flat(tmp_path / "b.png", (9, 9, 9)), 24, LOCKED)
    timeline = spot.timeline()
    del timeline.tracks[0][1].metadata["forge"]
    with pytest.raises(InvalidInput, match="of the type Custom_Transition, which the renderer does not know"):
        read_cut(timeline)


def test_an_inset_covers_its_box_with_its_mask_and_fades(tmp_path: Path) -> None:
    note = InsetNote(left=0.5, top=0.5, width=0.25, height=0.25, fade_in=3, fade_out=3)
    spot = Spot(tmp_path).show(flat(tmp_path / "a.png", (0, 0, 0)), 24, LOCKED)
    spot.inset(flat(tmp_path / "b.png", (255, 255, 255)), note, 4, 12)
    made = luma(spot)
    assert made[3].max() == 16
    assert [int(frame[110, 180]) for frame in made[4:8]] == pytest.approx([71, 126, 180, 235], abs=2)
    assert made[16].max() == 16
    lit = np.argwhere(made[10] > 100)
    assert (lit.min(axis=0).tolist(), lit.max(axis=0).tolist()) == ([90, 160], [133, 239])


def test_an_inset_has_round_corners_a_mask_and_the_alpha_of_its_picture(tmp_path: Path) -> None:
    half = Image.new("RGBA", (80, 80), (255, 255, 255, 255))
    ImageDraw.Draw(half).rectangle((0, 0, 39, 79), fill=(255, 255, 255, 0))
    half.save(tmp_path / "half.png")
    mask = Image.new("L", (10, 10), 255)
    ImageDraw.Draw(mask).rectangle((0, 5, 9, 9), fill=0)
    mask.save(tmp_path / "mask.png")
    box = {"left": 0.25, "top": 0.1, "width": 0.5, "height": 0.8}
    plate = flat(tmp_path / "a.png", (0, 0, 0))

    def shown(note: InsetNote, medium: Path, mask: Path | None = None) -> Luma:
        return luma(Spot(tmp_path).show(plate, 2, LOCKED).inset(medium, note, 0, 2, mask))[1]

    white = flat(tmp_path / "w.png", (255, 255, 255))
    rounded = shown(InsetNote.model_validate({**box, "radius": 0.5}), white)
    assert (rounded[19, 81], rounded[90, 160]) == (16, 235)
    assert rounded[90, 82] > 200
    transparent = shown(InsetNote.model_validate(box), tmp_path / "half.png")
    assert (transparent[90, 100], transparent[90, 220]) == (16, 235)
    masked = shown(InsetNote.model_validate(box), white, tmp_path / "mask.png")
    assert (masked[40, 160], masked[140, 160]) == (235, 16)
    faint = shown(InsetNote.model_validate({**box, "opacity": 0.5}), white)
    assert faint[90, 160] == pytest.approx(126, abs=1)


def test_a_clip_in_an_inset_plays(tmp_path: Path) -> None:
    spot = Spot(tmp_path).show(flat(tmp_path / "a.png", (0, 0, 0)), 24, LOCKED)
    spot.inset(counting(tmp_path), InsetNote(left=0, top=0, width=0.5, height=0.5), 6, 12)
    made = [int(frame[40, 60]) for frame in luma(spot)]
    assert made[:6] == [16] * 6
    assert made[6:18] == pytest.approx([20 + 8 * k for k in range(12)], abs=2)
    assert made[18:] == [16] * 6


def test_a_motion_clip_lies_over_its_plate_and_its_last_frame_is_held(tmp_path: Path) -> None:
    clip = counting(tmp_path)
    spot = (
        Spot(tmp_path).show(painted(tmp_path / "a.png"), 24, PUSH).show(flat(tmp_path / "b.png", (0, 0, 0)), 24, LOCKED)
    )
    spot.cover(clip, 0, 16).cover(clip, 16, 8, skip=15, frozen=True)
    made = luma(spot)
    assert [int(frame[90, 160]) for frame in made[:24]] == pytest.approx(
        [*(20 + 8 * k for k in range(16)), *[140] * 8], abs=2
    )
    assert made[30].max() == 16


def test_a_frozen_plate_holds_the_first_window_of_its_path(tmp_path: Path) -> None:
    spot = Spot(tmp_path).show(painted(tmp_path / "a.png"), 12, PUSH)
    spot.pictures[0].effects.append(otio.schema.FreezeFrame())
    held = luma(spot)
    assert all((frame == held[0]).all() for frame in held)
    # The plate is kept larger where the camera goes closer; what it shows is the same.
    assert np.abs(held[0] - luma(Spot(tmp_path).show(painted(tmp_path / "a.png"), 12, LOCKED))[0]).mean() < 2


@pytest.mark.parametrize(("x", "white"), [(Fraction(1, 8), True), (Fraction(7, 8), False)])
def test_a_plate_of_another_ratio_is_cut_off_around_its_focus(x: Fraction, white: bool, tmp_path: Path) -> None:
    wide = Image.new("RGB", (800, 200), (0, 0, 0))
    ImageDraw.Draw(wide).rectangle((0, 0, 399, 199), fill=(255, 255, 255))
    wide.save(tmp_path / "wide.png")
    still = Still(tmp_path / "wide.png", Layout(100, 100), 1.0, focus=Focus(x=x))
    seen = still.window(Box(0, 0, 1, 1)).parts[0]
    assert (int(seen.min()), int(seen.max())) == ((235, 235) if white else (16, 16))


def test_a_deep_zoom_does_not_alias(tmp_path: Path) -> None:
    stripes = Image.fromarray(np.tile(np.repeat(np.array([0, 255], np.uint8), 2), (1080, 480)))
    stripes.convert("RGB").save(tmp_path / "stripes.png")
    still = Still(tmp_path / "stripes.png", Layout(480, 270), 0.25)
    # The whole of it at a quarter of its width: stripes of half a pixel are grey, not a pattern of their own.
    whole = still.window(Box(0, 0, 1, 1)).parts[0][20:-20, 20:-20]
    assert int(np.ptp(whole)) <= 30
    close = still.window(Box(0.25, 0.25, 0.5, 0.5)).parts[0][20:-20, 20:-20]
    assert int(np.ptp(close)) > 180


def test_frames_of_more_chroma_for_formats_that_hold_it(tmp_path: Path) -> None:
    size = FrameSize(width=WIDE, height=HIGH)
    formats = ("yuv420p", "yuv422p10le", "yuv444p")
    assert [layout_for(size, each).pixel_format for each in formats] == ["yuv420p", "yuv422p", "yuv444p"]
    picture = Image.new("RGB", (WIDE, HIGH), (200, 30, 60))
    for pixel_format in formats:
        layout = layout_for(size, pixel_format)
        drawn = planes_of(picture, layout)
        assert len(drawn.tobytes()) == layout.size
        picture.save(tmp_path / "plate.png")
        window = Still(tmp_path / "plate.png", layout, 0.9).window(Box(0.05, 0.05, 0.95, 0.95))
        assert [int(part[50, 50]) for part in window.parts] == [int(part[50, 50]) for part in drawn.parts]
    assert Planes.frombytes(drawn.tobytes(), layout).parts[1].shape == (HIGH, WIDE)


def test_chroma_of_a_window_stands_where_that_of_a_whole_frame_does(tmp_path: Path) -> None:
    picture = Image.new("RGB", (WIDE, HIGH), (128, 128, 128))
    ImageDraw.Draw(picture).rectangle((160, 91, WIDE, HIGH), fill=(220, 40, 40))
    picture.save(tmp_path / "plate.png")
    for layout in (Layout(WIDE, HIGH), Layout(WIDE, HIGH, 2, 1), Layout(WIDE, HIGH, 1, 1)):
        window = Still(tmp_path / "plate.png", layout, 1.0).window(Box(0, 0, 1, 1))
        for drawn, seen in zip(planes_of(picture, layout).parts[1:], window.parts[1:], strict=True):
            assert np.abs(drawn.astype(int) - seen).max() <= 1


def test_what_does_not_belong_on_a_track_is_told(tmp_path: Path) -> None:
    spot = Spot(tmp_path).show(flat(tmp_path / "a.png", (0, 0, 0)), 24, LOCKED)
    spot.cover(counting(tmp_path), 12, 20)
    with pytest.raises(InvalidInput, match="A clip of the motion track runs past the end"):
        read_cut(spot.timeline())
    other = Spot(tmp_path).show(flat(tmp_path / "a.png", (0, 0, 0)), 24, LOCKED).timeline()
    other.tracks.append(otio.schema.Track("picture"))
    with pytest.raises(InvalidInput, match="two tracks of one name"):
        read_cut(other)
    other.tracks[-1].name = "grading"
    with pytest.raises(InvalidInput, match="does not know: grading"):
        read_cut(other)
    with pytest.raises(ValueError, match="within the frame"):
        InsetNote(left=0.8, top=0, width=0.3, height=0.2)


def test_a_broken_mask_is_an_error_with_its_name(tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"not a picture")
    spot = Spot(tmp_path).show(flat(tmp_path / "a.png", (0, 0, 0)), 6, LOCKED)
    spot.inset(flat(tmp_path / "b.png", (9, 9, 9)), InsetNote(left=0, top=0, width=0.5, height=0.5), 0, 6, broken)
    with pytest.raises(EngineFailed, match="cannot be read"):
        luma(spot)


def test_a_picture_keeps_its_place_beside_its_transitions(tmp_path: Path) -> None:
    spot = Spot(tmp_path).show(flat(tmp_path / "a.png", (0, 0, 0)), 24, LOCKED).dissolve(4, 6)
    spot.show(flat(tmp_path / "b.png", (9, 9, 9)), 24, LOCKED)
    otio.adapters.write_to_file(spot.timeline(), str(tmp_path / "spot.otio"))
    pictures: tuple[Picture, ...] = read_cut(open_timeline(tmp_path / "spot.otio")).pictures
    assert [(each.first, each.cut_in, each.cut_out, each.end) for each in pictures] == [
        (0, 0, 24, 30),
        (20, 24, 48, 48),
    ]
