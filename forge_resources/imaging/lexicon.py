"""The contract of `data/lexicon.yaml` and the phrasebook made of it.

What belongs here: which word of the vocabulary a phrase means, and checking that it is one. What does not: how a
sentence is read with it (see `visual_reading`).
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, get_args

from pydantic import Field, model_validator

from forge_resources.editing.data_files import read_document
from forge_resources.imaging.phrases import Inflection, Phrasebook
from forge_resources.library.vocabulary import load_vocabulary
from forge_resources.schemas.script import Angle, CameraMove, ShotSize
from forge_resources.schemas.types import Document

DATA = Path(__file__).parent / "data"

Phrases = Annotated[list[str], Field(min_length=1)]
PhrasesByWord = dict[str, Phrases]


class CameraPhrases(Document):
    sizes: dict[ShotSize, Phrases]
    angles: dict[Angle, Phrases]
    moves: dict[CameraMove, Phrases]

    @model_validator(mode="after")
    def _covers_every_word(self) -> CameraPhrases:
        for name, words in (("sizes", ShotSize), ("angles", Angle), ("moves", CameraMove)):
            if missing := sorted(set(get_args(words)) - set(getattr(self, name))):
                raise ValueError(f"{name} lacks {', '.join(missing)}")
        return self


class SettingPhrases(Document):
    """`names` are the place itself; `signs` are read where no place is named."""

    names: Phrases
    signs: list[str] = []


class ProductPhrases(Document):
    """Words for the product, and words around it that say how it is shown."""

    names: Phrases
    hero: Phrases
    held: Phrases
    placed: Phrases
    background: Phrases
    absent: Phrases


class Lexicon(Document):
    """How English words are read, as the head of the data file explains."""

    camera: CameraPhrases
    settings: dict[str, SettingPhrases]
    times_of_day: PhrasesByWord
    hours: dict[Annotated[int, Field(ge=0, le=23)], str]
    lights: PhrasesByWord
    roles: PhrasesByWord
    groups: dict[str, Phrases]
    pronouns: dict[str, Annotated[int, Field(ge=1, le=6)]]
    body: Phrases
    nobody: Phrases
    empty: Phrases
    negations: Phrases
    numbers: dict[str, Annotated[int, Field(ge=1, le=6)]]
    uncounted_plural: Annotated[int, Field(ge=2, le=6)]
    poses: PhrasesByWord
    weak: list[str]
    together: list[str]
    props: PhrasesByWord
    product: ProductPhrases
    articles: Phrases
    definite: Phrases
    joining: Phrases
    idioms: Phrases
    irregular: dict[str, Phrases]

    @model_validator(mode="after")
    def _uses_the_vocabulary(self) -> Lexicon:
        vocabulary = load_vocabulary()
        used = {
            "settings": set(self.settings),
            "times_of_day": set(self.times_of_day) | set(self.hours.values()),
            "lights": set(self.lights),
            "roles": set(self.roles),
            "poses": set(self.poses),
            "props": set(self.props),
        }
        for name, words in used.items():
            known = set(getattr(vocabulary, name))
            if words != known:
                raise ValueError(f"{name} and the vocabulary differ in {', '.join(sorted(words ^ known))}")
        strangers = {role for group in self.groups.values() for role in group} - set(self.roles)
        strangers |= {*self.together, *self.weak} - set(self.poses)
        if strangers:
            raise ValueError(f"groups, weak and together use unknown words: {', '.join(sorted(strangers))}")
        return self

    def phrasebook(self) -> Phrasebook:
        """A fresh phrasebook with everything but the product's own words."""
        book = Phrasebook(frozenset(self.articles), self.irregular)
        self._teach_camera(book)
        for setting, words in self.settings.items():
            book.add(("setting", setting), [setting.replace("-", " "), *words.names], "noun")
            book.add(("setting-sign", setting), words.signs, "both")
        kinds: list[tuple[str, PhrasesByWord, Inflection]] = [
            ("time", self.times_of_day, "both"),
            ("light", self.lights, "both"),
            ("role", self.roles, "noun"),
            ("pose", self.poses, "verb"),
            ("prop", self.props, "noun"),
        ]
        for category, words_of, inflection in kinds:
            for word, phrases in words_of.items():
                book.add((category, word), phrases, inflection)
        self._teach_people(book)
        for state in ("hero", "placed", "background", "absent"):
            book.add(("product-state", state), getattr(self.product, state), "both")
        book.add(("product-state", "held"), self.product.held, "verb")
        book.add(("product", "named"), self.product.names, "noun")
        book.add(("idiom", ""), self.idioms, "both")
        return book

    def _teach_camera(self, book: Phrasebook) -> None:
        for size, phrases in self.camera.sizes.items():
            book.add(("size", size), phrases, "noun")
        for angle, phrases in self.camera.angles.items():
            book.add(("angle", angle), phrases, "noun")
        for move, phrases in self.camera.moves.items():
            book.add(("move", move), phrases, "verb")

    def _teach_people(self, book: Phrasebook) -> None:
        for group in self.groups:
            book.add(("group", group), [group], "noun")
        for pronoun in self.pronouns:
            book.add(("pronoun", pronoun), [pronoun], "none")
        book.add(("body", ""), self.body, "noun")
        book.add(("nobody", ""), self.nobody, "none")


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The lexicon that comes with Forge. Raises InvalidInput with every fault where the file is damaged."""
    return read_document(DATA / "lexicon.yaml", Lexicon)
