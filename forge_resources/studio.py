"""The studio: library, profiles, store, cabinet, workshop and filing room of one deployment, put together.

What belongs here: wiring. What does not: work.
"""

from __future__ import annotations

from functools import cached_property
from typing import cast

from forge_resources.briefs.filing import FilingRoom
from forge_resources.editing.profiles import load_profiles
from forge_resources.engines.contract import Engine, TextEngine
from forge_resources.engines.registry import engine as registered_engine
from forge_resources.engines.registry import engines as registered_engines
from forge_resources.gpu.choice import host_of_deployment
from forge_resources.imaging.looks import ShelvedLook, load_looks
from forge_resources.library.loader import Library, load_library
from forge_resources.schemas.brief import Brief
from forge_resources.schemas.delivery import DeliveryProfile
from forge_resources.schemas.types import sha256_of
from forge_resources.settings import Settings
from forge_resources.store.artefacts import ArtefactStore
from forge_resources.store.cabinet import Cabinet
from forge_resources.store.workshop import Workshop


class Studio:
    """Everything that assets, sensors and commands draw on. With `reuse` off, engines make again what exists."""

    def __init__(self, settings: Settings, *, reuse: bool = True) -> None:
        self.settings = settings
        self.reuse = reuse

    @cached_property
    def library(self) -> Library:
        return load_library(self.settings.library)

    @cached_property
    def profiles(self) -> dict[str, DeliveryProfile]:
        own = self.settings.library / "profiles" if self.settings.library else None
        return load_profiles(own if own and own.is_dir() else None)

    @cached_property
    def looks(self) -> dict[str, ShelvedLook]:
        return load_looks(self.settings.library / "looks" if self.settings.library else None)

    @cached_property
    def store(self) -> ArtefactStore:
        return ArtefactStore(self.settings.store, self.settings.cache)

    @cached_property
    def cabinet(self) -> Cabinet:
        return Cabinet(self.settings.store / "documents")

    @cached_property
    def workshop(self) -> Workshop:
        return Workshop(self.store, reuse=self.reuse, host=host_of_deployment())

    def engine_versions(self) -> dict[str, str]:
        """The version of every registered engine, by `<kind>.<name>`; of a text engine what each language gets."""
        return {f"{made.kind}.{made.name}": self._version_of(made) for made in registered_engines()}

    def _version_of(self, made: Engine) -> str:
        if not isinstance(made, TextEngine):
            return made.version
        return sha256_of([made.edition(language, language) for language in sorted(self.library.languages)])

    def profile_versions(self) -> dict[str, str]:
        """The content hash of every delivery profile."""
        return {slug: profile.content_hash() for slug, profile in self.profiles.items()}

    def remarks(self, brief: Brief) -> list[str]:
        """What the brief's text engine cannot take into account of it."""
        name = brief.engines.text or self.settings.engines.text
        return cast("TextEngine", registered_engine("text", name)).remarks(brief)

    @cached_property
    def filing(self) -> FilingRoom:
        return FilingRoom(self.cabinet, self.store, self.library, self.profiles, self.settings.engines, self.looks)
