"""Official measures through ir-measures: the field's names, trec_eval's numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ir_measures
import numpy as np
import pandas as pd
from ir_measures import RR, R, nDCG

from eval.protocols import Run

MEASURES: dict[str, Any] = {"nDCG@10": nDCG @ 10, "Recall@100": R @ 100, "MRR@10": RR @ 10}
HEADLINE = "nDCG@10"

Qrels = Mapping[str, Mapping[str, int]]


def per_query(qrels: Qrels, runs: Mapping[str, Run], ids: Sequence[str]) -> pd.DataFrame:
    """One row per mode and query, one column per measure.

    A query that a run lost counts as 0 and stays in the mean; `missing` says which.
    """
    judged = {query: dict(grades) for query, grades in qrels.items()}
    evaluator = ir_measures.evaluator(list(MEASURES.values()), judged)
    names = {measure: name for name, measure in MEASURES.items()}
    rows = []
    for mode, run in runs.items():
        scored = {
            query: dict(zip((ids[row] for row in ranked.rows), ranked.scores.tolist(), strict=True))
            for query, ranked in run.items()
        }
        values: dict[str, dict[str, float]] = {query: {} for query in qrels}
        for metric in evaluator.iter_calc(scored):
            values[metric.query_id][names[metric.measure]] = metric.value
        rows += [{"mode": mode, "query": query, **numbers} for query, numbers in values.items()]
    return pd.DataFrame(rows, columns=["mode", "query", *MEASURES])


def missing(runs: Mapping[str, Run], queries: Sequence[str]) -> dict[str, int]:
    """How many judged queries each run returned nothing for."""
    return {
        mode: sum(query not in run or not len(run[query].rows) for query in queries)
        for mode, run in runs.items()
    }


def means(table: pd.DataFrame, language: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """mode → measure → mean over languages of each language's mean over queries."""
    languages = table["query"].map(lambda query: language.get(query, ""))
    columns = list(MEASURES)
    by_language = table.groupby(["mode", languages], sort=False)[columns].mean()
    by_mode = by_language.groupby(level=0, sort=False).mean()
    return {
        str(mode): {m: float(row[m]) for m in columns if np.isfinite(row[m])}
        for mode, row in by_mode.iterrows()
    }
