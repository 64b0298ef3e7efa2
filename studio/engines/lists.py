"""What an engine's retrievers bring: each mode's own list, cut at a depth.

Here a pool has every score filled; in an engine a list has the documents that it brought, and for
the others no score. Sparse search brings only documents that share a token with the query.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from studio.fusion import SPARSE, descending, mode_ranks
from studio.records import MODES, Floats, Integers

Depth = int | Sequence[int] | None
"""Documents that a list brings: one number for all, one for each of the three, None for all."""
Pool = Literal["lists", "union", "all"]
DENSE = MODES.index("dense")


@dataclass(frozen=True, eq=False)
class Lists:
    """scores (n, 3) float64; found (n, 3); ranks (n, 3): from 1 within a list, 0 outside of it."""

    scores: Floats
    found: NDArray[np.bool_]
    ranks: Integers

    @property
    def any_found(self) -> NDArray[np.bool_]:
        """(n,): whether some list brought the candidate."""
        return np.asarray(self.found.any(axis=1))


def cut(scores: Floats, asked: Sequence[bool], depth: Depth, pool: Pool = "lists") -> Lists:
    """The lists of the modes that are asked, each cut at `depth`, ties by corpus position.

    With "union", what dense and sparse brought (dense where neither is asked) is the candidate set;
    with "all", every document is. Then every asked score counts; a sparse score of 0 has no rank.
    """
    scores = np.asarray(scores, dtype=np.float64)
    wanted = np.asarray(asked, dtype=bool)
    ranks = mode_ranks(scores)
    reached = (ranks > 0) & (ranks <= _depths(depth, len(scores)))
    if pool == "lists":
        found = reached & wanted
        return Lists(scores, found, np.where(found, ranks, 0))
    first = np.asarray([asked[DENSE] or not asked[SPARSE], asked[SPARSE], False])
    candidates = (reached & first).any(axis=1) | (pool == "all")
    among = np.zeros(scores.shape, dtype=np.int64)
    among[candidates] = mode_ranks(scores[candidates])
    return Lists(scores, candidates[:, None] & wanted, np.where(wanted, among, 0))


def each(lists: Lists, normalise: Callable[[Floats], Floats]) -> Floats:
    """`normalise` over the documents of each list; 0 for a document that a list lacks. (n, 3)."""
    parts = np.zeros(lists.scores.shape)
    for mode in range(len(MODES)):
        rows = lists.found[:, mode]
        if rows.any():
            parts[rows, mode] = normalise(lists.scores[rows, mode])
    return parts


def reciprocal(lists: Lists, k: float) -> Floats:
    """1/(k + rank) with ranks from 1, and 0 outside of a list. (n, 3)."""
    return np.where(lists.ranks > 0, 1.0 / (k + np.maximum(lists.ranks, 1)), 0.0)


def weighed(parts: Floats, weights: Sequence[float]) -> Floats:
    """Σ weight · part, added up from dense to multi_vector. (n,)."""
    products = parts * np.asarray(weights, dtype=np.float64)
    return np.asarray(products[:, 0] + products[:, 1] + products[:, 2])


def constant(values: Floats) -> bool:
    """Whether a list has one score only, so that there is no range to divide by."""
    return bool(values.min() == values.max())


def by_corpus(lists: Lists, total: Floats) -> Integers:
    """By total, then by smaller document id: here the position in the corpus."""
    return descending(total)


def by_appearance(lists: Lists, total: Floats) -> Integers:
    """By total, then in the order in which dense, sparse and ColBERT lists first named them."""
    first = np.argmax(lists.found, axis=1)
    rank = lists.ranks[np.arange(len(first)), first]
    return np.asarray(np.lexsort((rank, first, -total)))


def _depths(depth: Depth, n: int) -> NDArray[Any]:
    depths = (n, n, n) if depth is None else (depth,) * 3 if isinstance(depth, int) else depth
    return np.asarray(depths)
