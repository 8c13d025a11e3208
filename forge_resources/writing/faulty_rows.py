"""Which rows of a script the findings are about, and what changed between two drafts.

What belongs here: places of findings, and differences of rows. What does not: asking for a draft (see `room`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from forge_resources.findings import Finding
from forge_resources.schemas.script import Script, ScriptRow

_ROW = re.compile(r"row (\d+)\b")
_TOLD: tuple[tuple[str, str], ...] = (
    ("duration_s", "seconds"),
    ("beat", "beat"),
    ("visual", "visual"),
    ("voice_over", "voice-over"),
    ("voice_over_gloss", "gloss of the voice-over"),
    ("super", "super"),
    ("super_gloss", "gloss of the super"),
    ("setting", "setting"),
)


@dataclass(frozen=True)
class Change:
    """One field of one shot, before and after; empty where it was or is not there."""

    shot: int
    field: str
    before: str
    after: str


def faulty_shots(findings: Iterable[Finding], draft: Script) -> set[int]:
    """The shots that the next draft may change; empty where a finding is about the whole."""
    faulty = set()
    shots = {row.shot for row in draft.rows}
    for finding in findings:
        found = _ROW.match(finding.place)
        if found is None or int(found[1]) not in shots:
            return set()
        faulty.add(int(found[1]))
    return faulty


def changes(before: Iterable[ScriptRow], after: Iterable[ScriptRow]) -> list[Change]:
    """What differs between two lists of rows, by shot and field."""
    old, new = {row.shot: row for row in before}, {row.shot: row for row in after}
    return [
        Change(shot, told, _text(old.get(shot), field), _text(new.get(shot), field))
        for shot in sorted(old.keys() | new.keys())
        for field, told in _TOLD
        if _text(old.get(shot), field) != _text(new.get(shot), field)
    ]


def _text(row: ScriptRow | None, field: str) -> str:
    value = getattr(row, field) if row is not None else None
    if value is None:
        return ""
    return f"{float(value):g}" if field == "duration_s" else str(value)
