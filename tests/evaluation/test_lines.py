"""The exact line between two modes, against the surface at points between its crossings."""

from __future__ import annotations

import numpy as np
import pytest

from eval import surface
from eval.lines import crossings, line
from studio.errors import SettingsError
from studio.records import MODES, Candidates, FusionSettings, Mode
from tests.evaluation.test_surface import Case


@pytest.mark.parametrize("pair", [("dense", "sparse"), ("dense", "multi_vector")])
@pytest.mark.parametrize("seed", range(4))
def test_between_two_crossings_the_line_is_the_surface(pair: tuple[Mode, Mode], seed: int) -> None:
    labels = Case(seed, queries=9, passages=20, judged=6).labels
    columns = surface.normalised(labels, FusionSettings(normalise="min-max"))
    found = line(labels, columns, *pair)
    middles = (found.edges[:-1] + found.edges[1:]) / 2
    wide = np.diff(found.edges) > 1e-9
    weights = np.zeros((wide.sum(), 3))
    weights[:, MODES.index(pair[0])] = 1 - middles[wide]
    weights[:, MODES.index(pair[1])] = middles[wide]
    expected = labels.strata.per_query() @ surface.values(labels, columns, weights)
    np.testing.assert_allclose(found.means[wide], expected, atol=1e-12)
    assert len(expected) > 5
    assert found.at(float(middles[wide][3])) == pytest.approx(expected[3])


def test_one_swap_by_hand() -> None:
    # p1 is relevant: behind p0 by dense (.2 to .6), ahead by ColBERT (.9 to .5): it passes at .5.
    scores = np.asarray([[0.6, 0, 0.5], [0.2, 0, 0.9]], dtype=np.float64)
    labels = surface.labelled(
        [Candidates("q", np.arange(2), scores)], ["q"], ["p0", "p1"], {"q": {"p1": 1}}, {}
    )
    found = line(labels, [scores], "dense", "multi_vector")
    assert found.edges == pytest.approx([0, 0.5, 1])
    assert found.means == pytest.approx([1 / np.log2(3), 1])
    assert found.best == ((pytest.approx(0.5), 1.0),)


def test_candidates_level_everywhere_keep_the_order_of_the_corpus() -> None:
    columns = np.full((3, 2), 0.5)
    assert [crossings(columns, place)[1].tolist() for place in range(3)] == [[1], [2], [3]]


def test_where_nothing_crosses_all_shares_are_best() -> None:
    scores = np.asarray([[0.9, 0, 0.9], [0.1, 0, 0.1]])
    labels = surface.labelled(
        [Candidates("q", np.arange(2), scores)], ["q"], ["p0", "p1"], {"q": {"p0": 1}}, {}
    )
    assert line(labels, [scores], "dense", "multi_vector").best == ((0.0, 1.0),)


def test_a_line_from_a_mode_to_itself_is_refused() -> None:
    with pytest.raises(SettingsError, match="two different"):
        line(Case(0).labels, [], "dense", "dense")
