"""Whether a process is there: killed ones that nobody has buried are not, nor are others with their number."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from forge_resources.store import processes
from forge_resources.store.processes import is_alive, mark_of, mark_to_come

needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc to ask")


def test_a_process_is_there_until_it_ends() -> None:
    asleep = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert is_alive(asleep.pid)
    assert is_alive(asleep.pid, known_at=time.time())
    asleep.communicate(b"\n", timeout=30)
    assert not is_alive(asleep.pid)


@needs_proc
def test_one_that_was_killed_and_not_buried_is_gone() -> None:
    killed = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    killed.kill()
    os.waitid(os.P_PID, killed.pid, os.WEXITED | os.WNOWAIT)
    os.kill(killed.pid, 0)  # The system still knows its number.
    assert not is_alive(killed.pid)
    killed.wait()


@needs_proc
def test_another_that_was_given_its_number_is_not_it() -> None:
    assert not is_alive(os.getpid(), known_at=time.time() - 7 * 24 * 3600)
    assert not is_alive(os.getpid(), mark="1a2b3c4d.1")


@needs_proc
def test_a_clock_that_was_set_makes_it_no_other() -> None:
    """Set ahead by an hour: to the clock, the process began long after it was last known to exist."""
    mark = mark_of(os.getpid())
    assert is_alive(os.getpid(), mark=mark, known_at=time.time() - 7 * 24 * 3600)
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert mark_of(other.pid) not in ("", mark)
    other.communicate(b"\n", timeout=30)
    assert mark_of(other.pid) == ""


@needs_proc
def test_one_that_was_announced_is_it_if_it_came_soon_after(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever started it was killed before noting it. The clock, set ahead by a year since, says nothing of it."""
    before = mark_to_come()
    asleep = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    monkeypatch.setattr(processes, "_began", lambda _: 365 * 24 * 3600.0)
    assert is_alive(asleep.pid, mark=before, known_at=1.0)
    boot, _, ticks = before.removesuffix("+").partition(".")
    long_ago = int(ticks) - 601 * os.sysconf("SC_CLK_TCK")
    assert not is_alive(asleep.pid, mark=f"{boot}.{long_ago}+"), "another one was given its number"
    assert not is_alive(asleep.pid, mark=f"{boot}.{int(ticks) + 1000}+"), "it was there before"
    assert not is_alive(asleep.pid, mark=f"1a2b3c4d.{ticks}+"), "the machine has been restarted"
    asleep.communicate(b"\n", timeout=30)
    assert not is_alive(asleep.pid, mark=before)
