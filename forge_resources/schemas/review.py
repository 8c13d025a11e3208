"""A review: what a model that reads a script finds in it, for each of the gates that are judged.

What belongs here: the contract of what comes back. What does not: the verdict, which code counts (see `findings`).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from forge_resources.findings import Severity
from forge_resources.schemas.types import Document, Line, ShortLine, Tier


class Issue(Document):
    """One remark; `place` is `script` or such as `row 3`."""

    severity: Severity
    place: ShortLine
    problem: Line
    suggestion: Line | None = None


Issues = Annotated[list[Issue], Field(max_length=20)]


class Review(Document):
    """Remarks on cultural fit, on fidelity to the concept, and on the brand's voice."""

    culture: Issues
    concept: Issues
    brand_voice: Issues
    tier: Tier


class Enhanced(Document):
    """A picture's description as the image engine gets it."""

    description: Line
    tier: Tier
