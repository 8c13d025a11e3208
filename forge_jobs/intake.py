"""Telling Dagster what has been filed: new partitions, and an observation for every document that changed.

What belongs here: what the inbox sensor and `forge run` share. What does not: filing itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import dagster as dg

from forge_assets.external import market_brief, observed, observed_version, persona
from forge_assets.partitions import MARKET, PERSONA
from forge_resources.briefs.filing import Filed
from forge_resources.schemas.cell import CellKey

REQUEST_TAG = "forge/request"
"""Tag of a run: which content of which cell it was asked to make."""


@dataclass(frozen=True)
class News:
    """What Dagster does not know yet of a filed brief."""

    markets: list[str]
    personas: list[str]
    observations: list[dg.AssetObservation]


def news_of(instance: dg.DagsterInstance, filed: Filed) -> News:
    """Partitions not registered, and documents whose version is not the one observed last."""
    known_markets = set(instance.get_dynamic_partitions(_name(MARKET)))
    known_personas = set(instance.get_dynamic_partitions(_name(PERSONA)))
    changed = [
        observed(spec, key, version)
        for spec, documents in ((market_brief, filed.markets), (persona, filed.personas))
        for key, version in documents.items()
        if observed_version(instance, spec, key) != version
    ]
    return News(
        markets=[key for key in filed.markets if key not in known_markets],
        personas=[key for key in filed.personas if key not in known_personas],
        observations=changed,
    )


def announce(instance: dg.DagsterInstance, news: News) -> None:
    """Registers and reports at once; for where no sensor does it."""
    if news.markets:
        instance.add_dynamic_partitions(_name(MARKET), news.markets)
    if news.personas:
        instance.add_dynamic_partitions(_name(PERSONA), news.personas)
    for observation in news.observations:
        instance.report_runless_asset_event(observation)


def request_key(filed: Filed, cell: CellKey) -> str:
    """Names the content a cell is to be made from. The revision tells a return to earlier content from that content."""
    market, persona_version = filed.markets[cell.market_key], filed.personas[cell.persona_key]
    return f"{cell.partition_key}#{filed.manifest.revisions[cell.market]}-{market[:12]}-{persona_version[:12]}"


def _name(partitions: dg.DynamicPartitionsDefinition) -> str:
    assert partitions.name is not None
    return partitions.name
