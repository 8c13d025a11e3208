"""The workbench: a folder per act of making, gone when it is over, and swept where its process was killed.

What belongs here: temporary folders. What does not: anything kept.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from forge_resources.store.processes import is_alive, mark_of


class Workbench:
    """Temporary folders below `root`, named after the process that works in them."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root
        self._sweep()

    @contextmanager
    def place(self, what: str) -> Iterator[Path]:
        """An empty folder until the block ends."""
        owner = f"{os.getpid()}.{mark_of(os.getpid())}"
        with tempfile.TemporaryDirectory(dir=self.root, prefix=f"{what}-{owner}-") as folder:
            yield Path(folder)

    def _sweep(self) -> None:
        """Removes what killed processes of this machine left behind."""
        for folder in left_behind(self.root):
            shutil.rmtree(folder, ignore_errors=True)


def left_behind(root: Path) -> list[Path]:
    """The folders below `root` whose process is gone."""
    return [folder for folder in sorted(root.glob("*")) if not _is_in_use(folder)]


def _is_in_use(folder: Path) -> bool:
    """Whether the process that its name has is there; true where it has none."""
    process, _, mark = folder.name.rpartition("-")[0].rpartition("-")[2].partition(".")
    return not process.isdigit() or is_alive(int(process), mark=mark)
