"""The gate on seconds: rows in order, seconds that add up, voice-overs that can be said in their shots."""

from __future__ import annotations

from fractions import Fraction

from forge_resources.findings import Finding, GateReport
from forge_resources.schemas.script import BEATS
from forge_resources.writing.gates.examination import Examination
from forge_resources.writing.gates.gate_data import load_limits, seconds

_DRAMATIC_ORDER = {beat: place for place, beat in enumerate(BEATS)}


def timing(seen: Examination) -> GateReport:
    """Rows out of order, seconds that do not add up, lines too long for their shot by the market's rate or measured."""
    script, brief = seen.script, seen.market
    findings = []
    wanted = Fraction(brief.duration_s)
    if script.duration_s != wanted:
        findings.append(Finding("rows", f"last {float(script.duration_s):g} s in all, {float(wanted):g} s wanted"))
    if [row.shot for row in script.rows] != list(range(1, len(script.rows) + 1)):
        findings.append(Finding("rows", "are not numbered 1, 2, 3 … in order"))
    places = [_DRAMATIC_ORDER[row.beat] for row in script.rows]
    if brief.origin is None and places != sorted(places):
        findings.append(Finding("rows", f"leave the order {' → '.join(BEATS)}"))
    findings += _origin_left(seen)
    rate = brief.market.language.speech_rate_cps
    fullest = 0.0
    for row in script.rows:
        if not row.voice_over:
            continue
        longest = float(row.duration_s) * rate * load_limits().spoken_faster_at_most
        fullest = max(fullest, len(row.voice_over) / (float(row.duration_s) * rate))
        measured = seen.measured.get(row.shot)
        if len(row.voice_over) > longest:
            findings.append(
                Finding(
                    f"row {row.shot} voice-over",
                    f"{len(row.voice_over)} characters cannot be spoken in {float(row.duration_s):g} s; "
                    f"shorten it to {int(longest)}",
                )
            )
        elif measured and measured.reason:
            findings.append(Finding(f"row {row.shot} voice-over", measured.reason))
    figures: dict[str, object] = {
        "rows": len(script.rows),
        "seconds": seconds(script.duration_s),
        "fullest shot, share of the comfortable rate": round(fullest, 2),
        "lines measured": len(seen.measured),
    }
    if said := [one.seconds for one in seen.measured.values() if one.seconds is not None]:
        figures["seconds spoken"] = round(sum(said), 2)
    return GateReport(tuple(findings), figures)


def _origin_left(seen: Examination) -> list[Finding]:
    """An adaptation has the shots and the seconds of the script it adapts."""
    if seen.market.origin is None:
        return []
    given = [(row.shot, row.duration_s) for row in seen.market.origin.script]
    written = [(row.shot, row.duration_s) for row in seen.script.rows]
    if len(given) != len(written):
        return [Finding("rows", f"are {len(written)}; the script to adapt has {len(given)}")]
    return [
        Finding(f"row {shot}", f"lasts {float(now):g} s; in the script to adapt it lasts {float(then):g} s")
        for (shot, then), (_, now) in zip(given, written, strict=True)
        if then != now
    ]
