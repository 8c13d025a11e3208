"""Music and effects in a brief: used where they are whole, refused with a reason where they are not."""

from __future__ import annotations

import struct
import wave
from pathlib import Path

import pytest
from upath import UPath

from forge_resources.briefs.sound_files import LARGEST_SOUND_BYTES, read_sound
from forge_resources.editing import ffmpeg
from forge_resources.errors import InvalidInput


def whole(path: Path, seconds: float = 1, rate: int = 8000) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"\x10\x20" * round(seconds * rate))
    return path


def refused(path: Path) -> str:
    with pytest.raises(InvalidInput) as caught:
        read_sound(path.name, UPath(path.parent))
    return caught.value.message


def test_a_whole_file_is_measured_to_the_sample(tmp_path: Path) -> None:
    found = read_sound(whole(tmp_path / "bed.wav", 1.25).name, UPath(tmp_path))
    assert (found.sample_rate, found.samples, found.suffix) == (8000, 10000, ".wav")
    ffmpeg.run(["-i", ffmpeg.address(tmp_path / "bed.wav"), ffmpeg.address(tmp_path / "bed.flac")])
    assert read_sound("bed.flac", UPath(tmp_path)).samples == 10000


def test_a_wrong_header_is_told(tmp_path: Path) -> None:
    data = whole(tmp_path / "bed.wav").read_bytes()
    cases = {
        "short.wav": (data[: len(data) // 2], "cut short: its header says 1.00 s, 0.5"),
        "rate.wav": (data[:24] + struct.pack("<I", 7) + data[28:], "7 Hz"),
        "block.wav": (data[:32] + struct.pack("<H", 9) + data[34:], "9 bytes a frame"),
        "text.wav": (b"hello " * 100, "no WAV header"),
        "riff.wav": (data[:12] + b"junk" + data[16:], "without"),
        "cut.wav": (data[:30], "no WAV header"),
        "noise.mp3": (bytes(range(256)) * 64, "damaged or no sound"),
    }
    for name, (content, told) in cases.items():
        (tmp_path / name).write_bytes(content)
        assert told in refused(tmp_path / name)


def test_a_bed_of_ten_hours_is_refused(tmp_path: Path) -> None:
    silence = ["-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "1900", "-c:a", "flac"]
    ffmpeg.run([*silence, ffmpeg.address(tmp_path / "long.flac")])
    assert "longer than 30 minutes" in refused(tmp_path / "long.flac")
    with (tmp_path / "huge.wav").open("wb") as file:
        file.truncate(LARGEST_SOUND_BYTES + 1)
    assert "at most 64 are taken" in refused(tmp_path / "huge.wav")


def test_names_that_lead_elsewhere_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "briefs"
    folder.mkdir()
    whole(tmp_path / "outside.wav")
    (folder / "link.wav").symlink_to(tmp_path / "outside.wav")
    for name, told in (
        ("../outside.wav", "leaves the brief's folder"),
        ("link.wav", "through a link"),
        ("gone.wav", "does not exist"),
        ("notes.txt", "no sound file by its name"),
    ):
        with pytest.raises(InvalidInput, match=told):
            read_sound(name, UPath(folder))
