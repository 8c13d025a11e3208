"""Models with random weights for benches: full size from their published configurations, or small.

What belongs here: building pipelines on a device. What does not: measuring. Tokenizers know letters only, and are
built offline; that makes no difference to time and memory.
"""

# ruff: noqa: TID253 -- a bench is about these libraries, and nothing imports it
from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import yaml
from diffusers import (
    AutoencoderKL,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, T5Config, T5EncoderModel

from tests.tiny_models import clip_tokenizer, t5_tokenizer

CONFIGURATIONS: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "random_models.yaml").read_text())


@contextmanager
def _made_on(device: str, dtype: torch.dtype) -> Iterator[None]:
    """Weights are drawn where they are used: on a processor, full size would take minutes."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    torch.manual_seed(0)
    try:
        with torch.device(device):
            yield
    finally:
        torch.set_default_dtype(before)


def _clip(config: dict[str, Any], projected: bool = False) -> Any:
    written = CLIPTextConfig(
        vocab_size=49408, max_position_embeddings=77, bos_token_id=0, eos_token_id=1, pad_token_id=1, **config
    )
    return (CLIPTextModelWithProjection if projected else CLIPTextModel)(written).eval()


def _vae(config: dict[str, Any]) -> AutoencoderKL:
    depth = len(config["block_out_channels"])
    flow = "shift_factor" in config
    return AutoencoderKL(
        in_channels=3, out_channels=3, down_block_types=("DownEncoderBlock2D",) * depth,
        up_block_types=("UpDecoderBlock2D",) * depth, sample_size=1024, use_quant_conv=not flow,
        use_post_quant_conv=not flow, **config,
    ).eval()  # fmt: skip


def flux(size: str, device: str, dtype: torch.dtype) -> FluxPipeline:
    """A FLUX.1 with random weights; `size` is `full` or `small`."""
    config = CONFIGURATIONS[size]["flux"]
    with _made_on(device, dtype):
        transformer = FluxTransformer2DModel(**config["transformer"]).eval()
        clip = _clip(config["clip"])
        t5 = T5EncoderModel(T5Config(vocab_size=32128, **config["t5"])).eval()
        vae = _vae(config["vae"])
    return FluxPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True), vae=vae, text_encoder=clip,
        tokenizer=clip_tokenizer(Path(tempfile.mkdtemp())), text_encoder_2=t5, tokenizer_2=t5_tokenizer(),
        transformer=transformer,
    )  # fmt: skip


def sdxl(size: str, device: str, dtype: torch.dtype) -> StableDiffusionXLPipeline:
    """A Stable Diffusion XL with random weights; `size` is `full` or `small`."""
    config = CONFIGURATIONS[size]["sdxl"]
    with _made_on(device, dtype):
        unet = UNet2DConditionModel(
            in_channels=4, out_channels=4, use_linear_projection=True, addition_embed_type="text_time",
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), **config["unet"],
        ).eval()  # fmt: skip
        clip, clip_2, vae = _clip(config["clip"]), _clip(config["clip_2"], projected=True), _vae(config["vae"])
    tokenizer = clip_tokenizer(Path(tempfile.mkdtemp()))
    scheduler = EulerDiscreteScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    return StableDiffusionXLPipeline(
        vae=vae, text_encoder=clip, text_encoder_2=clip_2, tokenizer=tokenizer, tokenizer_2=tokenizer, unet=unet,
        scheduler=scheduler,
    )  # fmt: skip
