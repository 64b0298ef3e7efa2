"""The two heads as they are trained: near a start that ranks well untrained, and pulled back to it.

Sparse: a token's prior weight (`studio.encoders.lexical`) times ReLU(w · h + b), begun at w = 0 and
b = 1, so that the start is the prior alone. ColBERT: a linear layer, begun at the principal
components of the hidden states about three quarters of their mean, the largest first, so that the
first dimensions serve alone (Kusupati et al. 2022, arXiv 2205.13147).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import Linear, Parameter

CENTRE = 0.75  # of the mean, which is most of every hidden state and tells no two apart


class SparseHead(torch.nn.Module):
    """Factors of 0 or more: (tokens, hidden) → (tokens,)."""

    def __init__(self, sample: Tensor) -> None:
        super().__init__()
        self.mean, self.spread = sample.mean(0), sample.std(0)
        self.weight = Parameter(torch.zeros(sample.shape[1]))
        self.bias = Parameter(torch.ones(()))

    def forward(self, hidden: Tensor) -> Tensor:
        return torch.relu(((hidden - self.mean) / self.spread) @ self.weight + self.bias)

    def pull(self) -> Tensor:
        """How far from the start, squared."""
        return self.weight.square().sum()

    def linear(self, scale: float) -> Linear:
        """As BGE-M3's layout has it, mean and spread folded in, times `scale`."""
        made = Linear(len(self.weight), 1)
        weight = self.weight / self.spread
        made.weight.data = (weight * scale)[None].detach().clone()
        made.bias.data = ((self.bias - weight @ self.mean) * scale)[None].detach().clone()
        return made


class ColbertHead(torch.nn.Module):
    """Vectors of unit length: (tokens, hidden) → (tokens, dimension or the first so many of it)."""

    def __init__(self, sample: Tensor, dimension: int) -> None:
        super().__init__()
        self.length = float(sample.norm(dim=-1).mean())
        weight, bias = principal(torch.nn.functional.normalize(sample, dim=-1), dimension)
        self.weight, self.bias = Parameter(weight.clone()), Parameter(bias.clone())
        self.start = weight, bias

    def forward(self, hidden: Tensor, first: int | None = None) -> Tensor:
        made = (hidden / self.length) @ self.weight[:first].T + self.bias[:first]
        return torch.nn.functional.normalize(made, dim=-1)

    def pull(self) -> Tensor:
        """How far from the start, squared, as a share of the start."""
        weight, bias = self.start
        far = (self.weight - weight).square().sum() / weight.square().sum()
        return far + (self.bias - bias).square().sum() / bias.square().sum()

    def linear(self) -> Linear:
        """As BGE-M3's layout has it."""
        made = Linear(self.weight.shape[1], self.weight.shape[0])
        made.weight.data = (self.weight / self.length).detach().clone()
        made.bias.data = self.bias.detach().clone()
        return made


def principal(rows: Tensor, dimension: int) -> tuple[Tensor, Tensor]:
    """(dimension, hidden) and (dimension,): the layer that centres and turns."""
    mean = CENTRE * rows.mean(0)
    centred = rows - mean
    _, vectors = torch.linalg.eigh(centred.T @ centred / len(centred))
    best = vectors.flip(1)[:, :dimension]
    return best.T.contiguous(), -(best.T @ mean)
