"""The partitions of the graph: market (of a brief), persona, and the cell of both."""

from __future__ import annotations

import dagster as dg

MARKET = dg.DynamicPartitionsDefinition(name="market")
PERSONA = dg.DynamicPartitionsDefinition(name="persona")
CELL = dg.MultiPartitionsDefinition({"market": MARKET, "persona": PERSONA})
