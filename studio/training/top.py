"""The encoder's last layers as they are trained: frozen weights, and low-rank updates beside them.

The layers below never change, so a text passes them once (`states`). The frozen weights and most of
the arithmetic are bfloat16's, which is quicker than float32 where a processor knows it; the updates
are kept and stepped in float32.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import Linear, Parameter
from torch.nn.functional import linear, normalize, scaled_dot_product_attention
from transformers import AttentionInterface

from studio.records import Integers
from studio.training.states import States

NAME = "side-by-side, trained"
CHANGED = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)


class Updated(torch.nn.Module):
    """A frozen linear layer with B · A added to its weight; B begins at 0."""

    def __init__(self, frozen: Linear, rank: int) -> None:
        super().__init__()
        self.down = Parameter(torch.randn(rank, frozen.in_features) / frozen.in_features**0.5)
        self.up = Parameter(torch.zeros(frozen.out_features, rank))
        self.frozen = [one.detach().bfloat16() for one in (frozen.weight, frozen.bias)]

    def forward(self, rows: Tensor) -> Tensor:
        rows = rows.bfloat16()
        update = linear(linear(rows, self.down.bfloat16()), self.up.bfloat16())
        return linear(rows, *self.frozen) + update


class Top(torch.nn.Module):
    """The layers from `first` on, each of their linear layers `Updated`."""

    def __init__(self, backbone: Any, first: int, rank: int) -> None:
        super().__init__()
        AttentionInterface.register(NAME, attend)
        backbone.eval().set_attn_implementation(NAME)
        for parameter in backbone.parameters():
            parameter.requires_grad_(False)
        self.first, self.layers = first, backbone.encoder.layer[first:]
        for layer in self.layers:
            for path in CHANGED:
                parent, name = path.rsplit(".", 1)
                frozen = layer.get_submodule(path)
                setattr(layer.get_submodule(parent), name, Updated(frozen, rank))

    def trained(self) -> list[Parameter]:
        """The updates, all that is trained here."""
        return [one for one in self.parameters() if one.requires_grad]

    @torch.no_grad()
    def settle(self, share: float) -> None:
        """Go back towards the original weights, which forget less so, and stand still.

        Wortsman et al. 2021 (arXiv 2109.01903), who take half where nothing speaks for another.
        """
        for down, up in self.updates().values():
            up.mul_(share)
            for one in (down, up):
                one.requires_grad_(False).grad = None

    def updates(self) -> dict[str, tuple[Tensor, Tensor]]:
        """A and B by the name that the backbone knows the layer by."""
        return {
            f"encoder.layer.{self.first + at}.{path}": (module.down, module.up)
            for at, layer in enumerate(self.layers)
            for path, module in layer.named_modules()
            if isinstance(module, Updated)
        }

    def forward(self, states: States, texts: Integers) -> tuple[Tensor, Tensor]:
        """Last hidden states of the kept tokens, and the dense vectors, of some texts."""
        rows, lengths = states.rows(texts)
        hidden = torch.from_numpy(states.hidden[rows]).float()[None]
        with torch.autocast("cpu", torch.bfloat16):
            for layer in self.layers:
                made = layer(hidden, None, packed=lengths.tolist())
                hidden = made[0] if isinstance(made, tuple) else made
        last = hidden[0].float()
        pooled = torch.segment_reduce(last, "mean", lengths=torch.from_numpy(lengths))
        return last[torch.from_numpy(states.keep[rows])], normalize(pooled, dim=-1)


def attend(
    _module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    _mask: None,
    packed: list[int],
    scaling: float | None = None,
    **_others: Any,
) -> tuple[Tensor, None]:
    """Attention within each text, by the texts' lengths; going back, it is quickest in float32.

    (1, heads, tokens, size) give (1, tokens, heads, size). `packing.attend` writes into one tensor,
    of which going back would make a copy for every text.
    """
    texts = [torch.split(rows.float(), packed, 2) for rows in (query, key, value)]
    with torch.autocast("cpu", enabled=False):
        mixed = [
            scaled_dot_product_attention(asking, asked, told, scale=scaling)
            for asking, asked, told in zip(*texts, strict=True)
        ]
    return torch.cat(mixed, 2).transpose(1, 2).to(query.dtype), None
