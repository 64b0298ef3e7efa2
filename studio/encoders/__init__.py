"""Encoders: `load` gives one by name; torch is imported only when it is called."""

from __future__ import annotations

import os
from typing import Any

from studio.encoders.choice import Choice, choose
from studio.encoders.options import Options
from studio.encoders.protocol import Encoder
from studio.records import Progress, silent

# On shared cores OpenMP's default spinning made MaxSim of 195 candidates ten times slower; without
# any, int8's many short steps took 1.27 times as long. 2,000 turns, some microseconds, serve both.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "2000")

__all__ = ["Choice", "Encoder", "Options", "choose", "load"]


def load(name: str, *, progress: Progress = silent, **options: Any) -> Encoder:
    """Load the encoder behind `auto`, `embedded`, a Hub id or a folder.

    Options are those of `options.Options`, by name: device, precision, query_tokens,
    passage_tokens, budget, dimension. Unasked, BGE-M3 takes a GPU where there is one, in float16;
    all else is float32 on the CPU. `progress` hears of a download. Raises EncoderError with what
    to do about it.
    """
    choice, chosen = choose(name), Options(**options)
    if choice.kind == "embedded":
        from studio.encoders import embedded

        return embedded.load(chosen, progress)
    from studio.encoders import m3

    return m3.load(choice.name, chosen, progress)
