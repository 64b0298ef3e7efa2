"""Matrix products in float32 by the library that is quick on this processor.

Torch multiplies float32 matrices by MKL, which on processors that are not Intel's uses a path of
half the speed and less; oneDNN, which torch brings as well, does not. On an AMD EPYC with AVX-512,
one core: 64 × 1,024 by 1,024 × 20,000 at 84 GFLOP/s against oneDNN's 186. The sums are float32's,
added up in another order.
"""

from __future__ import annotations

import platform
from functools import cache
from typing import Any

import torch

from studio import processor

INTEL = "GenuineIntel"


def better() -> bool:
    """Whether oneDNN is quicker here: an x86-64 CPU of another maker, and a torch that can."""
    if platform.machine().lower() not in ("x86_64", "amd64") or processor.maker() == INTEL:
        return False
    can = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    names = ("_reorder_linear_weight", "_linear_pointwise")
    return can and all(hasattr(operations(), name) for name in names)


def product(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """left @ right.T of float32 matrices (m, d) and (n, d).

    oneDNN compiles for each shape it meets, about as long as a small product takes: where many
    products are made, make them of one shape.
    """
    with torch.inference_mode():
        if _onednn() and left.numel() and right.numel():
            made: torch.Tensor = operations()._linear_pointwise(left, right, None, "none", [], "")
            return made
        return left @ right.T


def operations() -> Any:
    """oneDNN's own operations, which torch gives no public name."""
    return torch.ops.mkldnn


@cache
def _onednn() -> bool:
    return better()
