"""The studio as a Dagster resource.

What belongs here: configuration fields and how they become a `Studio`. What does not: work.
"""

from __future__ import annotations

import dagster as dg
from pydantic import Field, PrivateAttr

from forge_resources.settings import Settings
from forge_resources.studio import Studio


class StudioResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Library, store and workshop of this deployment; where they are comes from the environment."""

    reuse: bool = Field(default=True, description="Off: engines make again what the store already has.")
    _studio: Studio | None = PrivateAttr(default=None)

    @property
    def studio(self) -> Studio:
        if self._studio is None:
            self._studio = Studio(Settings.from_environment(), reuse=self.reuse)
        return self._studio
