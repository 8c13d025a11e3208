"""S3 that misbehaves: slow-downs, errors, cut connections, wrong clocks, missing buckets, denied keys. Over HTTP."""

from __future__ import annotations

import base64
import hashlib
import os
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import s3fs
from upath import UPath

from forge_resources.errors import InvalidInput, Unavailable
from forge_resources.store import s3
from forge_resources.store.artefacts import ArtefactStore
from forge_resources.store.files import place_at, read_bytes, write_bytes, write_file
from forge_resources.store.workshop import Workshop
from tests.faulty_proxy import Fault, FaultyProxy, Kind, faulty_proxy
from tests.s3_server import BUCKET
from tests.sample_engines import Note, NoteEngine

MIB = 2**20


@pytest.fixture
def proxy(s3_server: str, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyProxy]:
    with faulty_proxy(s3_server) as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL", running.address)
        # So that it is Forge that tries again, and not a layer below it.
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
        s3fs.S3FileSystem.clear_instance_cache()
        yield running


@pytest.fixture
def root(proxy: FaultyProxy) -> UPath:
    return place_at(f"s3://{BUCKET}")


def content(bucket: Any, key: str) -> bytes:
    read: bytes = bucket.Object(key).get()["Body"].read()
    return read


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of three parts."""
    monkeypatch.setattr(s3, "PART_BYTES", 5 * MIB)
    file = tmp_path / "large.bin"
    file.write_bytes(os.urandom(5 * MIB) + os.urandom(5 * MIB) + b"the end")
    return file


def parts_of(file: Path) -> list[bytes]:
    data = file.read_bytes()
    return [data[start : start + 5 * MIB] for start in range(0, len(data), 5 * MIB)]


@pytest.mark.parametrize("kind", ["slow_down", "internal", "cut_request", "away"])
def test_a_put_outlasts_what_passes(kind: Kind, root: UPath, proxy: FaultyProxy, bucket: Any) -> None:
    proxy.faults.append(Fault(kind, "PUT", "one.bin", times=2))
    data = os.urandom(300_000)
    write_bytes(root / "one.bin", data)
    assert content(bucket, "one.bin") == data
    assert proxy.times("PUT", "one.bin") == 3


@pytest.mark.parametrize("kind", ["slow_down", "internal", "cut_response", "away"])
def test_a_read_outlasts_what_passes(kind: Kind, root: UPath, proxy: FaultyProxy, bucket: Any) -> None:
    data = os.urandom(300_000)
    bucket.put_object(Key="one.bin", Body=data)
    proxy.faults.append(Fault(kind, "GET", "one.bin", times=2))
    assert read_bytes(root / "one.bin") == data


def test_every_put_carries_the_hash_of_its_bytes(root: UPath, proxy: FaultyProxy, large: Path) -> None:
    write_bytes(root / "small", b"small")
    write_file(root / "large", large)
    puts = [headers for method, _, headers in proxy.log if method == "PUT"]
    assert len(puts) == 4
    hashes = [hashlib.sha256(part).digest() for part in (b"small", *parts_of(large))]
    assert [base64.b64decode(headers["x-amz-checksum-sha256"]) for headers in puts] == hashes


@pytest.mark.parametrize("kind", ["slow_down", "internal", "cut_request"])
def test_a_large_file_goes_in_parts_and_only_the_lost_part_again(
    kind: Kind, root: UPath, proxy: FaultyProxy, bucket: Any, large: Path
) -> None:
    proxy.faults.append(Fault(kind, "PUT", "partNumber=2", times=2))
    write_file(root / "large.bin", large)
    assert content(bucket, "large.bin") == large.read_bytes()
    assert [proxy.times("PUT", f"partNumber={number}") for number in (1, 2, 3)] == [1, 3, 1]


def test_an_upload_that_is_given_up_leaves_nothing(
    root: UPath, proxy: FaultyProxy, bucket: Any, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORGE_S3_PATIENCE", "1")
    proxy.faults.append(Fault("cut_request", "PUT", "partNumber=3", times=1000))
    bucket.put_object(Key="large.bin", Body=b"what was there")
    with pytest.raises(Unavailable, match="Cannot write"):
        write_file(root / "large.bin", large)
    assert content(bucket, "large.bin") == b"what was there"
    assert list(bucket.multipart_uploads.all()) == []


@pytest.mark.parametrize(
    ("kind", "said", "remedy"),
    [("denied", "AccessDenied|403", "PutObject"), ("skewed", "RequestTimeTooSkewed|403", "clock")],
)
def test_what_does_not_pass_is_told_at_once(
    kind: Kind, said: str, remedy: str, root: UPath, proxy: FaultyProxy, tmp_path: Path
) -> None:
    proxy.faults.append(Fault(kind, times=1000))
    (tmp_path / "source").write_bytes(b"x")
    started = time.monotonic()
    for act in (
        lambda: write_bytes(root / "a", b"x"),
        lambda: write_file(root / "a", tmp_path / "source"),
        lambda: read_bytes(root / "a"),
    ):
        with pytest.raises(Unavailable, match=said) as caught:
            act()
        assert remedy in caught.value.remedy
    assert time.monotonic() - started < 60


def test_a_missing_bucket_is_told_at_once(proxy: FaultyProxy) -> None:
    with pytest.raises(Unavailable) as caught:
        write_bytes(place_at("s3://no-such-bucket/a"), b"x")
    assert "Create the bucket" in caught.value.remedy


def test_patience_ends(root: UPath, proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGE_S3_PATIENCE", "4")
    proxy.faults.append(Fault("slow_down", times=1000))
    started = time.monotonic()
    with pytest.raises(Unavailable, match="SlowDown"):
        write_bytes(root / "a", b"x")
    assert time.monotonic() - started < 60
    assert proxy.times("PUT") > 1
    monkeypatch.setenv("FORGE_S3_PATIENCE", "long")
    with pytest.raises(InvalidInput, match="FORGE_S3_PATIENCE"):
        write_bytes(root / "a", b"x")


def test_what_a_wire_altered_is_never_handed_out(root: UPath, proxy: FaultyProxy, bucket: Any, tmp_path: Path) -> None:
    """A server that does not look at checksums keeps altered bytes; whoever reads them finds out."""
    notes = NoteEngine(tmp_path / "asked.txt")
    proxy.faults.append(Fault("altered", "PUT", ".txt"))
    made = Workshop(ArtefactStore(root, tmp_path / "here")).make(notes, Note())
    there = Workshop(ArtefactStore(root, tmp_path / "there"))
    again = there.make(notes, Note())
    assert again.artefact == made.artefact
    assert there.store.path(again.artefact).read_text() == "Wake up."
    assert content(bucket, f"objects/{made.artefact.sha256[:2]}/{made.artefact.sha256}.txt") == b"Wake up."


@pytest.mark.long
def test_a_store_goes_on_through_many_faults(root: UPath, proxy: FaultyProxy, tmp_path: Path) -> None:
    kinds: list[Kind] = ["slow_down", "internal", "cut_request", "away"]
    proxy.faults += [Fault(kind, times=1000, every=7 + number) for number, kind in enumerate(kinds)]
    store = ArtefactStore(root, tmp_path / "here")
    made = [Workshop(store).make(NoteEngine(), Note(text=f"Note {number}.")).artefact for number in range(8)]
    proxy.faults.clear()
    there = ArtefactStore(root, tmp_path / "there")
    assert [there.path(artefact).read_text() for artefact in made] == [f"Note {number}." for number in range(8)]


def test_a_link_opens_without_credentials_and_not_for_ever(root: UPath, bucket: Any, proxy: FaultyProxy) -> None:
    bucket.put_object(Key="spots/one.mp4", Body=b"a spot")
    link = s3.link_to(root / "spots" / "one.mp4", minutes=30)
    assert link.startswith(f"{proxy.address}/")
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in link
    assert "X-Amz-Expires=1800" in link
    with urllib.request.urlopen(link) as answer:
        assert answer.read() == b"a spot"
    for minutes in (0, -1, 8 * 24 * 60):
        with pytest.raises(InvalidInput, match="lives for at most"):
            s3.link_to(root / "spots" / "one.mp4", minutes=minutes)
