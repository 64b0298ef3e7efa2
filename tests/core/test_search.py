from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio import search
from studio.errors import SettingsError
from studio.index import Index, signature
from studio.records import Passage
from tests.fakes import FakeEncoder, encode

TEXTS = [
    f"{animal} {place}"
    for animal in ("fox", "owl", "cod", "bee", "ant", "hen")
    for place in ("night", "forest", "sea", "hive")
]
ASKED = ["fox night", "a bee in the sea", "owl", "zzz", "hen forest hive"]


@pytest.fixture
def index(tmp_path) -> Index:
    index = Index.create(tmp_path, signature(FakeEncoder()))
    for first in (0, 10, 11):
        texts = TEXTS[first : {0: 10, 10: 11, 11: None}[first]]
        named = [Passage(f"p{first + n}", "d", t, 0, len(t)) for n, t in enumerate(texts)]
        index = index.append(named, encode(texts))
    return index


def found(index: Index, texts=ASKED):
    return list(search.candidates(index, encode(texts), texts))


def whole_scores(index: Index) -> np.ndarray:
    """(queries, passages, modes) by the index itself."""
    queries = encode(ASKED)
    scores = index.dense(queries), index.sparse(queries), index.multi_vector(queries)
    return np.stack(scores, axis=2)


def test_a_small_corpus_is_its_own_pool(index):
    for n, candidates in enumerate(found(index)):
        assert candidates.query == ASKED[n]
        assert candidates.rows.tolist() == list(range(len(TEXTS)))
        assert candidates.scores == pytest.approx(whole_scores(index)[n], abs=1e-6)


@pytest.mark.parametrize(("whole", "pooled"), [(24, True), (23, False)])
def test_up_to_the_limit_the_pool_is_whole(index, monkeypatch, whole, pooled):
    monkeypatch.setattr(search, "WHOLE", whole)
    monkeypatch.setattr(search, "DEPTH", 2)
    assert all((len(c.rows) == len(TEXTS)) is pooled for c in found(index))


@pytest.mark.parametrize("depth", [1, 2, 5, 23, 24, 1_000])
def test_beyond_it_the_pool_is_the_best_of_dense_and_of_sparse(index, monkeypatch, depth):
    monkeypatch.setattr(search, "WHOLE", 0)
    monkeypatch.setattr(search, "DEPTH", depth)
    for candidates, scores in zip(found(index), whole_scores(index), strict=True):
        dense, sparse = scores[:, 0], scores[:, 1]
        rows = range(len(TEXTS))
        best = set(sorted(rows, key=lambda r: (-dense[r], r))[:depth])
        lexical = set(sorted(rows, key=lambda r: (-sparse[r], r))[:depth])
        assert set(candidates.rows.tolist()) == best | {r for r in lexical if sparse[r] > 0}


@pytest.mark.parametrize("chunk", [1, 2, 64])
def test_every_cell_of_a_pool_is_the_exact_score(index, monkeypatch, chunk):
    monkeypatch.setattr(search, "WHOLE", 0)
    monkeypatch.setattr(search, "DEPTH", 3)
    monkeypatch.setattr(search, "CHUNK", chunk)
    for candidates, scores in zip(found(index), whole_scores(index), strict=True):
        assert candidates.scores == pytest.approx(scores[candidates.rows], abs=1e-6)


def test_a_query_without_a_shared_word_has_no_sparse_pool(index, monkeypatch):
    monkeypatch.setattr(search, "WHOLE", 0)
    monkeypatch.setattr(search, "DEPTH", 4)
    [candidates] = found(index, ["zzz"])
    assert len(candidates.rows) == 4
    assert (candidates.scores[:, 1] == 0).all()


def test_an_empty_index_gives_an_empty_pool(tmp_path):
    empty = Index.create(tmp_path / "empty", signature(FakeEncoder()))
    [candidates] = found(empty, ["fox"])
    assert candidates.scores.shape == (0, 3)


def test_no_query_gives_no_candidates(index):
    assert found(index, []) == []


@given(st.lists(st.integers(0, 5), max_size=40), st.integers(1, 45))
def test_among_equals_at_the_edge_the_earlier_rows_are_in(values, n):
    scores = np.asarray(values, dtype=np.float32)
    expected = sorted(sorted(range(len(values)), key=lambda r: (-values[r], r))[:n])
    assert search.top(scores, n).tolist() == expected


def test_a_selection_of_queries_is_as_if_they_were_encoded_alone():
    some, alone = search.select(encode(ASKED), 1, 3), encode(ASKED[1:3])
    for part in ("dense", "multi_vector", "offsets", "token_ids", "spans", "tokens", "truncated"):
        assert getattr(some, part).tolist() == getattr(alone, part).tolist()
    assert some.sparse.toarray().tolist() == alone.sparse.toarray().tolist()


@pytest.mark.parametrize("query", ["", " ", "\n\t", "\u3000", "\u00a0"])
def test_a_blank_query_is_refused_with_a_sentence(query):
    with pytest.raises(SettingsError, match="The query is blank"):
        search.check_query(query)


@pytest.mark.parametrize("query", ["x", "?", "🦊", "的", " x ", "word " * 2_000])
def test_any_other_query_is_searched_as_it_is(query):
    assert search.check_query(query) == query
