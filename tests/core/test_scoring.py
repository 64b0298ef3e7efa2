from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse as sp

from studio import scoring
from tests.fakes import encode

LENGTHS = [([1], [1]), ([3, 1, 2], [4, 1, 1, 7, 2]), ([1, 1, 1], [1, 1]), ([9], [5, 30, 1])]


def units(rng, rows: int, columns: int) -> np.ndarray:
    vectors = rng.normal(size=(rows, columns)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def offsets(lengths: list[int]) -> np.ndarray:
    return np.cumsum([0, *lengths])


def late_interaction(queries, q_offsets, passages, p_offsets) -> np.ndarray:
    """The definition, one product at a time."""
    scores = np.zeros((len(q_offsets) - 1, len(p_offsets) - 1))
    for i in range(len(q_offsets) - 1):
        query = queries[q_offsets[i] : q_offsets[i + 1]]
        for j in range(len(p_offsets) - 1):
            passage = passages[p_offsets[j] : p_offsets[j + 1]]
            best = [max(float(np.dot(a, b)) for b in passage) for a in query]
            scores[i, j] = sum(best) / len(query)
    return scores


def test_dense_is_the_inner_product_of_every_pair():
    rng = np.random.default_rng(0)
    queries, passages = units(rng, 3, 8), units(rng, 5, 8)
    expected = [[sum(a * b for a, b in zip(q, p, strict=True)) for p in passages] for q in queries]
    assert scoring.dense(queries, passages) == pytest.approx(np.asarray(expected), abs=1e-6)


def test_dense_takes_half_precision_and_gives_single():
    rng = np.random.default_rng(0)
    queries, passages = units(rng, 2, 8), units(rng, 4, 8).astype(np.float16)
    scores = scoring.dense(queries, passages)
    assert scores.dtype == np.float32
    assert scores == pytest.approx(queries @ passages.astype(np.float32).T, abs=1e-6)


def test_sparse_adds_the_products_of_shared_tokens():
    rng = np.random.default_rng(1)
    queries = sp.random_array((4, 30), density=0.3, rng=rng, dtype=np.float32, format="csr")
    passages = sp.random_array((6, 30), density=0.3, rng=rng, dtype=np.float32, format="csr")
    q, p = queries.toarray(), passages.toarray()
    expected = [[sum(q[i, t] * p[j, t] for t in range(30)) for j in range(6)] for i in range(4)]
    assert scoring.sparse(queries, passages) == pytest.approx(np.asarray(expected), abs=1e-5)


def test_sparse_without_a_shared_token_is_exactly_zero():
    query, passage = encode(["fox"]).sparse, encode(["owl"]).sparse
    assert scoring.sparse(query, passage).tolist() == [[0.0]]


@pytest.mark.parametrize("blocks", [(8_192, 2_048), (1, 1), (2, 3), (5, 1), (1, 5)])
@pytest.mark.parametrize(("query_lengths", "passage_lengths"), LENGTHS)
def test_late_interaction_equals_the_naive_loop(
    monkeypatch, blocks, query_lengths, passage_lengths
):
    monkeypatch.setattr(scoring, "PASSAGE_BLOCK", blocks[0])
    monkeypatch.setattr(scoring, "QUERY_BLOCK", blocks[1])
    rng = np.random.default_rng(len(passage_lengths))
    q_offsets, p_offsets = offsets(query_lengths), offsets(passage_lengths)
    queries, passages = units(rng, q_offsets[-1], 4), units(rng, p_offsets[-1], 4)
    scores = scoring.multi_vector(queries, q_offsets, passages, p_offsets)
    assert scores == pytest.approx(
        late_interaction(queries, q_offsets, passages, p_offsets), abs=1e-6
    )
    assert scores.dtype == np.float32


def test_blocks_of_many_random_texts_change_nothing(monkeypatch):
    rng = np.random.default_rng(2)
    q_offsets, p_offsets = offsets(rng.integers(1, 9, 20)), offsets(rng.integers(1, 40, 50))
    queries, passages = units(rng, q_offsets[-1], 16), units(rng, p_offsets[-1], 16)
    whole = scoring.multi_vector(queries, q_offsets, passages, p_offsets)
    monkeypatch.setattr(scoring, "PASSAGE_BLOCK", 37)
    monkeypatch.setattr(scoring, "QUERY_BLOCK", 11)
    parts = scoring.multi_vector(queries, q_offsets, passages, p_offsets)
    assert parts == pytest.approx(whole, abs=1e-6)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("chosen", [[], [4], [0, 1, 2], [1, 3, 4, 7], [7, 2, 2]])
def test_chosen_passages_score_as_their_columns_of_all(monkeypatch, chosen, dtype):
    rng = np.random.default_rng(3)
    q_offsets, p_offsets = offsets([2, 5]), offsets([3, 1, 4, 1, 5, 9, 2, 6])
    queries, passages = units(rng, q_offsets[-1], 4), units(rng, p_offsets[-1], 4).astype(dtype)
    whole = scoring.multi_vector(queries, q_offsets, passages, p_offsets)
    monkeypatch.setattr(scoring, "PASSAGE_BLOCK", 6)
    some = scoring.multi_vector(queries, q_offsets, passages, p_offsets, np.asarray(chosen, int))
    assert some.shape == (2, len(chosen))
    assert some == pytest.approx(whole[:, chosen], abs=1e-6)


def test_passages_by_column_score_as_passages_by_row():
    rng = np.random.default_rng(4)
    queries = sp.random_array((4, 30), density=0.3, rng=rng, dtype=np.float32, format="csr")
    passages = sp.random_array((6, 30), density=0.3, rng=rng, dtype=np.float32, format="csr")
    by_row = scoring.sparse(queries, passages)
    assert np.array_equal(scoring.sparse(queries, passages.tocsc()), by_row)


def test_late_interaction_is_the_mean_over_the_query_not_over_the_passage():
    query, passage = encode(["fox"]), encode(["fax by day"])
    scores = scoring.multi_vector(
        query.multi_vector, query.offsets, passage.multi_vector, passage.offsets
    )
    assert scores[0, 0] == pytest.approx((2 / 3 + 1) / 2)  # fox ~ fax, </s> = </s>


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_blocks_hold_every_text_once_and_keep_their_size(size):
    lengths = [3, 1, 1, 8, 2, 2, 1]
    starts = offsets(lengths)
    blocks = scoring.blocks(starts, size)
    assert [text for a, b in blocks for text in range(a, b)] == list(range(len(lengths)))
    assert all(starts[b] - starts[a] <= size or b == a + 1 for a, b in blocks)


def test_no_passage_gives_an_empty_score_per_query():
    query, none = encode(["fox"]), encode([])
    assert scoring.dense(query.dense, none.dense).shape == (1, 0)
    assert scoring.sparse(query.sparse, none.sparse).shape == (1, 0)
    late = scoring.multi_vector(query.multi_vector, query.offsets, none.multi_vector, none.offsets)
    assert late.shape == (1, 0)
