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

from forge_resources.store.processes import is_alive


class Workbench:
    """Temporary folders below `root`, named after the process that works in them."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root
        self._sweep()

    @contextmanager
    def place(self, what: str) -> Iterator[Path]:
        """An empty folder until the block ends."""
        with tempfile.TemporaryDirectory(dir=self.root, prefix=f"{what}-{os.getpid()}-") as folder:
            yield Path(folder)

    def _sweep(self) -> None:
        """Removes what killed processes of this machine left behind."""
        for folder in self.root.iterdir():
            parts = folder.name.rsplit("-", 2)
            if len(parts) == 3 and parts[1].isdigit() and not _is_in_use(folder, int(parts[1])):
                shutil.rmtree(folder, ignore_errors=True)


def _is_in_use(folder: Path, process: int) -> bool:
    try:
        # Its process was there when the folder last changed; a younger one only has the same number.
        return is_alive(process, known_at=folder.stat().st_mtime)
    except FileNotFoundError:
        return False  # Its process has ended properly in this moment.
