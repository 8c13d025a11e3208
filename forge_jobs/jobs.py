"""The jobs: all of a cell, a cell up to its storyboard, and the rest of it after approval."""

from __future__ import annotations

import dagster as dg

from forge_assets.graph import AFTER_THE_FRAMES, TO_THE_FRAMES
from forge_assets.keys import key_of

produce = dg.define_asset_job(
    "produce",
    selection=dg.AssetSelection.assets(*map(key_of, (*TO_THE_FRAMES, *AFTER_THE_FRAMES))),
    description="Makes all of a cell, from brief to deliverables.",
)

storyboard = dg.define_asset_job(
    "storyboard",
    selection=dg.AssetSelection.assets(*map(key_of, TO_THE_FRAMES)),
    description="Makes a cell up to its frames, for a person to approve.",
)

finish = dg.define_asset_job(
    "finish",
    selection=dg.AssetSelection.assets(*map(key_of, AFTER_THE_FRAMES)),
    description="Makes what is left of a cell once its storyboard is approved.",
)

JOBS = [produce, storyboard, finish]
