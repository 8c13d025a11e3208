"""Schedulers by the names of the catalogue.

What belongs here: making one out of a model's own configuration. What does not: which model takes which (see the
architectures of the catalogue).
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from forge_resources.models.data_files import read_entries
from forge_resources.schemas.types import Document, ShortLine


class SchedulerEntry(Document):
    """A class of diffusers and the options that make it the one named."""

    kind: ShortLine
    options: dict[str, bool | str | float] = {}


@lru_cache(maxsize=1)
def schedulers() -> dict[str, SchedulerEntry]:
    """All schedulers by name. Raises InvalidInput with every fault where the file is damaged."""
    return read_entries(Path(__file__).parent / "data" / "schedulers.yaml", SchedulerEntry)


def make_scheduler(name: str, own: Any) -> Any:
    """The scheduler of that name with the configuration of the model's `own` one, such as its noise schedule."""
    import diffusers

    entry = schedulers()[name]
    return getattr(diffusers, entry.kind).from_config(own.config, **entry.options)
