"""Progress for people: a bar per cell on a terminal, a plain line per finished stage elsewhere."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from forge_assets.graph import AFTER_THE_FRAMES, TO_THE_FRAMES
from forge_resources.progress import Progress
from forge_resources.schemas.cell import CellKey

_STAGES = [*TO_THE_FRAMES, *AFTER_THE_FRAMES]


class ProgressBoard:
    """Shows the progress of cells while it is open."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._tasks: dict[str, TaskID] = {}
        self._bars: Bars | None = None
        if console.is_terminal:
            self._bars = Bars(
                TextColumn("{task.description}"),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TextColumn("{task.fields[note]}"),
                TimeElapsedColumn(),
                console=console,
                transient=True,
            )

    def __enter__(self) -> ProgressBoard:
        if self._bars:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars:
            self._bars.stop()

    def show(self, progress: Progress) -> None:
        """Takes in one event."""
        cell = CellKey.parse(progress.cell)
        name = f"{cell.market} × {cell.persona}"
        if self._bars is None:
            if progress.note == "done":
                self._console.print(f"  {name}  {progress.stage}")
            return
        task = self._tasks.get(progress.cell)
        if task is None:
            task = self._tasks[progress.cell] = self._bars.add_task(name, total=len(_STAGES), note="")
        finished = _STAGES.index(progress.stage) + (1 if progress.note == "done" else progress.fraction)
        self._bars.update(task, completed=finished, note=f"{progress.stage} {progress.words}".removesuffix(" done"))

    def end(self, cell: CellKey) -> None:
        """Takes a cell's bar down; its outcome says the rest."""
        task = self._tasks.pop(cell.partition_key, None)
        if self._bars and task is not None:
            self._bars.remove_task(task)
