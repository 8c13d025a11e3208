"""An error of the Forge family as Dagster shows it."""

from __future__ import annotations

import dagster as dg

from forge_resources.errors import ForgeError


def failure_of(error: ForgeError) -> dg.Failure:
    """A failure that says what is wrong and what to do, carries the error's code, and is never retried."""
    return dg.Failure(
        description=str(error),
        metadata={**error.details, "code": error.code, "remedy": error.remedy or "-"},
        allow_retries=False,
    )
