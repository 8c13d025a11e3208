"""Pictures: what the engine costs over a bare loop of diffusers, how many plates of a brief are rendered, and with a
GPU the seconds and memory of full-size models.

What belongs here: measuring through the public parts. What does not: models (see `random_models`).

    python bench/pictures.py [--rounds 3] [--pictures 6] [--shrunken] [--json]
"""

# ruff: noqa: TID253 -- a bench is about these libraries, and nothing imports it
from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any, cast

import httpx
import numpy as np
import torch
import yaml
from PIL import Image
from upath import UPath

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import random_models
from bench.measuring import median, show
from forge_resources.briefs.check import check_file
from forge_resources.engines.contract import Engine
from forge_resources.engines.registry import engine
from forge_resources.gpu.residence import process_cache
from forge_resources.imaging.diffusion.engine import DiffusionArtist
from forge_resources.imaging.diffusion.finishing import fit_to_plate, write_plate
from forge_resources.imaging.diffusion.parameters import DiffusionParameters
from forge_resources.imaging.plates import make_plates
from forge_resources.imaging.storyboard import compose_storyboard
from forge_resources.models.catalogue import load_catalogue
from forge_resources.models.installation import Installer, Order
from forge_resources.models.references import parse_reference
from forge_resources.models.shelf import Shelf
from forge_resources.schemas.pictures import Direction, PictureSettings
from forge_resources.schemas.script import Concept, Culture, Script
from forge_resources.schemas.storyboard import ShotLook
from forge_resources.settings import Settings
from forge_resources.store.workshop import Wanted, recipe_for
from forge_resources.studio import Studio
from forge_resources.writing.papers import write_paper
from tests import model_shelf, tiny_models

BIG = ("sdxl", "flux")
PROMPT = "A lamp on a bedside table."
MARKETS = ["en-GB", "en-US", "de-DE", "fr-FR", "es-ES"]
PERSONAS = ["busy-parent", "night-owl-student", "city-commuter", "active-retiree"]
EXAMPLE = Path(__file__).parents[1] / "examples" / "briefs" / "aurora-launch.yaml"


def prepare(home: Path) -> None:
    """A deployment with a small FLUX and a tiny Stable Diffusion, both with random weights, installed from files."""
    os.environ |= {
        "FORGE_HOME": str(home),
        "FORGE_MODELS": str(home / "models"),
        "FORGE_LIBRARY": str(home / "library"),
    }
    entry, tiny = model_shelf.tiny_entry("flux1"), model_shelf.tiny_entry("sd1")
    config = random_models.CONFIGURATIONS["small"]["flux"]
    side = config["pixels"]
    small = {
        **entry, "native_width": side, "native_height": side, "max_pixels": 2 * side * side,
        "steps": {"default": config["steps"], "lowest": 1, "highest": 50},
    }  # fmt: skip
    overlay = home / "library" / "models"
    overlay.mkdir(parents=True)
    (overlay / "models.yaml").write_text(json.dumps({"bench-small": small, "bench-tiny": tiny}))
    random_models.flux("small", "cpu", torch.float32).save_pretrained(home / "built" / "small")
    tiny_models.build("sd1", home / "built" / "tiny")
    catalogue = load_catalogue(overlay)
    with httpx.Client() as client:
        installer = Installer(Shelf(home / "models"), catalogue, client)
        for name in ("small", "tiny"):
            reference = parse_reference(f"file:{home / 'built' / name}")
            installer.install(Order(f"bench-{name}", reference, catalogue.models[f"bench-{name}"]))


def recipe(seed: int) -> DiffusionParameters:
    """A plate of the small model, with a prompt that every encoder reads whole."""
    look = ShotLook.model_validate(
        {
            "description": PROMPT, "camera": {"size": "medium"}, "setting": "bedroom", "time_of_day": "morning",
            "light": "soft-daylight", "product_name": "Lamp", "seed": seed,
            "palette": {"primary": "#1f2a44", "accent": "#f2a03d"},
            "direction": Direction(settings=PictureSettings(model="bench-small"), product="a lamp").model_dump(),
        }
    )  # fmt: skip
    made = DiffusionArtist().parameters(look, "16:9", 0)
    return made.model_copy(update={"prompt": PROMPT, "clauses": [PROMPT]})


def engine_over_bare(studio: Studio, rounds: int, pictures: int) -> dict[str, Any]:
    """Seconds a picture: bare pipeline, bare pipeline with fitting and saving, and the engine through the workshop.

    Each way makes so many pictures in one go, as the shots of a storyboard are made. Without a GPU, torch leaves one
    core of the processor alone in every way: encoding has one beside a GPU too.
    """
    from diffusers import FluxPipeline

    bare = FluxPipeline.from_pretrained(Path(os.environ["FORGE_MODELS"]) / "bench-small", use_safetensors=True)
    bare.set_progress_bar_config(disable=True)
    first = recipe(0)
    plate = (first.plate_width, first.plate_height)
    folder = Path(tempfile.mkdtemp(dir=os.environ["FORGE_HOME"]))

    def drawn(seed: int) -> Any:
        generator = torch.Generator().manual_seed(seed)
        return bare(
            PROMPT, PROMPT, width=first.width, height=first.height, num_inference_steps=first.steps,
            guidance_scale=first.guidance, generator=generator, max_sequence_length=first.tokens,
        ).images[0]  # fmt: skip

    artist = engine("image", "diffusers")

    def by_bare(seeds: range) -> None:
        for seed in seeds:
            drawn(seed)

    def by_bare_and_saved(seeds: range) -> None:
        for seed in seeds:
            write_plate(fit_to_plate(drawn(seed), plate), folder / f"{seed}.png")

    def by_engine(seeds: range) -> None:
        for made in studio.workshop.make_each(Wanted(artist, recipe(seed)) for seed in seeds):
            plates[made.artefact.fingerprint] = studio.store.path(made.artefact)

    plates: dict[str, Path] = {}
    ways: dict[str, Callable[[range], None]] = {"bare": by_bare, "bare_saved": by_bare_and_saved, "engine": by_engine}
    for way in ways.values():
        way(range(10**6, 10**6 + 1))
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    drawing: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds):
        for name, way in ways.items():
            seeds = range(turn * 1000, turn * 1000 + pictures)
            started, worked = time.perf_counter(), time.thread_time()
            way(seeds)
            seconds[name].append((time.perf_counter() - started) / pictures)
            drawing[name].append((time.thread_time() - worked) / pictures)
        said = ", ".join(f"{name} {values[-1]:.2f} s" for name, values in seconds.items())
        print(f"round {turn + 1} of {rounds}: {said}", file=sys.stderr, flush=True)
    figures = {f"{name}_s": median(values) for name, values in seconds.items()}

    def over(of: dict[str, list[float]], other: str) -> float:
        return median([ours / theirs for ours, theirs in zip(of["engine"], of[other], strict=True)])

    return {
        **figures,
        "pictures_a_round": pictures,
        "engine_over_bare": over(seconds, "bare"),
        "engine_over_bare_saved": over(seconds, "bare_saved"),
        # Of the thread that draws alone, other work on the machine left out: what is not overlapped.
        "drawing_thread_over_bare": over(drawing, "bare"),
        "drawing_thread_saved_over_bare": median(
            [saved / bare for saved, bare in zip(drawing["bare_saved"], drawing["bare"], strict=True)]
        ),
        "bit_equal": all(
            same_pixels(plates[recipe_of(artist, seed)], folder / f"{seed}.png")
            for turn in range(rounds)
            for seed in range(turn * 1000, turn * 1000 + pictures)
        ),
    }


def recipe_of(artist: Engine, seed: int) -> str:
    """The fingerprint of a plate."""
    return recipe_for(artist, recipe(seed), {}).fingerprint


def same_pixels(one: Path, other: Path) -> bool:
    """Whether two plates are equal to the bit; one carries its recipe besides."""
    with Image.open(one) as ours, Image.open(other) as theirs:
        return np.array_equal(np.asarray(ours), np.asarray(theirs))


def plates_rendered(studio: Studio, home: Path) -> dict[str, Any]:
    """Plates rendered ÷ plates needed of the demo's brief for 5 markets × 4 personas, painted with the tiny model."""
    brief = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    spanish = {"message": "Despierta antes.", "call_to_action": "Pruébala.", "selling_points": ["Despierta con luz"]}
    brief |= {"brief": "bench-launch", "markets": MARKETS, "personas": PERSONAS, "engines": {"image": "diffusers"}}
    brief |= {"pictures": {"model": "bench-tiny"}, "copy": {**brief["copy"], "es": spanish}}
    (home / "brief.yaml").write_text(yaml.safe_dump(brief, allow_unicode=True), encoding="utf-8")
    studio.filing.file(check_file(UPath(home / "brief.yaml"), studio.library, studio.profiles), "brief.yaml")
    needed = rendered = 0
    for cell in studio.filing.manifest("bench-launch").cells:
        cell_brief = studio.filing.cell_brief(cell)
        concept, _ = write_paper(studio.workshop, cell_brief, "concept", Concept)
        culture, _ = write_paper(studio.workshop, cell_brief, "culture", Culture, concept)
        script, _ = write_paper(studio.workshop, cell_brief, "script", Script, concept, culture)
        plates, tally = make_plates(
            studio.workshop, cell_brief, compose_storyboard(script, cell_brief), lambda *_: None
        )
        needed += len(plates)
        rendered += tally.made
    return {
        "plates_needed": needed,
        "plates_rendered": rendered,
        "plates_rendered_over_needed": round(rendered / needed, 3),
    }


def full_size(name: str, home: Path, pictures: int, size: str, device: str) -> dict[str, Any]:
    """Seconds a picture (eager and compiled), peak memory and load seconds of a model of `size` on `device`."""
    build = cast("Callable[..., Any]", getattr(random_models, name))
    config = random_models.CONFIGURATIONS[size][name]
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    pipeline: Any = build(size, device, dtype)
    folder = home / f"{size}-{name}"
    bytes_of_weights = sum(
        tensor.numel() * tensor.element_size()
        for part in pipeline.components.values()
        if hasattr(part, "parameters")
        for tensor in part.parameters()
    )
    figures: dict[str, Any] = {"weights_gb": round(bytes_of_weights / 1e9, 3)}
    free = shutil.disk_usage(home).free
    if free > bytes_of_weights * 1.2:
        pipeline.save_pretrained(folder)
        kind, pipeline = type(pipeline), None
        _let_go(device)
        started = time.perf_counter()
        pipeline = kind.from_pretrained(folder, dtype=dtype, use_safetensors=True).to(device)
        _wait_for(device)
        figures["load_s"] = round(time.perf_counter() - started, 2)
        shutil.rmtree(folder)
    else:
        figures["load_s"] = f"not measured: {free / 1e9:.0f} GB of disk are free"
    pipeline.set_progress_bar_config(disable=True)
    _seconds_of(pipeline, config, device)
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    figures["eager_s"] = median([_seconds_of(pipeline, config, device) for _ in range(pictures)])
    figures["peak_gb"] = round(_peak_bytes(device) / 1e9, 2)
    denoiser = "unet" if hasattr(pipeline, "unet") else "transformer"
    # Without a GPU the graph is traced and not made into a program, which would need a compiler.
    backend = "inductor" if device == "cuda" else "eager"
    started = time.perf_counter()
    setattr(pipeline, denoiser, torch.compile(getattr(pipeline, denoiser), backend=backend))
    _seconds_of(pipeline, config, device)
    figures["compile_s"] = round(time.perf_counter() - started, 1)
    figures["compiled_s"] = median([_seconds_of(pipeline, config, device) for _ in range(pictures)])
    pipeline = None
    _let_go(device)
    return figures


def _seconds_of(pipeline: Any, config: dict[str, Any], device: str) -> float:
    """Of one picture, from the prompt to the Pillow picture."""
    _wait_for(device)
    started = time.perf_counter()
    side, generator = config["pixels"], torch.Generator("cpu").manual_seed(1)
    pipeline(PROMPT, width=side, height=side, num_inference_steps=config["steps"], generator=generator)
    _wait_for(device)
    return time.perf_counter() - started


def _wait_for(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def _let_go(device: str) -> None:
    gc.collect()
    if device == "cuda":
        torch.cuda.empty_cache()


def _peak_bytes(device: str) -> int:
    """What the device held at most; without one, this process."""
    if device == "cuda":
        return int(torch.cuda.max_memory_allocated())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pictures", type=int, default=6, help="pictures of each way in a round")
    parser.add_argument("--shrunken", action="store_true", help="the GPU's part on the processor, with small models")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    if not torch.cuda.is_available():
        torch.set_num_threads(max(1, (os.cpu_count() or 1) - 1))
    home = Path(tempfile.mkdtemp(prefix="forge-bench-pictures-"))
    try:
        prepare(home)
        studio = Studio(Settings.from_environment())
        figures = engine_over_bare(studio, chosen.rounds, chosen.pictures)
        process_cache().clear()
        figures |= plates_rendered(studio, home)
        if torch.cuda.is_available():
            figures["gpu"] = torch.cuda.get_device_name()
            figures |= {f"full_{name}": full_size(name, home, chosen.pictures, "full", "cuda") for name in BIG}
        elif chosen.shrunken:
            figures |= {f"small_{name}": full_size(name, home, chosen.pictures, "small", "cpu") for name in BIG}
    finally:
        shutil.rmtree(home, ignore_errors=True)
    figures |= {"torch": torch.__version__, "threads": torch.get_num_threads()}
    rows = [
        ("engine, a picture", f"{figures['engine_s']:.2f} s", f"bare {figures['bare_s']:.2f} s"),
        ("engine ÷ bare loop", f"{figures['engine_over_bare']:.3f}", "aim 1.05"),
        ("engine ÷ bare loop that saves", f"{figures['engine_over_bare_saved']:.3f}", ""),
        (
            "processor time of the thread that draws, engine ÷ bare loop",
            f"{figures['drawing_thread_over_bare']:.3f}",
            f"bare loop that saves {figures['drawing_thread_saved_over_bare']:.3f}",
        ),
        ("same bytes as the bare loop", str(figures["bit_equal"]), "aim True"),
        (
            "plates rendered ÷ needed",
            f"{figures['plates_rendered_over_needed']:.3f}",
            f"{figures['plates_rendered']} of {figures['plates_needed']}, aim 0.4",
        ),
    ]
    for size, name in product(("full", "small"), BIG):
        for what, figure in figures.get(f"{size}_{name}", {}).items():
            rows.append((f"{size}-size {name}, {what}", str(figure), ""))
    if not torch.cuda.is_available():
        rows.append(("full-size SDXL and FLUX", "not measured", "no GPU"))
    show("Pictures", rows, figures, chosen.json)


if __name__ == "__main__":
    main()
