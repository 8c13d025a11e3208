"""Where this deployment keeps things and what it makes with, read from the environment.

What belongs here: names of variables, their defaults. What does not: secrets (engines read those themselves).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from upath import UPath

from forge_resources.engines.registry import engine_names
from forge_resources.errors import InvalidInput
from forge_resources.schemas.brief import Engines
from forge_resources.schemas.types import SLUG_PATTERN, EngineKind
from forge_resources.store.files import place_at

DEFAULT_ENGINES: dict[EngineKind, str] = {"text": "draft", "image": "sketch", "voice": "espeak", "motion": "still"}


@dataclass(frozen=True)
class Settings:
    """`home` is a local directory; `inbox` and `store` are directories or `s3://` addresses. `instance` is where
    Dagster keeps its own: `home`, or what several projects share.

    `encoder` is `software`, `hardware` or the name of an encoder, see `editing.hardware`.
    """

    home: Path
    inbox: UPath
    store: UPath
    library: Path | None
    engines: Engines
    instance: Path
    encoder: str = "software"

    @property
    def cache(self) -> Path:
        """Local copies of artefacts of a remote store, locks and work in progress."""
        return self.home / "cache"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Reads FORGE_HOME, _INSTANCE, _INBOX, _STORE, _LIBRARY, _ENCODER and FORGE_ENGINE_TEXT, _IMAGE, …

        Where FORGE_HOME is not set, DAGSTER_HOME is it, so that plain `dagster` works on the same instance. Raises
        InvalidInput for an unknown engine and for an address of a kind that is not served.
        """
        home = _directory("FORGE_HOME", environment.get("FORGE_HOME") or environment.get("DAGSTER_HOME") or ".forge")
        library = environment.get("FORGE_LIBRARY")
        return cls(
            home=home,
            inbox=place_at(environment.get("FORGE_INBOX") or "briefs"),
            store=place_at(environment.get("FORGE_STORE") or str(home / "store")),
            library=_directory("FORGE_LIBRARY", library) if library else None,
            engines=default_engines(environment),
            instance=_directory("FORGE_INSTANCE", environment.get("FORGE_INSTANCE") or str(home)),
            encoder=environment.get("FORGE_ENCODER") or "software",
        )


def project_of(environment: Mapping[str, str]) -> str | None:
    """The project that a process works for as one code location among others: FORGE_PROJECT. None: it is the only one.

    Raises InvalidInput for what is no slug.
    """
    said = environment.get("FORGE_PROJECT")
    if said and not re.fullmatch(SLUG_PATTERN, said):
        raise InvalidInput(f"FORGE_PROJECT is `{said}`.", remedy="It must be a slug: a-z, 0-9 and -, such as `lumen`.")
    return said or None


def _directory(variable: str, value: str) -> Path:
    if "://" in value:
        raise InvalidInput(f"{variable} is `{value}`; it must be a directory of this machine.")
    return Path(value).absolute()


def default_engines(environment: Mapping[str, str]) -> Engines:
    """The deployment's engines: FORGE_ENGINE_<KIND>, else the embedded ones. Raises InvalidInput for unknown names."""
    chosen = {kind: environment.get(f"FORGE_ENGINE_{kind.upper()}") or name for kind, name in DEFAULT_ENGINES.items()}
    for kind, name in chosen.items():
        known = engine_names(kind)
        if name not in known:
            raise InvalidInput(
                f"FORGE_ENGINE_{kind.upper()} is `{name}`, which is no {kind} engine.",
                remedy=f"Known: {', '.join(known)}.",
            )
    return Engines(**chosen)
