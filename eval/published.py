"""Published numbers, each with its source, and in words why ours cannot stand beside them.

paper.csv   the M3 paper's tables (arXiv 2402.03216v4), per language
mteb.csv    what embeddings-benchmark/results f4cc6c8 records of BGE-M3 and multilingual-e5-small
sizes.csv   passages and queries of the collections behind them, to be held against ours
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from eval.collection import ASSETS
from eval.evaluation import Evaluation

MIRACL_PASSAGES = {"sw": 131_924, "yo": 49_043, "bn": 297_265}
M3 = "BAAI/bge-m3"
E5 = "intfloat/multilingual-e5-small"
SYSTEMS = {
    "M3 Dense": "dense",
    "M3 Sparse": "sparse",
    "M3 Multi-vec": "multi_vector",
    "M3 Dense+Sparse": "dense_sparse",
    "M3 All": "fused",
    "BM25 (XLM-R tok)": "bm25",
    "BM25": "bm25",
}
PROTOCOL_OF = {"MIRACL": "paper-miracl", "MLDR": "paper-mldr"}
RESULTS = "embeddings-benchmark/results f4cc6c8"
AVERAGE = "avg"  # of a benchmark's languages


@dataclass(frozen=True)
class Number:
    """One published nDCG@10, a fraction of 1, with what it was measured on and how.

    `benchmark` is a benchmark of the paper, such as MIRACL, or a task of MTEB; `language` a
    language, a task's subset, or `avg`. An empty revision is one that the source does not tell.
    """

    benchmark: str
    split: str
    language: str
    mode: str
    value: float
    encoder: str
    protocol: str
    source: str
    revision: str = ""
    data_revision: str = ""


@dataclass(frozen=True)
class Size:
    """How large a benchmark is in one language."""

    passages: int
    queries: int


@dataclass(frozen=True)
class Published:
    """BGE-M3 on MIRACL's dev queries, nDCG@10 as fractions of 1: mode → language → value."""

    source: str
    values: Mapping[str, Mapping[str, float]]


@cache
def paper() -> tuple[Number, ...]:
    """BGE-M3's rows, and BM25's, of the paper's tables of MIRACL and MLDR."""
    return tuple(
        Number(
            benchmark=row["benchmark"],
            split=row["split"],
            language=row["language"],
            mode=SYSTEMS[row["system"]],
            value=round(float(row["value"]) / 100, 5),
            encoder=M3,
            protocol=PROTOCOL_OF[row["benchmark"]],
            source=row["source"],
        )
        for row in _rows("paper.csv")
        if row["benchmark"] in PROTOCOL_OF and row["system"] in SYSTEMS
    )


@cache
def leaderboard() -> tuple[Number, ...]:
    """What MTEB records: the dense vector of BGE-M3 and of multilingual-e5-small."""
    return tuple(
        Number(
            benchmark=row["task"],
            split=row["split"],
            language=row["subset"],
            mode="dense",
            value=float(row["ndcg_at_10"]),
            encoder=row["model"],
            protocol="mteb",
            source=f"{RESULTS}, {row['task']} of {row['model']}",
            revision=row["model_revision"],
            data_revision=row["dataset_revision"],
        )
        for row in _rows("mteb.csv")
        if row["ndcg_at_10"]
    )


@cache
def sizes() -> Mapping[tuple[str, str, str], Size]:
    """(benchmark, language, split) → how large it is."""
    return {
        (row["benchmark"], row["language"], row["split"]): Size(
            int(row["passages"]), int(row["queries"])
        )
        for row in _rows("sizes.csv")
    }


@cache
def miracl() -> Published:
    """Table 1 of the M3 paper; `avg` is its mean over 18 languages."""
    values: dict[str, dict[str, float]] = {}
    for number in paper():
        if number.benchmark == "MIRACL" and number.mode != "bm25":
            values.setdefault(number.mode, {})[number.language] = number.value
    return Published("arXiv 2402.03216v4 Table 1", values)


def differences(evaluation: Evaluation) -> list[str]:
    """Why an evaluation's numbers are not comparable with the paper's: each reason, checked."""
    scored = evaluation.scored
    reasons = []
    if scored.encoder.name != M3:
        reasons.append(f"another encoder ({scored.encoder.title} instead of {M3})")
    benchmark, _, language = scored.collection.name.partition("/")
    size = len(scored.collection.passages)
    if benchmark != "miracl" or size != MIRACL_PASSAGES.get(language):
        reasons.append(
            f"another collection ({scored.collection.name}: {len(scored.collection.passages):,} "
            f"passages and {len(scored.collection.queries):,} queries; MIRACL's smallest corpus "
            f"has {min(MIRACL_PASSAGES.values()):,} passages)"
        )
    if not evaluation.protocol.startswith("paper-"):
        reasons.append(
            f"another protocol ({evaluation.protocol}: one pool for all modes; the paper "
            "re-ranks dense's best 200)"
        )
    return reasons


def _rows(name: str) -> list[dict[str, str]]:
    with (ASSETS / "published" / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
