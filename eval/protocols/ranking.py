"""What a mode returns for a query, and what is done when two scores are equal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from studio.records import MODES, Floats, Integers

RUN_MODES = (*MODES, "dense_sparse", "fused")
RUN_TITLES = {
    "dense": "Dense",
    "sparse": "Sparse",
    "multi_vector": "ColBERT",
    "dense_sparse": "Dense + Sparse",
    "fused": "All three",
}
BM25 = "bm25"  # a row beside the modes, not one of them
TITLES = {**RUN_TITLES, BM25: "BM25"}
DEPTH = 1_000  # passages that a run keeps for a query, as TREC runs do


@dataclass(frozen=True, eq=False)
class Ranked:
    """What one mode returned for one query: corpus rows, best first, with falling scores."""

    rows: Integers
    scores: Floats


Run = Mapping[str, Ranked]
"""Query id → what was returned."""


@dataclass(frozen=True, eq=False)
class Listed:
    """What one mode retrieved for one query: corpus rows, best first, with their raw scores.

    Raw: as the protocol computes them, ties and all; a `Ranked` has had its ties nudged apart.
    """

    rows: Integers
    scores: Floats

    def __post_init__(self) -> None:
        if self.rows.shape != self.scores.shape:
            raise ValueError(f"{len(self.rows)} rows but {len(self.scores)} scores")
        if (np.diff(self.scores) > 0).any():
            raise ValueError("A list must stand best first")


def corpus_order(ids: Sequence[str]) -> Integers:
    """Each row's place among equals under `studio`: the corpus' own order."""
    return np.arange(len(ids))


def larger_id_first(ids: Sequence[str]) -> Integers:
    """Each row's place among equals in trec_eval: by id, falling, compared byte by byte (strcmp).

    UTF-8 keeps the order of code points, so Python's order of strings is that of the bytes.
    """
    falling = sorted(range(len(ids)), key=lambda row: ids[row], reverse=True)
    places = np.empty(len(ids), dtype=np.int64)
    places[falling] = np.arange(len(ids))
    return places


def best(rows: Integers, scores: Floats, places: Integers, depth: int = DEPTH) -> Listed:
    """The best so many of some rows: by score, then by place."""
    order = np.lexsort((places[rows], -scores))[:depth]
    return Listed(rows[order], scores[order])


def top(scores: Floats, places: Integers, *, only_found: bool = False) -> Listed:
    """The best 1,000 of the whole corpus; `only_found` leaves out scores of 0 (no shared token)."""
    rows = np.flatnonzero(scores > 0) if only_found else np.arange(len(scores))
    if len(rows) > DEPTH:
        edge = np.partition(scores[rows], len(rows) - DEPTH)[len(rows) - DEPTH]
        rows = rows[scores[rows] >= edge]
    return best(rows, scores[rows], places)


def ranked(found: Listed) -> Ranked:
    """A list as a run keeps it: at most 1,000, ties nudged apart in the order they stand in."""
    return Ranked(found.rows[:DEPTH], strictly_falling(found.scores[:DEPTH]))


def strictly_falling(scores: Floats) -> Floats:
    """float32 scores that keep the order given: equal ones are nudged down by the least step.

    trec_eval compares in float32 and breaks ties by document id, other tools otherwise; with no
    ties left, every tool computes the same measures.
    """
    falling = np.asarray(scores, dtype=np.float32).copy()
    lowest = np.float32(-np.inf)
    for i in range(1, len(falling)):
        if falling[i] >= falling[i - 1]:
            falling[i] = np.nextafter(falling[i - 1], lowest)
    return falling
