"""The partitions of the graph: market (of a brief), persona, and the cell of both."""

from __future__ import annotations

import dagster as dg

from forge_assets.keys import partitions_name

MARKET = dg.DynamicPartitionsDefinition(name=partitions_name("market"))
PERSONA = dg.DynamicPartitionsDefinition(name=partitions_name("persona"))
CELL = dg.MultiPartitionsDefinition({"market": MARKET, "persona": PERSONA})
