"""The surface against the ordinary path: fuse, rank, ir-measures, point by point."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval import measures, modes, protocols, ranks, surface
from eval.grid import Limits, nearest, parts, simplex, triangle
from eval.surface import Labelled
from studio.errors import SettingsError
from studio.records import Candidates, FusionSettings, Normalisation

HOW: tuple[FusionSettings, ...] = (
    FusionSettings(),
    FusionSettings(normalise="min-max"),
    FusionSettings(normalise="z-score"),
    FusionSettings(method="rrf", rrf_k=2),
)


class Case:
    """Random pools with ties, missing and negative judgements, and sparse scores of 0."""

    def __init__(self, seed: int, queries: int = 6, passages: int = 12, judged: int = 4) -> None:
        draw = np.random.default_rng(seed)
        self.ids = [f"p{n}" for n in range(passages + 2)]  # two are never in a pool
        self.queries = [f"q{n}" for n in range(queries)]
        self.pools, self.qrels = [], {}
        for query in self.queries:
            rows = np.sort(draw.choice(passages, size=passages - 2, replace=False))
            scores = np.round(draw.random((len(rows), 3)), 1).astype(np.float32)
            scores[:, 1] *= draw.random(len(rows)) > 0.4
            self.pools.append(Candidates(query, rows, scores))
            names = draw.choice(self.ids, size=judged, replace=False)
            self.qrels[query] = {str(name): int(draw.integers(-1, 4)) for name in names}
        self.languages = {query: "en" if n % 3 else "de" for n, query in enumerate(self.queries)}

    @property
    def labels(self) -> Labelled:
        return surface.labelled(self.pools, self.queries, self.ids, self.qrels, self.languages)

    def ordinary(self, how: FusionSettings, mode: str = "fused") -> dict[str, np.ndarray]:
        runs = protocols.studio(self.pools, self.queries, how, [mode])
        table = measures.per_query(self.qrels, runs, self.ids).set_index("query")
        return {name: table.loc[self.queries, name].to_numpy() for name in measures.MEASURES}


@pytest.mark.parametrize("how", HOW, ids=lambda how: f"{how.method} {how.normalise}")
@given(seed=st.integers(0, 10_000))
@settings(max_examples=6, deadline=None)
def test_every_point_has_the_numbers_of_the_ordinary_path(how: FusionSettings, seed: int) -> None:
    case = Case(seed)
    weights = simplex(0.25)
    columns = surface.normalised(case.labels, how)
    found = surface.measured(case.labels, columns, weights, list(measures.MEASURES))
    for point, mix in enumerate(weights):
        expected = case.ordinary(FusionSettings(tuple(mix), how.normalise, how.method, how.rrf_k))
        for name in measures.MEASURES:
            np.testing.assert_allclose(found[name][:, point], expected[name], atol=1e-9)


def test_many_judged_passages_are_sorted_and_give_the_same() -> None:
    case = Case(3, queries=2, passages=120, judged=100)
    columns = surface.normalised(case.labels, FusionSettings())
    assert min(len(places) for places in case.labels.places) > ranks.MANY
    found = surface.measured(case.labels, columns, np.asarray([[0.2, 0.3, 0.5]]), ["MAP"])
    expected = case.ordinary(FusionSettings((0.2, 0.3, 0.5)))
    np.testing.assert_allclose(found["MAP"][:, 0], expected["MAP"], atol=1e-9)


def test_pools_larger_than_a_byte_counts_are_counted_whole() -> None:
    scores = np.zeros((600, 3), dtype=np.float32)
    scores[:, 0] = np.linspace(1, 2, 600)
    pool = Candidates("q", np.arange(600), scores)
    ids = [f"p{n}" for n in range(600)]
    labels = surface.labelled([pool], ["q"], ids, {"q": {"p0": 1}}, {})
    columns = surface.normalised(labels, FusionSettings())
    found = ranks.ranks(columns[0], labels.places[0], np.asarray([[1.0], [0.0], [0.0]]), 600)
    assert found.tolist() == [[600]]


@pytest.mark.parametrize("seed", range(6))
def test_ranks_are_those_of_sorting_whatever_ties_and_roundings_there_are(seed: int) -> None:
    draw = np.random.default_rng(seed)
    # Steps of one bit at 1, equal scores, and modes that hardly differ: sums round them away.
    columns = 1 + draw.integers(0, 4, (80, 3)) * 2.0**-52
    if seed % 2:
        columns[:, seed % 3] = draw.integers(0, 30, 80) / 7
    places = np.sort(draw.choice(80, 12, replace=False))
    weights = np.vstack([np.eye(3), draw.dirichlet((1, 1, 1), 200)])
    totals = np.stack([rank_totals(columns, mix) for mix in weights], axis=1)
    order = np.argsort(-totals, axis=0, kind="stable")
    expected = np.argsort(order, axis=0)[places] + 1
    found = ranks.ranks(columns, places, np.ascontiguousarray(weights.T), 80)
    np.testing.assert_array_equal(found, expected)
    near = ranks.ranks(columns, places, np.ascontiguousarray(weights.T), 10)
    np.testing.assert_array_equal(np.minimum(near, 11), np.minimum(expected, 11))


def rank_totals(columns: np.ndarray, mix: np.ndarray) -> np.ndarray:
    return columns[:, 0] * mix[0] + columns[:, 1] * mix[1] + columns[:, 2] * mix[2]


def test_two_queries_by_hand() -> None:
    # q: p1 is relevant, second by dense and first by ColBERT; at an equal mix both tie and p0,
    # which stands earlier, comes first.
    scores = np.asarray([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], dtype=np.float32)
    labels = surface.labelled(
        [Candidates("q", np.arange(2), scores)], ["q"], ["p0", "p1"], {"q": {"p1": 1}}, {}
    )
    weights = np.asarray([[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1.0]])
    found = surface.values(labels, surface.normalised(labels, FusionSettings()), weights)
    assert found[0] == pytest.approx([1 / np.log2(3), 1 / np.log2(3), 1.0])


@pytest.mark.parametrize("mode", protocols.RUN_MODES)
def test_the_table_beside_the_sliders_is_that_of_an_evaluation(mode: str) -> None:
    case, how = Case(11), FusionSettings((0.5, 0.2, 0.9), "min-max")
    found = modes.by_mode(case.labels, how)[mode]
    expected = case.ordinary(how, mode)
    for name in measures.MEASURES:
        np.testing.assert_allclose(found[name], expected[name], atol=1e-9, err_msg=name)


def test_dense_and_sparse_of_weight_0_have_no_mix() -> None:
    assert "dense_sparse" not in modes.by_mode(Case(1).labels, FusionSettings((0, 0, 1)))


@pytest.mark.parametrize("normalise", ["min-max", "z-score"])
def test_a_constant_mode_weighs_nothing_and_is_no_nan(normalise: Normalisation) -> None:
    case = Case(5)
    pools = [
        Candidates(p.query, p.rows, np.c_[p.scores[:, :2], np.full(len(p.rows), 0.5)])
        for p in case.pools
    ]
    labels = surface.labelled(pools, case.queries, case.ids, case.qrels, {})
    columns = surface.normalised(labels, FusionSettings(normalise=normalise))
    assert np.isfinite(surface.values(labels, columns, simplex(0.5))).all()


@pytest.mark.parametrize(("step", "points"), [(0.1, 66), (0.05, 231), (0.01, 5_151), (1.0, 3)])
def test_a_grid_has_all_its_points(step: float, points: int) -> None:
    weights = simplex(step)
    assert len(weights) == len({tuple(row) for row in weights.tolist()}) == points
    np.testing.assert_allclose(weights.sum(axis=1), 1)


def test_a_grid_is_counted_in_whole_numbers() -> None:
    assert triangle(2).tolist() == [
        [2, 0, 0], [1, 1, 0], [1, 0, 1], [0, 2, 0], [0, 1, 1], [0, 0, 2]
    ]  # fmt: skip
    assert simplex(0.1)[triangle(10).tolist().index([3, 6, 1])].tolist() == [3 / 10, 6 / 10, 1 / 10]


@pytest.mark.parametrize("step", [0.3, 0.0, -0.1, 2.0, 0.001, float("nan")])
def test_a_step_that_makes_no_grid_is_refused(step: float) -> None:
    with pytest.raises(SettingsError, match="step"):
        parts(step)


def test_limits_keep_points_on_their_very_edge() -> None:
    weights = simplex(0.05)
    kept = weights[Limits(least=(0.3, 0, 0), most=(1, 1, 0)).allow(weights)]
    assert len(kept) == 15
    assert kept[:, 0].min() == 0.3
    assert not kept[:, 2].any()


def test_a_mode_of_weight_0_costs_nothing() -> None:
    weights = np.asarray([[1, 0, 0], [0.5, 0.5, 0], [0, 0, 1.0]])
    costs = Limits(costs=(4, 1, 60), budget=5)
    assert costs.cost(weights).tolist() == [4, 5, 60]
    assert costs.allow(weights).tolist() == [0, 1]


def test_limits_that_nothing_keeps_are_refused() -> None:
    with pytest.raises(SettingsError, match="None of the 231"):
        Limits(least=(0.6, 0.6, 0)).allow(simplex())
    with pytest.raises(SettingsError, match="no share"):
        Limits(least=(0.5, 0, 0), most=(0.4, 1, 1))


def test_the_nearest_point_is_that_of_the_same_shares() -> None:
    weights = simplex(0.1)
    assert weights[nearest(weights, (2, 4, 4))[0]].tolist() == [0.2, 0.4, 0.4]


def test_what_cannot_be_measured_is_refused() -> None:
    case = Case(2)
    with pytest.raises(SettingsError, match="No query is judged"):
        surface.labelled(case.pools, case.queries, case.ids, {}, {})
    columns = surface.normalised(case.labels, FusionSettings())
    for weights in ([[0.0, 0, 0]], [[-0.1, 1, 0]], [[np.nan, 1, 0]]):
        with pytest.raises(SettingsError, match="Weights must be"):
            surface.values(case.labels, columns, np.asarray(weights))
