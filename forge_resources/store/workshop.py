"""The one door through which everything is made: `make(recipe) -> artefact`.

What belongs here: recipe → fingerprint → look up, else have the engine make it and keep it. What does not: any engine,
any asset.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from filelock import FileLock
from pydantic import BaseModel

from forge_resources.engines.contract import Engine, Facts
from forge_resources.engines.registry import engine as registered_engine
from forge_resources.errors import EngineFailed, ForgeError, InvalidInput, Unavailable
from forge_resources.schemas.recipe import Artefact, Recipe
from forge_resources.schemas.types import EngineKind
from forge_resources.store.artefacts import ArtefactStore
from forge_resources.store.files import disk_trouble_told
from forge_resources.store.picture_recipe import embed_recipe
from forge_resources.store.workbench import Workbench

log = logging.getLogger("forge.workshop")


@dataclass(frozen=True)
class SourceFile:
    """Bytes in the store that go into an act of making, by hash and suffix."""

    sha256: str
    suffix: str


Source = Artefact | SourceFile


@dataclass(frozen=True)
class Made:
    """An artefact, and whether it was there before."""

    artefact: Artefact
    reused: bool


class Workshop:
    """Makes artefacts by recipe and keeps them in `store`.

    With `reuse` off, what exists is made again (and replaces the record). Two processes that want the same recipe at
    the same time make it once: the second waits for the first and reuses what it made.
    """

    def __init__(self, store: ArtefactStore, *, reuse: bool = True) -> None:
        self.store = store
        self.reuse = reuse

    @cached_property
    def _locks(self) -> Path:
        folder = self.store.cache / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @cached_property
    def _bench(self) -> Workbench:
        return Workbench(self.store.cache / "work")

    def engine(self, kind: EngineKind, name: str) -> Engine:
        """The registered engine of that kind and name. Raises InvalidInput."""
        return registered_engine(kind, name)

    def make(self, engine: Engine, parameters: BaseModel, sources: Mapping[str, Source] | None = None) -> Made:
        """Has `engine` make what `parameters` asks for out of `sources`, or finds what it made before.

        Raises an error of the Forge family; nothing half-made is ever kept.
        """
        sources = sources or {}
        recipe = recipe_for(engine, parameters, sources)
        if self.reuse and (found := self.store.find(recipe.fingerprint)):
            return Made(found, reused=True)
        with disk_trouble_told(self.store.cache), FileLock(self._locks / f"{recipe.fingerprint[:32]}.lock"):
            # Another process may have made it while this one waited.
            if self.reuse and (found := self.store.find(recipe.fingerprint)):
                return Made(found, reused=True)
            return Made(self._make_anew(engine, parameters, recipe, sources), reused=False)

    def _make_anew(
        self, engine: Engine, parameters: BaseModel, recipe: Recipe, sources: Mapping[str, Source]
    ) -> Artefact:
        if lacks := engine.lacks():
            raise Unavailable(
                f"The {engine.kind} engine `{engine.name}` lacks {', '.join(lack.what for lack in lacks)}.",
                remedy=" ".join(lack.remedy for lack in lacks),
            )
        files = {name: self.store.path_of(source.sha256, source.suffix) for name, source in sources.items()}
        with self._bench.place(engine.name) as folder:
            target = folder / f"made{engine.suffix}"
            facts = _ask(engine, parameters, files, target)
            if not target.is_file() or target.stat().st_size == 0:
                raise EngineFailed(f"The {engine.kind} engine `{engine.name}` left nothing behind.")
            if engine.media_type == "image/png":
                _sign(target, recipe, engine)
            return self.store.keep(recipe, target, engine.suffix, facts)


def _sign(picture: Path, recipe: Recipe, engine: Engine) -> None:
    try:
        embed_recipe(picture, recipe)
    except InvalidInput as refused:
        raise EngineFailed(f"The {engine.kind} engine `{engine.name}` left no whole picture: {refused}") from refused


def _ask(engine: Engine, parameters: BaseModel, files: Mapping[str, Path], target: Path) -> Facts:
    """Has the engine make it. An error that is not of the family becomes one that says which engine, and where."""
    try:
        return engine.make(parameters, files, target)
    except (ForgeError, OSError):
        raise  # The first says itself what to do; the second is told of the disk it is about.
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        raise EngineFailed(
            f"The {engine.kind} engine `{engine.name}` failed: {type(error).__name__}: {error} "
            f"({Path(last.filename).name}, line {last.lineno}).",
            remedy="Mend the engine; the traceback is in the event log of the run.",
        ) from error


def recipe_for(engine: Engine, parameters: BaseModel, sources: Mapping[str, Source]) -> Recipe:
    """The recipe of one act of making."""
    return Recipe(
        kind=engine.kind,
        engine=engine.name,
        version=engine.version,
        tier=engine.tier,
        media_type=engine.media_type,
        parameters=parameters.model_dump(mode="json"),
        sources={name: source.sha256 for name, source in sources.items()},
    )
