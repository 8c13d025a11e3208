"""The tones a brief may ask for: the register of their words, and how they light and move the camera.

What belongs here: the contract and loading of `data/tones.yaml`. What does not: phrases or scenes themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Annotated, Literal

from pydantic import Field

from forge_resources.schemas.script import Angle, CameraMove
from forge_resources.schemas.types import Document, Slug
from forge_resources.writing.data_files import read_data

Register = Literal["tender", "bold", "playful", "clear"]
REGISTERS: tuple[Register, ...] = ("tender", "bold", "playful", "clear")


class Tone(Document):
    """One tone. Lights, hours, moves and angles are in order of preference."""

    register_: Annotated[Register, Field(alias="register")]
    lights: Annotated[list[Slug], Field(min_length=1)]
    hours: Annotated[list[Slug], Field(min_length=1)]
    moves: Annotated[list[CameraMove], Field(min_length=3)]
    angles: Annotated[list[Angle], Field(min_length=2)]


class Tones(Document):
    """All tones by slug, and for each register the others in order of nearness."""

    nearest: dict[Register, Annotated[list[Register], Field(min_length=3, max_length=3)]]
    tones: dict[Slug, Tone]

    def registers(self, tone: Sequence[str]) -> list[Register]:
        """The registers of the named tones, in their order, each once."""
        return list(dict.fromkeys(self.tones[slug].register_ for slug in tone))


@cache
def load_tones() -> Tones:
    """`data/tones.yaml`. Raises InvalidInput with every fault."""
    return read_data(Tones, "tones.yaml")


def known_tones() -> frozenset[str]:
    """The slugs that `tone` of a brief may list."""
    return frozenset(load_tones().tones)


def heard(tone: Sequence[str]) -> list[str]:
    """The known tones among those a brief asks for, in its order; plain words where it asks for none of them."""
    return [word for word in tone if word in known_tones()] or [_PLAIN]


def unheard(tone: Sequence[str]) -> list[str]:
    """The tones a brief asks for that this writer has no words for."""
    return [word for word in tone if word not in known_tones()]


_PLAIN = "honest"
