"""The storyboard of a cell: every row of its script as a shot that any image engine can make.

What belongs here: what decides a shot's picture, and in which order. What does not: reading English (see
`visual_reading`), the rules of staging (see `data/staging.yaml`), drawing, or words on screen: `voice_over`, `super`
and copy never reach a look.

A shot's scope bounds what its look may depend on, so that cells share plates: a look of scope `brief` depends on the
brief's own data and its row, one of scope `persona` on the persona besides, and so on. Neighbouring shots are looked
at only where their scope is no wider in what it depends on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from forge_resources.engines.contract import ImageEngine
from forge_resources.engines.registry import engine as registered_engine
from forge_resources.errors import Fault, InvalidInput
from forge_resources.imaging.casting import MOST_PEOPLE, Person
from forge_resources.imaging.direction import direct
from forge_resources.imaging.lexicon import lexicon
from forge_resources.imaging.product_shapes import ProductReading, read_product
from forge_resources.imaging.staging import Facts, Staging, choose, pick, staging
from forge_resources.imaging.visual_reading import VisualReading, read_visual
from forge_resources.library.vocabulary import load_vocabulary
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.pictures import Direction
from forge_resources.schemas.script import Camera, Scope, Script, ScriptRow
from forge_resources.schemas.storyboard import Figure, Shot, ShotLook, Storyboard
from forge_resources.schemas.types import sha256_of

# What a look of each scope may know of.
_KNOWS: dict[Scope, frozenset[Scope]] = {
    "brief": frozenset({"brief"}),
    "persona": frozenset({"brief", "persona"}),
    "market": frozenset({"brief", "market"}),
    "cell": frozenset({"brief", "persona", "market", "cell"}),
}
_ORDER: tuple[Scope, ...] = ("brief", "persona", "market", "cell")


def compose_storyboard(script: Script, brief: CellBrief) -> Storyboard:
    """The shots of `script`, in order, with looks made of the shared vocabulary only.

    Raises InvalidInput, with every place, where a row names something that the vocabulary does not have.
    """
    if faults := list(_strangers(script)):
        raise InvalidInput("The script asks for pictures that cannot be made.", faults=faults)
    director = _Director(script, brief)
    shots = [
        Shot(number=row.shot, duration_s=row.duration_s, beat=row.beat, scope=row.scope, look=director.look(row))
        for row in script.rows
    ]
    return Storyboard(aspect_ratio=brief.market_brief.aspect_ratio, shots=shots)


def shot_seed(brief: CellBrief, scope: Scope, shot: int) -> int:
    """The 63-bit seed of a shot: of the brief's seed, the shot's number, and what its scope names."""
    source: dict[str, str | int] = {"seed": brief.market_brief.seed, "shot": shot}
    if "persona" in _KNOWS[scope]:
        source["persona"] = brief.cell.persona
    if "market" in _KNOWS[scope]:
        source["market"] = brief.cell.market
    return int(sha256_of(source)[:16], 16) >> 1


def cast_seed(brief: CellBrief, scope: Scope) -> int:
    """The 63-bit seed of who plays: the same in all shots for one persona, and in all other shots of equal scope."""
    source: dict[str, str | int] = {"seed": brief.market_brief.seed, "cast": 1}
    if "persona" in _KNOWS[scope]:
        source["persona"] = brief.cell.persona
    elif "market" in _KNOWS[scope]:
        source["market"] = brief.cell.market
    return int(sha256_of(source)[:16], 16) >> 1


def _strangers(script: Script) -> Iterator[Fault]:
    words = load_vocabulary()
    for index, row in enumerate(script.rows):
        named: list[tuple[str, str | None, list[str]]] = [
            ("setting", row.setting, words.settings),
            ("time_of_day", row.time_of_day, words.times_of_day),
            *((f"persons[{i}]", role, words.roles) for i, role in enumerate(row.persons or ())),
            *((f"props[{i}]", prop, words.props) for i, prop in enumerate(row.props or ())),
        ]
        for place, word, known in named:
            if word is not None and word not in known:
                yield Fault(f"rows[{index}].{place}", f"`{word}` is not in the vocabulary; known: {', '.join(known)}")


@dataclass(frozen=True)
class _Scene:
    """A row with its text read and its place and hour settled."""

    row: ScriptRow
    reading: VisualReading
    people: tuple[Person, ...]
    product: str
    setting: str
    time_of_day: str
    seed: int


class _Director:
    """Decides the looks of one storyboard, the more widely shared shots first."""

    def __init__(self, script: Script, brief: CellBrief) -> None:
        self._brief = brief
        self._rules: Staging = staging()
        engine = registered_engine("image", brief.market_brief.engines.image)
        self._directed = isinstance(engine, ImageEngine) and engine.directed
        self._product: ProductReading = read_product(brief.market_brief.product)
        self._readings = {row.shot: read_visual(row.visual, self._product_words(row)) for row in script.rows}
        self._rows = script.rows
        self._scenes = {row.shot: self._scene(row) for row in script.rows}
        self._looks: dict[int, ShotLook] = {}
        for scope in _ORDER:
            for row in script.rows:
                if row.scope == scope:
                    self._looks[row.shot] = self._decide(self._scenes[row.shot])

    def _product_words(self, row: ScriptRow) -> tuple[str, ...]:
        """What stands for the product in a row. A thing that the row lists among its props is that prop, and no
        product of the same kind: the bag that somebody carries is not yet the bag that is sold.
        """
        names = lexicon().props
        props = {phrase for prop in row.props or () for phrase in (prop, *names.get(prop, ()))}
        name, *nouns = self._product.words
        return (name, *(noun for noun in nouns if noun not in props))

    def look(self, row: ScriptRow) -> ShotLook:
        return self._looks[row.shot]

    def _scene(self, row: ScriptRow) -> _Scene:
        reading = self._readings[row.shot]
        seed = shot_seed(self._brief, row.scope, row.shot)
        people = self._cast(row, reading)
        facts: dict[str, str | list[str]] = {
            "beat": row.beat,
            "mentioned": reading.mention,
            "people": _how_many(people),
            "product_shape": self._product.shape,
        }
        # Where a shot plays may depend on whether the product is its hero, and what else is shown of it on the place.
        hero = self._product_state(reading, people, facts, seed) == "hero"
        setting = self._setting(row, hero, seed)
        facts |= {"setting": setting, "place": self._rules.place(setting)}
        product = self._product_state(reading, people, facts, seed)
        return _Scene(row, reading, people, product, setting, self._time_of_day(row, setting, seed), seed)

    def _cast(self, row: ScriptRow, reading: VisualReading) -> tuple[Person, ...]:
        """The people of a row. "She" in a shot made for a persona is the persona."""
        people = _people(row, reading)
        role = self._brief.persona.traits.get("role") if "persona" in _KNOWS[row.scope] else None
        if role and people and people[0].nameless:
            return (replace(people[0], role=role), *people[1:])
        return people

    def _product_state(self, reading: VisualReading, people: tuple[Person, ...], facts: Facts, seed: int) -> str:
        state = reading.product_state or choose(self._rules.product, facts, seed, "product")
        held_by_nobody = state == "held" and (not people or self._product.shape in self._rules.too_large_to_hold)
        return "placed" if held_by_nobody else state

    def _setting(self, row: ScriptRow, hero: bool, seed: int) -> str:
        named = row.setting or self._readings[row.shot].setting
        if named:
            return named
        if hero:
            return pick(self._rules.setting.product, seed, "setting")
        known = [(other.shot, place) for other in self._known(row) if (place := self._named_place(other))]
        if before := [place for shot, place in known if shot < row.shot]:
            return before[-1]
        if "persona" in _KNOWS[row.scope] and (home := self._brief.persona.traits.get("home")):
            return home
        if known:
            return known[0][1]
        # The opening is one place for all shots that name none, so it takes no shot's own seed.
        return pick(self._rules.setting.opening, self._brief.market_brief.seed, "setting")

    def _time_of_day(self, row: ScriptRow, setting: str, seed: int) -> str:
        named = row.time_of_day or self._readings[row.shot].time_of_day
        if named:
            return named
        if setting == "studio":
            return pick(self._rules.time_of_day.studio, seed, "time_of_day")
        hours = {other.shot: other.time_of_day or self._readings[other.shot].time_of_day for other in self._known(row)}
        known = [(shot, hour) for shot, hour in hours.items() if hour]
        if before := [hour for shot, hour in known if shot < row.shot]:
            return before[-1]
        if "persona" in _KNOWS[row.scope] and (hour := self._brief.persona.traits.get("hour")):
            return hour
        if known:
            return known[0][1]
        return pick(self._rules.time_of_day.opening, self._brief.market_brief.seed, "time_of_day")

    def _known(self, row: ScriptRow) -> list[ScriptRow]:
        """The other rows that the look of `row` may depend on, in order."""
        return [other for other in self._rows if other.shot != row.shot and other.scope in _KNOWS[row.scope]]

    def _named_place(self, row: ScriptRow) -> str | None:
        """Where a row says that it plays; a studio is no place to continue in."""
        place = row.setting or self._readings[row.shot].setting
        return None if place == "studio" else place

    def _decide(self, scene: _Scene) -> ShotLook:
        facts: dict[str, str | list[str]] = {
            "beat": scene.row.beat,
            "setting": scene.setting,
            "place": self._rules.place(scene.setting),
            "time_of_day": scene.time_of_day,
            "people": _how_many(scene.people),
            "roles": [person.role for person in scene.people],
            "product": scene.product,
            "product_shape": self._product.shape,
            "mentioned": scene.reading.mention,
        }
        camera = self._camera(scene, facts)
        facts["size"] = camera.size
        facts["props"] = props = self._props(scene, facts)
        light = scene.reading.light or choose(self._rules.light, facts, scene.seed, "light")
        market_brief = self._brief.market_brief
        figures = self._figures(scene, facts)
        return ShotLook(
            description=scene.row.visual,
            camera=camera,
            setting=scene.setting,
            time_of_day=scene.time_of_day,
            light=light,
            figures=figures,
            product=scene.product,
            product_shape=self._product.shape,
            product_name=market_brief.product.name,
            props=props,
            details=self._details(scene),
            palette=market_brief.brand.palette,
            seed=scene.seed,
            cast_seed=cast_seed(self._brief, scene.row.scope) if scene.people else None,
            direction=self._direction(scene, figures),
        )

    def _direction(self, scene: _Scene, figures: list[Figure]) -> Direction | None:
        """What an engine that is directed is told besides, of what the shot may depend on."""
        brief = self._brief.market_brief
        if brief.pictures is None or not self._directed:
            return None
        return direct(
            brief,
            brief.pictures,
            shot=scene.row.shot,
            figures=figures,
            setting=scene.setting,
            product_shown=scene.product != "absent",
            persona=self._brief.cell.persona if "persona" in _KNOWS[scene.row.scope] else None,
        )

    def _camera(self, scene: _Scene, facts: dict[str, str | list[str]]) -> Camera:
        if scene.row.camera:
            return scene.row.camera
        reading = scene.reading
        rules, seed = self._rules, scene.seed
        beside = [look.camera for look in self._looks_beside(scene.row)]
        size = reading.size or choose(rules.size, facts, seed, "size", {camera.size for camera in beside})
        facts = {**facts, "size": size}
        angle = reading.angle or choose(rules.angle, facts, seed, "angle")
        move = reading.move or choose(rules.move, facts, seed, "move", {camera.move for camera in beside})
        return Camera.model_validate({"size": size, "angle": angle, "move": move})

    def _looks_beside(self, row: ScriptRow) -> list[ShotLook]:
        """The looks of the shots before and after that are decided and that this one may know of."""
        known = {other.shot for other in self._known(row)}
        shots = (row.shot - 1, row.shot + 1)
        return [self._looks[shot] for shot in shots if shot in known and shot in self._looks]

    def _props(self, scene: _Scene, facts: dict[str, str | list[str]]) -> list[str]:
        if scene.row.props is not None:
            return list(dict.fromkeys(scene.row.props))
        if scene.reading.props:
            return list(scene.reading.props)
        dressing = choose(self._rules.props, {**facts, "props": []}, scene.seed, "props")
        return [] if dressing == "none" else [dressing]

    def _figures(self, scene: _Scene, facts: dict[str, str | list[str]]) -> list[Figure]:
        figures = []
        loose = list(scene.reading.loose_poses)
        for i, person in enumerate(scene.people):
            pose = person.pose or (loose.pop(0) if loose else None)
            if pose is None:
                pose = choose(self._rules.pose, {**facts, "role": person.role}, scene.seed, f"pose {i}")
            figures.append(Figure(role=person.role, pose=pose))
        return figures

    def _details(self, scene: _Scene) -> list[str]:
        """What shows of the market: its skyline or its windows, where the scope lets a picture differ by market."""
        if "market" not in _KNOWS[scene.row.scope]:
            return []
        traits = self._brief.market_brief.market.traits
        shown = [trait for trait, settings in self._rules.details.items() if scene.setting in settings]
        return [traits[trait] for trait in shown if trait in traits]


def _people(row: ScriptRow, reading: VisualReading) -> tuple[Person, ...]:
    """The row's own people with the poses that the text gives to their like, or the people of the text."""
    if row.persons is None:
        return (reading.people or ())[:MOST_PEOPLE]
    told = list(reading.people or ())
    cast: list[Person] = []
    for role in row.persons:
        same = next((person for person in told if person.role == role), None)
        if same:
            told.remove(same)
        cast.append(same or Person(role))
    # Somebody whom the text calls by another word ("Ana yawns", "she yawns") is the first without a pose.
    for person in (person for person in told if person.pose):
        free = next((i for i, one in enumerate(cast) if one.pose is None), None)
        if free is not None:
            cast[free] = Person(cast[free].role, person.pose)
    return tuple(cast)


def _how_many(people: tuple[Person, ...]) -> str:
    return ("none", "one", "some", "some")[len(people)] if len(people) < 4 else "many"
