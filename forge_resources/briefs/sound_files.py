"""Music and effects that a brief hands in: read, measured, and refused with a reason where they cannot be used.

What belongs here: what a usable sound file is. What does not: mixing (see `editing.mix_down`).
"""

from __future__ import annotations

import re
import struct
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path, PurePosixPath

from upath import UPath

from forge_resources.editing import ffmpeg
from forge_resources.errors import EngineFailed, InvalidInput, TimedOut
from forge_resources.store.files import is_local

LARGEST_SOUND_BYTES = 64 * 1024 * 1024
LONGEST_SOUND_S = 1800
SUFFIXES = frozenset({".wav", ".flac", ".mp3", ".m4a", ".ogg", ".aif", ".aiff"})
_STREAM = re.compile(r"Stream #0:\d+.*?: Audio: (?P<codec>\w+).*?, (?P<rate>\d+) Hz, ")
_HEADER = re.compile(r"^#(?P<key>\w+) 0: (?P<value>.+)$", re.MULTILINE)
_LIMIT_S = 60


@dataclass(frozen=True)
class SoundFile:
    """A checked sound: its bytes, suffix, sample rate and exact length in samples."""

    data: bytes
    suffix: str
    sample_rate: int
    samples: int

    @property
    def duration_s(self) -> Fraction:
        return Fraction(self.samples, self.sample_rate)


def read_sound(path: str, folder: UPath) -> SoundFile:
    """A sound beside a brief. Raises InvalidInput where it leaves `folder`, is too long, damaged or no sound."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or "\\" in path or "://" in path:
        raise InvalidInput(f"`{path}` leaves the brief's folder")
    suffix = pure.suffix.lower()
    if suffix not in SUFFIXES:
        raise InvalidInput(f"`{path}` is no sound file by its name; known: {', '.join(sorted(SUFFIXES))}")
    place = folder / path
    try:
        if is_local(place) and not Path(place.path).resolve().is_relative_to(Path(folder.path).resolve()):
            raise InvalidInput(f"`{path}` leaves the brief's folder through a link")
        if not place.is_file():
            raise InvalidInput(f"`{path}` does not exist beside the brief")
        if (size := place.stat().st_size) > LARGEST_SOUND_BYTES:
            raise InvalidInput(
                f"`{path}` has {size / 2**20:.0f} MiB; at most {LARGEST_SOUND_BYTES // 2**20} are taken. Cut it to the "
                "part that is wanted"
            )
        data = place.read_bytes()
    except (OSError, RuntimeError) as error:
        # RuntimeError: links that lead to each other, before Python 3.13.
        raise InvalidInput(f"`{path[:60]}` cannot be read ({getattr(error, 'strerror', None) or error})") from None
    return sound_of(path, data, suffix)


def sound_of(path: str, data: bytes, suffix: str) -> SoundFile:
    """The bytes of a sound file, decoded once from end to end. Raises InvalidInput."""
    if suffix == ".wav":
        _check_wave(path, data)
    with tempfile.TemporaryDirectory(prefix="forge-sound-") as folder:
        file = Path(folder) / f"sound{suffix}"
        file.write_bytes(data)
        # One second more than is allowed is enough to see that it is too much.
        stop = ["-t", str(LONGEST_SOUND_S + 1)]
        try:
            done = ffmpeg.run(
                ["-nostats", "-xerror", *stop, "-i", ffmpeg.address(file), "-map", "0:a:0", "-f", "framecrc", "pipe:1"],
                limit_s=_LIMIT_S,
            )
        except TimedOut:
            raise InvalidInput(f"`{path}` could not be read within {_LIMIT_S} s") from None
        except EngineFailed as failed:
            last = failed.message.strip().splitlines()[-1].strip()
            raise InvalidInput(f"`{path}` is damaged or no sound: {last}") from None
    stream = _STREAM.search(done.messages.partition("Output #0")[0])
    if stream is None:
        raise InvalidInput(f"`{path}` holds no sound")
    listed = done.output.decode()
    headers: dict[str, str] = dict(_HEADER.findall(listed))
    rate = int(headers["sample_rate"] if "sample_rate" in headers else stream["rate"])
    samples = sum(int(line.split(",")[3]) for line in listed.splitlines() if line and not line.startswith("#"))
    if samples > LONGEST_SOUND_S * rate:
        raise InvalidInput(
            f"`{path}` is longer than {LONGEST_SOUND_S // 60} minutes; cut it to the part that is wanted"
        )
    if samples < rate // 20:
        raise InvalidInput(f"`{path}` has no twentieth of a second of sound")
    return SoundFile(data, suffix, rate, samples)


def _check_wave(path: str, data: bytes) -> None:
    """What the header of a WAV says about itself. Players guess past a wrong one, each in its own way."""
    if len(data) < 44 or data[:4] not in (b"RIFF", b"RF64") or data[8:12] != b"WAVE":
        raise InvalidInput(f"`{path}` has no WAV header")
    chunks = dict(_chunks(data))
    if b"fmt " not in chunks or b"data" not in chunks:
        raise InvalidInput(f"`{path}` has a WAV header without {'format' if b'fmt ' not in chunks else 'samples'}")
    at, length = chunks[b"fmt "]
    if length < 16:
        raise InvalidInput(f"`{path}` has a WAV header that is cut short")
    _, channels, rate, _, block, bits = struct.unpack("<HHIIHH", data[at : at + 16])
    if not (1 <= channels <= 8 and 8000 <= rate <= 192000 and bits in (8, 16, 24, 32, 64)):
        raise InvalidInput(f"`{path}` has a wrong WAV header: {channels} channels, {rate} Hz, {bits} bits")
    if block != channels * ((bits + 7) // 8):
        raise InvalidInput(f"`{path}` has a wrong WAV header: {block} bytes a frame for {channels} × {bits} bits")
    start, said = chunks[b"data"]
    there = len(data) - start
    if data[:4] == b"RIFF" and said > there:
        promised, found = said / block / rate, there / block / rate
        raise InvalidInput(f"`{path}` is cut short: its header says {promised:.2f} s, {found:.2f} s are there")


def _chunks(data: bytes) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """The chunks of a RIFF file: name, and where its content begins and how long it says it is."""
    at = 12
    while at + 8 <= len(data):
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        yield name, (at + 8, length)
        at += 8 + length + length % 2
