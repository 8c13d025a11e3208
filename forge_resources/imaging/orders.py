"""The key `pictures` of a brief: what is wrong with it, and what becomes of it for a market.

What belongs here: checking and resolving the order. What does not: what a model takes (an engine says), or how a shot
is directed (see `direction`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import cast

from pydantic import ValidationError
from upath import UPath

from forge_resources.briefs.reference_pictures import read_picture
from forge_resources.engines.contract import ImageEngine
from forge_resources.engines.registry import engine as registered_engine
from forge_resources.errors import Fault, InvalidInput
from forge_resources.imaging.looks import ShelvedLook, parts_of, with_names
from forge_resources.library.validation import nearest_names
from forge_resources.schemas.brief import Brief
from forge_resources.schemas.pictures import (
    VARIABLES,
    ControlOrder,
    Look,
    PictureOrder,
    PictureSettings,
    ResolvedPictures,
    ShotOrder,
    deployment_settings,
)
from forge_resources.store.artefacts import ArtefactStore


def image_engine(brief: Brief, default: str) -> ImageEngine:
    """The image engine that makes a brief's plates."""
    return cast("ImageEngine", registered_engine("image", brief.engines.image or default))


def picture_paths(order: PictureOrder) -> Iterator[tuple[str, str]]:
    """The pictures that an order names, with the place of each."""
    for index, shot in enumerate(order.shots):
        place = f"pictures.shots[{index}]"
        if shot.start:
            yield f"{place}.start", shot.start
        if shot.mask:
            yield f"{place}.mask", shot.mask
        for number, control in enumerate(shot.control):
            yield f"{place}.control[{number}].picture", control.picture


def order_faults(brief: Brief, engine: ImageEngine, looks: Mapping[str, ShelvedLook]) -> Iterator[Fault]:
    """What is wrong with a brief's order, with every place."""
    order = brief.pictures
    if order is None:
        return
    if order.look is not None and order.look not in looks:
        near = nearest_names(order.look, looks) or sorted(looks)
        yield Fault("pictures.look", f"unknown look `{order.look}`; known: {', '.join(near)}")
    for index, choice in enumerate(order.choose):
        place = f"pictures.choose[{index}]"
        if choice.take > order.takes:
            yield Fault(f"{place}.take", f"there are {order.takes} takes of a shot")
        if choice.market is not None and choice.market not in brief.markets:
            yield Fault(f"{place}.market", f"{choice.market} is not among the brief's markets")
        if choice.persona is not None and choice.persona not in brief.personas:
            yield Fault(f"{place}.persona", f"{choice.persona} is not among the brief's personas")
    if brief.origin:
        for index, shot in enumerate(order.shots):
            if shot.shot > len(brief.origin.script):
                yield Fault(f"pictures.shots[{index}].shot", f"the script has {len(brief.origin.script)} shots")
    settled = order.model_copy(update=_defaults(order, os.environ)) if engine.directed else order
    for fault in engine.order_faults(settled):
        yield Fault(f"pictures.{fault.place}" if fault.place else "pictures", fault.message)


def resolve_order(
    brief: Brief,
    market: str,
    engine: ImageEngine,
    pictures: Mapping[str, str],
    looks: Mapping[str, ShelvedLook],
    store: ArtefactStore,
    environment: Mapping[str, str] = os.environ,
) -> ResolvedPictures | None:
    """The order for one market, or None where there is none and the engine needs none.

    `pictures` has the name in the store of every picture that the brief names. Raises InvalidInput.
    """
    if brief.pictures is None and not engine.directed:
        return None
    order = brief.pictures or PictureOrder()
    if engine.directed:
        order = order.model_copy(update=_defaults(order, environment))
    shelved = looks.get(order.look) if order.look else None
    look = _look_in_store(shelved, store) if shelved else None
    return ResolvedPictures(
        **order.model_dump(exclude={"shots", "choose"}),
        shots=[_named(shot, pictures) for shot in order.shots],
        choose=[choice for choice in order.choose if choice.market in (None, market)],
        look_entry=look,
    )


def _defaults(order: PictureSettings, environment: Mapping[str, str]) -> dict[str, str]:
    """The deployment's choices for what the order leaves open. Raises InvalidInput for what cannot be."""
    chosen = {name: value for name, value in deployment_settings(environment).items() if getattr(order, name) is None}
    try:
        PictureSettings.model_validate(chosen)
    except ValidationError as error:
        wrong = VARIABLES[str(error.errors()[0]["loc"][0])]
        raise InvalidInput(f"{wrong} is `{environment[wrong]}`: {error.errors()[0]['msg']}.") from None
    return chosen


def _named(shot: ShotOrder, names: Mapping[str, str]) -> ShotOrder:
    control = [_control(one, names) for one in shot.control]
    start, mask = (names[path] if path else None for path in (shot.start, shot.mask))
    return shot.model_copy(update={"start": start, "mask": mask, "control": control})


def _control(order: ControlOrder, names: Mapping[str, str]) -> ControlOrder:
    return order.model_copy(update={"picture": names[order.picture]})


def _look_in_store(shelved: ShelvedLook, store: ArtefactStore) -> Look:
    """The look with its pictures taken into the store, checked as those of a brief are."""
    names: dict[str, str] = {}
    for place, part in parts_of(shelved.look):
        for path in part.references:
            try:
                picture = read_picture(path, UPath(shelved.folder))
            except InvalidInput as refused:
                raise InvalidInput(
                    "A look's picture cannot be used.", faults=[Fault(f"{shelved.file}: {place}", refused.message)]
                ) from None
            names[path] = store.take_in(picture.data, picture.suffix) + picture.suffix
    return with_names(shelved.look, names)
