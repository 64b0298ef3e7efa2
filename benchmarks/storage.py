"""What each byte of the embedded encoder's ColBERT vectors is worth, and how sparse `sparse` is.

    python benchmarks/storage.py ../shared/data/cranfield ../shared/data/xquad/{ar,de,en}

Encodes each collection once with all dimensions of the ColBERT head, then cuts to fewer, and stores
in float32, float16 (as the index does) or int8 (one scale a vector). Every passage is scored for
every query. nDCG@10, mean and 95 % bootstrap interval, of each mode and of the mix at 1 / 0.3 / 1;
of the distinct tokens of a passage, the share with a sparse weight, and what it costs to drop the
smallest fifth of a passage's weights.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np
from scipy.sparse import csr_array

from benchmarks.machine import described
from eval import collection, measures
from eval.protocols import ranked
from eval.protocols.ranking import Listed
from eval.significance import interval
from studio import scoring
from studio.encoders import Options, embedded
from studio.encoders.onepass import SPECIAL
from studio.records import Encodings, Floats, FusionSettings, joined_text

DIMENSIONS = (384, 128)
DROPPED = 0.2
KINDS = {"float32": 4, "float16": 2, "int8": 1}
MIX = FusionSettings().weights
NDCG = {"nDCG@10": measures.parse("nDCG@10")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("collections", nargs="+", help="names or folders, as `eval run` takes them")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/storage.json")
    parser.add_argument("--heads", type=Path, default=embedded.FOLDER, help="of another training")
    arguments = parser.parse_args()
    encoder = embedded.load(Options(), folder=arguments.heads)
    encoder.multi_vector_dimension = max(DIMENSIONS)
    found = {name: measured(encoder, collection.load(name)) for name in arguments.collections}
    said = {"machine": described(), "encoder": encoder.revision}
    said |= {"collections": {Path(name).name: rows for name, rows in found.items()}}
    said["bytes_of_a_token"] = {
        f"{kind} {size}": size * width + (4 if kind == "int8" else 0)
        for size in DIMENSIONS
        for kind, width in KINDS.items()
    }
    arguments.output.write_text(json.dumps(said, indent=1) + "\n", "utf-8")
    print(json.dumps(said, indent=1))


def measured(encoder: Any, whole: collection.TestCollection) -> dict[str, Any]:
    """nDCG@10 by dimensions and kind, and the share of sparse weights above 0."""
    texts = [joined_text(one.title, one.text) for one in whole.passages]
    passages = encoder.encode_passages(texts)
    queries = encoder.encode_queries([one.text for one in whole.queries])
    ids = [one.id for one in whole.passages]
    dense = scoring.dense(queries.dense, passages.dense)
    sparse = scoring.sparse(queries.sparse, passages.sparse)
    first = MIX[0] * dense + MIX[1] * sparse
    fewer = scoring.sparse(queries.sparse, without_smallest(passages.sparse, DROPPED))
    rows: dict[str, Any] = {
        "non_zero_share": share(passages),
        "Dense": ndcg(dense, whole, ids),
        "Sparse": ndcg(sparse, whole, ids),
        "Sparse, smallest fifth dropped": ndcg(fewer, whole, ids),
        "Dense + Sparse": ndcg(first, whole, ids),
    }
    for size in DIMENSIONS:
        for kind in KINDS:
            late = scoring.multi_vector(
                cut(queries.multi_vector, size),
                queries.offsets,
                stored(cut(passages.multi_vector, size), kind),
                passages.offsets,
            )
            rows[f"{kind} {size}"] = {
                "ColBERT": ndcg(late, whole, ids),
                "All three": ndcg(first + MIX[2] * late, whole, ids),
            }
    return rows


def cut(vectors: Floats, size: int) -> Floats:
    """The first so many numbers, as long as the whole was: a query's lengths are its emphasis."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    kept = vectors[:, :size]
    return kept * lengths / np.linalg.norm(kept, axis=1, keepdims=True)


def stored(vectors: Floats, kind: str) -> Floats:
    """What comes back of vectors that lay on disk so."""
    if kind == "int8":
        scale = np.abs(vectors).max(axis=1, keepdims=True) / 127
        return (np.rint(vectors / scale).astype(np.int8) * scale).astype(np.float32)
    return vectors.astype(kind).astype(np.float32)


def share(passages: Encodings) -> float:
    """Of the distinct tokens of each passage, </s> apart: how many have a weight, the mean."""
    shares = []
    for row in range(len(passages.offsets) - 1):
        own = passages.token_ids[passages.offsets[row] : passages.offsets[row + 1]]
        ids = np.setdiff1d(own, SPECIAL)
        weights = passages.sparse.indptr[row + 1] - passages.sparse.indptr[row]
        shares.append(weights / len(ids) if len(ids) else np.nan)
    return round(float(np.nanmean(shares)), 4)


def without_smallest(weights: csr_array, part: float) -> csr_array:
    """Of each row, the smallest part of the weights set to 0."""
    kept = weights.copy()
    for first, last in zip(kept.indptr, kept.indptr[1:], strict=False):
        own = kept.data[first:last]
        own[np.argsort(own, kind="stable")[: round(part * len(own))]] = 0
    return kept


def ndcg(scores: Floats, whole: collection.TestCollection, ids: list[str]) -> list[float]:
    """The mean over languages of their queries' means, and its interval."""
    order = np.argsort(-scores, axis=1, kind="stable")[:, :100]
    run = {
        query.id: ranked(Listed(rows, values[rows]))
        for query, rows, values in zip(whole.queries, order, scores, strict=True)
    }
    table = measures.per_query(whole.qrels, {"run": run}, ids, NDCG)
    language = {query.id: query.language for query in whole.queries}
    found = interval(table["nDCG@10"].to_numpy(), [language[one] for one in table["query"]])
    return [round(float(value), 4) for value in (found.mean, found.low, found.high)]


if __name__ == "__main__":
    main()
