"""The recipe of one call for a text: everything that decides what comes back, and what is made of it.

What belongs here: the contract of the parameters of every chat engine. What does not: filling it (see `engines`), or
calling.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from forge_resources.schemas.script import Script
from forge_resources.schemas.types import Document, LanguageCode, Line, Seconds
from forge_resources.schemas.writing import ModelName, Structured, WritingNode
from forge_resources.writing.prompts import PromptUse


class FixedRow(Document):
    """Seconds and camera of a row that the writer does not decide."""

    duration_s: Seconds
    visual: Line


class Frame(Document):
    """What a script has whatever the model says: its language, legal lines, and rows that stay.

    `origin` are the rows of a script to adapt. `draft` is the script that is revised, `faulty` its shots that may
    change; all where it is empty.
    """

    language: LanguageCode
    legal: list[Line]
    origin: list[FixedRow] | None = None
    draft: Script | None = None
    faulty: list[int] = []


class ChatParameters(Document):
    """One call. `server` is the address without user, password and query; `revision` the weights of a local model.

    The key is no part of it and stands nowhere but in the environment.
    """

    node: WritingNode
    model: ModelName
    revision: str = ""
    server: str = ""
    temperature: float | None
    max_tokens: int
    timeout_s: float
    patience_s: float
    structured: Structured
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    prompt: PromptUse
    system: str
    user: str
    reply: dict[str, Any]
    frame: Frame | None = None
