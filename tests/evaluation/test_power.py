"""Label power against statsmodels, simulation and the figures that the typical spread is from."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from eval import power
from eval.resampling import Strata, bootstrap


@pytest.mark.parametrize("queries", [10, 50, 1_190])
def test_the_smallest_difference_is_that_of_statsmodels(queries: int) -> None:
    effect = TTestPower().solve_power(nobs=queries, alpha=0.05, power=0.8)
    assert power.smallest(queries, 0.13) == pytest.approx(
        0.13 * effect, rel=1e-5
    )  # it adds the other direction


@pytest.mark.parametrize("difference", [0.01, 0.02, 0.05])
def test_the_queries_needed_are_those_of_statsmodels(difference: float) -> None:
    exact = TTestPower().solve_power(effect_size=difference / 0.13, alpha=0.05, power=0.8)
    assert power.needed(difference, 0.13) == int(np.ceil(exact))


def test_two_queries_suffice_where_differences_hardly_spread() -> None:
    assert power.needed(0.05, 0.0005) == 2


@pytest.mark.parametrize("queries", [2, 3, 5, 100_000])
def test_the_smallest_difference_is_found_4_times_in_5_at_any_number(queries: int) -> None:
    smallest = power.smallest(queries, 0.13)
    assert power.found(smallest, queries, 0.13) == pytest.approx(0.8, abs=1e-6)


def test_a_simulated_difference_of_the_smallest_size_is_found_4_times_in_5() -> None:
    draw, smallest = np.random.default_rng(0), power.smallest(50, 0.13)
    p = stats.ttest_1samp(draw.normal(smallest, 0.13, (4_000, 50)), 0, axis=1).pvalue
    assert np.mean(p < 0.05) == pytest.approx(0.8, abs=0.025)


def test_a_difference_of_the_half_width_is_just_significant() -> None:
    d = np.random.default_rng(1).normal(0, 0.13, 40)
    d += power.half_width(40, d.std(ddof=1)) - d.mean()
    assert stats.ttest_1samp(d, 0).pvalue == pytest.approx(0.05, abs=1e-9)


@pytest.mark.parametrize(
    ("queries", "half"), [(25, 0.047), (50, 0.035), (100, 0.025), (200, 0.018), (300, 0.015)]
)
def test_the_typical_spread_gives_back_the_half_widths_it_is_from(
    queries: int, half: float
) -> None:
    # of a bootstrap, whose variance of a mean is (n - 1) / n of the usual
    error = power.TYPICAL / queries**0.5 * ((queries - 1) / queries) ** 0.5
    assert stats.norm.ppf(0.975) * error == pytest.approx(half, abs=0.002)


def test_the_spread_of_one_language_is_the_standard_deviation() -> None:
    d = np.random.default_rng(2).normal(0, 0.1, 60)
    assert power.spread(d) == pytest.approx(d.std(ddof=1))
    assert power.spread(d, ["en"] * 60) == pytest.approx(d.std(ddof=1))


def test_the_spread_over_languages_is_that_of_the_headline_s_mean() -> None:
    d = np.random.default_rng(3).normal(0, 0.1, 90)
    groups = ["de"] * 60 + ["en"] * 30
    error = np.sqrt(d[:60].var(ddof=1) / 60 + d[60:].var(ddof=1) / 30) / 2
    assert power.spread(d, groups) == pytest.approx(error * 90**0.5)
    low, high = bootstrap(d, Strata.of(groups, 90))
    assert (high - low) / 2 == pytest.approx(1.96 * error, rel=0.05)


def test_a_language_of_one_query_takes_the_others_variance() -> None:
    d = np.array([0.0, 0.2, 0.1, 0.5])
    pooled = d[:3].var(ddof=1)
    expected = np.sqrt((pooled / 3 + pooled / 1) / 4 * 4)
    assert power.spread(d, ["de", "de", "de", "en"]) == pytest.approx(expected)


def test_a_single_query_has_no_spread_and_no_difference_shows() -> None:
    assert power.spread(np.array([0.3])) is None
    found = power.typical(1)
    assert (found.half_width, found.smallest) == (None, None)
    assert "With 1 query no difference shows." in power.sentence(found)
    assert "With 2 queries no difference shows." in power.sentence(power.typical(2))


def test_equal_rankings_say_nothing_of_power() -> None:
    found = power.power(50, 0.0, "MAP")
    assert (found.half_width, found.smallest, found.needed) == (None, None, {})
    assert power.sentence(found) == (
        "No query differs in MAP, so 50 queries say nothing of smaller differences."
    )


def test_the_sentence_says_what_will_not_show_and_what_it_takes() -> None:
    assert power.sentence(power.power(50, 0.12)) == (
        "With 50 queries of this spread (.12, measured here), nDCG@10 differences under .034 will "
        "not show, and one of .049 shows 4 times in 5. To show a difference takes, in queries: "
        ".01 about 1,133, .02 about 285, .05 about 48."
    )


def test_a_typical_spread_is_marked_as_such() -> None:
    assert power.typical(300).typical
    assert "typical for hybrid search, not measured here" in power.sentence(power.typical(300))
    assert not power.power(300, 0.127).typical


def test_power_as_json_has_differences_as_keys() -> None:
    made = power.typical(50).as_json()
    assert list(made["needed"]) == ["0.01", "0.02", "0.05"]
    assert json.loads(json.dumps(made)) == made
