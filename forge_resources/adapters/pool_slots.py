"""No step is forgotten that waits for its slot in a pool.

Dagster gives a free slot to the step that waits longest at the moment in which somebody frees it. A step that looked
before and is entered after that moment is given nothing: where nobody else comes, it waits until its run's time limit.

What belongs here: giving it the slot when it looks again. What does not: how long a step rests between looks.
"""

from __future__ import annotations

from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._utils.concurrency import ConcurrencyClaimStatus


class RemembersWaitingSteps(SqlEventLogStorage):
    """Mixed in before an event log storage of Dagster's, which has the rest."""

    def claim_concurrency_slot(
        self, concurrency_key: str, run_id: str, step_key: str, priority: int | None = None
    ) -> ConcurrencyClaimStatus:
        claim: ConcurrencyClaimStatus = super().claim_concurrency_slot(concurrency_key, run_id, step_key, priority)
        if not claim.is_assigned and self.has_unassigned_slots(concurrency_key):
            # To whoever waits longest, which need not be this one. Two who see this at once are told apart by the slot.
            self.assign_pending_steps([concurrency_key])
        return claim
