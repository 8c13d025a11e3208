"""The gate on supers: short enough to read while they stand, and to set in the lines that their language allows."""

from __future__ import annotations

from fractions import Fraction

from forge_resources.editing.cues import CueRules
from forge_resources.editing.line_breaking import balanced_lines, pieces_of
from forge_resources.findings import Finding, GateReport
from forge_resources.writing.gates.examination import Examination
from forge_resources.writing.gates.gate_data import load_limits, seconds


def supers(seen: Examination) -> GateReport:
    """Supers that stand too short, ask to be read too fast, or do not fit the lines of their language."""
    limits, language = load_limits(), seen.market.market.language
    rules = CueRules(
        language=language.code,
        line_length=language.line_length,
        max_lines=language.max_lines,
        reading_speed_cps=Fraction(str(language.reading_speed_cps)),
        shortest=limits.super_shortest_s,
        longest=Fraction(90),
        frames_between=0,
    )
    findings = []
    shown, fastest = 0, 0.0
    for row in seen.script.rows:
        if not row.super or (row is seen.script.rows[-1] and row.super == seen.market.lines.call_to_action):
            continue  # The call to action of the last shot is set on the end card.
        shown += 1
        place, width = f"row {row.shot} super", rules.width(row.super)
        stands = row.duration_s - limits.super_lost_s
        if stands < limits.super_shortest_s:
            least = seconds(limits.super_shortest_s + limits.super_lost_s)
            findings.append(Finding(place, f"stands {max(seconds(stands), 0.0):g} s; its shot has to last {least:g} s"))
            continue
        speed = width / float(stands)
        fastest = max(fastest, speed)
        if speed > language.reading_speed_cps * limits.super_faster_at_most:
            room = int(float(stands) * language.reading_speed_cps * limits.super_faster_at_most)
            findings.append(
                Finding(
                    place,
                    f"has {width:g} characters to read in {seconds(stands):g} s; shorten it to {room}",
                    # A line of the brief itself that is hurried is one thing, a spot full of them another.
                    severity="major" if row.super in seen.market_lines else "critical",
                )
            )
        if not _can_be_set(row.super, rules):
            findings.append(
                Finding(
                    place,
                    f"does not fit {rules.max_lines} lines of {rules.line_length} characters, as long as "
                    f"{seen.language} allows",
                )
            )
    figures = {
        "supers": shown,
        "fastest, characters a second": round(fastest, 1),
        "comfortable, characters a second": language.reading_speed_cps,
    }
    return GateReport(tuple(findings), figures)


def _can_be_set(text: str, rules: CueRules) -> bool:
    counts = range(1, rules.max_lines + 1)
    return any(
        balanced_lines(pieces_of(text, rules.language, divide=divide), rules.width, rules.line_length, count)
        for divide in (False, True)
        for count in counts
    )
