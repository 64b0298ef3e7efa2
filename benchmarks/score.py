"""How fast the index scores, beside FAISS flat, scipy and a naive MaxSim, in one run.

    pip install faiss-cpu
    python benchmarks/score.py

Vectors drawn by lot in BGE-M3's sizes: 1,024 dimensions, 250,002 tokens of which a passage has
about 40 and a query about 12, the common ones the most. Dense and sparse score the whole corpus,
for a batch of queries and for one; MaxSim scores each query's own candidates out of an index on
disk in float16, where the naive ways have all in memory in float32. Rounds are interleaved and
every ratio is within a round. All use as many threads as torch has (OMP_NUM_THREADS=1: one).
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import faiss
import numpy as np
import torch
from scipy import sparse as sp

from benchmarks.machine import described, matrix_rate, seconds
from studio.index import Index, Signature
from studio.products import product
from studio.records import Encodings, Passage
from studio.search import DEPTH, select, top

DIMENSION, VOCABULARY = 1_024, 250_002
PASSAGE_TOKENS, QUERY_TOKENS = 40, 12  # with a sparse weight
LATE = 2_000  # passages of the index that MaxSim's candidates are drawn from
LENGTHS = (8, 128)  # tokens of a passage there; a query has 16
LATE_QUERY = 16
SHORT = 0.1  # seconds

Work = Callable[[], Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=20_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--candidates", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/score.json")
    arguments = parser.parse_args()
    faiss.omp_set_num_threads(torch.get_num_threads())
    draw = np.random.default_rng(0)
    n, q, rounds = arguments.passages, arguments.queries, arguments.rounds
    with tempfile.TemporaryDirectory() as folder:
        whole = written(Path(folder) / "whole", flat(draw, n, PASSAGE_TOKENS))
        queries = flat(draw, q, QUERY_TOKENS)
        report = {
            "what": f"{q} queries; {n:,} passages for dense and sparse, {arguments.candidates} "
            f"of {LATE:,} a query for MaxSim; {DIMENSION:,} dimensions",
            "machine": described("faiss-cpu", "scipy", "numpy"),
            "dense, best 1,000": {
                name: dense(whole, part, rounds) for name, part in parts(queries).items()
            },
            "sparse": {name: sparse(whole, part, rounds) for name, part in parts(queries).items()},
        }
        texts = late_texts(draw, draw.integers(*LENGTHS, size=LATE))
        late = written(Path(folder) / "late", texts)
        asked = late_texts(draw, np.full(q, LATE_QUERY))
        chosen = [np.sort(draw.choice(LATE, arguments.candidates, replace=False)) for _ in range(q)]
        report["MaxSim"] = max_sim(late, texts, asked, chosen, rounds)
    arguments.output.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    print(json.dumps(report, indent=1))


def parts(queries: Encodings) -> dict[str, Encodings]:
    """All queries at once, and one alone."""
    return {f"{len(queries)} queries": queries, "1 query": select(queries, 0, 1)}


def dense(index: Index, queries: Encodings, rounds: int) -> dict[str, Any]:
    """Ours: all scores, then each query's best. FAISS: its exact search."""
    flat_index = faiss.IndexFlatIP(DIMENSION)
    flat_index.add(np.ascontiguousarray(index.segments[0].array("dense")))

    def ours() -> np.ndarray:
        return np.stack([best(row) for row in index.dense(queries)])

    def theirs() -> np.ndarray:
        return flat_index.search(queries.dense, DEPTH)[0]

    flop = 2.0 * len(queries) * len(index) * DIMENSION
    works = {"ours": ours, "scores alone": lambda: index.dense(queries), "faiss flat": theirs}
    return beside(works, rounds, flop) | {"largest_difference": apart(ours(), theirs())}


def best(scores: np.ndarray) -> np.ndarray:
    """The best 1,000 scores, falling, found as a search of the studio finds them."""
    return -np.sort(-scores[top(scores, DEPTH)])


def sparse(index: Index, queries: Encodings, rounds: int) -> dict[str, Any]:
    """Ours against scipy's product as it stands, and with the transpose made beforehand."""
    passages = sp.csr_array(index.segments[0].sparse(VOCABULARY))
    turned = passages.T.tocsr()
    works = {
        "ours": lambda: index.sparse(queries),
        "scipy": lambda: (queries.sparse @ passages.T).toarray(),
        "scipy, transposed beforehand": lambda: (queries.sparse @ turned).toarray(),
    }
    return beside(works, rounds) | {"largest_difference": apart(*(w() for w in works.values()))}


def max_sim(
    index: Index, texts: Encodings, asked: Encodings, chosen: list[np.ndarray], rounds: int
) -> dict[str, Any]:
    """Each query against its own candidates; the naive ways go passage by passage."""
    bounds = texts.offsets
    arrays = [texts.multi_vector[a:b] for a, b in pairwise(bounds)]
    tensors = [torch.from_numpy(one) for one in arrays]
    one_by_one = [select(asked, n, n + 1) for n in range(len(asked))]

    def ours() -> np.ndarray:
        pairs = zip(one_by_one, chosen, strict=True)
        return np.stack([index.multi_vector(query, rows)[0] for query, rows in pairs])

    def by_numpy() -> np.ndarray:
        return np.asarray([
            [(query.multi_vector @ arrays[row].T).max(axis=1).mean() for row in rows]
            for query, rows in zip(one_by_one, chosen, strict=True)
        ])  # fmt: skip

    @torch.inference_mode()
    def by_torch() -> np.ndarray:
        vectors = [torch.from_numpy(query.multi_vector) for query in one_by_one]
        return np.asarray([
            [float((query @ tensors[row].T).amax(dim=1).mean()) for row in rows]
            for query, rows in zip(vectors, chosen, strict=True)
        ])  # fmt: skip

    rows = sum(int(np.diff(bounds)[pool].sum()) for pool in chosen)
    works = {"ours": ours, "naive, numpy": by_numpy, "naive, torch": by_torch}
    found = beside(works, rounds, 2.0 * rows * LATE_QUERY * DIMENSION)
    return found | {"largest_difference": apart(ours(), by_numpy(), by_torch())}


def beside(works: dict[str, Work], rounds: int, flop: float = 0.0) -> dict[str, Any]:
    """Milliseconds of each, and how many times ours that is, round by round.

    With `flop`: which share of the machine's matrix-product rate, measured in the same round by
    the quicker of MKL and oneDNN.
    """
    for work in works.values():
        work()  # pages are read and threads started
    turns = []
    for _ in range(rounds):
        turn = {name: timed(work) for name, work in works.items()}
        turns.append(turn | {"rate": machine_rate() if flop else 0.0})
    found: dict[str, Any] = {}
    for name in works:
        times = [turn[name] for turn in turns]
        found[name] = {"ms": round(1e3 * statistics.median(times), 2)}
        if name != "ours":
            found[name]["times_ours"] = spread([turn[name] / turn["ours"] for turn in turns])
        if flop:
            shares = [flop / turn[name] / turn["rate"] for turn in turns]
            found[name]["of_matrix_rate"] = round(statistics.median(shares), 3)
    if flop:
        found["matrix_gflops"] = round(statistics.median(turn["rate"] for turn in turns) / 1e9, 1)
    return found


def timed(work: Work) -> float:
    """Seconds of one turn; of the middle one among many where it is short."""
    took = [seconds(work)]
    while sum(took) < SHORT:
        took.append(seconds(work))
    return statistics.median(took)


def machine_rate() -> float:
    """FLOP a second of 256 × 1,024 by 1,024 × 4,096."""
    left, right = torch.randn(256, 1_024), torch.randn(4_096, 1_024)
    product(left, right)
    took = min(seconds(lambda: product(left, right)) for _ in range(10))
    return max(matrix_rate(torch.float32, "cpu", 256), 2.0 * 256 * 1_024 * 4_096 / took)


def spread(ratios: list[float]) -> dict[str, float]:
    """The middle one, and the one that speaks least for us."""
    return {"median": round(statistics.median(ratios), 2), "least": round(min(ratios), 2)}


def apart(first: np.ndarray, *others: np.ndarray) -> float:
    """The largest difference between any number and its counterpart."""
    return max(float(np.abs(first - other).max()) for other in others)


def unit(draw: np.random.Generator, rows: int, dimension: int) -> np.ndarray:
    vectors = draw.standard_normal((rows, dimension), dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def flat(draw: np.random.Generator, n: int, tokens: int) -> Encodings:
    """Dense vectors and sparse weights; a token vector of one number stands for ColBERT's."""
    common = 1 / np.arange(10, VOCABULARY + 10)
    columns = draw.choice(VOCABULARY, size=n * tokens, p=common / common.sum())
    values = draw.random(n * tokens, dtype=np.float32)
    rows = np.repeat(np.arange(n), tokens)
    weights = sp.csr_array((values, (rows, columns)), shape=(n, VOCABULARY))
    return encodings(unit(draw, n, DIMENSION), weights, np.ones((n, 1), np.float32), np.ones(n))


def late_texts(draw: np.random.Generator, lengths: np.ndarray) -> Encodings:
    """Token vectors as float16 keeps them; dense and sparse of one number a text."""
    n = len(lengths)
    vectors = unit(draw, int(lengths.sum()), DIMENSION).astype(np.float16).astype(np.float32)
    return encodings(np.ones((n, 1), np.float32), sp.csr_array((n, VOCABULARY)), vectors, lengths)


def encodings(
    dense: np.ndarray, weights: sp.csr_array, vectors: np.ndarray, lengths: np.ndarray
) -> Encodings:
    n, rows = len(dense), len(vectors)
    return Encodings(
        dense=dense,
        sparse=weights.astype(np.float32),
        multi_vector=vectors,
        offsets=np.cumsum([0, *lengths.astype(np.int64)]),
        token_ids=np.zeros(rows, np.int64),
        spans=np.zeros((rows, 2), np.int64),
        tokens=lengths.astype(np.int64),
        truncated=np.zeros(n, dtype=bool),
    )


def written(folder: Path, texts: Encodings) -> Index:
    """An index of these encodings on disk."""
    passages = [Passage(str(n), str(n), "", 0, 0) for n in range(len(texts))]
    made_by = Signature("random", "drawn by lot", "0", "float32", VOCABULARY)
    return Index.create(folder, made_by).append(passages, texts)


if __name__ == "__main__":
    main()
