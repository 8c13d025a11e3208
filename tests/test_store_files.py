"""Files on a disk: written whole or not at all, readable by others, and a disk that refuses is told."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from upath import UPath

from forge_resources.errors import InvalidInput, Unavailable
from forge_resources.store.artefacts import ArtefactStore
from forge_resources.store.files import place_at, write_bytes, write_file
from forge_resources.store.workshop import Made, Workshop
from tests.sample_engines import Note, NoteEngine
from tests.stores import files_below


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    target = UPath(tmp_path / "deep" / "er" / "a.txt")
    write_bytes(target, b"one")
    write_bytes(target, b"two")
    (tmp_path / "source").write_bytes(b"three")
    write_file(target, tmp_path / "source")
    assert target.read_bytes() == b"three"
    assert files_below(tmp_path) == ["deep/er/a.txt", "source"]


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    target = tmp_path / "a.bin"
    contents = [bytes([value]) * 3_000_000 for value in (1, 2)]
    write_bytes(UPath(target), contents[0])
    seen: list[bytes] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.append(target.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(30):
        write_bytes(UPath(target), contents[turn % 2])
    done.set()
    reader.join()
    assert len(seen) > 1
    assert all(content in contents for content in seen)


def write_many(folder: Path, turn: int) -> None:
    for number in range(50):
        write_bytes(UPath(folder / f"{turn}-{number}"), b"x")


def test_others_of_the_machine_can_read_what_is_written_and_the_umask_stays(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        writers = [threading.Thread(target=write_many, args=(tmp_path, turn)) for turn in range(4)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o640}


@pytest.fixture(params=["a real disk of 64 KiB", "rename refused"])
def full_disk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on which a file of 100 kB cannot be written."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if request.param == "rename refused":
        replace = os.replace

        def refuse(source: Any, target: Any) -> None:
            if Path(target).is_relative_to(folder) and Path(source).stat().st_size > 65536:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            replace(source, target)

        monkeypatch.setattr(os, "replace", refuse)
        yield folder
        return
    if os.geteuid() != 0:
        pytest.skip("only root mounts a disk")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount a disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_told_and_leaves_no_half_file(full_disk: Path, tmp_path: Path) -> None:
    write_bytes(UPath(full_disk / "small"), b"kept")
    with pytest.raises(Unavailable, match=r"Cannot write .*No space left") as caught:
        write_bytes(UPath(full_disk / "large"), b"x" * 100_000)
    assert "Free some space" in caught.value.remedy
    (tmp_path / "source").write_bytes(b"x" * 100_000)
    with pytest.raises(Unavailable):
        write_file(UPath(full_disk / "large"), tmp_path / "source")
    assert files_below(full_disk) == ["small"]


def test_a_full_store_keeps_nothing_and_a_rerun_goes_on(full_disk: Path, tmp_path: Path) -> None:
    notes = NoteEngine()
    workshop = Workshop(ArtefactStore(UPath(full_disk / "store"), tmp_path / "cache"))
    small = workshop.make(notes, Note(text="small"))
    with pytest.raises(Unavailable, match="No space left"):
        workshop.make(notes, Note(text="x" * 100_000))
    assert not [name for name in files_below(full_disk) if "partial" in name]
    assert files_below(tmp_path / "cache") == []
    assert workshop.make(notes, Note(text="small")) == Made(small.artefact, reused=True)


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Path]:
    """A folder that takes no files."""
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o555)
    if os.geteuid() != 0:
        yield folder
        return
    # root may write everywhere but on a disk that is read-only.
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(folder)], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_place_that_refuses_is_told(closed: Path) -> None:
    with pytest.raises(Unavailable, match=r"Permission denied|Read-only") as caught:
        write_bytes(UPath(closed / "a"), b"x")
    assert "FORGE_STORE" in caught.value.remedy


def test_a_place_is_a_directory_or_an_s3_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert place_at("briefs") == UPath(tmp_path / "briefs")
    assert place_at(f"file://{tmp_path}/briefs") == UPath(tmp_path / "briefs")
    assert str(place_at("s3://bucket/briefs")) == "s3://bucket/briefs"
    with pytest.raises(InvalidInput, match="no place to keep things") as caught:
        place_at("https://example.com/briefs")
    assert "s3://" in caught.value.remedy
