"""Which transition stands between two shots, by `data/transitions.yaml`.

What belongs here: the contract of that file, and choosing from it. What does not: drawing a transition (see `frames`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Annotated

from pydantic import Field

from forge_resources.editing.data_files import read_data
from forge_resources.editing.edit_list import CutTransition
from forge_resources.schemas.edit import TransitionNote
from forge_resources.schemas.script import Beat
from forge_resources.schemas.types import Document, ExactRational, Slug


class TransitionRule(TransitionNote):
    """A transition and where it is used; None and an empty list stand for any."""

    before: Beat | None = None
    after: Beat | None = None
    tones: list[Slug] = []
    seconds: Annotated[ExactRational, Field(gt=0, le=4)]

    def fits(self, before: Beat, after: Beat, tone: str | None) -> bool:
        return self.before in (None, before) and self.after in (None, after) and (not self.tones or tone in self.tones)


class TransitionRules(Document):
    """The contract of `transitions.yaml`."""

    rules: list[TransitionRule]


@cache
def transition_rules() -> tuple[TransitionRule, ...]:
    """The rules in their order. Raises InvalidInput with the faults of the file."""
    return tuple(read_data("transitions.yaml", TransitionRules).rules)


def transition_into(beat: Beat, before: Beat, tones: Sequence[str]) -> CutTransition | None:
    """How a shot of `beat` follows one of the beat `before`; None is a plain cut. The first of `tones` leads."""
    leading = tones[0] if tones else None
    for rule in transition_rules():
        if rule.fits(before, beat, leading):
            note = TransitionNote.model_validate(rule.model_dump(include=set(TransitionNote.model_fields)))
            return CutTransition(note=note, seconds=rule.seconds)
    return None
