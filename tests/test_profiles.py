"""Delivery profiles are files: what comes with Forge, what an overlay adds, and what is said about a faulty one."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from forge_resources.editing.profiles import PACKAGED, load_profiles
from forge_resources.errors import InvalidInput, NotFound


def _web() -> str:
    return (PACKAGED / "web.yaml").read_text(encoding="utf-8")


PROFILES = ("archive", "cinema-flat", "ebu-hd", "preview", "social-square", "social-vertical", "uk-hd", "us-hd", "web")


def _faults(folder: Path, profile: str, *changes: tuple[str, str]) -> str:
    """What is said about a packaged profile with some of its text changed."""
    text = (PACKAGED / f"{profile}.yaml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / f"{profile}.yaml").write_text(text)
    with pytest.raises(InvalidInput) as caught:
        load_profiles(folder)
    return "\n".join(str(fault) for fault in caught.value.faults)


def test_the_profiles_that_come_with_forge() -> None:
    assert tuple(load_profiles()) == PROFILES


def test_a_spot_is_made_at_the_rate_of_its_market_where_the_outlet_takes_it() -> None:
    profiles = load_profiles()
    ntsc, film = Fraction(30000, 1001), Fraction(24000, 1001)
    assert profiles["us-hd"].at_rate(ntsc).fps == ntsc
    assert profiles["us-hd"].at_rate(ntsc).start_timecode == "01:00:00;00"
    assert profiles["us-hd"].at_rate(film).start_timecode == "01:00:00:00"
    assert profiles["us-hd"].at_rate(Fraction(25)).fps == film
    assert profiles["uk-hd"].at_rate(ntsc).fps == 25
    assert profiles["archive"].at_rate(film).fps == film


def test_the_uk_leader_ends_at_ten_hours() -> None:
    uk = load_profiles()["uk-hd"]
    assert uk.leader_frames(uk.fps) == 250
    assert uk.start_timecode == "10:00:00:00"


@pytest.mark.parametrize(
    ("profile", "old", "new", "told"),
    [
        ("web", "fps: 24", "fps: 23.5", "must be one of 23.976, 24, 25"),
        ("web", "fps: 24", "fps: 0", "must be one of"),
        ("us-hd", 'start_timecode: "01:00:00:00"', 'start_timecode: "01:00:00:24"', "does not exist at 23.976"),
        ("us-hd", 'start_timecode: "01:00:00:00"', 'start_timecode: "00:00:02:00"', "begins before 00:00:00:00"),
        ("cinema-flat", "slate: [brand", "slate: [identifier, brand", "file_name or slate"),
        ("uk-hd", 'file_name: "{identifier}"', 'file_name: "{clock}"', "unknown clock"),
        ("uk-hd", 'file_name: "{identifier}"', 'file_name: "{market}"', "tell cells apart"),
        ("uk-hd", 'file_name: "{identifier}"', 'file_name: "../{identifier}"', "letters, digits"),
        ("uk-hd", "example: ABC/LUMN001/015", "example: LUMN001", "does not match the pattern"),
        ("uk-hd", "seconds: 1\n", "seconds: 2\n", "1 groups"),
        ("uk-hd", "container: mov", "container: mp4", "mp4 holds libx264, not prores_ks"),
        ("uk-hd", "  - {show: clock, seconds: 7}", "  - {show: hold, seconds: 7}", "no picture yet"),
        ("ebu-hd", "provenance: sidecar", "provenance: embedded", "cannot hold a C2PA manifest"),
        ("ebu-hd", "short_term_max_lufs: -18", "short_term_max_lufs: -25", "no sound can be both"),
        ("web", "bitrate_kbps: 192, ", "", "aac needs bitrate_kbps"),
        ("web", "captions: [srt, vtt]", "captions: []", "captions must name a format"),
        ("web", "codec: libx264", "codec: libx999", "libx999"),
    ],
)
def test_an_impossible_profile_is_refused(tmp_path: Path, profile: str, old: str, new: str, told: str) -> None:
    assert told in _faults(tmp_path, profile, (old, new))


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
    assert set(profiles) == {"pal", *PROFILES}
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
    assert "named.yaml: slug" in places
    assert any(place.startswith("broken.yaml: line") for place in places)


def test_an_overlay_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        load_profiles(tmp_path / "nowhere")
