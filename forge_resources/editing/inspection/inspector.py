"""The `inspect` engine: quality control of a finished file, as a report.

What belongs here: the order of work. What does not: any measurement (see the modules beside this one), or the page that
people read (see `page`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel

from forge_resources.editing.cut import Cut
from forge_resources.editing.inspection.caption_findings import caption_findings
from forge_resources.editing.inspection.expectation import InspectionParameters
from forge_resources.editing.inspection.file_findings import file_findings
from forge_resources.editing.inspection.motion import Run
from forge_resources.editing.inspection.picture_findings import Watched, picture_findings, watch
from forge_resources.editing.inspection.reader import read
from forge_resources.editing.inspection.sound_findings import hear, sound_findings
from forge_resources.editing.inspection.type_findings import look, still_frames, type_findings
from forge_resources.editing.inspection.viewing import Viewing, view
from forge_resources.editing.provenance.signing import verify
from forge_resources.editing.timeline_reading import open_timeline, read_cut
from forge_resources.engines.contract import EditEngine, Facts, Sources
from forge_resources.errors import InvalidInput
from forge_resources.schemas.quality import PictureFigures, QualityFinding, QualityReport
from forge_resources.schemas.types import Tier


class Inspector(EditEngine):
    """Inspects source `file` against source `timeline`; captions are sources named by their format, such as `srt`, and
    a manifest of its own is `credentials`. Facts: `passed`, `faults`, `remarks`.
    """

    name = "inspect"
    tier: ClassVar[Tier] = "full"
    version = "2"
    summary = "Decodes a finished file and compares it with profile, timeline and captions."
    media_type = "application/json"
    suffix = ".json"
    Parameters: ClassVar[type[BaseModel]] = InspectionParameters

    def make(self, parameters: Any, sources: Sources, target: Path) -> Facts:
        """Writes a `QualityReport`. A file that does not decode is EngineFailed; everything else is a finding."""
        wanted = InspectionParameters.model_validate(parameters)
        report = inspect(wanted, sources, target.parent)
        target.write_text(report.model_dump_json(indent=1) + "\n", encoding="utf-8", newline="\n")
        faults = sum(finding.severity == "fault" for finding in report.findings)
        return {"passed": report.passed, "faults": faults, "remarks": len(report.findings) - faults}


def inspect(wanted: InspectionParameters, sources: Sources, scratch: Path) -> QualityReport:
    """The report of one deliverable; pictures of it lie below `scratch` meanwhile."""
    cut = read_cut(open_timeline(sources["timeline"]))
    with tempfile.TemporaryDirectory(prefix="forge-inspect-", dir=scratch) as folder:
        seen = view(sources["file"], list(still_frames(cut, wanted)), Path(folder))
        heard = hear(seen, wanted, Path(folder))
    reading, watched, looked = read(sources["file"]), watch(seen, wanted), look(seen, cut, wanted)
    captions: dict[str, Path] = {form: sources[form] for form in wanted.captions if form in sources}
    signer, provenance = _provenance(wanted, sources)
    findings = [
        *file_findings(seen, reading, wanted),
        *sound_findings(seen, heard, cut, wanted),
        *picture_findings(seen, watched, cut, wanted),
        *caption_findings(captions, bool(cut.voice), wanted),
        *type_findings(looked, cut, wanted),
        *provenance,
    ]
    return QualityReport(
        file=wanted.file,
        profile=wanted.profile,
        cell=wanted.cell,
        content=wanted.content,
        first_frame=wanted.first_frame,
        spot_frames=wanted.spot_frames,
        picture=_picture(seen, watched, cut, wanted),
        sound=heard.figures if heard else None,
        loudness=heard.points if heard else [],
        type=[each.figures for each in looked],
        captions=list(captions),
        readers=[f"ffmpeg {wanted.ffmpeg}", f"MediaInfo {wanted.reader}"],
        signer=signer,
        findings=findings,
    )


def _picture(seen: Viewing, watched: Watched, cut: Cut, wanted: InspectionParameters) -> PictureFigures:
    def spans(runs: list[Run]) -> list[tuple[float, float]]:
        return [(wanted.seconds(first), wanted.seconds(end)) for first, end in runs]

    return PictureFigures(
        frames=seen.frames,
        fps=seen.fps,
        width=seen.width,
        height=seen.height,
        codec=seen.codec,
        pixel_format=seen.pixel_format,
        colour=seen.colour,
        timecode=seen.timecode,
        cuts_s=[wanted.seconds(frame) for frame in watched.cuts],
        black_s=spans(watched.black),
        frozen_s=spans(watched.frozen),
        flashes_per_second=watched.flashing.most,
        red_flashes_per_second=watched.flashing.most_red,
    )


def _provenance(wanted: InspectionParameters, sources: Sources) -> tuple[str | None, list[QualityFinding]]:
    """Who signed, and what is wrong with the manifest."""
    try:
        found = verify(sources["file"], wanted.media_type, sources.get("credentials"))
    except InvalidInput as error:
        return None, [_fault("manifest", error.message)]
    findings = [_fault("manifest", problem) for problem in found.problems]
    findings += list(_source_type(found.manifest))
    if not found.trusted:
        told = "signed with a certificate that nobody vouches for; set FORGE_C2PA_KEY and FORGE_C2PA_CERTIFICATE"
        findings.append(QualityFinding(check="provenance", severity="remark", place="signer", message=told))
    return found.signer[:120] or None, findings


def _source_type(manifest: dict[str, Any]) -> Iterator[QualityFinding]:
    actions = [
        action
        for entry in manifest.get("assertions", [])
        if entry["label"].startswith("c2pa.actions")
        for action in entry["data"]["actions"]
    ]
    if not any("digitalsourcetype" in str(action.get("digitalSourceType", "")) for action in actions):
        yield _fault("manifest", "does not say that the file was made by machine")


def _fault(place: str, message: str) -> QualityFinding:
    return QualityFinding(check="provenance", severity="fault", place=place, message=message)
