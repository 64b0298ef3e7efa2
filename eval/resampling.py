"""Resampling queries: bootstrap intervals of a mean, and a randomisation test of differences.

A mean here is the headline's: over queries where there is one language, else over languages of
each language's mean. Both procedures depend on their arguments and the seed alone, never on what
was computed before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from studio.records import Floats, Integers

RESAMPLES = 9_999  # a p-value then has a resolution of 1 / 10,000
SEED = 20_240_613
TIE = 1e-9  # two values of a measure nearer than this are equal; the tools agree to 1e-9
BLOCK = 2_000_000  # numbers of a batch of resamples: 16 MB


@dataclass(frozen=True, eq=False)
class Strata:
    """Which queries are resampled together, and what each part weighs in the mean.

    A part is a language. Languages of a single query are one part together (survey statistics
    collapse such strata: Cochran 1977, 5A.12), as one query alone shows no spread.
    """

    members: tuple[Integers, ...]
    weights: tuple[float, ...]

    @classmethod
    def of(cls, groups: Sequence[str] | None, queries: int) -> Strata:
        """By each query's language; None is one language for all."""
        names = np.asarray(groups if groups is not None else [""] * queries, dtype=object)
        if len(names) != queries:
            raise ValueError(f"{len(names)} groups for {queries} queries")
        by_name = [np.flatnonzero(names == name) for name in dict.fromkeys(names.tolist())]
        parts = [(rows, 1 / len(by_name)) for rows in by_name if len(rows) > 1]
        if lone := [rows for rows in by_name if len(rows) == 1]:
            parts.append((np.concatenate(lone), len(lone) / len(by_name)))
        return cls(tuple(rows for rows, _ in parts), tuple(weight for _, weight in parts))

    def per_query(self) -> Floats:
        """What each query weighs in the mean; the sum is 1."""
        weights = np.zeros(sum(map(len, self.members)))
        for rows, weight in zip(self.members, self.weights, strict=True):
            weights[rows] = weight / len(rows)
        return weights

    def mean(self, values: Floats) -> float:
        """The headline's mean."""
        parts = zip(self.members, self.weights, strict=True)
        return float(sum(weight * values[rows].mean() for rows, weight in parts))


def bootstrap(
    values: Floats, strata: Strata, resamples: int = RESAMPLES, seed: int = SEED
) -> tuple[float, float] | None:
    """The 95 % percentile interval of the mean, queries resampled within each language.

    By `scipy.stats.bootstrap`, each part a sample of its own. Percentile and not BCa: BCa's
    jackknife does not know a part of one query, and on 400 simulations of paired differences, half
    of them 0, it covered the truth less often (25 queries 88 % against 89 %, 50 queries 92 %
    against 94 %, 200 queries 95 % both). As the bootstrap's variance of a mean is too small by
    (n - 1) / n, a fault in languages of ten queries, deviations are first stretched by its root
    (Davison and Hinkley 1997, 2.3 and 3.2). None for a single query, which has no spread.
    """
    if len(values) < 2:
        return None
    samples = [_stretched(values[rows]) for rows in strata.members if len(rows) > 1]
    if all(np.ptp(sample) < TIE for sample in samples):
        return strata.mean(values), strata.mean(values)
    shares = [w for rows, w in zip(strata.members, strata.weights, strict=True) if len(rows) > 1]
    fixed = strata.mean(values) - sum(
        share * sample.mean() for share, sample in zip(shares, samples, strict=True)
    )

    def statistic(*drawn: Floats, axis: int = -1) -> Floats:
        parts = zip(shares, drawn, strict=True)
        whole: Floats = sum(share * part.mean(axis=axis) for share, part in parts) + fixed
        return whole

    found = stats.bootstrap(
        samples,
        statistic,
        n_resamples=resamples,
        batch=max(1, BLOCK // len(values)),
        vectorized=True,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return float(found.low), float(found.high)


def _stretched(sample: Floats) -> Floats:
    centre = sample.mean()
    stretched: Floats = centre + (sample - centre) * np.sqrt(len(sample) / (len(sample) - 1))
    return stretched


def randomisation(
    differences: Floats, weights: Floats, resamples: int = RESAMPLES, seed: int = SEED
) -> Floats:
    """Two-sided p of each column of (queries, pairs): were the two runs' names exchangeable?

    Fisher's randomisation test as in Smucker, Allan and Carterette (2007): each query's difference
    takes a random sign; p is the share of sign vectors whose mean is as far from 0 as the mean
    found. All vectors are taken where there are no more than `resamples` + 1 (differences of 0
    have no sign), else that many at random with the one found, so p is never 0.

    The same as `scipy.stats.permutation_test(…, permutation_type="samples")`; of our own since one
    matrix product serves all pairs: 10 pairs of 1,200 queries take 0.1 s and not 4 s.
    """
    weighted = differences * weights[:, None]
    found = np.zeros(weighted.shape[1])
    signed = (weighted != 0).sum(axis=0)
    few = signed <= np.log2(resamples + 1)
    for pair in np.flatnonzero(few):
        moved = weighted[weighted[:, pair] != 0, pair]
        found[pair] = _as_far(_every_sign(len(moved)), moved[:, None])[0] / 2 ** len(moved)
    if not few.all():
        batches = _random_signs(len(weighted), resamples, seed)
        count = sum(_as_far(positive, weighted[:, ~few]) for positive in batches)
        found[~few] = (count + 1) / (resamples + 1)
    return found


def _as_far(positive: Integers, weighted: Floats) -> Integers:
    """In how many sign vectors (rows, 1 for plus) each pair's sum is as far from 0 as without."""
    sums = 2 * (positive.astype(np.float64) @ weighted) - weighted.sum(axis=0)
    rounding = 1e-11 * np.abs(weighted).sum(axis=0)
    count: Integers = (np.abs(sums) >= np.abs(weighted.sum(axis=0)) - rounding).sum(axis=0)
    return count


def _every_sign(length: int) -> Integers:
    signs: Integers = (np.arange(2**length)[:, None] >> np.arange(length)) & 1
    return signs


def _random_signs(queries: int, resamples: int, seed: int) -> Iterator[Integers]:
    rng = np.random.default_rng(seed)
    size = max(1, BLOCK // queries)
    for start in range(0, resamples, size):
        rows = min(size, resamples - start)
        octets = rng.integers(0, 256, (rows, -(-queries // 8)), dtype=np.uint8)
        yield np.unpackbits(octets, axis=1, count=queries)
