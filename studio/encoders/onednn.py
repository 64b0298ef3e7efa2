"""Linear layers in float32 by oneDNN, for CPUs where torch's own way is slow.

Torch multiplies float32 matrices by MKL, which on processors that are not Intel's uses a path of
half the speed and less (an AMD EPYC with AVX-512, two cores, 1,024 × 1,024 × 4,096: 206 GFLOP/s
against oneDNN's 476; 12 tokens: 1.26 ms against 0.24). oneDNN takes the weights in an order of its
own, laid once. The sums are float32's, added up in another order.
"""

from __future__ import annotations

import ctypes
import mmap
import platform
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

INTEL = "GenuineIntel"
CPUINFO = Path("/proc/cpuinfo")
DONT_NEED = 4  # Linux's MADV_DONTNEED


class PackedLinear(nn.Module):
    """A drop-in for a `torch.nn.Linear` in inference."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.packed: Tensor = _operations()._reorder_linear_weight(linear.weight.detach(), None)
        self.bias = None if linear.bias is None else linear.bias.detach()

    def forward(self, x: Tensor) -> Tensor:
        product: Tensor = _operations()._linear_pointwise(x, self.packed, self.bias, "none", [], "")
        return product


def better() -> bool:
    """Whether this machine gains by it: an x86-64 CPU of another maker, and a torch that can."""
    if platform.machine().lower() not in ("x86_64", "amd64") or _maker() == INTEL:
        return False
    can = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    names = ("_reorder_linear_weight", "_linear_pointwise")
    return can and all(hasattr(_operations(), name) for name in names)


def pack(module: nn.Module) -> None:
    """Replace every linear layer below a module, one at a time; the old weights are let go."""
    for name, child in module.named_children():
        if isinstance(child, nn.Linear):
            setattr(module, name, PackedLinear(child))
            forget(child.weight)
        else:
            pack(child)


def forget(weight: Tensor) -> None:
    """Give the system back the memory of weights that nothing will read again.

    They may lie in a mapped file beside others that stay in use, so their pages would stay too.
    Only whole pages of the tensor's own go.
    """
    if sys.platform != "linux":
        return
    page = mmap.PAGESIZE
    start = -(-weight.data_ptr() // page) * page
    end = (weight.data_ptr() + weight.nbytes) // page * page
    if end > start:
        libc = ctypes.CDLL(None, use_errno=True)
        libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), DONT_NEED)


def _operations() -> Any:
    return torch.ops.mkldnn


def _maker() -> str:
    """The processor's maker, as the system tells it; '' where it does not."""
    try:
        lines = CPUINFO.read_text("utf-8").splitlines()
        return next(x.split(":", 1)[1].strip() for x in lines if x.startswith("vendor_id"))
    except (OSError, StopIteration):
        return INTEL if INTEL in platform.processor() else ""
