"""The workbench: folders of living processes stay, those of ended ones go."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from forge_resources.store.workbench import Workbench

LONG_AGO = 946_684_800.0
"""A moment (2000-01-01) before any process of this machine began."""


def test_a_folder_is_gone_when_its_work_is_over(tmp_path: Path) -> None:
    with Workbench(tmp_path).place("a-note") as folder:
        (folder / "half").write_text("ha")
        # As after the clock was set ahead: the folder seems older than its process.
        os.utime(folder, (LONG_AGO, LONG_AGO))
        Workbench(tmp_path)
        assert (folder / "half").exists(), "somebody is working in it"
    assert list(tmp_path.iterdir()) == []


def test_what_ended_processes_left_is_swept(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    (tmp_path / f"note-{int(ended.stdout)}.1a2b3c4d.77-abc").mkdir()
    # This process has the number of one that worked before the machine was started again.
    (tmp_path / f"note-{os.getpid()}.1a2b3c4d.77-abc").mkdir()
    (tmp_path / "no-process").mkdir()
    Workbench(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["no-process"]
