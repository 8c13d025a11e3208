"""A tiny real language model: random weights, a byte-level tokenizer, saved as transformers saves models.

What belongs here: building it in a folder. What does not: anything it writes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tokenizers
from tokenizers import decoders, models, pre_tokenizers


def build_tiny_writer(folder: Path, seed: int = 0) -> Path:
    """Saves a GPT-2 of one layer whose tokens are bytes, and the special tokens. Some 4 MB."""
    import torch
    import transformers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate(["<end>", *alphabet])}
    built = tokenizers.Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    built.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    built.decoder = decoders.ByteLevel()
    tokenizer: Any = transformers.PreTrainedTokenizerFast(
        tokenizer_object=built, eos_token="<end>", bos_token="<end>", pad_token="<end>"
    )
    tokenizer.save_pretrained(folder)
    torch.manual_seed(seed)
    config = transformers.GPT2Config(
        vocab_size=len(vocabulary), n_positions=60_000, n_embd=16, n_layer=1, n_head=2, bos_token_id=0, eos_token_id=0
    )
    transformers.GPT2LMHeadModel(config).save_pretrained(folder)
    return folder
