"""Texts of any lengths side by side in one forward pass, without padding.

A transformers backbone sees one sequence of all tokens. Its linear layers and norms do not mind;
positions begin anew with each text, and attention, registered here under transformers' interface
for it, keeps each text to itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import torch
from torch import Tensor
from transformers import AttentionInterface, AttentionMaskInterface

from studio.records import Integers

try:
    from torch.nn.attention import varlen
except ImportError:  # before torch 2.10
    varlen = None  # type: ignore[assignment]

NAME = "side-by-side"
HALVES = (torch.float16, torch.bfloat16)


@dataclass(frozen=True)
class Packed:
    """Token ids (1, Σ tokens), their positions, and where each text begins and ends.

    bounds (texts + 1,) int32; runs: (first token, how many texts, tokens of each), texts of equal
    length in a row being one run.
    """

    ids: Tensor
    positions: Tensor
    bounds: Tensor
    runs: tuple[tuple[int, int, int], ...]
    longest: int

    @property
    def lengths(self) -> Tensor:
        return torch.diff(self.bounds).long()


def pack(rows: Sequence[Integers], first_position: int, device: torch.device) -> Packed:
    """Lay texts side by side; XLM-RoBERTa's positions begin at 2, BERT's at 0."""
    lengths = [len(row) for row in rows]
    runs, start = [], 0
    for length, equal in groupby(lengths):
        count = len(list(equal))
        runs.append((start, count, length))
        start += count * length
    tokens = [torch.from_numpy(row) for row in rows]
    return Packed(
        torch.cat(tokens)[None].to(device),
        torch.cat([_positions(row, first_position) for row in tokens])[None].to(device),
        torch.tensor([0, *lengths]).cumsum(0).int().to(device),
        tuple(runs),
        max(lengths),
    )


def _positions(row: Tensor, first: int) -> Tensor:
    """Places of a text's tokens.

    XLM-RoBERTa begins behind its <pad> id, and passes over a <pad> that a text spells: that token
    has the place of padding, and the next one goes on as if it were not there.
    """
    if not first:
        return torch.arange(len(row))
    pad = first - 1
    ordinary = row != pad
    return torch.where(ordinary, ordinary.cumsum(0) + pad, pad)


def prepare(backbone: Any) -> None:
    """Make a transformers model take packed texts."""
    AttentionInterface.register(NAME, attend)
    AttentionMaskInterface.register(NAME, _no_mask)
    backbone.set_attn_implementation(NAME)


def forward(backbone: Any, packed: Packed) -> Tensor:
    """Last hidden states (Σ tokens, hidden)."""
    hidden: Tensor = backbone(
        input_ids=packed.ids, position_ids=packed.positions, packed=packed
    ).last_hidden_state
    return hidden[0]


def attend(
    _module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    _mask: None,
    packed: Packed,
    scaling: float | None = None,
    **_others: Any,
) -> tuple[Tensor, None]:
    """Attention within each text: (1, heads, Σ tokens, size) give (1, Σ tokens, heads, size)."""
    # (Σ tokens, heads, size) each
    query, key, value = (side[0].transpose(0, 1) for side in (query, key, value))
    if query.is_cuda and query.dtype in HALVES and varlen is not None:
        mixed: Any = varlen.varlen_attn(
            query.contiguous(),
            key.contiguous(),
            value.contiguous(),
            packed.bounds,
            packed.bounds,
            packed.longest,
            packed.longest,
            **_scale(query, scaling),
        )
        return mixed[None], None
    out = torch.empty_like(query)
    for start, count, length in packed.runs:
        part = slice(start, start + count * length)
        shape = (count, length, *out.shape[1:])
        mixed = torch.nn.functional.scaled_dot_product_attention(
            query[part].view(shape).transpose(1, 2),
            key[part].view(shape).transpose(1, 2),
            value[part].view(shape).transpose(1, 2),
            scale=scaling,
        )
        out[part] = mixed.transpose(1, 2).reshape(out[part].shape)
    return out[None], None


def _scale(query: Tensor, scaling: float | None) -> dict[str, Any]:
    """Nothing where it is the usual 1/√size, so that torch 2.10, which takes none, will do."""
    usual = scaling is None or abs(scaling * query.shape[-1] ** 0.5 - 1) < 1e-6
    return {} if usual else {"scale": scaling}


def _no_mask(*_args: Any, **_kwargs: Any) -> None:
    """There is no padding to hide."""
