"""What is read of a GPU through NVML, and what a worker makes of it: memory, energy, a device that keeps memory."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from forge_resources.errors import Unavailable
from forge_resources.gpu.floor import Floor
from forge_resources.gpu.health import Health
from forge_resources.gpu.meter import NO_NVML, Nvml, Samples, meter_of, read
from forge_resources.gpu.protocol import Make
from forge_resources.gpu.ticket import Ticket
from forge_resources.gpu.usage import Usage
from tests.nvml_library import NO_FIGURE, DriverLibrary, install

GB = 10**9
NOT_SUPPORTED, GPU_IS_LOST, NO_PERMISSION, NOT_FOUND = 3, 15, 4, 6


@pytest.fixture
def pynvml() -> Iterator[ModuleType]:
    found = pytest.importorskip("pynvml")
    meter_of.cache_clear()
    yield found
    meter_of.cache_clear()


@pytest.fixture
def driver(pynvml: ModuleType, monkeypatch: pytest.MonkeyPatch) -> DriverLibrary:
    return install(DriverLibrary(), pynvml, monkeypatch)


def test_a_gpu_that_cannot_be_read_is_told(pynvml: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the library of this machine, which has none where there is no GPU."""
    meter = meter_of("0")
    if meter.is_gpu:
        assert isinstance(meter, Nvml)
        assert meter.total() > 0
    else:
        assert "NVML does not answer" in meter.note
        assert (meter.used(), meter.joules()) == (0, 0.0)
    meter_of.cache_clear()
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert meter_of("0").note == NO_NVML
    assert "no GPU" in meter_of("cpu").note


def test_memory_and_energy_are_those_of_the_driver(driver: DriverLibrary) -> None:
    driver.used, driver.compute, driver.graphics = 9 * GB, {41: 5 * GB, 42: NO_FIGURE}, {41: 5 * GB, 43: GB}
    driver.millijoules = 12_500
    meter = meter_of("1")
    assert driver.asked_for == [1]
    assert (meter.is_gpu, meter.note) == (True, "")
    assert (meter.total(), meter.used(), meter.joules()) == (24 * GB, 9 * GB, 12.5)
    assert (meter.used_by(41), meter.used_by(42), meter.used_by(44)) == (5 * GB, None, None)
    assert meter.unclaimed() == 3 * GB, "a process that draws and computes is counted once"
    assert read(meter, 41).device == 5 * GB
    assert read(meter, 42, level=2 * GB).device == 7 * GB, "where it does not tell by process, what came on top"


def test_a_gpu_is_found_by_its_name(driver: DriverLibrary) -> None:
    assert meter_of("GPU-8f2a").is_gpu
    assert driver.asked_for == [b"GPU-8f2a"]


def test_what_a_driver_refuses_is_told_or_left_out(driver: DriverLibrary) -> None:
    driver.refuses["nvmlDeviceGetTotalEnergyConsumption"] = NOT_SUPPORTED
    driver.refuses["nvmlDeviceGetComputeRunningProcesses_v3"] = NO_PERMISSION
    driver.used = 3 * GB
    meter = meter_of("0")
    assert "does not count its energy" in meter.note
    assert (meter.joules(), meter.used_by(os.getpid()), meter.unclaimed()) == (0.0, None, 3 * GB)


def test_a_gpu_that_is_not_there_is_told(driver: DriverLibrary) -> None:
    driver.refuses["nvmlDeviceGetHandleByIndex_v2"] = NOT_FOUND
    meter = meter_of("7")
    assert not meter.is_gpu
    assert "NVML does not answer for GPU 7" in meter.note


def test_samples_have_the_peak(driver: DriverLibrary) -> None:
    driver.compute, driver.millijoules_a_look = {1: 100}, 5000
    samples = Samples(meter_of("0"), 1)
    with samples.going_on():
        driver.compute[1] = 900
        samples.take()
        driver.compute[1] = 200
    assert (samples.before.device, samples.peak.device, samples.last.device) == (100, 900, 200)
    assert samples.joules == 5


def test_a_device_that_keeps_memory_is_unhealthy_until_it_is_back(driver: DriverLibrary) -> None:
    driver.used = 9 * GB
    health = Health(meter_of("0"), tolerance=10**8, back_s=0.1)
    health.expect_back(process=4711, level=GB)
    with pytest.raises(Unavailable, match=r"8\.0 GB .* after process 4711 had ended") as caught:
        health.check()
    assert caught.value.details["fault"] == "unhealthy"
    driver.used = GB
    health.check()
    assert not health.trouble


def test_a_device_that_no_longer_answers_is_unhealthy(driver: DriverLibrary) -> None:
    """Such as one that has fallen off the bus: nobody can tell whether its memory came back."""
    health = Health(meter_of("0"), tolerance=10**8, back_s=0.1)
    driver.refuses["nvmlDeviceGetMemoryInfo"] = GPU_IS_LOST
    health.expect_back(process=4711, level=GB)
    with pytest.raises(Unavailable, match="no longer answers"):
        health.check()
    del driver.refuses["nvmlDeviceGetMemoryInfo"]
    health.check()
    assert not health.trouble


def test_what_other_programs_take_is_no_trouble(driver: DriverLibrary) -> None:
    driver.used, driver.compute = 9 * GB, {99: 8 * GB}
    health = Health(meter_of("0"), tolerance=10**8, back_s=0.1)
    health.expect_back(process=4711, level=GB)
    assert not health.trouble


@pytest.mark.skipif(sys.platform != "linux", reason="the worker forks")
def test_no_process_is_started_on_an_unhealthy_device(
    driver: DriverLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child on a device that a real job uses, and that then does not give its memory back."""
    monkeypatch.setenv("FORGE_GPU_AHEAD", "first")
    driver.millijoules_a_look = 5000
    made = Floor("0", meter_of("0"), tolerance=10**8)
    made._health = Health(meter_of("0"), 10**8, back_s=0.1)
    said: list[dict[str, object]] = []

    class Peer(Ticket):
        def say(self, message: object) -> None:  # type: ignore[override]
            said.append(message)  # type: ignore[arg-type]

    def ask() -> dict[str, object]:
        job = Make(engine="tests.heavy.wild:WildEngine", parameters={}, target=str(tmp_path / "made.txt"))
        made.see_through(Peer(job, None))  # type: ignore[arg-type]
        return said[-1]

    try:
        assert ask()["say"] == "made"
        usage = Usage.model_validate(said[-1]["usage"])
        assert usage.gpu_seconds > 0
        assert usage.joules == 5
        assert not usage.note
        first = made.status()["child"]["pid"]
        driver.used = 8 * GB  # What the child is seen to hold beyond its models.
        assert ask()["say"] == "made"
        assert made.status()["totals"]["leaks"] == 1
        assert made.status()["child"] is None
        assert "did not come back" in made.status()["trouble"]
        refused = ask()
        assert (refused["code"], made.status()["child"]) == ("unavailable", None)
        driver.used = 0
        assert ask()["say"] == "made"
        assert made.status()["child"]["pid"] != first
    finally:
        made.close()
