"""The brief of a cell: market brief and persona together, with the audience they add up to."""

from __future__ import annotations

import dagster as dg

from forge_assets.external import market_brief, persona
from forge_assets.stage import cell_of, result, stage
from forge_resources.adapters.resources import StudioResource
from forge_resources.schemas.brief import CellBrief


@stage(group="intake", kinds={"pydantic"}, revision=1, deps=[market_brief, persona])
def brief(context: dg.AssetExecutionContext, studio: StudioResource) -> dg.MaterializeResult[CellBrief]:
    """All that the making of a cell starts from: copy, brand, product, market, persona and composed insights."""
    document = studio.studio.filing.cell_brief(cell_of(context))
    insights = dg.MetadataValue.table(
        records=[
            dg.TableRecord({"source": insight.source, "topic": insight.topic, "insight": insight.text})
            for insight in document.audience.insights
        ]
    )
    traits = ", ".join(f"{trait}: {value}" for trait, value in document.audience.traits.items())
    return result(
        context,
        document,
        insights=insights,
        traits=traits,
        engines=document.market_brief.engines.model_dump(),
        message=document.market_brief.lines.message or "-",
    )
