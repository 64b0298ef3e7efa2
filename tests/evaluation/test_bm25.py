"""BM25 over the encoder's tokens, against the formula."""

from __future__ import annotations

from math import log
from pathlib import Path

import pytest

from eval import collection, protocols
from eval.evaluation import evaluate, score
from eval.protocols.bm25 import K1, B
from studio.records import FusionSettings
from tests.fakes import FakeEncoder

from .conftest import Beir

CORPUS = (
    {"_id": "a", "text": "fox fox dog"},
    {"_id": "b", "text": "fox"},
    {"_id": "c", "text": "owl"},
    {"_id": "d", "text": ""},
)


def lists(beir: Beir, home: Path, query: str, protocol: str = "studio") -> dict[str, float]:
    folder = beir(
        corpus=CORPUS, queries=[{"_id": "q", "text": query}], splits={"test": [("q", "a", 1)]}
    )
    loaded = collection.load(str(folder))
    scored = score(loaded, FakeEncoder(), home / "cache", protocol=protocol, bm25=True)
    found = scored.bm25[0]
    return {scored.ids[r]: float(s) for r, s in zip(found.rows, found.scores, strict=True)}


def lucene(tf: int, df: int, length: int) -> float:
    """One token's part in a corpus of 4 passages with 5 tokens."""
    idf = log(1 + (4 - df + 0.5) / (df + 0.5))
    return idf * tf / (tf + K1 * (1 - B + B * length / (5 / 4)))


def test_scores_are_lucene_s_formula(beir: Beir, tmp_path: Path) -> None:
    found = lists(beir, tmp_path, "fox")
    assert list(found) == ["a", "b"]
    assert found["a"] == pytest.approx(lucene(2, 2, 3), rel=1e-6)
    assert found["b"] == pytest.approx(lucene(1, 2, 1), rel=1e-6)


def test_a_token_asked_for_twice_counts_twice_and_an_unknown_one_not_at_all(
    beir: Beir, tmp_path: Path
) -> None:
    found = lists(beir, tmp_path, "fox dog fox cat")
    assert found["a"] == pytest.approx(2 * lucene(2, 2, 3) + lucene(1, 1, 3), rel=1e-6)


def test_a_query_without_a_known_token_finds_nothing(beir: Beir, tmp_path: Path) -> None:
    assert lists(beir, tmp_path, "cat") == {}


def test_it_stands_beside_the_modes_and_is_none_of_them(beir: Beir, tmp_path: Path) -> None:
    loaded = collection.load(str(beir()))
    without = evaluate(score(loaded, FakeEncoder(), tmp_path), FusionSettings())
    beside = evaluate(score(loaded, FakeEncoder(), tmp_path, bm25=True), FusionSettings())
    assert tuple(without.runs) == protocols.RUN_MODES
    assert tuple(beside.runs) == (*protocols.RUN_MODES, "bm25")
    assert {mode: beside.modes[mode] for mode in without.modes} == without.modes
    assert protocols.TITLES["bm25"] == "BM25"
    assert tuple(evaluate(beside.scored, FusionSettings(), ("fused",)).runs) == ("fused",)


def test_a_corpus_without_any_token_is_searched_in_vain(beir: Beir, tmp_path: Path) -> None:
    folder = beir(
        corpus=[{"_id": "a", "text": ""}],
        queries=[{"_id": "q", "text": "fox"}],
        splits={"test": [("q", "a", 1)]},
    )
    scored = score(collection.load(str(folder)), FakeEncoder(), tmp_path, bm25=True)
    assert scored.bm25[0].rows.tolist() == []


def test_ties_follow_the_protocol(beir: Beir, tmp_path: Path) -> None:
    corpus = [{"_id": name, "text": "fox"} for name in ("b", "a", "c")]
    queries, judged = [{"_id": "q", "text": "fox"}], {"test": [("q", "a", 1)]}
    loaded = collection.load(str(beir(corpus=corpus, queries=queries, splits=judged)))
    order = {}
    for protocol in ("studio", "mteb"):
        scored = score(loaded, FakeEncoder(), tmp_path, protocol=protocol, bm25=True)
        order[protocol] = "".join(scored.ids[row] for row in scored.bm25[0].rows)
    assert order == {"studio": "bac", "mteb": "cba"}
