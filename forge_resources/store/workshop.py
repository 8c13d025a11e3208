"""The one door through which everything is made: `make(recipe) -> artefact`.

What belongs here: recipe → fingerprint → look up, else have the engine make it and keep it. What does not: any engine,
any asset.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from filelock import FileLock
from pydantic import BaseModel

from forge_resources.engines.contract import Engine, Facts
from forge_resources.engines.registry import engine as registered_engine
from forge_resources.errors import EngineFailed, InvalidInput, OutOfMemory, Unavailable
from forge_resources.gpu.hosts import Answer, Host, InlineHost, Order
from forge_resources.gpu.usage import Usage
from forge_resources.logs import log_fields
from forge_resources.schemas.recipe import Artefact, Recipe
from forge_resources.schemas.types import EngineKind
from forge_resources.store.artefacts import ArtefactStore
from forge_resources.store.environment import environment_here
from forge_resources.store.files import disk_trouble_told
from forge_resources.store.picture_recipe import embed_recipe
from forge_resources.store.workbench import Workbench
from forge_resources.traces import span

log = logging.getLogger("forge.workshop")


@dataclass(frozen=True)
class SourceFile:
    """Bytes in the store that go into an act of making, by hash and suffix."""

    sha256: str
    suffix: str


Source = Artefact | SourceFile


@dataclass(frozen=True)
class Made:
    """An artefact, whether it was there before, and what it took where it was made by a heavy engine just now."""

    artefact: Artefact
    reused: bool
    usage: Usage | None = None


class Workshop:
    """Makes artefacts by recipe and keeps them in `store`.

    With `reuse` off, what exists is made again (and replaces the record). Two processes that want the same recipe at
    the same time make it once: the second waits for the first and reuses what it made.
    """

    def __init__(self, store: ArtefactStore, *, reuse: bool = True, host: Host | None = None) -> None:
        self.store = store
        self.reuse = reuse
        self._used: set[str] | None = None
        self._here = InlineHost()
        self._host = host or self._here

    def _host_of(self, engine: Engine) -> Host:
        """Engines that load weights run where the deployment says, all others here."""
        return self._host if engine.device_bound else self._here

    @cached_property
    def _locks(self) -> Path:
        folder = self.store.cache / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @cached_property
    def _bench(self) -> Workbench:
        return Workbench(self.store.cache / "work")

    @contextmanager
    def noting(self) -> Iterator[set[str]]:
        """Collects the fingerprint of every recipe that is asked for until the block ends."""
        before, self._used = self._used, set[str]()
        try:
            yield self._used
        finally:
            self._used = before

    def reusing(self) -> Workshop:
        """This workshop, with what exists found again whatever it does itself."""
        other = Workshop(self.store, host=self._host)
        other._used = self._used
        return other

    def engine(self, kind: EngineKind, name: str) -> Engine:
        """The registered engine of that kind and name. Raises InvalidInput."""
        return registered_engine(kind, name)

    def make(self, engine: Engine, parameters: BaseModel, sources: Mapping[str, Source] | None = None) -> Made:
        """Has `engine` make what `parameters` asks for out of `sources`, or finds what it made before.

        Raises an error of the Forge family; nothing half-made is ever kept.
        """
        sources = sources or {}
        recipe = recipe_for(engine, parameters, sources)
        if self._used is not None:
            self._used.add(recipe.fingerprint)
        with (
            log_fields(recipe=recipe.fingerprint, engine=f"{engine.kind} {engine.name}"),
            span(f"make {engine.kind} {engine.name}") as trace,
        ):
            started = time.monotonic()
            made = self._make_once(engine, parameters, recipe, sources)
            trace.note(artefact=made.artefact.sha256, reused=made.reused)
            log.info(
                "reused" if made.reused else "made",
                extra={"artefact": made.artefact.sha256, "seconds": round(time.monotonic() - started, 3)},
            )
        return made

    def _make_once(self, engine: Engine, parameters: BaseModel, recipe: Recipe, sources: Mapping[str, Source]) -> Made:
        if self.reuse and (found := self._find(recipe)):
            return Made(found, reused=True)
        with disk_trouble_told(self.store.cache), FileLock(self._locks / f"{recipe.fingerprint[:32]}.lock"):
            # Another process may have made it while this one waited.
            if self.reuse and (found := self._find(recipe)):
                return Made(found, reused=True)
            try:
                return self._make_anew(engine, parameters, recipe, sources)
            except OutOfMemory as error:
                smaller = engine.smaller(parameters)
                if smaller is None:
                    raise
                return self._make_smaller(engine, smaller, recipe, sources, error)

    def _find(self, recipe: Recipe) -> Artefact | None:
        """What the recipe made, or what was made instead where it did not fit into memory."""
        found = self.store.find(recipe.fingerprint)
        if found is None and (instead := self.store.made_instead(recipe.fingerprint)):
            found = self.store.find(instead)
        return found

    def _make_smaller(
        self,
        engine: Engine,
        parameters: BaseModel,
        asked: Recipe,
        sources: Mapping[str, Source],
        error: OutOfMemory,
    ) -> Made:
        """Once more with the next smaller memory preset. The artefact's own recipe says what it was made with."""
        recipe = recipe_for(engine, parameters, sources)
        log.warning("%s Made once more with preset `%s`.", error.message, engine.memory_preset(parameters))
        if self.reuse and (found := self.store.find(recipe.fingerprint)):
            made = Made(found, reused=True)
        else:
            made = self._make_anew(engine, parameters, recipe, sources)
        self.store.note_instead(asked.fingerprint, recipe.fingerprint)
        return made

    @contextmanager
    def made_again(
        self, engine: Engine, parameters: BaseModel, recipe: Recipe
    ) -> Iterator[tuple[Path, Mapping[str, str]]]:
        """Has `engine` make a recipe of before, and keeps nothing. Gives the file and where it is made."""
        sources = {name: SourceFile(sha256, self.store.suffix_of(sha256)) for name, sha256 in recipe.sources.items()}
        with disk_trouble_told(self.store.cache), self._finished(engine, parameters, recipe, sources) as (made, answer):
            yield made, _apart(answer.facts, engine)[1]

    def _make_anew(self, engine: Engine, parameters: BaseModel, recipe: Recipe, sources: Mapping[str, Source]) -> Made:
        with self._finished(engine, parameters, recipe, sources) as (target, answer):
            facts, environment = _apart(answer.facts, engine)
            artefact = self.store.keep(recipe, target, engine.suffix, facts, environment)
            if answer.usage is not None:
                self.store.keep_usage(recipe.fingerprint, answer.usage)
            return Made(artefact, reused=False, usage=answer.usage)

    @contextmanager
    def _finished(
        self, engine: Engine, parameters: BaseModel, recipe: Recipe, sources: Mapping[str, Source]
    ) -> Iterator[tuple[Path, Answer]]:
        """Has the engine make it. The finished, signed file is there until the block ends."""
        if lacks := engine.lacks():
            raise Unavailable(
                f"The {engine.kind} engine `{engine.name}` lacks {', '.join(lack.what for lack in lacks)}.",
                remedy=" ".join(lack.remedy for lack in lacks),
            )
        files = {name: self.store.path_of(source.sha256, source.suffix) for name, source in sources.items()}
        with self._bench.place(engine.name) as folder:
            target = folder / f"made{engine.suffix}"
            answer = self._host_of(engine).make(Order(engine, parameters, files, target))
            if not target.is_file() or target.stat().st_size == 0:
                raise EngineFailed(f"The {engine.kind} engine `{engine.name}` left nothing behind.")
            if engine.media_type == "image/png":
                _sign(target, recipe, engine)
            yield target, answer


def _apart(facts: Facts, engine: Engine) -> tuple[Facts, dict[str, str]]:
    """What an engine measured, and where it was made: as it says itself, which may be in another process, or here."""
    said = facts.get("environment")
    if isinstance(said, dict):
        return {name: value for name, value in facts.items() if name != "environment"}, said
    return facts, environment_here(heavy=engine.device_bound)


def _sign(picture: Path, recipe: Recipe, engine: Engine) -> None:
    try:
        embed_recipe(picture, recipe)
    except InvalidInput as refused:
        raise EngineFailed(f"The {engine.kind} engine `{engine.name}` left no whole picture: {refused}") from refused


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
