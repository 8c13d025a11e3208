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


def check_unused(cabinet: Cabinet, wanted: Claim) -> None:
    """Raises Conflict where the number was given to another spot, or to another state of this one."""
    name = _name(wanted.identifier)
    if not cabinet.place(DRAWER, name).exists():
        return
    # An entry that cannot be read is no free number: `read` says that it is damaged.
    before = cabinet.read(DRAWER, name, Claim)
    if before == wanted:
        return
    if (before.cell, before.profile) != (wanted.cell, wanted.profile):
        whose = f"the {before.profile} spot of {before.cell.brief} for {before.cell.market} × {before.cell.persona}"
        raise Conflict(
            f"The number {wanted.identifier} was used before, for {whose}.",
            remedy="Give this spot a number of its own under `identifiers` in the brief.",
        )
    raise Conflict(
        f"The number {wanted.identifier} was used before, for an earlier state of this spot, which has changed since.",
        remedy="A number is never used again after a change: give the spot a new one under `identifiers` in the brief.",
    )


def claim(cabinet: Cabinet, wanted: Claim) -> None:
    """Enters the number for good. Raises Conflict as `check_unused` does."""
    check_unused(cabinet, wanted)
    cabinet.write(DRAWER, _name(wanted.identifier), wanted)


def _name(identifier: str) -> str:
    # Numbers have slashes in them, and a name in the cabinet is a path.
    return sha256_of(identifier)[:32]
