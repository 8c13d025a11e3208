"""Installing models over a line that breaks, lies and refuses: nothing is ever half installed."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from forge_jobs.command.models import _is_there, _listed, models
from forge_resources.errors import Conflict, ForgeError, InvalidInput, NotFound, Unavailable
from forge_resources.models.catalogue import PRESETS, PartEntry, load_catalogue
from forge_resources.models.installation import Installer, Order
from forge_resources.models.references import CivitaiReference, HubReference, parse_reference
from forge_resources.models.shelf import INCOMING, Installed, Shelf
from forge_resources.models.transfer import Manners
from forge_resources.settings import Settings
from tests.model_source import COMMIT, REPO, ModelSource, safetensors, serving

SIZE = 400_000
LARGE = "unet/model.safetensors"
HASTY = Manners(connections=3, part_size=90_000, attempts=3, pause_s=0.001, journal_every=10_000)
PIPELINE = {
    "model_index.json": b'{"_class_name": "StableDiffusionXLPipeline"}',
    LARGE: safetensors(SIZE),
    "vae/config.json": b"{}",
    "vae/model.safetensors": safetensors(3000, seed=1),
    "unet/model.bin": b"pickled",
    "README.md": b"# words",
}


@pytest.fixture(autouse=True)
def no_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HF_TOKEN", "CIVITAI_API_TOKEN", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelSource]:
    with serving(ModelSource(dict(PIPELINE))) as served:
        monkeypatch.setenv("HF_ENDPOINT", served.address)
        monkeypatch.setenv("CIVITAI_ENDPOINT", served.address)
        yield served


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "models")


def order(reference: str = f"hf:{REPO}", name: str = "small", entry: PartEntry | None = None) -> Order:
    return Order(name, parse_reference(reference), entry)


def install(shelf: Shelf, wanted: Order | None = None, manners: Manners = HASTY) -> Installed:
    with httpx.Client(timeout=5) as client:
        return Installer(shelf, load_catalogue(), client, manners).install(wanted or order())


def nothing_installed(shelf: Shelf) -> bool:
    return list(shelf.installed()) == [] and not (shelf.root / "small").exists()


def test_a_pipeline_is_installed_whole_with_its_descriptor(source: ModelSource, shelf: Shelf) -> None:
    found = install(shelf)
    assert {file.path for file in found.descriptor.files} == {
        name for name in PIPELINE if not name.endswith((".bin", ".md"))
    }
    assert found.file(LARGE).read_bytes() == PIPELINE[LARGE]
    assert (found.descriptor.kind, found.descriptor.architecture) == ("pipeline", "sdxl")
    assert found.descriptor.source == f"hf:{REPO}@{COMMIT}"
    assert found.descriptor.licence == "apache-2.0"
    assert shelf.faults(found) == []
    assert not (shelf.root / INCOMING / "small").exists()
    ranges = [asked for path, asked, _ in source.asked if path.endswith(LARGE)]
    assert len(ranges) == 5  # 400 kB in parts of 90 kB


def test_what_is_installed_is_not_fetched_again(source: ModelSource, shelf: Shelf) -> None:
    first = install(shelf)
    source.asked.clear()
    assert install(shelf).descriptor == first.descriptor
    assert source.asked == []


def test_a_line_that_breaks_at_every_quarter_is_taken_up_again(source: ModelSource, shelf: Shelf) -> None:
    source.stop_at = [SIZE // 4, SIZE // 2, 3 * SIZE // 4]
    assert install(shelf, manners=Manners(1, SIZE * 2, 3, 0.001, 10_000)).file(LARGE).read_bytes() == PIPELINE[LARGE]
    starts = [int(asked[6:].split("-")[0]) for path, asked, _ in source.asked if path.endswith(LARGE) and asked]
    assert starts == [0, SIZE // 4, SIZE // 2, 3 * SIZE // 4]


@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_a_call_that_fails_at_a_quarter_is_resumed_by_the_next(
    source: ModelSource, shelf: Shelf, quarter: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, really = quarter * SIZE // 4, os.pwrite

    def interrupted(handle: int, piece: bytes, offset: int) -> int:
        if offset + len(piece) > stop:
            raise KeyboardInterrupt
        return really(handle, piece, offset)

    alone = Manners(1, SIZE * 2, 1, 0.001, 4096)
    monkeypatch.setattr(os, "pwrite", interrupted)
    with pytest.raises(KeyboardInterrupt):
        install(shelf, manners=alone)
    assert nothing_installed(shelf)
    monkeypatch.setattr(os, "pwrite", really)
    source.asked.clear()
    assert install(shelf, manners=alone).file(LARGE).read_bytes() == PIPELINE[LARGE]
    (asked,) = [asked for path, asked, _ in source.asked if path.endswith(LARGE)]
    assert asked is not None
    assert int(asked[6:].split("-")[0]) > stop - 66_000


def test_a_flipped_bit_is_not_installed_and_fetched_anew(source: ModelSource, shelf: Shelf) -> None:
    source.altered = {LARGE}
    with pytest.raises(Conflict, match="SHA-256") as refused:
        install(shelf)
    assert "Nothing was installed" in str(refused.value)
    assert nothing_installed(shelf)
    source.altered = set()
    assert shelf.faults(install(shelf)) == []


def test_a_flipped_bit_in_a_small_file_is_seen_too(source: ModelSource, shelf: Shelf) -> None:
    source.altered = {"vae/config.json"}
    with pytest.raises(Conflict, match="Git blob"):
        install(shelf)
    assert nothing_installed(shelf)


@pytest.mark.parametrize("off_by", [-1000, -1, 1, 1000, 100_000])
@pytest.mark.parametrize("whole_only", [False, True])
def test_a_lying_length_is_not_installed(source: ModelSource, shelf: Shelf, off_by: int, whole_only: bool) -> None:
    source.sizes = {LARGE: len(PIPELINE[LARGE]) + off_by}
    source.whole_only = whole_only
    with pytest.raises(Unavailable):
        install(shelf)
    assert nothing_installed(shelf)


def test_a_redirect_is_followed_and_keeps_the_token_at_home(
    source: ModelSource, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    source.token, source.elsewhere = "hf_secret", True
    install(shelf)
    tokens = {path.startswith("/elsewhere"): token for path, _, token in source.asked}
    assert tokens == {False: "Bearer hf_secret", True: None}


def test_no_access_says_what_to_do(source: ModelSource, shelf: Shelf) -> None:
    source.token = "needed"
    with pytest.raises(Unavailable, match="gives no access") as refused:
        install(shelf)
    assert "HF_TOKEN" in refused.value.remedy
    assert nothing_installed(shelf)


def test_what_does_not_exist_is_said(source: ModelSource, shelf: Shelf) -> None:
    with pytest.raises(NotFound, match="does not exist"):
        install(shelf, order("hf:atelier/none"))
    with pytest.raises(NotFound, match="none of the files"):
        install(shelf, order(f"hf:{REPO}#other.safetensors"))
    del source.files[LARGE]
    source.files["missing.safetensors"] = safetensors(100)
    answer = source.hub_answer()
    source.hub_answer = lambda: answer  # type: ignore[method-assign]
    del source.files["missing.safetensors"]
    with pytest.raises(NotFound):
        install(shelf, order(f"hf:{REPO}#missing.safetensors"))
    assert nothing_installed(shelf)


def test_a_busy_source_is_asked_again(source: ModelSource, shelf: Shelf) -> None:
    install(shelf)
    shelf.remove("small")
    source.asked.clear()
    with httpx.Client(timeout=5) as client:
        installer = Installer(shelf, load_catalogue(), client, HASTY)
        really = installer._sources.look
        installer._sources.look = lambda *a: (really(*a), setattr(source, "busy", 2))[0]  # type: ignore[method-assign,assignment]
        assert installer.install(order()).descriptor.size > SIZE


def test_a_source_without_ranges_is_read_in_one(source: ModelSource, shelf: Shelf) -> None:
    source.whole_only = True
    assert install(shelf).file(LARGE).read_bytes() == PIPELINE[LARGE]


def test_a_disk_that_is_too_small_is_seen_before(
    source: ModelSource, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 1000))
    with pytest.raises(Unavailable, match="are free") as refused:
        install(shelf)
    assert "FORGE_MODELS" in refused.value.remedy
    assert all(path.startswith("/api") for path, _, _ in source.asked)


def test_a_source_that_lists_no_size_is_asked_before_there_is_no_room(
    source: ModelSource, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.files = {"aurora.safetensors": safetensors(5000, "lora_unet_down_x.lora_down.weight")}
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 256 * 1024 * 1024 + 4000))
    with pytest.raises(Unavailable, match="are free"):
        install(shelf, order("civitai:77", "aurora"))
    assert [asked for path, asked, _ in source.asked if path.endswith("aurora.safetensors")] == ["bytes=0-0"]


def test_a_disk_that_fills_up_leaves_nothing_half(
    source: ModelSource, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = os.pwrite

    def full(handle: int, piece: bytes, offset: int) -> int:
        if offset > SIZE // 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return really(handle, piece, offset)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(Unavailable, match="No space left") as refused:
        install(shelf)
    assert "Free some space" in refused.value.remedy
    assert nothing_installed(shelf)
    monkeypatch.setattr(os, "pwrite", really)
    assert shelf.faults(install(shelf)) == []


def test_offline_says_what_fetches_it(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unavailable) as missing:
        shelf.get("sdxl-base")
    assert missing.value.remedy == "forge models download sdxl-base"
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(Unavailable, match="HF_HUB_OFFLINE"):
        install(shelf)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(Unavailable, match="cannot be reached"):
        install(shelf)


def test_a_pin_of_the_catalogue_counts(source: ModelSource, shelf: Shelf) -> None:
    lora = load_catalogue().parts["lcm-lora-sd-1.5"]
    pinned = lora.model_copy(update={"files": ["vae/model.safetensors"], "pins": {"vae/model.safetensors": "0" * 64}})
    with pytest.raises(Conflict, match="pins"):
        install(shelf, order(entry=pinned))
    gone = lora.model_copy(update={"files": ["vae/model.safetensors"], "pins": {"other.safetensors": "0" * 64}})
    with pytest.raises(Conflict, match="not among the files"):
        install(shelf, order(entry=gone))
    assert nothing_installed(shelf)


def test_civitai_by_version_and_by_air(source: ModelSource, shelf: Shelf) -> None:
    source.files = {"aurora.safetensors": safetensors(5000, "lora_unet_down_x.lora_down.weight")}
    found = install(shelf, order("civitai:77", "aurora"))
    assert (found.descriptor.kind, found.descriptor.architecture) == ("lora", "sdxl")
    assert found.descriptor.trigger_words == ["aurora style"]
    assert found.descriptor.source == "civitai:5@77"
    air = install(shelf, order("urn:air:sdxl:lora:civitai:5@77", "aurora-2"))
    assert air.descriptor.weights == found.descriptor.weights
    with pytest.raises(InvalidInput, match="belongs to model 5"):
        install(shelf, order("urn:air:sdxl:lora:civitai:6@77", "aurora-3"))


def test_a_file_and_a_folder_of_this_machine(shelf: Shelf, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    for name, data in PIPELINE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    found = install(shelf, order(f"file:{folder}", "mine"))
    assert found.descriptor.architecture == "sdxl"
    assert not any(file.path.endswith(".bin") for file in found.descriptor.files)
    single = install(shelf, order(f"file:{folder / LARGE}", "single"))
    assert [file.path for file in single.descriptor.files] == ["model.safetensors"]
    with pytest.raises(InvalidInput, match="safetensors"):
        install(shelf, order(f"file:{folder / 'unet/model.bin'}", "pickled"))
    (folder / "cut.safetensors").write_bytes(PIPELINE[LARGE][:-5])
    with pytest.raises(InvalidInput, match="no whole safetensors"):
        install(shelf, order(f"file:{folder / 'cut.safetensors'}", "cut"))
    with pytest.raises(Conflict, match="installed already"):
        install(shelf, order(f"file:{folder / LARGE}", "mine"))


def test_damage_is_found_and_removal_is_clean(source: ModelSource, shelf: Shelf) -> None:
    found = install(shelf)
    with found.file(LARGE).open("r+b") as stream:
        stream.seek(1000)
        stream.write(b"\0\1\2")
    (fault,) = shelf.faults(found)
    assert (fault.place, "SHA-256" in fault.message) == (LARGE, True)
    assert shelf.remove("small") > SIZE
    assert nothing_installed(shelf)
    with pytest.raises(NotFound):
        shelf.remove("small")
    for name in ("../models", ".", "", INCOMING):
        with pytest.raises(NotFound):
            shelf.remove(name)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("hf:a/b", HubReference("a/b")),
        ("hf:a/b@v1#c/d.safetensors", HubReference("a/b", "v1", "c/d.safetensors")),
        ("civitai:12", CivitaiReference(12)),
        ("urn:air:flux1:lora:civitai:3@4", CivitaiReference(4, 3)),
        ("air:sdxl:checkpoint:civitai:3@4.safetensors", CivitaiReference(4, 3)),
    ],
)
def test_references_are_read(text: str, read: HubReference | CivitaiReference) -> None:
    assert parse_reference(text) == read


@pytest.mark.parametrize(
    "text", ["", "hf:", "hf:a/b/c/d", "hf:a/b#../x", "hf:a/b#/x", "civitai:x", "urn:air:a:b:other:1@2", "file:", "x:y"]
)
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(ForgeError):
        parse_reference(text)


def test_an_entry_that_is_faulty_is_named(tmp_path: Path) -> None:
    (tmp_path / "models.yaml").write_text("mine: {name: Mine}\nBad Name: {}\n", encoding="utf-8")
    with pytest.raises(InvalidInput) as refused:
        load_catalogue(tmp_path)
    places = {fault.place for fault in refused.value.faults}
    assert {"models.yaml: mine.source", "models.yaml: mine.licence", "models.yaml: Bad Name"} <= places


def test_the_descriptor_is_plain_json(source: ModelSource, shelf: Shelf) -> None:
    folder = install(shelf).folder
    written = json.loads((folder / "forge-model.json").read_text())
    assert written["files"][0].keys() == {"path", "size", "sha256"}


def test_a_model_made_of_others_is_there_when_they_are() -> None:
    catalogue, there = load_catalogue(), dict[str, Installed]()
    row = _listed("sdxl-lightning", catalogue, there)
    assert (row["installed"], row["weights_of"]) == (False, "sdxl-base")
    there = {"sdxl-base": cast("Installed", None)}
    assert not _is_there(catalogue.model("sdxl-lightning"), there)
    there["sdxl-lightning-4step"] = cast("Installed", None)
    assert _is_there(catalogue.model("sdxl-lightning"), there)
    assert not _is_there(catalogue.model("sdxl-turbo"), there)


def test_the_commands(
    source: ModelSource, deployment: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("FORGE_MODELS", raising=False)

    def call(*words: str) -> tuple[int, dict[str, Any]]:
        status = models.main([*words, "--json"], standalone_mode=False)
        return status, json.loads(capfd.readouterr().out)

    assert call("download", f"hf:{REPO}", "--as", "small")[0] == 0
    status, listed = call("list", "--installed")
    (row,) = listed["models"]
    assert (status, row["name"], row["installed"], listed["used_bytes"] > SIZE) == (0, "small", True, True)
    assert len(call("list")[1]["models"]) > 20
    assert call("show", "sdxl-base")[1]["memory_gb"].keys() == set(PRESETS)
    assert call("show", "small")[1]["installed"]["source"] == f"hf:{REPO}@{COMMIT}"
    assert call("verify") == (0, {"ok": True, "models": [{"model": "small", "ok": True, "faults": []}]})
    (deployment.home / "models/small/vae/config.json").write_text("[]")
    status, report = call("verify", "small")
    assert (status, report["models"][0]["faults"][0]["place"]) == (1, "vae/config.json")
    assert call("remove", "small")[1]["freed_bytes"] > SIZE
    wrong_name = [["download", f"hf:{REPO}", "--as", name] for name in ("../x", "äö", "Big", ".x", "a" * 65)]
    for wrong in (["show", "sdxl-bse"], ["download", "nothing-such"], *wrong_name):
        with pytest.raises((NotFound, InvalidInput)):
            call(*wrong)
