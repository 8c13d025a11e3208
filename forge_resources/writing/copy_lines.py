"""The lines that a brief supplies for a market, and what is missing for a writer that cannot translate.

What belongs here: the checks that the gate before a script and the writer share. What does not: composing (see
`wording`).
"""

from __future__ import annotations

from forge_resources.errors import Blocked
from forge_resources.schemas.brief import MarketBrief
from forge_resources.writing.phrases import bank_languages
from forge_resources.writing.phrases import has_phrases as has_phrases


def missing_copy(market_brief: MarketBrief) -> list[str]:
    """The entries of the brief's `copy` to supply, such as `copy.fr.message`; empty when every line is there."""
    lines = market_brief.lines
    supplied = {
        "message": lines.message,
        "call_to_action": lines.call_to_action,
        "selling_points": lines.selling_points,
    }
    return [f"copy.{lines.language}.{entry}" for entry, line in supplied.items() if line is None]


def speaks_source(market_brief: MarketBrief) -> bool:
    """Whether the market's language is the one the brief is written in, so that an origin script is said verbatim."""
    return market_brief.market.language.code == market_brief.source_language


def needs_phrases(market_brief: MarketBrief) -> bool:
    """Whether the script has to be composed; an origin script in the market's own language is taken as it is."""
    return market_brief.origin is None or not speaks_source(market_brief)


def require_writable(market_brief: MarketBrief) -> None:
    """Raises Blocked where the draft writer cannot write this market's script, naming what to supply."""
    market, language = market_brief.market.market.code, market_brief.market.language.code
    if missing := missing_copy(market_brief):
        raise Blocked(
            f"Lines for {market} are missing, and the draft writer does not translate: {', '.join(missing)}.",
            remedy="Supply them under `copy` in the brief, or choose a text engine that translates.",
        )
    if needs_phrases(market_brief) and not has_phrases(language):
        raise Blocked(
            f"The draft writer has no phrases in `{language}` for {market}; it has {', '.join(bank_languages())}.",
            remedy=f"Add writing/data/phrases/{language}.yaml, or choose another text engine.",
        )
