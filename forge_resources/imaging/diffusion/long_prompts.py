"""Prompts that are longer than the window of a model's text encoder: encoded in windows, or refused, never cut.

What belongs here: counting tokens, encoding in windows for the CLIP models of Stable Diffusion, and what the short
window of a second encoder is given. What does not: composing prompts (see `imaging.prompts`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from forge_resources.errors import InvalidInput
from forge_resources.imaging.diffusion.parameters import DiffusionParameters
from forge_resources.imaging.prompts import Style, join_clauses
from forge_resources.models.catalogue import Architecture


def prompt_arguments(pipeline: Any, parameters: DiffusionParameters, architecture: Architecture) -> dict[str, Any]:
    """What a pipeline is called with for the prompts. Raises InvalidInput where the model cannot read them whole."""
    negative = parameters.negative_prompt
    if architecture.long_prompts == "chunks":
        windows = max(_windows(pipeline.tokenizer, text) for text in (parameters.prompt, negative or ""))
        if windows > 1:
            return _encoded(pipeline, parameters.prompt, negative or "", windows, parameters.guidance > 1)
        return {"prompt": parameters.prompt, **({"negative_prompt": negative} if negative is not None else {})}
    _refuse_too_long(pipeline, parameters)
    arguments: dict[str, Any] = {"prompt": parameters.prompt}
    if negative is not None:
        arguments["negative_prompt"] = negative
    # Two encoders with windows of their own: the short one reads as many of the first clauses as it can.
    if parameters.architecture == "flux1":
        short = _leading(pipeline.tokenizer, parameters.clauses)
        arguments |= {"prompt": short, "prompt_2": parameters.prompt}
    elif parameters.architecture == "sd3":
        short = _leading(pipeline.tokenizer, parameters.clauses)
        arguments |= {"prompt": short, "prompt_2": short, "prompt_3": parameters.prompt}
        if negative is not None:
            few = _leading(pipeline.tokenizer, negative.split(", "), "tags")
            arguments |= {"negative_prompt": few, "negative_prompt_2": few, "negative_prompt_3": negative}
    return arguments


def _refuse_too_long(pipeline: Any, parameters: DiffusionParameters) -> None:
    count = _COUNTS.get(parameters.architecture, _by_last_encoder)
    for what, text in (("prompt", parameters.prompt), ("negative prompt", parameters.negative_prompt or "")):
        found = count(pipeline, text)
        if found > parameters.tokens:
            raise InvalidInput(
                f"The {what} has {found} tokens; {parameters.model} reads {parameters.tokens}.",
                remedy="Shorten the visual of the shot, the look or the negative prompt, or choose a model that "
                "reads more.",
            )


# What a pipeline puts around a prompt counts: it would be cut at the end, and with it the prompt.


def _by_last_encoder(pipeline: Any, text: str) -> int:
    """Tokens as the encoder with the longest window reads them, its end mark included."""
    names = ("tokenizer_3", "tokenizer_2", "tokenizer")
    tokenizer = next(found for name in names if (found := getattr(pipeline, name, None)) is not None)
    return len(tokenizer(text, add_special_tokens=True, verbose=False).input_ids)


def _in_qwen_template(pipeline: Any, text: str) -> int:
    """Tokens behind the part of the template that the pipeline drops after encoding."""
    whole = pipeline.prompt_template_encode.format(text)
    count = len(pipeline.tokenizer(whole, verbose=False).input_ids)
    return count - int(pipeline.prompt_template_encode_start_idx)


def _in_chat(thinking: bool) -> Callable[[Any, str], int]:
    """Tokens of a message to a Qwen 3 encoder, with the frame of a chat around it."""

    def count(pipeline: Any, text: str) -> int:
        message = [{"role": "user", "content": text}]
        framed = pipeline.tokenizer.apply_chat_template(
            message, tokenize=False, add_generation_prompt=True, enable_thinking=thinking
        )
        return len(pipeline.tokenizer(framed, verbose=False).input_ids)

    return count


def _in_flux2_chat(pipeline: Any, text: str) -> int:
    """Tokens of the system's and the user's message to a Mistral 3 encoder."""
    from diffusers.pipelines.flux2.pipeline_flux2 import format_input

    messages = format_input([text], system_message=pipeline.system_message)
    encoded = pipeline.tokenizer.apply_chat_template(
        messages, add_generation_prompt=False, tokenize=True, return_dict=True
    )
    return len(encoded["input_ids"][0])


_COUNTS: Mapping[str, Callable[[Any, str], int]] = {
    "qwen-image": _in_qwen_template,
    "z-image": _in_chat(thinking=True),
    "flux2-klein": _in_chat(thinking=False),
    "flux2": _in_flux2_chat,
}
"""How many tokens of its window a prompt takes, by architecture; elsewhere the encoder reads the bare prompt."""


def _leading(tokenizer: Any, clauses: Sequence[str], style: Style = "sentences") -> str:
    """As many of the first clauses as a CLIP encoder reads."""
    limit = tokenizer.model_max_length
    for count in range(len(clauses), 0, -1):
        text = join_clauses(tuple(clauses[:count]), style)
        if len(tokenizer(text, verbose=False).input_ids) <= limit:
            return text
    words = clauses[0].split()
    while len(words) > 1 and len(tokenizer(" ".join(words), verbose=False).input_ids) > limit:
        words.pop()
    return " ".join(words)


def _windows(tokenizer: Any, text: str) -> int:
    """How many windows a text takes; each has a token at its begin and end."""
    inner: int = tokenizer.model_max_length - 2
    count = len(tokenizer(text, add_special_tokens=False, verbose=False).input_ids)
    return max(1, -(-count // inner))


def _encoded(pipeline: Any, prompt: str, negative: str, windows: int, guided: bool) -> dict[str, Any]:
    """Prompt embeddings of several windows, one after the other, for one encoder or two."""
    import torch

    encoders = [(pipeline.tokenizer, pipeline.text_encoder)]
    if getattr(pipeline, "text_encoder_2", None) is not None:
        encoders.append((pipeline.tokenizer_2, pipeline.text_encoder_2))
    double = len(encoders) == 2
    arguments: dict[str, Any] = {}
    with torch.no_grad():
        texts = {"prompt_embeds": prompt, **({"negative_prompt_embeds": negative} if guided else {})}
        for name, text in texts.items():
            states, pooled = zip(*(_encode(t, e, text, windows, double, pipeline) for t, e in encoders), strict=True)
            arguments[name] = torch.cat(states, dim=-1)
            if double:
                arguments[name.replace("prompt_embeds", "pooled_prompt_embeds")] = pooled[-1]
    return arguments


def _encode(tokenizer: Any, encoder: Any, text: str, windows: int, penultimate: bool, pipeline: Any) -> tuple[Any, Any]:
    """States of shape (1, windows × window, width), and the pooled state of the first window, of shape (1, width)."""
    import torch

    window = tokenizer.model_max_length
    rows = _rows(tokenizer(text, add_special_tokens=False, verbose=False).input_ids, tokenizer, windows, window)
    where = pipeline._execution_device
    given = torch.tensor(rows, device=where)
    if penultimate:
        output = encoder(given, output_hidden_states=True)
        states, pooled = output.hidden_states[-2], output[0]
    else:
        states, pooled = encoder(given)[0], None
    flat = states.reshape(1, windows * window, states.shape[-1])
    return flat, pooled[:1] if pooled is not None and pooled.dim() == 2 else None


def _rows(tokens: Sequence[int], tokenizer: Any, windows: int, window: int) -> list[list[int]]:
    inner = window - 2
    rows = []
    for number in range(windows):
        piece = list(tokens[number * inner : (number + 1) * inner])
        ended = [tokenizer.bos_token_id, *piece, tokenizer.eos_token_id]
        rows.append(ended + [tokenizer.pad_token_id] * (window - len(ended)))
    return rows
