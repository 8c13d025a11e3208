"""Asking a model for a paper: the conversation, second chances for replies that are none, and what it cost.

What belongs here: what is common to remote and local models. What does not: how a reply is had (see `calling` and
`local`), or read (see `replies`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from forge_resources.errors import EngineFailed
from forge_resources.schemas.types import Document
from forge_resources.writing.chat.papers import paper_of
from forge_resources.writing.chat.recipes import ChatParameters
from forge_resources.writing.chat.replies import ReplyFault, document_of
from forge_resources.writing.chat.reply_language import check_language
from forge_resources.writing.chat.settings import WritingSettings

_SHOWN_AGAIN = 4_000
"""How much of a bad reply the model gets to see again, in characters."""

_REMEDIES = {
    "declined": "Reword the brief, or choose another model under `writing`.",
    "truncated": "Raise `max_tokens` for this node, or choose a model that writes whole JSON.",
    "too_long": "Choose another model under `writing`.",
    "language": "Run it again, or choose a model that keeps to the language it is asked for.",
    "loop": "Raise the temperature for this node, or choose another model.",
}


@dataclass(frozen=True)
class Turn:
    """One message of the conversation."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True)
class Reply:
    """What came back. `cut_off`: it ran into `max_tokens`; `declined`: the model said that it will not."""

    text: str
    input_tokens: int | None = None
    output_tokens: int | None = None
    cut_off: bool = False
    declined: bool = False


@dataclass
class Spent:
    """What an act of writing took. `calls` counts every request, those that failed too.

    `waited_s` is time between repeats, `queued_s` time until other calls of this process had ended.
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    counted: bool = True
    waited_s: float = 0.0
    queued_s: float = 0.0
    started: float = field(default_factory=time.monotonic)

    def add(self, reply: Reply) -> None:
        """Counts the tokens of a reply; where the server does not say them, the count is marked as incomplete."""
        self.counted = self.counted and reply.input_tokens is not None and reply.output_tokens is not None
        self.input_tokens += reply.input_tokens or 0
        self.output_tokens += reply.output_tokens or 0

    def left_s(self, patience_s: float) -> float:
        """What is left of the patience with this node, in seconds; waiting for other calls is not counted."""
        return self.started + self.queued_s + patience_s - time.monotonic()

    def facts(self, model: str, settings: WritingSettings) -> dict[str, Any]:
        """As kept beside the paper: `cost_usd` is None where the model has no price or tokens were not counted."""
        price = settings.prices.get(model)
        cost = None
        if price and self.counted:
            cost = round((self.input_tokens * price.input + self.output_tokens * price.output) / 1e6, 6)
        return {
            "calls": self.calls,
            "input_tokens": self.input_tokens if self.counted else None,
            "output_tokens": self.output_tokens if self.counted else None,
            "seconds": round(time.monotonic() - self.started, 3),
            "waited_s": round(self.waited_s, 3),
            "cost_usd": cost,
        }


def ask(
    engine: str,
    parameters: ChatParameters,
    settings: WritingSettings,
    reply_to: Callable[[Sequence[Turn], Spent], Reply],
) -> tuple[Document, dict[str, Any]]:
    """The paper that `parameters` asks for, and facts about it. Raises EngineFailed where no reply makes one.

    A reply that is no document is answered with what is wrong with it, as often as the settings allow.
    """
    spent = Spent()
    turns = [Turn("system", parameters.system), Turn("user", parameters.user)]
    for chance in range(settings.second_chances + 1):
        reply = reply_to(turns, spent)
        spent.add(reply)
        try:
            document = document_of(reply.text, parameters.reply, cut_off=reply.cut_off, declined=reply.declined)
            paper, facts = paper_of(parameters, document)
            check_language(parameters.node, paper)
        except ReplyFault as fault:
            over = spent.left_s(parameters.patience_s) <= 0
            if chance == settings.second_chances or fault.kind == "declined" or over:
                raise EngineFailed(
                    f"The model {parameters.model} wrote no {parameters.node} after {spent.calls} "
                    f"{'call' if spent.calls == 1 else 'calls'}: {fault.told}",
                    remedy=_REMEDIES.get(fault.kind, f"Run it again, or choose another model for `{engine}`."),
                ) from None
            turns = [
                *turns[:2],
                Turn("assistant", reply.text[:_SHOWN_AGAIN] or "(nothing)"),
                Turn("user", _told(fault)),
            ]
        else:
            return paper, {**spent.facts(parameters.model, settings), **facts}
    raise AssertionError("the last chance returns or raises")


def _told(fault: ReplyFault) -> str:
    return f"That cannot be used. {fault.told} Answer again, with the whole JSON object of the schema and nothing else."
