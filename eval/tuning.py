"""Tuning that holds out: weights are chosen on one part of the queries and judged on the other.

Who picks and reports on the same queries always wins a little; what counts is what is left on
queries that had no say. Repeated k-fold, each language dealt out evenly, or one language left out
at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from eval.grid import nearest
from eval.region import region
from eval.resampling import SEED, TIE, Strata, bootstrap
from studio.errors import SettingsError
from studio.records import Floats, Integers

FOLDS, REPEATS = 5, 10
Verdict = Literal["keep the default", "use the tuned weights"]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What tuning gained over the default, in the measure's own unit.

    selected: on the queries that chose; gain, interval: on queries held out; kept: the share of
    `selected` that was left, None where nothing was gained; lost: the share of folds that fell
    below the default; chosen (folds, 3): the weights that each fold picked.
    """

    selected: float
    gain: float
    interval: tuple[float, float]
    kept: float | None
    lost: float
    chosen: Floats
    verdict: Verdict
    reason: str


def best(means: Floats, weights: Floats, default: Sequence[float]) -> int:
    """The best point; among equals the one nearest to the default, so that chance moves nothing."""
    equal = np.flatnonzero(means >= means.max() - TIE)
    return int(equal[nearest(weights[equal], default)[0]])


def held_out(
    values: Floats,
    default: Floats,
    weights: Floats,
    languages: Sequence[str],
    around: Sequence[float],
    folds: int = FOLDS,
    repeats: int = REPEATS,
    leave_language_out: bool = False,
    seed: int = SEED,
) -> HeldOut:
    """Choose on the rest, measure on each fold; values (queries, points), default (queries,).

    `around` are the default's weights: equal points nearer to them are preferred. A query's gain
    is the mean over repeats of what its held-out choice gained; its interval is a bootstrap over
    queries. Raises SettingsError where there is nothing to hold out.
    """
    strata = Strata.of(languages, len(values))
    splits = list(
        by_language(languages)
        if leave_language_out
        else dealt(languages, folds, repeats, np.random.default_rng(seed))
    )
    gains, times, picked, lost = np.zeros(len(values)), np.zeros(len(values)), [], 0
    for out in splits:
        kept_in = np.setdiff1d(np.arange(len(values)), out)
        inside = Strata.of([languages[n] for n in kept_in], len(kept_in))
        choice = best(inside.per_query() @ values[kept_in], weights, around)
        gain = values[out, choice] - default[out]
        gains[out] += gain
        times[out] += 1
        picked.append(weights[choice])
        here = Strata.of([languages[n] for n in out], len(out))
        lost += here.mean(gain) < -TIE
    per_query = gains / times
    found = bootstrap(per_query, strata, seed=seed) or (-np.inf, np.inf)
    whole = best(strata.per_query() @ values, weights, around)
    selected, gain = strata.mean(values[:, whole] - default), strata.mean(per_query)
    kept = gain / selected if selected > TIE else None
    equal = len(weights) in region(np.column_stack([values, default]), strata, seed=seed)
    verdict, reason = judged(selected, gain, found, lost / len(splits), equal)
    return HeldOut(
        selected, gain, found, kept, lost / len(splits), np.asarray(picked), verdict, reason
    )


def judged(
    selected: float, gain: float, interval: tuple[float, float], lost: float, equal: bool
) -> tuple[Verdict, str]:
    """The verdict and its reason: tuned weights must gain on held-out queries beyond chance.

    `equal`: whether the default is in the best region. Folds share their queries, so a default
    that is unlucky on all of them loses in every fold: on random labels, 300 queries, the interval
    alone was fooled 5 times in 100, both together once.
    """
    if selected <= TIE:
        return "keep the default", "No mix on the grid is better than the default on these queries."
    said = (
        f"{gain:+.4f} on held-out queries, 95 % interval {interval[0]:+.4f} to {interval[1]:+.4f}"
    )
    if interval[0] > TIE and lost < 0.5 and not equal:
        return (
            "use the tuned weights",
            f"The gain holds up: {said}; {selected:+.4f} when selected and reported on the same.",
        )
    if interval[0] > TIE and equal:
        return (
            "keep the default",
            f"The gain looks real ({said}), but over all mixes tried these labels cannot tell the "
            "default from the best.",
        )
    why = "is not told from none" if gain > 0 else "is gone"
    return (
        "keep the default",
        f"Selected and reported on the same queries it looks like {selected:+.4f}; held out, the "
        f"gain {why}: {said}.",
    )


def dealt(
    languages: Sequence[str], folds: int, repeats: int, rng: np.random.Generator
) -> Iterator[Integers]:
    """Repeated k-fold: each language's queries shuffled and dealt out; yields the held-out part."""
    queries = len(languages)
    if queries < 2:
        raise SettingsError("Tuning needs two queries at least: one to choose on, one held out.")
    if not 2 <= folds <= queries:
        raise SettingsError(
            f"{folds} folds of {queries} queries: choose from 2 to {min(queries, 20)} folds."
        )
    if repeats < 1:
        raise SettingsError(f"{repeats} repeats; ask for 1 or more.")
    names = np.asarray(languages, dtype=object)
    groups = [np.flatnonzero(names == name) for name in dict.fromkeys(languages)]
    for _ in range(repeats):
        order = np.concatenate([rng.permutation(group) for group in groups])
        for fold in range(folds):
            yield np.sort(order[fold::folds])


def by_language(languages: Sequence[str]) -> Iterator[Integers]:
    """One language left out at a time."""
    names = np.asarray(languages, dtype=object)
    there = list(dict.fromkeys(languages))
    if len(there) < 2:
        raise SettingsError(
            "Leaving a language out needs queries in two languages at least; here is one. "
            "Use folds instead."
        )
    for name in there:
        yield np.flatnonzero(names == name)
