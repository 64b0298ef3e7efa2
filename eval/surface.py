"""A measure at many weights at once, exactly, without sorting: the surface over the simplex.

For each judged candidate, count the candidates that beat it under every weight: those of a higher
total, and of an equal one those that stand earlier in the corpus. That count is its rank, and the
measures need no more (`gains`). Totals are the very operations of `studio.fusion.rank`, in its
order, so every point has the bits of the ordinary path: fuse, rank, ir-measures. A candidate that
is above or below in all three modes stays so under every weight and is counted once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from eval import gains
from eval.evaluation import Scored
from eval.resampling import Strata
from studio import fusion
from studio.errors import SettingsError
from studio.records import Bools, Candidates, Floats, FusionSettings, Integers

CACHED = 32_768  # totals computed at a time: 256 KB of float64, about a core's own cache
MANY = 48  # judged candidates of a query from which on sorting is quicker than counting
HELD = 4_000_000  # ranks kept at a time, over queries: 16 MB
ROWS = 255  # candidates counted in one byte
CLEAR = 1e-12  # of the largest score: a lead in each mode that no rounding of a sum can eat


@dataclass(frozen=True, eq=False)
class Labelled:
    """Candidates beside their judgements: all that a weight can change is in here.

    places[i]: where in query i's pool its judged passages stand; grades[i]: their grades.
    every[i]: all grades of query i, of passages outside the pool too.
    """

    candidates: Sequence[Candidates]
    places: Sequence[Integers]
    grades: Sequence[Integers]
    every: Sequence[Integers]
    languages: Sequence[str]
    queries: Sequence[str]

    @property
    def strata(self) -> Strata:
        """What each query weighs in the headline's mean."""
        return Strata.of(self.languages, len(self.queries))


def labelled(
    candidates: Sequence[Candidates],
    queries: Sequence[str],
    ids: Sequence[str],
    qrels: Mapping[str, Mapping[str, int]],
    languages: Mapping[str, str],
) -> Labelled:
    """Bring candidates and judgements together. Raises SettingsError where nothing is judged."""
    if not any(qrels.get(query) for query in queries):
        raise SettingsError("No query is judged, so no weights can be measured.")
    rows = {name: row for row, name in enumerate(ids)}
    places, grades, every = [], [], []
    for query, pool in zip(queries, candidates, strict=True):
        judged = qrels.get(query, {})
        known = {rows[name]: grade for name, grade in judged.items() if name in rows}
        place = np.flatnonzero(np.isin(pool.rows, np.fromiter(known, dtype=np.int64)))
        places.append(place)
        grades.append(np.asarray([known[int(pool.rows[at])] for at in place], dtype=np.int64))
        every.append(np.asarray(list(judged.values()), dtype=np.int64))
    said = [languages.get(query, "") for query in queries]
    return Labelled(candidates, places, grades, every, said, list(queries))


def of(scored: Scored) -> Labelled:
    """The labelled candidates of an evaluation. Raises SettingsError under `paper-*`."""
    if scored.protocol != "studio":
        raise SettingsError(
            f"Weights are swept under the protocol studio; this is {scored.protocol}. "
            "Run the collection under studio first."
        )
    collection = scored.collection
    return labelled(
        scored.candidates,
        [query.id for query in collection.queries],
        scored.ids,
        collection.qrels,
        {query.id: query.language for query in collection.queries},
    )


def normalised(labels: Labelled, settings: FusionSettings) -> list[Floats]:
    """Each query's (n, 3) columns as the settings normalise them; weights multiply these."""

    def columns(pool: Candidates) -> Floats:
        scores = pool.scores.astype(np.float64)
        if settings.method == "rrf":
            return fusion.reciprocal_ranks(fusion.mode_ranks(scores), settings.rrf_k)
        return fusion.NORMALISE[settings.normalise](scores)

    return [columns(pool) for pool in labels.candidates]


def values(
    labels: Labelled, columns: Sequence[Floats], weights: Floats, measure: str = "nDCG@10"
) -> Floats:
    """(queries, points) of a measure, fractions of 1; weights (points, 3), 0 or more each."""
    return measured(labels, columns, weights, [measure])[measure]


def measured(
    labels: Labelled, columns: Sequence[Floats], weights: Floats, measures: Sequence[str]
) -> dict[str, Floats]:
    """The same of several measures, from one count. Raises SettingsError for a bad weight."""
    if not np.isfinite(weights).all() or (weights < 0).any() or not weights.any(axis=1).all():
        raise SettingsError("Weights must be 0 or more, not all 0, such as .5 .1 .4.")
    names = {name: gains.measure(name) for name in measures}
    depth = max(gains.depth(name) for name in measures)
    if not any(gains.counts_irrelevant(name) for name in measures):
        labels = _relevant(labels)
    shape = len(labels.queries), len(weights)
    found: dict[str, Floats] = {name: np.empty(shape) for name in names}
    turned = np.ascontiguousarray(weights.T, dtype=np.float64)
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for part in _parts(labels, len(weights)):
            counted = list(
                threads.map(lambda n: ranks(columns[n], labels.places[n], turned, depth), part)
            )
            flat = gains.Flat.of(counted, *_judged(labels, part))
            for name, measure in names.items():
                found[name][part] = measure(flat)
    return found


def ranks(columns: Floats, places: Integers, weights: Floats, depth: int) -> Integers:
    """(judged, points) int32: each judged candidate's rank under (3, points) weights.

    A rank beyond `depth` may come out smaller than it is, but never within.
    """
    if len(places) > MANY:
        return _chunked(columns, weights, partial(_by_sorting, places=places))
    above, unsettled = _settled(columns, places)
    found = np.repeat(1 + above.sum(axis=1, dtype=np.int32)[:, None], weights.shape[1], axis=1)
    near = np.flatnonzero(found[:, 0] <= depth) if found.size else np.empty(0, np.int64)
    kept = np.union1d(np.flatnonzero(unsettled[near].any(axis=0)), places[near])
    rivals = [np.flatnonzero(row) for row in unsettled[near][:, kept]]
    count = partial(_beaten_by, places=np.searchsorted(kept, places[near]), rivals=rivals)
    found[near] += _chunked(columns[kept], weights, count)
    return found


def _settled(columns: Floats, places: Integers) -> tuple[Bools, Bools]:
    """(judged, n) each: who is above a judged one under every weight, and whose order to it hangs
    on the weights.

    Rounding keeps order: a candidate no lower in each mode has no lower total. A total that is
    really higher, against the order of the corpus, takes a clear lead in each mode.
    """
    lead = CLEAR * float(np.abs(columns).max(initial=0.0))
    after = np.arange(len(columns)) > places[:, None]
    gap = columns - columns[places][:, None]
    least, most = gap.min(axis=2), gap.max(axis=2)
    above = np.where(after, least > lead, least >= 0)
    below = np.where(after, most <= 0, most < -lead)
    above[np.arange(len(places)), places] = False  # nobody is above oneself
    below[np.arange(len(places)), places] = True
    return above, ~(above | below)


def _chunked(columns: Floats, weights: Floats, count: Callable[[Floats], Integers]) -> Integers:
    """What `count` makes of totals, so many points at a time that they stay in the cache."""
    step = max(16, CACHED // max(1, len(columns)))
    firsts = range(0, weights.shape[1], step)
    return np.hstack([count(_totals(columns, weights[:, at : at + step])) for at in firsts])


def _totals(columns: Floats, weights: Floats) -> Floats:
    """(n, points): as `fusion.rank` adds them up, dense first."""
    total = columns[:, 0, None] * weights[0]
    total += columns[:, 1, None] * weights[1]
    total += columns[:, 2, None] * weights[2]
    return np.asarray(total)


def _beaten_by(totals: Floats, places: Integers, rivals: Sequence[Integers]) -> Integers:
    """(judged, points): rivals of a higher total, or of an equal one and earlier in the corpus."""
    found = np.empty((len(places), totals.shape[1]), dtype=np.int32)
    for row, (place, others) in enumerate(zip(places.tolist(), rivals, strict=True)):
        mine, earlier = totals[place], int(np.searchsorted(others, place))
        found[row] = _count(totals[others[:earlier]] >= mine)
        found[row] += _count(totals[others[earlier:]] > mine)
    return found


def _count(beaten: Floats) -> Integers:
    """True values of each column: added up in bytes, which is quickest, 255 rows at a time."""
    octets = beaten.view(np.uint8)
    whole = np.zeros(octets.shape[1], dtype=np.int32)
    for first in range(0, len(octets), ROWS):
        whole += np.add.reduce(octets[first : first + ROWS], axis=0, dtype=np.uint8)
    return whole


def _by_sorting(totals: Floats, places: Integers) -> Integers:
    order = np.argsort(-totals, axis=0, kind="stable")
    every = np.empty(totals.shape, dtype=np.int32)
    np.put_along_axis(every, order, np.arange(1, len(totals) + 1, dtype=np.int32)[:, None], axis=0)
    return np.asarray(every[places])


def _relevant(labels: Labelled) -> Labelled:
    """Only the places of passages with a grade of 1 or more."""
    kept = [grades > 0 for grades in labels.grades]
    return replace(
        labels,
        places=[place[keep] for place, keep in zip(labels.places, kept, strict=True)],
        grades=[grades[keep] for grades, keep in zip(labels.grades, kept, strict=True)],
    )


def _parts(labels: Labelled, points: int) -> Iterator[range]:
    """Queries in runs whose ranks fit HELD."""
    sizes = np.cumsum([max(1, len(places)) * points for places in labels.places])
    first = 0
    while first < len(sizes):
        before = sizes[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(sizes, before + HELD, side="right")))
        yield range(first, min(last, len(sizes)))
        first = last


def _judged(labels: Labelled, part: range) -> tuple[list[Integers], list[Integers], list[int]]:
    return (
        [labels.grades[n] for n in part],
        [labels.every[n] for n in part],
        [len(labels.candidates[n].rows) for n in part],
    )
