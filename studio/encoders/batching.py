"""Which texts go through the model together: by length, within a budget of padded tokens."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.records import Integers


def batches(lengths: Sequence[int], budget: int) -> list[Integers]:
    """Split texts into batches of like length, the longest first.

    A batch costs its longest text times its size, padding included; that product stays within
    `budget` tokens, and a text longer than the budget stands alone. Longest first, so that memory
    peaks at the start and the time left is never underestimated.
    """
    order = np.argsort(-np.asarray(lengths, dtype=np.int64), kind="stable")
    result: list[Integers] = []
    first = 0
    while first < len(order):
        size = max(1, budget // max(1, int(lengths[order[first]])))
        result.append(order[first : first + size])
        first += size
    return result
