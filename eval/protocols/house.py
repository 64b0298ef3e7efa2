"""Which passages compete for a query, and in what order each mode returns them.

`studio`, the house protocol: the pool is every passage of a corpus of up to 2,000, else the union
of dense's and sparse's best 1,000, and is the same for all modes. The sparse ranking leaves out
scores of 0, since they share no token with the query. Ties stand in corpus order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from eval.protocols.ranking import DEPTH, RUN_MODES, Ranked, Run, strictly_falling
from studio import fusion
from studio.records import MODES, Candidates, Floats, FusionSettings, Integers


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
