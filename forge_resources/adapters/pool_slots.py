"""Slots in a pool: no step is forgotten that waits for one, and none is given to two.

Dagster gives a free slot to the step that waits longest at the moment in which somebody frees it. A step that looked
before and is entered after that moment is given nothing: where nobody else comes, it waits until its run's time limit.
And it looks for a free slot and takes it in two statements that are no transaction together: two steps that are
allowed one at the same time may then both have the same.

What belongs here: both. What does not: how long a step rests between looks.
"""

from __future__ import annotations

import sqlalchemy as db
from dagster._core.storage.event_log.schema import ConcurrencySlotsTable as Slots
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._utils.concurrency import ConcurrencyClaimStatus, ConcurrencySlotStatus


class ReliableSlots(SqlEventLogStorage):
    """Mixed in before an event log storage of Dagster's, which has the rest."""

    def claim_concurrency_slot(
        self, concurrency_key: str, run_id: str, step_key: str, priority: int | None = None
    ) -> ConcurrencyClaimStatus:
        claim: ConcurrencyClaimStatus = super().claim_concurrency_slot(concurrency_key, run_id, step_key, priority)
        if not claim.is_assigned and self.has_unassigned_slots(concurrency_key):
            # To whoever waits longest, which need not be this one. Two who see this at once are told apart by the slot.
            self.assign_pending_steps([concurrency_key])
        return claim

    def _claim_concurrency_slot(self, concurrency_key: str, run_id: str, step_key: str) -> ConcurrencySlotStatus:
        free = db.and_(Slots.c.step_key.is_(None), Slots.c.deleted.is_(False))
        with self.index_connection() as connection:
            slot = connection.execute(
                db.select(Slots.c.id).where(Slots.c.concurrency_key == concurrency_key, free).limit(1)
            ).scalar()
            # Taken only if it is still free: whoever comes second changes nothing.
            taking = Slots.update().values(run_id=run_id, step_key=step_key).where(Slots.c.id == slot, free)
            taken = slot is not None and connection.execute(taking).rowcount == 1
        return ConcurrencySlotStatus.CLAIMED if taken else ConcurrencySlotStatus.BLOCKED
