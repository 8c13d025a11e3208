"""The cell: one market of one brief for one persona, and how it is written as a partition key.

What belongs here: parsing and formatting of keys. What does not: which cells a brief wants (see briefs).
"""

from __future__ import annotations

import re

from forge_resources.errors import InvalidInput
from forge_resources.schemas.types import Document, MarketCode, Slug

_MARKET_KEY = re.compile(r"(?P<brief>[a-z0-9][a-z0-9-]{1,39})@(?P<market>[a-z]{2,3}-[A-Z]{2})")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{1,39}")


class CellKey(Document):
    """Names a cell. `market_key` and `persona_key` are its two partition keys, `partition_key` both together."""

    brief: Slug
    market: MarketCode
    persona: Slug

    @property
    def market_key(self) -> str:
        return f"{self.brief}@{self.market}"

    @property
    def persona_key(self) -> str:
        return self.persona

    @property
    def partition_key(self) -> str:
        # Dagster orders the dimensions by name: market, persona.
        return f"{self.market_key}|{self.persona_key}"

    @property
    def path(self) -> str:
        """`<brief>/<market>/<persona>`, for folders."""
        return f"{self.brief}/{self.market}/{self.persona}"

    def __str__(self) -> str:
        return f"{self.brief} {self.market} × {self.persona}"

    @classmethod
    def parse(cls, partition_key: str) -> CellKey:
        """Reads `<brief>@<market>|<persona>`. Raises InvalidInput for anything else."""
        market_key, bar, persona = partition_key.partition("|")
        found = _MARKET_KEY.fullmatch(market_key)
        if not bar or not found or not _SLUG.fullmatch(persona):
            raise InvalidInput(f"`{partition_key}` is not a cell key.", remedy="Write <brief>@<market>|<persona>.")
        return cls(brief=found["brief"], market=found["market"], persona=persona)


def split_market_key(market_key: str) -> tuple[str, str]:
    """`<brief>@<market>` → (brief, market). Raises InvalidInput for anything else."""
    found = _MARKET_KEY.fullmatch(market_key)
    if not found:
        raise InvalidInput(f"`{market_key}` is not a market key.", remedy="Write <brief>@<market>.")
    return found["brief"], found["market"]
