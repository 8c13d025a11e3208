"""Store, cabinet and files on S3: a real server that speaks its protocol, on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import s3fs
from upath import UPath

from forge_resources.briefs.check import check_file
from forge_resources.editing.profiles import load_profiles
from forge_resources.errors import NotFound, Unavailable
from forge_resources.library.loader import load_library
from forge_resources.schemas.script import Camera
from forge_resources.settings import Settings
from forge_resources.store.artefacts import ArtefactStore
from forge_resources.store.cabinet import Cabinet
from forge_resources.store.files import place_at, write_bytes, write_file
from forge_resources.store.picture_recipe import read_recipe
from forge_resources.store.workshop import Made, Workshop
from tests.s3_server import BUCKET
from tests.sample_briefs import write_brief
from tests.sample_engines import Note, NoteEngine, Swatch, SwatchEngine


@pytest.fixture
def root(bucket: Any) -> UPath:
    return place_at(f"s3://{BUCKET}")


def keys(bucket: Any) -> list[str]:
    return sorted(item.key for item in bucket.objects.all())


def content(bucket: Any, key: str) -> bytes:
    read: bytes = bucket.Object(key).get()["Body"].read()
    return read


def test_files_are_put_in_one_step(root: UPath, bucket: Any, tmp_path: Path) -> None:
    write_bytes(root / "a" / "one.txt", b"one")
    write_bytes(root / "a" / "one.txt", b"two")
    (tmp_path / "source").write_bytes(b"three")
    write_file(root / "a" / "two.txt", tmp_path / "source")
    assert keys(bucket) == ["a/one.txt", "a/two.txt"]
    assert content(bucket, "a/one.txt") == b"two"
    assert content(bucket, "a/two.txt") == b"three"


def test_what_others_put_is_seen_by_a_process_that_has_looked_before(root: UPath, bucket: Any) -> None:
    write_bytes(root / "inbox" / "one.yaml", b"one")
    assert [place.name for place in (root / "inbox").iterdir()] == ["one.yaml"]
    bucket.put_object(Key="inbox/two.yaml", Body=b"two")
    assert sorted(place.name for place in (root / "inbox").iterdir()) == ["one.yaml", "two.yaml"]
    assert (root / "inbox" / "two.yaml").exists()
    bucket.Object("inbox/one.yaml").delete()
    assert [place.name for place in (root / "inbox").iterdir()] == ["two.yaml"]


def test_settings_open_places_that_see_what_others_put(root: UPath, bucket: Any, tmp_path: Path) -> None:
    settings = Settings.from_environment({"FORGE_HOME": str(tmp_path), "FORGE_INBOX": f"s3://{BUCKET}/inbox"})
    bucket.put_object(Key="inbox/one.yaml", Body=b"one")
    assert len(list(settings.inbox.iterdir())) == 1
    bucket.put_object(Key="inbox/two.yaml", Body=b"two")
    assert len(list(settings.inbox.iterdir())) == 2


def test_a_bucket_that_does_not_exist_is_unavailable(root: UPath, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"x")
    missing = place_at("s3://no-such-bucket/a")
    with pytest.raises(Unavailable, match="Cannot write s3://no-such-bucket/a") as caught:
        write_bytes(missing, b"x")
    assert "bucket" in caught.value.remedy
    with pytest.raises(Unavailable):
        write_file(missing, tmp_path / "source")


def test_a_service_that_is_away_is_unavailable(root: UPath, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("FORGE_S3_PATIENCE", "0")
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
    s3fs.S3FileSystem.clear_instance_cache()
    place = place_at(f"s3://{BUCKET}")
    with pytest.raises(Unavailable, match=r"Cannot write .*127\.0\.0\.1:1"):
        write_bytes(place / "a", b"x")
    with pytest.raises(Unavailable, match=r"Cannot read .*127\.0\.0\.1:1"):
        Cabinet(place).read("camera", "one", Camera)
    with pytest.raises(Unavailable, match="Cannot read"):
        ArtefactStore(place, tmp_path).find("0" * 64)


def test_documents_are_filed_and_read(root: UPath, bucket: Any) -> None:
    cabinet = Cabinet(root / "documents")
    camera = Camera(size="wide", move="push")
    assert cabinet.write("camera", "night-tea/de-DE", camera) == camera.content_hash()
    assert keys(bucket) == ["documents/camera/night-tea/de-DE.json"]
    assert Cabinet(root / "documents").read("camera", "night-tea/de-DE", Camera) == camera
    assert list(cabinet.names("camera")) == ["night-tea/de-DE"]
    bucket.put_object(Key="documents/camera/other.json", Body=b"{}")
    assert list(cabinet.names("camera")) == ["night-tea/de-DE", "other"]
    assert list(cabinet.names("nothing")) == []
    with pytest.raises(NotFound, match="There is no camera of third"):
        cabinet.read("camera", "third", Camera)
    with pytest.raises(NotFound, match="cannot be read"):
        cabinet.read("camera", "other", Camera)


def test_artefacts_are_shared_by_machines(root: UPath, bucket: Any, tmp_path: Path) -> None:
    notes = NoteEngine(tmp_path / "asked.txt")
    here, there = (Workshop(ArtefactStore(root / "store", tmp_path / name)) for name in ("here", "there"))
    made = here.make(notes, Note())
    assert there.make(notes, Note()) == Made(made.artefact, reused=True)
    assert there.store.path(made.artefact).read_text() == "Wake up."
    assert notes.times() == 1
    sha256, fingerprint = made.artefact.sha256, made.artefact.fingerprint
    assert keys(bucket) == [
        f"store/objects/{sha256[:2]}/{sha256}.recipe.json",
        f"store/objects/{sha256[:2]}/{sha256}.txt",
        f"store/recipes/{fingerprint[:2]}/{fingerprint}.json",
    ]


def test_what_was_made_here_is_not_fetched(root: UPath, bucket: Any, tmp_path: Path) -> None:
    store = ArtefactStore(root, tmp_path / "here")
    artefact = Workshop(store).make(NoteEngine(), Note()).artefact
    bucket.Object(f"objects/{artefact.sha256[:2]}/{artefact.sha256}.txt").delete()
    assert store.path(artefact).read_text() == "Wake up."


def test_a_picture_comes_back_with_its_recipe(root: UPath, tmp_path: Path) -> None:
    artefact = Workshop(ArtefactStore(root, tmp_path / "here")).make(SwatchEngine(), Swatch()).artefact
    there = ArtefactStore(root, tmp_path / "there")
    recipe = read_recipe(there.path(artefact))
    assert recipe is not None
    assert recipe == there.record_of(artefact.sha256).recipe


@pytest.mark.parametrize("damage", ["altered", "truncated", "deleted"])
def test_a_damaged_remote_artefact_is_noticed_and_made_again(
    damage: str, root: UPath, bucket: Any, tmp_path: Path
) -> None:
    notes = NoteEngine(tmp_path / "asked.txt")
    artefact = Workshop(ArtefactStore(root, tmp_path / "here")).make(notes, Note()).artefact
    remote = bucket.Object(f"objects/{artefact.sha256[:2]}/{artefact.sha256}.txt")
    if damage == "deleted":
        remote.delete()
    else:
        remote.put(Body=b"Wake um." if damage == "altered" else b"Wake")
    there = ArtefactStore(root, tmp_path / "there")
    with pytest.raises(NotFound, match="not in the store" if damage == "deleted" else "damaged"):
        there.path(artefact)
    # What is damaged never gets among the local copies.
    assert not [path for path in (tmp_path / "there").rglob("*") if path.is_file()]
    assert Workshop(there).make(notes, Note()) == Made(artefact, reused=False)
    assert content(bucket, remote.key) == b"Wake up."
    assert there.path(artefact).read_text() == "Wake up."
    assert notes.times() == 2


def test_a_damaged_local_copy_is_fetched_again(root: UPath, tmp_path: Path) -> None:
    notes = NoteEngine(tmp_path / "asked.txt")
    store = ArtefactStore(root, tmp_path / "here")
    artefact = Workshop(store).make(notes, Note()).artefact
    store.path(artefact).write_bytes(b"Wake")
    assert store.path(artefact).read_text() == "Wake up."
    assert notes.times() == 1


def test_a_brief_and_its_pictures_are_read_from_a_bucket(root: UPath, bucket: Any, tmp_path: Path) -> None:
    SwatchEngine().make(Swatch(side=16), {}, tmp_path / "box.png")
    product = {"name": "Night Tea", "description": "A tea.", "selling_points": ["Calm"], "images": ["box.png"]}
    brief = write_brief(tmp_path, product=product)
    bucket.put_object(Key="inbox/night-tea.yaml", Body=brief.read_bytes())
    bucket.put_object(Key="inbox/box.png", Body=(tmp_path / "box.png").read_bytes())
    checked = check_file(root / "inbox" / "night-tea.yaml", load_library(), load_profiles())
    assert checked.brief.product.images == ["box.png"]
    assert checked.pictures["box.png"].data == (tmp_path / "box.png").read_bytes()
