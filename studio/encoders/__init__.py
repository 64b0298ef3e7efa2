"""Encoders: `load` gives one by name; torch is imported only when it is called."""

from __future__ import annotations

import os

from studio.encoders.choice import Choice, choose
from studio.encoders.protocol import Encoder

# On shared cores OpenMP's default spinning made MaxSim of 195 candidates ten times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

__all__ = ["Choice", "Encoder", "choose", "load"]


def load(name: str, *, device: str | None = None, precision: str | None = None) -> Encoder:
    """Load the encoder behind `auto`, `embedded`, a Hub id or a folder.

    A GPU is used where there is one and the checkpoint is BGE-M3's; precision is float32 on a CPU
    and float16 on a GPU unless it is given. Raises EncoderError with what to do about it.
    """
    choice = choose(name)
    if choice.kind == "embedded":
        from studio.encoders import embedded

        return embedded.load(device)
    from studio.encoders import m3

    return m3.load(choice.name, device, precision)
