"""BAAI/bge-m3 and any checkpoint of its layout: XLM-RoBERTa with two linear heads.

As FlagEmbedding 1.4 computes it. Dense: the state of <s>, normalised. Sparse: ReLU(w·h + b) of each
token, the largest per distinct id, without <s>, <pad>, </s> and <unk>. ColBERT: W·h + b of every
token but <s> (so </s> stays), normalised. No prefixes. A missing or misshapen head is an error:
the reference falls back to random heads, with a line in a log.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from tokenizers import Tokenizer
from torch import Tensor

from studio.encoders.choice import M3_ID, M3_REVISION, M3_WEIGHTS
from studio.encoders.device import setup
from studio.encoders.hub import fetch
from studio.encoders.linear import check_finite, linear
from studio.encoders.onepass import SPECIAL, Description, OnePassEncoder
from studio.encoders.options import Options
from studio.encoders.tokens import Tokeniser
from studio.errors import EncoderError
from studio.records import Floats, Integers, Progress, silent

HUB_ID, HUB_REVISION, WEIGHTS = M3_ID, M3_REVISION, M3_WEIGHTS
HEADS = ("sparse_linear.pt", "colbert_linear.pt")
FILES = ("config.json", "tokenizer.json", *HEADS, *WEIGHTS)
GROUPS = (("config.json",), ("tokenizer.json",), *((head,) for head in HEADS), WEIGHTS)


@dataclass(frozen=True)
class LinearHeads:
    """The two linear layers of the layout; dense needs none."""

    lexical: torch.nn.Linear
    late: torch.nn.Linear

    def dense(self, hidden: Tensor, bounds: Tensor) -> Tensor:
        return hidden[bounds[:-1].long()]

    def sparse(self, hidden: Tensor, ids: Tensor, offsets: Tensor) -> Tensor:
        return torch.relu(self.lexical(hidden)).squeeze(-1)

    def multi_vector(self, hidden: Tensor) -> Tensor:
        result: Tensor = self.late(hidden)
        return result

    def emphasis(self, weights: Floats, offsets: Integers) -> Floats:
        return np.ones(len(weights), dtype=np.float32)


def load(name: str, options: Options, progress: Progress = silent) -> OnePassEncoder:
    """From a folder, or from the Hub and its cache. Raises EncoderError with what to do."""
    local = Path(name).expanduser()
    revision = HUB_REVISION if name == HUB_ID else None
    here = local.is_dir()
    folder = local if here else fetch(name, revision, *GROUPS, progress=progress)
    chosen = setup(options, gpu=True)
    check(folder)
    config = configuration(folder)
    limit = config.max_position_embeddings - config.pad_token_id - 1
    options.check_length(limit)
    heads = [linear(folder / file, config.hidden_size, chosen.dtype) for file in HEADS]
    tokenizer = vocabulary(folder, config.vocab_size)
    backbone = weights(folder, chosen.dtype)
    shown = fingerprint(folder) if here else folder.name  # the Hub's commit
    title = HUB_ID if name == HUB_ID else f"BGE-M3 layout · {name}"
    return OnePassEncoder(
        Description(name, title, shown, chosen.precision),
        backbone.to(chosen.device),
        LinearHeads(*(head.to(chosen.device) for head in heads)),
        Tokeniser(tokenizer, "", options.passage_tokens),
        Tokeniser(tokenizer, "", options.query_tokens),
        (config.hidden_size, heads[1].out_features),
        config.pad_token_id + 1,
        chosen,
        options.dimension,
    )


def configuration(folder: Path) -> Any:
    """The backbone's config.json, of a kind that this layout can have."""
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise EncoderError(f"{folder / 'config.json'} cannot be read ({error}).") from error
    if config.model_type != "xlm-roberta":
        raise EncoderError(
            f"{folder} holds a model of type '{config.model_type}'; BGE-M3's layout is an "
            "xlm-roberta with two heads. Choose another folder, or the encoder 'embedded'."
        )
    return config


def vocabulary(folder: Path, size: int) -> Tokenizer:
    """The tokenizer beside the weights, held against what the model was trained with."""
    path = folder / "tokenizer.json"
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the Rust side raises plain Exceptions
        raise EncoderError(f"{path} cannot be read as a tokenizer: {error}") from error
    found = {piece: tokenizer.token_to_id(piece) for piece in ("<s>", "<pad>", "</s>", "<unk>")}
    if tuple(found.values()) != SPECIAL or not 0 < tokenizer.get_vocab_size() <= size:
        raise EncoderError(
            f"{path} is not this model's tokenizer: it has {tokenizer.get_vocab_size():,} pieces "
            f"with {found}; the model has {size:,} and <s> 0, <pad> 1, </s> 2, <unk> 3."
        )
    return tokenizer


def weights(folder: Path, dtype: torch.dtype) -> Any:
    """The backbone with every weight a number."""
    from transformers import AutoModel
    from transformers.utils import logging

    # What does not fit is told below, in a sentence.
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        backbone, told = AutoModel.from_pretrained(
            folder,
            add_pooling_layer=False,
            dtype=dtype,
            trust_remote_code=False,
            output_loading_info=True,
        )
    except (SafetensorError, OSError, ValueError, RuntimeError, UnpicklingError) as error:
        raise EncoderError(
            f"The weights in {folder} cannot be read ({error}). Download them again, or use the "
            "encoder 'embedded'."
        ) from error
    if missing := sorted(told["missing_keys"]):
        raise EncoderError(
            f"The weights in {folder} lack {len(missing)} tensors, {missing[0]} first: it is no "
            "whole XLM-RoBERTa. Download them again."
        )
    for name, tensor in backbone.named_parameters():
        check_finite(tensor, f"{name} in {folder}")
    return backbone


def fingerprint(folder: Path) -> str:
    """Tells two states of a local folder apart, so that no index outlives its weights.

    The small files count by content, the backbone's gigabytes by size and time of change.
    """
    sha = hashlib.sha256()
    for path in (folder / file for file in FILES if (folder / file).is_file()):
        sha.update(path.name.encode())
        if path.name in WEIGHTS:
            sha.update(f"{path.stat().st_size} {path.stat().st_mtime_ns}".encode())
        else:
            sha.update(path.read_bytes())
    return f"local {sha.hexdigest()[:12]}"


def check(folder: Path) -> None:
    """Say which files a folder lacks before anything heavy is read."""
    missing = [file for file in FILES if file not in WEIGHTS and not (folder / file).is_file()]
    if not any((folder / file).is_file() for file in WEIGHTS):
        missing.append(" or ".join(WEIGHTS))
    if missing:
        raise EncoderError(
            f"{folder} is not a whole BGE-M3 checkpoint: {', '.join(missing)} missing. "
            "Put the files there, or use the encoder 'embedded'."
        )
