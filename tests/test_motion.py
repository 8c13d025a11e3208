"""The still engine: camera paths that fit the shot and stay on the plate."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import get_args

import pytest

from forge_resources.motion.still import StillMotion, StillParameters
from forge_resources.schemas.brand import Palette
from forge_resources.schemas.edit import CameraPath, Window
from forge_resources.schemas.script import Camera, CameraMove, ShotSize
from forge_resources.schemas.storyboard import Shot, ShotLook


def shot(move: CameraMove, seconds: int | str = 3, size: ShotSize = "medium", seed: int = 1) -> Shot:
    look = ShotLook(
        description="A lamp glows.",
        camera=Camera(size=size, move=move),
        setting="bedroom",
        time_of_day="dawn",
        light="soft-daylight",
        product_name="Aurora Lamp",
        palette=Palette(primary="#203040", accent="#e0a030"),
        seed=seed,
    )
    return Shot(number=1, duration_s=Fraction(seconds), beat="hook", scope="brief", look=look)


def path(folder: Path, of: Shot) -> CameraPath:
    engine, target = StillMotion(), folder / "move.json"
    engine.make(engine.parameters(of, "16:9"), {}, target)
    return CameraPath.model_validate_json(target.read_text("utf-8"))


def edges(window: Window) -> tuple[Fraction, Fraction, Fraction, Fraction]:
    half = window.size / 2
    return window.x - half, window.y - half, window.x + half, window.y + half


@pytest.mark.parametrize("size", get_args(ShotSize))
@pytest.mark.parametrize("move", get_args(CameraMove))
def test_no_move_leaves_the_plate(move: CameraMove, size: ShotSize, tmp_path: Path) -> None:
    for seconds in ("1/2", 3, 15, 60):
        made = path(tmp_path, shot(move, seconds, size))
        assert made.move == move
        assert made.start != made.end
        for window in (made.start, made.end):
            assert min(edges(window)) >= 0
            assert max(edges(window)) <= 1
            assert window.size >= Fraction(3, 4)


def test_push_of_three_seconds_goes_to_nine_tenths(tmp_path: Path) -> None:
    made = path(tmp_path, shot("push"))
    assert made.start.size == 1
    assert float(made.end.size) == pytest.approx(0.90, abs=0.005)
    back = path(tmp_path, shot("pull"))
    assert (back.start, back.end) == (made.end, made.start)


def test_moves_go_where_their_name_says(tmp_path: Path) -> None:
    right, left = path(tmp_path, shot("pan-right")), path(tmp_path, shot("pan-left"))
    assert right.end.x > right.start.x
    assert (left.start, left.end) == (right.end, right.start)
    down, up = path(tmp_path, shot("tilt-down")), path(tmp_path, shot("tilt-up"))
    assert down.end.y > down.start.y
    assert (up.start, up.end) == (down.end, down.start)
    assert right.start.size == right.end.size
    assert edges(right.start)[0] == 0
    assert edges(right.end)[2] == 1


def test_hold_only_breathes(tmp_path: Path) -> None:
    for seconds in (1, 3, 15):
        made = path(tmp_path, shot("hold", seconds))
        assert 0 < made.start.size - made.end.size <= Fraction(2, 100)


def test_longer_shots_move_further_but_not_faster(tmp_path: Path) -> None:
    gone = [1 - path(tmp_path, shot("push", seconds)).end.size for seconds in (2, 3, 4)]
    assert gone == sorted(set(gone))
    assert len({float(share) / seconds for share, seconds in zip(gone, (2, 3, 4), strict=True)}) == 1


def test_only_move_length_and_framing_enter_the_recipe() -> None:
    engine = StillMotion()
    one, other = engine.parameters(shot("push", seed=1), "16:9"), engine.parameters(shot("push", seed=2), "9:16")
    assert one == other
    assert one != engine.parameters(shot("push", size="extreme-wide"), "16:9")
    assert one != engine.parameters(shot("push", 4), "16:9")
    assert StillParameters.model_validate(one.model_dump(mode="json")) == one
