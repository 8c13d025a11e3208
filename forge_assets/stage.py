"""What every stage of the graph has in common: partitioning, storage, ownership, versions, errors, progress.

What belongs here: the `stage` decorator and how a stage's result is shown in the UI. What does not: any stage.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar, cast

import dagster as dg

from forge_assets.external import OWNERS
from forge_assets.keys import key_of, name_of
from forge_assets.logged import step_logged
from forge_assets.partitions import CELL
from forge_resources.adapters.failures import failure_of
from forge_resources.adapters.resources import StudioResource
from forge_resources.engines.registry import engine
from forge_resources.errors import ForgeError
from forge_resources.progress import OnStep, Progress, Throttled, report, steps_of
from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.deliverables import Deliverables, Spot
from forge_resources.schemas.recipe import RecipesUsed
from forge_resources.schemas.storyboard import Frames
from forge_resources.schemas.types import Document
from forge_resources.secrets import without_secrets
from forge_resources.store.tally import Tally
from forge_resources.studio import Studio

GPU_POOL = "gpu"
USED_DRAWER = "recipes_used"
EVENT_EVERY_S = 10.0
"""Denoising steps are many; the event log keeps every one that it is told."""

P = ParamSpec("P")
R = TypeVar("R")


def stage(
    *,
    group: str,
    kinds: set[str],
    revision: int,
    engines: Sequence[str] = (),
    gpu: bool = False,
    deps: Sequence[dg.AssetDep | dg.AssetSpec] = (),
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Makes a function an asset of the cell.

    Raise `revision` when the function's own work changes. `engines` are the edit engines whose version counts too;
    those that a brief chooses are counted in its market brief. `gpu` puts the stage into the pool of the device.
    """

    def decorate(function: Callable[..., Any]) -> dg.AssetsDefinition:
        name = function.__name__
        documents = [given for given in inspect.signature(function).parameters if given not in ("context", "studio")]
        # A step of its own name, because a job is called `storyboard` too and Dagster allows one of each name.
        return dg.multi_asset(
            name=f"make_{name}",
            ins={given: dg.AssetIn(key=key_of(given)) for given in documents},
            outs={
                name: dg.AssetOut(
                    key=key_of(name),
                    description=function.__doc__,
                    group_name=group,
                    kinds=kinds,
                    owners=OWNERS,
                    io_manager_key="documents",
                    code_version=code_version(revision, engines),
                )
            },
            partitions_def=CELL,
            pool=GPU_POOL if gpu else None,
            deps=list(deps),
        )(told(_noted(function)))

    return decorate


def code_version(revision: int, engines: Sequence[str]) -> str:
    """`<revision>` and the versions of the edit engines that count, such as `1 render-1`."""
    return " ".join([str(revision), *(f"{name}-{engine('edit', name).version}" for name in engines)])


@contextmanager
def noting(house: Studio, cell: CellKey, name: str) -> Iterator[None]:
    """Files which recipes a stage or gate of a cell used, if the block ends well."""
    with house.workshop.noting() as used:
        yield
    house.cabinet.write(USED_DRAWER, f"{cell.path}/{name}", RecipesUsed(recipes=sorted(used)))


def _noted(function: Callable[P, R]) -> Callable[P, R]:
    """Files which recipes a stage used: what a document took from an artefact without naming it must be kept too."""
    if "studio" not in inspect.signature(function).parameters:
        return function

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        context, house = cast("dg.AssetExecutionContext", args[0]), cast("StudioResource", kwargs["studio"]).studio
        with noting(house, cell_of(context), stage_name(context)):
            return function(*args, **kwargs)

    return with_types(wrapper, function)


def told(function: Callable[P, R]) -> Callable[P, R]:
    """Turns an error of the Forge family into a failure of Dagster's."""

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with step_logged(args, kwargs):
                return function(*args, **kwargs)
        except ForgeError as error:
            # What an engine itself raised keeps its traceback in the event log.
            raise failure_of(error) from without_secrets(error.__cause__)
        except Exception as error:
            clean = without_secrets(error)
            if clean is error or clean is None:
                raise
            raise clean from None

    return with_types(wrapper, function)


def with_types(function: Callable[P, R], like: Callable[..., Any]) -> Callable[P, R]:
    """`function` with the types of `like` as objects: Dagster does not resolve names in another module's strings."""
    signature = inspect.signature(like, eval_str=True)
    function.__signature__ = signature  # type: ignore[attr-defined]
    function.__annotations__ = {name: parameter.annotation for name, parameter in signature.parameters.items()}
    function.__annotations__["return"] = signature.return_annotation
    return function


def cell_of(context: dg.AssetExecutionContext) -> CellKey:
    """The cell that is being made."""
    return CellKey.parse(context.partition_key)


def stage_name(context: dg.AssetExecutionContext) -> str:
    """The stage that is being made, such as `frames`."""
    return name_of(context.assets_def.key)


def steps(context: dg.AssetExecutionContext) -> OnStep:
    """Reports the steps of the stage that is being made; what takes long inside of one is in the event log too."""
    return steps_of(context.partition_key, stage_name(context), also=Throttled(context.log.info, EVENT_EVERY_S))


def version_of(document: Document) -> str:
    """The data version of a stage's document: the hash of what counts in it, which mostly is all of it."""
    return document.version() if isinstance(document, Frames | Spot | Deliverables) else document.content_hash()


def result(
    context: dg.AssetExecutionContext,
    document: Document,
    *,
    tally: Tally | None = None,
    **metadata: Any,
) -> dg.MaterializeResult[Any]:
    """A stage's document with its data version (a hash of its content) and what the UI shows of it."""
    if tally is not None:
        metadata |= {"recipes": len(tally.fingerprints), "made": tally.made, "reused": tally.reused}
        if tally.usage is not None:
            metadata |= tally.usage.figures()
    report(Progress(context.partition_key, stage_name(context), 1, 1, "done"))
    return dg.MaterializeResult(
        value=document,
        metadata=metadata,
        data_version=dg.DataVersion(version_of(document)),
    )
