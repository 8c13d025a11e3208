"""Having a deliverable inspected: its report, and the page that people read.

What belongs here: which recipe an inspection has. What does not: inspecting (see `inspector`, `page`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import PIL

from forge_resources.editing import ffmpeg
from forge_resources.editing.cutting_room import read_timeline
from forge_resources.editing.inspection.expectation import inspection_parameters
from forge_resources.editing.inspection.page import PageParameters
from forge_resources.editing.provenance.sealing import Sealed
from forge_resources.editing.timeline_reading import timeline_note
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.delivery import DeliveryProfile
from forge_resources.schemas.recipe import Artefact
from forge_resources.store.tally import Tally
from forge_resources.store.workshop import Source
from forge_resources.studio import Studio


@dataclass(frozen=True)
class Controlled:
    """The report of a deliverable as JSON and as a page."""

    report: Artefact
    page: Artefact

    @property
    def passed(self) -> bool:
        return bool(self.report.facts["passed"])


def control(
    studio: Studio,
    tally: Tally,
    brief: CellBrief,
    profile: DeliveryProfile,
    timeline: Artefact,
    sealed: Sealed,
    captions: Mapping[str, Artefact],
) -> Controlled:
    """Inspects the signed file as it is handed over. Raises EngineFailed where it does not decode."""
    workshop, making = studio.workshop, sealed.making
    note = timeline_note(read_timeline(workshop, timeline))
    parameters = inspection_parameters(brief, profile, note, making.title, making.content, making.media_type)
    sources: dict[str, Source] = {"file": sealed.file, "timeline": timeline, **captions}
    if sealed.sidecar:
        sources["credentials"] = sealed.sidecar
    report = tally.add(workshop.make(workshop.engine("edit", "inspect"), parameters, sources))
    wanted = PageParameters(
        ffmpeg=ffmpeg.version(),
        pillow=PIL.__version__,
        integrated_lufs=profile.loudness.integrated_lufs,
        true_peak_dbtp=profile.loudness.true_peak_dbtp,
    )
    page = workshop.make(workshop.engine("edit", "inspection-page"), wanted, {"report": report, "file": sealed.file})
    return Controlled(report, tally.add(page))
