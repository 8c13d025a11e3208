"""Staging: the picture side of the rows that the draft writer composes.

What belongs here: choosing camera, scene, hour, light, persons and props of each row. What does not: the scenes
themselves (see `data/scenes.yaml`), or words spoken and shown.

What a picture may depend on is the point of this module. Cameras come from the structure, the tone and the seed alone,
so that neighbours differ in size in every cell. Heroes and closings see nothing but those and the product; establishing
shots see the market besides, human shots the persona besides. Nothing here sees language or seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forge_resources.library.vocabulary import load_vocabulary
from forge_resources.schemas.audience import Traits
from forge_resources.schemas.script import Camera, CameraMove, Scope, ShotSize
from forge_resources.schemas.types import Document, Slug
from forge_resources.writing.draws import pick, shuffled
from forge_resources.writing.scenes import FAR, NEAR, EstablishingScene, HeroScene, HumanScene, Scenes, load_scenes
from forge_resources.writing.structures import SCOPES, PlanRow
from forge_resources.writing.tones import Tone, load_tones


class Campaign(Document):
    """What every picture may depend on. `product` is its name."""

    product: str
    tone: list[Slug]
    seed: int

    @property
    def leading_tone(self) -> Tone:
        return load_tones().tones[self.tone[0]]

    @property
    def tones(self) -> list[Tone]:
        return [load_tones().tones[slug] for slug in self.tone]


class Place(Document):
    """What an establishing shot may depend on besides."""

    country: str
    traits: Traits


class Portrait(Document):
    """What a human shot may depend on besides. Every trait that scenes use is decided here."""

    persona: Slug
    traits: Traits

    def trait(self, name: str) -> str:
        """The persona's trait; where it has none, one of those it may have, drawn by the persona's slug."""
        may_have = load_scenes().homes if name == "home" else load_vocabulary().traits[name]
        return self.traits.get(name) or pick(may_have, "trait", name, self.persona)


@dataclass(frozen=True)
class Picture:
    """The picture side of a row."""

    visual: str
    scope: Scope
    camera: Camera
    setting: str
    time_of_day: str
    persons: list[str]
    props: list[str]


def stage(plan: Sequence[PlanRow], campaign: Campaign, place: Place, portrait: Portrait) -> list[Picture]:
    """A picture for every row of `plan`, in its order."""
    scenes = load_scenes()
    heroes = _heroes(plan, campaign, scenes)
    cameras = _cameras(plan, heroes, campaign)
    establishing = iter(_establishing(plan, campaign, scenes))
    cast = _Cast(scenes, campaign, portrait)
    pictures = []
    for number, (row, hero, camera) in enumerate(zip(plan, heroes, cameras, strict=True)):
        if hero:
            pictures.append(_hero_picture(row, hero, camera, number, campaign, scenes))
        elif row.scene == "establishing":
            pictures.append(_establishing_picture(next(establishing), camera, number, campaign, place, scenes))
        else:
            pictures.append(cast.picture(row, camera, number))
    return pictures


def _heroes(plan: Sequence[PlanRow], campaign: Campaign, scenes: Scenes) -> list[HeroScene | None]:
    """A set-up of its own for every picture of the product; neighbours differ in size, `None` where there is none."""
    left = shuffled(scenes.heroes, "hero", campaign.product, campaign.seed, *campaign.tone)
    chosen: list[HeroScene | None] = []
    for row in plan:
        before = chosen[-1] if chosen else None
        options: list[HeroScene] = []
        if row.scene == "closing":
            options = shuffled(scenes.closings, "closing", campaign.product, campaign.seed, *campaign.tone)
        elif row.scene == "hero":
            options = left
        fitting = [scene for scene in options if before is None or scene.size != before.size]
        chosen.append(fitting[0] if fitting else None)
        if row.scene == "hero" and fitting:
            left.remove(fitting[0])
    return chosen


_HUMAN_SIZES: tuple[ShotSize, ...] = (*NEAR, *FAR)
_ESTABLISHING_SIZES: tuple[ShotSize, ...] = ("extreme-wide", "wide")


def _cameras(plan: Sequence[PlanRow], heroes: Sequence[HeroScene | None], campaign: Campaign) -> list[Camera]:
    cameras: list[Camera] = []
    for number, (row, hero) in enumerate(zip(plan, heroes, strict=True)):
        before = cameras[-1] if cameras else None
        move = _move(number, before.move if before else None, campaign)
        if hero:
            cameras.append(Camera(size=hero.size, angle=hero.angle, move=move))
            continue
        after = heroes[number + 1] if number + 1 < len(plan) else None
        taken = {before.size if before else None, after.size if after else None}
        sizes = _ESTABLISHING_SIZES if row.scene == "establishing" else _HUMAN_SIZES
        size = pick([size for size in sizes if size not in taken], "size", number, campaign.seed, *campaign.tone)
        angles = ["eye", *campaign.leading_tone.angles] if row.scene == "human" else ["eye", "high"]
        angle = pick(angles, "angle", number, campaign.seed, *campaign.tone)
        cameras.append(Camera(size=size, angle=angle, move=move))
    return cameras


def _move(number: int, before: CameraMove | None, campaign: Campaign) -> CameraMove:
    moves = list(dict.fromkeys(move for tone in campaign.tones for move in tone.moves))
    return pick([move for move in moves if move != before], "move", number, campaign.seed, *campaign.tone)


def _light(setting: str, hour: str, campaign: Campaign, scenes: Scenes) -> str:
    """The light the tone prefers among those there are in that place at that hour."""
    there = scenes.lights_in(setting, hour)
    preferred = [light for tone in campaign.tones for light in tone.lights]
    return next((light for light in preferred if light in there), there[0])


def _hour(number: int, campaign: Campaign) -> str:
    hours = list(dict.fromkeys(hour for tone in campaign.tones for hour in tone.hours))
    return pick(hours, "hour", number, campaign.seed)


def _hero_picture(
    row: PlanRow, hero: HeroScene, camera: Camera, number: int, campaign: Campaign, scenes: Scenes
) -> Picture:
    # A studio has no hour of its own: it is lit as the tone's first hour.
    hour = campaign.leading_tone.hours[0] if hero.setting == "studio" else _hour(number, campaign)
    light = _light(hero.setting, hour, campaign, scenes)
    visual = _sentence(hero.visual, scenes, hour=hour, light=light, product=campaign.product)
    return Picture(visual, SCOPES[row.scene], camera, hero.setting, hour, [], [])


def _establishing(plan: Sequence[PlanRow], campaign: Campaign, scenes: Scenes) -> list[EstablishingScene]:
    wanted = sum(row.scene == "establishing" for row in plan)
    return shuffled(scenes.establishing, "establishing", campaign.seed, *campaign.tone)[:wanted]


def _establishing_picture(
    scene: EstablishingScene, camera: Camera, number: int, campaign: Campaign, place: Place, scenes: Scenes
) -> Picture:
    hour = _hour(number, campaign)
    window = scenes.words.windows.get(place.traits.get("window", ""), "a window")
    visual = _sentence(
        scene.visual,
        scenes,
        hour=hour,
        light=_light(scene.setting, hour, campaign, scenes),
        country=scenes.words.country(place.country),
        window=window,
    )
    return Picture(visual, "market", camera, scene.setting, hour, [], [])


class _Cast:
    """Stages the human shots of one persona; no scene is used twice while others are left."""

    def __init__(self, scenes: Scenes, campaign: Campaign, portrait: Portrait) -> None:
        self._scenes, self._campaign, self._portrait = scenes, campaign, portrait
        self._used: list[HumanScene] = []
        self._companion = portrait.trait("companion")

    def picture(self, row: PlanRow, camera: Camera, number: int) -> Picture:
        hopeful = row.beat in ("product", "proof")
        scene = self._scene(hopeful, camera, number)
        setting = self._portrait.trait(scene.place) if scene.place in ("home", "out") else scene.place
        hour = self._portrait.trait("hour")
        hour = self._scenes.later[hour] if hopeful else hour
        prop = self._prop(scene)
        persons = [self._portrait.trait("role")] + ([self._companion] if scene.companion else [])
        words = self._scenes.words
        visual = _sentence(
            scene.visual,
            self._scenes,
            hour=hour,
            light=_light(setting, hour, self._campaign, self._scenes),
            product=self._campaign.product,
            who=words.roles[persons[0]],
            companion=words.roles[persons[-1]] if persons[-1] != persons[0] else f"another {persons[0]}",
            place=words.places[setting],
            prop=words.props[prop],
            stance=words.stances.get(setting, "stands"),
        )
        props = list(dict.fromkeys(prop if name == "prop" else name for name in scene.props))
        return Picture(visual, "persona", camera, setting, hour, persons, props)

    def _scene(self, hopeful: bool, camera: Camera, number: int) -> HumanScene:
        source = (
            self._scenes.wishes[self._portrait.trait("wish")]  # type: ignore[index]
            if hopeful
            else self._scenes.worries[self._portrait.trait("worry")]  # type: ignore[index]
        )
        frame = "near" if camera.size in NEAR else "far"
        playable = [scene for scene in source if not scene.companion or self._companion != "none"]
        drawn = shuffled(playable, "human", number, self._portrait.persona, self._campaign.seed, *self._campaign.tone)
        # Best: fresh and in the right frame; then fresh; then the right frame again, seen by another camera.
        for options in (
            [scene for scene in drawn if scene not in self._used and scene.frame == frame],
            [scene for scene in drawn if scene not in self._used],
            [scene for scene in drawn if scene.frame == frame],
        ):
            if options:
                self._used.append(options[0])
                return options[0]
        raise AssertionError("the contract of scenes.yaml leaves no worry or wish without a near and a far scene")

    def _prop(self, scene: HumanScene) -> str:
        """The persona's own prop, or one by seed where the scene has that already."""
        own = self._portrait.trait("prop")
        if own not in scene.props:
            return own
        others = [prop for prop in load_vocabulary().traits["prop"] if prop not in scene.props]
        return pick(others, "prop", self._portrait.persona)


def _sentence(template: str, scenes: Scenes, *, hour: str, light: str, **slots: str) -> str:
    words = scenes.words
    filled = template.format(hour=words.hours[hour], light=words.lights[light], **slots)
    return filled[0].upper() + filled[1:] + "."
