"""Missing judgements and texts that were cut, and what they did to the numbers."""

from __future__ import annotations

from math import log2
from pathlib import Path

import pytest

from eval import collection, gaps
from eval.evaluation import Evaluation, evaluate, score
from tests.evaluation.conftest import Beir
from tests.fakes import FakeEncoder


def test_without_unjudged_passages_a_ranking_keeps_its_order(evaluation: Evaluation) -> None:
    found = gaps.condensed(evaluation)
    assert list(found) == list(evaluation.modes)
    # q1: `fox`, unjudged, goes; foxes (grade 1) then stands before fax (grade 2).
    first = (1 + 2 / log2(3)) / (2 + 1 / log2(3))
    assert found["dense"] == pytest.approx(((first + 1) / 2 + 1) / 2)  # two languages


def test_nothing_cut_is_said(evaluation: Evaluation) -> None:
    assert gaps.cut(evaluation) == (0, {})
    said = gaps.sentence(evaluation)
    assert said.startswith(
        "Without the passages that nobody judged nDCG@10 would be: Dense 0.965 (+0.060)"
    )
    assert said.endswith("No relevant passage was cut.")


def test_queries_whose_relevant_passage_was_cut_are_told_from_the_others(
    beir: Beir, tmp_path: Path
) -> None:
    corpus = [{"_id": "long", "text": "owl by night and day"}, {"_id": "short", "text": "fox"}]
    splits = {"test": [("q1", "short", 1), ("q3", "long", 1)]}
    loaded = collection.load(str(beir(corpus=corpus, splits=splits)))
    evaluation = evaluate(score(loaded, FakeEncoder(max_tokens=3), tmp_path / "cache"))
    queries, numbers = gaps.cut(evaluation)
    assert queries == 1
    assert numbers["dense"] == {"cut": 1.0, "whole": 1.0}
    assert "1 queries have a relevant passage that was cut: Dense 1.000 against 1.000" in (
        gaps.sentence(evaluation)
    )
