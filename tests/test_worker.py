"""The worker: warm models, first come first served, and one bad job hurts nobody."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from multiprocessing import AuthenticationError
from pathlib import Path
from typing import Any

import psutil
import pytest

from forge_resources.errors import Blocked, EngineFailed, ForgeError, InvalidInput, OutOfMemory, TimedOut, Unavailable
from forge_resources.gpu.client import WorkerHost
from forge_resources.gpu.hosts import InlineHost, Order
from forge_resources.gpu.protocol import connect, hear, say
from forge_resources.progress import Progress, listening, steps_of
from tests.heavy.wild import Ride, WildEngine
from tests.heavy.workshop_floor import IMPATIENT, WorkerFloor, floor

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the worker forks and its tests look into /proc")


@pytest.fixture(scope="module")
def shared() -> Iterator[WorkerFloor]:
    """One worker for all tests that leave it as it was. At the end it proves that nothing is left."""
    with floor() as made:
        yield made


def test_the_bytes_are_those_of_this_process(shared: WorkerFloor, tmp_path: Path) -> None:
    source = tmp_path / "source.txt"
    source.write_text(" and more")
    here, there = (
        Order(WildEngine(), Ride(says="equal"), {"one": source}, tmp_path / name) for name in ("here", "there")
    )
    answer = shared.host.make(there)
    InlineHost().make(here)
    assert here.target.read_bytes() == there.target.read_bytes() == b"equal and more"
    assert answer.facts["pid"] not in (os.getpid(), 0)


def test_a_model_is_loaded_once_for_all_runs(shared: WorkerFloor) -> None:
    shared.make(model="mule")
    usage = [shared.make(host, model="mule").usage for host in (shared.host, shared.another_host())]
    assert [(one.loads, one.hits) for one in usage if one] == [(0, 1), (0, 1)]
    assert "mule" in [model["model"] for model in status_of(shared)["models"]]


def status_of(made: WorkerFloor) -> dict[str, Any]:
    status = made.host.status()
    assert status is not None
    return status


@pytest.mark.parametrize("at", ["import", "load", "step", "encode", "reply"])
def test_a_process_killed_at_any_phase_fails_its_job_alone(shared: WorkerFloor, at: str) -> None:
    shared.make()
    before = shared.child()
    with pytest.raises(EngineFailed, match="SIGKILL") as caught:
        shared.make(at=at, wrong="kill", model=f"dies at {at}")
    assert caught.value.details["fault"] == "killed"
    assert shared.works()
    assert shared.child() != before
    assert not psutil.pid_exists(before) or psutil.Process(before).status() == psutil.STATUS_ZOMBIE


def test_a_process_killed_between_two_jobs_is_not_noticed(shared: WorkerFloor) -> None:
    shared.make()
    os.kill(shared.child(), signal.SIGKILL)
    assert shared.works()


@pytest.mark.parametrize(("wrong", "fault"), [("segv", "crash"), ("exit", "crash"), ("device", "device")])
def test_a_crash_is_told_and_the_process_replaced(shared: WorkerFloor, wrong: str, fault: str) -> None:
    shared.make()
    before = shared.child()
    with pytest.raises(EngineFailed) as caught:
        shared.make(at="step", wrong=wrong)
    assert caught.value.details["fault"] == fault
    assert caught.value.remedy
    assert shared.works()
    assert shared.child() != before
    assert psutil.Process(shared.child()).rlimit(psutil.RLIMIT_CORE)[0] <= 1, "its end is not held up by a core"


@pytest.mark.parametrize(
    ("at", "wrong", "fault"),
    [("load", "oom", "oom_load"), ("step", "oom", "oom_run"), ("step", "memory", "host_oom")],
)
def test_out_of_memory_is_told_apart(shared: WorkerFloor, at: str, wrong: str, fault: str) -> None:
    shared.make()
    before = shared.child()
    with pytest.raises(OutOfMemory, match="preset `full`") as caught:
        shared.make(at=at, wrong=wrong, model=f"too large {at}")
    assert caught.value.details["fault"] == fault
    assert caught.value.remedy
    assert shared.child() != before, "it goes on in a fresh process"
    assert shared.works()


@pytest.mark.parametrize(("at", "what"), [("step", "No step for"), ("load", "No step within 0.3 s of loading")])
def test_a_hang_is_ended(shared: WorkerFloor, at: str, what: str) -> None:
    with pytest.raises(TimedOut, match=what) as caught:
        shared.make(
            shared.another_host(FORGE_GPU_HANG_S="0.3", FORGE_GPU_LOAD_S="60" if at == "step" else "0.3"),
            at=at,
            wrong="hang",
            model=f"hangs at {at}",
        )
    assert caught.value.details["fault"] == "hang"
    assert caught.value.details["term_s"] > 0
    assert shared.works()


def test_the_deadline_holds_for_jobs_that_go_on_and_on(shared: WorkerFloor) -> None:
    hurried = shared.another_host(FORGE_GPU_DEADLINE_S="0.4")
    with pytest.raises(TimedOut, match=r"within 0\.4 s"):
        shared.make(hurried, steps=10_000, sleep_s=0.05)
    assert shared.works()


def test_an_error_of_the_engine_leaves_the_process_alone(shared: WorkerFloor) -> None:
    shared.make()
    before = shared.child()
    with pytest.raises(EngineFailed, match=r"KeyError: 'no such layer' \(wild.py, line") as caught:
        shared.make(at="step", wrong="error")
    assert "_go_wrong" in str(caught.value.__cause__), "the traceback is there"
    with pytest.raises(Blocked, match="must not be drawn"):
        shared.make(at="step", wrong="blocked")
    with pytest.raises(OSError, match="No space left"):
        shared.make(at="encode", wrong="full_disk")
    assert shared.child() == before


def test_a_full_disk_is_an_error_of_the_disk(shared: WorkerFloor) -> None:
    with pytest.raises(OSError, match="No space left"):
        shared.host.make(Order(WildEngine(), Ride(says="x" * 100_000), {}, Path("/dev/full")))
    assert shared.works()


def test_requests_of_the_wrong_shape_are_refused(shared: WorkerFloor) -> None:
    shared.make()
    before = shared.child()
    with connect(shared.host.folder.socket, shared.host.folder.read_key()) as connection:
        wild = f"{WildEngine.__module__}:{WildEngine.__name__}"
        nonsense: list[dict[str, Any]] = [
            {"ask": "dance"},
            {"ask": "make"},
            {"ask": "make", "engine": "os:system", "parameters": {}, "target": "relative"},
            {"ask": "make", "engine": wild, "parameters": {}, "target": "/tmp/x", "extra": 1},
        ]
        for request in nonsense:
            say(connection, request)
            assert hear(connection)["code"] == "invalid_input"
        connection.send_bytes(b"\xff not json")
        assert hear(connection)["code"] == "invalid_input"
        refused: list[dict[str, Any]] = [
            {"engine": "os:system", "parameters": {}},
            {"engine": wild, "parameters": {"steps": "many"}},
            {"engine": wild, "parameters": {}, "sources": {"one": "/no/such/file"}},
        ]
        for request in refused:
            say(connection, {"ask": "make", "target": "/tmp/x", **request})
            assert last_word(connection)["code"] == "invalid_input"
    with pytest.raises(InvalidInput, match="33 MiB is too large"):
        shared.make(says="x" * 33 * 2**20)
    assert shared.child() == before, "a bad request does not cost the process"
    with pytest.raises(Unavailable, match="cannot be loaded"):
        shared.host.make(Order(type("Made", (WildEngine,), {})(), Ride(), {}, Path("/tmp/x")))


def last_word(connection: Any) -> dict[str, Any]:
    while (message := hear(connection))["say"] in ("begun", "queued", "phase", "step"):
        pass
    return message


def test_a_peer_without_the_key_hears_nothing(shared: WorkerFloor) -> None:
    shared.make()
    with pytest.raises((AuthenticationError, EOFError, ConnectionResetError)):
        connect(shared.host.folder.socket, b"another key")
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(str(shared.host.folder.socket))
        silent.send(b"GET / HTTP/1.1\r\n\r\n")
        assert shared.works(), "one that says nonsense does not hold up the others"
    folder = shared.root / "run"
    assert oct(folder.stat().st_mode)[-3:] == "700"
    assert {oct(path.stat().st_mode)[-3:] for path in folder.iterdir() if path.is_file() or path.is_socket()} == {"600"}
    assert oct(shared.host.folder.scratch.stat().st_mode)[-3:] == "700"


def test_a_client_that_disappears_frees_the_device(shared: WorkerFloor) -> None:
    shared.make()
    before = shared.child()
    code = (
        "import os\nfrom pathlib import Path\nfrom forge_resources.gpu.client import WorkerHost\n"
        "from forge_resources.gpu.hosts import Order\nfrom tests.heavy.wild import Ride, WildEngine\n"
        "WorkerHost(os.environ).make(Order(WildEngine(), Ride(steps=10_000, sleep_s=0.05), {}, Path('/tmp/none')))\n"
    )
    client = subprocess.Popen([sys.executable, "-c", code], env={**shared.environment, "FORGE_GPU_STOP_S": "30"})
    wait_until(lambda: (status_of(shared)["current"] or {}).get("step") is not None)
    client.kill()
    client.wait()
    assert shared.works()
    assert shared.child() == before, "it heard the flag"
    assert status_of(shared)["totals"]["failures"]["cancelled"] >= 1


def wait_until(holds: Any, limit_s: float = 120.0) -> None:
    until = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


class _Interrupted(BaseException):
    """As Dagster raises when a run is terminated."""


@pytest.mark.parametrize("wrong", ["", "hang", "deaf"])
def test_whoever_is_interrupted_stops_the_job(shared: WorkerFloor, wrong: str) -> None:
    """By the flag where the engine still steps, by TERM where it hangs, by KILL where it does not hear TERM."""
    shared.make()
    before = shared.child()
    log = shared.host.folder.log
    known = len(log.read_text())
    host = shared.another_host(
        FORGE_GPU_STOP_S="0.3" if wrong else "30", FORGE_GPU_TERM_S="0.3" if wrong == "deaf" else "30"
    )
    kept = signal.signal(signal.SIGALRM, _interrupt)
    started = time.monotonic()
    try:
        with listening(lambda progress: progress.note or signal.setitimer(signal.ITIMER_REAL, 0.1)):
            steps_of("brief@en-GB|parent", "frames")
            with pytest.raises(_Interrupted):
                shared.make(host, at="step", wrong=wrong, steps=10_000, sleep_s=0.2)
    finally:
        signal.signal(signal.SIGALRM, kept)
    assert time.monotonic() - started < 30, "nothing was waited for that could not come"
    assert shared.works()
    assert (shared.child() == before) == (wrong == "")
    told = log.read_text()[known:]
    assert [name for name in ("flag_s", "term_s", "kill_s") if name in told] == {
        "": [], "hang": ["flag_s", "term_s"], "deaf": ["flag_s", "term_s", "kill_s"]
    }[wrong]  # fmt: skip


def _interrupt(*_: object) -> None:
    raise _Interrupted


def test_progress_reaches_the_run(shared: WorkerFloor) -> None:
    heard: list[Progress] = []
    with listening(heard.append):
        steps_of("brief@en-GB|parent", "frames")
        shared.make(model="never seen", steps=3, sleep_s=0.12)
    assert [one.within for one in heard if not one.note] == [(1, 3), (2, 3), (3, 3)]
    assert [one.note for one in heard if one.note] == ["loading never seen"]
    assert {one.stage for one in heard} == {"frames"}


def test_first_come_first_served(shared: WorkerFloor) -> None:
    """While a job holds the device, four others come one after the other."""
    shared.make()
    with connect(shared.host.folder.socket, shared.host.folder.read_key()) as holder:
        engine = f"{WildEngine.__module__}:{WildEngine.__name__}"
        long = {"steps": 10_000, "sleep_s": 0.02}
        say(holder, {"ask": "make", "engine": engine, "parameters": long, "target": "/tmp/never"})
        wait_until(lambda: status_of(shared)["current"] is not None)
        order: list[str] = []

        def ask(name: str) -> None:
            shared.another_host().make(shared.order(says=name, steps=2, sleep_s=0.1))
            order.append(name)

        threads = [threading.Thread(target=ask, args=(str(number),)) for number in range(4)]
        for number, thread in enumerate(threads):
            thread.start()
            wait_until(lambda n=number: len(status_of(shared)["queue"]) == n + 1)
        say(holder, {"ask": "cancel"})
        for thread in threads:
            thread.join()
    assert order == ["0", "1", "2", "3"]


def test_a_model_is_warmed(shared: WorkerFloor) -> None:
    shared.host.warm(WildEngine(), "horse")
    usage = shared.make(model="horse").usage
    assert usage is not None
    assert (usage.loads, usage.hits) == (0, 1)
    with pytest.raises(InvalidInput, match="no model `cow`"):
        shared.host.warm(WildEngine(), "cow")


def test_many_faults_in_a_row_lose_nothing(shared: WorkerFloor) -> None:
    faults_in_a_row(shared, 12, seed=1)


@pytest.mark.long
def test_two_hundred_faults_in_a_row_lose_nothing() -> None:
    with floor() as made:
        faults_in_a_row(made, 200, seed=2)


WRONGS = ["kill", "segv", "exit", "hang", "deaf", "oom", "device", "error", "blocked", "memory", "full_disk"]


def faults_in_a_row(made: WorkerFloor, count: int, seed: int) -> None:
    """Random faults at random phases, two clients beside each other, and the supervisor killed now and then.

    Every request is answered, and every sound one has its bytes.
    """
    chance = random.Random(seed)
    impatient = made.another_host(**IMPATIENT)
    answered = 0
    for number in range(count):
        if chance.random() < 0.08 and (status := made.host.status()):
            os.kill(status["pid"], signal.SIGKILL)
        ride = {"wrong": chance.choice(WRONGS), "at": chance.choice(["import", "load", "step", "encode", "reply"])}
        if ride["at"] == "load":
            ride["model"] = f"model {number}"
        sound = made.order(says=f"sound {number}")
        beside = threading.Thread(target=made.another_host().make, args=(sound,))
        beside.start()
        hangs = ride["wrong"] in ("hang", "deaf")
        with contextlib.suppress(ForgeError, OSError):
            made.make(impatient if hangs else None, **ride)
        answered += 1
        beside.join(120)
        assert not beside.is_alive()
        assert sound.target.read_text() == f"sound {number}", ride
    assert answered == count
    assert made.works()


def test_two_that_start_it_at_once_get_one_worker() -> None:
    with floor() as made:
        threads = [threading.Thread(target=made.another_host().make, args=(made.order(says="both"),)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        supervisors = [p for p in made.processes() if "-m" in p.cmdline() and "forge_resources.gpu" in p.cmdline()]
        assert len(supervisors) == 1
        assert status_of(made)["totals"]["jobs"] == 2


@pytest.mark.parametrize("at", ["", "step"])
def test_a_worker_that_was_killed_leaves_nothing_in_the_way(shared: WorkerFloor, at: str) -> None:
    """Idle, or in the middle of a job that does not end by itself."""
    shared.make()
    worker, child = status_of(shared)["pid"], shared.child()
    failures: list[Exception] = []
    thread = threading.Thread(target=lambda: failures.append(failure_of(shared, at)))
    if at:
        thread.start()
        wait_until(lambda: (status_of(shared)["current"] or {}).get("phase") == "make")
    os.kill(worker, signal.SIGKILL)
    if at:
        thread.join()
        [failure] = failures
        assert isinstance(failure, Unavailable)
        assert "Run it again" in failure.remedy
    wait_until(lambda: not [one for one in shared.processes() if one.pid in (worker, child)])
    assert shared.host.folder.socket.exists(), "its socket is stale"
    assert shared.works()
    assert shared.child() != child
    assert len([one for one in shared.processes() if "forge_resources.gpu" in one.cmdline()]) == 1
    assert len(list(shared.host.folder.scratch.iterdir())) == 1, "temporary files of the one that was killed are gone"


def failure_of(made: WorkerFloor, at: str) -> Exception:
    """What a job that never ends is told when it ends all the same."""
    with pytest.raises(Unavailable) as caught:
        made.make(at=at, wrong="hang", model=f"never {at}")
    return caught.value


def test_a_worker_whose_socket_was_swept_away_makes_room_for_another() -> None:
    with floor() as made:
        made.make()
        first = status_of(made)["pid"]
        made.host.folder.socket.unlink()
        assert WorkerHost(made.environment).make(made.order(says="new")).facts["says"] == "new"
        assert status_of(made)["pid"] != first


def test_a_worker_that_cannot_write_to_its_folder_says_so_at_once() -> None:
    with floor() as made:
        folder = made.host.folder
        folder.prepare()
        folder.scratch.write_text("no folder")
        with pytest.raises(Unavailable, match=r"cannot be started: .*Not a directory") as caught:
            made.make()
        assert str(folder.root) in caught.value.remedy
        folder.scratch.unlink()


def test_it_leaves_when_it_is_idle() -> None:
    with floor(FORGE_GPU_IDLE_S="0.5") as made:
        made.make()
        wait_until(lambda: not made.processes())
        assert made.left() == []


def test_memory_that_is_not_given_back_costs_the_process() -> None:
    with floor(FORGE_GPU_TOLERANCE_GB="0.1") as made:
        small = made.make(leak_mb=20)
        assert made.make().facts["pid"] == small.facts["pid"]
        large = made.make(leak_mb=200)
        assert large.usage is not None
        assert large.usage.host_after - large.usage.host_before > 150e6
        assert made.make().facts["pid"] != large.facts["pid"]
        assert status_of(made)["totals"]["leaks"] == 1
