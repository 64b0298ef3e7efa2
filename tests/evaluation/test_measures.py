from __future__ import annotations

from math import log2

import numpy as np
import pytest
import pytrec_eval

from eval import measures
from eval.protocols import Ranked, Run, strictly_falling

IDS = [f"p{n}" for n in range(150)]


def ranked(*rows: int) -> Ranked:
    return Ranked(np.asarray(rows, dtype=np.int64), strictly_falling(np.ones(len(rows))))


def numbers(qrels: measures.Qrels, run: Run) -> dict[str, float]:
    """The measures of a single query."""
    [row] = measures.per_query(qrels, {"dense": run}, IDS).to_dict("records")
    assert (row.pop("mode"), row.pop("query")) == ("dense", "q")
    return row


def test_ndcg_at_10_discounts_grades_by_rank_and_divides_by_the_best_order() -> None:
    qrels = {"q": {"p0": 2, "p1": 1, "p2": 0}}
    found = numbers(qrels, {"q": ranked(2, 1, 9, 0)})
    dcg = 1 / log2(2 + 1) + 2 / log2(4 + 1)
    best = 2 / log2(1 + 1) + 1 / log2(2 + 1)
    assert found["nDCG@10"] == pytest.approx(dcg / best, abs=1e-12)


def test_the_best_order_is_cut_at_10_as_well() -> None:
    qrels = {"q": {f"p{n}": 1 for n in range(12)}}
    found = numbers(qrels, {"q": ranked(50, *range(12))})
    gains = [1 / log2(rank + 1) for rank in range(1, 11)]
    assert found["nDCG@10"] == pytest.approx(sum(gains[1:]) / sum(gains), abs=1e-12)


@pytest.mark.parametrize(("rank", "value"), [(1, 1.0), (3, 1 / 3), (10, 1 / 10), (11, 0.0)])
def test_mrr_at_10_is_the_reciprocal_rank_of_the_first_answer_in_ten(
    rank: int, value: float
) -> None:
    order = [*range(1, rank), 0]
    assert numbers({"q": {"p0": 1}}, {"q": ranked(*order)})["MRR@10"] == pytest.approx(value)


def test_recall_at_100_is_the_share_of_the_answers_in_a_hundred() -> None:
    qrels = {"q": {"p0": 2, "p99": 1, "p100": 1, "p140": 0}}
    assert numbers(qrels, {"q": ranked(*range(150))})["Recall@100"] == pytest.approx(2 / 3)


@pytest.mark.parametrize("run", [{}, {"q": ranked()}])
def test_a_query_that_the_run_lost_counts_as_0_and_stays_in_the_mean(run: Run) -> None:
    qrels = {"q": {"p0": 1}, "r": {"p1": 1}}
    table = measures.per_query(qrels, {"dense": {**run, "r": ranked(1)}}, IDS)
    assert dict(zip(table["query"], table["nDCG@10"], strict=True)) == {"q": 0.0, "r": 1.0}
    assert measures.means(table, {})["dense"] == {
        "nDCG@10": (0 + 1) / 2,
        "Recall@100": (0 + 1) / 2,
        "MRR@10": (0 + 1) / 2,
    }
    assert measures.missing({"dense": run}, ["q"]) == {"dense": 1}


def test_a_run_that_found_nothing_at_all_is_0_and_not_absent() -> None:
    table = measures.per_query({"q": {"p0": 1}}, {"dense_sparse": {"q": ranked()}}, IDS)
    assert measures.means(table, {}) == {"dense_sparse": dict.fromkeys(measures.MEASURES, 0.0)}


def test_the_headline_is_the_mean_over_languages_of_their_means() -> None:
    qrels = {query: {"p0": 1} for query in ("a", "b", "c", "d")}
    run = {"a": ranked(0), "b": ranked(1, 0), "c": ranked(1), "d": ranked(1, 2, 3, 0)}
    language = {"a": "de", "b": "en", "c": "en", "d": "en"}
    table = measures.per_query(qrels, {"dense": run}, IDS)
    mean = measures.means(table, language)["dense"]
    assert mean["MRR@10"] == pytest.approx((1 + (1 / 2 + 0 + 1 / 4) / 3) / 2, abs=1e-12)


def test_modes_keep_the_order_of_the_runs() -> None:
    found = {mode: {"q": ranked(0)} for mode in ("sparse", "dense", "fused")}
    table = measures.per_query({"q": {"p0": 1}}, found, IDS)
    assert list(measures.means(table, {"q": "en"})) == ["sparse", "dense", "fused"]


def test_every_number_is_that_of_pytrec_eval() -> None:
    draw = np.random.default_rng(0)
    qrels = {
        f"q{n}": {f"p{row}": int(draw.integers(0, 4)) for row in draw.permutation(150)[:20]}
        for n in range(30)
    }
    run = {query: ranked(*draw.permutation(150)[: draw.integers(1, 150)]) for query in qrels}
    run.pop("q7")
    table = measures.per_query(qrels, {"fused": run}, IDS).set_index("query")
    whole = official(qrels, run, {"ndcg_cut.10", "recall.100"}, 150)
    first = official(qrels, run, {"recip_rank"}, 10)
    for query in run:
        row = table.loc[query]
        assert row["nDCG@10"] == pytest.approx(whole[query]["ndcg_cut_10"], abs=1e-9)
        assert row["Recall@100"] == pytest.approx(whole[query]["recall_100"], abs=1e-9)
        assert row["MRR@10"] == pytest.approx(first[query]["recip_rank"], abs=1e-9)
    assert table.loc["q7", list(measures.MEASURES)].tolist() == [0, 0, 0]


def official(
    qrels: measures.Qrels, run: Run, names: set[str], depth: int
) -> dict[str, dict[str, float]]:
    scored = {
        query: {IDS[row]: float(s) for row, s in zip(r.rows[:depth], r.scores[:depth], strict=True)}
        for query, r in run.items()
    }
    return pytrec_eval.RelevanceEvaluator(qrels, names).evaluate(scored)
