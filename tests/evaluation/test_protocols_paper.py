"""The M3 paper's protocol on corpora small enough to be worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse as sp

from eval import collection, protocols
from eval.dimensions import by_dimension
from eval.evaluation import Scored, evaluate, score
from eval.protocols import Listed, paper_runs, ranked
from eval.protocols import paper as rules
from eval.protocols.ranking import best, larger_id_first, top
from studio.errors import SettingsError
from studio.records import Candidates, FusionSettings
from studio.search import WHOLE
from tests.fakes import FakeEncoder

from .conftest import Beir

IDS = ["a", "b", "c", "d"]
PLACES = larger_id_first(IDS)


def listed(*pairs: tuple[int, float]) -> Listed:
    rows, scores = zip(*pairs, strict=True)
    return Listed(np.asarray(rows), np.asarray(scores))


def made(protocol: str) -> dict[str, list[int]]:
    """Dense knows a, b, c; sparse, in counts, knows d and b; a and b are dense's best two."""
    dense = listed((0, 0.9), (1, 0.8), (2, 0.1))
    sparse = listed((3, 6_000), (1, 2_000))
    pool = Candidates("q", np.asarray([0, 1]), np.asarray([[0.9, 0.0, 0.2], [0.8, 0.19, 0.9]]))
    late = listed((1, 0.9), (0, 0.2))
    weights = protocols.protocol(protocol).weights
    assert weights is not None
    lists = {"dense": [dense], "sparse": [sparse], "multi_vector": [late]}
    runs = paper_runs(lists, [pool], ["q"], weights, PLACES)
    return {mode: run["q"].rows.tolist() for mode, run in runs.items()}


def test_weights_are_counted_upwards_in_hundredths() -> None:
    weights = sp.csr_array(np.asarray([[0.0, 0.001, 0.25, 0.255, 1.0]], dtype=np.float32))
    assert rules.counted(weights).toarray().tolist() == [[0, 1, 25, 26, 100]]


def test_a_weight_that_float32_holds_a_little_too_large_is_counted_up() -> None:
    weights = sp.csr_array(np.asarray([[0.07]], dtype=np.float32))
    assert float(np.float32(0.07)) > 0.07
    assert rules.counted(weights).toarray().tolist() == [[8]]


def test_dense_and_sparse_add_up_over_both_lists_with_0_for_what_a_list_lacks() -> None:
    # MIRACL: a 0.9, b 0.8 + 0.3·0.2, c 0.1, d 0.3·0.6
    assert made("paper-miracl")["dense_sparse"] == [0, 1, 3, 2]
    # MLDR: a 0.2·0.9, b 0.2·0.8 + 0.8·0.2, c 0.2·0.1, d 0.8·0.6
    assert made("paper-mldr")["dense_sparse"] == [3, 1, 0, 2]


def test_all_three_adds_the_real_scores_of_the_re_ranked() -> None:
    # MIRACL: a 0.9 + 0.2, b 0.8 + 0.3·0.19 + 0.9; d, sparse's best, is no candidate
    for protocol in ("paper-miracl", "paper-mldr"):
        assert made(protocol)["fused"] == made(protocol)["multi_vector"] == [1, 0]
        assert made(protocol)["sparse"] == [3, 1]


def test_the_sum_is_neither_normalised_nor_divided() -> None:
    pool = Candidates("q", np.asarray([0]), np.asarray([[0.9, 0.5, 0.2]]))
    total = rules.summed(pool, rules.MLDR, PLACES).scores
    assert total == pytest.approx([0.15 * 0.9 + 0.5 * 0.5 + 0.35 * 0.2])
    both = rules.union(listed((0, 0.9)), listed((0, 5_000)), rules.MIRACL_PAIR, PLACES)
    assert both.scores == pytest.approx([1 * 0.9 + 0.3 * 5_000 / 10_000])


def test_among_equals_the_larger_id_stands_first_as_in_trec_eval() -> None:
    ids = ["10", "9", "é", "z", "B", "a", "💡", "ｚ"]
    found = top(np.zeros(len(ids), dtype=np.float32), larger_id_first(ids)).rows
    ours = [ids[row] for row in found]
    ranks = {}
    for name in ids:  # reciprocal rank of one relevant passage tells where trec_eval puts it
        evaluator = pytrec_eval.RelevanceEvaluator({"q": {name: 1}}, {"recip_rank"})
        value = evaluator.evaluate({"q": dict.fromkeys(ids, 0.0)})["q"]["recip_rank"]
        ranks[name] = round(1 / value)
    assert ours == sorted(ids, key=ranks.__getitem__)


def test_a_list_of_a_thousand_is_cut_in_that_order_too() -> None:
    ids = [f"{n:04}" for n in range(1_500)]
    scores = np.ones(1_500, dtype=np.float32)
    scores[7] = 2
    found = top(scores, larger_id_first(ids)).rows.tolist()
    assert found == [7, *range(1_499, 500, -1)]
    assert len(top(np.zeros(1_500), larger_id_first(ids), only_found=True).rows) == 0


def test_the_encoder_reads_title_and_text_on_two_lines_or_the_text_alone() -> None:
    assert protocols.PROTOCOLS["paper-miracl"].join("Fox", "It runs.") == "Fox\nIt runs."
    assert protocols.PROTOCOLS["paper-miracl"].join("", "It runs.") == "\nIt runs."
    assert protocols.PROTOCOLS["paper-mldr"].join("Fox", "It runs.") == "It runs."
    assert protocols.PROTOCOLS["studio"].join("Fox", "Fox: it runs.") == "Fox: it runs."


@pytest.fixture
def large(beir: Beir, tmp_path: Path) -> Any:
    """A corpus above the house's limit of whole pools: 'fox' in it is shared by 300 passages."""

    def scored(protocol: str) -> Scored:
        fillers = [{"_id": f"p{n:04}", "text": f"fox {'b' * (1 + n % 40)}"} for n in range(300)]
        others = [{"_id": f"x{n:04}", "text": "zzz"} for n in range(WHOLE)]
        folder = beir(
            corpus=[{"_id": "q", "text": "fox"}, *fillers, *others],
            queries=[{"_id": "q", "text": "fox"}],
            splits={"test": [("q", "q", 1), ("q", "p0000", 1)]},
        )
        return score(
            collection.load(str(folder)), FakeEncoder(), tmp_path / "cache", protocol=protocol
        )

    return scored


def test_nothing_beyond_dense_s_best_200_meets_colbert(large: Any) -> None:
    scored = large("paper-miracl")
    assert scored.candidates == ()
    assert scored.protocol == "paper-miracl"
    dense, sparse = scored.lists["dense"][0], scored.lists["sparse"][0]
    assert len(dense.rows) == 1_000
    assert len(sparse.rows) == 301  # those that share a token
    assert set(scored.lists["multi_vector"][0].rows) == set(dense.rows[:200])
    assert scored.reranked[0].rows.tolist() == sorted(dense.rows[:200].tolist())
    assert float(np.float32(0.3)) > 0.3  # the weight of 'fox' on either side
    assert sparse.scores[0] == 31 * 31
    runs = evaluate(scored).runs
    assert [len(runs[m]["q"].rows) for m in protocols.RUN_MODES] == [1_000, 301, 200, 1_000, 200]


def test_mteb_s_pool_is_cut_by_the_larger_id(large: Any) -> None:
    """Dense ranks q, 300 with 'fox', then 2,000 equals, of which 699 fit."""
    rows = large("mteb").candidates[0].rows
    assert rows.tolist() == [*range(301), *range(301 + WHOLE - 699, 301 + WHOLE)]


def test_the_house_s_pool_is_cut_in_corpus_order(large: Any) -> None:
    assert large("studio").candidates[0].rows.tolist() == list(range(1_000))


def test_shorter_vectors_have_no_pool_to_be_compared_on(large: Any) -> None:
    with pytest.raises(SettingsError, match="paper-miracl keeps a list per mode"):
        by_dimension(evaluate(large("paper-miracl")))


@given(st.integers(0, 10_000))
def test_dense_and_sparse_add_up_as_a_dictionary_of_both_would(seed: int) -> None:
    """The script's way: a dictionary of document ids, measured by trec_eval itself."""
    random = np.random.default_rng(seed)
    ids = [f"{n:02}" for n in random.permutation(40)]
    places = larger_id_first(ids)
    scores = random.integers(0, 8, 40) / 8, random.integers(0, 4, 40) * 2_500
    rows = [random.permutation(40)[:25] for _ in scores]
    dense, sparse = (best(r, s[r], places) for r, s in zip(rows, scores, strict=True))
    expected: dict[str, float] = {}
    for row, score_ in zip(sparse.rows, sparse.scores, strict=True):
        expected[ids[row]] = score_ / 10_000 * 0.3
    for row, score_ in zip(dense.rows, dense.scores, strict=True):
        expected[ids[row]] = expected.get(ids[row], 0.0) + score_ * 1.0
    found = ranked(rules.union(dense, sparse, rules.MIRACL_PAIR, places))
    ours = {ids[r]: float(s) for r, s in zip(found.rows, found.scores, strict=True)}
    evaluator = pytrec_eval.RelevanceEvaluator(
        {"q": dict.fromkeys(ids[::4], 1)}, {"ndcg_cut.10", "map"}
    )
    theirs = evaluator.evaluate({"q": expected})
    assert evaluator.evaluate({"q": ours})["q"] == pytest.approx(theirs["q"], abs=1e-12)


def test_a_passage_with_the_query_s_id_stays(large: Any) -> None:
    evaluation = evaluate(large("paper-miracl"))
    assert evaluation.runs["dense"]["q"].rows[0] == 0
    assert evaluation.scored.ids[0] == "q"


def test_the_weights_are_the_protocol_s(large: Any) -> None:
    scored = large("paper-mldr")
    assert evaluate(scored).settings == FusionSettings((0.15, 0.5, 0.35))
    assert evaluate(scored, FusionSettings((0.15, 0.5, 0.35))).protocol == "paper-mldr"
    with pytest.raises(
        SettingsError, match=r"fixes its weights .*0\.2 / 0\.8 / 0.*--protocol studio"
    ):
        evaluate(scored, FusionSettings())


def test_an_unknown_protocol_is_answered_with_those_there_are() -> None:
    with pytest.raises(SettingsError, match="studio, paper-miracl, paper-mldr, mteb"):
        protocols.protocol("beir")
