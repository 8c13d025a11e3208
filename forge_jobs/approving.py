"""Recording a person's word on a storyboard, bound to the sheet that was seen.

What belongs here: what `forge approve` and the board share. What does not: what follows from an approval (see
`finishing` and the sensor `approvals`).
"""

from __future__ import annotations

import dagster as dg

from forge_assets.external import approved
from forge_jobs.finishing import is_approved
from forge_resources.errors import Conflict, Fault, InvalidInput, NotFound
from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.storyboard import Frames
from forge_resources.studio import Studio

LONGEST_NAME, LONGEST_NOTE = 200, 2000


def record_approval(
    instance: dg.DagsterInstance, studio: Studio, cell: CellKey, *, by: str, note: str, seen: str | None = None
) -> bool:
    """Approves the cell's contact sheet as it is now. Returns False where it was approved already.

    `seen` is the hash of the sheet that the person looked at; Conflict where that is no longer the one. Raises
    InvalidInput for a name or note that cannot be kept, NotFound where there is no storyboard.
    """
    faults = [*_faults("name", by, LONGEST_NAME, wanted=True), *_faults("note", note, LONGEST_NOTE, wanted=False)]
    if faults:
        raise InvalidInput("The approval cannot be kept.", faults=faults)
    frames = studio.cabinet.find("frames", cell.path, Frames)
    if frames is None:
        raise NotFound(f"{cell} has no storyboard yet.")
    sheet = frames.contact_sheet.sha256
    if seen is not None and seen != sheet:
        raise Conflict(
            f"The storyboard of {cell} has changed since it was shown.",
            remedy="Look at it as it is now, and approve that.",
        )
    if is_approved(instance, studio, cell):
        return False
    instance.report_runless_asset_event(approved(cell, sheet, by.strip(), note.strip()))
    return True


def _faults(place: str, text: str, longest: int, *, wanted: bool) -> list[Fault]:
    if wanted and not text.strip():
        return [Fault(place, "is missing")]
    if len(text) > longest:
        return [Fault(place, f"has {len(text)} characters; {longest} are allowed")]
    if any(not character.isprintable() and character not in "\r\n\t" for character in text):
        return [Fault(place, "has control characters")]
    return []
