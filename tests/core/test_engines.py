"""Each engine's formula on one worked example, lists cut and constant lists included."""

from __future__ import annotations

import math

import numpy as np
import pytest

from studio.engines import ENGINES, find, rank
from studio.errors import SettingsError
from studio.records import Candidates, FusionSettings

# Four passages: a, b, c, d in corpus order. b shares no token with the query.
DENSE = (0.9, 0.6, 0.3, 0.4)
SPARSE = (0.2, 0.0, 0.4, 0.1)
COLBERT = (0.5, 0.7, 0.6, 0.2)
TABLE = np.column_stack([DENSE, SPARSE, COLBERT])
W = (1.0, 0.3, 2.0)


def totals(key: str, weights=W, depth=2, scores=TABLE, **settings) -> list[float]:
    return ENGINES[key](scores, FusionSettings(weights, **settings), depth).total.tolist()


def order(key: str, weights=W, depth=2, scores=TABLE, **settings) -> list[int]:
    return ENGINES[key](scores, FusionSettings(weights, **settings), depth).order.tolist()


# At depth 2 the lists are: dense a, b; sparse c, a; ColBERT b, c. d is in none of them.
GONE = -math.inf


def test_a_candidate_that_no_list_brings_is_left_out():
    fused = ENGINES["haystack-merge"](TABLE, FusionSettings(W), 2)
    assert fused.found.tolist() == [[1, 1, 0], [1, 0, 1], [0, 1, 1], [0, 0, 0]]
    assert sorted(fused.order.tolist()) == [0, 1, 2]
    assert fused.total[3] == GONE


def test_each_list_may_have_a_depth_of_its_own():
    fused = ENGINES["haystack-merge"](TABLE, FusionSettings(W), (1, 4, 0))
    assert fused.found.tolist() == [[1, 1, 0], [0, 0, 0], [0, 1, 0], [0, 1, 0]]


def test_qdrant_weights_divide_the_rank_and_its_k_is_one_more():
    assert totals("qdrant-rrf", method="rrf") == pytest.approx(
        [
            1 / (1 / 1.0 + 61 - 1) + 1 / (2 / 0.3 + 61 - 1),
            1 / (2 / 1.0 + 61 - 1) + 1 / (1 / 2.0 + 61 - 1),
            1 / (1 / 0.3 + 61 - 1) + 1 / (2 / 2.0 + 61 - 1),
            GONE,
        ]
    )


def test_qdrant_with_equal_weights_sends_none():
    expected = [1 / 61 + 1 / 62, 1 / 62 + 1 / 61, 1 / 61 + 1 / 62, GONE]
    assert totals("qdrant-rrf", (2, 2, 2), method="rrf") == pytest.approx(expected)


@pytest.mark.parametrize("key", ["qdrant-rrf-formula", "elasticsearch-rrf", "mteb-rrf"])
def test_reciprocal_ranks_are_weighed_and_count_from_one(key):
    expected = [1 / 61 + 0.3 / 62, 1 / 62 + 2 / 61, 0.3 / 61 + 2 / 62, GONE]
    assert totals(key, method="rrf") == pytest.approx(expected)


def test_opensearch_divides_the_weights_of_reciprocal_ranks_by_their_sum():
    expected = [(1 / 61 + 0.3 / 62) / 3.3, (1 / 62 + 2 / 61) / 3.3, (0.3 / 61 + 2 / 62) / 3.3, GONE]
    assert totals("opensearch-rrf", method="rrf") == pytest.approx(expected)


def test_milvus_fuses_ranks_without_weights():
    expected = [1 / 61 + 1 / 62, 1 / 62 + 1 / 61, 1 / 61 + 1 / 62, GONE]
    assert totals("milvus-rrf", method="rrf") == pytest.approx(expected)


def test_haystack_fixes_k_and_scales_by_it():
    expected = [(1 / 61 + 0.3 / 62) * 61 / 3.3, (1 / 62 + 2 / 61) * 61 / 3.3]
    assert totals("haystack-rrf", method="rrf", rrf_k=7)[:2] == pytest.approx(expected)


def test_weaviate_takes_two_lists_and_counts_from_zero():
    alpha = 1 / 1.3
    expected = [alpha / 60 + (1 - alpha) / 61, alpha / 61, (1 - alpha) / 60, GONE]
    assert totals("weaviate-ranked", method="rrf") == pytest.approx(expected)


def test_vespa_ranks_all_scores_of_the_union_and_no_sparse_zero():
    # the union of dense's and sparse's two is a, b, c; d is not matched
    expected = [1 / 61 + 0.3 / 62 + 2 / 63, 1 / 62 + 2 / 61, 1 / 63 + 0.3 / 61 + 2 / 62, GONE]
    assert totals("vespa-rrf", method="rrf") == pytest.approx(expected)


def test_raw_sums_of_lists_lack_what_a_list_lacks():
    expected = [0.9 + 0.3 * 0.2, 0.6 + 2 * 0.7, 0.3 * 0.4 + 2 * 0.6, GONE]
    assert totals("milvus-weighted") == pytest.approx([each / 2 for each in expected])
    assert totals("haystack-merge") == pytest.approx([each / 3.3 for each in expected])


@pytest.mark.parametrize("key", ["qdrant-formula", "vespa-expression"])
def test_raw_sums_of_the_union_have_every_score(key):
    expected = [sum(w * s for w, s in zip(W, row, strict=True)) for row in TABLE[:3]]
    assert totals(key) == pytest.approx([*expected, GONE])


@pytest.mark.parametrize("key", ["elasticsearch-script", "opensearch-script"])
def test_scripts_score_every_document_shifted_by_the_same(key):
    expected = [sum(w * s for w, s in zip(W, row, strict=True)) + 1 + 2 for row in TABLE]
    assert totals(key) == pytest.approx(expected)


def test_elasticsearch_adds_a_constant_for_being_in_a_list():
    expected = [1 + 0.9 + 0.3 * 0.2, 1 + 0.6 + 2 * (1 + 0.7), 0.3 * 0.4 + 2 * (1 + 0.6), GONE]
    assert totals("elasticsearch-linear") == pytest.approx(expected)


def test_min_max_takes_each_lists_own_ends():
    # with two documents a list's best is 1 and its other is 0
    assert totals("elasticsearch-minmax", normalise="min-max") == pytest.approx(
        [1 * 1 + 0.3 * 0, 1 * 0 + 2 * 1, 0.3 * 1 + 2 * 0, GONE]
    )
    assert totals("mteb-relative", normalise="min-max") == pytest.approx([1, 2, 0.3, GONE])


def test_opensearch_turns_the_lowest_into_a_thousandth():
    assert totals("opensearch-min-max", normalise="min-max") == pytest.approx(
        [(1 + 0.3 * 0.001) / 3.3, (0.001 + 2) / 3.3, (0.3 + 2 * 0.001) / 3.3, GONE]
    )


def test_opensearch_means_that_are_no_sums():
    a = math.exp((1 * math.log(1) + 0.3 * math.log(0.001)) / 1.3)
    assert totals("opensearch-geometric", normalise="min-max")[0] == pytest.approx(a)
    assert totals("opensearch-harmonic", normalise="min-max")[0] == pytest.approx(
        1.3 / (1 / 1 + 0.3 / 0.001)
    )


def test_l2_divides_by_the_root_of_squares_of_the_engines_own_scores():
    dense = 1.9 / math.hypot(1.9, 1.6)
    assert totals("opensearch-l2", (1, 0, 0))[0] == pytest.approx(dense)
    dense = 0.95 / math.hypot(0.95, 0.8)
    assert totals("elasticsearch-l2", (1, 0, 0))[0] == pytest.approx(dense)


def test_opensearch_z_scores_keep_the_upper_part():
    mean, deviation = 0.55, math.sqrt(sum((s - 0.55) ** 2 for s in DENSE) / 3)
    expected = [(0.9 - mean) / deviation, (0.6 - mean) / deviation, 0.001, 0.001]
    assert totals("opensearch-z-score", (1, 0, 0), None, normalise="z-score") == pytest.approx(
        expected
    )


def test_distribution_based_fusion_is_three_formulas():
    mean = 0.55
    sample = math.sqrt(sum((s - mean) ** 2 for s in DENSE) / 3)
    population = math.sqrt(sum((s - mean) ** 2 for s in DENSE) / 4)
    z = {"normalise": "z-score", "depth": None}
    qdrant = [(s - mean + 3 * sample) / (6 * sample) for s in DENSE]
    others = [(s - mean + 3 * population) / (6 * population) for s in DENSE]
    assert totals("qdrant-dbsf", (5, 0, 0), **z) == pytest.approx(qdrant)
    assert totals("qdrant-dbsf-formula", (5, 0, 0), **z) == pytest.approx([5 * s for s in qdrant])
    assert totals("mteb-dbsf", (5, 0, 0), **z) == pytest.approx([5 * s for s in others])
    assert totals("haystack-dbsf", (5, 0, 0), **z) == pytest.approx(others)


def test_haystacks_distribution_keeps_the_largest_and_adds_nothing():
    both = totals("haystack-dbsf", (1, 0, 1), None, normalise="z-score")
    alone = [
        totals("haystack-dbsf", weights, None, normalise="z-score")
        for weights in ((1, 0, 0), (0, 0, 1))
    ]
    assert both == pytest.approx([max(pair) for pair in zip(*alone, strict=True)])


def test_milvus_normalises_by_the_arctangent():
    expected = 0.5 * (0.5 + math.atan(0.9) / math.pi)
    assert totals("milvus-weighted-norm", (1, 0, 2), 1, normalise="min-max")[0] == pytest.approx(
        expected
    )


CONSTANT = {
    "qdrant-dbsf": 0.5,
    "qdrant-dbsf-formula": 0.5,
    "milvus-weighted-norm": 0.5 + math.atan(0.4) / math.pi,
    "opensearch-min-max": 1.0,
    "opensearch-z-score": 1.4,
    "opensearch-l2": 1.4 / math.sqrt(3 * 1.4**2),
    "elasticsearch-minmax": 0.7,
    "vespa-linear": 0.5,
    "weaviate-relative": 1.0,
    "haystack-dbsf": 0.4,
    "mteb-relative": 0.5,
    "mteb-dbsf": 0.5,
}


@pytest.mark.parametrize(("key", "expected"), CONSTANT.items())
def test_a_constant_list_has_the_engines_own_value(key, expected):
    scores = np.full((3, 3), 0.4)
    kind = {"normalise": "z-score"} if "z-score" in key else {"normalise": "min-max"}
    assert totals(key, (1, 0, 0), None, scores, **kind) == pytest.approx([expected] * 3)


def test_ties_follow_the_engines_rule():
    tied = np.asarray([[0.1, 0.2, 0.5], [0.2, 0.1, 0.5]])
    settings = {"weights": (1, 1, 0), "scores": tied, "method": "rrf", "depth": None}
    assert order("milvus-rrf", **settings) == [0, 1]  # the smaller key
    assert order("elasticsearch-rrf", **settings) == [0, 1]  # the smaller document id
    assert order("qdrant-rrf", **settings) == [1, 0]  # dense named 1 first
    assert order("weaviate-ranked", **settings) == [1, 0]  # the larger dense score


def test_mteb_ranks_equal_scores_by_larger_id():
    tied = np.asarray([[0.5, 0.1, 0.1], [0.5, 0.1, 0.1]])
    assert totals("mteb-rrf", (1, 0, 0), None, tied, method="rrf") == [1 / 62, 1 / 61]


def test_an_unknown_engine_is_named_with_those_that_there_are():
    with pytest.raises(SettingsError, match=r"no engine 'solr'.*qdrant-rrf"):
        find("solr")


def test_weaviate_cannot_rank_by_colbert_alone():
    with pytest.raises(SettingsError, match="no list"):
        ENGINES["weaviate-ranked"](TABLE, FusionSettings((0, 0, 1)))


def test_rank_takes_candidates():
    candidates = Candidates("q", np.asarray([3, 5, 8, 9]), TABLE)
    fused = rank("vespa-expression", candidates, FusionSettings(W), 2)
    assert fused.order.tolist() == [1, 0, 2]
