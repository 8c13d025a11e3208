"""A step that waits for its slot in a pool gets it, on either database."""

from __future__ import annotations

import pytest
from dagster._core.utils import make_new_run_id

from forge_assets.stage import GPU_POOL
from forge_jobs.instance import open_instance
from forge_resources.settings import Settings


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_step_that_was_entered_when_the_slot_had_just_been_freed_gets_it(
    database: str, deployment: Settings, request: pytest.FixtureRequest
) -> None:
    if database == "postgresql":
        request.getfixturevalue("postgres")
    first, second = make_new_run_id(), make_new_run_id()
    with open_instance(deployment) as instance:
        storage = instance.event_log_storage
        storage.initialize_concurrency_limit_to_default(GPU_POOL)
        assert storage.claim_concurrency_slot(GPU_POOL, first, "frames").is_claimed
        # The second sees that there is no slot; before it is entered, the first gives its own back.
        storage.free_concurrency_slot_for_step(first, "frames")
        storage.add_pending_step(GPU_POOL, second, "frames", should_assign=False)
        looks = [storage.claim_concurrency_slot(GPU_POOL, second, "frames").is_claimed for _ in range(2)]
        assert looks == [False, True]
        assert not storage.claim_concurrency_slot(GPU_POOL, first, "voiceover").is_claimed, "there is one slot"
