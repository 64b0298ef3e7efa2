from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from studio.fusion import NORMALISE, mode_ranks, rank
from studio.records import METHODS, NORMALISATIONS, Candidates, FusionSettings

A, B, C = (0.9, 0.2, 0.5), (0.6, 0.0, 0.7), (0.3, 0.4, 0.6)
TABLE = np.asarray([A, B, C], dtype=np.float32).astype(np.float64)
a, b, c = TABLE


def candidates(scores) -> Candidates:
    scores = np.asarray(scores, dtype=np.float64).reshape(-1, 3)
    return Candidates("q", np.arange(len(scores)), scores)


def fused(*weights: float, scores=TABLE, **settings):
    return rank(candidates(scores), FusionSettings(weights or (1.0, 0.3, 1.0), **settings))


def test_the_weighted_sum_adds_raw_scores_times_weights():
    totals = fused(1, 0.3, 1).total
    assert totals.tolist() == [1 * row[0] + 0.3 * row[1] + 1 * row[2] for row in (a, b, c)]


def test_weights_are_never_divided_by_their_sum():
    assert fused(2, 2, 2).total == pytest.approx(2 * fused(1, 1, 1).total)
    assert fused(0.5, 0, 0).total.tolist() == [0.5 * row[0] for row in (a, b, c)]


def test_a_mode_of_weight_zero_has_no_say():
    assert fused(0, 1, 0).order.tolist() == [2, 0, 1]
    assert fused(0, 0, 1).order.tolist() == [1, 2, 0]
    assert fused(1, 0, 0).order.tolist() == [0, 1, 2]


def test_min_max_maps_each_mode_to_zero_and_one():
    normalised = fused(normalise="min-max").normalised
    low, high = TABLE.min(axis=0), TABLE.max(axis=0)
    expected = [[(row[m] - low[m]) / (high[m] - low[m]) for m in range(3)] for row in TABLE]
    assert normalised.tolist() == expected


def test_z_score_uses_the_population_deviation():
    normalised = fused(normalise="z-score").normalised
    for mode in range(3):
        column = TABLE[:, mode]
        mean = sum(column) / 3
        deviation = math.sqrt(sum((s - mean) ** 2 for s in column) / 3)
        assert normalised[:, mode] == pytest.approx((column - mean) / deviation)


@pytest.mark.parametrize("normalise", ["min-max", "z-score"])
@pytest.mark.parametrize("constant", [0.0, 0.1, 1 / 3, -2.5, 1e-300, 1e8])
@pytest.mark.parametrize("n", [1, 2, 3, 7, 1000])
def test_a_constant_mode_becomes_zero(normalise, constant, n):
    scores = np.full((n, 3), constant)
    scores[:, 0] = np.arange(n)
    normalised = fused(scores=scores, normalise=normalise).normalised
    assert (normalised[:, 1:] == 0).all()


def test_reciprocal_rank_fusion_adds_a_weight_over_k_plus_rank():
    totals = fused(1, 0.3, 2, method="rrf", rrf_k=60).total
    assert totals == pytest.approx(
        [
            1 / (60 + 1) + 0.3 / (60 + 2) + 2 / (60 + 3),
            1 / (60 + 2) + 0 + 2 / (60 + 1),  # no shared token: sparse adds nothing
            1 / (60 + 3) + 0.3 / (60 + 1) + 2 / (60 + 2),
        ]
    )


def test_reciprocal_ranks_ignore_the_normalisation():
    plain = fused(method="rrf").total.tolist()
    assert fused(method="rrf", normalise="z-score").total.tolist() == plain


def test_k_is_a_setting():
    assert fused(1, 0, 0, method="rrf", rrf_k=0).total.tolist() == [1 / 1, 1 / 2, 1 / 3]


def test_ranks_start_at_one_and_a_sparse_score_of_zero_has_none():
    assert mode_ranks(TABLE).tolist() == [[1, 2, 3], [2, 0, 1], [3, 1, 2]]


def test_a_dense_score_of_zero_or_less_still_has_a_rank():
    assert mode_ranks(np.asarray([[0.0, 0, -1], [-0.5, 0, 0]])).tolist() == [[1, 0, 2], [2, 0, 1]]


def test_equal_scores_stand_in_corpus_order():
    scores = np.asarray([[0.5, 0.1, 0.5]] * 40)
    scores[7, 0] = 0.6
    ranking = fused(scores=scores)
    assert ranking.order.tolist() == [7, *range(7), *range(8, 40)]
    assert ranking.ranks[:, 2].tolist() == list(range(1, 41))


def test_the_order_of_totals_with_ties_between_two_modes():
    assert fused(1, 1, 1, scores=[[0, 0, 1], [1, 0, 0], [0, 1, 0]]).order.tolist() == [0, 1, 2]


def test_an_empty_pool_gives_an_empty_ranking():
    for normalise in NORMALISATIONS:
        for method in METHODS:
            ranking = fused(scores=[], normalise=normalise, method=method)
            assert (len(ranking.order), ranking.contributions.shape) == (0, (0, 3))


@given(
    arrays.arrays(
        np.float32, st.tuples(st.integers(1, 30), st.just(3)), elements=st.floats(0, 1, width=32)
    ),
    st.tuples(*[st.floats(0, 5)] * 3).filter(any),
    st.sampled_from(NORMALISATIONS),
    st.sampled_from(METHODS),
)
def test_contributions_add_up_to_the_total_and_order_follows_it(scores, weights, normalise, method):
    ranking = fused(*weights, scores=scores, normalise=normalise, method=method)
    parts = ranking.contributions
    assert (parts[:, 0] + parts[:, 1] + parts[:, 2] == ranking.total).all()
    assert np.isfinite(ranking.total).all()
    pairs = [(-ranking.total[at], at) for at in ranking.order]
    assert pairs == sorted(pairs)
    assert (parts == ranking.normalised * np.asarray(weights)).all()


@given(
    arrays.arrays(
        np.float64,
        st.tuples(st.integers(2, 20), st.just(3)),
        elements=st.integers(-50, 50).map(float),
    )
)
def test_normalising_keeps_the_order_of_every_mode(scores):
    for normalise in NORMALISE.values():
        changed = normalise(scores)
        for mode in range(3):
            if len(set(scores[:, mode])) > 1:
                assert (
                    np.argsort(-changed[:, mode], kind="stable").tolist()
                    == np.argsort(-scores[:, mode], kind="stable").tolist()
                )
