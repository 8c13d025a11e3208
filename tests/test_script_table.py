"""The table of prepared scripts: forty faulty ones, each caught by the gate that is meant for it, and forty good ones.

`python -m tests.test_script_table` writes the table of docs/writing.md anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from forge_resources.findings import GateReport
from forge_resources.schemas.brief import CellBrief, Lines
from forge_resources.schemas.script import Script
from forge_resources.writing.gates.examination import Examination
from forge_resources.writing.gates.script_gates import computed_reports
from tests.test_draft import a_cell

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs" / "writing.md"
BEGIN, END = "<!-- table of faulty scripts -->\n", "<!-- end of the table -->\n"
FIELDS = ("duration_s", "beat", "visual", "voice_over", "voice_over_gloss", "super", "super_gloss")
GOOD: dict[str, Any] = yaml.safe_load((HERE / "scripts" / "good.yaml").read_text(encoding="utf-8"))
FAULTY: dict[str, Any] = yaml.safe_load((HERE / "scripts" / "faulty.yaml").read_text(encoding="utf-8"))
SOURCE = Lines(
    language="en",
    message="Wake up before your alarm does.",
    call_to_action="Try it for 30 nights.",
    selling_points=["Wakes you with light", "Warms from 1800 K to 5000 K", "Runs 40 hours on a charge"],
)


def cell_for(script: dict[str, Any], **changes: Any) -> CellBrief:
    """The lamp's brief for a market, as a model gets it: without lines in any language but English."""
    language = script["market"].split("-")[0]
    nothing = Lines(language=language, message=None, call_to_action=None, selling_points=None)
    cell = a_cell(script["market"], lines=SOURCE if language == "en" else nothing, source_lines=SOURCE)
    market = cell.market_brief
    words = [*market.brand.must_not_say, *market.market.market.must_not_say, *market.market.language.must_not_say]
    legal = script.get("must_say") or script.get("legal") or []
    wanted = {"must_not_say": ["cheapest", "guaranteed", *words], "must_say": legal} | changes
    return cell.model_copy(update={"market_brief": market.model_copy(update=wanted)})


def script_for(script: dict[str, Any], rows: list[dict[str, Any]]) -> Script:
    numbered = [row | {"shot": shot} for shot, row in enumerate(rows, start=1)]
    language = script["market"].split("-")[0]
    return Script.model_validate({"language": language, "tier": "full", "rows": numbered, "legal": script.get("legal")})


def rows_of(script: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(FIELDS, row, strict=True)) for row in script["rows"]]


def faulty_rows(entry: dict[str, Any]) -> list[dict[str, Any]]:
    rows = rows_of(GOOD[entry["of"]])
    for shot, changes in entry.get("set", {}).items():
        rows[shot - 1] |= changes
    rows = [row for shot, row in enumerate(rows, start=1) if shot not in entry.get("drop", [])]
    return [rows[shot - 1] for shot in entry.get("order", range(1, len(rows) + 1))]


def examined(name: str) -> dict[str, GateReport]:
    entry = FAULTY[name]
    good = GOOD[entry["of"]]
    cell = cell_for(good, **entry.get("brief", {}))
    return computed_reports(Examination(script_for(good, faulty_rows(entry)), cell))


@pytest.mark.parametrize("name", FAULTY)
def test_a_faulty_script_is_caught_by_its_gate(name: str) -> None:
    reports = examined(name)
    report = reports[FAULTY[name]["gate"]]
    assert not report.passed
    assert FAULTY[name]["place"] in [finding.place for finding in report.findings]


@pytest.mark.parametrize("name", GOOD)
def test_a_good_script_passes_every_gate(name: str) -> None:
    good = GOOD[name]
    reports = computed_reports(Examination(script_for(good, rows_of(good)), cell_for(good)))
    found = [str(finding) for report in reports.values() for finding in report.findings]
    assert all(report.passed for report in reports.values()), found
    assert not [finding for finding in found if "names neither" not in finding]


def test_there_are_forty_of_each_in_twelve_languages() -> None:
    assert (len(FAULTY), len(GOOD)) == (40, 40)
    assert len({script["market"].split("-")[0] for script in GOOD.values()}) == 12


def table() -> str:
    """The table as docs/writing.md shows it."""
    lines = ["| script | fault | caught by | what it says |", "|---|---|---|---|"]
    for name, entry in FAULTY.items():
        said = next(finding for finding in examined(name)[entry["gate"]].findings if finding.place == entry["place"])
        lines.append(f"| `{name}` | {entry['fault']} | `{entry['gate']}` | {said} |")
    return "\n".join(lines) + "\n"


def test_the_table_of_the_docs_is_the_one_that_the_gates_give() -> None:
    assert table() in DOCS.read_text(encoding="utf-8"), "Write it anew: python -m tests.test_script_table"


if __name__ == "__main__":
    text = DOCS.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    DOCS.write_text(before + BEGIN + table() + END + rest.partition(END)[2], encoding="utf-8")
