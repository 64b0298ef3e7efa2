"""MTEB's rules, held against pytrec_eval as MTEB calls it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st

from eval import collection, protocols
from eval.evaluation import Evaluation, evaluate, score
from eval.protocols import leaderboard, mteb_runs
from eval.protocols.ranking import larger_id_first
from studio.records import Candidates, FusionSettings
from tests.fakes import FakeEncoder

from .conftest import Beir

TIED = st.sampled_from([0.0, 0.25, 0.5, 1.0, 1 + 1e-9, 1.0 + 2e-7])
DENSE = FusionSettings((1, 0, 0))


def runs(ids: list[str], dense: list[float], takes_away: bool = False) -> dict[str, protocols.Run]:
    scores = np.stack([np.asarray(dense), np.zeros(len(ids)), np.asarray(dense)], axis=1)
    pool = Candidates("text", np.arange(len(ids)), scores)
    return mteb_runs([pool], ["q"], DENSE, ids, larger_id_first(ids), takes_away)


@given(st.lists(TIED, min_size=1, max_size=30), st.randoms())
def test_the_order_is_pytrec_eval_s_own(scores: list[float], random: object) -> None:
    ids = [f"d{n}" for n in range(len(scores))]
    relevant = {name: 1 for name in ids[::3]}
    names = {"ndcg_cut.10", "recip_rank", "map"}
    evaluator = pytrec_eval.RelevanceEvaluator({"q": relevant}, names)
    theirs = evaluator.evaluate({"q": dict(zip(ids, scores, strict=True))})["q"]
    for mode in ("dense", "fused"):
        run = runs(ids, scores)[mode]["q"]
        nudged = dict(zip((ids[r] for r in run.rows), run.scores.tolist(), strict=True))
        assert evaluator.evaluate({"q": nudged})["q"] == pytest.approx(theirs, abs=1e-12)


def test_scores_that_float32_cannot_tell_apart_are_equal() -> None:
    assert runs(["a", "b"], [1 + 1e-9, 1.0])["dense"]["q"].rows.tolist() == [1, 0]


def test_the_query_s_own_passage_goes_after_the_list_is_cut() -> None:
    ids = ["q", *(f"d{n:04}" for n in range(1_200))]
    scores = [9.0, *np.linspace(2, 1, 1_200)]
    kept = runs(ids, scores)["dense"]["q"].rows
    assert len(kept) == 1_000
    assert kept[0] == 0
    gone = runs(ids, scores, takes_away=True)["dense"]["q"].rows
    assert gone.tolist() == kept[1:].tolist()  # 999: nothing moves up into the list


@pytest.mark.parametrize(
    ("name", "takes_away"),
    [
        ("mteb/ArguAna", True),
        ("mteb/FiQA2018", True),
        ("mteb/QuoraRetrieval", True),
        ("mteb/MSMARCOHardNegatives", True),
        ("mteb/TRECDL2019", True),
        ("mteb/NanoArguAnaRetrieval", False),
        ("mteb/NanoFiQA2018Retrieval", False),
        ("mteb/MIRACLRetrieval/sw", False),
        ("mteb/XQuADRetrieval/en", False),
        ("mteb/SciFact", False),
        ("beir/arguana", True),
        ("beir/scifact", False),
        ("data/cranfield", False),
    ],
)
def test_only_some_tasks_take_the_query_s_own_passage_away(name: str, takes_away: bool) -> None:
    assert protocols.takes_itself_away(name) is takes_away


def test_the_rule_is_applied_by_the_collection_s_name(beir: Beir, tmp_path: Path) -> None:
    folder = beir(
        corpus=[{"_id": "q1", "text": "fox"}, {"_id": "d", "text": "fax"}],
        queries=[{"_id": "q1", "text": "fox"}],
        splits={"test": [("q1", "d", 1)]},
    )
    loaded = collection.load(str(folder))
    first = {}
    for name in ("mteb/ArguAna", "mteb/NanoArguAnaRetrieval"):
        named = replace(loaded, name=name)
        made = evaluate(score(named, FakeEncoder(), tmp_path / "cache", protocol="mteb"))
        first[name] = made.scored.ids[made.runs["dense"]["q1"].rows[0]]
        assert made.protocol == "mteb"
    assert first == {"mteb/ArguAna": "d", "mteb/NanoArguAnaRetrieval": "q1"}


def test_texts_are_joined_by_a_blank_and_stripped() -> None:
    join = leaderboard.title_space_text
    assert join("Fox", " It runs. ") == "Fox  It runs."
    assert join("", " It runs. ") == "It runs."
    assert join("Fox", "Fox: it runs.") == "Fox Fox: it runs."  # where studio reads it once


def test_reported_means_have_five_decimals(evaluation: Evaluation, tmp_path: Path) -> None:
    scored = score(evaluation.scored.collection, FakeEncoder(), tmp_path / "c", protocol="mteb")
    made = evaluate(scored, FusionSettings((1, 0.3, 1)))
    values = [x for by in made.modes.values() for x in by.values()]
    values += [x for by in made.group("language").values() for m in by.values() for x in m.values()]
    assert values == [round(value, 5) for value in values]
    assert any(value != round(value, 4) for value in values)
    assert any(v != round(v, 5) for by in evaluation.modes.values() for v in by.values())


def test_any_weights_are_allowed_and_a_mix_of_nothing_returns_nothing() -> None:
    ids = ["a", "b"]
    pool = Candidates("t", np.arange(2), np.asarray([[0.1, 0.0, 0.9], [0.9, 0.0, 0.1]]))
    made = mteb_runs([pool], ["q"], FusionSettings((0, 0, 1)), ids, larger_id_first(ids), False)
    assert made["fused"]["q"].rows.tolist() == [0, 1]
    assert made["dense_sparse"]["q"].rows.tolist() == made["sparse"]["q"].rows.tolist() == []


def test_the_pool_of_a_large_corpus_is_cut_by_the_larger_id() -> None:
    ids = [f"{n:04}" for n in range(2_500)]
    flat = np.ones(2_500, dtype=np.float32)
    chosen = leaderboard.pool(larger_id_first(ids))(flat, np.zeros(2_500, dtype=np.float32))
    assert chosen.tolist() == list(range(1_500, 2_500))
