"""What an adaptation made of the script it adapts: field by field, with why.

What belongs here: the table of differences. What does not: adapting (the text engine does).
"""

from __future__ import annotations

from dataclasses import dataclass

from forge_resources.library.locales import language_name
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.script import ScriptRow
from forge_resources.writing.faulty_rows import changes
from forge_resources.writing.room import Written

_UNSAID = "the writer gave no reason"


@dataclass(frozen=True)
class AdaptedRow:
    """One field of one shot as it was and as it is."""

    shot: int
    field: str
    origin: str
    adaptation: str
    why: str


def adapted_rows(brief: CellBrief, written: Written) -> list[AdaptedRow] | None:
    """What differs from the brief's script; None where the brief has none, empty where it was taken as it is."""
    origin = brief.market_brief.origin
    if origin is None:
        return None
    rows = written.kept.script.rows
    # Beats and glosses are no part of a script to adapt: they are taken as they are now.
    before = [
        ScriptRow(
            **given.model_dump(exclude={"camera"}), beat=row.beat,
            voice_over_gloss=row.voice_over_gloss, super_gloss=row.super_gloss, setting=row.setting,
        )
        for given, row in zip(origin.script, rows, strict=False)
    ]  # fmt: skip
    whys = _reasons(written)
    words = f"the words are those of the market, in {language_name(brief.market_brief.market.language.code)}"
    return [
        AdaptedRow(
            change.shot,
            change.field,
            change.before,
            change.after,
            whys.get(change.shot) or (words if written.kept.script.tier == "draft" else _UNSAID),
        )
        for change in changes(before, rows)
    ]


def _reasons(written: Written) -> dict[int, str]:
    """Why each shot is as it is: what the last draft that changed it said, up to the one that is kept."""
    whys: dict[int, str] = {}
    for one in written.rounds[: written.rounds.index(written.kept) + 1]:
        whys |= {int(shot): str(why) for shot, why in (one.artefact.facts.get("why") or {}).items()}
    return whys
