"""What comes out at the end: timelines, the spot and the files handed over."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.recipe import Artefact
from forge_resources.schemas.types import Document, ExactRational, Line, Sha256, Slug, Tier, sha256_of


class Timelines(Document):
    """The edit, once per delivery profile, because frame rate and picture size differ."""

    by_profile: dict[Slug, Artefact]


class Spot(Document):
    """The finished master of a cell, cut for the first of its delivery profiles."""

    profile: Slug
    master: Artefact

    def version(self) -> str:
        """The hash of the master's bytes."""
        return self.master.sha256


class DeliveredFile(Document):
    """One file handed over. `address` is a path or `s3://` address a person can open.

    `content` is the hash that counts for the data version: that of the unsigned file, and otherwise the file's own.
    """

    role: Literal[
        "spot",
        "captions",
        "timeline",
        "interchange",
        "contact_sheet",
        "media",
        "record",
        "quality_report",
        "credentials",
        "metadata",
    ]
    profile: Slug | None
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9@._/-]+$")]
    address: str
    sha256: Sha256
    content: Sha256
    size: int


class Figures(Document):
    """What the master measures: seconds, frames, pixels; loudness in LUFS and dBTP, None for a silent spot."""

    duration_s: ExactRational
    frames: int
    fps: ExactRational
    width: int
    height: int
    bitrate_kbps: float
    integrated_lufs: float | None
    true_peak_dbtp: float | None


class Deliverables(Document):
    """Everything handed over for a cell."""

    cell: CellKey
    tier: Tier
    files: list[DeliveredFile]
    figures: Figures
    plates: Annotated[int, Field(ge=1)]
    reports: dict[Slug, Artefact] = Field({}, description="Quality control of each profile's file, a `QualityReport`.")

    def version(self) -> str:
        """A hash of what was delivered, whatever it was signed with and wherever it lies."""
        return sha256_of([self.tier, sorted((file.role, file.name, file.content) for file in self.files)])

    def of_role(self, role: str) -> list[DeliveredFile]:
        return [file for file in self.files if file.role == role]


class Record(Document):
    """The sheet that travels with the deliverables: what made them, from brief to master."""

    cell: CellKey
    tier: Tier
    cell_brief_version: Sha256
    engines: dict[str, str]
    seed: int
    recipes: dict[Line, Sha256]
