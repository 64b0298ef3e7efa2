"""What each mode costs: bytes a passage on disk, and milliseconds a query on this machine.

A mode of weight 0 need not be kept or scored, so a mix costs what the modes it uses cost.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Literal

from eval.evaluation import Scored
from studio import search
from studio.errors import SettingsError
from studio.index import Index
from studio.records import MODES, Encodings, Floats, Integers

Unit = Literal["bytes", "milliseconds"]
UNITS: dict[Unit, str] = {"bytes": "bytes a passage", "milliseconds": "ms a query"}
FILES = {
    "dense": ("dense",),
    "sparse": ("sparse_data", "sparse_indices"),
    "multi_vector": ("multi_vector",),
}
TRIED = 15  # queries, one at a time as a search asks them
Costs = tuple[float, float, float]


def costs(scored: Scored, unit: Unit) -> Costs:
    """Of dense, sparse and ColBERT. Raises SettingsError for another unit."""
    if unit not in UNITS:
        raise SettingsError(f"'{unit}' is no cost. Use one of: {', '.join(UNITS)}.")
    return bytes_a_passage(scored.index) if unit == "bytes" else milliseconds(scored)


def bytes_a_passage(index: Index) -> Costs:
    """Means over the corpus, as the index stores them."""
    dense, sparse, late = (
        sum(int(segment.array(file).nbytes) for segment in index.segments for file in FILES[mode])
        / len(index)
        for mode in MODES
    )
    return dense, sparse, late


def milliseconds(scored: Scored) -> Costs:
    """Medians over some queries of scoring one against the index: dense and sparse against all of
    it, ColBERT against the query's pool. Encoding the query comes on top and is the same for all.
    """
    index, queries, pools = scored.index, scored.queries, scored.candidates
    tried = range(min(TRIED, len(queries)))
    ways: tuple[Callable[[int, Encodings], Floats], ...] = (
        lambda _, query: index.dense(query),
        lambda _, query: index.sparse(query),
        lambda n, query: index.multi_vector(query, _rows(index, pools[n].rows)),
    )
    dense, sparse, late = (
        statistics.median(_took(way, n, search.select(queries, n, n + 1)) for n in (0, *tried))
        for way in ways
    )
    return dense, sparse, late


def sentence(found: Costs, unit: Unit) -> str:
    """'Dense 1,536, sparse 320, ColBERT 98,304 bytes a passage.'"""
    digits = ",.0f" if unit == "bytes" else ".2f"
    names = ("Dense", "sparse", "ColBERT")
    parts = [f"{name} {cost:{digits}}" for name, cost in zip(names, found, strict=True)]
    return f"{', '.join(parts)} {UNITS[unit]}."


def _rows(index: Index, rows: Integers) -> Integers | None:
    return None if len(rows) == len(index) else rows


def _took(way: Callable[[int, Encodings], Floats], n: int, query: Encodings) -> float:
    started = time.perf_counter()
    way(n, query)
    return 1e3 * (time.perf_counter() - started)
