"""The engines that write a timeline for other editing systems.

What belongs here: one engine a format. What does not: the formats themselves (see `edl`, `fcpxml`, `xmeml`).
"""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel

from forge_resources.editing.interchange.edl import edl_of
from forge_resources.editing.interchange.events import Sheet, sheet_of
from forge_resources.editing.interchange.fcpxml import fcpxml_of
from forge_resources.editing.interchange.xmeml import xmeml_of
from forge_resources.editing.timeline_reading import open_timeline
from forge_resources.engines.contract import EditEngine, Facts, Sources
from forge_resources.errors import InvalidInput
from forge_resources.schemas.recipe import Artefact
from forge_resources.schemas.types import Document, Tier
from forge_resources.store.workshop import Made, Workshop

FORMATS = ("edl", "fcpxml", "fcp7xml")
"""The formats that every timeline is handed over in, besides its own."""


def write_interchange(workshop: Workshop, timeline: Artefact) -> list[Made]:
    """The timeline in every format of `FORMATS`."""
    return [
        workshop.make(workshop.engine("edit", f"interchange-{name}"), InterchangeParameters(), {"timeline": timeline})
        for name in FORMATS
    ]


class InterchangeParameters(Document):
    """Nothing but the timeline decides what is written."""


class InterchangeWriter(EditEngine):
    """Writes source `timeline` in another format. Facts: picture events, sound events."""

    tier: ClassVar[Tier] = "full"
    version = "1"
    Parameters: ClassVar[type[BaseModel]] = InterchangeParameters

    def make(self, parameters: Any, sources: Sources, target: Path) -> Facts:
        """Raises InvalidInput where there is no timeline, or none of Forge's."""
        if "timeline" not in sources:
            raise InvalidInput("A list is written from a timeline, and none was given.")
        sheet = sheet_of(open_timeline(sources["timeline"]))
        target.write_text(self.document(sheet), encoding="utf-8", newline="")
        return {"pictures": len(sheet.flat()), "sounds": len(sheet.sound)}

    @staticmethod
    @abstractmethod
    def document(sheet: Sheet) -> str:
        """The text of the file."""


class EdlWriter(InterchangeWriter):
    name = "interchange-edl"
    summary = "Writes a timeline as CMX 3600 edit decision list."
    media_type = "text/plain"
    suffix = ".edl"

    @staticmethod
    def document(sheet: Sheet) -> str:
        return edl_of(sheet)


class FcpxmlWriter(InterchangeWriter):
    name = "interchange-fcpxml"
    summary = "Writes a timeline for Final Cut Pro."
    media_type = "application/xml"
    suffix = ".fcpxml"

    @staticmethod
    def document(sheet: Sheet) -> str:
        return fcpxml_of(sheet)


class Fcp7XmlWriter(InterchangeWriter):
    name = "interchange-fcp7xml"
    summary = "Writes a timeline as Final Cut Pro 7 XML, which Premiere Pro and Resolve read."
    media_type = "application/xml"
    suffix = ".xml"

    @staticmethod
    def document(sheet: Sheet) -> str:
        return xmeml_of(sheet)
