"""Paired statistics against scipy, statsmodels, hand values and simulated rankings."""

from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from eval import measures, significance
from eval.letters import letters
from eval.resampling import Strata, bootstrap, randomisation
from eval.significance import Pair, compare_values
from tests.evaluation.test_measures import IDS, ranked


def drawn(seed: int, queries: int, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Two rankings' values: half of the queries equal, as in nDCG@10 of related rankings."""
    draw = np.random.default_rng(seed)
    a = draw.random(queries)
    noise = draw.normal(shift, 0.13, queries) * (draw.random(queries) < 0.5)
    return a, np.clip(a - noise, 0, 1)


def pair(a: np.ndarray, b: np.ndarray, groups: list[str] | None = None) -> Pair:
    [found] = compare_values({"a": a, "b": b}, [("a", "b")], groups)
    return found


def test_differences_wins_ties_and_losses_are_those_of_a_minus_b() -> None:
    found = pair(np.array([0.9, 0.5, 0.2, 0.7]), np.array([0.5, 0.5 + 1e-12, 0.3, 0.6]))
    assert found.difference == pytest.approx((0.4 + 0 - 0.1 + 0.1) / 4, abs=1e-9)
    assert (found.wins, found.ties, found.losses, found.queries) == (2, 1, 1, 4)


def test_t_and_effect_size_are_scipy_s_and_cohen_s() -> None:
    a, b = drawn(0, 80, 0.03)
    found = pair(a, b)
    assert found.p_t == pytest.approx(stats.ttest_rel(a, b).pvalue, rel=1e-9)
    assert found.effect_size == pytest.approx((a - b).mean() / np.std(a - b, ddof=1), rel=1e-9)
    assert found.effect_size * 80**0.5 == pytest.approx(stats.ttest_rel(a, b).statistic)


def test_few_queries_take_every_sign_as_scipy_does() -> None:
    a, b = drawn(1, 11, 0.05)
    [p] = randomisation((a - b)[:, None], np.full(11, 1 / 11))
    exact = stats.permutation_test(
        (a, b), lambda x, y: np.mean(x - y), permutation_type="samples", n_resamples=np.inf
    )
    assert p == pytest.approx(exact.pvalue, abs=1e-12)


def test_an_exact_p_by_hand() -> None:
    # |±3 ±2 ±1| reaches 4 in ++-, +++ and their mirrors: 4 of 8
    differences = np.array([3.0, 2.0, -1.0, 0.0, 0.0])[:, None] / 10
    assert randomisation(differences, np.full(5, 0.2)).tolist() == [4 / 8]


@pytest.mark.parametrize("seed", [2, 3])
def test_many_queries_agree_with_scipy_s_permutation_test(seed: int) -> None:
    a, b = drawn(seed, 200, 0.02)
    theirs = stats.permutation_test(
        (a - b,), lambda x, axis=-1: x.mean(axis=axis), permutation_type="samples",
        vectorized=True, n_resamples=19_999, rng=np.random.default_rng(0),
    ).pvalue  # fmt: skip
    found = pair(a, b).p_randomisation
    assert found == pytest.approx(theirs, abs=4 * (theirs * (1 - theirs) / 9_999) ** 0.5)


def test_the_interval_is_scipy_s_percentile_bootstrap() -> None:
    a, b = drawn(4, 150, 0.02)
    theirs = stats.bootstrap(
        (a, b), lambda x, y, axis=-1: (x - y).mean(axis=axis), paired=True, vectorized=True,
        method="percentile", rng=np.random.default_rng(0),
    ).confidence_interval  # fmt: skip
    width = theirs.high - theirs.low
    assert pair(a, b).interval == pytest.approx((theirs.low, theirs.high), abs=0.03 * width)


def test_the_interval_of_the_headline_resamples_within_languages() -> None:
    """Against resampling by hand: each language by itself, then the mean of their means."""
    a, b = drawn(5, 90)
    groups = ["de"] * 60 + ["en"] * 20 + ["sw"] * 10
    low, high = pair(a, b, groups).interval
    draw, parts = np.random.default_rng(0), np.split(a - b, [60, 80])
    means = [
        np.mean([draw.choice(part, len(part)).mean() for part in parts]) for _ in range(20_000)
    ]
    by_hand = np.percentile(means, [2.5, 97.5])
    assert low <= by_hand[0] + 0.002
    assert high >= by_hand[1] - 0.002
    error = np.sqrt(sum(part.var(ddof=1) / len(part) for part in parts)) / 3
    assert (high - low) / (2 * 1.96 * error) == pytest.approx(1, abs=0.05)


def test_the_difference_of_the_headline_is_the_mean_over_languages() -> None:
    a, b = np.array([1.0, 1.0, 1.0, 0.0]), np.zeros(4)
    assert pair(a, b, ["de", "de", "de", "en"]).difference == (1 + 0) / 2
    assert pair(a, b).difference == 3 / 4


def test_languages_of_one_query_are_resampled_together() -> None:
    strata = Strata.of(["de", "de", "en", "sw"], 4)
    assert [rows.tolist() for rows in strata.members] == [[0, 1], [2, 3]]
    assert strata.weights == (1 / 3, 2 / 3)
    assert strata.per_query().tolist() == pytest.approx([1 / 6, 1 / 6, 1 / 3, 1 / 3])
    low, high = bootstrap(np.array([0.0, 0.0, 1.0, 0.0]), strata)
    assert low < 1 / 3 < high


def test_intervals_cover_the_truth_19_times_in_20() -> None:
    covered = 0
    for seed in range(300):
        d = np.random.default_rng(seed).normal(0.02, 0.1, 40)
        low, high = bootstrap(d, Strata.of(None, 40), resamples=999)
        covered += low <= 0.02 <= high
    assert 0.91 <= covered / 300 <= 0.98


def test_without_a_difference_one_p_in_twenty_is_below_a_twentieth() -> None:
    """1,000 comparisons of equals at once; 5 % ± 4 standard errors."""
    draw = np.random.default_rng(6)
    differences = draw.normal(0, 0.1, (60, 1_000)) * (draw.random((60, 1_000)) < 0.5)
    p = randomisation(differences, np.full(60, 1 / 60))
    assert np.mean(p < 0.05) == pytest.approx(0.05, abs=4 * (0.05 * 0.95 / 1_000) ** 0.5)
    assert p.min() >= 1 / 10_000


def test_a_difference_that_is_there_is_found() -> None:
    a, b = drawn(7, 400, 0.1)
    found = pair(a, b)
    assert found.separated
    assert found.p_randomisation == 1 / 10_000
    assert found.interval[0] > 0


def test_holm_goes_over_all_pairs_compared() -> None:
    values = {
        name: drawn(8, 60, shift)[1]
        for name, shift in zip("abcd", [0, 0.02, 0.05, 0.1], strict=True)
    }
    found = compare_values(values, list(combinations(values, 2)))
    p = [one.p_randomisation for one in found]
    assert [one.p_holm for one in found] == pytest.approx(multipletests(p, method="holm")[1])
    ordered = sorted(found, key=lambda one: one.p_randomisation)
    assert ordered[0].p_holm == pytest.approx(min(1, 6 * ordered[0].p_randomisation))
    alone = compare_values(values, [("a", "d")])
    assert alone[0].p_holm == alone[0].p_randomisation


def test_a_pair_s_numbers_do_not_depend_on_what_else_was_compared() -> None:
    values = {name: drawn(n, 70)[1] for n, name in enumerate("abc")}
    [alone] = compare_values(values, [("b", "c")])
    np.random.default_rng().random(5)
    *_, among = compare_values(values, [("a", "b"), ("a", "c"), ("b", "c")])
    assert (alone.interval, alone.p_t, alone.p_randomisation) == (
        among.interval, among.p_t, among.p_randomisation,
    )  # fmt: skip
    [turned] = compare_values(values, [("c", "b")])
    assert turned.p_randomisation == alone.p_randomisation
    assert turned.difference == -alone.difference
    [other] = compare_values(values, [("b", "c")], seed=1)
    assert other.interval != alone.interval


def test_equal_rankings_have_no_difference_and_no_warning() -> None:
    found = pair(np.full(20, 0.3), np.full(20, 0.3))
    assert (found.difference, found.interval, found.ties) == (0.0, (0.0, 0.0), 20)
    assert (found.p_t, found.p_randomisation, found.p_holm, found.effect_size) == (1, 1, 1, 0)
    assert not found.separated


def test_the_same_difference_everywhere_has_no_t_but_a_randomisation_p() -> None:
    found = pair(np.full(10, 0.4), np.full(10, 0.3))
    assert found.interval == pytest.approx((0.1, 0.1))
    assert (found.p_t, found.effect_size) == (None, None)
    assert found.p_randomisation == 2 / 2**10


def test_a_single_query_has_no_interval() -> None:
    found = pair(np.array([0.4]), np.array([0.3]))
    assert (found.interval, found.p_t, found.effect_size) == (None, None, None)
    assert (found.p_randomisation, found.queries) == (1.0, 1)
    assert significance.interval(np.array([0.4])) == significance.Interval(0.4, None, None)
    assert found.as_json()["interval"] is None


def test_a_pair_as_json_has_the_keys_of_the_contract() -> None:
    made = pair(*drawn(9, 30)).as_json()
    assert list(made) == [
        "a", "b", "difference", "interval", "p_t", "p_randomisation", "p_holm", "wins", "ties",
        "losses", "effect_size", "queries",
    ]  # fmt: skip
    assert json.loads(json.dumps(made)) == made


def test_unaligned_values_and_missing_numbers_are_bugs() -> None:
    with pytest.raises(ValueError, match="3 and 2 values"):
        pair(np.zeros(3), np.zeros(2))
    with pytest.raises(ValueError, match="no numbers"):
        pair(np.zeros(2), np.array([0.1, np.nan]))
    with pytest.raises(ValueError, match="1 groups for 2 queries"):
        pair(np.zeros(2), np.zeros(2), ["de"])
    assert compare_values({}, []) == []


@pytest.fixture
def table() -> pd.DataFrame:
    qrels = {"q1": {"p0": 1}, "q2": {"p0": 1}, "q3": {"p0": 1}}
    runs = {
        "dense": {"q1": ranked(0), "q2": ranked(1, 0), "q3": ranked(0)},
        "sparse": {"q1": ranked(1, 0), "q2": ranked(1, 0), "q3": ranked(1)},
        "dense_sparse": {},
    }
    made = measures.per_query(qrels, runs, IDS)
    made.loc[made["mode"] == "dense_sparse", list(measures.MEASURES)] = np.nan
    return made


def test_a_table_of_measures_is_compared_pair_by_pair(table: pd.DataFrame) -> None:
    [found] = significance.compare(table, measure="MRR@10")
    assert (found.a, found.b, found.queries) == ("dense", "sparse", 3)
    assert found.difference == pytest.approx((1 / 2 + 0 + 1) / 3)
    language = {"q1": "de", "q2": "de", "q3": "en"}
    [macro] = significance.compare(table, [("sparse", "dense")], "MRR@10", language)
    assert macro.difference == pytest.approx(-((1 / 2 + 0) / 2 + 1) / 2)


def test_a_mode_without_numbers_is_left_out_and_named(table: pd.DataFrame) -> None:
    queries, kept, without = significance.values(table)
    assert (queries, list(kept), without) == (["q1", "q2", "q3"], ["dense", "sparse"], [
        "dense_sparse"
    ])  # fmt: skip
    assert significance.compare(table, [("dense", "dense_sparse")]) == []


def test_the_order_of_a_table_s_rows_does_not_matter(table: pd.DataFrame) -> None:
    mixed = table.sample(frac=1, random_state=1)
    assert significance.compare(mixed, [("dense", "sparse")])[0].difference == pytest.approx(
        significance.compare(table, [("dense", "sparse")])[0].difference
    )


@pytest.mark.parametrize(
    ("names", "separated", "marks"),
    [
        ("abc", [], {"a": "a", "b": "a", "c": "a"}),
        ("abc", ["ab", "ac", "bc"], {"a": "a", "b": "b", "c": "c"}),
        ("abc", ["ac"], {"a": "a", "b": "ab", "c": "b"}),
        ("abcd", ["ad", "bd", "ac"], {"a": "a", "b": "ab", "c": "bc", "d": "c"}),
        # the second best is apart from the third, though first and third are not: noisy labels
        ("abc", ["bc"], {"a": "ab", "b": "a", "c": "b"}),
        ("a", [], {"a": "a"}),
    ],
)
def test_marks_by_hand(names: str, separated: list[str], marks: dict[str, str]) -> None:
    assert letters(names, [(x, y) for x, y in separated]) == marks


def test_two_share_a_mark_exactly_if_they_are_not_separated() -> None:
    draw = np.random.default_rng(10)
    names = "abcdefgh"
    for _ in range(200):
        pairs = [one for one in combinations(names, 2) if draw.random() < 0.6]
        marks = letters(names, pairs)
        for x, y in combinations(names, 2):
            assert bool(set(marks[x]) & set(marks[y])) == ((x, y) not in pairs)
        assert marks["a"][0] == "a"
