"""Random checkpoints of BGE-M3's layout, from a few megabytes to its full 568M parameters.

The files are those of BAAI/bge-m3: config.json, the backbone with its (unused) pooler, both heads
in float16, tokenizer.json and tokenizer_config.json. The weights are drawn so that everything a
checkpoint holds shows in its output: transformers' own std of 0.02 gives nearly one and the same
vector to all texts, and an encoder that is wrong would look right.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Literal

import safetensors.torch
import torch
from tokenizers import AddedToken, Tokenizer
from torch import Tensor

Weights = Literal["model.safetensors", "pytorch_model.bin"]

SPECIAL = {"bos": "<s>", "eos": "</s>", "unk": "<unk>", "sep": "</s>", "pad": "<pad>", "cls": "<s>"}
SHARPNESS = 2.0  # of queries and keys: attention that looks at some tokens and not at their mean


def write(
    folder: Path,
    *,
    tokenizer: Tokenizer,
    hidden: int = 32,
    layers: int = 2,
    heads: int = 4,
    intermediate: int = 64,
    positions: int = 8_194,
    colbert_dim: int | None = None,
    seed: int = 0,
    weights: Weights = "model.safetensors",
) -> Path:
    """Write a checkpoint into `folder` and return it; the same arguments give the same weights."""
    from transformers import XLMRobertaConfig, XLMRobertaModel

    folder.mkdir(parents=True, exist_ok=True)
    config = XLMRobertaConfig(
        vocab_size=250_002, hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=heads,
        intermediate_size=intermediate, max_position_embeddings=positions, type_vocab_size=1,
        pad_token_id=1, bos_token_id=0, eos_token_id=2, layer_norm_eps=1e-5, dtype="float32",
        architectures=["XLMRobertaModel"],
    )  # fmt: skip
    config.save_pretrained(folder)
    generator = torch.Generator().manual_seed(seed)
    with torch.device("meta"):  # names and shapes only: transformers would draw them all first
        shapes = XLMRobertaModel(config).state_dict()
    state = {name: draw(name, like.shape, layers, generator) for name, like in shapes.items()}
    if weights == "model.safetensors":
        safetensors.torch.save_file(state, folder / weights, metadata={"format": "pt"})
    else:
        torch.save(state, folder / weights)
    for head, rows in (("sparse_linear", 1), ("colbert_linear", colbert_dim or hidden)):
        layer = {
            name: draw(f"{head}.{name}", shape, layers, generator).half()
            for name, shape in (("weight", (rows, hidden)), ("bias", (rows,)))
        }
        torch.save(layer, folder / f"{head}.pt")
    write_tokenizer(folder, tokenizer, positions - 2)
    return folder


def draw(name: str, shape: tuple[int, ...], layers: int, generator: torch.Generator) -> Tensor:
    """One tensor of the state, at the scale that suits its place."""
    if "LayerNorm" in name:
        mean, std = (1.0, 0.1) if name.endswith("weight") else (0.0, 0.03)
    elif name == "sparse_linear.bias":  # above 0: most tokens have a lexical weight
        mean, std = 0.5, 0.1
    elif name.endswith("bias"):
        mean, std = 0.0, 0.1
    elif "embeddings" in name:  # a LayerNorm follows; positions and the type count less than words
        mean, std = 0.0, 1.0 if "word" in name else 0.3
    else:
        mean, std = 0.0, 1 / math.sqrt(shape[-1])
    if name.endswith(("query.weight", "key.weight")):
        std *= SHARPNESS
    if name.startswith("sparse_linear"):  # lexical weights below 1, as BGE-M3's own are
        mean, std = mean / 4, std / 4
    if "output.dense" in name:  # all layers together change a state about as much as it is large
        std *= math.sqrt(2 / layers)
    return torch.nn.init.normal_(torch.empty(shape), mean, std, generator=generator)


def write_tokenizer(folder: Path, tokenizer: Tokenizer, max_tokens: int) -> None:
    """A copy with XLM-RoBERTa's special tokens, which are found in a text that spells them.

    The class is the one that takes tokenizer.json as it stands. The original names
    XLMRobertaTokenizer, of which transformers 5 makes a pre-tokenizer and a normaliser of its own.
    """
    copy = Tokenizer.from_str(tokenizer.to_str())
    named = dict.fromkeys(SPECIAL.values())
    copy.add_special_tokens([AddedToken(token, normalized=False) for token in named])
    copy.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False)])
    copy.save(str(folder / "tokenizer.json"))
    settings = {f"{name}_token": token for name, token in SPECIAL.items()}
    mask = {"__type": "AddedToken", "content": "<mask>", "lstrip": True, "normalized": False,
            "rstrip": False, "single_word": False, "special": True}  # fmt: skip
    settings |= {"mask_token": mask, "model_max_length": max_tokens}
    settings |= {"tokenizer_class": "PreTrainedTokenizerFast"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=1), "utf-8")
