"""OpenSearch's scores, normalisations and means as functions of one list or of all three.

From opensearch-project/neural-search processor/normalization/{MinMax,ZScore}…Technique (00be312),
L2ScoreNormalizationTechnique (038af53), processor/combination/* (main), and the k-NN plugin's score
of an inner product (docs.opensearch.org, vector spaces). None divides by 0: a constant list gives 1
(min_max), its own score (z_score), and 0 if all are 0 (l2).
"""

from __future__ import annotations

import numpy as np

from studio.engines.lists import constant, weighed
from studio.records import Floats

LEAST = 0.001  # MIN_SCORE of min_max and z_score


def shifted(scores: Floats) -> Floats:
    """k-NN's score of an inner product: 1 + s, and 1/(1 − s) where s is negative."""
    return np.where(scores >= 0, 1.0 + scores, 1.0 / (1.0 + np.abs(scores)))


def engine_scores(scores: Floats) -> Floats:
    """Scores as the three queries give them: dense and ColBERT shifted, sparse raw. (n, 3)."""
    d, s, m = scores.T
    return np.column_stack([shifted(d), s, shifted(m)])


def min_max(values: Floats) -> Floats:
    """(s − min)/(max − min), 0 becomes 0.001; all 1 in a constant list."""
    if constant(values):
        return np.ones(len(values))
    scaled = (values - values.min()) / (values.max() - values.min())
    return np.where(scaled > 0, scaled, LEAST)


def z_score(values: Floats) -> Floats:
    """(s − mean)/sample deviation, at least 0.001; a score equal to the mean gives the largest."""
    if constant(values):
        return np.full(len(values), values.max())
    scaled = (values - values.mean()) / values.std(ddof=1)
    floored = np.where(scaled > 0, scaled, LEAST)
    return np.where(values == values.mean(), values.max(), floored)


def l2(values: Floats) -> Floats:
    """s/√Σs²; 0 where all are 0."""
    norm = float(np.sqrt((values * values).sum()))
    return np.asarray(values / norm) if norm > 0 else np.zeros(len(values))


def arithmetic(parts: Floats, weights: Floats) -> Floats:
    """Σ w·s / Σ w."""
    return np.asarray(weighed(parts, weights.tolist()) / weights.sum())


def geometric(parts: Floats, weights: Floats) -> Floats:
    """exp(Σ w·ln s / Σ w) over the scores above 0."""
    used = np.where(parts > 0, weights, 0.0)
    logs = np.log(np.where(parts > 0, parts, 1.0))
    return np.where(used.sum(1) > 0, np.exp((used * logs).sum(1) / _one(used.sum(1))), 0.0)


def harmonic(parts: Floats, weights: Floats) -> Floats:
    """Σ w / Σ (w/s) over the scores above 0."""
    used = np.where(parts > 0, weights, 0.0)
    inverse = (used / np.where(parts > 0, parts, 1.0)).sum(1)
    return np.where(inverse > 0, used.sum(1) / _one(inverse), 0.0)


NORMALISE = {"min_max": min_max, "z_score": z_score, "l2": l2}
COMBINE = {"arithmetic_mean": arithmetic, "geometric_mean": geometric, "harmonic_mean": harmonic}


def _one(values: Floats) -> Floats:
    return np.where(values > 0, values, 1.0)
