"""The direction of a shot: what of a look and an order it gets, for engines that are directed.

What belongs here: choosing by shot, role, persona and setting. What does not: words for prompts (see `prompts`), or
what a shot shows (see `storyboard`).

Product and style are those of the whole spot. A character is bound to a role; a character that is bound to personas
appears only in shots made for one of them, so that shots which cells share stay equal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forge_resources.schemas.brief import MarketBrief
from forge_resources.schemas.pictures import Character, Direction, Look, PictureSettings, Reference, ResolvedPictures
from forge_resources.schemas.storyboard import Figure
from forge_resources.schemas.types import Slug


def direct(
    brief: MarketBrief,
    order: ResolvedPictures,
    *,
    shot: int,
    figures: Sequence[Figure],
    setting: Slug,
    product_shown: bool,
    persona: Slug | None,
) -> Direction:
    """The direction of a shot. `persona` is None where the shot may not depend on one."""
    look = order.look_entry
    people = [_character(look, figure.role, persona) for figure in figures]
    place = look.locations.get(setting) if look else None
    own = next((one for one in order.shots if one.shot == shot), None)
    return Direction(
        settings=_settings(order, look),
        product=look.product.description if look and look.product else brief.product.description,
        style=look.style if look else None,
        negative=look.negative if look else None,
        lens=look.lens if look else None,
        people=[person.description if person else None for person in people],
        place=place.description if place else None,
        references=list(_references(brief, look, people, setting, product_shown)),
        start=own.start if own else None,
        strength=own.strength if own else None,
        mask=own.mask if own else None,
        control=own.control if own else [],
    )


def _settings(order: ResolvedPictures, look: Look | None) -> PictureSettings:
    """The order's settings; LoRAs of the look come first, and one that both name counts as the order says."""
    named = {lora.name for lora in order.loras}
    loras = [lora for lora in (look.loras if look else []) if lora.name not in named]
    return order.settings.model_copy(update={"loras": [*loras, *order.loras]})


def _character(look: Look | None, role: Slug, persona: Slug | None) -> Character | None:
    if look is None:
        return None
    playing = [one for one in look.characters.values() if one.role == role]
    bound = [one for one in playing if persona is not None and persona in one.personas]
    free = [one for one in playing if not one.personas]
    return next(iter([*bound, *free]), None)


def _references(
    brief: MarketBrief, look: Look | None, people: Sequence[Character | None], setting: Slug, product_shown: bool
) -> Iterator[Reference]:
    if product_shown:
        own = look.product.references if look and look.product else []
        for picture in own or brief.product_images:
            yield Reference(role="product", name="product", picture=picture)
    if look is None:
        return
    for slug, character in look.characters.items():
        if any(character is person for person in people):
            for picture in character.references:
                yield Reference(role="character", name=slug, picture=picture)
    if place := look.locations.get(setting):
        for picture in place.references:
            yield Reference(role="location", name=setting, picture=picture)
