"""A linear head from its file, and weights that are numbers: for every encoder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from studio.errors import EncoderError


def linear(path: Path, hidden: int, dtype: torch.dtype) -> torch.nn.Linear:
    """A head from its file. Raises EncoderError where it does not fit the hidden size."""
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
    for tensor in (weight, bias):
        check_finite(tensor, str(path))
    head.load_state_dict({"weight": weight, "bias": bias})
    return head.eval()


def check_finite(tensor: Tensor, where: str) -> None:
    """Refuse weights that would make every score a NaN; sums of pieces find one without a copy.

    In float64 no such sum overflows; of the whole it would be a copy of twice the size.
    """
    flat = tensor.detach().reshape(-1)
    pieces = (flat[first : first + 2**20] for first in range(0, len(flat), 2**20))
    if not all(torch.isfinite(piece.sum(dtype=torch.float64)) for piece in pieces):
        raise EncoderError(f"{where} holds NaN or infinite weights. Download the weights again.")
