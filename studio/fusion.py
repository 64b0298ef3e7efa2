"""Raw scores become one ranking: normalise, weigh, add, sort. Knows no model and no text.

`assets/page/fusion.js` is the same function in the browser, operation for operation: sums run in
candidate order and in float64, so that both give the same bits; a test holds them together.
"""

from __future__ import annotations

import numpy as np

from studio.records import MODES, Candidates, Floats, FusionSettings, Integers, Ranking

SPARSE = MODES.index("sparse")


def rank(candidates: Candidates, settings: FusionSettings) -> Ranking:
    """Order one query's candidates: by total, then by position in the corpus."""
    scores = candidates.scores.astype(np.float64)
    ranks = mode_ranks(scores)
    normalised = (
        reciprocal_ranks(ranks, settings.rrf_k)
        if settings.method == "rrf"
        else NORMALISE[settings.normalise](scores)
    )
    contributions = normalised * np.asarray(settings.weights, dtype=np.float64)
    total = contributions[:, 0] + contributions[:, 1] + contributions[:, 2]
    return Ranking(descending(total), total, normalised, contributions, ranks)


def descending(values: Floats) -> Integers:
    """Indices by falling value; equal values keep their order (the tie rule: corpus position)."""
    return np.argsort(-values, kind="stable")


def mode_ranks(scores: Floats) -> Integers:
    """Each candidate's 1-based place in each mode's own ranking, ties by corpus position.

    A sparse score of 0 means that no token is shared: such a candidate has no place (0).
    """
    ranks = np.zeros(scores.shape, dtype=np.int64)
    for mode in range(len(MODES)):
        ranks[descending(scores[:, mode]), mode] = np.arange(1, len(scores) + 1)
    ranks[scores[:, SPARSE] <= 0, SPARSE] = 0
    return ranks


def reciprocal_ranks(ranks: Integers, k: float) -> Floats:
    """1/(k + rank), and 0 without a place: reciprocal rank fusion, Cormack et al., SIGIR 2009."""
    return np.where(ranks > 0, 1.0 / (k + np.maximum(ranks, 1)), 0.0)


def raw(scores: Floats) -> Floats:
    """Scores as they are: what the M3 paper adds up."""
    return scores


def min_max(scores: Floats) -> Floats:
    """(s − min)/(max − min) per mode over the pool; a constant mode becomes 0."""
    if not len(scores):
        return scores
    low, high = scores.min(axis=0), scores.max(axis=0)
    return _divide(scores - low, high - low)


def z_score(scores: Floats) -> Floats:
    """(s − mean)/standard deviation (population) per mode over the pool; constant becomes 0."""
    if not len(scores):
        return scores
    n = len(scores)
    constant = scores.min(axis=0) == scores.max(axis=0)
    centred = scores - _sum(scores) / n
    deviation = np.sqrt(_sum(centred * centred) / n)
    return _divide(centred, np.where(constant, 0.0, deviation))


NORMALISE = {"none": raw, "min-max": min_max, "z-score": z_score}


def _divide(values: Floats, by: Floats) -> Floats:
    """values / by per column, and 0 in a column whose divisor is 0."""
    return np.where(by > 0, values / np.where(by > 0, by, 1.0), 0.0)


def _sum(values: Floats) -> Floats:
    """Column sums added up from the first row on, as a loop would (numpy's sum is pairwise)."""
    return np.asarray(np.add.accumulate(values, axis=0)[-1])
