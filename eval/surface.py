"""A measure at many weights at once, exactly, without sorting: the surface over the simplex.

The judged candidates' ranks under every weight (`ranks`) are all that the measures need (`gains`).
Every point has the bits of the ordinary path: fuse, rank, ir-measures.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from eval import gains
from eval.evaluation import Scored
from eval.ranks import ranks
from eval.resampling import Strata
from studio import fusion
from studio.errors import SettingsError
from studio.records import Candidates, Floats, FusionSettings, Integers

HELD = 4_000_000  # ranks kept at a time, over queries: 16 MB


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
