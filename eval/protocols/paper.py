"""The M3 paper's protocol on MIRACL and MLDR (arXiv 2402.03216v4, sections 4.1 and 4.3).

"The dense method retrieves the top-1000 candidates with Faiss, the sparse method with Lucene";
dense + sparse adds both lists up; multi-vector is too heavy to search with, so it and all three
re-rank dense's top 200. Sums are of raw scores: w_d·dense + w_s·sparse + w_m·multi_vector.

                 dense + sparse     all three
    MIRACL       1 / 0.3 / 0        1 / 0.3 / 1
    MLDR         0.2 / 0.8 / 0      0.15 / 0.5 / 0.35

As the authors' scripts do it (FlagOpen/FlagEmbedding, research/C_MTEB/MLDR and MKQA):
- The sparse search counts: every weight, on both sides, becomes int(ceil(100·w)), and a score is
  Σ_t of products of these, which dense + sparse divides by 10,000.
- Dense + sparse takes the union of both lists, with 0 for the score that a list lacks, and the
  best 1,000 of that. All three adds the scores that re-ranking computed, none of them counted.
- The encoder reads f"{title}\\n{text}" on MIRACL and the text alone on MLDR.
- A passage whose id is the query's stays: taking it away made the paper's first versions lower.
- trec_eval -c: by score in float32, among equals the larger id; the mean is over all of qrels.

Where ours can differ: Faiss and Lucene cut lists of equal scores at 1,000 (and dense's at 200) by
a document's place in their index, we by the larger id; and the scripts' files hold six decimals.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse as sp

from eval.protocols.ranking import (
    DEPTH,
    Listed,
    Run,
    best,
    ranked,
    top,
)
from studio import search
from studio.index import Index
from studio.records import MODES, Candidates, Encodings, Floats, FusionSettings, Integers

RERANKED = 200  # of dense's list, for multi-vector and all three
COUNTS = 100  # a sparse weight of 1 in the index of counts; scores are 100² = 10,000 times as large
MIRACL, MIRACL_PAIR = FusionSettings((1.0, 0.3, 1.0)), FusionSettings((1.0, 0.3, 0.0))
MLDR, MLDR_PAIR = FusionSettings((0.15, 0.5, 0.35)), FusionSettings((0.2, 0.8, 0.0))


@dataclass(frozen=True, eq=False)
class Retrieved:
    """One query's two lists; `pool` is dense's best 200 with all three real scores."""

    dense: Listed
    sparse: Listed
    pool: Candidates


def title_line_text(title: str, text: str) -> str:
    """What the encoder reads of a MIRACL passage."""
    return f"{title}\n{text}"


def text_alone(title: str, text: str) -> str:
    """What the encoder reads of an MLDR passage."""
    return text


def counted(weights: sp.csr_array) -> sp.csr_array:
    """Sparse weights as the script stores them: int(ceil(100·w)).

    The product is of float64, as numpy 1 made it of a scalar and an int: a weight of 0.3, which
    float32 holds as 0.30000001, counts 31.
    """
    counts = np.ceil(weights.data.astype(np.float64) * COUNTS).astype(np.int32)
    return sp.csr_array((counts, weights.indices, weights.indptr), shape=weights.shape)


def retrieve(
    index: Index, queries: Encodings, texts: Sequence[str], places: Integers
) -> Iterator[Retrieved]:
    """Each query's lists, a chunk of queries at a time; nothing but 200 passages meets ColBERT."""
    corpus = [counted(s.sparse(index.encoder.vocabulary)) for s in index.segments]
    for first in range(0, len(queries), search.CHUNK):
        part = search.select(queries, first, min(first + search.CHUNK, len(queries)))
        dense, sparse, asked = index.dense(part), index.sparse(part), counted(part.sparse)
        impacts = np.concatenate([_products(asked, segment) for segment in corpus], axis=1)
        for n in range(len(part)):
            nearest = top(dense[n], places)
            rows = np.sort(nearest.rows[:RERANKED])
            late = index.multi_vector(search.select(part, n, n + 1), rows)[0]
            scores = np.stack([dense[n, rows], sparse[n, rows], late], axis=1)
            yield Retrieved(
                dense=nearest,
                sparse=top(impacts[n], places, only_found=True),
                pool=Candidates(texts[first + n], rows, scores),
            )


def _products(queries: sp.csr_array, passages: sp.csr_array) -> Integers:
    return np.asarray((queries @ passages.T).toarray())


def lists(retrieved: Sequence[Retrieved], places: Integers) -> dict[str, list[Listed]]:
    """What each mode retrieved; multi-vector's list is dense's best 200 in another order."""
    late = MODES.index("multi_vector")
    return {
        "dense": [r.dense for r in retrieved],
        "sparse": [r.sparse for r in retrieved],
        "multi_vector": [best(r.pool.rows, r.pool.scores[:, late], places) for r in retrieved],
    }


def paper_runs(
    found: Mapping[str, Sequence[Listed]],
    pools: Sequence[Candidates],
    query_ids: Sequence[str],
    weights: tuple[FusionSettings, FusionSettings],
    places: Integers,
) -> dict[str, Run]:
    """The five runs; `weights` are those of dense + sparse, and of all three."""
    pair, all_three = weights
    both = zip(found["dense"], found["sparse"], strict=True)
    mixes = {
        "dense_sparse": [union(dense, sparse, pair, places) for dense, sparse in both],
        "fused": [summed(pool, all_three, places) for pool in pools],
    }
    return {
        mode: {query: ranked(one) for query, one in zip(query_ids, of_mode, strict=True)}
        for mode, of_mode in {**found, **mixes}.items()
    }


def union(dense: Listed, sparse: Listed, pair: FusionSettings, places: Integers) -> Listed:
    """Dense + sparse: both lists added up, 0 for what a list lacks, the best 1,000."""
    rows = np.union1d(dense.rows, sparse.rows)
    total = np.zeros(len(rows), dtype=np.float64)
    for found, weight, unit in zip((dense, sparse), pair.weights, (1, COUNTS**2), strict=False):
        total[np.searchsorted(rows, found.rows)] += weight * (
            found.scores.astype(np.float64) / unit
        )
    return best(rows, total.astype(np.float32), places, DEPTH)


def summed(pool: Candidates, all_three: FusionSettings, places: Integers) -> Listed:
    """All three: the weighted sum of the real scores of dense's best 200."""
    total: Floats = pool.scores.astype(np.float64) @ np.asarray(all_three.weights)
    return best(pool.rows, total.astype(np.float32), places, RERANKED)
