"""Official measures through ir-measures: the field's names, trec_eval's numbers.

nDCG    the grade is the gain (linear), the discount log2(rank + 1); grades below 0 gain nothing
Recall  share of the relevant passages (grade 1 or more) among the first k
MRR     1 / rank of the first relevant passage within k, else 0
MAP     mean over the relevant passages of the precision at each, 0 for one not returned
Judged  share of the first k (or of all, where fewer were returned) that have a judgement

What a ranking is, and how ties stand in it, is `protocols`' to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import ir_measures
import numpy as np
import pandas as pd
from ir_measures import AP, RR, Judged, R, nDCG

from eval.protocols import DEPTH, Ranked, Run
from studio.errors import SettingsError

MEASURES: dict[str, Any] = {
    "nDCG@10": nDCG @ 10,
    "Recall@100": R @ 100,
    "MRR@10": RR @ 10,
    "MAP": AP,
    "Judged@10": Judged @ 10,
}
HEADLINE = "nDCG@10"

CUT = {"nDCG": nDCG, "Recall": R, "MRR": RR, "Judged": Judged}  # each taken at a depth k
WHOLE = {"MAP": AP}  # over all that was returned
NAME = re.compile(r"([a-z]+)(?:@([0-9]{1,9}))?", re.IGNORECASE)

Qrels = Mapping[str, Mapping[str, int]]


def canonical(name: str) -> str:
    """The field's spelling of a measure: `ndcg@10` is nDCG@10. Raises SettingsError."""
    known = {kind.lower(): kind for kind in (*CUT, *WHOLE)}
    found = NAME.fullmatch(name.strip())
    kind = known.get(found[1].lower()) if found else None
    if not found or kind is None:
        raise SettingsError(
            f"There is no measure '{name}'. There are nDCG@k, Recall@k, MRR@k, Judged@k and MAP, "
            f"with k from 1 to {DEPTH:,}; for example nDCG@10."
        )
    if kind in WHOLE:
        if found[2]:
            raise SettingsError(f"{kind} is taken over the whole run. Write {kind} without @k.")
        return kind
    if not found[2] or not 1 <= int(found[2]) <= DEPTH:
        raise SettingsError(
            f"'{name}' needs a depth from 1 to {DEPTH:,}. Write, for example, {kind}@10."
        )
    return f"{kind}@{int(found[2])}"


def parse(name: str) -> Any:
    """The measure of ir-measures behind nDCG@k, Recall@k, MRR@k, Judged@k or MAP."""
    kind, _, depth = canonical(name).partition("@")
    return CUT[kind] @ int(depth) if depth else WHOLE[kind]


def per_query(
    qrels: Qrels,
    runs: Mapping[str, Run],
    ids: Sequence[str],
    measures: Mapping[str, Any] = MEASURES,
) -> pd.DataFrame:
    """One row per mode and query, one column per measure.

    A query that a run lost counts as 0 in every measure and stays in the mean; `missing` says
    which. So does a query none of whose judgements is relevant.
    """
    judged = {query: dict(grades) for query, grades in qrels.items()}
    evaluators = [
        (depth, names, ir_measures.evaluator(list(names), judged))
        for depth, names in _by_depth(measures).items()
    ]
    rows = []
    for mode, run in runs.items():
        values: dict[str, dict[str, float]] = {query: {} for query in qrels}
        for depth, names, evaluator in evaluators:
            for metric in evaluator.iter_calc(dict(_scored(run, judged, ids, depth))):
                values[metric.query_id][names[metric.measure]] = float(metric.value)
        rows += [{"mode": mode, "query": query, **numbers} for query, numbers in values.items()]
    return pd.DataFrame(rows, columns=["mode", "query", *measures])


def _by_depth(measures: Mapping[str, Any]) -> dict[int | None, dict[Any, str]]:
    """Measures by how many passages they look at (None for all), so that no more are handed over.

    ir-measures sends MRR and Judged to tools that sort in Python: at 1,000 passages a query they
    would take most of the time.
    """
    parts: dict[int | None, dict[Any, str]] = {}
    for name, measure in measures.items():
        parts.setdefault(measure.params.get("cutoff"), {})[measure] = name
    return parts


def _scored(
    run: Run, judged: Qrels, ids: Sequence[str], depth: int | None
) -> Iterator[tuple[str, dict[str, float]]]:
    """Query → passage → score, for the tools; queries without a passage are left to the default.

    The scores fall strictly in float32 (`protocols.strictly_falling`), so that all tools keep this
    order: they break ties differently, and one run goes to three of them.
    """
    for query, ranked in run.items():
        if query in judged and len(ranked.rows):
            yield query, _listed(ranked, ids, depth)


def _listed(ranked: Ranked, ids: Sequence[str], depth: int | None) -> dict[str, float]:
    rows, scores = ranked.rows[:depth].tolist(), ranked.scores[:depth].tolist()
    return dict(zip([ids[row] for row in rows], scores, strict=True))


def missing(runs: Mapping[str, Run], queries: Sequence[str]) -> dict[str, int]:
    """How many judged queries each run returned nothing for."""
    return {
        mode: sum(query not in run or not len(run[query].rows) for query in queries)
        for mode, run in runs.items()
    }


def rounded(
    numbers: Mapping[str, Mapping[str, float]], decimals: int | None
) -> dict[str, dict[str, float]]:
    """Means as a protocol reports them: MTEB to 5 decimals, the others (None) whole."""
    return {
        mode: {name: x if decimals is None else round(x, decimals) for name, x in by.items()}
        for mode, by in numbers.items()
    }


def means(table: pd.DataFrame, language: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """mode → measure → mean over languages of each language's mean over queries."""
    languages = table["query"].map(lambda query: language.get(query, ""))
    columns = [column for column in table.columns if column not in ("mode", "query")]
    by_language = table.groupby(["mode", languages], sort=False)[columns].mean()
    by_mode = by_language.groupby(level=0, sort=False).mean()
    return {
        str(mode): {m: float(row[m]) for m in columns if np.isfinite(row[m])}
        for mode, row in by_mode.iterrows()
    }
