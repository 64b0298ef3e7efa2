from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from eval import protocols
from eval.protocols import strictly_falling
from studio import fusion
from studio.records import Candidates, FusionSettings

ROWS = np.asarray([2, 3, 5, 8])
SCORES = np.asarray(  # dense, sparse, multi_vector; rows 3 and 5 are tied by dense
    [[0.1, 0.0, 0.9], [0.5, 0.2, 0.1], [0.5, 0.0, 0.4], [0.9, 0.3, 0.2]], dtype=np.float32
)
POOL = Candidates("fox", ROWS, SCORES)
DEFAULT = FusionSettings()


def runs(settings: FusionSettings = DEFAULT) -> dict[str, protocols.Run]:
    return protocols.studio([POOL], ["q"], settings)


def rows(run: protocols.Run) -> list[int]:
    return run["q"].rows.tolist()


def test_the_runs_are_three_modes_and_two_mixes_in_the_order_of_the_field() -> None:
    assert tuple(runs()) == ("dense", "sparse", "multi_vector", "dense_sparse", "fused")
    assert set(protocols.RUN_TITLES) == set(protocols.RUN_MODES) == set(runs())


def test_only_the_runs_asked_for_are_made_and_they_are_the_same() -> None:
    made = protocols.studio([POOL], ["q"], DEFAULT, ("fused", "dense"))
    assert tuple(made) == ("dense", "fused")
    assert [rows(run) for run in made.values()] == [rows(runs()[mode]) for mode in made]


def test_ties_stand_in_corpus_order() -> None:
    assert rows(runs()["dense"]) == [8, 3, 5, 2]
    assert rows(runs()["multi_vector"]) == [2, 5, 8, 3]


def test_the_sparse_run_leaves_out_what_shares_no_token() -> None:
    assert rows(runs()["sparse"]) == [8, 3]
    assert len(rows(runs()["dense"])) == len(rows(runs()["fused"])) == len(ROWS)


def test_a_run_holds_the_scores_of_its_mode() -> None:
    dense = runs()["dense"]["q"].scores
    assert dense.tolist() == [
        np.float32(0.9),
        np.float32(0.5),
        np.nextafter(np.float32(0.5), np.float32(-np.inf)),
        np.float32(0.1),
    ]


@pytest.mark.parametrize(
    "settings",
    [
        FusionSettings((1.0, 0.3, 1.0)),
        FusionSettings((0.2, 0.8, 0.5), "min-max"),
        FusionSettings((0.2, 0.8, 0.5), "z-score"),
        FusionSettings((0.2, 0.8, 0.5), method="rrf", rrf_k=1.0),
    ],
)
def test_fused_is_the_ranking_of_the_page_and_dense_sparse_its_like_without_colbert(
    settings: FusionSettings,
) -> None:
    dense, sparse, _ = settings.weights
    pair = FusionSettings((dense, sparse, 0.0), settings.normalise, settings.method, settings.rrf_k)
    made = runs(settings)
    for mode, mixed in (("fused", settings), ("dense_sparse", pair)):
        ranking = fusion.rank(POOL, mixed)
        assert rows(made[mode]) == ROWS[ranking.order].tolist()
        expected = strictly_falling(ranking.total[ranking.order])
        assert made[mode]["q"].scores.tolist() == expected.tolist()


def test_weights_change_the_mixes_and_never_the_modes() -> None:
    one, other = runs(FusionSettings((1, 0, 0))), runs(FusionSettings((0, 0, 1)))
    for mode in ("dense", "sparse", "multi_vector"):
        assert rows(one[mode]) == rows(other[mode])
    assert rows(one["fused"]) == rows(one["dense"])
    assert rows(other["fused"]) == rows(other["multi_vector"])


def test_where_dense_and_sparse_weigh_nothing_their_mix_returns_nothing() -> None:
    assert rows(runs(FusionSettings((0, 0, 1)))["dense_sparse"]) == []


def test_a_run_keeps_a_thousand_passages_of_a_query() -> None:
    n = protocols.DEPTH + 5
    scores = np.tile(np.linspace(1, 2, n, dtype=np.float32)[:, None], 3)
    made = protocols.studio([Candidates("x", np.arange(n), scores)], ["q"], FusionSettings())
    for run in made.values():
        assert rows(run) == list(range(n - 1, n - 1 - 1_000, -1))


def test_scores_without_ties_stay_as_they_are() -> None:
    falling = strictly_falling(np.asarray([3.0, 2.5, -1.0]))
    assert falling.dtype == np.float32
    assert falling.tolist() == [3.0, 2.5, -1.0]


def test_what_float32_cannot_tell_apart_is_nudged_by_one_step() -> None:
    step = np.nextafter(np.float32(1), np.float32(0))
    assert strictly_falling(np.asarray([1 + 1e-12, 1.0])).tolist() == [1.0, step]


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0, 1e-45, -1e-40, 1e38, -1e38])
def test_a_thousand_equal_scores_fall_at_every_step(value: float) -> None:
    falling = strictly_falling(np.full(1_000, value))
    assert (falling[1:] < falling[:-1]).all()
    assert falling[0] == np.float32(value)


@given(
    arrays.arrays(
        np.float64,
        st.integers(0, 60),
        elements=st.one_of(
            st.sampled_from([0.0, -0.0, 0.5, 1.0, 1 + 1e-9, 1e-45, -1e-45, 1e38, -1e38]),
            st.floats(-1e38, 1e38),
            st.floats(-1.0, 1.0),
        ),
    )
)
def test_any_scores_fall_strictly_in_their_order_and_never_rise(scores: np.ndarray) -> None:
    given_order = np.sort(scores)[::-1]
    before = given_order.copy()
    falling = strictly_falling(given_order)
    assert falling.dtype == np.float32
    assert (given_order == before).all()  # the caller's array is left alone
    assert (falling[1:] < falling[:-1]).all()
    assert (falling <= before.astype(np.float32)).all()
    assert np.argsort(-falling, kind="stable").tolist() == list(range(len(falling)))
