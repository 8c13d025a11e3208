"""What no longer matches its inputs, and why.

Dagster marks the first stage of a cell that is stale; what lies below it still shows fresh. Here both are named, and a
changed brief or persona says which of its fields changed.

What belongs here: from data versions to causes in words. What does not: filing, making, printing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import dagster as dg
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleCause, StaleStatus
from dagster._core.loader import LoadingContext

from forge_assets.graph import AFTER_THE_FRAMES, TO_THE_FRAMES
from forge_assets.keys import key_of, name_of
from forge_resources.schemas.audience import ResolvedPersona
from forge_resources.schemas.brief import CellBrief, MarketBrief
from forge_resources.schemas.cell import CellKey
from forge_resources.studio import Studio

STAGES = [*TO_THE_FRAMES, *AFTER_THE_FRAMES]


@dataclass(frozen=True)
class StaleAsset:
    """One stage of a cell that no longer matches its inputs. `missing`: it has never been made."""

    cell: CellKey
    asset: str
    causes: list[str]
    missing: bool = False


class _Loading(LoadingContext):
    """Where Dagster's resolver keeps the batches it has read."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instance = instance
        self._loaders: dict[type, Any] = {}

    @property
    def instance(self) -> dg.DagsterInstance:
        return self._instance

    @property
    def loaders(self) -> dict[type, Any]:
        return self._loaders


class Staleness:
    """The state of cells in an instance, as it was when this object was made."""

    def __init__(self, instance: dg.DagsterInstance, definitions: dg.Definitions, studio: Studio) -> None:
        self._instance = instance
        self._graph = definitions.resolve_asset_graph()
        self._studio = studio

    @cached_property
    def _resolver(self) -> CachingStaleStatusResolver:
        return CachingStaleStatusResolver(self._instance, self._graph, _Loading(self._instance))

    def of_cell(self, cell: CellKey, unfiled: Sequence[str] = ()) -> list[StaleAsset]:
        """The stages of a cell that are stale or missing, in the order they are made, each with its causes.

        `unfiled` are causes of its brief that Dagster cannot know, because they have not been filed yet.
        """
        found: dict[str, StaleAsset] = {}
        for stage in STAGES:
            key = key_of(stage)
            status = self._resolver.get_status(key, cell.partition_key)
            if status == StaleStatus.MISSING:
                found[stage] = StaleAsset(cell, stage, ["has never been made"], missing=True)
                continue
            causes = [*unfiled] if stage == STAGES[0] else []
            causes += [
                self._in_words(cell, cause) for cause in self._resolver.get_stale_causes(key, cell.partition_key)
            ]
            parents = sorted(name_of(parent) for parent in self._graph.get(key).parent_keys)
            causes += [f"{parent} is stale" for parent in parents if parent in found and not found[parent].missing]
            if causes:
                found[stage] = StaleAsset(cell, stage, list(dict.fromkeys(causes)))
        return list(found.values())

    def _in_words(self, cell: CellKey, cause: StaleCause) -> str:
        about = name_of(cause.dependency.asset_key) if cause.dependency else ""
        if about == "market_brief" and (changed := self._changed_brief_fields(cell)):
            return f"the brief changed: {', '.join(changed)}"
        if about == "persona" and (changed := self._changed_persona_fields(cell)):
            return f"the persona {cell.persona} changed: {', '.join(changed)}"
        if about:
            return f"{about} {cause.reason}"
        return cause.reason

    def _changed_brief_fields(self, cell: CellKey) -> list[str]:
        made_from = self._studio.cabinet.find("brief", cell.path, CellBrief)
        now = self._studio.cabinet.find("market_brief", f"{cell.brief}/{cell.market}", MarketBrief)
        return changed_fields(made_from.market_brief, now) if made_from and now else []

    def _changed_persona_fields(self, cell: CellKey) -> list[str]:
        made_from = self._studio.cabinet.find("brief", cell.path, CellBrief)
        now = self._studio.cabinet.find("persona", cell.persona, ResolvedPersona)
        return changed_fields(made_from.persona, now) if made_from and now else []


def changed_fields(before: Any, now: Any) -> list[str]:
    """The places in which two documents of one contract differ, such as `product.selling_points`; two levels deep."""
    old, new = before.model_dump(mode="json"), now.model_dump(mode="json")
    changed = []
    for name in old.keys() | new.keys():
        one, other = old.get(name), new.get(name)
        if one == other:
            continue
        if isinstance(one, dict) and isinstance(other, dict):
            changed += [f"{name}.{inner}" for inner in one.keys() | other.keys() if one.get(inner) != other.get(inner)]
        else:
            changed.append(name)
    return sorted(changed)
