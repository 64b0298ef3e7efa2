from __future__ import annotations

from math import log2

import numpy as np
import pytest
import pytrec_eval

from eval import measures
from eval.protocols import Ranked, Run, strictly_falling
from studio.errors import SettingsError

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
    assert measures.means(table, {})["dense"] == dict.fromkeys(measures.MEASURES, (0 + 1) / 2)
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


def test_map_is_the_mean_of_the_precisions_at_the_answers_over_all_of_them() -> None:
    qrels = {"q": {"p0": 1, "p1": 2, "p2": 1, "p3": 0}}
    found = numbers(qrels, {"q": ranked(0, 9, 3, 1)})  # p2 is not returned: precision 0
    assert found["MAP"] == pytest.approx((1 / 1 + 2 / 4 + 0) / 3, abs=1e-12)


def test_judged_at_10_counts_grades_of_0_and_below_as_judged() -> None:
    qrels = {"q": {"p0": 1, "p1": 0, "p2": -1, "p120": 1}}
    whole = numbers(qrels, {"q": ranked(0, 1, 2, *range(50, 60), 120)})
    assert whole["Judged@10"] == pytest.approx(3 / 10, abs=1e-12)
    short = numbers(qrels, {"q": ranked(0, 50, 1, 51)})
    assert short["Judged@10"] == pytest.approx(2 / 4, abs=1e-12)


@pytest.mark.parametrize("grade", [0, -1])
def test_a_query_without_a_relevant_passage_counts_as_0(grade: int) -> None:
    found = numbers({"q": {"p0": grade}}, {"q": ranked(0)})
    assert found == dict.fromkeys(measures.MEASURES, 0.0) | {"Judged@10": 1.0}


def test_only_judged_queries_are_measured() -> None:
    table = measures.per_query({"q": {"p0": 1}}, {"dense": {"q": ranked(0), "r": ranked(0)}}, IDS)
    assert table["query"].tolist() == ["q"]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("nDCG@10", "nDCG@10"),
        ("ndcg@010", "nDCG@10"),
        (" RECALL@100", "Recall@100"),
        ("mrr@1000", "MRR@1000"),
        ("map", "MAP"),
        ("Judged@1", "Judged@1"),
    ],
)
def test_a_measure_is_known_by_its_name_in_any_case(given: str, name: str) -> None:
    assert measures.canonical(given) == name
    assert measures.parse(given) == measures.parse(name)


def test_the_measures_shown_are_those_that_their_names_say() -> None:
    assert list(measures.MEASURES) == ["nDCG@10", "Recall@100", "MRR@10", "MAP", "Judged@10"]
    assert {name: measures.parse(name) for name in measures.MEASURES} == measures.MEASURES
    assert measures.HEADLINE in measures.MEASURES


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("ERR@10", "There are nDCG@k, Recall@k, MRR@k, Judged@k and MAP"),
        ("", "There is no measure ''"),
        ("nDCG@ten", "There is no measure 'nDCG@ten'"),
        ("nDCG@1@2", "There is no measure"),
        ("nDCG", "Write, for example, nDCG@10"),
        ("MRR@0", "a depth from 1 to 1,000"),
        ("Recall@1001", "a depth from 1 to 1,000"),
        ("MAP@10", "Write MAP without @k"),
    ],
)
def test_an_unknown_measure_is_answered_with_those_that_exist(name: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        measures.parse(name)


OFFICIAL = {  # our name → trec_eval's, and the depth at which the run is cut for it
    "nDCG@10": ("ndcg_cut.10", 150),
    "nDCG@3": ("ndcg_cut.3", 150),
    "Recall@100": ("recall.100", 150),
    "MAP": ("map", 150),
    "MRR@10": ("recip_rank", 10),
    "MRR@100": ("recip_rank", 100),
    "Judged@10": ("P.10", 10),
}


@pytest.mark.parametrize("lowest", [1, 0, -2], ids=["relevant alone", "graded", "negative too"])
@pytest.mark.parametrize("highest", [1, 3], ids=["binary", "to 3"])
def test_every_number_is_that_of_pytrec_eval(lowest: int, highest: int) -> None:
    draw = np.random.default_rng([lowest + 2, highest])
    qrels = {f"q{n}": judgements(draw, lowest, highest) for n in range(40)}
    qrels["q3"] = {"p1": min(lowest, 0), "p2": 0}  # nothing relevant
    run = {query: tied(draw) for query in qrels}
    run.pop("q7")
    chosen = {name: measures.parse(name) for name in OFFICIAL}
    table = measures.per_query(qrels, {"fused": run}, IDS, chosen).set_index("query")
    for name, (theirs, depth) in OFFICIAL.items():
        judged = qrels
        if name == "Judged@10":  # precision where whatever is judged is relevant
            judged = {q: dict.fromkeys(grades, 1) for q, grades in qrels.items()}
        values = official(judged, run, theirs, depth)
        for query in run:
            whole = 10 / min(10, len(run[query].rows)) if name == "Judged@10" else 1
            assert table.loc[query, name] == pytest.approx(values[query] * whole, abs=1e-9)
    assert table.loc["q7", list(OFFICIAL)].tolist() == [0.0] * len(OFFICIAL)


def judgements(draw: np.random.Generator, lowest: int, highest: int) -> dict[str, int]:
    rows = draw.permutation(150)[: draw.integers(1, 40)]
    return {f"p{row}": int(draw.integers(lowest, highest + 1)) for row in rows}


def tied(draw: np.random.Generator) -> Ranked:
    """1 to 150 passages of which many have the same score, as the protocols make a run of them."""
    rows = draw.permutation(150)[: draw.integers(1, 151)]
    scores = np.sort(draw.integers(0, 5, len(rows)) / 4)[::-1]
    return Ranked(rows, strictly_falling(scores))


def official(qrels: measures.Qrels, run: Run, name: str, depth: int) -> dict[str, float]:
    scored = {
        query: {IDS[row]: float(s) for row, s in zip(r.rows[:depth], r.scores[:depth], strict=True)}
        for query, r in run.items()
    }
    found = pytrec_eval.RelevanceEvaluator(qrels, {name}).evaluate(scored)
    return {query: values[name.replace(".", "_")] for query, values in found.items()}


@pytest.mark.parametrize("name", ["MAP", "nDCG@5"])
def test_a_table_of_other_measures_has_their_columns(name: str) -> None:
    table = measures.per_query(
        {"q": {"p0": 1}}, {"dense": {"q": ranked(0)}}, IDS, {name: measures.parse(name)}
    )
    assert list(table.columns) == ["mode", "query", name]
    assert measures.means(table, {}) == {"dense": {name: 1.0}}
