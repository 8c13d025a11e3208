"""Scenes: what the shots of a spot show, as data.

What belongs here: the contract and loading of `data/scenes.yaml`, and its words for what the vocabulary names. What
does not: choosing a scene for a row (see `staging`).
"""

from __future__ import annotations

import re
from functools import cache
from typing import Annotated, Literal

from babel import Locale
from pydantic import Field, model_validator

from forge_resources.library.vocabulary import load_vocabulary
from forge_resources.schemas.script import Angle, ShotSize
from forge_resources.schemas.types import CountryCode, Document, Line, Slug
from forge_resources.writing.data_files import read_data
from forge_resources.writing.phrases import WISHES, WORRIES, Wish, Worry

_SLOTS = re.compile(r"\{([^}]*)\}")
NEAR: tuple[ShotSize, ...] = ("medium", "close-up")
FAR: tuple[ShotSize, ...] = ("full", "wide")


class HeroScene(Document):
    """The product in a set-up of its own. Slots: {product} {hour} {light}."""

    size: ShotSize
    angle: Angle
    setting: Slug
    visual: Line


class EstablishingScene(Document):
    """The market's skyline or window. Slots: {country} {window} {hour} {light}."""

    shows: Literal["skyline", "window"]
    setting: Slug
    visual: Line


class HumanScene(Document):
    """The persona. `place` is `home`, `out` or a setting; `near` is framed medium or close, `far` full or wide."""

    frame: Literal["near", "far"]
    place: Slug
    props: list[Slug]
    companion: bool = False
    visual: Line


class Words(Document):
    """English words for the slugs of the vocabulary, as they stand in a sentence."""

    roles: dict[Slug, str]
    props: dict[Slug, str]
    places: dict[Slug, str]
    hours: dict[Slug, str]
    lights: dict[Slug, str]
    windows: dict[Slug, str]
    stances: dict[Slug, str]
    countries_with_article: list[CountryCode]

    def country(self, code: str) -> str:
        """The English name of a country as it follows `in`, such as `Germany` or `the United Kingdom`."""
        name = Locale("en").territories.get(code, code)
        return f"the {name}" if code in self.countries_with_article else str(name)


LightsByHour = dict[Slug, Annotated[list[Slug], Field(min_length=1)]]


class Scenes(Document):
    """`rooms` and `open_air` have the lights there are at each hour; `later` the hour a story comes to next."""

    words: Words
    rooms: LightsByHour
    open_air: LightsByHour
    open_air_settings: list[Slug]
    later: dict[Slug, Slug]
    homes: Annotated[list[Slug], Field(min_length=1)]
    heroes: Annotated[list[HeroScene], Field(min_length=1)]
    closings: Annotated[list[HeroScene], Field(min_length=1)]
    establishing: Annotated[list[EstablishingScene], Field(min_length=1)]
    worries: dict[Worry, list[HumanScene]]
    wishes: dict[Wish, list[HumanScene]]

    @model_validator(mode="after")
    def _uses_the_vocabulary(self) -> Scenes:
        vocabulary = load_vocabulary()
        human = self.human
        hours = {*self.words.hours, *self.rooms, *self.open_air, *self.later, *self.later.values()}
        lights = {*self.words.lights, *self._lit_by}
        products_and_places: list[HeroScene | EstablishingScene] = [*self.heroes, *self.closings, *self.establishing]
        used: dict[str, tuple[set[str], set[str]]] = {
            "roles": (set(self.words.roles), set(vocabulary.roles)),
            "props": (
                {*self.words.props, *(prop for scene in human for prop in scene.props)},
                {*vocabulary.props, "prop"},
            ),
            "settings": (
                {*self.words.places, *self.words.stances, *(scene.place for scene in human)}
                | {*self.open_air_settings, *self.homes, *(scene.setting for scene in products_and_places)},
                {*vocabulary.settings, "home", "out"},
            ),
            "times of day": (hours, set(vocabulary.times_of_day)),
            "lights": (lights, set(vocabulary.lights)),
            "windows": (set(self.words.windows), set(vocabulary.details)),
        }
        for name, (words, known) in used.items():
            if strangers := words - known:
                raise ValueError(f"{name} that the vocabulary does not have: {', '.join(sorted(strangers))}")
        return self

    @model_validator(mode="after")
    def _covers_everything(self) -> Scenes:
        if missing := sorted({*WORRIES, *WISHES} - {*self.worries, *self.wishes}):
            raise ValueError(f"no scenes for {', '.join(missing)}")
        for scenes in [*self.worries.values(), *self.wishes.values()]:
            if {scene.frame for scene in scenes if not scene.companion} != {"near", "far"}:
                raise ValueError("a worry or wish needs a near and a far scene that any persona can play")
        cameras = [(scene.size, scene.angle) for scene in [*self.heroes, *self.closings]]
        if len(set(cameras)) != len(cameras):
            raise ValueError("two pictures of the product share size and angle")
        return self

    @model_validator(mode="after")
    def _slots_are_known(self) -> Scenes:
        known = {"who", "companion", "place", "hour", "light", "prop", "product", "country", "window", "stance"}
        visuals = [scene.visual for scene in [*self.heroes, *self.closings]]
        visuals += [scene.visual for scene in self.establishing] + [scene.visual for scene in self.human]
        for visual in visuals:
            if unknown := set(_SLOTS.findall(visual)) - known:
                raise ValueError(f"unknown slot {{{sorted(unknown)[0]}}} in: {visual}")
        return self

    @property
    def _lit_by(self) -> set[str]:
        return {light for hours in (self.rooms, self.open_air) for lights in hours.values() for light in lights}

    def lights_in(self, setting: str, hour: str) -> list[str]:
        """The lights there are in a setting at an hour; a studio can have all that rooms ever have."""
        if setting == "studio":
            return sorted({light for lights in self.rooms.values() for light in lights})
        return (self.open_air if setting in self.open_air_settings else self.rooms)[hour]

    @property
    def human(self) -> list[HumanScene]:
        """All scenes that a persona plays."""
        return [scene for scenes in [*self.worries.values(), *self.wishes.values()] for scene in scenes]


@cache
def load_scenes() -> Scenes:
    """`data/scenes.yaml`. Raises InvalidInput with every fault."""
    return read_data(Scenes, "scenes.yaml")
