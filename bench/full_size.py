"""SDXL in full size with random weights, for machines with a GPU: seconds to load, memory, seconds to start again.

The architecture's figures are those of the model's published configuration; weights are random, so nothing is
downloaded. It takes some 7 GB of disk and 10 GB of device memory.
"""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

from bench.painting import recipe
from forge_resources.gpu.client import WorkerHost
from forge_resources.gpu.hosts import Order
from forge_resources.imaging.diffusion.engine import DiffusionArtist
from forge_resources.models import places
from tests import model_shelf

NAME = "random-sdxl"
PICTURES = 4


def full_size(folder: Path, host: WorkerHost) -> dict[str, Any]:
    """Loads it in the worker, makes some pictures, kills the process and makes one more."""
    home = places.models_folder().parent
    entries = home / "library" / "models" / "models.yaml"
    known = json.loads(entries.read_text(encoding="utf-8"))
    entry = {
        **model_shelf.tiny_entry("sdxl"), "dtype": "float16", "native_width": 1024, "native_height": 1024,
        "max_pixels": 1048576, "work_gb": 4.0, "steps": {"default": 20, "lowest": 1, "highest": 50},
    }  # fmt: skip
    entries.write_text(json.dumps({**known, NAME: entry}), encoding="utf-8")
    model_shelf.install(home, NAME, build_sdxl(folder / "sdxl"))
    host.stop(now=False)  # The worker starts empty.

    def picture(seed: int) -> Any:
        return host.make(Order(DiffusionArtist(), recipe(NAME, seed), {}, folder / "full.png")).usage

    first, *others = [picture(seed) for seed in range(PICTURES)]
    status = host.status()
    assert status is not None
    started = time.perf_counter()
    os.kill(status["child"]["pid"], signal.SIGKILL)
    again = picture(99)
    restarted = time.perf_counter() - started
    return {
        "sdxl_load_s": round(first.load_seconds, 2),
        "sdxl_model_bytes": first.cache_bytes,
        "sdxl_memory_before": first.before,
        "sdxl_memory_peak": max(usage.peak for usage in (first, *others)),
        "sdxl_memory_after": others[-1].after,
        "sdxl_picture_s": round(sorted(usage.seconds for usage in others)[len(others) // 2], 2),
        "sdxl_joules_per_picture": round(sum(usage.joules for usage in others) / len(others), 1),
        "sdxl_restart_s": round(restarted, 2),
        "sdxl_reload_s": round(again.load_seconds, 2),
    }


def build_sdxl(folder: Path) -> Path:
    """Saves the pipeline with random weights in half precision, as diffusers saves the trained one."""
    import torch
    from diffusers import AutoencoderKL, DPMSolverMultistepScheduler, StableDiffusionXLPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    from tests.tiny_models import clip_tokenizer  # noqa: PLC0415 -- imports torch

    torch.manual_seed(0)
    torch.set_default_dtype(torch.float16)
    special: dict[str, Any] = {"max_position_embeddings": 77, "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1}
    try:
        with torch.device("cuda"):
            small = CLIPTextConfig(
                hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12,
                projection_dim=768, **special,
            )  # fmt: skip
            large = CLIPTextConfig(
                hidden_size=1280, intermediate_size=5120, num_hidden_layers=32, num_attention_heads=20,
                projection_dim=1280, hidden_act="gelu", **special,
            )  # fmt: skip
            unet = UNet2DConditionModel(
                sample_size=128, in_channels=4, out_channels=4, layers_per_block=2, block_out_channels=(320, 640, 1280),
                down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
                up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
                transformer_layers_per_block=(1, 2, 10), attention_head_dim=(5, 10, 20), cross_attention_dim=2048,
                use_linear_projection=True, addition_embed_type="text_time", addition_time_embed_dim=256,
                projection_class_embeddings_input_dim=2816,
            )  # fmt: skip
            vae = AutoencoderKL(
                in_channels=3, out_channels=3, latent_channels=4, block_out_channels=(128, 256, 512, 512),
                layers_per_block=2, sample_size=1024, scaling_factor=0.13025,
                down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
            )  # fmt: skip
            texts = CLIPTextModel(small), CLIPTextModelWithProjection(large)
    finally:
        torch.set_default_dtype(torch.float32)
    pipeline = StableDiffusionXLPipeline(
        vae=vae, text_encoder=texts[0], text_encoder_2=texts[1], unet=unet,
        tokenizer=clip_tokenizer(folder.parent / "tokenizer"), tokenizer_2=clip_tokenizer(folder.parent / "tokenizer"),
        scheduler=DPMSolverMultistepScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear"),
    )  # fmt: skip
    pipeline.save_pretrained(folder, safe_serialization=True)
    del pipeline, unet, vae, texts
    torch.cuda.empty_cache()
    return folder
