"""What judgements that are missing, and texts that were cut, did to the numbers.

condensed  nDCG@10 with every passage that nobody judged taken out of the rankings (condensed lists,
           Sakai 2007, 'Alternatives to Bpref'): far above the plain one, much was returned unjudged
cut        nDCG@10 of the queries with a relevant passage that the encoder read in part, and of the
           others
"""

from __future__ import annotations

from typing import Any

import numpy as np

from eval import measures
from eval.evaluation import Evaluation, Numbers
from eval.measures import HEADLINE
from eval.protocols import TITLES, Ranked


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """Both, as fractions of 1; `cut` has modes only where there are queries on either side."""
    queries, numbers = cut(evaluation)
    return {"condensed": condensed(evaluation), "cut": {"queries": queries, "modes": numbers}}


def condensed(evaluation: Evaluation) -> dict[str, float]:
    """Mode → nDCG@10 over judged passages alone."""
    scored = evaluation.scored
    qrels, ids = scored.collection.qrels, scored.ids
    rows = {name: row for row, name in enumerate(ids)}
    judged = {q: np.asarray([rows[p] for p in g if p in rows]) for q, g in qrels.items()}

    def kept(query: str, ranked: Ranked) -> Ranked:
        there = np.isin(ranked.rows, judged[query])
        return Ranked(ranked.rows[there], ranked.scores[there])

    runs = {
        mode: {query: kept(query, ranked) for query, ranked in run.items()}
        for mode, run in evaluation.runs.items()
        if HEADLINE in evaluation.modes[mode]
    }
    table = measures.per_query(qrels, runs, ids, {HEADLINE: measures.parse(HEADLINE)})
    language = {query.id: query.language for query in scored.collection.queries}
    return {mode: by[HEADLINE] for mode, by in measures.means(table, language).items()}


def cut(evaluation: Evaluation) -> tuple[int, Numbers]:
    """How many queries have a relevant passage that was cut; mode → 'cut' and 'whole' → mean."""
    scored = evaluation.scored
    flags = np.concatenate([segment.array("truncated") for segment in scored.index.segments])
    short = {name for name, flag in zip(scored.ids, flags, strict=True) if flag}
    concerned = {
        query
        for query, grades in scored.collection.qrels.items()
        if any(grade > 0 and passage in short for passage, grade in grades.items())
    }
    if not 0 < len(concerned) < len(scored.collection.queries):
        return len(concerned), {}
    inside = evaluation.table["query"].isin(concerned)
    found: Numbers = {}
    for side, part in (("cut", evaluation.table[inside]), ("whole", evaluation.table[~inside])):
        for mode, by in measures.means(part, {}).items():
            found.setdefault(mode, {})[side] = by[HEADLINE] if HEADLINE in by else float("nan")
    whole = {mode: by for mode, by in found.items() if np.isfinite(list(by.values())).all()}
    return len(concerned), whole


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
