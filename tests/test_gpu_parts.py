"""The parts of the GPU host by themselves: pulse, health, endings, faults, budgets, folder, metrics, the command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from multiprocessing import Pipe
from pathlib import Path
from types import SimpleNamespace

import pytest

from forge_jobs.command import forge
from forge_resources.engines.registry import ENGINES
from forge_resources.errors import Conflict, EngineFailed, InvalidInput, NotFound, OutOfMemory, Unavailable
from forge_resources.gpu.client import WorkerHost
from forge_resources.gpu.endings import ended_without_a_word
from forge_resources.gpu.faults import kind_of
from forge_resources.gpu.floor import verdict
from forge_resources.gpu.imports import imports_of
from forge_resources.gpu.limits import Limits, chosen_host, device_name, has_gpu, settings_of
from forge_resources.gpu.metrics import exposition
from forge_resources.gpu.nursery import Child
from forge_resources.gpu.pulse import Pulse
from forge_resources.gpu.runtime_folder import RuntimeFolder
from forge_resources.gpu.usage import Usage
from forge_resources.progress import Throttled, report_within, steps_of
from tests.heavy.wild import Ride, WildEngine
from tests.heavy.workshop_floor import floor


def test_a_job_hangs_when_it_is_silent_for_many_median_steps() -> None:
    pulse = Pulse(Limits(hang_s=10, hang_factor=20, load_s=100, deadline_s=1000), now=0)
    assert not pulse.verdict(99)
    assert "loading" in pulse.verdict(101)
    for done in range(1, 6):
        pulse.beat(done, 100.0 + done)
    assert pulse.median_s == 1
    assert not pulse.verdict(105 + 19)
    assert "No step for 21.0 s, where one took 1.00 s" in pulse.verdict(105 + 21)
    assert "1000 s" in pulse.verdict(1001)


def test_a_load_in_the_middle_is_no_hang() -> None:
    pulse = Pulse(Limits(hang_s=1, load_s=100), now=0)
    pulse.beat(1, 1)
    pulse.sign(1)
    assert not pulse.verdict(50)
    pulse.beat(2, 60)
    assert pulse.median_s == 0, "the time of the load is not that of a step"
    assert pulse.verdict(62)


def test_what_waits_to_be_heard_is_no_silence() -> None:
    """A worker that got no time for a while first hears what the child has said meanwhile."""
    long_ago = time.monotonic() - 10
    ours, theirs = Pipe()
    sentinel, _alive = Pipe(duplex=False)
    with ours, theirs, sentinel, _alive:
        child = Child(SimpleNamespace(sentinel=sentinel.fileno()), ours, {})  # type: ignore[arg-type]
        silent, late = Pulse(Limits(load_s=1), now=long_ago), Pulse(Limits(deadline_s=1), now=long_ago)
        assert "No step" in verdict(child, silent)
        theirs.send_bytes(b"{}")
        assert not verdict(child, silent)
        assert "within 1 s" in verdict(child, late), "the deadline holds however much it says"
        ours.recv_bytes()
        assert "No step" in verdict(child, silent)
        theirs.close()
        assert not verdict(child, silent), "it has ended, which is another fault"


def test_steps_that_are_told_together_count_with_their_mean() -> None:
    pulse = Pulse(Limits(), now=0)
    pulse.beat(1, 1)
    pulse.beat(11, 3)
    assert pulse.median_s == pytest.approx(0.2)


_NURSERY = """
from forge_resources.gpu.nursery import Nursery, dismiss
nursery = Nursery(["tests.heavy.touching"])
child = nursery.start()
print(nursery.method, child.is_alive())
dismiss(child, 5)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere children are spawned from the start")
def test_children_are_spawned_where_an_import_touches_the_device() -> None:
    """In a process of its own, because there is one fork server in a process."""
    code = f"if __name__ == '__main__':\n    {_NURSERY.strip().replace(chr(10), chr(10) + '    ')}"
    with tempfile.NamedTemporaryFile("w", suffix=".py") as script:
        script.write(code)
        script.flush()
        root = str(Path(__file__).parents[1])
        done = subprocess.run(
            [sys.executable, script.name],
            env={**os.environ, "PYTHONPATH": root},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.stdout.split() == ["spawn", "True"], done.stderr


def test_endings_are_told_apart() -> None:
    killed = ended_without_a_word(-signal.SIGKILL, "load", 0, 10**9)
    starved = ended_without_a_word(-signal.SIGKILL, "make", 1, 3 * 10**9)
    crashed = ended_without_a_word(-signal.SIGSEGV, "make", 0, 0)
    left = ended_without_a_word(3, "", 0, 0)
    assert [type(one) for one in (killed, starved, crashed, left)] == [
        EngineFailed, OutOfMemory, EngineFailed, EngineFailed
    ]  # fmt: skip
    assert "it held 3.0 GB" in str(starved)
    assert "crashed by SIGSEGV while it was at `make`" in str(crashed)
    assert "exit code 3" in str(left)


def test_the_errors_of_torch_are_known() -> None:
    torch = pytest.importorskip("torch")
    assert kind_of(torch.OutOfMemoryError("CUDA out of memory."), loading=True) == "oom_load"
    assert kind_of(torch.OutOfMemoryError("CUDA out of memory."), loading=False) == "oom_run"
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.uint8)
    assert kind_of(caught.value, loading=False) == "host_oom"
    assert kind_of(torch.AcceleratorError("CUDA error: device-side assert triggered"), loading=False) == "device"
    assert kind_of(RuntimeError("mat1 and mat2 shapes cannot be multiplied"), loading=False) == "engine"


def test_settings_that_are_wrong_are_refused() -> None:
    with pytest.raises(InvalidInput, match="FORGE_GPU_HOST is `cloud`"):
        chosen_host({"FORGE_GPU_HOST": "cloud"})
    with pytest.raises(InvalidInput, match="FORGE_GPU_HANG_S"):
        Limits.from_environment({"FORGE_GPU_HANG_S": "soon"})
    with pytest.raises(InvalidInput, match="FORGE_GPU_AHEAD is `none`"):
        imports_of("tests.heavy.wild:WildEngine", {"FORGE_GPU_AHEAD": "none"})
    assert Limits.from_environment({"FORGE_GPU_STOP_S": "2"}).stop_s == 2
    assert not has_gpu({"CUDA_VISIBLE_DEVICES": ""})
    assert device_name({"CUDA_VISIBLE_DEVICES": "-1"}) == "cpu"


def test_the_folder_of_a_worker_is_private(tmp_path: Path) -> None:
    folder = RuntimeFolder(tmp_path / "run", "cpu")
    folder.root.mkdir(mode=0o777)
    folder.root.chmod(0o777)
    folder.prepare()
    folder.write_key()
    assert oct(folder.root.stat().st_mode)[-3:] == "700"
    assert oct(folder.key_file.stat().st_mode)[-3:] == "600"
    elsewhere = RuntimeFolder(tmp_path / "link", "cpu")
    elsewhere.root.symlink_to(folder.root)
    with pytest.raises(Unavailable, match="not a folder of this user"):
        elsewhere.prepare()
    with pytest.raises(InvalidInput, match="too long for a socket"):
        RuntimeFolder.of("cpu", {"FORGE_RUNTIME": f"/tmp/{'x' * 120}"})


def test_a_long_log_is_set_aside_and_a_short_one_goes_on(tmp_path: Path) -> None:
    folder = RuntimeFolder(tmp_path, "cpu")
    aside = tmp_path / "gpu-cpu.log.1"
    folder.begin_log()
    folder.log.write_bytes(b"short")
    folder.begin_log()
    assert (folder.log.read_bytes(), aside.exists()) == (b"short", False)
    for mark in (b"a", b"b"):
        folder.log.write_bytes(mark * 5_000_001)
        folder.begin_log()
    assert (folder.log.exists(), aside.read_bytes()[:1]) == (False, b"b")


def test_usage_adds_up() -> None:
    one = Usage(host="worker", device="0", seconds=1, joules=10, before=5, peak=90, after=50, loads=1)
    other = Usage(host="worker", device="0", seconds=2, joules=20, before=50, peak=60, after=55, hits=1, note="x")
    both = one.plus(other)
    assert (both.seconds, both.joules, both.loads, both.hits, both.jobs) == (3, 30, 1, 1, 2)
    assert (both.before, both.peak, both.after, both.note) == (5, 90, 55, "x")


def test_a_log_hears_of_long_steps_now_and_then() -> None:
    said: list[str] = []
    on_step = steps_of("brief@en-GB|parent", "frames", also=Throttled(said.append, every_s=0.0))
    on_step(1, 5, "shot 1 made")
    report_within(12, 30)
    assert said == ["frames: 2 of 5, step 12 of 30"]
    steps_of("brief@en-GB|parent", "motion", also=Throttled(said.append, every_s=60))
    report_within(1, 30)
    assert len(said) == 1, "a stage that is over hears nothing, and one that has just begun neither"


def test_the_command_tells_of_the_worker_and_stops_it(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def call(*words: str) -> tuple[int, str]:
        status = forge.main(["gpu", *words], standalone_mode=False)
        return status, capfd.readouterr().out

    monkeypatch.setitem(ENGINES, ("edit", "wild"), "tests.heavy.wild:WildEngine")
    with floor() as made:
        for name, value in made.environment.items():
            if name.startswith("FORGE_"):
                monkeypatch.setenv(name, value)
        status, said = call("status", "--json")
        assert (status, json.loads(said)["running"]) == (0, False)
        status, said = call("warm", "mule", "--json")
        assert (status, json.loads(said)["loads"]) == (0, 1)
        status, said = call("status", "--json")
        assert [model["model"] for model in json.loads(said)["models"]] == ["mule"]
        assert "model mule" in call("status")[1]
        metrics = call("status", "--metrics")[1]
        assert 'forge_worker_model_loads_total{device="cpu"} 1' in metrics
        with pytest.raises(NotFound, match="Known: horse, mule"):
            call("warm", "cow")
        monkeypatch.setenv("FORGE_GPU_HOST", "inline")
        with pytest.raises(Conflict, match="FORGE_GPU_HOST=worker"):
            call("warm", "mule")
        assert call("stop")[0] == 0
        assert made.host.status() is None
        assert 'forge_worker_up{device="cpu"} 0' in exposition("cpu", made.host.status())
    assert WildEngine().smaller(Ride()) is not None


def test_no_secret_goes_to_the_worker() -> None:
    """It works on for other projects than the one that started it."""
    secrets = dict.fromkeys(("ANTHROPIC_API_KEY", "AWS_SECRET_ACCESS_KEY", "FORGE_POSTGRES_PASSWORD"), "planted")
    others = {"FORGE_RUNTIME": "/tmp/f", "FORGE_STORE": "here", "PATH": "/bin"}
    given = WorkerHost({**others, **secrets})._environment_of_worker()
    assert others.items() <= given.items()
    assert "planted" not in given.values()
    assert settings_of({**others, **secrets}) == {"FORGE_RUNTIME": "/tmp/f", "FORGE_STORE": "here"}
