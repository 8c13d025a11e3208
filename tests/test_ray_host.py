"""The host `ray`, on a cluster of this process: equal bytes, warm models, faults told apart. Needs the extra `ray`."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from forge_resources.errors import EngineFailed, OutOfMemory, TimedOut, Unavailable
from forge_resources.gpu.choice import host_of_deployment
from forge_resources.gpu.hosts import InlineHost, Order
from forge_resources.gpu.ray_desk import Desk
from forge_resources.gpu.ray_host import RayHost
from forge_resources.imaging.diffusion.engine import DiffusionArtist
from forge_resources.progress import Progress, listening, steps_of
from tests import model_shelf
from tests.heavy.wild import Ride, WildEngine
from tests.heavy.workshop_floor import IMPATIENT
from tests.test_diffusion import look


def test_ray_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    host = host_of_deployment({"FORGE_GPU_HOST": "ray"})
    with pytest.raises(Unavailable, match="pip install") as caught:
        host.make(Order(WildEngine(), Ride(), {}, tmp_path / "made.txt"))
    assert caught.value.code == "unavailable"


def test_a_desk_removes_what_one_that_was_killed_has_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ended = subprocess.Popen(["true"])
    ended.wait()
    host = socket.gethostname()
    names = [
        f"forge-desk-{host}-{ended.pid}-a",
        f"forge-desk-{host}-{os.getpid()}-b",
        f"forge-desk-elsewhere-{ended.pid}-c",
    ]
    for name in names:
        (tmp_path / name).mkdir()
    Desk()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names[1:]), "those of the dead of this node"


@pytest.fixture(scope="module")
def ray_host() -> Iterator[RayHost]:
    ray = pytest.importorskip("ray", reason="needs the extra `ray`")
    # The processes of the cluster must find the engines of these tests.
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])
    host = RayHost({**os.environ, "FORGE_RAY_ADDRESS": "local", "FORGE_GPU_STOP_S": "1"})
    try:
        yield host
        assert host.stop()
        assert host.status() is None
    finally:
        ray.shutdown()
        os.environ.pop("PYTHONPATH")


@pytest.mark.long
def test_bytes_models_and_faults_on_a_cluster(ray_host: RayHost, tmp_path: Path) -> None:
    source = tmp_path / "source.txt"
    source.write_text(" and more")
    here, there = (
        Order(WildEngine(), Ride(says="equal"), {"one": source}, tmp_path / f"{name}.txt") for name in ("here", "there")
    )
    InlineHost().make(here)
    first = ray_host.make(there)
    assert here.target.read_bytes() == there.target.read_bytes() == b"equal and more"
    assert first.facts["pid"] != os.getpid()
    again = ray_host.make(there)
    assert first.usage is not None
    assert again.usage is not None
    assert (first.usage.loads, again.usage.loads, again.usage.hits) == (1, 0, 1)

    impatient = RayHost({**os.environ, "FORGE_RAY_ADDRESS": "local", **IMPATIENT})

    def make(**ride: Any) -> int:
        # Only what hangs is asked for by one that does not wait.
        host = impatient if ride.get("wrong") == "hang" else ray_host
        return int(host.make(Order(WildEngine(), Ride(**ride), {}, tmp_path / "made.txt")).facts["pid"])

    for wrong, kind, fault in (
        ("kill", EngineFailed, "killed"),
        ("oom", OutOfMemory, "oom_run"),
        ("hang", TimedOut, "hang"),
    ):
        before = make()
        with pytest.raises(kind) as caught:
            make(at="step", wrong=wrong)
        assert caught.value.details["fault"] == fault
        assert make() != before, "it goes on in a fresh process"
    before = make()
    with pytest.raises(EngineFailed, match="no such layer"):
        make(at="step", wrong="error")
    assert make() == before, "an error of the engine does not cost the process"

    heard: list[Progress] = []
    with listening(heard.append):
        steps_of("brief@en-GB|parent", "frames")
        make(steps=4, sleep_s=0.25)
    assert heard[-1].within is not None
    assert heard[-1].within[1] == 4


@pytest.mark.long
@pytest.mark.parametrize("wrong", ["", "hang"])
def test_whoever_is_interrupted_stops_the_job_of_a_cluster(ray_host: RayHost, tmp_path: Path, wrong: str) -> None:
    """By the flag where the engine still steps, by the end of the actor where it hangs."""

    def make(**ride: Any) -> int:
        return int(ray_host.make(Order(WildEngine(), Ride(**ride), {}, tmp_path / "made.txt")).facts["pid"])

    before = make()
    with listening(_interrupt):
        steps_of("brief@en-GB|parent", "frames")
        with pytest.raises(KeyboardInterrupt):
            make(at="step", wrong=wrong, steps=10_000, sleep_s=0.1)
    assert (make() == before) == (wrong == "")


def _interrupt(progress: Progress) -> None:
    if progress.within and not progress.note:
        raise KeyboardInterrupt


@pytest.mark.long
def test_a_picture_of_a_cluster_has_the_bytes_of_this_process(
    ray_host: RayHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch")
    models = model_shelf.environment(model_shelf.tiny_home())
    monkeypatch.setattr("forge_resources.imaging.diffusion.ordering.plate_size", lambda _: (96, 54))
    for name, value in {**models, "OMP_NUM_THREADS": "1"}.items():
        monkeypatch.setenv(name, value)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    recipe = DiffusionArtist().parameters(look("tiny-sd1", 7, steps=4), "16:9", 0)
    here, there = tmp_path / "here.png", tmp_path / "there.png"
    InlineHost().make(Order(DiffusionArtist(), recipe, {}, here))
    cluster = RayHost({**os.environ, "FORGE_RAY_ADDRESS": "local"})
    usages = [cluster.make(Order(DiffusionArtist(), recipe, {}, there)).usage for _ in range(2)]
    torch.set_num_threads(threads)
    assert here.read_bytes() == there.read_bytes()
    assert [(one.host, one.loads) for one in usages if one] == [("ray", 1), ("ray", 0)]
