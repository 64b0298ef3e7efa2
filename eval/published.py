"""Published numbers, each with its source, and in words why ours cannot stand beside them."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from eval.collection import ASSETS
from eval.evaluation import Evaluation

MIRACL_PASSAGES = {"sw": 131_924, "yo": 49_043, "bn": 297_265}
M3 = "BAAI/bge-m3"


@dataclass(frozen=True)
class Published:
    """BGE-M3 on MIRACL's dev queries, nDCG@10 as fractions of 1: mode → language → value."""

    source: str
    values: Mapping[str, Mapping[str, float]]


@cache
def miracl() -> Published:
    """Table 1 of the M3 paper; `avg` is its mean over 18 languages."""
    values: dict[str, dict[str, float]] = {}
    source = ""
    with (ASSETS / "published" / "miracl.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            values.setdefault(row["mode"], {})[row["language"]] = float(row["nDCG@10"])
            source = row["source"]
    return Published(source, values)


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
