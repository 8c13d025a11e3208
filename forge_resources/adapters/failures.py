"""An error of the Forge family as Dagster shows it."""

from __future__ import annotations

from typing import Any

import dagster as dg

from forge_resources.errors import ForgeError
from forge_resources.secrets import redacted


def failure_of(error: ForgeError) -> dg.Failure:
    """A failure that says what is wrong and what to do, carries the error's code, and is never retried."""
    details: dict[str, Any] = {
        name: redacted(value) if isinstance(value, str) else value for name, value in error.details.items()
    }
    return dg.Failure(
        description=redacted(str(error)),
        metadata={**details, "code": error.code, "remedy": redacted(error.remedy) or "-"},
        allow_retries=False,
    )
