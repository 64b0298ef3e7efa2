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

import torch
from safetensors import SafetensorError
from tokenizers import Tokenizer
from torch import Tensor

from studio.encoders.choice import M3_ID, M3_REVISION, M3_WEIGHTS
from studio.encoders.hub import fetch
from studio.encoders.onepass import Description, OnePassEncoder
from studio.encoders.tokens import Tokeniser
from studio.errors import EncoderError

HUB_ID, HUB_REVISION, WEIGHTS = M3_ID, M3_REVISION, M3_WEIGHTS
PRECISIONS = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
HEADS = ("sparse_linear.pt", "colbert_linear.pt")
FILES = ("config.json", "tokenizer.json", *HEADS, *WEIGHTS)
GROUPS = (("config.json",), ("tokenizer.json",), *((head,) for head in HEADS), WEIGHTS)


@dataclass(frozen=True)
class LinearHeads:
    """The two linear layers of the layout; dense needs none."""

    lexical: torch.nn.Linear
    late: torch.nn.Linear

    def dense(self, hidden: Tensor, mask: Tensor) -> Tensor:
        return hidden[:, 0]

    def sparse(self, hidden: Tensor, ids: Tensor) -> Tensor:
        return torch.relu(self.lexical(hidden)).squeeze(-1)

    def multi_vector(self, hidden: Tensor) -> Tensor:
        result: Tensor = self.late(hidden)
        return result


def load(name: str, device: str | None = None, precision: str | None = None) -> OnePassEncoder:
    """From a folder, or from the Hub and its cache; in float32 on a CPU, float16 on a GPU."""
    from transformers import AutoModel

    local = Path(name).expanduser()
    revision = HUB_REVISION if name == HUB_ID else None
    folder = local if local.is_dir() else fetch(name, revision, *GROUPS)
    place = device or ("cuda" if torch.cuda.is_available() else "cpu")
    kind = precision or ("float16" if place.startswith("cuda") else "float32")
    if kind not in PRECISIONS:
        raise EncoderError(f"Precision '{kind}' is unknown. Use {', '.join(PRECISIONS)}.")
    dtype = PRECISIONS[kind]
    check(folder)
    try:
        backbone = AutoModel.from_pretrained(
            folder, add_pooling_layer=False, dtype=dtype, trust_remote_code=False
        )
    except (SafetensorError, OSError, ValueError, UnpicklingError) as error:
        raise EncoderError(
            f"The weights in {folder} cannot be read ({error}). Download them again, or use the "
            "encoder 'embedded'."
        ) from error
    heads = LinearHeads(
        *(linear(folder / file, backbone.config.hidden_size, dtype).to(place) for file in HEADS)
    )
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    texts = Tokeniser(tokenizer, "", backbone.config.max_position_embeddings - 2)
    shown = fingerprint(folder) if local.is_dir() else folder.name  # the Hub's commit
    return OnePassEncoder(
        Description(name, f"BGE-M3 layout · {name}" if name != HUB_ID else HUB_ID, shown, kind),
        backbone.to(place),
        heads,
        texts,
        texts,
        (backbone.config.hidden_size, heads.late.out_features),
    )


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


def linear(path: Path, hidden: int, dtype: torch.dtype) -> torch.nn.Linear:
    """A head from its file, held against the backbone's hidden size."""
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        weight, bias = state["weight"], state["bias"]
        rows = weight.shape[0]
    except Exception as error:  # torch.load raises many kinds for a broken file
        raise EncoderError(f"{path} cannot be read as a linear head: {error}") from error
    wanted = 1 if path.name == "sparse_linear.pt" else rows
    if tuple(weight.shape) != (wanted, hidden) or tuple(bias.shape) != (wanted,):
        raise EncoderError(
            f"{path} has weights of shape {tuple(weight.shape)}; this checkpoint's hidden size "
            f"asks for ({wanted}, {hidden})."
        )
    head = torch.nn.Linear(hidden, wanted, dtype=dtype)
    head.load_state_dict({"weight": weight, "bias": bias})
    return head.eval()
