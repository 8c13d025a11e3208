"""What the board shows: briefs and cells as they are now, with their pictures and files.

What belongs here: from the state of cells to what a page says. What does not: how a page looks (see `templates`).
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import dagster as dg

from forge_jobs.monitoring.cell_states import CellState, CellStates, CellStatus
from forge_jobs.monitoring.run_history import RunHistory
from forge_jobs.outcomes import trouble_of_run
from forge_resources.briefs.filing import Manifest
from forge_resources.errors import Blocked, InvalidInput, NotFound
from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.deliverables import Deliverables, DeliveredFile
from forge_resources.schemas.script import Script
from forge_resources.schemas.storyboard import Frames
from forge_resources.secrets import redacted
from forge_resources.store.files import is_local, place_at, read_bytes
from forge_resources.store.s3 import link_minutes, link_to
from forge_resources.studio import Studio

_READ_AGAIN_S = 1.0


@dataclass(frozen=True)
class BriefCard:
    """A brief in the list: what it is about, and how many of its cells are of each status."""

    manifest: Manifest
    tally: list[tuple[CellStatus, int]]

    @property
    def slug(self) -> str:
        return self.manifest.slug


@dataclass(frozen=True)
class CellPage:
    """A cell by itself. `trouble` is why it stopped; `files` are what was handed over."""

    manifest: Manifest
    state: CellState
    sheet: str | None
    shots: int
    words: list[tuple[int, str]]
    trouble: str
    delivered: Deliverables | None


class BoardShelf:
    """The cells of a deployment for pages. Safe to ask from several threads."""

    def __init__(self, instance: dg.DagsterInstance, studio: Studio) -> None:
        self.instance = instance
        self.studio = studio
        self._history = RunHistory(instance)
        self._cells = CellStates(instance, studio, self._history)
        self._lock = threading.Lock()
        self._read_at = float("-inf")

    def read(self, *, now: bool = False) -> None:
        """Takes in what has happened, at most once a second unless `now`."""
        with self._lock:
            if now or time.monotonic() - self._read_at > _READ_AGAIN_S:
                for _ in self._history.read():
                    pass
                self._cells.read()
                self._read_at = time.monotonic()

    def briefs(self) -> list[BriefCard]:
        """Every filed brief; those that wait for a person come first."""
        self.read()
        cards = [BriefCard(manifest, _tally(self._cells.of_brief(manifest))) for manifest in self._cells.briefs]
        return sorted(cards, key=lambda card: (not dict(card.tally).get("awaiting_approval"), card.slug))

    def brief(self, slug: str) -> tuple[Manifest, list[CellState]]:
        """A brief with its cells. Raises NotFound."""
        self.read()
        manifest = self._cells.brief(slug)
        if manifest is None:
            raise NotFound(f"There is no brief `{slug}`.")
        return manifest, self._cells.of_brief(manifest)

    def cell(self, slug: str, market: str, persona: str) -> CellPage:
        """A cell of a brief. Raises NotFound."""
        manifest, states = self.brief(slug)
        state = next((one for one in states if (one.cell.market, one.cell.persona) == (market, persona)), None)
        if state is None:
            raise NotFound(f"The brief {slug} has no cell {market} × {persona}.")
        cabinet = self.studio.cabinet
        frames = cabinet.find("frames", state.cell.path, Frames)
        script = cabinet.find("script", state.cell.path, Script) if frames else None
        return CellPage(
            manifest=manifest,
            state=state,
            sheet=frames.contact_sheet.sha256 if frames else None,
            shots=len(frames.plates) if frames else 0,
            words=[(row.shot, row.voice_over) for row in script.rows if row.voice_over] if script else [],
            trouble=self._trouble(state),
            delivered=cabinet.find("deliverables", state.cell.path, Deliverables),
        )

    def sheet_file(self, slug: str, market: str, persona: str, sha256: str | None = None) -> Path:
        """The contact sheet of a cell as a local file. Raises NotFound; also where it is not the one of `sha256`."""
        frames = self.studio.cabinet.read("frames", self._key(slug, market, persona).path, Frames)
        if sha256 not in (None, frames.contact_sheet.sha256):
            raise NotFound("This storyboard has changed since.", remedy="Open the page of the cell again.")
        return self.studio.store.path(frames.contact_sheet)

    def delivered(self, slug: str, market: str, persona: str, name: str) -> DeliveredFile:
        """A delivered file by the name it was handed over under. Only names of the cell's own list are answered."""
        document = self.studio.cabinet.read("deliverables", self._key(slug, market, persona).path, Deliverables)
        file = next((file for file in document.files if file.name == name), None)
        if file is None:
            raise NotFound(f"No file `{name}` was delivered for {document.cell}.")
        return file

    def content_of(self, file: DeliveredFile) -> Path | bytes:
        """Where a delivered file is on this machine, or its bytes. Raises NotFound."""
        place = place_at(file.address)
        if is_local(place):
            if not place.exists():
                raise NotFound(
                    f"The file `{file.name}` is no longer where it was delivered.", remedy="Run the brief again."
                )
            return Path(place.path)
        try:
            # What an engine made is in the store too, and is kept on this machine once it was asked for.
            return self.studio.store.path_of(file.sha256, Path(file.name).suffix)
        except NotFound:
            return read_bytes(place)

    def link_to(self, file: DeliveredFile, kind: str, disposition: str) -> str | None:
        """A link to a delivered file that lives for FORGE_LINK_MINUTES; None where it is not on S3."""
        place = place_at(file.address)
        if is_local(place):
            return None
        return link_to(place, link_minutes(), ResponseContentType=kind, ResponseContentDisposition=disposition)

    def address_of_links(self) -> str:
        """Scheme and host of every such link; empty where the store is not on S3."""
        store = self.studio.settings.store
        if is_local(store):
            return ""
        link = urlsplit(link_to(store / "deliverables", link_minutes()))
        return f"{link.scheme}://{link.netloc}"

    def _key(self, slug: str, market: str, persona: str) -> CellKey:
        manifest = self.studio.filing.manifest(_plain(slug))
        cell = next((one for one in manifest.cells if (one.market, one.persona) == (market, persona)), None)
        if cell is None:
            raise NotFound(f"The brief {slug} has no cell {market} × {persona}.")
        return cell

    def _trouble(self, state: CellState) -> str:
        if state.status not in ("blocked", "failed") or state.run_id is None:
            return ""
        trouble = trouble_of_run(self.instance, state.run_id)
        said = trouble.message if trouble else "The run was killed, or could not start."
        return redacted(said if state.code == Blocked.code else f"{state.code}: {said}")


def _tally(states: Iterable[CellState]) -> list[tuple[CellStatus, int]]:
    return Counter(state.status for state in states).most_common()


def _plain(slug: str) -> str:
    """A name that can only be a brief's. Raises InvalidInput for one that could be a path."""
    if not all(character.isascii() and (character.isalnum() or character == "-") for character in slug):
        raise InvalidInput("This is no name of a brief.")
    return slug
