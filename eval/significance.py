"""Paired statistics over queries: does one ranking beat another on these labels?

Two rankings of the same queries are compared by the differences of their values, query by query.
Everything here takes aligned arrays, or the table of `measures.per_query`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from eval.measures import HEADLINE
from eval.resampling import RESAMPLES, SEED, TIE, Strata, bootstrap, randomisation
from studio.records import Floats

LEVEL = 0.05  # a pair is separated where its Holm-adjusted p is below

Names = tuple[str, str]


@dataclass(frozen=True)
class Pair:
    """a beside b. Everything is a minus b: `wins` are queries on which a is the better.

    difference       of the headline's means (over languages of their means over queries)
    interval         95 %, by bootstrap over queries; None for a single query
    p_t              two-sided paired t test over queries (`scipy.stats.ttest_rel`), each query
                     alike; 1 where no query differs, None where all differ by the same amount
    p_randomisation  two-sided, of the difference above; assumes no distribution
    p_holm           p_randomisation adjusted by Holm (1979) over all pairs compared together
    ties             queries whose values differ by less than 1e-9
    effect_size      Cohen's d_z: mean over standard deviation of the differences, each query
                     alike; 0 where no query differs, None where all differ by the same amount
    """

    a: str
    b: str
    difference: float
    interval: tuple[float, float] | None
    p_t: float | None
    p_randomisation: float
    p_holm: float
    wins: int
    ties: int
    losses: int
    effect_size: float | None
    queries: int

    @property
    def separated(self) -> bool:
        """Whether the labels tell the two apart, at 5 % over everything compared together."""
        return self.p_holm < LEVEL

    def as_json(self) -> dict[str, Any]:
        """The contract's keys."""
        return asdict(self) | {"interval": list(self.interval) if self.interval else None}


@dataclass(frozen=True)
class Interval:
    """A mean and its 95 % interval; the ends are None for a single query."""

    mean: float
    low: float | None
    high: float | None


def interval(values: Floats, groups: Sequence[str] | None = None, seed: int = SEED) -> Interval:
    """The headline's mean of one ranking's values, with its bootstrap interval.

    Two rankings whose intervals overlap may yet be told apart: `compare` looks at differences.
    """
    strata = Strata.of(groups, len(values))
    low, high = bootstrap(values, strata, seed=seed) or (None, None)
    return Interval(strata.mean(values), low, high)


def values(
    table: pd.DataFrame, measure: str = HEADLINE
) -> tuple[list[str], dict[str, Floats], list[str]]:
    """Queries; mode → its value per query, aligned; and the modes left out for want of a number."""
    wide = table.pivot(index="query", columns="mode", values=measure)
    wide = wide.reindex(index=table["query"].unique(), columns=table["mode"].unique())
    whole = wide.notna().all(axis=0)
    kept = {str(mode): wide[mode].to_numpy(np.float64) for mode in wide.columns[whole]}
    return [str(query) for query in wide.index], kept, [str(m) for m in wide.columns[~whole]]


def compare(
    table: pd.DataFrame,
    pairs: Sequence[Names] | None = None,
    measure: str = HEADLINE,
    language: Mapping[str, str] | None = None,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> list[Pair]:
    """The pairs, all if not told otherwise, of a table of `measures.per_query`.

    `language` (query → language) makes the means those of the headline. Pairs with a mode that has
    no numbers are left out; `values` names it.
    """
    queries, kept, _ = values(table, measure)
    groups = [language.get(query, "") for query in queries] if language else None
    wanted = list(combinations(kept, 2)) if pairs is None else pairs
    present = [(a, b) for a, b in wanted if a in kept and b in kept]
    return compare_values(kept, present, groups, resamples, seed)


def compare_values(
    values: Mapping[str, Floats],
    pairs: Sequence[Names],
    groups: Sequence[str] | None = None,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> list[Pair]:
    """The same of aligned arrays, one value per query; Holm goes over the pairs given."""
    if not pairs:
        return []
    differences = np.column_stack([_difference(values[a], values[b]) for a, b in pairs])
    strata = Strata.of(groups, len(differences))
    p = randomisation(differences, strata.per_query(), resamples, seed)
    adjusted = multipletests(p, method="holm")[1]
    return [
        _pair(names, differences[:, n], strata, (float(p[n]), float(adjusted[n])), resamples, seed)
        for n, names in enumerate(pairs)
    ]


def _difference(a: Floats, b: Floats) -> Floats:
    """a minus b, ties exactly 0."""
    if len(a) != len(b) or not len(a) or not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError(f"{len(a)} and {len(b)} values, or some are no numbers")
    found = a - b
    return np.where(np.abs(found) < TIE, 0.0, found)


def _pair(
    names: Names, d: Floats, strata: Strata, p: tuple[float, float], resamples: int, seed: int
) -> Pair:
    p_t, effect_size = _t_test(d)
    return Pair(
        *names,
        difference=strata.mean(d),
        interval=bootstrap(d, strata, resamples, seed),
        p_t=p_t,
        p_randomisation=p[0],
        p_holm=p[1],
        wins=int((d > 0).sum()),
        ties=int((d == 0).sum()),  # `_difference` made ties exactly 0
        losses=int((d < 0).sum()),
        effect_size=effect_size,
        queries=len(d),
    )


def _t_test(d: Floats) -> tuple[float | None, float | None]:
    """p and d_z; without any spread t is 0 / 0 or without bound."""
    if not d.any():
        return 1.0, 0.0
    if len(d) < 2 or np.ptp(d) < TIE:
        return None, None
    return float(stats.ttest_rel(d, np.zeros(len(d))).pvalue), float(d.mean() / d.std(ddof=1))
