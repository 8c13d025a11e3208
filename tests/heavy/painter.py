"""Image engines that load a small model and take steps: plates of noise, slow enough to meet each other."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Annotated, ClassVar

from PIL import Image
from pydantic import BaseModel, Field

from forge_resources.engines.contract import Facts, ImageEngine, Sources
from forge_resources.gpu.residence import ModelKey, Resident, resident
from forge_resources.gpu.steps import step
from forge_resources.imaging.plate_sizes import plate_size
from forge_resources.schemas.brief import Brief
from forge_resources.schemas.storyboard import ShotLook
from forge_resources.schemas.types import AspectRatio, Document

STEP_S = "FORGE_TEST_STEP_S"
"""Variable: how long a step takes."""
DIARY = "FORGE_TEST_DIARY"
"""Variable: a file that gets a line for every picture: from, to, process."""


def register_painters(folder: Path) -> None:
    """Registers the painters as a package of one's own does; `folder` goes into PYTHONPATH."""
    info = folder / "forge_test_painters-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: forge-test-painters\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[forge.engines]\nimage.oil = tests.heavy.painter:Oil\nimage.chalk = tests.heavy.painter:Chalk\n"
    )


class Canvas(Document):
    width: Annotated[int, Field(ge=64)]
    height: Annotated[int, Field(ge=64)]
    seed: int
    steps: int = 8


class Painter(ImageEngine):
    """Paints noise in coarse fields."""

    tier = "full"
    version = "1"
    summary = "For tests."
    device_bound = True
    Parameters: ClassVar[type[BaseModel]] = Canvas
    model: ClassVar[str] = ""

    def models(self) -> Sequence[str]:
        return (self.model,)

    def models_for(self, brief: Brief) -> Sequence[str]:
        return (self.model,)

    def parameters(self, look: ShotLook, aspect_ratio: AspectRatio, references: int) -> Canvas:
        width, height = plate_size(aspect_ratio)
        return Canvas(width=width, height=height, seed=look.seed)

    def make(self, parameters: Canvas, sources: Sources, target: Path) -> Facts:
        began = time.time()
        resident(ModelKey(self.model), lambda: Resident(bytearray(10**6), 10**6))
        for done in range(1, parameters.steps + 1):
            time.sleep(float(os.environ.get(STEP_S, "0")))
            step(done, parameters.steps)
        # Soft fields: hard edges look like letters to the gate that looks for text.
        noise = Random(f"{self.model} {parameters.seed}").randbytes(8 * 5 * 3)
        small = Image.frombytes("RGB", (8, 5), noise)
        small.resize((parameters.width, parameters.height), Image.Resampling.BICUBIC).save(target, format="PNG")
        if diary := os.environ.get(DIARY):
            with Path(diary).open("a", encoding="utf-8") as stream:
                stream.write(json.dumps([began, time.time(), os.getpid()]) + "\n")
        return {}


class Oil(Painter):
    name = "oil"
    model = "oil"


class Chalk(Painter):
    name = "chalk"
    model = "chalk"
