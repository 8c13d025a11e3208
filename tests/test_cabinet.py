"""The cabinet: documents come back as they were filed, and damage is told."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from upath import UPath

from forge_resources.errors import NotFound
from forge_resources.schemas.brief import Brief, MarketBrief
from forge_resources.schemas.script import Camera, Script
from forge_resources.store.cabinet import Cabinet
from tests.cells import cell_brief, script
from tests.sample_briefs import ORIGIN, short_brief


@pytest.fixture
def cabinet(tmp_path: Path) -> Cabinet:
    return Cabinet(UPath(tmp_path / "documents"))


def test_a_document_comes_back_as_it_was(cabinet: Cabinet) -> None:
    document = cell_brief("ar-AE").market_brief
    sha256 = cabinet.write("market_brief", "aurora-launch/ar-AE", document)
    assert sha256 == document.content_hash()
    assert cabinet.read("market_brief", "aurora-launch/ar-AE", MarketBrief) == document


def test_a_document_with_keys_of_other_names_comes_back_too(cabinet: Cabinet) -> None:
    brief = Brief.model_validate(short_brief(origin=ORIGIN))
    assert cabinet.write("brief", "night-tea", brief) == brief.content_hash()
    assert "copy" in json.loads(Path(cabinet.place("brief", "night-tea").path).read_text())["document"]
    assert cabinet.read("brief", "night-tea", Brief) == brief


def test_seconds_stay_exact(cabinet: Cabinet) -> None:
    thirds = script(*[{"duration_s": Fraction(5, 3)}] * 3)
    cabinet.write("script", "a", thirds)
    assert cabinet.read("script", "a", Script).duration_s == 5


def test_a_document_of_the_same_name_is_replaced(cabinet: Cabinet) -> None:
    cabinet.write("camera", "a", Camera(size="wide"))
    cabinet.write("camera", "a", Camera(size="full"))
    assert cabinet.read("camera", "a", Camera).size == "full"
    assert [path.name for path in Path(cabinet.root.path).rglob("*") if path.is_file()] == ["a.json"]


def test_what_is_not_there_is_not_found(cabinet: Cabinet) -> None:
    with pytest.raises(NotFound, match="There is no camera of a") as caught:
        cabinet.read("camera", "a", Camera)
    assert "file the brief again" in caught.value.remedy
    assert cabinet.find("camera", "a", Camera) is None
    assert list(cabinet.names("camera")) == []


def test_names_are_listed_in_order_through_folders(cabinet: Cabinet) -> None:
    for name in ("tea/fr-FR", "lamp/de-DE", "tea/de-DE"):
        cabinet.write("camera", name, Camera(size="wide"))
    (Path(cabinet.root.path) / "camera" / "tea" / ".partial-1").write_text("half")
    assert list(cabinet.names("camera")) == ["lamp/de-DE", "tea/de-DE", "tea/fr-FR"]


def test_a_finder_gets_what_is_there(cabinet: Cabinet) -> None:
    cabinet.write("camera", "a", Camera(size="wide"))
    assert cabinet.find("camera", "a", Camera) == Camera(size="wide")


def damaged(change: dict[str, Any]) -> bytes:
    camera = Camera(size="wide")
    whole = {"contract": "Camera", "sha256": camera.content_hash(), "document": camera.model_dump(mode="json")}
    return json.dumps(whole | change).encode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (damaged({"document": {"size": "full", "angle": "eye", "move": "hold"}}), "does not match its hash"),
        (damaged({"sha256": "0" * 64}), "does not match its hash"),
        (damaged({})[:-5], "cannot be read"),
        (b"", "cannot be read"),
        (b"[]", "cannot be read"),
        (b"{}", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b'{"document": NaN, "sha256": ""}', "cannot be read"),
    ],
)
def test_a_damaged_document_is_told(cabinet: Cabinet, data: bytes, message: str) -> None:
    cabinet.write("camera", "a", Camera(size="wide"))
    Path(cabinet.place("camera", "a").path).write_bytes(data)
    with pytest.raises(NotFound, match=message):
        cabinet.read("camera", "a", Camera)
    assert cabinet.find("camera", "a", Camera) is None


def test_the_whole_file_is_what_the_damage_was_made_of(cabinet: Cabinet) -> None:
    cabinet.write("camera", "a", Camera(size="wide"))
    Path(cabinet.place("camera", "a").path).write_bytes(damaged({}))
    assert cabinet.read("camera", "a", Camera) == Camera(size="wide")


def test_a_document_of_an_older_form_is_told(cabinet: Cabinet) -> None:
    cabinet.write("camera", "a", Camera(size="wide"))
    with pytest.raises(NotFound, match="The camera of a cannot be read"):
        cabinet.read("camera", "a", Script)
