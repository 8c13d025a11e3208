"""What writing took: calls, tokens, seconds and money, of what was made anew and of all that a cell uses.

What belongs here: adding up the facts of papers. What does not: measuring a call (see `chat.asking`), or prices.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from forge_resources.store.tally import Tally

_COUNTED = ("calls", "input_tokens", "output_tokens", "seconds", "waited_s", "cost_usd")
_SHOWN = {"seconds": "seconds of calls", "waited_s": "seconds waited"}
"""Beside a script, `seconds` would be read as its length."""


def spending(facts: Iterable[Mapping[str, Any]]) -> dict[str, int | float | str]:
    """The sums, by name; empty where nothing was called.

    Where a server does not count tokens, or a model has no price, the sum says so: it is at least what is known.
    """
    called = [one for one in facts if "calls" in one]
    if not called:
        return {}
    sums: dict[str, int | float | str] = {}
    for name in _COUNTED:
        known = [one[name] for one in called if one.get(name) is not None]
        total = round(sum(known), 6)
        sums[name] = total if len(known) == len(called) else f"at least {total}, not all are known"
    return sums


def spending_shown(tally: Tally) -> dict[str, Any]:
    """As the UI shows it: what was spent for this node, and under `papers took` what all papers of it took.

    The two differ where papers are shared or are from an earlier run. What is shared stands under `papers took` of
    every cell that uses it; what was spent stands at one of them, also where it was written ahead of all, so it may be
    added up over cells.
    """
    took = spending(tally.facts)
    spent = {_SHOWN.get(name, name): value for name, value in spending(tally.made_facts).items()}
    return spent | ({"papers took": took} if took else {})
