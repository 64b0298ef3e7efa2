"""How much there is to win: one mode, one mix, a mix for each query, and the pool's own ceiling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from eval import surface
from eval.resampling import SEED, TIE
from studio.records import Floats, Integers

AMONG = 20  # candidates that shuffled judgements are drawn from


@dataclass(frozen=True)
class Headroom:
    """Means of the measure, from the least to the most that could be had.

    single: the best mode alone; tuned: the best mix for all queries; oracle: the best mix for each
    query, chosen with its answers in hand; ceiling: the judged passages of the pool in ideal order.
    swayed: share of queries that another mix would serve better than the tuned one. noise: what an
    oracle gains over the best mix for all where judgements are shuffled, so that there is nothing
    to learn.
    """

    single: float
    tuned: float
    oracle: float
    ceiling: float
    swayed: float
    noise: float
    sentence: str


def headroom(
    labels: surface.Labelled,
    columns: Sequence[Floats],
    weights: Floats,
    values: Floats,
    tuned: int,
    single: float,
    measure: str,
) -> Headroom:
    """From (queries, points) values; `tuned` is the row of the best mix for all queries."""
    share = labels.strata.per_query()
    oracle = values.max(axis=1)
    gain = float(share @ (oracle - values[:, tuned]))
    noise = _noise(labels, columns, weights, tuned, measure)
    top = float(share @ _ceiling(labels, measure))
    swayed = float((oracle > values[:, tuned] + TIE).mean())
    return Headroom(
        single=single,
        tuned=float(share @ values[:, tuned]),
        oracle=float(share @ oracle),
        ceiling=top,
        swayed=swayed,
        noise=noise,
        sentence=_sentence(gain, noise, swayed),
    )


def _sentence(gain: float, noise: float, swayed: float) -> str:
    said = (
        f"A mix of its own for each query would gain {gain:+.4f} at most, chosen with the answers "
        f"in hand, on {100 * swayed:.0f} % of the queries; with judgements shuffled among the "
        f"first {AMONG} passages, where there is nothing to learn, it would gain {noise:+.4f}."
    )
    if gain <= 2 * noise:
        return f"{said} Weights per query are not worth chasing here."
    return f"{said} Weights per query could pay, if something other than the answers can tell them."


def _ceiling(labels: surface.Labelled, measure: str) -> Floats:
    """The measure with each pool's judged passages first, the best grade on top: (queries,)."""
    ideal, places = [], []
    for pool, where, grades in zip(labels.candidates, labels.places, labels.grades, strict=True):
        column = np.zeros((len(pool.rows), 3))
        column[where, 0] = grades - grades.min(initial=0) + 1.0
        ideal.append(column)
        places.append(where)
    return surface.values(labels, ideal, np.asarray([[1.0, 0.0, 0.0]]), measure)[:, 0]


def _noise(
    labels: surface.Labelled, columns: Sequence[Floats], weights: Floats, tuned: int, measure: str
) -> float:
    """An oracle's gain over the best mix for all, with grades moved to passages drawn by lot."""
    rng = np.random.default_rng(SEED)
    places: list[Integers] = []
    for column, where in zip(columns, labels.places, strict=True):
        total = column @ weights[tuned]
        first = np.argsort(-total, kind="stable")[: max(AMONG, len(where))]
        places.append(rng.permutation(first)[: len(where)])
    shuffled = replace(labels, places=places)
    values = surface.values(shuffled, columns, weights, measure)
    share = labels.strata.per_query()
    means = share @ values
    return float(share @ values.max(axis=1) - means.max())
