"""Where a deployment keeps things, as its environment says."""

from __future__ import annotations

from pathlib import Path

import pytest
from upath import UPath

from forge_resources.errors import InvalidInput
from forge_resources.settings import Settings, default_engines
from forge_resources.store.files import is_local
from forge_resources.studio import Studio


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_without_an_environment_everything_is_in_the_working_directory(tmp_path: Path) -> None:
    settings = Settings.from_environment({})
    assert settings.home == tmp_path / ".forge"
    assert settings.inbox == UPath(tmp_path / "briefs")
    assert settings.store == UPath(tmp_path / ".forge" / "store")
    assert settings.cache == tmp_path / ".forge" / "cache"
    assert settings.library is None
    assert settings.engines.model_dump() == {"text": "draft", "image": "sketch", "voice": "espeak", "motion": "still"}


def test_nothing_is_made_by_reading_settings(tmp_path: Path) -> None:
    Studio(Settings.from_environment({}))
    assert list(tmp_path.iterdir()) == []


def test_variables_count(tmp_path: Path) -> None:
    settings = Settings.from_environment(
        {"FORGE_HOME": "own", "FORGE_INBOX": "/in", "FORGE_STORE": "/kept", "FORGE_LIBRARY": "library"}
    )
    assert settings.home == tmp_path / "own"
    assert (settings.inbox, settings.store) == (UPath("/in"), UPath("/kept"))
    assert settings.library == tmp_path / "library"


def test_a_variable_without_a_value_does_not_count(tmp_path: Path) -> None:
    empty = dict.fromkeys(("FORGE_HOME", "FORGE_INBOX", "FORGE_STORE", "FORGE_LIBRARY", "FORGE_ENGINE_TEXT"), "")
    assert Settings.from_environment(empty) == Settings.from_environment({})


def test_the_store_follows_the_home_unless_it_has_a_place_of_its_own(tmp_path: Path) -> None:
    assert Settings.from_environment({"FORGE_HOME": "/own"}).store == UPath("/own/store")
    assert Settings.from_environment({"FORGE_HOME": "/own", "FORGE_STORE": "kept"}).store == UPath(tmp_path / "kept")


def test_plain_dagster_works_on_the_same_instance() -> None:
    assert Settings.from_environment({"DAGSTER_HOME": "/dagster"}).home == Path("/dagster")
    assert Settings.from_environment({"DAGSTER_HOME": "/dagster", "FORGE_HOME": "/own"}).home == Path("/own")


def test_inbox_and_store_may_be_on_s3() -> None:
    settings = Settings.from_environment({"FORGE_INBOX": "s3://bucket/in", "FORGE_STORE": "s3://bucket/kept"})
    assert (str(settings.inbox), str(settings.store)) == ("s3://bucket/in", "s3://bucket/kept")
    assert not is_local(settings.store)
    assert is_local(UPath(settings.cache))


@pytest.mark.parametrize("variable", ["FORGE_HOME", "FORGE_LIBRARY"])
def test_home_and_library_are_directories(variable: str) -> None:
    with pytest.raises(InvalidInput, match=f"{variable} is `s3://bucket/x`; it must be a directory"):
        Settings.from_environment({variable: "s3://bucket/x"})


@pytest.mark.parametrize("variable", ["FORGE_INBOX", "FORGE_STORE"])
@pytest.mark.parametrize("address", ["https://example.com/x", "nosuch://x", "memory://x"])
def test_an_address_of_another_kind_is_refused(variable: str, address: str) -> None:
    with pytest.raises(InvalidInput, match=f"`{address}` is no place to keep things"):
        Settings.from_environment({variable: address})


@pytest.mark.parametrize("kind", ["text", "image", "voice", "motion"])
def test_an_unknown_engine_is_told_with_the_known(kind: str) -> None:
    with pytest.raises(InvalidInput, match=f"FORGE_ENGINE_{kind.upper()} is `nothing`") as caught:
        default_engines({f"FORGE_ENGINE_{kind.upper()}": "nothing"})
    assert getattr(default_engines({}), kind) in caught.value.remedy


def test_an_engine_of_another_kind_is_unknown() -> None:
    with pytest.raises(InvalidInput, match="is `sketch`, which is no voice engine"):
        default_engines({"FORGE_ENGINE_VOICE": "sketch"})


def test_an_engine_is_chosen_by_its_name() -> None:
    assert default_engines({"FORGE_ENGINE_IMAGE": "sketch"}).image == "sketch"
