"""The one family of errors that users meet.

What belongs here: the codes and how an error reads. What does not: catching or printing (commands, sensors and
assets do that once, at their edge).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a document: where, and what, in words for the person who wrote it."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class ForgeError(Exception):
    """An error with a stable `code`, a sentence that says what is wrong, and a `remedy` that says what to do.

    `details` are figures for whoever looks further, as JSON values; Dagster shows them beside the failure.
    """

    code: ClassVar[str] = "engine_failed"

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        faults: Sequence[Fault] = (),
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.faults = tuple(faults)
        self.details = dict(details or {})

    def __str__(self) -> str:
        parts = [self.message, *(f"  {fault}" for fault in self.faults)]
        if self.remedy:
            parts.append(self.remedy)
        return "\n".join(parts)


class InvalidInput(ForgeError):
    """A document or a call is wrong; `faults` has every fault with its place."""

    code = "invalid_input"


class NotFound(ForgeError):
    """Something named does not exist: a brief, a document, an artefact."""

    code = "not_found"


class Conflict(ForgeError):
    """Two things that cannot both be: a file name used twice, an approval of content that has changed."""

    code = "conflict"


class Blocked(ForgeError):
    """A gate said no. Retrying changes nothing; the content must change."""

    code = "blocked"


class AwaitingApproval(ForgeError):
    """A person has to approve the storyboard first."""

    code = "awaiting_approval"


class OutOfMemory(ForgeError):
    """The device or the host ran out of memory."""

    code = "oom"


class TimedOut(ForgeError):
    """Something took longer than its limit."""

    code = "timeout"


class EngineFailed(ForgeError):
    """An engine could not make what its recipe asks for."""

    code = "engine_failed"


class Unavailable(ForgeError):
    """Something Forge relies on is away: a service, a package, a font, a disk."""

    code = "unavailable"


FAMILY: dict[str, type[ForgeError]] = {
    kind.code: kind
    for kind in (
        InvalidInput,
        NotFound,
        Conflict,
        Blocked,
        AwaitingApproval,
        OutOfMemory,
        TimedOut,
        EngineFailed,
        Unavailable,
    )
}
