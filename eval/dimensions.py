"""What a shorter vector costs: nDCG@10 by the first numbers of each vector, and the bytes saved.

From one encoding and without the model: the vectors that an evaluation kept are cut and
renormalised, dense and ColBERT alike; sparse scores stay. Everything else is that evaluation's:
weights, ties, measure, mean, and the pool, which above 2,000 passages is the one that the uncut
vectors chose, so that only the vectors differ.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from eval.evaluation import Evaluation, Scored, evaluate
from eval.measures import HEADLINE
from studio import scoring, search
from studio.errors import SettingsError
from studio.index import Index
from studio.records import MODES, Candidates, Encodings, Floats, Integers, Progress, silent

DIMENSIONS = (1024, 768, 512, 256, 128, 64)
CONCERNED = ("dense", "multi_vector", "fused")  # the modes that a cut changes
CUT = [MODES.index("dense"), MODES.index("multi_vector")]  # their columns in the candidates


@dataclass(frozen=True)
class Point:
    """One dimension: nDCG@10 of each mode that it concerns, and the bytes a passage takes."""

    dimension: int
    ndcg: dict[str, float]
    bytes: float


@dataclass(frozen=True, eq=False)
class Curve:
    """An evaluation by dimension; the uncut vectors come first."""

    evaluation: Evaluation
    points: tuple[Point, ...]
    seconds: float


def by_dimension(
    evaluation: Evaluation, dimensions: Sequence[int] = (), progress: Progress = silent
) -> Curve:
    """nDCG@10 at each dimension; those of DIMENSIONS that fit, if none are named.

    The first point is the evaluation itself: its vectors whole, as the encoder made them.
    """
    scored, index = evaluation.scored, evaluation.scored.index
    if scored.lists:
        raise SettingsError(
            f"The protocol {scored.protocol} keeps a list per mode and no pool that shorter "
            "vectors could be compared on. Use the protocol studio."
        )
    started = time.perf_counter()
    points = []
    for dimension in chosen(width(index), dimensions):
        measured = evaluation
        if dimension < width(index):
            cut = replace(scored, candidates=list(shortened(scored, dimension, progress)))
            measured = evaluate(cut, evaluation.settings, CONCERNED)
        modes = measured.modes
        ndcg = {mode: modes[mode][HEADLINE] for mode in CONCERNED}
        points.append(Point(dimension, ndcg, bytes_a_passage(index, dimension)))
    return Curve(evaluation, tuple(points), time.perf_counter() - started)


def as_json(curve: Curve) -> list[dict[str, Any]]:
    """A row per dimension: nDCG@10 by mode as a fraction of 1, and bytes a passage."""
    return [
        {"dimension": point.dimension, HEADLINE: point.ndcg, "bytes_per_passage": point.bytes}
        for point in curve.points
    ]


def chosen(whole: int, dimensions: Sequence[int] = ()) -> list[int]:
    """The dimensions to draw, largest first: the whole vector's, then those asked for."""
    wrong = [d for d in dimensions if not 1 <= d <= whole]
    if wrong:
        raise SettingsError(
            f"The vectors have {whole} numbers, so they cannot be cut to {wrong[0]}. "
            f"Choose from 1 to {whole}."
        )
    asked = dimensions or [d for d in DIMENSIONS if d < whole]
    return sorted({whole, *asked}, reverse=True)


def width(index: Index) -> int:
    """How many numbers the index's longest vectors have."""
    return max(int(array.shape[1]) for array in _vectors(index))


def bytes_a_passage(index: Index, dimension: int) -> float:
    """The dense vector in float32 and a ColBERT vector a token in float16; mean over passages."""
    kept = (len(a) * min(dimension, a.shape[1]) * a.itemsize for a in _vectors(index))
    return sum(map(float, kept)) / len(index)


def shorten(vectors: Floats, dimension: int) -> Floats:
    """The first numbers of each row at unit length; vectors that are no longer stay as they are.

    A row whose first numbers are all 0 stays 0, and so are its scores.
    """
    if dimension >= vectors.shape[1]:
        return vectors
    first = vectors[:, :dimension].astype(np.float32)
    length = np.linalg.norm(first, axis=1, keepdims=True)
    return np.asarray(first / np.where(length > 0, length, 1))


def shortened(scored: Scored, dimension: int, progress: Progress = silent) -> Iterator[Candidates]:
    """Every query's candidates, the same rows, with the scores of the cut vectors."""
    queries, candidates = scored.queries, scored.candidates
    # Longer or shorter than 1 where the encoder weighs a query's tokens.
    lengths = np.linalg.norm(queries.multi_vector, axis=1, keepdims=True)
    queries = replace(
        queries,
        dense=shorten(queries.dense, dimension),
        multi_vector=shorten(queries.multi_vector, dimension) * lengths,
    )
    # All queries share the pool of a small corpus; else each has its own.
    together = len(candidates) if len(scored.index) <= search.WHOLE else 1
    total, done = sum(len(c.rows) for c in candidates), 0
    for first in range(0, len(candidates), max(1, together)):
        part = candidates[first : first + together]
        asked, rows = search.select(queries, first, first + len(part)), part[0].rows
        scores = np.empty((len(part), len(rows), len(CUT)), dtype=np.float32)
        for start, end in _blocks(scored.index, rows):
            scores[:, start:end] = _scores(scored.index, asked, rows[start:end], dimension)
            done += len(part) * (end - start)
            progress(done, total, f"first {dimension} numbers")
        for query, columns in zip(part, scores, strict=True):
            changed = query.scores.copy()
            changed[:, CUT] = columns
            yield replace(query, scores=changed)


def _vectors(index: Index) -> list[Floats]:
    """The arrays that are cut, as they are kept."""
    return [s.array(name) for s in index.segments for name in ("dense", "multi_vector")]


def _blocks(index: Index, rows: Integers) -> list[tuple[int, int]]:
    """Runs of rows whose vectors, a few megabytes, are cut at a time."""
    tokens = np.concatenate([np.diff(s.array("offsets")) for s in index.segments])
    return scoring.blocks(np.cumsum([0, *tokens[rows]]), scoring.PASSAGE_BLOCK)


def _scores(index: Index, queries: Encodings, rows: Integers, dimension: int) -> Floats:
    """(q, rows, 2): dense and multi-vector scores of the cut vectors."""
    parts = []
    for segment, start in zip(index.segments, index.starts[:-1], strict=True):
        inside = rows[(rows >= start) & (rows < start + len(segment))] - start
        if not len(inside):
            continue
        ends = segment.array("offsets")
        tokens = [np.arange(ends[row], ends[row + 1]) for row in inside]
        dense = shorten(segment.array("dense")[inside], dimension)
        late = shorten(segment.array("multi_vector")[np.concatenate(tokens)], dimension)
        offsets = np.cumsum([0, *map(len, tokens)])
        of_tokens = scoring.multi_vector(queries.multi_vector, queries.offsets, late, offsets)
        parts.append(np.stack([scoring.dense(queries.dense, dense), of_tokens], axis=2))
    return np.concatenate(parts, axis=1)
