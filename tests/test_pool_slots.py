"""A step that waits for its slot in a pool gets it, on either database."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest
import sqlalchemy as db
from dagster._core.utils import make_new_run_id

from forge_assets.stage import GPU_POOL
from forge_jobs.instance import open_instance
from forge_resources.settings import Settings


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, deployment: Settings) -> Settings:
    """A deployment on either database."""
    if request.param == "postgresql":
        request.getfixturevalue("postgres")
    return deployment


def test_a_step_that_was_entered_when_the_slot_had_just_been_freed_gets_it(settings: Settings) -> None:
    first, second = make_new_run_id(), make_new_run_id()
    with open_instance(settings) as instance:
        storage = instance.event_log_storage
        storage.initialize_concurrency_limit_to_default(GPU_POOL)
        assert storage.claim_concurrency_slot(GPU_POOL, first, "frames").is_claimed
        # The second sees that there is no slot; before it is entered, the first gives its own back.
        storage.free_concurrency_slot_for_step(first, "frames")
        storage.add_pending_step(GPU_POOL, second, "frames", should_assign=False)
        looks = [storage.claim_concurrency_slot(GPU_POOL, second, "frames").is_claimed for _ in range(2)]
        assert looks == [False, True]
        assert not storage.claim_concurrency_slot(GPU_POOL, first, "voiceover").is_claimed, "there is one slot"


def test_two_steps_that_take_a_slot_at_the_same_time_do_not_both_have_it(settings: Settings) -> None:
    runs = [make_new_run_id(), make_new_run_id()]
    taken: list[bool] = []

    def take(instance: dg.DagsterInstance, run: str) -> None:
        taken.append(instance.event_log_storage.claim_concurrency_slot(GPU_POOL, run, "frames").is_claimed)

    with open_instance(settings) as slow, open_instance(settings) as quick:
        slow.event_log_storage.initialize_concurrency_limit_to_default(GPU_POOL)
        for run in runs:
            slow.event_log_storage.add_pending_step(GPU_POOL, run, "frames", should_assign=True)

        about_to_take = [slow]

        def between(*call: Any) -> None:
            """The slow one has seen that the slot is free, and is about to take it."""
            if call[2].startswith("UPDATE concurrency_slots") and about_to_take:
                about_to_take.clear()
                take(quick, runs[1])

        db.event.listen(db.Engine, "before_cursor_execute", between)
        try:
            take(slow, runs[0])
        finally:
            db.event.remove(db.Engine, "before_cursor_execute", between)
    assert taken == [True, False]
