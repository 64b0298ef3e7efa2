"""What a shorter vector costs, drawn after an evaluation of atlas."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from eval.dimensions import CONCERNED, Curve, by_dimension
from eval.evaluation import Evaluation
from tests.e2e.conftest import Open, Site
from tests.e2e.driver import ENCODING, Studio

TITLES = ["Dense", "ColBERT", "All three"]
KEPT = [384, 256, 128, 64]


@pytest.fixture(scope="module")
def curve(atlas: Evaluation) -> Curve:
    """What Python says."""
    return by_dimension(atlas)


def draw(studio: Studio) -> None:
    studio.at("#dimension-go").click()
    expect(studio.at("#dimension-status")).to_contain_text("protocol", timeout=ENCODING)


def test_the_cost_of_shorter_vectors_is_drawn_and_tabulated(
    visit: Open, site: Site, curve: Curve
) -> None:
    studio = visit(site)
    studio.evaluate("atlas")
    expect(studio.at("#dimension-status")).to_contain_text("Press Draw: atlas at weights")
    draw(studio)
    table = studio.at("#dimension-table")
    expect(table.get_by_test_id("cell-3-0")).to_have_text("64")
    assert studio.cells("#dimension-table", 0) == [str(dimension) for dimension in KEPT]
    for column, mode in enumerate(CONCERNED, start=1):
        shown = studio.cells("#dimension-table", column)
        assert shown == [f"{point.ndcg[mode]:.4f}" for point in curve.points]
    shown = studio.cells("#dimension-table", 4)
    assert shown == [f"{point.bytes:,.0f}" for point in curve.points]
    status = studio.at("#dimension-status")
    for words in ("atlas: 216 queries", "multilingual-e5-small", "weights 1 / 0.3 / 1"):
        expect(status).to_contain_text(words)

    figure = studio.at("#dimension-figure .js-plotly-plot")
    expect(figure.locator(".legendtext")).to_have_text(TITLES)
    expect(figure.locator(".xtick")).to_have_text([str(dimension) for dimension in KEPT[::-1]])
    expect(figure.locator(".scatterlayer .point")).to_have_count(len(TITLES) * len(KEPT))
    expect(figure.locator(".ytitle")).to_contain_text("not from 0")

    studio.at("#evaluate-go").click()  # a new evaluation takes the old drawing away
    expect(studio.at("#dimension-status")).to_contain_text("Press Draw: atlas at weights")
    expect(figure.locator(".scatterlayer .point")).to_have_count(0)
    expect(studio.at("#dimension-table [data-testid^=cell-]")).to_have_count(0)


def test_before_an_evaluation_the_page_says_what_to_do(studio: Studio) -> None:
    studio.tab("Evaluate")
    expect(studio.at("#dimension-status")).to_have_text("Run an evaluation, then press Draw.")
    expect(studio.at("#dimension-figure")).to_contain_text("after Draw")
    studio.at("#dimension-go").click()
    expect(studio.toast).to_contain_text("Run an evaluation first")
    expect(studio.at("#dimension-status")).to_have_text("Run an evaluation, then press Draw.")


def test_drawing_can_be_cancelled(visit: Open, site: Site) -> None:
    studio = visit(site)
    studio.evaluate("atlas")
    studio.at("#dimension-go").click()
    expect(studio.at("#dimension-status")).to_contain_text("First 256 numbers")
    studio.at("#dimension-cancel").click()
    expect(studio.at("#dimension-status")).to_contain_text("Press Draw: atlas")
    expect(studio.at("#dimension-go")).to_be_enabled()
    draw(studio)
