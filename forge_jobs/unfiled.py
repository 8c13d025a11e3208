"""Changes that nobody has filed yet: a brief's file, or an entry of the library, that differs from what is filed.

What belongs here: comparing without writing. What does not: filing, Dagster.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from upath import UPath

from forge_jobs.staleness import changed_fields
from forge_resources.briefs.check import check_file
from forge_resources.briefs.filing import Manifest
from forge_resources.errors import ForgeError
from forge_resources.schemas.audience import ResolvedPersona
from forge_resources.schemas.brief import Brief, KeptSound, MarketBrief
from forge_resources.schemas.cell import CellKey
from forge_resources.studio import Studio


@dataclass
class UnfiledChanges:
    """Causes by market code and by persona; `file_fault` where the changed file is faulty."""

    markets: dict[str, str] = field(default_factory=dict)
    personas: dict[str, str] = field(default_factory=dict)
    file_fault: str | None = None

    def of_cell(self, cell: CellKey) -> list[str]:
        return [
            cause for cause in (self.markets.get(cell.market), self.personas.get(cell.persona)) if cause is not None
        ]


def unfiled_changes(studio: Studio, manifest: Manifest) -> UnfiledChanges:
    """What would change if the brief's file and the library were filed now."""
    changes = UnfiledChanges()
    brief, pictures, sounds = _as_it_stands(studio, manifest, changes)
    try:
        now = studio.filing.resolve(brief, pictures, sounds)
    except ForgeError as error:
        changes.file_fault = error.message
        return changes
    for market, document in now.markets.items():
        filed = studio.cabinet.find("market_brief", f"{brief.brief}/{market}", MarketBrief)
        if filed and (differing := changed_fields(filed, document)):
            changes.markets[market] = f"the brief or its library entries changed, not filed yet: {', '.join(differing)}"
    for slug, persona in now.personas.items():
        known = studio.cabinet.find("persona", slug, ResolvedPersona)
        if known and (differing := changed_fields(known, persona)):
            changes.personas[slug] = f"the persona {slug} changed, not filed yet: {', '.join(differing)}"
    return changes


def _as_it_stands(
    studio: Studio, manifest: Manifest, changes: UnfiledChanges
) -> tuple[Brief, dict[str, str], dict[str, KeptSound]]:
    """The brief as its file says now; as filed where the file is gone, faulty or holds another brief."""
    filed = manifest.brief, manifest.folder_pictures, manifest.folder_sounds
    place = UPath(manifest.file)
    try:
        if not place.exists():
            return filed
        checked = check_file(place, studio.library, studio.profiles, store=studio.store)
    except ForgeError as error:
        changes.file_fault = error.message
        return filed
    if checked.brief.brief != manifest.slug:
        return filed
    pictures = {path: _name(picture.data, picture.suffix) for path, picture in checked.pictures.items()}
    sounds = {
        path: KeptSound(name=_name(sound.data, sound.suffix), sample_rate=sound.sample_rate, samples=sound.samples)
        for path, sound in checked.sounds.items()
    }
    return checked.brief, pictures, sounds


def _name(data: bytes, suffix: str) -> str:
    return hashlib.sha256(data).hexdigest() + suffix
