"""The one door through which everything is made: `make(recipe) -> artefact`.

What belongs here: recipe → fingerprint → look up, else have the engine make it and keep it; and doing so for several
so that one is finished while the next is on the device. What does not: any engine, any asset.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from filelock import FileLock
from pydantic import BaseModel

from forge_resources.engines.contract import Engine, Facts
from forge_resources.engines.registry import engine as registered_engine
from forge_resources.errors import EngineFailed, InvalidInput, OutOfMemory, Unavailable
from forge_resources.gpu.hosts import Answer, Host, InlineHost, Order, finish
from forge_resources.gpu.usage import Usage
from forge_resources.logs import log_fields
from forge_resources.schemas.recipe import Artefact, Recipe
from forge_resources.schemas.types import EngineKind
from forge_resources.store.artefacts import ArtefactStore
from forge_resources.store.claims import Unclaimed
from forge_resources.store.environment import environment_here
from forge_resources.store.files import disk_trouble_told
from forge_resources.store.picture_recipe import embed_recipe
from forge_resources.store.workbench import Workbench
from forge_resources.traces import Span, span

log = logging.getLogger("forge.workshop")


@dataclass(frozen=True)
class SourceFile:
    """Bytes in the store that go into an act of making, by hash and suffix."""

    sha256: str
    suffix: str


Source = Artefact | SourceFile


@dataclass(frozen=True)
class Made:
    """An artefact, whether it was there before, and what it took where it was made by a heavy engine just now.

    `claimed`: it was made ahead of all runs, and whoever has this is the first that can say what that took.
    """

    artefact: Artefact
    reused: bool
    usage: Usage | None = None
    claimed: bool = False


@dataclass(frozen=True)
class Wanted:
    """One of several things to make. `about` goes with the lines of the log that are about it."""

    engine: Engine
    parameters: BaseModel
    sources: Mapping[str, Source] = field(default_factory=dict)
    about: Mapping[str, object] = field(default_factory=dict)


OnBegun = Callable[[int, bool], None]
"""Told when the device is done with one of several things: its number from 0, and whether it was there before."""


@dataclass(frozen=True)
class _Begun:
    """Something that was found, or that the device is done with. `made` is called once, by whichever thread."""

    fingerprint: str
    reused: bool
    made: Callable[[], Made]


@dataclass(frozen=True)
class _Drawn:
    """What an engine left: a file that is still to be finished, as `target`."""

    order: Order
    target: Path
    answer: Answer


class Workshop:
    """Makes artefacts by recipe and keeps them in `store`.

    With `reuse` off, what exists is made again (and replaces the record). Two processes that want the same recipe at
    the same time make it once: the second waits for the first and reuses what it made.
    """

    def __init__(
        self, store: ArtefactStore, *, reuse: bool = True, host: Host | None = None, ahead: bool = False
    ) -> None:
        self.store = store
        self.reuse = reuse
        self._ahead = ahead
        self._unclaimed = Unclaimed(store.cache / "unclaimed")
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
        other = Workshop(self.store, host=self._host, ahead=self._ahead)
        other._used = self._used
        return other

    def ahead(self) -> Workshop:
        """This workshop for making what runs will need: the first of them that finds it counts what it took."""
        return Workshop(self.store, reuse=self.reuse, host=self._host, ahead=True)

    def engine(self, kind: EngineKind, name: str) -> Engine:
        """The registered engine of that kind and name. Raises InvalidInput."""
        return registered_engine(kind, name)

    def make(self, engine: Engine, parameters: BaseModel, sources: Mapping[str, Source] | None = None) -> Made:
        """Has `engine` make what `parameters` asks for out of `sources`, or finds what it made before.

        Raises an error of the Forge family; nothing half-made is ever kept.
        """
        return self._begin(Wanted(engine, parameters, sources or {})).made()

    def make_each(self, wanted: Iterable[Wanted], on_begun: OnBegun | None = None) -> Generator[Made]:
        """Makes one after the other, and gives them in order. While one is finished, the next is on the device already.

        At most two wait to be finished. An error ends it; what the device was done with is kept even then. Close it
        where you stop early.
        """
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="finishing") as pool:
            before: tuple[str, Future[Made]] | None = None
            for number, one in enumerate(wanted):
                with log_fields(**one.about):
                    if before is not None and before[0] == _recipe_of(one).fingerprint:
                        before[1].exception()  # What it is about to make is found instead.
                    try:
                        begun = self._begin(one)
                    except Exception:
                        if before is not None:
                            before[1].result()  # What went wrong first is told first.
                        raise
                after = (begun.fingerprint, pool.submit(begun.made))
                if on_begun is not None:
                    on_begun(number, begun.reused)
                if before is not None:
                    yield before[1].result()
                before = after
            if before is not None:
                yield before[1].result()

    def _begin(self, wanted: Wanted) -> _Begun:
        """Finds something, or has it made as far as the device is needed."""
        recipe = _recipe_of(wanted)
        if self._used is not None:
            self._used.add(recipe.fingerprint)
        # In a context of its own, in which another thread can go on: the fields of the log and the span stay open.
        context, started = copy_context(), time.monotonic()

        def begin() -> tuple[Span, ExitStack, bool, Callable[[], Made]]:
            what = f"{wanted.engine.kind} {wanted.engine.name}"
            with ExitStack() as told:
                told.enter_context(log_fields(recipe=recipe.fingerprint, engine=what))
                trace = told.enter_context(span(f"make {what}"))
                reused, rest = self._under_way(wanted, recipe)
                return trace, told.pop_all(), reused, rest

        trace, told, reused, rest = context.run(begin)

        def finished() -> Made:
            with told:
                made = rest()
                trace.note(artefact=made.artefact.sha256, reused=made.reused)
                log.info(
                    "reused" if made.reused else "made",
                    extra={"artefact": made.artefact.sha256, "seconds": round(time.monotonic() - started, 3)},
                )
                return made

        return _Begun(recipe.fingerprint, reused, lambda: context.run(finished))

    def _under_way(self, wanted: Wanted, recipe: Recipe) -> tuple[bool, Callable[[], Made]]:
        """Whether it was there, and what remains to be done for it."""
        if self.reuse and (found := self._find(recipe)):
            return True, self._found(found)
        with ExitStack() as taken, disk_trouble_told(self.store.cache):
            # Whoever finishes it lets go of it, which may be another thread.
            taken.enter_context(FileLock(self._locks / f"{recipe.fingerprint[:32]}.lock", thread_local=False))
            # Another process may have made it while this one waited.
            if self.reuse and (found := self._find(recipe)):
                return True, self._found(found)
            try:
                rest = self._kept(wanted, recipe, taken)
            except OutOfMemory as error:
                smaller = wanted.engine.smaller(wanted.parameters)
                if smaller is None:
                    raise
                rest = self._smaller(replace(wanted, parameters=smaller), recipe, taken, error)
            held = taken.pop_all()

        def finished() -> Made:
            with held, disk_trouble_told(self.store.cache):
                return rest()

        return False, finished

    def _find(self, recipe: Recipe) -> Artefact | None:
        """What the recipe made, or what was made instead where it did not fit into memory."""
        found = self.store.find(recipe.fingerprint)
        if found is None and (instead := self.store.made_instead(recipe.fingerprint)):
            found = self.store.find(instead)
        return found

    def _found(self, artefact: Artefact) -> Callable[[], Made]:
        return lambda: Made(
            artefact, reused=True, claimed=not self._ahead and self._unclaimed.claim(artefact.fingerprint)
        )

    def _smaller(self, wanted: Wanted, asked: Recipe, taken: ExitStack, error: OutOfMemory) -> Callable[[], Made]:
        """Once more with the next smaller memory preset. The artefact's own recipe says what it was made with."""
        recipe, engine = _recipe_of(wanted), wanted.engine
        log.warning("%s Made once more with preset `%s`.", error.message, engine.memory_preset(wanted.parameters))
        there = self.store.find(recipe.fingerprint) if self.reuse else None
        rest = self._found(there) if there else self._kept(wanted, recipe, taken)

        def finished() -> Made:
            made = rest()
            self.store.note_instead(asked.fingerprint, recipe.fingerprint)
            return made

        return finished

    @contextmanager
    def made_again(
        self, engine: Engine, parameters: BaseModel, recipe: Recipe
    ) -> Iterator[tuple[Path, Mapping[str, str]]]:
        """Has `engine` make a recipe of before, and keeps nothing. Gives the file and where it is made."""
        sources = {name: SourceFile(sha256, self.store.suffix_of(sha256)) for name, sha256 in recipe.sources.items()}
        with disk_trouble_told(self.store.cache), ExitStack() as taken:
            drawn = self._draw(Wanted(engine, parameters, sources), taken)
            _finish(drawn, recipe)
            yield drawn.target, _apart(drawn.answer.facts, engine)[1]

    def _kept(self, wanted: Wanted, recipe: Recipe, taken: ExitStack) -> Callable[[], Made]:
        """Has the engine make it as far as the device is needed. Returns what finishes it and keeps it."""
        engine, drawn = wanted.engine, self._draw(wanted, taken)

        def finished() -> Made:
            _finish(drawn, recipe)
            facts, environment = _apart(drawn.answer.facts, engine)
            artefact = self.store.keep(recipe, drawn.target, engine.suffix, facts, environment)
            if drawn.answer.usage is not None:
                self.store.keep_usage(recipe.fingerprint, drawn.answer.usage)
            if self._ahead:
                self._unclaimed.note(recipe.fingerprint)
            return Made(artefact, reused=False, usage=drawn.answer.usage)

        return finished

    def _draw(self, wanted: Wanted, taken: ExitStack) -> _Drawn:
        """Has the engine make it, as far as the device is needed. What it leaves is there as long as `taken` is."""
        engine = wanted.engine
        if lacks := engine.lacks():
            raise Unavailable(
                f"The {engine.kind} engine `{engine.name}` lacks {', '.join(lack.what for lack in lacks)}.",
                remedy=" ".join(lack.remedy for lack in lacks),
            )
        files = {name: self.store.path_of(source.sha256, source.suffix) for name, source in wanted.sources.items()}
        folder = taken.enter_context(self._bench.place(engine.name))
        target = folder / f"made{engine.suffix}"
        rough = folder / f"rough{engine.rough_suffix}" if engine.rough_suffix else target
        order = Order(engine, wanted.parameters, files, rough)
        return _Drawn(order, target, self._host_of(engine).make(order))


def _finish(drawn: _Drawn, recipe: Recipe) -> None:
    """Makes the finished, signed file out of what the engine left."""
    engine = drawn.order.engine
    finish(drawn.order, drawn.target)
    if not drawn.target.is_file() or drawn.target.stat().st_size == 0:
        raise EngineFailed(f"The {engine.kind} engine `{engine.name}` left nothing behind.")
    if engine.media_type == "image/png":
        _sign(drawn.target, recipe, engine)


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


def _recipe_of(wanted: Wanted) -> Recipe:
    return recipe_for(wanted.engine, wanted.parameters, wanted.sources)


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
