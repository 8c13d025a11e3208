"""The recipe: everything that counts is in its fingerprint, and a picture carries it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest
from PIL import Image

from forge_resources.engines.contract import Engine
from forge_resources.errors import InvalidInput
from forge_resources.schemas.recipe import Artefact, Recipe
from forge_resources.store.artefacts import ArtefactStore
from forge_resources.store.picture_recipe import embed_recipe, read_recipe
from forge_resources.store.workshop import SourceFile, Workshop, recipe_for
from tests.sample_engines import Note, NoteEngine, Swatch, SwatchEngine
from tests.stores import open_store


@pytest.fixture
def store(tmp_path: Path) -> ArtefactStore:
    return open_store(tmp_path)


@pytest.fixture
def workshop(store: ArtefactStore) -> Workshop:
    return Workshop(store)


@pytest.fixture
def notes() -> NoteEngine:
    return NoteEngine()


def recipe(engine: Engine | None = None, sources: dict[str, Any] | None = None, **parameters: Any) -> Recipe:
    engine = engine or NoteEngine()
    return recipe_for(engine, engine.Parameters(**parameters), sources or {})


def changed(base: type[NoteEngine], **attributes: Any) -> Engine:
    return cast("Engine", type("Changed", (base,), attributes)())


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


def test_an_artefact_says_what_it_is(workshop: Workshop) -> None:
    artefact = workshop.make(SwatchEngine(), Swatch()).artefact
    assert Artefact.model_validate_json(artefact.model_dump_json()) == artefact
    assert (artefact.suffix, artefact.media_type, artefact.tier) == (".png", "image/png", "draft")
