"""From the look of a shot to the words a picture model reads.

What belongs here: composing prompt and negative prompt out of the vocabulary's phrases (see `data/prompts.yaml`) and
the direction of the shot. What does not: what a model takes (see `imaging.diffusion`), or what a shot shows (see
`storyboard`). Copy, supers and the product's name never reach a prompt: plates carry no text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from PIL import ImageColor
from pydantic import model_validator

from forge_resources.editing.data_files import read_document
from forge_resources.library.vocabulary import load_vocabulary
from forge_resources.schemas.pictures import Direction
from forge_resources.schemas.storyboard import Figure, ShotLook
from forge_resources.schemas.types import Colour, Document, Line, ShortLine, Slug, sha256_of

Style = Literal["tags", "sentences"]
Age = Literal["young", "adult", "old"]
Phrases = dict[str, ShortLine]


class Features(Document):
    """What a person's looks are drawn from."""

    build: list[ShortLine]
    hair: list[ShortLine]
    face: list[ShortLine]
    clothes: list[ShortLine]


class PromptPhrases(Document):
    """The phrases of `data/prompts.yaml`, by word of the vocabulary."""

    sizes: Phrases
    angles: Phrases
    lenses: Phrases
    settings: Phrases
    times_of_day: Phrases
    lights: Phrases
    roles: Phrases
    poses: Phrases
    props: Phrases
    product_states: Phrases
    details: Phrases
    shapes: Phrases
    ages: dict[Slug, Age]
    appearance: dict[Age, Features]
    style: Line
    plain: Line
    negative: Line
    colours: dict[str, Colour]

    @model_validator(mode="after")
    def _covers_the_vocabulary(self) -> PromptPhrases:
        vocabulary = load_vocabulary()
        for mine, its in (
            (self.settings, vocabulary.settings), (self.times_of_day, vocabulary.times_of_day),
            (self.lights, vocabulary.lights), (self.roles, vocabulary.roles), (self.poses, vocabulary.poses),
            (self.props, vocabulary.props), (self.details, vocabulary.details),
            (self.shapes, vocabulary.product_shapes),
            ({**self.product_states, "absent": ""}, vocabulary.product_states),
        ):  # fmt: skip
            if missing := set(its) ^ set(mine):
                raise ValueError(f"differs from the vocabulary in {', '.join(sorted(missing))}")
        return self


@lru_cache(maxsize=1)
def prompt_phrases() -> PromptPhrases:
    """The phrases that come with Forge. Raises InvalidInput with every fault where the file is damaged."""
    return read_document(Path(__file__).parent / "data" / "prompts.yaml", PromptPhrases)


@dataclass(frozen=True)
class Prompt:
    """`clauses` in order of weight: a model that reads few words gets the first ones first."""

    clauses: tuple[str, ...]
    negative: str
    style: Style

    @property
    def text(self) -> str:
        return join_clauses(self.clauses, self.style)


def join_clauses(clauses: tuple[str, ...], style: Style) -> str:
    """The clauses as one text: after commas for models trained on tags, as sentences for the others."""
    if style == "tags":
        return ", ".join(clause.rstrip(".") for clause in clauses)
    return " ".join(f"{clause[:1].upper()}{clause[1:].rstrip('.')}." for clause in clauses)


def compose_prompt(look: ShotLook, direction: Direction, style: Style) -> Prompt:
    """Subject, action, setting, camera, lens, light, palette, style; and what the picture must not show."""
    phrases = prompt_phrases()
    product = direction.product.rstrip(".")
    clauses = [
        f"{phrases.sizes[look.camera.size]} {phrases.angles[look.camera.angle]}",
        _without_name(look, phrases),
    ]
    if look.product != "absent":
        clauses.append(phrases.product_states[look.product].format(product=product))
    clauses += _people(look, direction, phrases)
    place = f"{phrases.settings[look.setting]}, {phrases.times_of_day[look.time_of_day]}"
    clauses.append(", ".join([place, *([direction.place.rstrip(".")] if direction.place else [])]))
    clauses.append(phrases.lights[look.light])
    if look.props:
        clauses.append(f"with {_listed([phrases.props[prop] for prop in look.props])}")
    if look.details:
        clauses.append(_listed([phrases.details[detail] for detail in look.details]))
    clauses.append(direction.lens or phrases.lenses[look.camera.size])
    colours = dict.fromkeys(colour_name(colour) for colour in (look.palette.primary, look.palette.accent))
    clauses.append(f"colours of {' and '.join(colours)}")
    clauses.append((direction.style or phrases.style).rstrip("."))
    clauses.append(phrases.plain)
    negative = ", ".join(
        part.rstrip(".,") for part in (phrases.negative, direction.negative, direction.settings.negative_prompt) if part
    )
    return Prompt(tuple(clauses), negative, style)


def colour_name(colour: str) -> str:
    """The nearest named colour."""
    wanted = ImageColor.getrgb(colour)[:3]

    def distance(named: str) -> float:
        red, green, blue = ((a - b) ** 2 for a, b in zip(wanted, ImageColor.getrgb(named)[:3], strict=True))
        return 0.3 * red + 0.59 * green + 0.11 * blue

    names = prompt_phrases().colours
    return min(names, key=lambda name: distance(names[name]))


def _without_name(look: ShotLook, phrases: PromptPhrases) -> str:
    """The visual in words, without the product's name: a model would write it on the picture."""
    noun = f"the {phrases.shapes[look.product_shape]}"
    name = re.escape(look.product_name)
    text = re.sub(rf"\b(?:the |a |an )?{name}\b", noun, look.description, flags=re.IGNORECASE)
    return re.sub(r"[\"“”„«»]", "", text).rstrip(".")


def _people(look: ShotLook, direction: Direction, phrases: PromptPhrases) -> list[str]:
    described = [*direction.people, *([None] * len(look.figures))]
    return [
        f"{(described[index] or _appearance(look, index, figure, phrases)).rstrip('.')}, {phrases.poses[figure.pose]}"
        for index, figure in enumerate(look.figures)
    ]


def _appearance(look: ShotLook, index: int, figure: Figure, phrases: PromptPhrases) -> str:
    """How a person looks whom nobody describes: the same wherever the same cast plays the same role."""
    seed = look.seed if look.cast_seed is None else look.cast_seed
    same = [other.role for other in look.figures[:index]].count(figure.role)
    features = phrases.appearance[phrases.ages.get(figure.role, "adult")]

    def drawn(what: str, choices: list[ShortLine]) -> str:
        return choices[int(sha256_of([seed, figure.role, same, what])[:8], 16) % len(choices)]

    person = drawn("build", features.build)
    hair, face = drawn("hair", features.hair), drawn("face", features.face)
    return f"a {person}, {phrases.roles[figure.role]}, with {hair} and {face}, in {drawn('clothes', features.clothes)}"


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
