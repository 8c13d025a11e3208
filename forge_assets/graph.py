"""The whole graph: every asset, external asset and gate, in one list each."""

from __future__ import annotations

import dagster as dg

from forge_assets.brief import brief
from forge_assets.edit import deliverables, spot, timeline
from forge_assets.external import EXTERNAL
from forge_assets.gates import gate_checks
from forge_assets.pictures import frames, storyboard
from forge_assets.sound_and_motion import motion, voiceover
from forge_assets.writing import concept, culture, script
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.deliverables import Deliverables, Spot, Timelines
from forge_resources.schemas.edit import Motion, Voiceover
from forge_resources.schemas.script import Concept, Culture, Script
from forge_resources.schemas.storyboard import Frames, Storyboard
from forge_resources.schemas.types import Document

ASSETS: list[dg.AssetsDefinition | dg.AssetSpec] = [
    *EXTERNAL,
    brief,
    concept,
    culture,
    script,
    storyboard,
    frames,
    voiceover,
    motion,
    timeline,
    spot,
    deliverables,
]
CHECKS = gate_checks()

TO_THE_FRAMES = ["brief", "concept", "culture", "script", "storyboard", "frames"]
AFTER_THE_FRAMES = ["voiceover", "motion", "timeline", "spot", "deliverables"]
"""The stages of a cell in an order in which they can be made, up to what a producer approves and past it."""

DOCUMENTS: dict[str, type[Document]] = {
    "brief": CellBrief,
    "concept": Concept,
    "culture": Culture,
    "script": Script,
    "storyboard": Storyboard,
    "frames": Frames,
    "voiceover": Voiceover,
    "motion": Motion,
    "timeline": Timelines,
    "spot": Spot,
    "deliverables": Deliverables,
}
"""What each stage hands on."""
