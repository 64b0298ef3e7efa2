"""Linear layers in 8-bit integers, for CPUs: weights once, activations as they come.

Weights are rounded per output channel, activations per token, both symmetric, so that a token with
outliers costs no other token its precision. oneDNN multiplies in int32 (VNNI where the CPU has
it); one scale per token and one per channel bring the product back. Everything else (embeddings,
norms, softmax, GELU, the two heads) stays in float32.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

LEVELS = 127


class Int8Linear(nn.Module):
    """A drop-in for a `torch.nn.Linear` in inference: y ≈ x·Wᵀ + b."""

    weight: Tensor  # (in, out) int8
    scale: Tensor  # (out,)
    bias: Tensor  # (out,)

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        weight = linear.weight.detach().float()
        scale = (weight.abs().amax(dim=1) / LEVELS).clamp_(min=1e-12)
        rounded = (weight / scale[:, None]).round_().to(torch.int8)
        self.register_buffer("weight", rounded.T)  # a view: oneDNN reads it as it lies
        self.register_buffer("scale", scale)
        bias = torch.zeros(len(weight)) if linear.bias is None else linear.bias.detach().float()
        self.register_buffer("bias", bias)

    def forward(self, x: Tensor) -> Tensor:
        rows = x.reshape(-1, x.shape[-1])
        size = rows.abs().amax(dim=1, keepdim=True).clamp_(min=1e-12).div_(LEVELS)
        products = torch._int_mm((rows / size).round_().to(torch.int8), self.weight)
        return torch.addcmul(self.bias, products * size, self.scale).view(*x.shape[:-1], -1)


def quantise(module: nn.Module) -> None:
    """Replace every linear layer below a module, one at a time: no second copy in float32."""
    for name, child in module.named_children():
        if isinstance(child, nn.Linear):
            setattr(module, name, Int8Linear(child))
        else:
            quantise(child)
