"""The form of each reply, as JSON schemas that models are asked by and, where they can be, constrained by.

What belongs here: schemas without references, whose texts, lists and numbers are all bounded, so that even a model of
random weights comes to an end. What does not: reading a reply (see `replies`), or making a paper of it (see `papers`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, get_args

from forge_resources.findings import SEVERITIES
from forge_resources.library.vocabulary import load_vocabulary
from forge_resources.schemas.brief import MarketBrief
from forge_resources.schemas.script import BEATS, Angle, CameraMove, ShotSize
from forge_resources.writing.prompt_variables import rows_at_most

Schema = dict[str, Any]

STEP_S = Fraction(1, 2)
"""Rows written anew last a multiple of this."""
_LINE, _SHORT = 400, 120


def concept_schema() -> Schema:
    """Core message, structure, beats, what stays and what may change, brand voice."""
    return _record(
        core_message=_text(_LINE),
        structure=_listing(_one_of(BEATS), 1, 20),
        beats=_listing(_text(_LINE), 1, 20),
        must_stay=_listing(_text(_LINE), 1, 12),
        may_change=_listing(_text(_LINE), 1, 12),
        brand_voice=_listing(_text(_SHORT), 1, 8),
    )


def culture_schema() -> Schema:
    """Context, substitutions, tone, pitfalls, opportunities, regulations."""
    swap = _record(instead_of=_text(_LINE), use=_text(_LINE), reason=_text(_LINE))
    return _record(
        context=_listing(_text(_LINE), 1, 10),
        substitutions=_listing(swap, 0, 10),
        tone=_listing(_text(_SHORT), 1, 8),
        pitfalls=_listing(_text(_LINE), 0, 10),
        opportunities=_listing(_text(_LINE), 0, 10),
        regulations=_listing(_text(_LINE), 0, 10),
    )


def script_schema(market: MarketBrief) -> Schema:
    """Rows written anew, each with its seconds."""
    row = _record(seconds=_one_of(_seconds(market.duration_s)), beat=_one_of(BEATS), **_words(market), **_picture())
    return _record(rows=_listing(row, 1, rows_at_most(market.duration_s)))


def adaptation_schema(market: MarketBrief) -> Schema:
    """One row for each row of the script to adapt; shots and seconds are not asked for, they stay."""
    row = _record(beat=_one_of(BEATS), **_words(market), **_picture(), why=_text(_LINE))
    rows = len(market.origin.script) if market.origin else 1
    return _record(rows=_listing(row, rows, rows))


def revision_schema(market: MarketBrief, faulty: Sequence[int]) -> Schema:
    """The faulty rows, each with its shot; or all rows where the whole may change."""
    if not faulty:
        return adaptation_schema(market) if market.origin else script_schema(market)
    fields: dict[str, Schema] = {"shot": _one_of(faulty)}
    if market.origin is None:
        fields |= {"seconds": _one_of(_seconds(market.duration_s))}
    row = _record(**fields, beat=_one_of(BEATS), **_words(market), **_picture(), why=_text(_LINE))
    return _record(rows=_listing(row, 1, len(faulty)))


def review_schema(shots: Iterable[int]) -> Schema:
    """Issues under each of the judged gates."""
    issue = _record(
        severity=_one_of(SEVERITIES),
        place=_one_of(["script", *(f"row {shot}" for shot in shots)]),
        problem=_text(_LINE),
        suggestion=_maybe(_LINE),
    )
    issues = _listing(issue, 0, 10)
    return _record(culture=issues, concept=issues, brand_voice=issues)


def enhancement_schema() -> Schema:
    """A description."""
    return _record(description=_text(_LINE))


def _words(market: MarketBrief) -> dict[str, Schema]:
    """Voice-over and super, with glosses where a reader of English needs them."""
    glosses = market.market.language.code != "en"
    words = {"visual": _text(_LINE), "voice_over": _maybe(_LINE)}
    words |= {"voice_over_gloss": _maybe(_LINE)} if glosses else {}
    words |= {"super": _maybe(_SHORT)}
    return words | ({"super_gloss": _maybe(_SHORT)} if glosses else {})


def _picture() -> dict[str, Schema]:
    """What the storyboard can draw; empty where `visual` says it all."""
    words = load_vocabulary()
    return {
        "size": _one_of(get_args(ShotSize)),
        "angle": _one_of(get_args(Angle)),
        "move": _one_of(get_args(CameraMove)),
        "setting": _one_of(["", *words.settings]),
        "time_of_day": _one_of(["", *words.times_of_day]),
        "persons": _listing(_one_of(words.roles), 0, 6),
        "props": _listing(_one_of(words.props), 0, 8),
    }


def _seconds(duration_s: int) -> list[float]:
    return [float(STEP_S * steps) for steps in range(2, int(Fraction(duration_s) / STEP_S) + 1)]


def _record(**fields: Schema) -> Schema:
    return {"type": "object", "properties": fields, "required": [*fields], "additionalProperties": False}


def _listing(item: Schema, least: int, most: int) -> Schema:
    return {"type": "array", "items": item, "minItems": least, "maxItems": most}


def _one_of(values: Iterable[object]) -> Schema:
    # OpenAI's strict mode refuses a schema in which anything has no type.
    choices = [*values]
    return {"type": "string" if all(isinstance(one, str) for one in choices) else "number", "enum": choices}


def _text(longest: int) -> Schema:
    return {"type": "string", "minLength": 1, "maxLength": longest}


def _maybe(longest: int) -> Schema:
    return {"type": "string", "maxLength": longest}
