"""Delivery profiles are files: what comes with Forge, what an overlay adds, and what is said about a faulty one."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from forge_resources.editing.profiles import PACKAGED, load_profiles
from forge_resources.errors import InvalidInput, NotFound


def _web() -> str:
    return (PACKAGED / "web.yaml").read_text(encoding="utf-8")


def test_web_is_what_platforms_take() -> None:
    web = load_profiles()["web"]
    assert web.fps == Fraction(24)
    sizes = {ratio: (size.width, size.height) for ratio, size in web.sizes.items()}
    assert sizes == {"16:9": (1280, 720), "9:16": (720, 1280), "1:1": (1080, 1080), "4:5": (1080, 1350)}
    assert (web.safe_areas["9:16"].top, web.safe_areas["9:16"].bottom) == (0.14, 0.35)
    assert (web.loudness.integrated_lufs, web.loudness.true_peak_dbtp) == (-16, -1)
    assert web.captions == ["srt", "vtt"]


def test_a_profile_is_added_and_replaced_by_a_file(tmp_path: Path) -> None:
    (tmp_path / "pal.yaml").write_text(_web().replace("slug: web", "slug: pal").replace("fps: 24", "fps: 25"))
    (tmp_path / "web.yaml").write_text(_web().replace("fps: 24", "fps: 30000/1001"))
    profiles = load_profiles(tmp_path)
    assert list(profiles) == ["pal", "web"]
    assert profiles["pal"].fps == 25
    assert profiles["web"].fps == Fraction(30000, 1001)


def test_every_fault_of_every_file_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "odd.yaml").write_text(_web().replace("slug: web", "slug: odd").replace("width: 1280", "width: 1281"))
    (tmp_path / "typo.yaml").write_text(_web().replace("slug: web", "slug: typo").replace("fast_start", "fast_strat"))
    (tmp_path / "named.yaml").write_text(_web())
    (tmp_path / "broken.yaml").write_text("slug: [web")
    with pytest.raises(InvalidInput) as caught:
        load_profiles(tmp_path)
    places = [fault.place for fault in caught.value.faults]
    assert any(place.startswith("odd.yaml: sizes.16:9.width") for place in places)
    assert "typo.yaml: fast_strat" in places
    assert "typo.yaml: fast_start" in places
    assert "named.yaml: slug" in places
    assert any(place.startswith("broken.yaml: line") for place in places)


def test_an_overlay_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        load_profiles(tmp_path / "nowhere")
