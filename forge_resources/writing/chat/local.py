"""The text engine `local`: a transformers model on this machine, whose replies are constrained while they are decoded.

What belongs here: loading the model through its residence, the grammar of a reply, decoding. What does not: reading the
reply (see `replies`) or the recipe (see `engines`).

The grammar is compiled by xgrammar from the reply's schema, in which every text, list and number is bounded, so that
decoding comes to an end with a document of the asked form whatever the weights are. What a grammar cannot say (raw
control characters, blank texts) is cleaned where all replies are.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

from forge_resources.engines.contract import Lack
from forge_resources.errors import EngineFailed, NotFound, TimedOut
from forge_resources.gpu.residence import ModelKey, Resident, resident
from forge_resources.gpu.steps import step
from forge_resources.models import first_use
from forge_resources.schemas.types import canonical_json
from forge_resources.writing.chat.asking import Reply, Spent, Turn
from forge_resources.writing.chat.engines import ChatWriter
from forge_resources.writing.chat.recipes import ChatParameters
from forge_resources.writing.chat.replies import clean_text
from forge_resources.writing.chat.settings import WritingSettings

_WEIGHTS = (".safetensors", ".bin", ".json", ".model", ".jinja", ".txt")
_STEPS_BETWEEN_WORDS = 16
_NAME_ANOTHER = "Correct `model` under `writing`, or FORGE_TEXT_MODEL."
_HUB_ID = re.compile(r"[\w.-]+(?:/[\w.-]+)?")


@dataclass(frozen=True)
class _Loaded:
    """A model with its tokenizer, and what a grammar needs of it."""

    model: Any
    tokenizer: Any
    compiler: Any
    vocabulary: int


class TransformersWriter(ChatWriter):
    """A causal language model from a folder or the local cache of the model hub."""

    name = "local"
    summary = "The same by a transformers model of this machine (folder or hub id), constrained while decoding."
    device_bound: ClassVar[bool] = True
    waits: ClassVar[bool] = False

    def lacks(self) -> list[Lack]:
        missing = [name for name in ("torch", "transformers", "xgrammar") if importlib.util.find_spec(name) is None]
        remedy = "Install the extra `gpu`: pip install 'forge-spots[gpu]'."
        return [Lack(f"the package {name}", remedy) for name in missing]

    def imports(self) -> Sequence[str]:
        heavy = ("torch", "transformers:AutoModelForCausalLM", "transformers:AutoTokenizer", "xgrammar")
        return (*heavy, first_use.TRANSFORMERS)

    def server(self) -> str:
        return ""

    def revision_of(self, model: str) -> str:
        """A hash of the files of a folder; the commit of a model of the hub where it is in the local cache."""
        folder = Path(model)
        if folder.is_dir():
            return _hash_of(folder, _stamp(folder))
        if not _HUB_ID.fullmatch(model) or importlib.util.find_spec("huggingface_hub") is None:
            return ""  # What is wrong is said when the model is loaded.
        from huggingface_hub import try_to_load_from_cache  # noqa: PLC0415 -- of the extra `gpu`

        found = try_to_load_from_cache(model, "config.json")
        # …/snapshots/<commit>/config.json
        return Path(found).parent.name if isinstance(found, str) else ""

    def reply_to(
        self, parameters: ChatParameters, settings: WritingSettings, turns: Sequence[Turn], spent: Spent
    ) -> Reply:
        """Raises NotFound for a model that is not there, TimedOut where `timeout_s` is over before the reply is."""
        spent.calls += 1
        loaded: _Loaded = resident(_key(parameters), lambda: _load(parameters.model)).value
        return _decode(loaded, parameters, turns, min(parameters.timeout_s, spent.left_s(parameters.patience_s)))


def _key(parameters: ChatParameters) -> ModelKey:
    return ModelKey(model=parameters.model, revision=parameters.revision)


def _load(model: str) -> Resident:
    import torch
    import transformers
    import xgrammar

    from_hub = not Path(model).is_dir()
    if from_hub and not _HUB_ID.fullmatch(model):
        raise NotFound(f"`{model}` is neither a folder nor the name of a model.", remedy=_NAME_ANOTHER)
    what = "is neither a folder nor a model that the hub or its cache gives" if from_hub else "holds no whole model"
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(model)
        loaded: Any = transformers.AutoModelForCausalLM.from_pretrained(model, dtype="auto")
    except (OSError, ValueError) as error:
        said = clean_text(str(error).partition("\n")[0])[:200]
        raise NotFound(f"`{model}` {what}: {said}", remedy=_NAME_ANOTHER) from None
    device = "cuda" if torch.cuda.is_available() else "cpu"
    loaded.to(device)
    loaded.eval()
    vocabulary = int(loaded.config.get_text_config().vocab_size)
    information = xgrammar.TokenizerInfo.from_huggingface(tokenizer, vocab_size=vocabulary)
    size = sum(part.numel() * part.element_size() for part in loaded.parameters())
    return Resident(
        value=_Loaded(loaded, tokenizer, xgrammar.GrammarCompiler(information), vocabulary),
        size=size,
        demote=(lambda: loaded.to("cpu")) if device == "cuda" else None,
        restore=(lambda: loaded.to("cuda")) if device == "cuda" else None,
    )


def _decode(loaded: _Loaded, parameters: ChatParameters, turns: Sequence[Turn], limit_s: float) -> Reply:
    import torch
    import transformers
    from xgrammar.contrib.hf import LogitsProcessor

    tokens = _tokens(loaded.tokenizer, turns).to(loaded.model.device)
    room = int(getattr(loaded.model.config.get_text_config(), "max_position_embeddings", 0) or 0)
    asked = int(tokens.shape[1])
    longest = min(parameters.max_tokens, room - asked) if room else parameters.max_tokens
    if longest < 1:
        raise EngineFailed(
            f"The prompt of {asked} tokens does not fit {parameters.model}, which reads {room}.",
            remedy="Choose a model with a longer context.",
        )
    grammar = loaded.compiler.compile_json_schema(
        canonical_json(parameters.reply), any_whitespace=False, strict_mode=True
    )
    until = time.monotonic() + limit_s

    class Watched(transformers.StoppingCriteria):  # type: ignore[misc]
        """Says how far decoding is, hears whether anybody waits, and ends it in time."""

        def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
            done = int(input_ids.shape[1]) - asked
            if done % _STEPS_BETWEEN_WORDS == 0:
                step(min(done, longest - 1), longest)
            return torch.full((input_ids.shape[0],), time.monotonic() > until, device=input_ids.device)

    sampled = parameters.temperature is None or parameters.temperature > 0
    with torch.random.fork_rng(), torch.inference_mode():
        torch.manual_seed(parameters.seed)
        made = loaded.model.generate(
            tokens,
            attention_mask=torch.ones_like(tokens),
            max_new_tokens=longest,
            do_sample=sampled,
            temperature=parameters.temperature if sampled and parameters.temperature else None,
            logits_processor=transformers.LogitsProcessorList([LogitsProcessor(grammar)]),
            stopping_criteria=transformers.StoppingCriteriaList([Watched()]),
            pad_token_id=loaded.tokenizer.pad_token_id or loaded.tokenizer.eos_token_id,
        )
    new = made[0, asked:]
    if time.monotonic() > until and int(new.shape[0]) < longest and not _ended(new, loaded.tokenizer):
        raise TimedOut(
            f"{parameters.model} did not finish within {limit_s:.3g} s ({int(new.shape[0])} tokens).",
            remedy="Raise `timeout_s` for this node, or choose a smaller model.",
        )
    step(longest, longest)
    return Reply(
        loaded.tokenizer.decode(new, skip_special_tokens=True),
        input_tokens=asked,
        output_tokens=int(new.shape[0]),
        cut_off=int(new.shape[0]) >= longest,
    )


def _tokens(tokenizer: Any, turns: Sequence[Turn]) -> Any:
    """The conversation as the model was taught to read it; plain text for a model without a chat template."""
    if getattr(tokenizer, "chat_template", None):
        messages = [{"role": turn.role, "content": turn.text} for turn in turns]
        made = tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        return made["input_ids"]
    return tokenizer("\n\n".join(turn.text for turn in turns) + "\n\n", return_tensors="pt")["input_ids"]


def _ended(tokens: Any, tokenizer: Any) -> bool:
    return tokenizer.eos_token_id is not None and int(tokens[-1]) == tokenizer.eos_token_id


def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Names, sizes and times of the files that make a model."""
    files = sorted(path for path in folder.iterdir() if path.suffix in _WEIGHTS)
    return tuple((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files)


@lru_cache(maxsize=16)
def _hash_of(folder: Path, stamp: tuple[tuple[str, int, int], ...]) -> str:
    """SHA-256 over the files, read once while they do not change."""
    whole = hashlib.sha256()
    for name, _, _ in stamp:
        whole.update(name.encode())
        with (folder / name).open("rb") as stream:
            whole.update(hashlib.file_digest(stream, "sha256").digest())
    return whole.hexdigest()
