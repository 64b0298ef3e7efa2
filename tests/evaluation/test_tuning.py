"""Tuning that tells the truth: chance is told from gain, and a planted mix is found."""

from __future__ import annotations

import numpy as np
import pytest

from eval import surface, sweep, sweep_report, tuning
from eval.grid import Limits, nearest, simplex
from eval.region import region
from eval.resampling import Strata
from eval.surface import Labelled
from studio.errors import SettingsError
from studio.records import Candidates, FusionSettings

PLANTED = (0.1, 0.7, 0.2)


def made(seed: int, queries: int, *, planted: bool) -> Labelled:
    """Pools of 40; the two best by the planted mix are relevant, or two drawn by lot."""
    draw = np.random.default_rng(seed)
    pools, qrels = [], {}
    ids = [f"p{n}" for n in range(40)]
    for n in range(queries):
        scores = draw.random((40, 3)).astype(np.float32)
        pools.append(Candidates(f"q{n}", np.arange(40), scores))
        best = np.argsort(-(scores @ np.asarray(PLANTED)))[:2] if planted else draw.choice(40, 2)
        qrels[f"q{n}"] = {ids[row]: 1 for row in best}
    names = list(qrels)
    languages = {name: ("de", "en", "th")[n % 3] for n, name in enumerate(names)}
    return surface.labelled(pools, names, ids, qrels, languages)


@pytest.mark.parametrize("seed", range(8))
def test_on_random_labels_the_verdict_is_keep_the_default(seed: int) -> None:
    swept = sweep.sweep(made(seed, 60, planted=False), FusionSettings(), step=0.1)
    assert swept.held_out.verdict == "keep the default"
    assert swept.held_out.selected > swept.held_out.gain


@pytest.mark.parametrize("seed", range(3))
def test_a_planted_mix_is_used_and_lies_in_the_best_region(seed: int) -> None:
    swept = sweep.sweep(made(seed, 60, planted=True), FusionSettings(), step=0.1)
    found = swept.surface
    assert swept.held_out.verdict == "use the tuned weights"
    assert int(nearest(found.weights, PLANTED)[0]) in found.region
    assert found.means[found.best] == pytest.approx(1.0, abs=0.02)
    assert len(found.region) < len(found.weights) / 2
    assert swept.held_out.kept == pytest.approx(1, abs=0.1)


def test_every_query_is_held_out_once_a_repeat_and_languages_are_dealt_evenly() -> None:
    languages = ["de"] * 10 + ["en"] * 20
    splits = list(tuning.dealt(languages, 5, 2, np.random.default_rng(0)))
    assert len(splits) == 10
    for repeat in (splits[:5], splits[5:]):
        assert sorted(np.concatenate(repeat).tolist()) == list(range(30))
    assert {(len(out), int((out < 10).sum())) for out in splits} == {(6, 2)}


def test_a_language_is_left_out_at_a_time() -> None:
    swept = sweep.sweep(
        made(1, 30, planted=True), FusionSettings(), step=0.25, leave_language_out=True
    )
    assert swept.held_out.chosen.shape == (3, 3)


def test_among_equal_mixes_the_nearest_to_the_default_is_taken() -> None:
    weights = simplex(0.1)
    assert weights[tuning.best(np.ones(66), weights, (1, 1, 0))].tolist() == [0.5, 0.5, 0]


def test_the_gain_is_that_of_the_held_out_halves_by_hand() -> None:
    # Two folds of one query each. Query 0 is best at point 0, query 1 at point 1; each chooses
    # for the other, so both get the worse one: what looked like .5 is lost whole.
    values = np.asarray([[1.0, 0.0], [0.0, 1.0]])
    default = np.asarray([0.25, 0.25])
    weights = np.asarray([[1.0, 0, 0], [0, 0, 1.0]])
    found = tuning.held_out(values, default, weights, ["", ""], (1, 0, 0), folds=2, repeats=1)
    assert found.selected == pytest.approx(0.25)
    assert found.gain == pytest.approx(-0.25)
    assert (found.kept, found.lost) == (pytest.approx(-1), 1.0)
    assert found.verdict == "keep the default"


def test_without_a_better_mix_nothing_was_kept() -> None:
    values, weights = np.full((6, 3), 0.5), simplex(1.0)
    found = tuning.held_out(values, values[:, 0], weights, [""] * 6, (1, 0.3, 1))
    assert found.kept is None
    assert (found.verdict, found.gain) == ("keep the default", 0)


@pytest.mark.parametrize(
    ("queries", "folds", "says"), [(1, 2, "two queries"), (4, 5, "5 folds of 4"), (4, 1, "1 folds")]
)
def test_what_cannot_be_held_out_is_refused(queries: int, folds: int, says: str) -> None:
    values = np.zeros((queries, 3))
    with pytest.raises(SettingsError, match=says):
        tuning.held_out(values, values[:, 0], simplex(1.0), [""] * queries, (1, 1, 1), folds)
    with pytest.raises(SettingsError, match="two languages"):
        list(tuning.by_language(["en"] * queries))


def test_the_region_holds_the_equals_of_the_best_and_no_clearly_worse_point() -> None:
    draw = np.random.default_rng(0)
    good = draw.random(200)
    values = np.stack([good, good, good - 0.2 - 0.01 * draw.random(200)], axis=1)
    assert region(values, Strata.of(None, 200)).tolist() == [0, 1]


def test_one_query_tells_no_mix_from_another() -> None:
    assert region(np.asarray([[0.1, 0.9]]), Strata.of(None, 1)).tolist() == [0, 1]


def test_the_region_rarely_leaves_out_the_true_best() -> None:
    missed = 0
    for seed in range(60):
        draw = np.random.default_rng(seed)
        values = draw.normal(0, 1, (50, 1)) * 0.2 + draw.normal(0, 0.3, (50, 12))  # all equal
        missed += 0 not in region(values, Strata.of(None, 50), resamples=199)
    assert missed <= 9


def test_baselines_headroom_and_json_agree() -> None:
    labels = made(4, 40, planted=True)
    swept = sweep.sweep(labels, FusionSettings(), step=0.5, limits=Limits(most=(1, 1, 0)))
    told = sweep_report.as_json(swept)
    assert set(told["baselines"]) >= {
        "dense", "sparse", "multi_vector", "equal", "paper-miracl", "rrf"
    }  # fmt: skip
    assert all(weights["weights"][2] == 0 for weights in told["points"])
    assert told["best"]["nDCG@10"] == max(point["nDCG@10"] for point in told["points"])
    room = swept.headroom
    assert room.tuned <= room.oracle <= room.ceiling == pytest.approx(1)
    assert "Verdict" in sweep_report.as_text(swept)


def test_rrf_by_k_ends_where_one_k_is_measured() -> None:
    labels = made(5, 20, planted=False)
    curve = sweep.rrf_curve(labels, [1, 60], (1, 1, 1), "nDCG@10")
    assert curve[1] == pytest.approx(
        sweep.baseline_values(labels, surface.normalised(labels, FusionSettings()), "nDCG@10")[
            "rrf"
        ]
    )
