"""Making an artefact again from its recipe, and saying how like it comes out.

What belongs here: finding the recipe, the verdict, and what differs in the environment. What does not: keeping what is
made again: the store stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from forge_resources.engines.registry import engine as registered_engine
from forge_resources.errors import Fault, InvalidInput, NotFound
from forge_resources.library.validation import faults_of
from forge_resources.schemas.recipe import Recipe
from forge_resources.schemas.types import Document
from forge_resources.store.artefacts import MadeRecord
from forge_resources.store.files import sha256_of_file
from forge_resources.store.likeness import likeness_of
from forge_resources.store.picture_recipe import read_recipe
from forge_resources.store.workshop import Workshop

Verdict = Literal["bit-equal", "perceptually equal", "different"]
SHORTEST_HASH = 6


class Change(Document):
    """Something of the environment that is not as it was; empty where it was, or is, not there."""

    what: str
    then: str
    now: str


class Replayed(Document):
    """What came of a replay. `figure` is in `measure`, where the media type has one."""

    artefact: str
    engine: str
    seed: int | None
    verdict: Verdict
    measure: str
    figure: float | None
    made: str
    changes: list[Change]


class _Original(Document):
    """What is replayed: its recipe, its hash, and where it was made if that is recorded."""

    sha256: str
    recipe: Recipe
    environment: dict[str, str] | None


def replay(workshop: Workshop, artefact: str, out: Path | None = None) -> Replayed:
    """Makes an artefact again. `artefact` is a file, or the beginning of a SHA-256 of the store.

    `out` keeps what was made. Raises NotFound, InvalidInput for a recipe that the engine no longer takes, and what
    making raises.
    """
    original, file = _original(workshop, artefact)
    recipe = original.recipe
    engine = registered_engine(recipe.kind, recipe.engine)
    try:
        parameters = engine.Parameters.model_validate(recipe.parameters)
    except ValidationError as error:
        raise InvalidInput(
            f"The recipe is of version {recipe.version} of the {recipe.kind} engine `{recipe.engine}`; version "
            f"{engine.version} does not take it.",
            faults=[Fault(fault.place, fault.message) for fault in faults_of(error, "parameters", engine.Parameters)],
        ) from None
    with workshop.made_again(engine, parameters, recipe) as (made, environment):
        made_hash = sha256_of_file(made)
        measured = likeness_of(file, made, recipe.media_type)
        verdict: Verdict = "perceptually equal" if measured.equal else "different"
        if made_hash == sha256_of_file(file):
            verdict = "bit-equal"
        if out is not None:
            out.write_bytes(made.read_bytes())
    then = dict(original.environment or {})
    then |= {f"engine {recipe.engine}": recipe.version}
    now = {**environment, f"engine {recipe.engine}": engine.version}
    seed = recipe.parameters.get("seed")
    return Replayed(
        artefact=original.sha256,
        engine=f"{recipe.kind} {recipe.engine}",
        seed=seed if isinstance(seed, int) else None,
        verdict=verdict,
        measure=measured.measure,
        figure=measured.figure,
        made=made_hash,
        changes=_changes(then, now) if original.environment is not None else [],
    )


def _original(workshop: Workshop, artefact: str) -> tuple[_Original, Path]:
    path = Path(artefact)
    if path.is_file():
        sha256 = sha256_of_file(path)
        try:
            return _of_record(workshop.store.record_of(sha256)), path
        except NotFound:
            recipe = read_recipe(path)
        if recipe is None:
            raise NotFound(
                f"{path.name} has no recipe, in itself or in this store.",
                remedy="Name a file that Forge made, or point FORGE_STORE at the store that it comes from.",
            )
        return _Original(sha256=sha256, recipe=recipe, environment=None), path
    sha256 = workshop.store.hash_beginning(artefact.lower(), SHORTEST_HASH)
    record = workshop.store.record_of(sha256)
    return _of_record(record), workshop.store.path(record.artefact)


def _of_record(record: MadeRecord) -> _Original:
    return _Original(sha256=record.artefact.sha256, recipe=record.recipe, environment=record.environment or None)


def _changes(then: Mapping[str, str], now: Mapping[str, str]) -> list[Change]:
    return [
        Change(what=name, then=then.get(name, ""), now=now.get(name, ""))
        for name in sorted({*then, *now})
        if then.get(name) != now.get(name)
    ]
