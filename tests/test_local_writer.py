"""The local text engine with a tiny real model of random weights: whole papers, in time, twice the same.

The long form (`-m long`) asks 200 times, over all nodes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from forge_resources.engines.registry import engine
from forge_resources.errors import EngineFailed, NotFound, TimedOut
from forge_resources.findings import Finding
from forge_resources.schemas.review import Enhanced, Review
from forge_resources.schemas.script import Concept, Culture, Script
from forge_resources.writing.chat.local import TransformersWriter
from forge_resources.writing.chat.recipes import ChatParameters
from tests import writers
from tests.test_chat_engines import a_cell
from tests.test_script_table import GOOD, rows_of, script_for
from tests.tiny_writer import build_tiny_writer

CONTRACTS: dict[str, Any] = {
    "concept": Concept, "culture": Culture, "script": Script, "revision": Script, "review": Review,
    "enhancement": Enhanced,
}  # fmt: skip
CONCEPT = Concept(**writers.concept(), tier="full")
CULTURE = Culture(**writers.culture(), tier="full")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield build_tiny_writer(tmp_path_factory.mktemp("tiny"))
    torch.set_num_threads(threads)


def writer() -> TransformersWriter:
    found = engine("text", "local")
    assert isinstance(found, TransformersWriter)
    return found


def recipe(node: str, model: Path, seed: int, **choice: Any) -> ChatParameters:
    wanted = {"model": str(model), "timeout_s": 300, "patience_s": 600, "max_tokens": 50_000, "temperature": 1.0}
    cell = a_cell("local", **(wanted | choice))
    draft = script_for(GOOD["de-plain"], rows_of(GOOD["de-plain"]))
    asked = {
        "concept": lambda: writer().parameters("concept", cell),
        "culture": lambda: writer().parameters("culture", cell, CONCEPT),
        "script": lambda: writer().parameters("script", cell, CONCEPT, CULTURE),
        "revision": lambda: writer().revision(cell, CONCEPT, CULTURE, draft, [Finding("row 2 super", "is long")]),
        "review": lambda: writer().review(cell, CONCEPT, CULTURE, draft),
        "enhancement": lambda: writer().enhancement(cell, "A lamp glows beside a bed."),
    }[node]()
    return asked.model_copy(update={"seed": seed})


def valid(node: str, model: Path, seed: int, folder: Path, **choice: Any) -> bool:
    """Whether the engine writes a paper that keeps its contract."""
    target = folder / f"{node}-{seed}.json"
    facts = writer().make(recipe(node, model, seed, **choice), {}, target)
    CONTRACTS[node].model_validate_json(target.read_bytes())
    return int(facts["output_tokens"]) > 0


@pytest.mark.parametrize("node", ["concept", "revision", "enhancement"])
def test_a_model_of_random_weights_writes_whole_papers(node: str, tiny: Path, tmp_path: Path) -> None:
    assert valid(node, tiny, 1, tmp_path)


def test_greedy_decoding_comes_to_an_end(tiny: Path, tmp_path: Path) -> None:
    assert valid("enhancement", tiny, 1, tmp_path, temperature=0)


def test_equal_recipes_give_equal_papers(tiny: Path, tmp_path: Path) -> None:
    asked = recipe("enhancement", tiny, 3)
    for name in ("one", "two"):
        writer().make(asked, {}, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    writer().make(recipe("enhancement", tiny, 4), {}, tmp_path / "three")
    assert (tmp_path / "one").read_bytes() != (tmp_path / "three").read_bytes()


def test_other_weights_are_another_recipe(tiny: Path, tmp_path: Path) -> None:
    other = build_tiny_writer(tmp_path / "other", seed=5)
    mine, theirs = recipe("enhancement", tiny, 1), recipe("enhancement", other, 1)
    assert mine.revision
    assert mine.revision != theirs.revision


def test_a_model_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    for model in (str(tmp_path / "nothing"), "nobody/no-such-model"):
        with pytest.raises(NotFound, match="is neither a folder nor"):
            writer().make(recipe("enhancement", Path(model), 1), {}, tmp_path / "x")
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotFound, match="holds no whole model"):
        writer().make(recipe("enhancement", tmp_path / "empty", 1), {}, tmp_path / "x")


def test_what_takes_too_long_or_does_not_fit_is_told(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(TimedOut, match="did not finish"):
        writer().make(recipe("culture", tiny, 1, timeout_s=0.2), {}, tmp_path / "x")
    with pytest.raises(EngineFailed, match="cut off"):
        writer().make(recipe("concept", tiny, 1, max_tokens=40), {}, tmp_path / "x")


@pytest.mark.long
def test_two_hundred_of_two_hundred_replies_are_whole(tiny: Path, tmp_path: Path) -> None:
    shares = {"concept": 40, "culture": 10, "script": 5, "revision": 45, "review": 20, "enhancement": 80}
    done = [valid(node, tiny, seed, tmp_path) for node, share in shares.items() for seed in range(share)]
    assert (sum(done), len(done)) == (200, 200)
