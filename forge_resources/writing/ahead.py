"""Writing ahead: the papers of many cells at the same time, where writing is mostly waiting for a server.

What belongs here: which cells, how many at once. What does not: how a paper is written (see `papers` and `room`). What
is written lies in the store; the runs of the cells find it there, and the first that does records what it took.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from forge_resources.errors import ForgeError
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.script import Concept, Culture
from forge_resources.store.workshop import Workshop
from forge_resources.studio import Studio
from forge_resources.writing.chat.settings import load_settings
from forge_resources.writing.papers import text_engine, write_paper
from forge_resources.writing.room import write_script

OnCell = Callable[[CellKey, ForgeError | None], None]
"""Called for every cell as it is written; with the error where it could not be."""

_CELLS_A_CALL = 4
"""Cells that wait for a paper of another one hold no call: more of them are begun than calls are made at once."""


def write_ahead(studio: Studio, cells: Sequence[CellKey], on_cell: OnCell | None = None) -> dict[CellKey, ForgeError]:
    """Writes concept, culture and script of `cells` into the store, as many calls at once as the settings allow.

    Only cells whose text engine waits for a server, and only where there are several. Returns the errors by cell: they
    are raised again, and recorded, by the run of the cell.
    """
    briefs = [brief for brief in map(studio.filing.cell_brief, cells) if _waits(studio.workshop, brief)]
    if len(briefs) < 2:
        return {}
    errors: dict[CellKey, ForgeError] = {}
    workshop = studio.workshop.ahead()
    threads = min(len(briefs), load_settings().calls_at_once * _CELLS_A_CALL)
    with ThreadPoolExecutor(threads, thread_name_prefix="writing") as pool:
        pending = {pool.submit(_write, workshop, brief): brief.cell for brief in briefs}
        for done in as_completed(pending):
            error = done.result()
            if error is not None:
                errors[pending[done]] = error
            if on_cell:
                on_cell(pending[done], error)
    return errors


def write_cell(studio: Studio, cell: CellKey) -> ForgeError | None:
    """Writes concept, culture and script of one cell into the store. Returns the error where they cannot be written."""
    return _write(studio.workshop, studio.filing.cell_brief(cell))


def _waits(workshop: Workshop, brief: CellBrief) -> bool:
    engine = text_engine(workshop, brief)
    return engine.waits and not engine.lacks()


def _write(workshop: Workshop, brief: CellBrief) -> ForgeError | None:
    try:
        concept, _ = write_paper(workshop, brief, "concept", Concept)
        culture, _ = write_paper(workshop, brief, "culture", Culture, concept)
        write_script(workshop, brief, concept, culture)
    except ForgeError as error:
        return error
    return None
