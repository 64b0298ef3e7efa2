"""Measures from the ranks of judged passages, for many queries and weight points at once.

The same numbers as `measures`, which asks ir-measures, to 1e-9; here a rank is already counted, so
a measure is arithmetic on (judged, points) arrays. A rank beyond 1,000 was not returned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from eval.measures import canonical
from eval.protocols import DEPTH
from studio.records import Floats, Integers


@dataclass(frozen=True, eq=False)
class Flat:
    """Judged candidates of several queries below each other.

    ranks (J, points); grades (J,); query (J,): whose they are; every: all grades of each query,
    also of passages outside its pool; pools: how many candidates each query has.
    """

    ranks: Integers
    grades: Integers
    query: Integers
    every: Sequence[Integers]
    pools: Sequence[int]

    @classmethod
    def of(
        cls,
        ranks: Sequence[Integers],
        grades: Sequence[Integers],
        every: Sequence[Integers],
        pools: Sequence[int],
    ) -> Flat:
        """Lay queries below each other."""
        owners = np.repeat(np.arange(len(ranks)), [len(rows) for rows in ranks])
        return cls(np.concatenate(ranks), np.concatenate(grades), owners, every, pools)

    def relevant(self) -> Flat:
        """Only what has a grade of 1 or more."""
        kept = self.grades > 0
        return Flat(self.ranks[kept], self.grades[kept], self.query[kept], self.every, self.pools)

    def add_up(self, parts: Floats) -> Floats:
        """(J, points) summed by query: (queries, points)."""
        found = np.zeros((len(self.every), self.ranks.shape[1]))
        if len(parts):
            starts = np.flatnonzero(np.r_[True, np.diff(self.query) > 0])
            found[self.query[starts]] = np.add.reduceat(parts, starts, axis=0)
        return found

    def relevant_counts(self) -> Integers:
        """How many relevant passages each query has, in its pool or not."""
        return np.asarray([int((grades > 0).sum()) for grades in self.every])


Measure = Callable[[Flat], Floats]
"""Judged ranks → (queries, points)."""


def measure(name: str) -> Measure:
    """The measure behind nDCG@k, Recall@k, MRR@k, Judged@k or MAP. Raises SettingsError."""
    return partial(KINDS[canonical(name).partition("@")[0]], depth=depth(name))


def depth(name: str) -> int:
    """The last rank that a measure looks at. Raises SettingsError."""
    return int(canonical(name).partition("@")[2] or DEPTH)


def counts_irrelevant(name: str) -> bool:
    """Whether a judged passage counts though it is not relevant. Raises SettingsError."""
    return canonical(name).startswith("Judged")


def ndcg(flat: Flat, depth: int) -> Floats:
    """Σ grade/log2(rank + 1) over the first k, by the best order of all judged passages."""
    flat_relevant = flat.relevant()
    table = np.zeros(depth + 2)
    table[1 : depth + 1] = 1 / np.log2(np.arange(1, depth + 1) + 1)
    discount = table[np.minimum(flat_relevant.ranks, depth + 1)]
    found = flat_relevant.add_up(discount * flat_relevant.grades[:, None])
    return _share(found, np.asarray([ideal(grades, depth) for grades in flat.every]))


def ideal(grades: Integers, depth: int) -> float:
    """The discounted gain of the best possible order; 0 where nothing is relevant."""
    best = np.sort(grades[grades > 0])[::-1][:depth]
    return float((best / np.log2(np.arange(len(best)) + 2)).sum())


def recall(flat: Flat, depth: int) -> Floats:
    """Share of the relevant passages among the first k."""
    found = flat.relevant()
    return _share(found.add_up((found.ranks <= depth).astype(float)), flat.relevant_counts())


def mrr(flat: Flat, depth: int) -> Floats:
    """1/rank of the first relevant passage, within the first k."""
    found = flat.relevant()
    first = np.full((len(flat.every), flat.ranks.shape[1]), np.inf)
    np.minimum.at(first, found.query, found.ranks)
    return np.asarray(np.where(first <= depth, 1 / first, 0.0))


def average_precision(flat: Flat, depth: int) -> Floats:
    """Mean over all relevant passages of the precision at each one's rank."""
    found = flat.relevant()
    ordered = np.empty(found.ranks.shape)
    for query in np.unique(found.query):
        rows = found.query == query
        inside = np.sort(found.ranks[rows], axis=0)
        places = np.arange(1, len(inside) + 1)[:, None]
        ordered[rows] = np.where(inside <= depth, places / inside, 0.0)
    return _share(found.add_up(ordered), flat.relevant_counts())


def judged(flat: Flat, depth: int) -> Floats:
    """Share of the first k, or of the pool where it is smaller, that have a judgement."""
    returned = np.minimum(np.asarray(flat.pools), depth)
    return _share(flat.add_up((flat.ranks <= depth).astype(float)), returned)


KINDS: dict[str, Callable[..., Floats]] = {
    "nDCG": ndcg,
    "Recall": recall,
    "MRR": mrr,
    "MAP": average_precision,
    "Judged": judged,
}


def _share(found: Floats, whole: Floats | Integers) -> Floats:
    """found / whole per query, and 0 where there was nothing to find, as trec_eval has it."""
    by = np.where(whole > 0, whole, 1)[:, None]
    return np.asarray(np.where(whole[:, None] > 0, found / by, 0.0))
