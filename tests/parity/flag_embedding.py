"""The way to FlagEmbedding's embedder of BGE-M3, for tests and benchmarks.

Importing it imports FlagEmbedding's rerankers too, and two of these name a module that transformers
5.24 dropped. The embedder needs none of it, so where it is gone another stands in, which fails
aloud if a reranker calls it.
"""

from __future__ import annotations

import sys
from importlib import util
from types import ModuleType
from typing import Any

DROPPED = "transformers.modeling_attn_mask_utils"
NAMES = (
    "AttentionMaskConverter",
    "_prepare_4d_attention_mask",
    "_prepare_4d_causal_attention_mask",
    "_prepare_4d_causal_attention_mask_for_sdpa",
)


def embedder() -> Any:
    """The class M3Embedder, also known as BGEM3FlagModel."""
    if util.find_spec(DROPPED) is None:
        stand_in = ModuleType(DROPPED)
        for name in NAMES:
            setattr(stand_in, name, _gone)
        sys.modules.setdefault(DROPPED, stand_in)
    from FlagEmbedding.inference.embedder.encoder_only.m3 import M3Embedder

    return M3Embedder


def _gone(*_args: Any, **_kwargs: Any) -> None:
    raise NotImplementedError(f"{DROPPED} is not in this transformers")
