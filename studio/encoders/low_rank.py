"""Low-rank updates of a backbone: a file of two thin matrices for each weight they change.

A weight W becomes W + B · A (Hu et al. 2021, arXiv 2106.09685), once, when the encoder is loaded:
what runs has the original's shape and cost.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from studio.encoders.linear import check_finite
from studio.errors import EncoderError

DOWN, UP = ".down", ".up"  # A (rank, inputs) and B (outputs, rank) of the module so named


def save(path: Path, updates: dict[str, tuple[Tensor, Tensor]]) -> None:
    """In halves, contiguous, so that equal updates give equal bytes."""
    state = {}
    for name, (down, up) in updates.items():
        for end, matrix in ((DOWN, down), (UP, up)):
            state[name + end] = matrix.detach().to(torch.float16).contiguous().clone()
    torch.save(state, path)


@torch.no_grad()
def merge(backbone: Any, path: Path) -> None:
    """Add the file's updates to the weights. Raises EncoderError where they do not fit."""
    try:
        state: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
        names = sorted(name.removesuffix(DOWN) for name in state if name.endswith(DOWN))
        if not names or set(state) != {name + end for name in names for end in (DOWN, UP)}:
            raise ValueError(f"it does not hold pairs of {DOWN} and {UP}")
        pairs = {name: (state[name + DOWN].float(), state[name + UP].float()) for name in names}
        updates = {name: up @ down for name, (down, up) in pairs.items()}
    except Exception as error:  # torch.load raises many kinds for a broken file
        raise EncoderError(f"{path} cannot be read as low-rank updates: {error}") from error
    weights = dict(backbone.named_parameters())
    for name, update in updates.items():
        check_finite(update, str(path))
        weight = weights.get(f"{name}.weight")
        if weight is None or weight.shape != update.shape:
            raise EncoderError(
                f"{path} updates {name} by {tuple(update.shape)}, which this backbone does not "
                "have. Take the file that belongs to it."
            )
        weight.add_(update.to(weight.dtype))
