"""The worker with the real engine `diffusers` and tiny models: equal bytes, warm models, memory that runs out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from upath import UPath

from forge_resources.errors import EngineFailed, NotFound
from forge_resources.gpu.hosts import InlineHost, Order
from forge_resources.gpu.usage import Usage
from forge_resources.imaging.diffusion.engine import DiffusionArtist
from forge_resources.imaging.diffusion.parameters import DiffusionParameters
from forge_resources.progress import Progress, listening, steps_of
from forge_resources.store.artefacts import ArtefactStore
from forge_resources.store.workshop import Workshop
from tests import model_shelf
from tests.heavy.starving import DEVICE, KILLED, OUT_OF_MEMORY, StarvingArtist
from tests.heavy.workshop_floor import WorkerFloor, floor
from tests.test_diffusion import look

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the worker forks")


@pytest.fixture(scope="module")
def painting() -> Iterator[WorkerFloor]:
    """A worker that finds the tiny models, for all tests of this module."""
    models = model_shelf.environment(model_shelf.tiny_home())
    torch = pytest.importorskip("torch")
    threads = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in models.items():
            patch.setenv(name, value)
        # One thread here and there: sums in another order give other bytes. The variable is for the worker; torch
        # has read it here already.
        patch.setenv("OMP_NUM_THREADS", "1")
        torch.set_num_threads(1)
        patch.setattr("forge_resources.imaging.diffusion.ordering.plate_size", lambda _: (96, 54))
        with floor(**models, OMP_NUM_THREADS="1") as made:
            yield made
    torch.set_num_threads(threads)


def recipe(model: str, seed: int = 7) -> DiffusionParameters:
    return DiffusionArtist().parameters(look(model, seed, steps=4), "16:9", 0)


def made_by(painting: WorkerFloor, model: str, target: Path, seed: int = 7) -> Usage:
    usage = painting.host.make(Order(DiffusionArtist(), recipe(model, seed), {}, target)).usage
    assert usage is not None
    return usage


@pytest.mark.parametrize("model", ["tiny-sd1", "tiny-sdxl"])
def test_the_bytes_are_those_of_this_process(painting: WorkerFloor, tmp_path: Path, model: str) -> None:
    here, there = tmp_path / "here.png", tmp_path / "there.png"
    InlineHost().make(Order(DiffusionArtist(), recipe(model), {}, here))
    usage = made_by(painting, model, there)
    assert here.read_bytes() == there.read_bytes()
    assert usage.cache_bytes > 0
    assert usage.host_peak >= usage.host_before > 0
    assert "no GPU" in usage.note


def test_a_model_stays_warm_and_two_share_the_room(painting: WorkerFloor, tmp_path: Path) -> None:
    for model in ("tiny-sd1", "tiny-sdxl"):
        made_by(painting, model, tmp_path / "made.png")
    again = [made_by(painting, model, tmp_path / "made.png", seed=8) for model in ("tiny-sd1", "tiny-sdxl")]
    assert [(one.loads, one.hits) for one in again] == [(0, 1), (0, 1)]


def test_denoising_steps_are_told(painting: WorkerFloor, tmp_path: Path) -> None:
    heard: list[Progress] = []
    with listening(heard.append):
        steps_of("brief@en-GB|parent", "frames")
        made_by(painting, "tiny-sd1", tmp_path / "made.png", seed=9)
    told = [one.within for one in heard if not one.note]
    assert told[0] == (1, 4)
    assert told[-1] == (4, 4)


def test_a_model_is_warmed_by_name(painting: WorkerFloor, tmp_path: Path) -> None:
    assert "tiny-flux1" in DiffusionArtist().models()
    assert painting.host.warm(DiffusionArtist(), "tiny-flux1").loads == 1
    assert made_by(painting, "tiny-flux1", tmp_path / "made.png").loads == 0
    with pytest.raises(NotFound):
        painting.host.warm(DiffusionArtist(), "no-such-model")


def test_out_of_memory_is_made_smaller_in_a_fresh_process(painting: WorkerFloor, tmp_path: Path) -> None:
    workshop = Workshop(ArtefactStore(UPath(tmp_path / "store"), tmp_path / "cache"), host=painting.host)
    made_by(painting, "tiny-sd1", tmp_path / "made.png")
    before = painting.child()
    made = workshop.make(StarvingArtist(), recipe("tiny-sd1", OUT_OF_MEMORY))
    assert workshop.store.record_of(made.artefact.sha256).recipe.parameters["preset"] == "group-offload"
    assert made.usage is not None
    assert made.usage.preset == "group-offload"
    assert workshop.store.usage(made.artefact.fingerprint) == made.usage
    assert painting.child() != before
    assert workshop.make(StarvingArtist(), recipe("tiny-sd1", OUT_OF_MEMORY)).reused


@pytest.mark.parametrize(("seed", "fault"), [(KILLED, "killed"), (DEVICE, "device")])
def test_a_fault_in_the_middle_of_a_picture_hurts_nobody(
    painting: WorkerFloor, tmp_path: Path, seed: int, fault: str
) -> None:
    with pytest.raises(EngineFailed) as caught:
        painting.host.make(Order(StarvingArtist(), recipe("tiny-sd1", seed), {}, tmp_path / "lost.png"))
    assert caught.value.details["fault"] == fault
    here, there = tmp_path / "here.png", tmp_path / "there.png"
    InlineHost().make(Order(DiffusionArtist(), recipe("tiny-sd1"), {}, here))
    assert made_by(painting, "tiny-sd1", there).loads == 1
    assert here.read_bytes() == there.read_bytes()
