"""An engine that runs out of memory is asked once more with the next smaller preset, and the recipe says so."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

import pytest
from upath import UPath

from forge_resources.engines.contract import EditEngine, Facts, Sources
from forge_resources.errors import EngineFailed, OutOfMemory
from forge_resources.schemas.types import Document
from forge_resources.store.artefacts import ArtefactStore
from forge_resources.store.workshop import Workshop

Preset = Literal["full", "offload", "tiny"]
ORDER: list[Preset] = ["full", "offload", "tiny"]


class Wish(Document):
    memory: Preset = "full"
    fits: Preset | Literal["none"] = "offload"
    says: str = "out of memory"


class HungryEngine(EditEngine):
    """Runs out of memory with every preset that is larger than the one that fits."""

    name = "hungry"
    tier = "full"
    version = "1"
    summary = "Eats memory."
    media_type = "text/plain"
    suffix = ".txt"
    device_bound = True
    Parameters = Wish
    asked: ClassVar[list[str]] = []

    def memory_preset(self, parameters: Wish) -> str:
        return parameters.memory

    def smaller(self, parameters: Wish) -> Wish | None:
        later = ORDER[ORDER.index(parameters.memory) + 1 :]
        return parameters.model_copy(update={"memory": later[0]}) if later else None

    def make(self, parameters: Wish, sources: Sources, target: Path) -> Facts:
        self.asked.append(parameters.memory)
        if parameters.fits == "none" or ORDER.index(parameters.memory) < ORDER.index(parameters.fits):
            raise RuntimeError(parameters.says)
        target.write_text(parameters.memory)
        return {}


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    HungryEngine.asked.clear()
    return Workshop(ArtefactStore(UPath(tmp_path / "store"), tmp_path / "cache"))


def test_the_recipe_has_the_preset_that_fitted(workshop: Workshop) -> None:
    made = workshop.make(HungryEngine(), Wish())
    assert HungryEngine.asked == ["full", "offload"]
    assert workshop.store.record_of(made.artefact.sha256).recipe.parameters["memory"] == "offload"
    again = workshop.make(HungryEngine(), Wish())
    assert again.reused
    assert again.artefact == made.artefact
    assert HungryEngine.asked == ["full", "offload"], "what does not fit is not tried again"


def test_it_is_tried_once_more_and_not_for_ever(workshop: Workshop) -> None:
    with pytest.raises(OutOfMemory, match="preset `offload`"):
        workshop.make(HungryEngine(), Wish(fits="tiny"))
    assert HungryEngine.asked == ["full", "offload"]


def test_the_smallest_says_what_to_do(workshop: Workshop) -> None:
    with pytest.raises(OutOfMemory, match="smaller memory preset") as caught:
        workshop.make(HungryEngine(), Wish(memory="tiny", fits="none", says="CUDA out of memory. Tried to allocate"))
    assert caught.value.details["fault"] == "oom_run"


def test_other_troubles_are_not_tried_again(workshop: Workshop) -> None:
    with pytest.raises(EngineFailed, match="The device failed") as caught:
        workshop.make(HungryEngine(), Wish(fits="none", says="CUDA error: an illegal memory access was encountered"))
    assert caught.value.details["fault"] == "device"
    with pytest.raises(EngineFailed, match=r"RuntimeError: no such layer \(test_making_smaller.py, line"):
        workshop.make(HungryEngine(), Wish(fits="none", says="no such layer"))
    assert HungryEngine.asked == ["full", "full"]
