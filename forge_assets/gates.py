"""The gates: blocking, partitioned checks that stop only the cell that fails.

What belongs here: which findings guard which asset. What does not: how something is found.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import dagster as dg
from dagster._utils.warnings import PreviewWarning

from forge_assets.delivery_gates import quality_checks
from forge_assets.keys import key_of
from forge_assets.logged import step_logged
from forge_assets.partitions import CELL
from forge_assets.stage import noting, told, with_types
from forge_resources.adapters.resources import StudioResource
from forge_resources.editing.hand_over import figures_of
from forge_resources.editing.profiles import outlet
from forge_resources.editing.quality import spot_findings
from forge_resources.findings import Finding, GateReport
from forge_resources.imaging.painted_plates import painted_findings
from forge_resources.imaging.plate_checks import check_plates
from forge_resources.imaging.plate_sizes import plate_size
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.deliverables import Spot
from forge_resources.schemas.script import Concept, Culture, Script
from forge_resources.schemas.storyboard import Frames, Storyboard
from forge_resources.studio import Studio
from forge_resources.writing.copy_gate import copy_findings
from forge_resources.writing.gates.judged_gates import JUDGED
from forge_resources.writing.gates.script_gates import COMPUTED
from forge_resources.writing.room import examine


@dataclass(frozen=True)
class Gate:
    """Guards `asset`: what `find` finds stops the cell, and `remedy` says what to do."""

    asset: str
    name: str
    description: str
    remedy: str
    find: Callable[[Studio, CellKey], list[Finding]]


def _brief(studio: Studio, cell: CellKey) -> CellBrief:
    return studio.cabinet.read("brief", cell.path, CellBrief)


def _script(studio: Studio, cell: CellKey) -> Script:
    return studio.cabinet.read("script", cell.path, Script)


def _copy(studio: Studio, cell: CellKey) -> list[Finding]:
    return copy_findings(_brief(studio, cell))


def _plates(studio: Studio, cell: CellKey) -> list[Finding]:
    frames = studio.cabinet.read("frames", cell.path, Frames)
    size = plate_size(_brief(studio, cell).market_brief.aspect_ratio)
    pictures = [(plate.shot, studio.store.path(plate.picture)) for plate in frames.plates]
    found = [Finding(f"shot {one.shot}", one.message.rstrip(".")) for one in check_plates(pictures, size)]
    for other in frames.other_ratios:
        ratio = other.aspect_ratio
        made = [(plate.shot, studio.store.path(plate.picture)) for plate in other.plates if plate.focus is None]
        found += [
            Finding(f"shot {one.shot} in {ratio}", one.message.rstrip("."))
            for one in check_plates(made, plate_size(ratio))
        ]
    if any(plate.picture.tier == "full" for plate in frames.plates):
        storyboard = studio.cabinet.read("storyboard", cell.path, Storyboard)
        found += painted_findings(frames, storyboard, _brief(studio, cell), studio.store)
    return found


def _spot(studio: Studio, cell: CellKey) -> list[Finding]:
    spot = studio.cabinet.read("spot", cell.path, Spot)
    brief = _brief(studio, cell)
    return spot_findings(figures_of(spot.master), brief, outlet(studio.profiles, spot.profile, brief.market_brief))


GATES = [
    Gate(
        "brief",
        "copy_in_language",
        "Every line the cell needs exists in the market's language, or the text engine can translate.",
        "Supply the lines under `copy` in the brief, or a script in the language of the market, or choose a text "
        "engine that writes and translates it.",
        _copy,
    ),
    Gate(
        "frames",
        "plates_usable",
        "Every plate has the right size, shows something and looks like no other; a painted one has no text in it and "
        "shows the product in its colours.",
        "Change the visual of the shot or the seed of the brief; for a wrong size or a flat picture, mend the image "
        "engine, raise its version (or use --force), and run again.",
        _plates,
    ),
    Gate(
        "spot",
        "spot_conforms",
        "Frames, rate, size, loudness and peak of the finished file are what brief and profile ask for.",
        "Report this with the run's id: the renderer should never hand over such a file.",
        _spot,
    ),
]


_SCRIPT_GATES = (*COMPUTED, *JUDGED)


def gate_checks() -> list[dg.AssetChecksDefinition]:
    """Every gate as a Dagster asset check."""
    with warnings.catch_warnings():
        # Partitioned checks are new in Dagster 1.13; that they stop only the cell that fails is tested here.
        warnings.simplefilter("ignore", PreviewWarning)
        return [*[_check(gate) for gate in GATES], _script_checks(), quality_checks()]


def _check(gate: Gate) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=key_of(gate.asset),
        name=gate.name,
        description=gate.description,
        blocking=True,
        partitions_def=CELL,
    )
    @told
    def check(context: dg.AssetCheckExecutionContext, studio: StudioResource) -> dg.AssetCheckResult:
        findings = gate.find(studio.studio, CellKey.parse(context.partition_key))
        return _result(gate.asset, gate.name, GateReport(tuple(findings)), gate.remedy)

    return check


def _script_checks() -> dg.AssetChecksDefinition:
    """The gates on a script, in one step: they look at the same rows, and a step costs more than they do."""

    def check(context: dg.AssetCheckExecutionContext, studio: StudioResource) -> Iterable[dg.AssetCheckResult]:
        with step_logged((context,), {}):
            reports = _script_reports(studio.studio, CellKey.parse(context.partition_key))
        for gate in _SCRIPT_GATES:
            yield _result("script", gate.name, reports[gate.name], gate.remedy)

    specs = [
        dg.AssetCheckSpec(
            gate.name, asset=key_of("script"), description=gate.description, blocking=True, partitions_def=CELL
        )
        for gate in _SCRIPT_GATES
    ]
    return dg.multi_asset_check(name="script_gates", specs=specs)(with_types(check, check))


@told
def _script_reports(studio: Studio, cell: CellKey) -> dict[str, GateReport]:
    """What the gates said when the script was written: the voice and the judge are found in the store."""
    concept = studio.cabinet.read("concept", cell.path, Concept)
    culture = studio.cabinet.read("culture", cell.path, Culture)
    with noting(studio, cell, "script_gates"):
        return examine(studio.workshop.reusing(), _brief(studio, cell), concept, culture, _script(studio, cell))


def _result(asset: str, name: str, report: GateReport, remedy: str) -> dg.AssetCheckResult:
    """A report as the UI shows it: figures, and a table of findings."""
    metadata: dict[str, Any] = {"findings": len(report.findings), **report.figures}
    if report.findings:
        table = [
            dg.TableRecord(
                {
                    "place": found.place,
                    "severity": found.severity,
                    "finding": found.message,
                    "suggestion": found.suggestion,
                }
            )
            for found in report.findings
        ]
        metadata |= {"list": dg.MetadataValue.table(records=table), "remedy": remedy}
    return dg.AssetCheckResult(
        asset_key=key_of(asset),
        check_name=name,
        passed=report.passed,
        description="; ".join(str(found) for found in report.findings) or "Nothing found.",
        metadata=metadata,
    )
