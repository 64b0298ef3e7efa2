"""Which passages compete for a query, and in what order each mode returns them.

`studio`, the house protocol: the pool is every passage of a corpus of up to 2,000, else the union
of dense's and sparse's best 1,000, and is the same for all modes. The sparse ranking leaves out
scores of 0, since they share no token with the query. Ties stand in corpus order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from studio import fusion
from studio.records import MODES, Candidates, Floats, FusionSettings, Integers

RUN_MODES = (*MODES, "dense_sparse", "fused")
RUN_TITLES = {
    "dense": "Dense",
    "sparse": "Sparse",
    "multi_vector": "ColBERT",
    "dense_sparse": "Dense + Sparse",
    "fused": "All three",
}
DEPTH = 1_000  # passages that a run keeps for a query, as TREC runs do


@dataclass(frozen=True)
class Ranked:
    """What one mode returned for one query: corpus rows, best first, with falling scores."""

    rows: Integers
    scores: Floats


Run = Mapping[str, Ranked]
"""Query id → what was returned."""


def studio(
    candidates: Sequence[Candidates],
    query_ids: Sequence[str],
    settings: FusionSettings,
    modes: Sequence[str] = RUN_MODES,
) -> dict[str, Run]:
    """The runs of the house protocol, all five if not told otherwise: three modes, two mixes."""
    orders: dict[str, Callable[[Candidates], Ranked]] = {
        mode: _single(number) for number, mode in enumerate(MODES)
    }
    dense, sparse, _ = settings.weights
    pair = replace(settings, weights=(dense, sparse, 0.0)) if dense or sparse else None
    orders["dense_sparse"] = _mixed(pair) if pair else _nothing
    orders["fused"] = _mixed(settings)
    return {
        mode: {q: order(c) for q, c in zip(query_ids, candidates, strict=True)}
        for mode, order in orders.items()
        if mode in modes
    }


def _single(mode: int) -> Callable[[Candidates], Ranked]:
    def order(candidates: Candidates) -> Ranked:
        scores = candidates.scores[:, mode].astype(np.float64)
        found = np.flatnonzero(scores > 0) if mode == fusion.SPARSE else np.arange(len(scores))
        best = found[fusion.descending(scores[found])]
        return _ranked(candidates, best, scores)

    return order


def _mixed(settings: FusionSettings) -> Callable[[Candidates], Ranked]:
    def order(candidates: Candidates) -> Ranked:
        ranking = fusion.rank(candidates, settings)
        return _ranked(candidates, ranking.order, ranking.total)

    return order


def _nothing(candidates: Candidates) -> Ranked:
    """Dense + Sparse where both weigh 0: nothing is ranked, so nothing is returned."""
    return Ranked(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32))


def _ranked(candidates: Candidates, order: Integers, scores: Floats) -> Ranked:
    order = order[:DEPTH]
    return Ranked(candidates.rows[order], strictly_falling(scores[order]))


def strictly_falling(scores: Floats) -> Floats:
    """float32 scores that keep the order given: equal ones are nudged down by the least step.

    trec_eval compares in float32 and breaks ties by document id, other tools otherwise; with no
    ties left, every tool computes the same measures.
    """
    falling = np.asarray(scores, dtype=np.float32).copy()
    lowest = np.float32(-np.inf)
    for i in range(1, len(falling)):
        if falling[i] >= falling[i - 1]:
            falling[i] = np.nextafter(falling[i - 1], lowest)
    return falling
