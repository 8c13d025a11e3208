"""The store and the workshop on a directory: written whole, found again, noticed when damaged, made once."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from upath import UPath

from forge_resources.engines.contract import Engine
from forge_resources.errors import EngineFailed, NotFound, Unavailable
from forge_resources.schemas.deliverables import Deliverables, DeliveredFile, Figures
from forge_resources.store.artefacts import ArtefactStore
from forge_resources.store.files import sha256_of_file, write_bytes
from forge_resources.store.workshop import Made, Workshop
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
from tests.stores import files_below, open_store


@pytest.fixture
def store(tmp_path: Path) -> ArtefactStore:
    return open_store(tmp_path)


@pytest.fixture
def workshop(store: ArtefactStore) -> Workshop:
    return Workshop(store)


@pytest.fixture
def notes(tmp_path: Path) -> NoteEngine:
    return NoteEngine(tmp_path / "asked.txt")


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
        role="spot",
        profile="web",
        name="spot.mp4",
        address=str(spot),
        sha256=sha256_of_file(spot),
        content=sha256_of_file(spot),
        size=6,
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
        pool.close()
        pool.join()
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
