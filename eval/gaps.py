"""What judgements that are missing, and texts that were cut, did to the numbers.

condensed  nDCG@10 with every passage that nobody judged taken out of the rankings (condensed lists,
           Sakai 2007, 'Alternatives to Bpref'): far above the plain one, much was returned unjudged
cut        nDCG@10 of the queries with a relevant passage that the encoder read in part, and of the
           others
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

import numpy as np
import pandas as pd

from eval import measures
from eval.evaluation import Evaluation, Numbers, Scored
from eval.measures import HEADLINE, Qrels
from eval.protocols import TITLES, Ranked, Run


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """Both, as fractions of 1; `cut` has modes only where there are queries on either side."""
    queries, numbers = cut(evaluation)
    return {"condensed": condensed(evaluation), "cut": {"queries": queries, "modes": numbers}}


def condensed(evaluation: Evaluation) -> dict[str, float]:
    """Mode → nDCG@10 over judged passages alone."""
    scored = evaluation.scored
    runs = {m: run for m, run in evaluation.runs.items() if HEADLINE in evaluation.modes[m]}
    language = {query.id: query.language for query in scored.collection.queries}
    return without_unjudged(scored.collection.qrels, runs, scored.ids, language)


def without_unjudged(
    qrels: Qrels, runs: Mapping[str, Run], ids: Sequence[str], language: Mapping[str, str]
) -> dict[str, float]:
    """Mode → nDCG@10 of these runs over judged passages alone."""
    rows = {name: row for row, name in enumerate(ids)}
    judged = {q: np.asarray([rows[p] for p in g if p in rows]) for q, g in qrels.items()}

    def kept(query: str, ranked: Ranked) -> Ranked:
        there = np.isin(ranked.rows, judged.get(query, []))
        return Ranked(ranked.rows[there], ranked.scores[there])

    short = {mode: {q: kept(q, one) for q, one in run.items()} for mode, run in runs.items()}
    table = measures.per_query(qrels, short, ids, {HEADLINE: measures.parse(HEADLINE)})
    return {mode: by[HEADLINE] for mode, by in measures.means(table, language).items()}


def concerned(scored: Scored) -> set[str]:
    """The queries with a relevant passage that was cut."""
    flags = np.concatenate([segment.array("truncated") for segment in scored.index.segments])
    short = {name for name, flag in zip(scored.ids, flags, strict=True) if flag}
    return {
        query
        for query, grades in scored.collection.qrels.items()
        if any(grade > 0 and passage in short for passage, grade in grades.items())
    }


def cut(evaluation: Evaluation) -> tuple[int, Numbers]:
    """How many queries have a relevant passage that was cut; mode → 'cut' and 'whole' → mean."""
    queries = concerned(evaluation.scored)
    return len(queries), sides(evaluation.table, queries)


def sides(table: pd.DataFrame, queries: Set[str]) -> Numbers:
    """Mode → 'cut' and 'whole' → mean nDCG@10 of these queries and of the others, if there are."""
    inside = table["query"].isin(queries)
    if inside.all() or not inside.any():
        return {}
    found: Numbers = {}
    for side, part in (("cut", table[inside]), ("whole", table[~inside])):
        for mode, by in measures.means(part, {}).items():
            found.setdefault(mode, {})[side] = by[HEADLINE] if HEADLINE in by else float("nan")
    return {mode: by for mode, by in found.items() if np.isfinite(list(by.values())).all()}


def sentence(evaluation: Evaluation) -> str:
    """Both in words."""
    plain = evaluation.modes
    parts = [
        f"{TITLES[mode]} {value:.3f} ({value - plain[mode][HEADLINE]:+.3f})"
        for mode, value in condensed(evaluation).items()
    ]
    said = f"Without the passages that nobody judged nDCG@10 would be: {', '.join(parts)}."
    queries, numbers = cut(evaluation)
    if not queries:
        return f"{said} No relevant passage was cut."
    sides = ", ".join(
        f"{TITLES[mode]} {by['cut']:.3f} against {by['whole']:.3f}" for mode, by in numbers.items()
    )
    told = f"{queries:,} queries have a relevant passage that was cut"
    return f"{said} {told}: {sides} of the others." if sides else f"{said} {told}."
