"""Which texts go through the model together: whole texts side by side, within a token budget."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.records import Integers


def by_length(lengths: Sequence[int]) -> Integers:
    """The order in which texts are encoded: the longest first, equal lengths together.

    Longest first, so that memory peaks at the start; equal ones together, so that attention takes
    them in one call.
    """
    return np.argsort(-np.asarray(lengths, dtype=np.int64), kind="stable")


def fill(lengths: Sequence[int], first: int, budget: int) -> int:
    """The end of the batch that begins at `first`: texts of at most `budget` tokens together.

    Nothing is padded, so the tokens are all that a batch costs. A longer text stands alone.
    """
    last, tokens = first + 1, lengths[first]
    while last < len(lengths) and tokens + lengths[last] <= budget:
        tokens += lengths[last]
        last += 1
    return last
