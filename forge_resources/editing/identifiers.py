"""The register of clock numbers and Ad-IDs: each stands for one spot, for good.

What belongs here: claiming a number when a spot is handed over. What does not: its form (see `schemas.delivery`).
"""

from __future__ import annotations

from forge_resources.errors import Conflict
from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.types import Document, Sha256, ShortLine, Slug, sha256_of
from forge_resources.store.cabinet import Cabinet

DRAWER = "identifier"


class Claim(Document):
    """What a number stands for: the unsigned file of a cell for an outlet."""

    identifier: ShortLine
    cell: CellKey
    profile: Slug
    content: Sha256


def check_free(cabinet: Cabinet, identifier: str, cell: CellKey, profile: str) -> None:
    """Raises Conflict where the number was given to another spot, before any work is done for this one."""
    before = _before(cabinet, identifier)
    if before is not None and (before.cell, before.profile) != (cell, profile):
        whose = f"the {before.profile} spot of {before.cell.brief} for {before.cell.market} × {before.cell.persona}"
        raise Conflict(
            f"The number {identifier} was used before, for {whose}.",
            remedy="Give this spot a number of its own under `identifiers` in the brief.",
        )


def check_unused(cabinet: Cabinet, wanted: Claim) -> None:
    """Raises Conflict where the number was given to another spot, or to another state of this one."""
    check_free(cabinet, wanted.identifier, wanted.cell, wanted.profile)
    if _before(cabinet, wanted.identifier) in (None, wanted):
        return
    raise Conflict(
        f"The number {wanted.identifier} was used before, for an earlier state of this spot, which has changed since.",
        remedy="A number is never used again after a change: give the spot a new one under `identifiers` in the brief.",
    )


def claim(cabinet: Cabinet, wanted: Claim) -> None:
    """Enters the number for good. Raises Conflict as `check_unused` does."""
    check_unused(cabinet, wanted)
    cabinet.write(DRAWER, _name(wanted.identifier), wanted)


def _before(cabinet: Cabinet, identifier: str) -> Claim | None:
    """What the number stands for. An entry that cannot be read is no free number: `read` says that it is damaged."""
    name = _name(identifier)
    return cabinet.read(DRAWER, name, Claim) if cabinet.place(DRAWER, name).exists() else None


def _name(identifier: str) -> str:
    # Numbers have slashes in them, and a name in the cabinet is a path.
    return sha256_of(identifier)[:32]
