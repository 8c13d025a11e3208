"""Choices of staging by rule and seed, from `data/staging.yaml`.

What belongs here: the contract of the rules, and choosing by them. What does not: the facts of a shot, or the order in
which its parts are decided (see `storyboard`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, TypeAlias, get_args

from pydantic import Field, model_validator

from forge_resources.editing.data_files import read_document
from forge_resources.imaging.lexicon import DATA
from forge_resources.library.vocabulary import load_vocabulary
from forge_resources.schemas.script import BEATS, Angle, CameraMove, ShotSize
from forge_resources.schemas.types import Document, sha256_of

Facts: TypeAlias = Mapping[str, str | Sequence[str]]
"""What is decided about a shot so far: fact → word, or words of which any may be asked for."""

Words = Annotated[list[str], Field(min_length=1)]

_PLACES = ("indoors", "outdoors", "studio")
_PEOPLE = ("none", "one", "some", "many")
_MENTIONS = ("nothing", "product", "denied")


class Rule(Document):
    """Words to choose from where all of `when` holds."""

    when: dict[str, Words] = {}
    choose: Words

    def holds(self, facts: Facts) -> bool:
        """Whether each fact asked for is known and has one of the words."""
        return all(_words(facts.get(fact, ())) & set(words) for fact, words in self.when.items())


Rules = Annotated[list[Rule], Field(min_length=1)]


class SettingStaging(Document):
    opening: Words
    product: Words


class TimeStaging(Document):
    opening: Words
    studio: Words


class Staging(Document):
    """The rules, as the head of the data file explains."""

    indoors: Words
    outdoors: Words
    product: Rules
    too_large_to_hold: Words
    setting: SettingStaging
    time_of_day: TimeStaging
    size: Rules
    angle: Rules
    move: Rules
    light: Rules
    pose: Rules
    props: Rules
    details: dict[str, Words]

    @model_validator(mode="after")
    def _uses_known_words(self) -> Staging:
        words = load_vocabulary()
        chosen: dict[str, set[str]] = {
            "product": set(words.product_states),
            "size": set(get_args(ShotSize)),
            "angle": set(get_args(Angle)),
            "move": set(get_args(CameraMove)),
            "light": set(words.lights),
            "pose": set(words.poses),
            "props": {*words.props, "none"},
        }
        asked: dict[str, set[str]] = {
            "beat": set(BEATS), "setting": set(words.settings), "place": set(_PLACES), "people": set(_PEOPLE),
            "time_of_day": set(words.times_of_day), "role": set(words.roles), "roles": set(words.roles),
            "props": set(words.props), "product": set(words.product_states), "size": chosen["size"],
            "product_shape": set(words.product_shapes), "mentioned": set(_MENTIONS),
        }  # fmt: skip
        for name, known in chosen.items():
            rules: list[Rule] = getattr(self, name)
            for index, rule in enumerate(rules):
                strangers = set(rule.choose) - known
                for fact, values in rule.when.items():
                    strangers |= set(values) - asked.get(fact, set())
                if strangers:
                    raise ValueError(f"{name}[{index}] has unknown words: {', '.join(sorted(strangers))}")
            if rules[-1].when:
                raise ValueError(f"the last rule of {name} must hold always")
        if set(self.indoors) | set(self.outdoors) | {"studio"} != asked["setting"]:
            raise ValueError("indoors, outdoors and studio must be all the settings of the vocabulary")
        return self

    def place(self, setting: str) -> str:
        """`indoors`, `outdoors` or `studio`."""
        return "indoors" if setting in self.indoors else "outdoors" if setting in self.outdoors else "studio"


@lru_cache(maxsize=1)
def staging() -> Staging:
    """The rules that come with Forge. Raises InvalidInput with every fault where the file is damaged."""
    return read_document(DATA / "staging.yaml", Staging)


def pick(options: Sequence[str], seed: int, purpose: str, avoid: Collection[str] = ()) -> str:
    """One of `options` by seed; one in `avoid` only where there is no other."""
    open_to_choice = [option for option in options if option not in avoid] or list(options)
    return open_to_choice[int(sha256_of([seed, purpose])[:12], 16) % len(open_to_choice)]


def choose(rules: Sequence[Rule], facts: Facts, seed: int, purpose: str, avoid: Collection[str] = ()) -> str:
    """The choice of the first rule that holds and leaves something outside `avoid`; else of the first that holds."""
    holding = [rule for rule in rules if rule.holds(facts)]
    best = next((rule for rule in holding if set(rule.choose) - set(avoid)), holding[0])
    return pick(best.choose, seed, purpose, avoid)


def _words(value: str | Sequence[str]) -> set[str]:
    return {value} if isinstance(value, str) else set(value)
