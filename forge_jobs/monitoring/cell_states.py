"""What has become of every cell that filed briefs ask for, kept up to date from the event log and the store.

What belongs here: the state of cells, for the board and for the metrics. What does not: staleness (see `staleness`),
which looks at content and takes longer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import dagster as dg
from dagster._core.definitions.data_version import DATA_VERSION_TAG

from forge_assets.external import storyboard_approval
from forge_assets.keys import key_of, name_of
from forge_jobs.monitoring.ledger import code_of
from forge_jobs.monitoring.run_history import RunHistory, RunState
from forge_resources.briefs.filing import Manifest
from forge_resources.errors import AwaitingApproval, Blocked
from forge_resources.schemas.cell import CellKey
from forge_resources.studio import Studio

CellStatus = Literal[
    "to_make", "queued", "running", "awaiting_approval", "approved", "delivered", "blocked", "failed", "canceled"
]
CELL_STATUSES: tuple[CellStatus, ...] = get_args(CellStatus)

_PAGE = 1000
_QUEUED = {dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED}


@dataclass(frozen=True)
class Board:
    """A storyboard as it was made last: its sheet's hash, and when (seconds since the epoch)."""

    number: int
    sheet: str
    at: float


@dataclass(frozen=True)
class Approval:
    """The latest word on a cell's storyboard."""

    sheet: str
    by: str
    note: str
    at: float


@dataclass(frozen=True)
class CellState:
    """A cell now. `since` is when that began, where it is known."""

    cell: CellKey
    status: CellStatus
    since: float | None = None
    run_id: str | None = None
    code: str | None = None
    sheet: str | None = None
    approval: Approval | None = None


class CellStates:
    """The cells of one deployment. `read` takes in what has happened; everything else answers from memory."""

    def __init__(self, instance: dg.DagsterInstance, studio: Studio, history: RunHistory) -> None:
        self._instance = instance
        self._studio = studio
        self._history = history
        self._boards: dict[str, Board] = {}
        self._approvals: dict[str, Approval] = {}
        self._delivered: dict[str, tuple[int, float]] = {}
        self._seen: dict[str, int] = {}
        self._codes: dict[str, str] = {}
        self._manifests: dict[str, tuple[Any, Manifest]] = {}

    def read(self) -> None:
        """Takes in the events and briefs that came since the last call. The history is read by whoever owns it."""
        for partition, number, at, metadata, _ in self._events("frames"):
            sheet = metadata.get("contact_sheet_hash")
            self._boards[partition] = Board(number, str(sheet.value) if sheet else "", at)
        for partition, number, at, _, _ in self._events("deliverables"):
            self._delivered[partition] = (number, at)
        for partition, _, at, metadata, tags in self._events(name_of(storyboard_approval.key)):
            by, note = (str(metadata[name].value) if name in metadata else "" for name in ("approved_by", "note"))
            self._approvals[partition] = Approval(tags.get(DATA_VERSION_TAG, ""), by, note, at)
        self._manifests = dict(self._read_manifests())

    @property
    def briefs(self) -> list[Manifest]:
        """Every filed brief, by name."""
        return [manifest for _, manifest in self._manifests.values()]

    def brief(self, slug: str) -> Manifest | None:
        """A filed brief."""
        found = self._manifests.get(slug)
        return found[1] if found else None

    def of_brief(self, manifest: Manifest) -> list[CellState]:
        """The cells of a brief, in the order in which it names them."""
        return [self.of_cell(cell, manifest.brief.approval == "required") for cell in manifest.cells]

    def all(self) -> Iterator[CellState]:
        """Every cell of every brief."""
        for manifest in self.briefs:
            yield from self.of_brief(manifest)

    def of_cell(self, cell: CellKey, needs_approval: bool) -> CellState:
        """One cell."""
        partition = cell.partition_key
        board, approval = self._boards.get(partition), self._approvals.get(partition)
        status, since, run, code = self._status(partition, board, approval, needs_approval)
        return CellState(
            cell=cell,
            status=status,
            since=since,
            run_id=run.run_id if run else None,
            code=code,
            sheet=board.sheet if board else None,
            approval=approval if approval and board and approval.sheet == board.sheet else None,
        )

    def _status(
        self, partition: str, board: Board | None, approval: Approval | None, needs_approval: bool
    ) -> tuple[CellStatus, float | None, RunState | None, str | None]:
        run = self._history.latest(partition)
        is_approved = board is not None and approval is not None and approval.sheet == board.sheet
        if run is not None and not run.has_ended:
            if run.status in _QUEUED:
                return "queued", run.created, run, None
            return "running", run.started or run.created, run, None
        if run is not None and run.status == dg.DagsterRunStatus.CANCELED:
            return "canceled", run.ended, run, None
        if run is not None and run.status == dg.DagsterRunStatus.FAILURE:
            code = self._code(run)
            if code == AwaitingApproval.code and board is not None:
                return ("approved" if is_approved else "awaiting_approval"), board.at, run, None
            return ("blocked" if code == Blocked.code else "failed"), run.ended, run, code
        number, at = self._delivered.get(partition, (0, None))
        if number > (board.number if board else 0):
            return "delivered", at, run, None
        if board is not None and needs_approval:
            since = approval.at if is_approved and approval else board.at
            return ("approved" if is_approved else "awaiting_approval"), since, run, None
        return "to_make", None, run, None

    def _code(self, run: RunState) -> str:
        if run.run_id not in self._codes:
            self._codes[run.run_id] = code_of(self._instance, run)
        return self._codes[run.run_id]

    def _events(self, asset: str) -> Iterator[tuple[str, int, float, Mapping[str, Any], Mapping[str, str]]]:
        """The new events of an asset, oldest first: partition, number, time, metadata, tags."""
        approval = asset == name_of(storyboard_approval.key)
        fetch = self._instance.fetch_observations if approval else self._instance.fetch_materializations
        while True:
            found = fetch(
                dg.AssetRecordsFilter(asset_key=key_of(asset), after_storage_id=self._seen.get(asset, 0)),
                limit=_PAGE,
                ascending=True,
            ).records
            for record in found:
                self._seen[asset] = record.storage_id
                event = record.asset_observation or record.asset_materialization
                if record.partition_key is not None and event is not None:
                    yield record.partition_key, record.storage_id, record.timestamp, event.metadata, event.tags or {}
            if len(found) < _PAGE:
                return

    def _read_manifests(self) -> Iterator[tuple[str, tuple[Any, Manifest]]]:
        """The filed briefs; one that has not changed since is not read again."""
        cabinet = self._studio.cabinet
        for slug, stamp in cabinet.stamps("manifest"):
            before = self._manifests.get(slug)
            if before is not None and before[0] == stamp:
                yield slug, before
                continue
            manifest = cabinet.find("manifest", slug, Manifest)
            if manifest is not None:
                yield slug, (stamp, manifest)
