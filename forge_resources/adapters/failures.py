"""An error of the Forge family as Dagster shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from forge_resources.errors import ForgeError
from forge_resources.secrets import redacted


def failure_of(error: ForgeError) -> dg.Failure:
    """A failure that says what is wrong and what to do, carries the error's code, and is never retried."""
    details: dict[str, Any] = {name: _blanked(value) for name, value in error.details.items()}
    return dg.Failure(
        description=redacted(str(error)),
        metadata={**details, "code": error.code, "remedy": redacted(error.remedy) or "-"},
        allow_retries=False,
    )


def _blanked(value: Any) -> Any:
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, Mapping):
        return {name: _blanked(part) for name, part in value.items()}
    return [_blanked(part) for part in value] if isinstance(value, list | tuple) else value
