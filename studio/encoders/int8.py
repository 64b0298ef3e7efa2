"""Linear layers in 8-bit integers, for CPUs: weights once, activations as they come.

Weights are rounded per output channel, symmetric; activations per token, between that token's least
and greatest, so that a token with outliers costs no other token its precision. oneDNN multiplies in
int32 (by VNNI where the CPU has it); scales bring the product back. Everything else (embeddings,
norms, attention's softmax, GELU, the two heads) stays in float32.

With x ≈ size·q + middle for a token, and W ≈ scale·w for a channel, both q and w in int8:
x·W + b ≈ (size·(q·w) + middle·Σw)·scale + b.
"""

from __future__ import annotations

from weakref import ReferenceType, ref

import torch
from torch import Tensor, nn

LEVELS = 127


class Rounding:
    """Activations in int8, kept for the next layer: query, key and value round the same ones."""

    def __init__(self) -> None:
        self._last: tuple[ReferenceType[Tensor], tuple[Tensor, Tensor, Tensor]] | None = None

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(rows, in) int8, and size and middle of each row (rows, 1)."""
        last = self._last  # read once: another thread may put its own there
        if last is not None and last[0]() is x:
            return last[1]
        rows = x.reshape(-1, x.shape[-1])
        least, most = rows.amin(dim=1, keepdim=True), rows.amax(dim=1, keepdim=True)
        size = (most - least).div_(2 * LEVELS).clamp_(min=1e-12)
        middle, steps = (most + least).div_(2), 1 / size
        rounded = torch.addcmul(-middle * steps, rows, steps).round_().to(torch.int8)
        self._last = (ref(x), (rounded, size, middle))
        return rounded, size, middle


class Int8Linear(nn.Module):
    """A drop-in for a `torch.nn.Linear` in inference: y ≈ x·Wᵀ + b."""

    weight: Tensor  # (in, out) int8
    sums: Tensor  # (out,): Σ of each channel's weights
    scale: Tensor  # (out,)
    bias: Tensor  # (out,)

    def __init__(self, linear: nn.Linear, rounding: Rounding | None = None) -> None:
        super().__init__()
        weight = linear.weight.detach().float()
        scale = (weight.abs().amax(dim=1) / LEVELS).clamp_(min=1e-12)
        rounded = (weight / scale[:, None]).round_().to(torch.int8)
        self.register_buffer("weight", rounded.T)  # a view: oneDNN reads it as it lies
        self.register_buffer("sums", rounded.sum(dim=1).float())
        self.register_buffer("scale", scale)
        bias = torch.zeros(len(weight)) if linear.bias is None else linear.bias.detach().float()
        self.register_buffer("bias", bias)
        self.rounding = rounding or Rounding()

    def forward(self, x: Tensor) -> Tensor:
        rounded, size, middle = self.rounding(x)
        # In place: at this width each further array would come as fresh pages from the system,
        # which took longer than the product itself (17 ms against 2 for 1,024 × 4,096).
        products = torch._int_mm(rounded, self.weight).float().mul_(size)
        products.addr_(middle[:, 0], self.sums)
        torch.addcmul(self.bias, products, self.scale, out=products)
        return products.view(*x.shape[:-1], -1)


def quantise(module: nn.Module, rounding: Rounding | None = None) -> None:
    """Replace every linear layer below a module, one at a time: no second copy in float32."""
    rounding = rounding or Rounding()
    for name, child in module.named_children():
        if isinstance(child, nn.Linear):
            setattr(module, name, Int8Linear(child, rounding))
        else:
            quantise(child, rounding)
