"""What the world hands in: market briefs, personas and approvals. Forge observes these, it does not make them.

What belongs here: external assets and the observations that tell Dagster of them. What does not: filing (see
`forge_resources.briefs`). Observations only: mixed with materialisations, Dagster shows everything as stale.
"""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg
from dagster._core.definitions.data_version import DATA_VERSION_TAG

from forge_assets.keys import key_of
from forge_assets.partitions import CELL, MARKET, PERSONA
from forge_resources.errors import AwaitingApproval
from forge_resources.schemas.cell import CellKey

OWNERS = ["team:forge"]

market_brief = dg.AssetSpec(
    key_of("market_brief"),
    description="A brief resolved for one of its markets: copy, brand, product, rules. Filed by the inbox.",
    group_name="intake",
    kinds={"yaml"},
    owners=OWNERS,
    partitions_def=MARKET,
)

persona = dg.AssetSpec(
    key_of("persona"),
    description="An audience portrait with the insights of its segments. Filed from the reference library.",
    group_name="intake",
    kinds={"yaml"},
    owners=OWNERS,
    partitions_def=PERSONA,
)

storyboard_approval = dg.AssetSpec(
    key_of("storyboard_approval"),
    description="A person's approval of a contact sheet, by its content hash. Void once the sheet changes.",
    group_name="storyboard",
    kinds={"human"},
    owners=OWNERS,
    partitions_def=CELL,
    deps=[key_of("frames")],
)

EXTERNAL = [market_brief, persona, storyboard_approval]


def observed(spec: dg.AssetSpec, partition: str, version: str) -> dg.AssetObservation:
    """Tells Dagster the data version (content hash) of one partition of an external asset."""
    return dg.AssetObservation(asset_key=spec.key, partition=partition, tags={DATA_VERSION_TAG: version})


def approved(cell: CellKey, sheet: str, by: str, note: str) -> dg.AssetObservation:
    """The event that approves the contact sheet with the hash `sheet`."""
    metadata: Mapping[str, dg.MetadataValue[str]] = {
        "approved_by": dg.MetadataValue.text(by),
        "note": dg.MetadataValue.text(note),
        "contact_sheet": dg.MetadataValue.text(sheet),
    }
    return dg.AssetObservation(
        asset_key=storyboard_approval.key,
        partition=cell.partition_key,
        metadata=metadata,
        tags={DATA_VERSION_TAG: sheet},
    )


def observed_version(instance: dg.DagsterInstance, spec: dg.AssetSpec, partition: str) -> str | None:
    """The data version last observed for one partition of an external asset, or None."""
    records = instance.fetch_observations(
        dg.AssetRecordsFilter(asset_key=spec.key, asset_partitions=[partition]), limit=1
    ).records
    if not records or records[0].asset_observation is None:
        return None
    return (records[0].asset_observation.tags or {}).get(DATA_VERSION_TAG)


def require_approval(instance: dg.DagsterInstance, cell: CellKey, sheet: str) -> None:
    """Raises AwaitingApproval unless the sheet with this hash is the one that was approved last."""
    if observed_version(instance, storyboard_approval, cell.partition_key) != sheet:
        raise awaiting(cell)


def awaiting(cell: CellKey) -> AwaitingApproval:
    """The error of a cell whose storyboard nobody has approved as it is now."""
    return AwaitingApproval(
        f"The storyboard of {cell} has not been approved as it is now.",
        remedy=f"Look at its contact sheet, then: forge approve {cell.brief} --market {cell.market} "
        f"--persona {cell.persona} --by NAME",
    )
