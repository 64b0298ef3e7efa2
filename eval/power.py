"""Label power: which differences a number of judged queries can show at all.

Where the differences between two rankings have the standard deviation s over n queries, the
paired t test at 5 %, two-sided, calls a mean difference significant from

    half-width = t(0.975; n - 1) · s / √n

on; the same is half of its 95 % interval. A true difference of that size is found every other
time. `smallest` is the true difference that is found 4 times in 5 (power 80 %), about 1.4 times
as large: the d with P(|T| > t(0.975; n - 1)) = 0.8, T noncentral t with d · √n / s (Cohen 1988,
chapter 2; `statsmodels.stats.power.TTestPower`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil, sqrt
from typing import Any

import numpy as np
from scipy import optimize, stats
from statsmodels.stats.power import TTestPower

from eval.measures import HEADLINE
from eval.resampling import TIE, Strata
from studio.records import Floats

ALPHA, POWER = 0.05, 0.8
ASKED = (0.01, 0.02, 0.05)  # differences that people ask about

# Qdrant's experiments with hybrid search (August 2026): median half-widths of 95 % bootstrap
# intervals of paired nDCG@10 were .047, .035, .025, .018 and .015 at 25, 50, 100, 200 and 300
# queries. This standard deviation gives them back to within .002.
TYPICAL = 0.127


@dataclass(frozen=True)
class Power:
    """What `queries` judged queries show of differences with the standard deviation `spread`.

    `needed`: difference → queries that find it 4 times in 5. `typical`: the spread was not
    measured. Where no query differs the spread is 0 and there is nothing to say of power.
    """

    measure: str
    queries: int
    spread: float
    half_width: float | None
    smallest: float | None
    needed: Mapping[float, int]
    typical: bool

    def as_json(self) -> dict[str, Any]:
        """The same with keys that JSON has."""
        return asdict(self) | {"needed": {f"{d:g}": n for d, n in self.needed.items()}}


def power(queries: int, spread: float, measure: str = HEADLINE, typical: bool = False) -> Power:
    """For this many queries and this standard deviation of paired differences."""
    enough = queries > 1 and spread > TIE
    return Power(
        measure=measure,
        queries=queries,
        spread=spread,
        half_width=half_width(queries, spread) if enough else None,
        smallest=smallest(queries, spread) if enough else None,
        needed={d: needed(d, spread) for d in ASKED} if spread > TIE else {},
        typical=typical,
    )


def typical(queries: int) -> Power:
    """Before anything was measured: nDCG@10 with a spread as others found it."""
    return power(queries, TYPICAL, HEADLINE, typical=True)


def spread(differences: Floats, groups: Sequence[str] | None = None) -> float | None:
    """The standard deviation s for which s / √n is the standard error of the headline's mean.

    For one language the differences' own; for several, from each language's variance and weight
    (so it holds for more queries in the same shares). None for a single query.
    """
    strata = Strata.of(groups, len(differences))
    parts = [differences[rows] for rows in strata.members]
    if not (large := [part for part in parts if len(part) > 1]):
        return None
    freedom = sum(len(part) - 1 for part in large)
    pooled = sum(part.var() * len(part) for part in large) / freedom  # for a language of one query
    error = sum(
        weight**2 * (part.var(ddof=1) if len(part) > 1 else pooled) / len(part)
        for part, weight in zip(parts, strata.weights, strict=True)
    )
    return float(np.sqrt(error * len(differences)))


def half_width(queries: int, spread: float) -> float:
    """From which mean difference on it is significant; half of the 95 % interval."""
    return float(stats.t.ppf(1 - ALPHA / 2, queries - 1) * spread / sqrt(queries))


def smallest(queries: int, spread: float) -> float:
    """The true difference that is found 4 times in 5."""
    width = half_width(queries, spread)  # the answer is 1.27 (2 queries) to 1.43 times that
    return float(optimize.brentq(lambda d: found(d, queries, spread) - POWER, width, 2 * width))


def needed(difference: float, spread: float) -> int:
    """How many queries find a true difference 4 times in 5; 2 at least, for a t test."""
    quantiles = stats.norm.ppf(1 - ALPHA / 2) + stats.norm.ppf(POWER)
    queries = max(2, ceil(float(quantiles * spread / difference) ** 2))  # the normal's: too low
    while found(difference, queries, spread) < POWER:
        queries += 1
    return queries


def found(difference: float, queries: int, spread: float) -> float:
    """The chance that a true difference is called significant, in its own direction.

    The other direction's is below 1e-4 wherever this is above one half; left out, as scipy's
    noncentral t is NaN there for 2 queries.
    """
    return float(TTestPower().power(difference / spread, queries, ALPHA / 2, alternative="larger"))


def sentence(power: Power) -> str:
    """The label-power line."""
    many = f"{power.queries:,} {'query' if power.queries == 1 else 'queries'}"
    if power.spread <= TIE:
        return f"No query differs in {power.measure}, so {many} say nothing of smaller differences."
    whence = "typical for hybrid search, not measured here" if power.typical else "measured here"
    asked = ", ".join(f"{_short(d)} about {n:,}" for d, n in power.needed.items())
    takes = f"To show a difference takes, in queries: {asked}."
    if power.half_width is None or power.smallest is None or power.half_width >= 1:
        return f"With {many} no difference shows. {takes} (Spread: {whence}.)"
    return (
        f"With {many} of this spread ({_short(power.spread)}, {whence}), {power.measure} "
        f"differences under {_short(power.half_width)} will not show, and one of "
        f"{_short(power.smallest)} shows 4 times in 5. {takes}"
    )


def _short(value: float) -> str:
    """0.0354 as .035, and .0004 where three digits would say .000."""
    digits = 3 if value >= 0.01 else 4
    return f"{value:.{digits}f}".removeprefix("0").rstrip("0") or "0"
