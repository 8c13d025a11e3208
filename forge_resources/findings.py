"""What a gate finds wrong: where and what, in words for the person who can mend it, and how bad it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["critical", "major", "minor"]
SEVERITIES: tuple[Severity, ...] = ("critical", "major", "minor")


@dataclass(frozen=True)
class Finding:
    """One remark of a gate; `place` such as `row 3 voice-over` or `copy.de.message`.

    What code finds is critical unless it says otherwise. `suggestion` is what could be done about it.
    """

    place: str
    message: str
    severity: Severity = "critical"
    suggestion: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


@dataclass(frozen=True)
class GateReport:
    """What one gate found, and the figures it looked at (JSON values, by name)."""

    findings: tuple[Finding, ...] = ()
    figures: Mapping[str, object] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """A critical finding or two major ones are a no; minor ones never are."""
        severities = [finding.severity for finding in self.findings]
        return severities.count("critical") == 0 and severities.count("major") < MAJORS_THAT_FAIL


MAJORS_THAT_FAIL = 2
