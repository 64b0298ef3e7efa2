"""MTEB's rules (mteb 2.x), for numbers that are to stand beside the leaderboard's.

A model returns its best 1,000 passages of a query; where the task says so
(`ignore_identical_ids`), the passage whose id is the query's is then taken away; what is left is
measured by pytrec_eval: by score in float32, among equals the larger id; and the means are rounded
to 5 decimals. The encoder reads "title text", stripped, and the text alone where there is no title
(`_corpus_to_dict`). nDCG has linear gains, as everywhere here.

The leaderboard's BGE-M3 is its dense vector alone. The other modes and the mixes are ours, by the
same rules: the pool of `studio`, cut with these ties; a sparse score of 0 is not returned; above
2,000 passages ColBERT and the mixes rank that pool, not the corpus.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from eval.collection import ASSETS
from eval.protocols.ranking import (
    RUN_MODES,
    Listed,
    Ranked,
    Run,
    best,
    ranked,
    top,
)
from studio import fusion
from studio.records import MODES, Candidates, Floats, FusionSettings, Integers

DECIMALS = 5
TASKS = ASSETS / "published" / "mteb_identical_ids.txt"
BEIR_NAMES = {"arguana", "fiqa", "fever", "msmarco", "quora", "trec-dl-2019", "trec-dl-2020"}


def title_space_text(title: str, text: str) -> str:
    """What the encoder reads of a passage."""
    return f"{title} {text}".strip() if title else text.strip()


def takes_itself_away(collection: str) -> bool:
    """Whether a passage with the query's id is taken away: by the task that a name stands for.

    `mteb/ArguAna`, `mteb/FiQA2018`, `beir/arguana`; of any other name's last part likewise.
    """
    parts = collection.split("/")
    return bool(tasks() & set(parts)) or parts[-1].lower() in BEIR_NAMES


@cache
def tasks() -> frozenset[str]:
    """MTEB's tasks that take it away, by name."""
    lines = TASKS.read_text("utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def pool(places: Integers) -> Callable[[Floats, Floats], Integers]:
    """The union of dense's and sparse's best 1,000, among equals at the edge the larger ids."""
    return lambda dense, sparse: np.union1d(
        top(dense, places).rows, top(sparse, places, only_found=True).rows
    )


def mteb_runs(
    candidates: Sequence[Candidates],
    query_ids: Sequence[str],
    settings: FusionSettings,
    ids: Sequence[str],
    places: Integers,
    takes_away: bool,
    modes: Sequence[str] = RUN_MODES,
) -> dict[str, Run]:
    """The runs under these rules; `takes_away`: the passage whose id is the query's."""
    scores: dict[str, Callable[[Candidates], Floats]] = {
        mode: _column(number) for number, mode in enumerate(MODES)
    }
    dense, sparse, _ = settings.weights
    if dense or sparse:
        scores["dense_sparse"] = _total(replace(settings, weights=(dense, sparse, 0.0)))
    scores["fused"] = _total(settings)
    itself = _rows(ids, query_ids) if takes_away else {}
    return {
        mode: {
            query: _ranked(c, scores.get(mode), mode == "sparse", places, itself.get(query))
            for query, c in zip(query_ids, candidates, strict=True)
        }
        for mode in RUN_MODES
        if mode in modes
    }


def _column(number: int) -> Callable[[Candidates], Floats]:
    return lambda candidates: candidates.scores[:, number]


def _total(settings: FusionSettings) -> Callable[[Candidates], Floats]:
    return lambda candidates: fusion.rank(candidates, settings).total


def _ranked(
    candidates: Candidates,
    scores: Callable[[Candidates], Floats] | None,
    only_found: bool,
    places: Integers,
    itself: int | None,
) -> Ranked:
    rows = candidates.rows
    values = scores(candidates).astype(np.float32) if scores else np.zeros(0, dtype=np.float32)
    kept = np.flatnonzero(values > 0) if only_found else np.arange(len(values))
    found = best(rows[kept], values[kept], places)
    others = found.rows != itself if itself is not None else slice(None)
    return ranked(Listed(found.rows[others], found.scores[others]))


def _rows(ids: Sequence[str], query_ids: Sequence[str]) -> dict[str, int]:
    """The corpus row of each query whose id is also a passage's."""
    wanted = set(query_ids)
    return {name: row for row, name in enumerate(ids) if name in wanted}
