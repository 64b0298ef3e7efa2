"""The best region: every mix that these labels cannot tell from the best one found."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eval.resampling import SEED, TIE, Strata
from studio.records import Floats, Integers

RESAMPLES = 999
CONFIDENCE = 0.95
BLOCK = 4_000_000  # numbers of resampling weights held at a time


def region(
    values: Floats, strata: Strata, resamples: int = RESAMPLES, seed: int = SEED
) -> Integers:
    """Rows of the points, of (queries, points) values, that may as well be the best.

    Multiple comparisons with the best (Hsu 1984): a point is left out when it falls short of the
    best by more than chance explains for all points at once. The critical value is the bootstrap's
    95th percentile of the largest studentised deviation among the points (Romano and Wolf 2005),
    queries resampled within each language. One query alone tells no point from another.
    """
    means = strata.per_query() @ values
    short = means.max() - means
    if len(values) < 2:
        return np.arange(len(means))
    drawn = np.concatenate(list(_means(values, strata, resamples, seed)))
    best = int(means.argmax())
    deviations = (drawn[:, [best]] - drawn) - short
    spread = deviations.std(axis=0, ddof=1)
    moving = spread > TIE
    if not moving.any():
        return np.flatnonzero(short <= TIE)
    critical = np.quantile((deviations[:, moving] / spread[moving]).max(axis=1), CONFIDENCE)
    return np.flatnonzero(short <= np.where(moving, max(critical, 0.0) * spread, 0.0) + TIE)


def _means(values: Floats, strata: Strata, resamples: int, seed: int) -> Iterator[Floats]:
    """(resamples, points) means of resampled queries, some resamples at a time."""
    rng = np.random.default_rng(seed)
    queries = len(values)
    step = max(1, BLOCK // queries)
    for first in range(0, resamples, step):
        rows = min(step, resamples - first)
        drawn = np.zeros((rows, queries))
        for members, weight in zip(strata.members, strata.weights, strict=True):
            n = len(members)
            drawn[:, members] = rng.multinomial(n, np.full(n, 1 / n), size=rows) * (weight / n)
        yield drawn @ values
