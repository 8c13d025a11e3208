"""The writing room: a script is drafted, examined by every gate, and revised until it passes or the rounds are over.

What belongs here: the order of drafts, reviews and revisions, and what is kept of them. What does not: any gate, any
engine, Dagster. Every draft and every review is a recipe of its own, so that a rerun goes on after the last good one.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from forge_resources.engines.contract import ReadingTextEngine
from forge_resources.findings import Finding, GateReport
from forge_resources.progress import OnStep
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.recipe import Artefact
from forge_resources.schemas.review import Review
from forge_resources.schemas.script import Concept, Culture, Script
from forge_resources.store.tally import Tally
from forge_resources.store.workshop import Workshop
from forge_resources.writing.chat.settings import load_settings, rounds_of
from forge_resources.writing.faulty_rows import Change, changes
from forge_resources.writing.gates.examination import Examination
from forge_resources.writing.gates.judged_gates import judged_reports
from forge_resources.writing.gates.script_gates import computed_reports, findings_of
from forge_resources.writing.measuring import measure
from forge_resources.writing.papers import read_paper, text_engine


@dataclass(frozen=True)
class Round:
    """One draft, what every gate found in it, and what it changed of the draft before."""

    script: Script
    artefact: Artefact
    reports: dict[str, GateReport]
    changed: list[Change] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return all(report.passed for report in self.reports.values())

    @property
    def findings(self) -> list[Finding]:
        return findings_of(self.reports)

    @property
    def weight(self) -> tuple[int, int, int]:
        """Critical, major and minor findings; the least is the best."""
        found = [finding.severity for finding in self.findings]
        return found.count("critical"), found.count("major"), found.count("minor")


@dataclass(frozen=True)
class Written:
    """What came of it: the draft that is kept, all rounds, and the tally of what was made for them."""

    kept: Round
    rounds: list[Round]
    tally: Tally


def write_script(
    workshop: Workshop, brief: CellBrief, concept: Concept, culture: Culture, on_step: OnStep | None = None
) -> Written:
    """The first draft that passes every gate; the best one where none does within the rounds.

    An engine that does not read writes one draft, which only the checks examine: it would compose the same again.
    """
    engine = text_engine(workshop, brief)
    most = rounds_of(load_settings(), brief.market_brief.writing) if isinstance(engine, ReadingTextEngine) else 1
    tally = Tally()
    rounds: list[Round] = []
    recipe = engine.parameters("script", brief, concept, culture)
    for number in range(1, most + 1):
        artefact = tally.add(workshop.make(engine, recipe))
        script = read_paper(workshop, engine, artefact, "script", Script)
        if not isinstance(engine, ReadingTextEngine):
            rounds.append(Round(script, artefact, {}))
            break
        reports = examine(workshop, brief, concept, culture, script, tally)
        before = rounds[-1].script.rows if rounds else script.rows
        rounds.append(Round(script, artefact, reports, changes(before, script.rows)))
        if on_step:
            on_step(number, most, f"draft {number} {'passes' if rounds[-1].passed else 'has faults'}")
        if rounds[-1].passed or number == most:
            break
        recipe = engine.revision(brief, concept, culture, script, rounds[-1].findings)
    return Written(_best(rounds), rounds, tally)


def examine(
    workshop: Workshop,
    brief: CellBrief,
    concept: Concept,
    culture: Culture,
    script: Script,
    tally: Tally | None = None,
) -> dict[str, GateReport]:
    """What every gate says of a script: first those that code decides, then those that a model judges."""
    engine = text_engine(workshop, brief)
    if not isinstance(engine, ReadingTextEngine):
        return _computed(workshop, brief, script) | judged_reports(None, engine.name)
    if engine.waits:
        # The judge is a server: it reads while the voice measures.
        with ThreadPoolExecutor(1, thread_name_prefix="review") as pool:
            judging = pool.submit(workshop.make, engine, engine.review(brief, concept, culture, script))
            computed = _computed(workshop, brief, script)
            made = judging.result()
    else:
        computed = _computed(workshop, brief, script)
        made = workshop.make(engine, engine.review(brief, concept, culture, script))
    if tally is not None:
        tally.add(made)
    return computed | judged_reports(read_paper(workshop, engine, made.artefact, "review", Review), engine.name)


def _computed(workshop: Workshop, brief: CellBrief, script: Script) -> dict[str, GateReport]:
    return computed_reports(Examination(script, brief, measure(workshop, brief, script)))


def _best(rounds: Sequence[Round]) -> Round:
    """The first that passes, else the one with the least found in it; of equals the earlier."""
    return min(rounds, key=lambda one: (not one.passed, one.weight))
