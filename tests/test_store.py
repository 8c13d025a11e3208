"""The store and the workshop on a directory: written whole, found again, noticed when damaged, made once."""

from __future__ import annotations

import errno
import json
import logging
import multiprocessing
import os
import stat
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from upath import UPath

from forge_resources.engines.contract import Engine
from forge_resources.errors import EngineFailed, InvalidInput, NotFound, Unavailable
from forge_resources.schemas.deliverables import DeliveredFile, Deliverables, Figures
from forge_resources.schemas.recipe import Artefact, Recipe
from forge_resources.store.artefacts import ArtefactStore
from forge_resources.store.files import place_at, sha256_of_file, write_bytes, write_file
from forge_resources.store.picture_recipe import embed_recipe, read_recipe
from forge_resources.store.workshop import Made, SourceFile, Workshop, recipe_for
from tests.sample_engines import (
    EmptyEngine,
    FailingEngine,
    HalfSwatchEngine,
    LackingEngine,
    Note,
    NoteEngine,
    SilentEngine,
    SlowNoteEngine,
    Swatch,
    SwatchEngine,
)


def open_store(folder: Path) -> ArtefactStore:
    """A store that has verified nothing yet, as a new process has it."""
    return ArtefactStore(UPath(folder / "store"), folder / "cache")


@pytest.fixture
def store(tmp_path: Path) -> ArtefactStore:
    return open_store(tmp_path)


@pytest.fixture
def workshop(store: ArtefactStore) -> Workshop:
    return Workshop(store)


@pytest.fixture
def notes(tmp_path: Path) -> NoteEngine:
    return NoteEngine(tmp_path / "asked.txt")


def files_below(folder: Path) -> list[str]:
    """Every file, without the lock files, which stay."""
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"
    )


# --- writing files


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


def test_others_of_the_machine_can_read_what_is_written_and_the_umask_stays(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        writers = [
            threading.Thread(
                target=lambda turn=turn: [write_bytes(UPath(tmp_path / f"{turn}-{n}"), b"x") for n in range(50)]
            )
            for turn in range(4)
        ]
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
    with pytest.raises(Unavailable, match="Cannot write .*No space left") as caught:
        write_bytes(UPath(full_disk / "large"), b"x" * 100_000)
    assert "Free some space" in caught.value.remedy
    (tmp_path / "source").write_bytes(b"x" * 100_000)
    with pytest.raises(Unavailable):
        write_file(UPath(full_disk / "large"), tmp_path / "source")
    assert files_below(full_disk) == ["small"]


def test_a_full_store_keeps_nothing_and_a_rerun_goes_on(full_disk: Path, tmp_path: Path, notes: NoteEngine) -> None:
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
    with pytest.raises(Unavailable, match="Permission denied|Read-only") as caught:
        write_bytes(UPath(closed / "a"), b"x")
    assert "FORGE_STORE" in caught.value.remedy


# --- finding again


def test_what_exists_is_reused_across_processes(tmp_path: Path, notes: NoteEngine) -> None:
    first = Workshop(open_store(tmp_path)).make(notes, Note())
    again = Workshop(open_store(tmp_path)).make(notes, Note())
    assert (first.reused, again.reused) == (False, True)
    assert again.artefact == first.artefact
    assert notes.times() == 1
    assert open_store(tmp_path).path(first.artefact).read_text() == "Wake up."
    assert first.artefact.facts == {"characters": 8}


def test_with_reuse_off_it_is_made_again_with_the_same_bytes(store: ArtefactStore, notes: NoteEngine) -> None:
    first = Workshop(store).make(notes, Note())
    again = Workshop(store, reuse=False).make(notes, Note())
    assert again == Made(first.artefact, reused=False)
    assert notes.times() == 2


def test_the_address_is_the_hash_of_the_bytes(store: ArtefactStore, workshop: Workshop) -> None:
    artefact = workshop.make(SwatchEngine(), Swatch()).artefact
    path = store.path(artefact)
    assert path.name == f"{artefact.sha256}.png"
    assert sha256_of_file(path) == artefact.sha256
    assert path.stat().st_size == artefact.size


def test_the_recipe_stands_beside_the_bytes(store: ArtefactStore, workshop: Workshop) -> None:
    artefact = workshop.make(SwatchEngine(), Swatch(colour="#ff0000")).artefact
    record = store.record_of(artefact.sha256)
    assert record.artefact == artefact
    assert record.recipe.fingerprint == artefact.fingerprint
    assert record.recipe.parameters == {"colour": "#ff0000", "side": 8}
    with pytest.raises(NotFound, match="No recipe"):
        store.record_of("0" * 64)


def test_bytes_that_nobody_made_are_taken_in_once(store: ArtefactStore) -> None:
    sha256 = store.take_in(b"a logo", ".png")
    place = store.path_of(sha256, ".png")
    before = place.stat().st_mtime_ns
    assert store.take_in(b"a logo", ".png") == sha256
    assert place.stat().st_mtime_ns == before
    place.write_bytes(b"a lego")
    assert store.take_in(b"a logo", ".png") == sha256
    assert store.path_of(sha256, ".png").read_bytes() == b"a logo"


# --- damage


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def alter(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    # File systems count time in steps of a few milliseconds, and tests are quick.
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 1_000_000_000))


def delete(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [truncate, alter, delete, empty])
@pytest.mark.parametrize("process", ["same", "another"])
def test_a_damaged_artefact_is_noticed_and_made_again(
    damage: Any, process: str, tmp_path: Path, notes: NoteEngine, caplog: pytest.LogCaptureFixture
) -> None:
    store = open_store(tmp_path)
    artefact = Workshop(store).make(notes, Note(text="Wake up before your alarm does.")).artefact
    damage(store.path(artefact))
    if process == "another":
        store = open_store(tmp_path)
    with pytest.raises(NotFound, match="not in the store" if damage is delete else "damaged"):
        store.path(artefact)
    with caplog.at_level(logging.WARNING, "forge.store"):
        again = Workshop(store).make(notes, Note(text="Wake up before your alarm does."))
    assert again == Made(artefact, reused=False)
    assert "made again" in caplog.text
    assert store.path(artefact).read_text() == "Wake up before your alarm does."
    assert Workshop(store).make(notes, Note(text="Wake up before your alarm does.")).reused


def alter_fact(path: Path) -> None:
    record = json.loads(path.read_bytes())
    record["artefact"]["facts"]["characters"] = 9
    path.write_text(json.dumps(record))


def of_another_recipe(path: Path) -> None:
    other = next(one for one in path.parents[1].rglob("*.json") if one != path)
    path.write_bytes(other.read_bytes())


@pytest.mark.parametrize("damage", [truncate, empty, delete, alter_fact, of_another_recipe])
def test_a_damaged_record_is_noticed_and_written_again(damage: Any, tmp_path: Path, notes: NoteEngine) -> None:
    store = open_store(tmp_path)
    Workshop(store).make(notes, Note(text="another"))
    artefact = Workshop(store).make(notes, Note()).artefact
    record = Path(store.root.path) / "recipes" / artefact.fingerprint[:2] / f"{artefact.fingerprint}.json"
    damage(record)
    assert store.find(artefact.fingerprint) is None
    assert Workshop(store).make(notes, Note()) == Made(artefact, reused=False)
    assert store.find(artefact.fingerprint) == artefact


def test_a_damaged_source_stops_what_is_made_of_it(store: ArtefactStore, workshop: Workshop, notes: NoteEngine) -> None:
    source = workshop.make(notes, Note(text="Source.")).artefact
    alter(store.path(source))
    with pytest.raises(NotFound, match="damaged"):
        workshop.make(notes, Note(), {"first": source})
    assert notes.times() == 1


def test_delivered_files_are_checked(store: ArtefactStore, tmp_path: Path) -> None:
    spot = tmp_path / "out" / "spot.mp4"
    write_bytes(UPath(spot), b"a spot")
    delivered = DeliveredFile(
        role="spot", profile="web", name="spot.mp4", address=str(spot), sha256=sha256_of_file(spot), size=6
    )
    document = Deliverables.model_validate(
        {
            "cell": {"brief": "night-tea", "market": "de-DE", "persona": "busy-parent"},
            "tier": "draft",
            "files": [delivered],
            "figures": Figures.model_validate(
                {"duration_s": 6, "frames": 144, "fps": 24, "width": 64, "height": 64, "bitrate_kbps": 1.0}
                | {"integrated_lufs": None, "true_peak_dbtp": None}
            ),
            "plates": 1,
        }
    )
    assert store.has_delivered(document)
    alter(spot)
    assert not open_store(tmp_path).has_delivered(document)
    spot.unlink()
    assert not store.has_delivered(document)


# --- engines that go wrong


@pytest.mark.parametrize(
    ("engine", "message"),
    [
        (FailingEngine(), "The ink ran out"),
        (SilentEngine(), "left nothing behind"),
        (EmptyEngine(), "left nothing behind"),
        (HalfSwatchEngine(), "left no whole picture"),
    ],
)
def test_an_engine_that_fails_keeps_nothing(engine: Engine, message: str, workshop: Workshop, tmp_path: Path) -> None:
    with pytest.raises(EngineFailed, match=message):
        workshop.make(engine, engine.Parameters())
    assert files_below(tmp_path) == []
    assert list((tmp_path / "cache" / "work").iterdir()) == []


def test_after_a_failure_the_recipe_can_be_made(workshop: Workshop, notes: NoteEngine) -> None:
    with pytest.raises(EngineFailed):
        workshop.make(FailingEngine(), Note())
    assert not workshop.make(notes, Note()).reused


def test_an_engine_that_lacks_something_is_unavailable(workshop: Workshop, tmp_path: Path) -> None:
    engine = LackingEngine(tmp_path / "asked.txt")
    with pytest.raises(Unavailable, match="lacks a pen, paper") as caught:
        workshop.make(engine, Note())
    assert caught.value.remedy == "Buy one. Ask for some."
    assert engine.times() == 0


def test_what_exists_is_handed_out_where_the_engine_cannot_run(workshop: Workshop, notes: NoteEngine) -> None:
    artefact = workshop.make(notes, Note()).artefact
    assert workshop.make(LackingEngine(), Note()) == Made(artefact, reused=True)


# --- the recipe


def recipe(engine: Engine | None = None, sources: dict[str, Any] | None = None, **parameters: Any) -> Recipe:
    engine = engine or NoteEngine()
    return recipe_for(engine, engine.Parameters(**parameters), sources or {})


def changed(base: type[NoteEngine], **attributes: Any) -> Engine:
    return type("Changed", (base,), attributes)()


ONE, TWO = SourceFile("1" * 64, ".txt"), SourceFile("2" * 64, ".txt")


def test_everything_that_counts_changes_the_fingerprint() -> None:
    recipes = [
        recipe(),
        recipe(text="Sleep on."),
        recipe(SwatchEngine()),
        recipe(SwatchEngine(), colour="#ff0000"),
        recipe(SwatchEngine(), side=9),
        recipe(changed(NoteEngine, version="2")),
        recipe(changed(NoteEngine, name="letter")),
        recipe(changed(NoteEngine, tier="full")),
        recipe(changed(NoteEngine, kind="text")),
        recipe(changed(NoteEngine, media_type="text/markdown")),
        recipe(sources={"first": ONE}),
        recipe(sources={"first": TWO}),
        recipe(sources={"second": ONE}),
        recipe(sources={"first": ONE, "second": TWO}),
        recipe(sources={"first": TWO, "second": ONE}),
    ]
    assert len({each.fingerprint for each in recipes}) == len(recipes)


def test_the_order_of_sources_does_not_count() -> None:
    forth, back = recipe(sources={"a": ONE, "b": TWO}), recipe(sources={"b": TWO, "a": ONE})
    assert forth.fingerprint == back.fingerprint


def test_a_new_version_of_an_engine_makes_anew(workshop: Workshop, notes: NoteEngine) -> None:
    workshop.make(notes, Note())
    assert not workshop.make(changed(NoteEngine, version="2"), Note()).reused


def test_sources_are_read_by_their_name(store: ArtefactStore, workshop: Workshop, notes: NoteEngine) -> None:
    first = workshop.make(notes, Note(text="one ")).artefact
    taken = SourceFile(store.take_in(b"two ", ".txt"), ".txt")
    made = workshop.make(notes, Note(text="zero "), {"b": taken, "a": first}).artefact
    assert store.path(made).read_text() == "zero one two "


def test_a_picture_carries_its_recipe_and_keeps_its_pixels(
    store: ArtefactStore, workshop: Workshop, tmp_path: Path
) -> None:
    engine = SwatchEngine()
    engine.make(Swatch(colour="#12fe34"), {}, tmp_path / "bare.png")
    picture = store.path(workshop.make(engine, Swatch(colour="#12fe34")).artefact)
    assert read_recipe(picture) == recipe(engine, colour="#12fe34")
    assert read_recipe(tmp_path / "bare.png") is None
    with Image.open(picture) as signed, Image.open(tmp_path / "bare.png") as bare:
        signed.load()
        assert signed.tobytes() == bare.tobytes()
        # Other programs find it under its keyword.
        assert json.loads(signed.text["forge:recipe"]) == recipe(engine, colour="#12fe34").model_dump(mode="json")


def test_a_recipe_in_any_script_survives_the_picture(tmp_path: Path) -> None:
    SwatchEngine().make(Swatch(), {}, tmp_path / "a.png")
    written = recipe(text="Lampe „Größe“ ランプ مصباح 🌅")
    embed_recipe(tmp_path / "a.png", written)
    assert read_recipe(tmp_path / "a.png") == written


def test_half_a_picture_takes_no_recipe_and_a_damaged_one_is_told(tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    SwatchEngine().make(Swatch(), {}, picture)
    whole = picture.read_bytes()
    picture.write_bytes(whole[:-1])
    with pytest.raises(InvalidInput, match=r"a\.png is not a whole PNG"):
        embed_recipe(picture, recipe())
    picture.write_bytes(whole)
    embed_recipe(picture, recipe())
    picture.write_bytes(picture.read_bytes().replace(b'"engine"', b'"engime"'))
    with pytest.raises(InvalidInput, match="damaged recipe"):
        read_recipe(picture)
    picture.write_bytes(b"GIF89a")
    assert read_recipe(picture) is None


# --- several at once


def make_slowly(folder: str, text: str, barrier: Any) -> tuple[str, bool]:
    """Runs in a process of its own: waits for the other, then makes."""
    workshop = Workshop(open_store(Path(folder)))
    barrier.wait(timeout=30)
    made = workshop.make(SlowNoteEngine(Path(folder) / "asked.txt"), Note(text=text))
    return made.artefact.sha256, made.reused


def test_two_processes_that_want_the_same_make_it_once(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    with spawn.Manager() as room, spawn.Pool(2) as pool:
        barrier = room.Barrier(2)
        tasks = [pool.apply_async(make_slowly, (str(tmp_path), "one for both", barrier)) for _ in range(2)]
        made = [task.get(timeout=60) for task in tasks]
    assert len({sha256 for sha256, _ in made}) == 1
    assert sorted(reused for _, reused in made) == [False, True]
    assert SlowNoteEngine(tmp_path / "asked.txt").times() == 1


def test_threads_that_want_the_same_make_it_once(workshop: Workshop, tmp_path: Path) -> None:
    engine = SlowNoteEngine(tmp_path / "asked.txt")
    made: list[Made] = []
    threads = [threading.Thread(target=lambda: made.append(workshop.make(engine, Note()))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.reused for each in made) == [False, True, True]
    assert engine.times() == 1


# --- addresses


def test_a_place_is_a_directory_or_an_s3_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert place_at("briefs") == UPath(tmp_path / "briefs")
    assert place_at(f"file://{tmp_path}/briefs") == UPath(tmp_path / "briefs")
    assert str(place_at("s3://bucket/briefs")) == "s3://bucket/briefs"
    with pytest.raises(InvalidInput, match="no place to keep things") as caught:
        place_at("https://example.com/briefs")
    assert "s3://" in caught.value.remedy


def test_an_artefact_says_what_it_is(workshop: Workshop) -> None:
    artefact = workshop.make(SwatchEngine(), Swatch()).artefact
    assert Artefact.model_validate_json(artefact.model_dump_json()) == artefact
    assert (artefact.suffix, artefact.media_type, artefact.tier) == (".png", "image/png", "draft")
