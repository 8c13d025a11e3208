"""The gates on what is handed over: quality control of every deliverable, one blocking check a subject.

What belongs here: which subject of a report stops a cell, and the remedy. What does not: inspecting (see
`editing.inspection`), which is done when the deliverables are made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg

from forge_assets.keys import key_of
from forge_assets.logged import step_logged
from forge_assets.partitions import CELL
from forge_assets.stage import told, with_types
from forge_resources.adapters.resources import StudioResource
from forge_resources.findings import Finding, GateReport
from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.deliverables import Deliverables
from forge_resources.schemas.quality import QUALITY_CHECKS, QualityCheck, QualityReport
from forge_resources.studio import Studio

_REPORT = "The report with thumbnails lies beside the deliverables; what failed is in the folder `rejected`."
DESCRIPTIONS: Mapping[QualityCheck, str] = {
    "file": "Length, size, rate, codec, colour tags and time code of every file, as decoded and as read elsewhere.",
    "sound": "Loudness, true peak and limits of every file; silence where it must be, and nowhere else.",
    "picture": "Cuts where the timeline has them; no black and no frozen picture where none belong.",
    "flashing": "No more flashes than ITU-R BT.1702 takes for safe.",
    "captions": "Captions parse, are in order and apart, and fit the rules of their language.",
    "type": "Supers and legal lines read on what is under them, are large and long enough, and keep to the safe area.",
    "provenance": "The C2PA manifest of every file verifies and names a machine as the maker.",
}
REMEDIES: Mapping[QualityCheck, str] = {
    "file": f"Correct the delivery profile, or report this with the run's id. {_REPORT}",
    "sound": f"Look at voice, music and effects of the brief. {_REPORT}",
    "picture": f"Look at the shots named, and at motion clips. {_REPORT}",
    "flashing": f"Change the shots named: slower changes of light, or smaller ones. {_REPORT}",
    "captions": f"Shorten the voice-over of the lines named. {_REPORT}",
    "type": f"Shorten the text, or change the brand's palette. {_REPORT}",
    "provenance": f"Check FORGE_C2PA_KEY and FORGE_C2PA_CERTIFICATE, and run again. {_REPORT}",
}


def quality_checks() -> dg.AssetChecksDefinition:
    """One check a subject, all in one step: a report has them all, and a step costs more than reading it."""

    def check(context: dg.AssetCheckExecutionContext, studio: StudioResource) -> Iterable[dg.AssetCheckResult]:
        with step_logged((context,), {}):
            reports = _reports(studio.studio, CellKey.parse(context.partition_key))
        for subject in QUALITY_CHECKS:
            yield _result(subject, reports)

    specs = [
        dg.AssetCheckSpec(
            f"quality_{subject}",
            asset=key_of("deliverables"),
            description=DESCRIPTIONS[subject],
            blocking=True,
            partitions_def=CELL,
        )
        for subject in QUALITY_CHECKS
    ]
    return dg.multi_asset_check(name="quality_control", specs=specs)(with_types(check, check))


@told
def _reports(studio: Studio, cell: CellKey) -> list[QualityReport]:
    document = studio.cabinet.read("deliverables", cell.path, Deliverables)
    return [
        QualityReport.model_validate_json(studio.store.path(report).read_bytes())
        for report in document.reports.values()
    ]


def _result(subject: QualityCheck, reports: list[QualityReport]) -> dg.AssetCheckResult:
    found = [
        Finding(
            f"{report.profile}, {finding.place}",
            finding.message if finding.at_s is None else f"{finding.message} (at {finding.at_s:.2f} s)",
            "critical" if finding.severity == "fault" else "minor",
        )
        for report in reports
        for finding in report.of(subject)
    ]
    gate = GateReport(tuple(found))
    metadata: dict[str, Any] = {"files": len(reports), "findings": len(found)}
    if found:
        table = [dg.TableRecord({"place": f.place, "severity": f.severity, "finding": f.message}) for f in found]
        metadata |= {"list": dg.MetadataValue.table(records=table), "remedy": REMEDIES[subject]}
    return dg.AssetCheckResult(
        asset_key=key_of("deliverables"),
        check_name=f"quality_{subject}",
        passed=gate.passed,
        description="; ".join(str(finding) for finding in found) or "Nothing found.",
        metadata=metadata,
    )
