"""Phrase banks: lines per language for hook, tension, product and wish, with an English gloss each.

What belongs here: the contract of `data/phrases/<language>.yaml`, loading it, and putting candidates in order. What
does not: fitting a line into a row (see `wording`).

Bank lines say nothing about a product that could be untrue of another one: they speak of the viewer's day, and name the
product. Claims come from the brief's own lines only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal

from pydantic import Field, model_validator

from forge_resources.schemas.types import Document, LanguageCode, ShortLine
from forge_resources.writing.data_files import DATA, read_data
from forge_resources.writing.draws import shuffled
from forge_resources.writing.forbidden import first_found
from forge_resources.writing.tones import REGISTERS, Register

Address = Literal["formal", "informal"]
Worry = Literal["no-time", "no-sleep", "tight-budget", "overload", "sameness", "waste", "distance", "health"]
Wish = Literal["calm", "energy", "togetherness", "freedom", "pride", "ease", "discovery", "security"]
WORRIES: tuple[Worry, ...] = (
    "no-time", "no-sleep", "tight-budget", "overload", "sameness", "waste", "distance", "health",
)  # fmt: skip
WISHES: tuple[Wish, ...] = ("calm", "energy", "togetherness", "freedom", "pride", "ease", "discovery", "security")
Kind = Literal["hook", "tension", "wish", "product"]

_SLOTS = re.compile(r"\{([^}]*)\}")


class Phrase(Document):
    """A line. `formal` is how it reads where the audience is addressed formally, if that differs."""

    say: ShortLine
    formal: ShortLine | None = None
    gloss: ShortLine

    @model_validator(mode="after")
    def _slots_are_known(self) -> Phrase:
        for text in (self.say, self.formal or "", self.gloss):
            if unknown := set(_SLOTS.findall(text)) - {"product", "brand"}:
                raise ValueError(f"unknown slot {{{sorted(unknown)[0]}}}; there are {{product}} and {{brand}}")
        return self

    def addressed(self, address: Address) -> str:
        return self.formal if address == "formal" and self.formal else self.say


ByRegister = dict[Register, Annotated[list[Phrase], Field(min_length=1)]]


class PhraseBank(Document):
    """The lines of one language. `join` stands between sentences of one row, `stop` ends a sentence."""

    language: LanguageCode
    join: str
    stop: Annotated[str, Field(min_length=1, max_length=2)]
    default_address: Address
    product: ByRegister
    hook: dict[Worry, ByRegister]
    tension: dict[Worry, ByRegister]
    wish: dict[Wish, ByRegister]

    @model_validator(mode="after")
    def _covers_everything(self) -> PhraseBank:
        for kind, wanted, given in (
            ("hook", WORRIES, self.hook.keys()),
            ("tension", WORRIES, self.tension.keys()),
            ("wish", WISHES, self.wish.keys()),
        ):
            if missing := sorted(set(wanted) - set(given)):
                raise ValueError(f"{kind} lacks {', '.join(missing)}")
        for group in (self.product, *self.hook.values(), *self.tension.values(), *self.wish.values()):
            if absent := [register for register in REGISTERS if register not in group]:
                raise ValueError(f"lines in the register {', '.join(absent)} are missing")
        return self

    def lines(self, kind: Kind, worry: Worry, wish: Wish) -> ByRegister:
        """The lines of one kind for a worry or a wish, by register."""
        if kind == "hook":
            return self.hook[worry]
        if kind == "tension":
            return self.tension[worry]
        return self.wish[wish] if kind == "wish" else self.product


@dataclass(frozen=True)
class Candidate:
    """A line ready to be spoken; whether it is in a register that the tone asks for; its place in the bank's list."""

    text: str
    gloss: str | None
    in_tone: bool
    place: int


@dataclass(frozen=True)
class Voice:
    """What decides which lines of a bank suit a cell. `others` are further registers, nearest first."""

    worry: Worry
    wish: Wish
    address: Address
    registers: tuple[Register, ...]
    others: tuple[Register, ...]
    product: str
    brand: str
    must_not_say: tuple[str, ...]


def candidates(bank: PhraseBank, kind: Kind, voice: Voice, *seed: object) -> list[Candidate]:
    """The lines of `kind` that may be said, those in tone first, in an order decided by `seed`."""
    group = bank.lines(kind, voice.worry, voice.wish)

    def of(registers: Sequence[Register], in_tone: bool) -> Iterable[Candidate]:
        for place, phrase in [entry for register in registers for entry in enumerate(group[register])]:
            text = _filled(phrase.addressed(voice.address), voice)
            if not says_forbidden(text, voice.must_not_say, bank.language):
                gloss = None if bank.language == "en" else _filled(phrase.gloss, voice)
                yield Candidate(text, gloss, in_tone, place)

    in_tone = shuffled(list(of(voice.registers, True)), bank.language, kind, *seed)
    borrowed = [line for other in voice.others for line in shuffled(list(of([other], False)), kind, other, *seed)]
    return in_tone + borrowed


def _filled(text: str, voice: Voice) -> str:
    filled = text.replace("{product}", voice.product).replace("{brand}", voice.brand)
    # A name that ends in a stop of its own ("Yahoo!", "Inc.") takes none from the phrase.
    return re.sub(r"([.!?])\.(?=\s|$)", r"\1", filled)


def says_forbidden(text: str, must_not_say: Iterable[str], language: str = "") -> bool:
    """Whether a word or phrase of `must_not_say` is in `text` in any form that the gate on wording would find."""
    return first_found(must_not_say, text, language) is not None


def bank_languages() -> list[str]:
    """The languages that have a phrase bank, in order."""
    return sorted(path.stem for path in (DATA / "phrases").glob("*.yaml"))


def has_phrases(language: str) -> bool:
    """Whether the draft writer has a phrase bank for the language."""
    return language in bank_languages()


@cache
def load_bank(language: str) -> PhraseBank:
    """The bank of a language that `bank_languages` lists. Raises InvalidInput with every fault."""
    return read_data(PhraseBank, f"phrases/{language}.yaml")
