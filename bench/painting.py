"""What the benches of pictures share: tiny models on a shelf, recipes for them, and the bare pipeline beside them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from forge_resources.imaging.diffusion.engine import DiffusionArtist
from forge_resources.imaging.diffusion.finishing import fit_to_plate, write_plate
from forge_resources.imaging.diffusion.parameters import DiffusionParameters
from forge_resources.models import places
from forge_resources.schemas.pictures import Direction, PictureSettings
from forge_resources.schemas.storyboard import ShotLook
from tests import model_shelf

STEPS = 8


def models_on_a_shelf() -> tuple[list[str], dict[str, str]]:
    """Tiny models, installed as `forge models download` does. Returns their names and the variables to find them."""
    home = model_shelf.tiny_home()
    return ["tiny-sd1", "tiny-sdxl"], model_shelf.environment(home)


def recipe(model: str, seed: int, **settings: Any) -> DiffusionParameters:
    """A plate of a plain prompt, drawn in `STEPS` steps."""
    chosen = PictureSettings(model=model, steps=STEPS, **settings)
    look = ShotLook.model_validate(
        {
            "description": "A parent yawns.", "camera": {"size": "medium"}, "setting": "bedroom",
            "time_of_day": "morning", "light": "soft-daylight", "product_name": "Aurora Lamp", "product": "placed",
            "palette": {"primary": "#1f2a44", "accent": "#f2a03d"}, "seed": seed,
            "direction": Direction(settings=chosen, product="a glass lamp").model_dump(),
        }
    )  # fmt: skip
    parameters = DiffusionArtist().parameters(look, "16:9", 0)
    return parameters.model_copy(update={"prompt": "a lamp", "negative_prompt": None})


class BareLoop:
    """The pipeline of diffusers, called as its documentation does."""

    def __init__(self, model: str) -> None:
        from diffusers import DiffusionPipeline, DPMSolverMultistepScheduler

        self.model = model
        self.pipeline = DiffusionPipeline.from_pretrained(places.models_folder() / model)
        self.pipeline.set_progress_bar_config(disable=True)
        self.pipeline.scheduler = DPMSolverMultistepScheduler.from_config(
            self.pipeline.scheduler.config, algorithm_type="dpmsolver++", use_karras_sigmas=True
        )

    def picture(self, seed: int, target: Path) -> tuple[float, float]:
        """Draws and writes a plate. Returns the seconds of all of it, and those of fitting and writing."""
        import torch

        wanted = recipe(self.model, seed)
        started = time.perf_counter()
        drawn = self.pipeline(
            wanted.prompt,
            width=wanted.width,
            height=wanted.height,
            num_inference_steps=wanted.steps,
            guidance_scale=wanted.guidance,
            generator=torch.Generator("cpu").manual_seed(seed),
        ).images[0]
        drawing = time.perf_counter()
        write_plate(fit_to_plate(drawn, (wanted.plate_width, wanted.plate_height)), target)
        ended = time.perf_counter()
        return ended - started, ended - drawing
