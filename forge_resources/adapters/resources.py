"""The studio as a Dagster resource.

What belongs here: configuration fields and how they become a `Studio`. What does not: work.
"""

from __future__ import annotations

import os
from typing import Any

import dagster as dg
from pydantic import Field, PrivateAttr

from forge_resources.secrets import OF_RUNS
from forge_resources.settings import Settings
from forge_resources.studio import Studio


def _secret(of: str) -> Any:
    return Field(
        default=None, description=f"Secret of {of}. Name a variable that holds it; never write its value here."
    )


class StudioResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Library, store and workshop of this deployment; where they are comes from the environment.

    A secret is a `dg.EnvVar`: definitions, events and pages have the variable's name, and its value is looked up in the
    process that needs it. A run that is told of another variable makes with what that one holds.
    """

    reuse: bool = Field(default=True, description="Off: engines make again what the store already has.")
    anthropic_api_key: str | None = _secret("the text engine `anthropic`")
    openai_api_key: str | None = _secret("the text engine `openai`")
    forge_c2pa_key: str | None = _secret("whoever signs deliverables")
    aws_access_key_id: str | None = _secret("store, inbox and logs on S3")
    aws_secret_access_key: str | None = _secret("store, inbox and logs on S3")
    aws_session_token: str | None = _secret("store, inbox and logs on S3")
    _studio: Studio | None = PrivateAttr(default=None)

    @classmethod
    def of_environment(cls) -> StudioResource:
        """The resource with every secret that this environment has, by the name of its variable."""
        named = [variable for variable in OF_RUNS if os.environ.get(variable)]
        held: dict[str, Any] = {variable.lower(): dg.EnvVar(variable) for variable in named}
        return cls(**held)

    @property
    def studio(self) -> Studio:
        if self._studio is None:
            # Engines and libraries read the variables themselves.
            secrets = {variable: getattr(self, variable.lower()) for variable in OF_RUNS}
            os.environ.update({variable: value for variable, value in secrets.items() if value})
            self._studio = Studio(Settings.from_environment(), reuse=self.reuse)
        return self._studio
