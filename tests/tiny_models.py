"""Tiny models with random weights, saved as diffusers saves the large ones: every architecture takes a second to make.

Tokenizers are built offline from the letters and a few words. Nothing is downloaded.
"""

from __future__ import annotations

import json
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderKLFlux2,
    AutoencoderKLQwenImage,
    ControlNetModel,
    DPMSolverMultistepScheduler,
    FlowMatchEulerDiscreteScheduler,
    Flux2KleinPipeline,
    Flux2Transformer2DModel,
    FluxPipeline,
    FluxTransformer2DModel,
    QwenImagePipeline,
    QwenImageTransformer2DModel,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
    ZImagePipeline,
    ZImageTransformer2DModel,
)
from peft import LoraConfig, get_peft_model_state_dict
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    DepthAnythingConfig,
    DepthAnythingForDepthEstimation,
    Dinov2Config,
    DPTImageProcessor,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen3Config,
    Qwen3ForCausalLM,
    Qwen3Model,
    T5Config,
    T5EncoderModel,
    T5TokenizerFast,
)

LETTERS = string.ascii_lowercase + string.digits + string.punctuation


def clip_tokenizer(folder: Path) -> CLIPTokenizer:
    """Every letter is a token, alone and at the end of a word; 77 to a window."""
    tokens = ["<|startoftext|>", "<|endoftext|>", *LETTERS, *(f"{letter}</w>" for letter in LETTERS)]
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = {token: number for number, token in enumerate(tokens)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    return CLIPTokenizer.from_pretrained(folder, model_max_length=77)


def t5_tokenizer() -> T5TokenizerFast:
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -1.0), *((letter, -2.0) for letter in LETTERS)]
    return T5TokenizerFast(vocab=pieces, extra_ids=0, model_max_length=512)


def qwen_tokenizer() -> PreTrainedTokenizerFast:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate([*specials, *alphabet])}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(specials)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=specials[0], eos_token=specials[2])
    fast.chat_template = (
        "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
        "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    return fast


def _clip_text(width: int, projected: bool = False, vocabulary: int = 160) -> Any:
    config = CLIPTextConfig(
        vocab_size=vocabulary, hidden_size=width, intermediate_size=2 * width, num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=77, projection_dim=width, bos_token_id=0, eos_token_id=1, pad_token_id=1,
    )  # fmt: skip
    return (CLIPTextModelWithProjection if projected else CLIPTextModel)(config).eval()


def _t5() -> T5EncoderModel:
    return T5EncoderModel(T5Config(vocab_size=128, d_model=32, d_ff=64, d_kv=8, num_layers=2, num_heads=2)).eval()


def _vae(channels: int = 4, shift: float | None = None) -> AutoencoderKL:
    return AutoencoderKL(
        in_channels=3, out_channels=3, latent_channels=channels, block_out_channels=(8, 16), norm_num_groups=4,
        down_block_types=("DownEncoderBlock2D", "DownEncoderBlock2D"),
        up_block_types=("UpDecoderBlock2D", "UpDecoderBlock2D"), sample_size=32, scaling_factor=0.5,
        shift_factor=shift, use_quant_conv=shift is None, use_post_quant_conv=shift is None,
    ).eval()  # fmt: skip


def _unet(text_width: int, **more: Any) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=32, in_channels=4, out_channels=4, layers_per_block=1, block_out_channels=(8, 16),
        norm_num_groups=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=text_width, attention_head_dim=(2, 4), use_linear_projection=True, **more,
    ).eval()  # fmt: skip


_SDXL_UNET: dict[str, Any] = {
    "addition_embed_type": "text_time", "addition_time_embed_dim": 8, "projection_class_embeddings_input_dim": 80,
    "transformer_layers_per_block": (1, 1),
}  # fmt: skip


def build(architecture: str, folder: Path, seed: int = 0) -> Path:
    """Saves a tiny pipeline of the architecture into `folder`."""
    torch.manual_seed(seed)
    scratch = folder.parent / f"{folder.name}-tokenizer"
    makers: dict[str, Callable[[Path], Any]] = {
        "sd1": _sd1, "sdxl": _sdxl, "sd3": _sd3, "flux1": _flux1, "flux2-klein": _flux2_klein, "z-image": _z_image,
        "qwen-image": _qwen_image,
    }  # fmt: skip
    pipeline = makers[architecture](scratch)
    pipeline.save_pretrained(folder, safe_serialization=True)
    return folder


def _sd1(scratch: Path) -> StableDiffusionPipeline:
    return StableDiffusionPipeline(
        vae=_vae(), text_encoder=_clip_text(32), tokenizer=clip_tokenizer(scratch), unet=_unet(32),
        scheduler=DPMSolverMultistepScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear"),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip


def _sdxl(scratch: Path) -> StableDiffusionXLPipeline:
    return StableDiffusionXLPipeline(
        vae=_vae(), text_encoder=_clip_text(32), text_encoder_2=_clip_text(32, projected=True),
        tokenizer=clip_tokenizer(scratch), tokenizer_2=clip_tokenizer(scratch), unet=_unet(64, **_SDXL_UNET),
        scheduler=DPMSolverMultistepScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear"),
    )  # fmt: skip


def _sd3(scratch: Path) -> StableDiffusion3Pipeline:
    transformer = SD3Transformer2DModel(
        sample_size=32, patch_size=1, in_channels=4, num_layers=2, attention_head_dim=8, num_attention_heads=4,
        caption_projection_dim=32, joint_attention_dim=32, pooled_projection_dim=64, out_channels=4,
    )  # fmt: skip
    return StableDiffusion3Pipeline(
        transformer=transformer.eval(), scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0), vae=_vae(shift=0.1),
        text_encoder=_clip_text(32, projected=True), tokenizer=clip_tokenizer(scratch),
        text_encoder_2=_clip_text(32, projected=True), tokenizer_2=clip_tokenizer(scratch),
        text_encoder_3=_t5(), tokenizer_3=t5_tokenizer(),
    )  # fmt: skip


def _flux1(scratch: Path) -> FluxPipeline:
    transformer = FluxTransformer2DModel(
        patch_size=1, in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=32, pooled_projection_dim=32, axes_dims_rope=(4, 4, 8), guidance_embeds=False,
    )  # fmt: skip
    return FluxPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True), vae=_vae(shift=0.1),
        text_encoder=_clip_text(32), tokenizer=clip_tokenizer(scratch), text_encoder_2=_t5(),
        tokenizer_2=t5_tokenizer(), transformer=transformer.eval(),
    )  # fmt: skip


def _flux2_klein(_: Path) -> Flux2KleinPipeline:
    # The pipeline reads the states of layers 9, 18 and 27, one beside the other.
    encoder = Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=300, hidden_size=16, intermediate_size=32, num_hidden_layers=28, num_attention_heads=2,
            num_key_value_heads=1, head_dim=8, max_position_embeddings=1024,
        )
    ).eval()  # fmt: skip
    transformer = Flux2Transformer2DModel(
        patch_size=1, in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=48, timestep_guidance_channels=32, axes_dims_rope=(4, 4, 4, 4), guidance_embeds=False,
    )  # fmt: skip
    vae = AutoencoderKLFlux2(
        in_channels=3, out_channels=3, latent_channels=4, block_out_channels=(8, 16), norm_num_groups=4,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2, sample_size=32,
    )  # fmt: skip
    return Flux2KleinPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True), vae=vae.eval(), text_encoder=encoder,
        tokenizer=qwen_tokenizer(), transformer=transformer.eval(), is_distilled=True,
    )  # fmt: skip


def _qwen_image(_: Path) -> QwenImagePipeline:
    text = {
        "vocab_size": 300, "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2,
        "num_attention_heads": 2, "num_key_value_heads": 2,
        "rope_parameters": {"mrope_section": [2, 3, 3], "rope_type": "default", "rope_theta": 1e6},
    }  # fmt: skip
    vision = {"depth": 1, "hidden_size": 16, "intermediate_size": 16, "num_heads": 2, "out_hidden_size": 32}
    encoder = Qwen2_5_VLForConditionalGeneration(Qwen2_5_VLConfig(text_config=text, vision_config=vision))
    transformer = QwenImageTransformer2DModel(
        patch_size=2, in_channels=16, out_channels=4, num_layers=2, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=32, axes_dims_rope=(4, 6, 6),
    )  # fmt: skip
    vae = AutoencoderKLQwenImage(
        base_dim=8, z_dim=4, dim_mult=[1, 2, 2, 2], num_res_blocks=1, temperal_downsample=[False, True, True],
        latents_mean=[0.0] * 4, latents_std=[1.0] * 4,
    )  # fmt: skip
    return QwenImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True), vae=vae.eval(),
        text_encoder=encoder.eval(), tokenizer=qwen_tokenizer(), transformer=transformer.eval(),
    )  # fmt: skip


def _z_image(_: Path) -> ZImagePipeline:
    encoder = Qwen3Model(
        Qwen3Config(
            vocab_size=300, hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=2,
            num_key_value_heads=1, head_dim=16, max_position_embeddings=1024,
        )
    ).eval()  # fmt: skip
    transformer = ZImageTransformer2DModel(
        all_patch_size=(2,), all_f_patch_size=(1,), in_channels=4, dim=32, n_layers=2, n_refiner_layers=1, n_heads=2,
        n_kv_heads=2, cap_feat_dim=32, axes_dims=[4, 6, 6], axes_lens=[1024, 64, 64],
    )  # fmt: skip
    with torch.no_grad():
        transformer.x_pad_token.normal_()
        transformer.cap_pad_token.normal_()
    return ZImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0), vae=_vae(shift=0.1), text_encoder=encoder,
        tokenizer=qwen_tokenizer(), transformer=transformer.eval(),
    )  # fmt: skip


def build_controlnet(folder: Path, seed: int = 0) -> Path:
    """Saves a ControlNet for the tiny `sd1` whose convolutions are not zero, so that it has an effect."""
    torch.manual_seed(seed)
    net = ControlNetModel.from_unet(_unet(32), conditioning_channels=3, conditioning_embedding_out_channels=(8, 16))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    net.save_pretrained(folder, safe_serialization=True)
    return folder


def build_lora(folder: Path, pipeline: Any, seed: int = 0, rank: int = 2) -> Path:
    """Saves a LoRA for the denoiser of a tiny pipeline, in the layout of diffusers."""
    torch.manual_seed(seed)
    denoiser = pipeline.unet if hasattr(pipeline, "unet") else pipeline.transformer
    denoiser.add_adapter(LoraConfig(r=rank, lora_alpha=rank, target_modules=["to_q", "to_k", "to_v"]))
    with torch.no_grad():
        for name, parameter in denoiser.named_parameters():
            if "lora_" in name:
                parameter.normal_(std=0.5)
    layers = get_peft_model_state_dict(denoiser)
    denoiser.delete_adapters("default")
    name = "unet_lora_layers" if hasattr(pipeline, "unet") else "transformer_lora_layers"
    type(pipeline).save_lora_weights(folder, **{name: layers}, safe_serialization=True)
    return folder


def _sensitive(model: Any) -> None:
    """Large weights: those that models begin with hardly tell one picture from another."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.normal_(std=0.4)


def build_image_encoder(folder: Path, width: int = 32) -> Path:
    """Saves a CLIP picture encoder."""
    config = CLIPVisionConfig(
        hidden_size=width, intermediate_size=2 * width, num_hidden_layers=2, num_attention_heads=2, image_size=32,
        patch_size=8, projection_dim=width,
    )  # fmt: skip
    torch.manual_seed(5)
    model = CLIPVisionModelWithProjection(config).eval()
    _sensitive(model)
    model.save_pretrained(folder, safe_serialization=True)
    return folder


def build_ip_adapter(folder: Path, pipeline: Any, width: int = 32) -> Path:
    """Saves an IP-Adapter for a tiny `sd1`, with its image encoder, in the layout that the published ones have."""
    torch.manual_seed(6)
    text = pipeline.unet.config.cross_attention_dim
    state = {
        "image_proj.proj.weight": torch.randn(4 * text, width) * 0.3, "image_proj.proj.bias": torch.zeros(4 * text),
        "image_proj.norm.weight": torch.ones(text), "image_proj.norm.bias": torch.zeros(text),
    }  # fmt: skip
    number = 1
    for name in pipeline.unet.attn_processors:
        if name.endswith("attn2.processor"):
            module = pipeline.unet.get_submodule(name.removesuffix(".processor"))
            for half in ("to_k_ip", "to_v_ip"):
                state[f"ip_adapter.{number}.{half}.weight"] = torch.randn(module.inner_dim, text) * 0.5
            number += 2
    folder.mkdir(parents=True, exist_ok=True)
    save_file(state, folder / "ip-adapter_tiny.safetensors")
    build_image_encoder(folder / "image_encoder", width)
    return folder


def build_depth(folder: Path) -> Path:
    """Saves a Depth Anything with random weights, and its processor."""
    backbone = Dinov2Config(
        image_size=56, patch_size=14, hidden_size=32, num_hidden_layers=4, num_attention_heads=2,
        out_indices=[1, 2, 3, 4], apply_layernorm=True, reshape_hidden_states=False,
    )  # fmt: skip
    config = DepthAnythingConfig(
        backbone_config=backbone, patch_size=14, reassemble_hidden_size=32, neck_hidden_sizes=[8, 8, 8, 8],
        fusion_hidden_size=8, head_hidden_size=8,
    )  # fmt: skip
    torch.manual_seed(7)
    model = DepthAnythingForDepthEstimation(config).eval()
    _sensitive(model.backbone)
    with torch.no_grad():
        # What is below zero is cut off: random weights alone see no depth anywhere.
        for parameter in model.head.parameters():
            parameter.copy_(torch.rand_like(parameter))
    model.save_pretrained(folder, safe_serialization=True)
    DPTImageProcessor(size={"height": 56, "width": 56}, ensure_multiple_of=14).save_pretrained(folder)
    return folder


def build_clip(folder: Path) -> Path:
    """Saves a CLIP with random weights, and its processor."""
    text = {
        "vocab_size": 160, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
        "num_attention_heads": 2, "max_position_embeddings": 77, "bos_token_id": 0, "eos_token_id": 1,
    }  # fmt: skip
    vision = {
        "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
        "image_size": 32, "patch_size": 8,
    }  # fmt: skip
    torch.manual_seed(8)
    config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=16)
    CLIPModel(config).eval().save_pretrained(folder, safe_serialization=True)
    clip_tokenizer(folder).save_pretrained(folder)
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder
