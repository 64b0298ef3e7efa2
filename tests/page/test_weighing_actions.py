"""All weights of an evaluation: what is laid, what one mix says, tuning, lines, texts."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eval import collection, grid, surface, sweep
from eval.evaluation import evaluate, score
from studio.engines import ENGINES
from studio.errors import SettingsError
from studio.records import FusionSettings
from studio.ui import curves, landscape
from studio.ui.actions import evaluating, searching, taking, weighing
from studio.ui.session import Aim, Asked, Laid, Measured, Server
from tests.page.conftest import VISITOR

OPEN = (0, 1, 0, 1, 0, 1)


@pytest.fixture
def measured(server: Server, folder: Path) -> Measured:
    loaded = collection.load(str(folder))
    *_, (found, _) = evaluating.run(server, Measured(), VISITOR, loaded, "studio", FusionSettings())
    return found


@pytest.fixture
def lay(measured: Measured) -> Callable[..., Laid]:
    """lay(measure=…, normalise=…, bounds=…): the finest that is laid."""

    def laid(measure: str = "nDCG@10", normalise: Any = "none", bounds: Any = OPEN) -> Laid:
        asked = weighing.aim(
            FusionSettings(normalise=normalise), measure, bounds, "", None, measured
        )
        *_, found = weighing.lay(measured, None, asked)
        return found

    return laid


def test_a_coarse_surface_comes_first_and_finer_ones_after_it(measured: Measured) -> None:
    asked = weighing.aim(FusionSettings(), "nDCG@10", OPEN, "", None, measured)
    steps = list(weighing.lay(measured, None, asked))
    assert [len(laid.surface.weights) for laid in steps] == [231, 1326, 5151]
    assert [laid.more for laid in steps] == [True, True, False]
    assert landscape.title(steps[0]).endswith("231 mixes, finer ones follow")
    assert landscape.title(steps[2]).endswith("5,151 mixes")


def test_what_would_take_too_long_is_not_begun(
    measured: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weighing, "PATIENCE", 0.0)
    asked = weighing.aim(FusionSettings(), "nDCG@10", OPEN, "", None, measured)
    [laid] = weighing.lay(measured, None, asked)
    assert (len(laid.surface.weights), laid.more) == (231, False)


def test_what_is_laid_already_is_given_back(measured: Measured, lay: Callable[..., Laid]) -> None:
    before = lay()
    assert [*weighing.lay(measured, before, before.aim)] == [before]
    other = replace(before.aim, measure="MAP")
    assert next(weighing.lay(measured, before, other)) is not before


def test_nothing_is_laid_before_an_evaluation() -> None:
    asked = Aim(FusionSettings(), "nDCG@10", grid.Limits())
    with pytest.raises(SettingsError, match="Run an evaluation in the tab Evaluate first"):
        next(weighing.lay(Measured(), None, asked))


def test_the_picture_has_the_values_of_the_ordinary_path_where_it_says(
    measured: Measured, lay: Callable[..., Laid]
) -> None:
    told = json.loads(landscape.picture(lay()))
    points = grid.triangle(told["edge"])
    assert len(told["means"]) == len(points) == 5151
    assert measured.scored is not None
    for row in (0, 700, 3210, 5150):
        mix = tuple((points[row] / told["edge"]).tolist())
        modes = evaluate(measured.scored, FusionSettings(mix)).modes  # type: ignore[arg-type]
        assert told["means"][row] == pytest.approx(modes["fused"]["nDCG@10"], abs=1e-5)
    pins = {pin["name"]: pin for pin in told["pins"]}
    for name, mode in (("Dense alone", "dense"), ("Sparse alone", "sparse")):
        there = measured.evaluation.modes[mode]["nDCG@10"]  # type: ignore[union-attr]
        assert pins[name]["value"] == pytest.approx(there, abs=1e-5)
    assert pins["RRF, equal weights, k = 60"]["weights"] is None
    assert told["best"] in told["region"]


def test_points_outside_the_limits_have_no_value(lay: Callable[..., Laid]) -> None:
    told = json.loads(landscape.picture(lay(bounds=(0.5, 1, 0, 1, 0, 0))))
    points = grid.triangle(told["edge"]) / told["edge"]
    inside = (points[:, 0] >= 0.5) & (points[:, 2] == 0)
    assert [mean is not None for mean in told["means"]] == inside.tolist()


def test_an_empty_bound_is_none_and_a_wrong_one_is_said(measured: Measured) -> None:
    asked = weighing.aim(FusionSettings(), "ndcg@10", (None,) * 6, "", None, measured)
    assert (asked.measure, asked.limits) == ("nDCG@10", grid.Limits())
    with pytest.raises(SettingsError, match=r"Sparse from 0\.8 to 0\.2 is no share"):
        weighing.aim(FusionSettings(), "MAP", (0, 1, 0.8, 0.2, 0, 1), "", None, measured)


def test_a_budget_is_counted_in_what_each_mode_costs_here(measured: Measured) -> None:
    asked = weighing.aim(FusionSettings(), "nDCG@10", OPEN, "bytes", 108, measured)
    again = weighing.aim(FusionSettings(), "nDCG@10", OPEN, "bytes", 108, measured)
    assert asked == again
    assert asked.limits.costs[0] == 108  # 27 numbers of four bytes
    *_, laid = weighing.lay(measured, None, asked)
    assert not laid.surface.weights[:, 2].any() or asked.limits.costs[2] <= 108
    assert "bytes a passage" in weighing.priced(measured)
    assert "ms a query" in weighing.priced(measured)
    assert "after an evaluation" in weighing.priced(Measured())


def test_a_mix_says_what_it_gains_and_loses_query_by_query(lay: Callable[..., Laid]) -> None:
    laid = lay()
    assert (weighing.at(None, (1, 0, 0)), weighing.at(laid, (0, 0, 0))) == (None, None)
    told = weighing.at(laid, (1, 0.3, 1))
    assert told is not None
    assert told["same"]
    assert (told["gained"], told["lost"], told["equal"]) == (0, 0, 2)
    assert told["value"] == told["default"]
    assert sum(told["winners"].values()) == 2
    assert not weighing.at(laid, (1, 0, 0))["same"]  # type: ignore[index]


def test_gains_and_losses_are_the_queries_whose_measure_moved(lay: Callable[..., Laid]) -> None:
    laid = lay()
    scores = [pool.scores.copy() for pool in laid.labels.candidates]
    for pool, places in zip(scores, laid.labels.places, strict=True):
        pool[:, 0] = 0.0
        pool[places, 0] = -0.01  # dense now puts what is judged last
    worse = replace(laid, columns=[pool.astype(np.float64) for pool in scores])
    told = landscape.mix(worse, (1, 0, 0))
    assert told["lost"] == 2
    assert [row["query"] for row in told["most_lost"]]
    assert all(row["here"] < row["default"] for row in told["most_lost"])
    assert told["most_gained"] == []


def test_tuning_ends_in_a_verdict_and_its_weights(server: Server, lay: Callable[..., Laid]) -> None:
    laid = lay()
    *_, (after, status) = weighing.tune(server, laid, VISITOR, 2, False)
    assert status["kind"] == "done"
    assert after.swept is not None
    told = landscape.verdict(after)
    assert told["verdict"] == "keep the default"  # every mix is perfect on two queries
    assert told["kept"] is None
    assert sum(told["best"]) == pytest.approx(1)
    json.dumps(told, allow_nan=False)


@pytest.mark.parametrize(
    ("folds", "said"), [(None, "number of folds"), (2.5, "whole number"), (9, "9 folds of 2")]
)
def test_folds_that_cannot_be_are_said(
    server: Server, lay: Callable[..., Laid], folds: Any, said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        list(weighing.tune(server, lay(), VISITOR, folds, False))


def test_lines_hold_the_surface_and_say_where_they_are_highest(
    server: Server, lay: Callable[..., Laid]
) -> None:
    laid = lay()
    *_, (found, _) = weighing.draw(server, laid, (1, 0.3, 1), VISITOR)
    assert found is not None
    share = laid.labels.strata.per_query()
    for one in found.pairs:
        weights = np.zeros((len(curves.SHARES), 3))
        weights[:, ("dense", "sparse", "multi_vector").index(one.start)] = 1 - curves.SHARES
        weights[:, ("dense", "sparse", "multi_vector").index(one.to)] = curves.SHARES
        values = share @ surface.values(laid.labels, laid.columns, weights)
        assert np.abs(one.means[1:-1] - values[1:-1]).max() < 1e-9
    expected = sweep.rrf_curve(laid.labels, [60], (1, 0.3, 1), "nDCG@10")[0]
    assert found.by_k[curves.KS.index(60)] == pytest.approx(expected)
    assert "Dense to Sparse" in curves.sentence(found)
    assert len(curves.figure(found).data) == 4


def test_another_measure_is_drawn_without_the_claim_to_be_exact(
    server: Server, lay: Callable[..., Laid]
) -> None:
    *_, (found, _) = weighing.draw(server, lay("MAP"), (0, 0, 0), VISITOR)
    assert found is not None
    assert not any(one.exact for one in found.pairs)
    assert "near a Sparse share" in curves.sentence(found)


def test_texts_name_the_setting_and_how_engines_would_rank_the_last_search(
    server: Server, animals: str, lay: Callable[..., Laid]
) -> None:
    settings = FusionSettings((0.5, 0.2, 0.3), "none", "rrf", 10)
    asked, _ = searching.search(server, VISITOR, animals, "fox", settings)
    texts = json.loads(taking.texts(server, VISITOR, asked, lay(), settings))
    named = {text["key"]: text for text in texts}
    assert "weights dense 0.5" in named["sentence"]["text"]
    assert "--method rrf --rrf-k 10" in named["command"]["text"]
    engines = [text for key, text in named.items() if key in ENGINES]
    assert len(engines) > 5
    assert all("last search's first" in text["here"] for text in engines)


def test_texts_without_a_search_or_an_evaluation_claim_nothing(server: Server) -> None:
    texts = json.loads(taking.texts(server, VISITOR, Asked(), None, FusionSettings()))
    assert {text["here"] for text in texts} == {""}
    assert "COLLECTION" in next(t for t in texts if t["key"] == "command")["text"]


def test_a_search_of_a_collection_that_was_replaced_is_not_ranked_anew(
    server: Server, animals: str
) -> None:
    asked, _ = searching.search(server, VISITOR, animals, "fox", FusionSettings())
    stale = replace(asked, digest="another")
    texts = json.loads(taking.texts(server, VISITOR, stale, None, FusionSettings()))
    assert {text["here"] for text in texts} == {""}


def test_the_held_out_gain_is_told_only_of_the_weights_that_were_tuned(
    server: Server, lay: Callable[..., Laid]
) -> None:
    *_, (after, _) = weighing.tune(server, lay(), VISITOR, 2, False)
    assert after.swept is not None
    best = tuple(landscape.verdict(after)["best"])
    gain, _ = taking.held(after, FusionSettings(best))  # type: ignore[arg-type]
    assert gain == after.swept.held_out.gain
    assert taking.held(after, FusionSettings((0.31, 0.5, 0.19))) == (None, None)


def test_scores_of_a_protocol_without_one_pool_are_not_weighed(
    server: Server, folder: Path, tmp_path: Path
) -> None:
    loaded = collection.load(str(folder))
    scored = score(loaded, server.encoder.get(), tmp_path / "cache", protocol="paper-mldr")
    measured = Measured(scored, evaluate(scored))
    asked = Aim(FusionSettings(), "nDCG@10", grid.Limits())
    with pytest.raises(SettingsError, match="swept under the protocol studio"):
        next(weighing.lay(measured, None, asked))
